"""Every read of reported alarms, through ``restrict``."""

from __future__ import annotations

from django.db.models import QuerySet

from jiaoan.scope import restrict
from jiaoan.watch.models import ReportedAlarm


def reported(actor: object) -> QuerySet[ReportedAlarm]:
    """The newest first."""
    found = restrict(ReportedAlarm.objects.all(), actor, "alarm.view")
    return found.select_related("vehicle", "fact")
