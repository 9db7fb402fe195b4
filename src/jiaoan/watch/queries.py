"""Every read of the alarm desk, through ``restrict``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet, Sum

from jiaoan.journal.models import Fact
from jiaoan.journal.queries import timeline
from jiaoan.kernel.clock import Clock, at_local
from jiaoan.scope import restrict
from jiaoan.watch.models import Alarm, Disposition
from jiaoan.watch.states import OPEN, AlarmState


def alarms(actor: object) -> QuerySet[Alarm]:
    found = restrict(Alarm.objects.all(), actor, "alarm.view")
    return found.select_related("vehicle__enterprise__organisation", "fact")


def queue(actor: object, states: Sequence[AlarmState] = OPEN) -> list[Alarm]:
    """Alarms in these states by deadline 按时限, not by arrival; closed ones newest first."""
    found = alarms(actor).filter(state__in=states)
    if set(states) == {AlarmState.CLOSED}:
        return list(found.order_by("-closed_at", "-id")[:200])
    order = {state: number for number, state in enumerate(AlarmState)}
    return sorted(found[:500], key=lambda alarm: (order[alarm.status], alarm.due, alarm.pk))


def counts(actor: object, clock: Clock) -> dict[AlarmState, int]:
    """How many in each state; of the closed, those closed today. Each has a list of that count."""
    today = at_local(clock.today())
    shown = alarms(actor).filter(~Q(state=AlarmState.CLOSED) | Q(closed_at__gte=today))
    rows = dict(shown.order_by().values_list("state").annotate(count=Count("id")))
    return {state: rows.get(state.value, 0) for state in AlarmState}


def kinds_open(actor: object) -> frozenset[str]:
    """Kinds of which an alarm is open."""
    found = alarms(actor).filter(state__in=OPEN).order_by().values_list("kind", flat=True)
    return frozenset(found.distinct())


def told_today(actor: object, clock: Clock) -> tuple[int, int]:
    """今日: alarms opened today, and how many findings and verdicts are folded in them."""
    found = alarms(actor).filter(opened_at__gte=at_local(clock.today()))
    counted = found.aggregate(
        alarms=Count("id"), folded=Sum("told"), single=Count("id", filter=Q(told=0))
    )
    return counted["alarms"], (counted["folded"] or 0) + counted["single"]


def closed_today(actor: object, clock: Clock) -> list[Alarm]:
    today = at_local(clock.today())
    found = alarms(actor).filter(state=AlarmState.CLOSED, closed_at__gte=today)
    return list(found.order_by("-closed_at", "-id"))


def open_count(actor: object) -> int:
    return alarms(actor).filter(state=AlarmState.PENDING).count()


def of_subject(actor: object, subject: str) -> QuerySet[Alarm]:
    """Alarms about one thing, e.g. one stay of a vehicle."""
    return alarms(actor).filter(subject=subject)


def dispositions(actor: object, alarm: Alarm) -> QuerySet[Disposition]:
    found = restrict(Disposition.objects.filter(alarm=alarm), actor, "alarm.view")
    return found.select_related("by", "fact")


def facts_of(alarm: Alarm) -> list[Fact]:
    """The life of an alarm that the caller may see, with its opening, oldest first."""
    return [alarm.fact, *timeline(alarm).exclude(pk=alarm.fact_id)]


def nth_of_vehicle(actor: object, alarm: Alarm) -> int:
    """第几次: the alarm's place among those of its vehicle and kind."""
    same = alarms(actor).filter(vehicle=alarm.vehicle_id, kind=alarm.kind)
    return same.filter(Q(happened_at__lt=alarm.happened_at) | Q(pk=alarm.pk)).count()


def of_vehicle_since(actor: object, alarm: Alarm, now: datetime) -> QuerySet[Alarm]:
    """Alarms of the same vehicle in the twelve months up to now."""
    since = now - timedelta(days=365)
    return alarms(actor).filter(vehicle=alarm.vehicle_id, happened_at__gte=since)


def next_after(actor: object, alarm: Alarm) -> Alarm | None:
    """The next to work on: the one whose limit ends first, other than this."""
    waiting = [
        one for one in queue(actor, (AlarmState.PENDING, AlarmState.HANDLING)) if one != alarm
    ]
    return waiting[0] if waiting else None
