import django.db.models.deletion
from django.db import migrations, models


def number_messages(apps, schema_editor):
    """Until now only two messages became rows."""
    upload = apps.get_model('watch', 'Upload')
    upload.objects.filter(kind='waybill').update(message=0x0701)
    upload.objects.filter(kind='medium').update(message=0x0801)


class Migration(migrations.Migration):

    dependencies = [
        ('journal', '0002_initial'),
        ('registry', '0002_place_rules'),
        ('watch', '0006_uploads'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='message',
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='upload',
            name='edition',
            field=models.CharField(blank=True, max_length=4, default=''),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='upload',
            name='fact',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='journal.fact'),
        ),
        migrations.CreateModel(
            name='UpwardReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=80, unique=True)),
                ('kind', models.CharField(choices=[('alarm', 'Alarm'), ('result', 'Result of handling')], max_length=10)),
                ('platform', models.CharField(max_length=80)),
                ('access_code', models.PositiveBigIntegerField()),
                ('edition', models.CharField(max_length=4)),
                ('result', models.PositiveSmallIntegerField(choices=[(0, 'Being handled'), (1, 'Handled'), (2, 'No handling needed'), (3, 'To be handled later')], null=True)),
                ('made_at', models.DateTimeField()),
                ('queued_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('sent_link', models.CharField(blank=True, max_length=10)),
                ('sent_serial', models.PositiveBigIntegerField(null=True)),
                ('send_error', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='post',
            name='direction',
            field=models.CharField(choices=[('received', 'Asked by a superior platform'), ('sent', 'Asked of a subordinate platform')], db_index=True, default='received', max_length=10),
        ),
        migrations.AddField(
            model_name='post',
            name='responder',
            field=models.CharField(blank=True, max_length=16),
        ),
        migrations.AddField(
            model_name='post',
            name='responder_phone',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='reportedalarm',
            name='serial',
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='upload',
            name='platform',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AlterField(
            model_name='command',
            name='kind',
            field=models.CharField(choices=[('text', 'Text to the driver'), ('locate', 'Roll call'), ('read', 'Read parameters'), ('set', 'Set parameters'), ('attachment', 'Fetch attachments of an alarm'), ('photo', 'Take pictures'), ('search', 'Search stored media'), ('fetch_media', 'Fetch stored media'), ('fetch_medium', 'Fetch one stored medium')], max_length=20),
        ),
        migrations.AlterField(
            model_name='upload',
            name='kind',
            field=models.CharField(choices=[('waybill', 'Electronic waybill from the terminal'), ('card', 'Driver card'), ('medium', 'Picture, sound or video'), ('media_event', 'Notice of a medium'), ('can', 'CAN bus data'), ('passthrough', 'Data passed through'), ('compressed', 'Compressed data'), ('other', 'Other message')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='reportedalarm',
            index=models.Index(fields=['access_code', 'serial'], name='watch_repor_access__f04e82_idx'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(condition=models.Q(('fact', None)), fields=['received_at'], name='watch_upload_telemetry'),
        ),
        migrations.AddField(
            model_name='upwardreport',
            name='alarm',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='upward_reports', to='watch.alarm'),
        ),
        migrations.AddField(
            model_name='upwardreport',
            name='fact',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='journal.fact'),
        ),
        # Last: PostgreSQL alters no table whose rows a transaction has just changed.
        migrations.RunPython(number_messages, migrations.RunPython.noop),
    ]
