"""The profiles of vehicles by time, read back from what was published of each vehicle."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

KINDS = [('hazmat', 'Hazmat vehicle'), ('coach', 'Coach'), ('truck', 'Truck'), ('school_bus', 'School bus'), ('enforcement', 'Enforcement vehicle')]


def read_back(apps: Any, schema_editor: Any) -> None:
    """A row for each profile that the outbox tells of; of other vehicles nothing is known before."""
    outgoing = apps.get_model('journal', 'Outgoing').objects
    made = apps.get_model('registry', 'VehicleProfile')
    vehicles = set(apps.get_model('registry', 'Vehicle').objects.values_list('pk', flat=True))
    last: dict[int, tuple[object, object]] = {}
    told = outgoing.filter(topic__startswith='ref.vehicle.').order_by('pk')
    for topic, said, since in told.values_list('topic', 'payload', 'made_at').iterator():
        number = topic.rpartition('.')[2]
        if not number.isdecimal() or int(number) not in vehicles or 'vehicle_kind' not in said:
            continue
        held = said['vehicle_kind'], said.get('profile') or {}
        if last.get(int(number)) != held:
            last[int(number)] = held
            made.objects.create(vehicle_id=int(number), since=since, kind=held[0], profile=held[1])


class Migration(migrations.Migration):

    dependencies = [
        ('journal', '0002_initial'),
        ('registry', '0003_vehicle_profile_and_roads'),
    ]

    operations = [
        migrations.CreateModel(
            name='VehicleProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField(null=True)),
                ('kind', models.CharField(choices=KINDS, max_length=20)),
                ('profile', models.JSONField(default=dict)),
                ('vehicle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='profiles', to='registry.vehicle')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.RunPython(read_back, migrations.RunPython.noop),
    ]
