"""What holds, and what was decided, for whoever may see the rules."""

from __future__ import annotations

from django.db.models import QuerySet

from jiaoan.scope import restrict
from jiaoan.watch.models import RuleChange
from jiaoan.watch.rules.standing import Standing, fold


def standing() -> Standing:
    """What the stream judges by; it concerns nobody's rows, so it has no reach."""
    return fold(RuleChange.objects.order_by("version"))


def decisions(actor: object, *subjects: str) -> QuerySet[RuleChange]:
    """Decisions about these figures and rules, newest first."""
    found = restrict(RuleChange.objects.all(), actor, "rule.view").order_by("-version")
    found = found.filter(subject__in=subjects) if subjects else found
    return found.select_related("by", "fact", "withdraws")
