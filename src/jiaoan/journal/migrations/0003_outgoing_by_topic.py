from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_initial")]

    operations = [
        migrations.AddIndex(
            model_name="outgoing",
            index=models.Index(fields=["topic"], name="outgoing_by_topic"),
        ),
    ]
