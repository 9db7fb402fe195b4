"""Every read of supervision items, through ``restrict``."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from jiaoan.journal.models import Fact
from jiaoan.journal.queries import timeline
from jiaoan.scope import restrict
from jiaoan.watch.models import Post, Supervision, SupervisionAnswer
from jiaoan.watch.supervision.states import WAITING, SupervisionState


def supervisions(actor: object) -> QuerySet[Supervision]:
    found = restrict(Supervision.objects.all(), actor, "alarm.view")
    return found.select_related("vehicle__enterprise__organisation", "fact")


def by_deadline(actor: object, *, done: bool = False) -> QuerySet[Supervision]:
    """Those that wait, by deadline; or those that are done, the newest first."""
    if done:
        return supervisions(actor).filter(state=SupervisionState.DONE).order_by("-done_at", "-id")
    return supervisions(actor).filter(state__in=WAITING).order_by("deadline", "id")


def counts(actor: object, now: datetime) -> dict[str, int]:
    """How many wait, are overdue, and are done; each has a list of that count."""
    waiting = by_deadline(actor)
    return {
        "waiting": waiting.count(),
        "late": waiting.filter(deadline__lt=now).count(),
        "done": by_deadline(actor, done=True).count(),
    }


def answers(actor: object, item: Supervision) -> QuerySet[SupervisionAnswer]:
    found = restrict(SupervisionAnswer.objects.filter(supervision=item), actor, "alarm.view")
    return found.select_related("by", "fact")


def facts_of(item: Supervision | Post) -> list[Fact]:
    """The life of an item that the caller may see, oldest first."""
    return [item.fact, *timeline(item).exclude(pk=item.fact_id)]
