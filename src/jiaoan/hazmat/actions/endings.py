"""Stays whose district line is in force no more: nobody will see the exit over it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from jiaoan.hazmat.models import Trip
from jiaoan.hazmat.states import TRIP, TripState, TripVerb
from jiaoan.journal.actions import enqueue, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.registry.endings import Ending, Tenure, Value
from jiaoan.registry.models import Place, PlaceKind, PlaceRole, VehicleKind
from jiaoan.scope import Actor, require

AT_ONCE: Final = 200
_TELLING: Final = frozenset({PlaceRole.AREA.value, PlaceRole.FORBIDDEN.value})


@transaction.atomic
def end_with_places(actor: Actor, clock: Clock) -> int:
    """Stays that began over lines in force no more have ended unseen: how many.

    Only the line by which a stay began counts: a yard or plant within it that is closed ends
    nothing. A line that the register does not know ends nothing either. At most :data:`AT_ONCE` in
    one call, for the sake of other writers: call it again and again.
    """
    require(actor, "hazmat.judge")
    inside = Trip.objects.filter(state=TripState.INSIDE)
    lines = Place.objects.filter(pk__in=inside.order_by().values("place_id_seen")).prefetch_related(
        "bound"
    )
    ends = {line.pk: Tenure(line).ended(tells_exits, clock.now()) for line in lines}
    over = {line: ending for line, ending in ends.items() if ending is not None}
    trips = list(inside.filter(place_id_seen__in=over).order_by("pk")[:AT_ONCE])
    for trip in trips:
        _end(actor, clock, trip, over[trip.place_id_seen])
    return len(trips)


def tells_exits(line: Value) -> bool:
    """Whether a version of a place is a district line that tells which hazmat vehicles leave."""
    kinds = line["vehicle_kinds"]
    concerns = not isinstance(kinds, list) or not kinds or VehicleKind.HAZMAT.value in kinds
    return concerns and line["kind"] == PlaceKind.DISTRICT.value and line["role"] in _TELLING


def end_if_over(actor: Actor, clock: Clock, trip: Trip) -> None:
    """The same for one stay."""
    line = Place.objects.filter(pk=trip.place_id_seen).first()
    if trip.status is TripState.INSIDE and line is not None:
        ending = Tenure(line).ended(tells_exits, clock.now())
        if ending is not None:
            _end(actor, clock, trip, ending)


def ended_with_place(trip: Trip, moment: datetime) -> bool:
    """Whether it had ended so by then, and no exit was seen since."""
    if trip.status is not TripState.SUPERSEDED:
        return False
    told = Fact.objects.filter(obj=trip.subject, kind="hazmat.place_ended")
    return told.filter(happened_at__lte=moment).exists()


def _end(actor: Actor, clock: Clock, trip: Trip, ending: Ending) -> None:
    row = TRIP.row(trip.state, TripVerb.END_WITH_PLACE)
    trip.state = row.target
    trip.save(update_fields=["state"])
    record(
        row.fact,
        actor=actor,
        obj=trip,
        clock=clock,
        happened_at=max(ending.at, trip.entered_at),
        payload={
            "place": trip.place_id_seen,
            "place_version": ending.version,
            "cause": ending.cause.value,
        },
    )
    enqueue(
        "events.alarm",
        {"kind": row.fact, "object": "hazmat.trip", "id": trip.pk, "vehicle": trip.vehicle_id},
        clock=clock,
    )
