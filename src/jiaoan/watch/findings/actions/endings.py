"""What lasts in a place or off a route ends: by an exit or a return told, or with the place.

Positions go before the register (ADR 0040).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.registry.endings import Ending, Tenure
from jiaoan.registry.models import Place
from jiaoan.scope import Actor, require
from jiaoan.watch.findings import lasting as lasting_rules
from jiaoan.watch.findings.actions.taking import sum_up
from jiaoan.watch.findings.messages import OVER, Over
from jiaoan.watch.findings.short import off_route
from jiaoan.watch.models import Finding

AT_ONCE: Final = 200


@transaction.atomic
def end_by_place(actor: Actor, clock: Clock, over: Over) -> int:
    """What lasted while a vehicle was in a place, or off its route, is over: how many changed.

    Added by late positions it ends also what a later one was said to end, and moves the end that
    it told before; withdrawn by them, what it had ended lasts until the next one, which is told
    again then.
    """
    require(actor, "alarm.open")
    concerned = Finding.objects.filter(
        rule__in=OVER.get(over.rule, ()), vehicle=over.vehicle, place=over.place,
    ).select_related("alarm")  # fmt: skip
    if over.correction == "withdrawn":
        return _last_again(actor, clock, concerned.filter(end_key=over.id), over)
    # What positions say goes before what the register said meanwhile (:func:`end_with_places`).
    open_ones = Q(ended_at=None) | (~Q(ended_with="") & Q(ended_at__gte=over.at))
    if over.record is not None:  # names what it ends by the position with which that began
        first = over.record.get("first_position", "")
        open_ones |= ~Q(ended_with="") & Q(record__first_position=first)
    if over.correction:
        open_ones |= Q(ended_at__gt=over.at) | Q(end_key=over.id)
    lasting = concerned.filter(open_ones, withdrawn_at=None, happened_at__lte=over.at)
    for finding in lasting:
        _ends_with(finding, over.id, over.at, over.record)
        _of_place(actor, clock, finding, over, "watch.ended")
    return len(lasting)


def _ends_with(
    finding: Finding, key: str, at: datetime | None, record: dict[str, Json] | None
) -> None:
    gist = off_route(record or finding.record)
    finding.end_key, finding.ended_at, finding.end_record = key, at, record
    finding.figure, finding.amount, finding.ended_with = gist.text, gist.amount, ""
    finding.save(
        update_fields=["end_key", "ended_at", "end_record", "figure", "amount", "ended_with"]
    )


@transaction.atomic
def end_with_places(actor: Actor, clock: Clock) -> int:
    """What lasts in places that are in force no more for its vehicle is over: how many.

    Positions say nothing of such a place. The alarm waits for a person as before. What the register
    does not know, or knows as in force, is left as it is. At most :data:`AT_ONCE` in one call, so
    that a place in which a fleet was does not keep other writers waiting: call it again and again.
    """
    require(actor, "alarm.open")
    now = clock.now()
    lasting = Finding.objects.filter(ended_at=None, withdrawn_at=None, rule__in=lasting_rules.RULES)
    # In no order (an index has only those that last), and without their records, which are long.
    rows = list(
        lasting.order_by().values_list("pk", "rule", "place", "vehicle_id", "vehicle__kind")
    )
    known = Place.objects.filter(pk__in={row[2] for row in rows}).prefetch_related("bound")
    tenures = {place.pk: Tenure(place) for place in known}
    endings: dict[int, Ending] = {}
    for pk, rule, place, vehicle, kind in rows:
        fits = lasting_rules.needs(rule, vehicle, kind)
        if place in tenures and (ending := tenures[place].ended(fits, now)) is not None:
            endings[pk] = ending
        if len(endings) == AT_ONCE:
            break
    for finding in Finding.objects.filter(pk__in=endings).select_related("alarm").order_by("pk"):
        _end_with_place(actor, clock, finding, endings[finding.pk])
    return len(endings)


def _end_with_place(actor: Actor, clock: Clock, finding: Finding, ending: Ending) -> None:
    finding.ended_at = max(ending.at, finding.happened_at)
    finding.ended_with = ending.cause
    finding.save(update_fields=["ended_at", "ended_with"])
    record(
        "watch.ended_with_place",
        actor=actor,
        obj=finding.alarm or finding.subject,
        clock=clock,
        happened_at=finding.ended_at,
        payload={
            "finding": finding.key,
            "rule": finding.rule,
            "place": finding.place,
            "place_version": ending.version,
            "cause": ending.cause.value,
        },
    )
    if finding.alarm is not None:
        sum_up(clock, finding.alarm, "watch.ended_with_place")


def _last_again(actor: Actor, clock: Clock, ended: Iterable[Finding], over: Over) -> int:
    changed = 0
    for finding in ended:
        _ends_with(finding, "", None, None)
        _of_place(actor, clock, finding, over, "watch.end_withdrawn")
        changed += 1
    return changed


def _of_place(actor: Actor, clock: Clock, finding: Finding, over: Over, kind: str) -> None:
    record(
        kind,
        actor=actor,
        obj=finding.alarm or finding.subject,
        clock=clock,
        happened_at=over.at,
        payload={"finding": finding.key, "end": over.id, "rule": finding.rule},
    )
    if finding.alarm is not None:
        sum_up(clock, finding.alarm, kind)
