"""Every read about flows."""

from __future__ import annotations

from django.db.models import QuerySet

from jiaoan.flows.models import Step
from jiaoan.scope import require


def parked(actor: object) -> QuerySet[Step]:
    """Steps that failed, for the administrator."""
    require(actor, "system.view")
    return Step.objects.exclude(error="").select_related("fact")
