"""Rehearsals and what they found, for whoever may see the rules."""

from __future__ import annotations

from django.db.models import QuerySet

from jiaoan.scope import restrict
from jiaoan.watch.models import Rehearsal, RehearsalFinding


def rehearsals(actor: object) -> QuerySet[Rehearsal]:
    return restrict(Rehearsal.objects.all(), actor, "rule.view").select_related("asked_by")


def findings(actor: object, asked: Rehearsal) -> QuerySet[RehearsalFinding]:
    """Only those of vehicles in the reader's reach."""
    found = restrict(RehearsalFinding.objects.filter(rehearsal=asked), actor, "rule.view")
    return found.select_related("vehicle")
