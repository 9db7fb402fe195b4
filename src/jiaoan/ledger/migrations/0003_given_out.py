# Apart from 0002: PostgreSQL takes no changes of rows and of the table in one transaction.

from django.db import migrations, models


def given_out_with_publishing(apps, schema_editor):
    """Before there was a second press, publishing gave the duties out."""
    plan = apps.get_model("ledger", "Plan")
    plan.objects.filter(state="published").update(assigned_at=models.F("published_at"))


def counted_by_person(apps, schema_editor):
    """What the draft knew, the duty says too."""
    duty = apps.get_model("ledger", "Duty")
    duty.objects.filter(draft__per_person=True).update(per_person=True)


class Migration(migrations.Migration):

    dependencies = [("ledger", "0002_intake_desk")]

    operations = [
        migrations.RunPython(given_out_with_publishing, migrations.RunPython.noop),
        migrations.RunPython(counted_by_person, migrations.RunPython.noop),
    ]
