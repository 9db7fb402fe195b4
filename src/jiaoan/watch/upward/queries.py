"""Every read of reports to superior platforms, through ``restrict``."""

from __future__ import annotations

from django.db.models import QuerySet

from jiaoan.scope import restrict
from jiaoan.watch.models import UpwardReport


def reports(actor: object) -> QuerySet[UpwardReport]:
    """The newest first."""
    found = restrict(UpwardReport.objects.all(), actor, "alarm.view").order_by("-id")
    return found.select_related("alarm__vehicle", "fact")
