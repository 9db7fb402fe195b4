"""Every read of findings, through ``restrict``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet

from jiaoan.kernel.clock import at_local
from jiaoan.kernel.plates import search_key
from jiaoan.scope import restrict
from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.models import Alarm, Finding

MOST = 500


@dataclass(frozen=True)
class Wanted:
    """Which findings: local days both inclusive, a kind, a plate; ``alarms`` None = all."""

    first: date
    last: date
    kind: AlarmKind | None = None
    plate: str = ""
    alarms: bool | None = None


def findings(actor: object) -> QuerySet[Finding]:
    found = restrict(Finding.objects.all(), actor, "alarm.view")
    return found.select_related("vehicle__enterprise__organisation", "alarm", "fact")


def of_days(actor: object, wanted: Wanted) -> QuerySet[Finding]:
    """Those that match, newest first."""
    begin = at_local(wanted.first)
    end = at_local(wanted.last + timedelta(days=1))
    found = findings(actor).filter(happened_at__gte=begin, happened_at__lt=end)
    if wanted.kind is not None:
        found = found.filter(kind=wanted.kind)
    if wanted.alarms is not None:
        found = found.filter(alarm__isnull=not wanted.alarms)
    bare = search_key(wanted.plate)
    return found.filter(vehicle__plate__icontains=bare) if bare else found


def count_by_kind(found: QuerySet[Finding]) -> dict[AlarmKind, int]:
    """How many of each kind, the most frequent first."""
    rows = found.order_by().values_list("kind").annotate(count=Count("id"))
    return {AlarmKind(kind): count for kind, count in sorted(rows, key=lambda one: -one[1])}


def of_alarm(actor: object, alarm: Alarm) -> QuerySet[Finding]:
    """The findings that an alarm stands for, as they happened."""
    return findings(actor).filter(alarm=alarm).order_by("happened_at", "id")


def by_id(actor: object, id: str) -> Finding | None:
    """The finding of that id, or the one whose end has it."""
    return findings(actor).filter(Q(key=id) | Q(end_key=id)).first()
