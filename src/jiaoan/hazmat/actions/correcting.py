"""Stays corrected by late positions 迟到点: no stay is doubled, none is deleted.

A settlement tells what it withdraws first, the latest first, and then what it adds by time, all
received at one moment. So an entry that was only moved is withdrawn and added in one breath: the
trip is the same, and goes on under its new entry.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from jiaoan.hazmat.findings import Finding
from jiaoan.hazmat.models import Trip
from jiaoan.hazmat.states import TRIP, TripState, TripVerb
from jiaoan.journal.actions import enqueue, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Actor

_BREATH: Final = timedelta(hours=1)  # a settlement that was killed in between is told again
_NOTED: Final = ("hazmat.reached_place", "hazmat.left_place", "hazmat.stayed_at_place")


def apply(actor: Actor, clock: Clock, trip: Trip, verb: TripVerb, finding: Finding) -> Fact:
    """One row of the table, with its fact."""
    row = TRIP.row(trip.state, verb)
    trip.state = row.target
    trip.save(update_fields=["state"])
    return record(
        row.fact,
        actor=actor,
        obj=trip,
        clock=clock,
        happened_at=finding.happened_at,
        reported_at=finding.received_at,
        payload={"finding": finding.id, "vehicle": trip.vehicle_id},
    )


def later(vehicle: Vehicle, moment: datetime) -> bool:
    """Whether the vehicle is known to have entered again after ``moment``."""
    return _standing(vehicle).filter(entered_at__gt=moment).exists()


def take_back(actor: Actor, clock: Clock, finding: Finding, vehicle: Vehicle) -> Fact | None:
    """Late positions disprove an entry, an exit, or a mark within a stay."""
    if finding.place_kind != "district":
        return _unmark(actor, clock, finding)
    if finding.rule == "fence.enter":
        return _no_entry(actor, clock, finding, vehicle)
    return _no_exit(actor, clock, finding, vehicle) if finding.rule == "fence.leave" else None


def _no_entry(actor: Actor, clock: Clock, finding: Finding, vehicle: Vehicle) -> Fact | None:
    trip = _standing(vehicle).filter(entered_finding=finding.id).first()
    if trip is None:
        return None
    fact = apply(actor, clock, trip, TripVerb.WITHDRAW, finding)
    before = _standing(vehicle).filter(entered_at__lt=trip.entered_at).first()
    unseen = before is not None and before.status is TripState.SUPERSEDED
    if before is not None and unseen and not later(vehicle, before.entered_at):
        apply(actor, clock, before, TripVerb.REOPEN, finding)
    _announce("hazmat.entry_withdrawn", trip, clock)
    return fact


def _no_exit(actor: Actor, clock: Clock, finding: Finding, vehicle: Vehicle) -> Fact | None:
    trip = Trip.objects.filter(vehicle=vehicle, left_finding=finding.id).first()
    if trip is None:
        return None
    trip.left_at, trip.left_finding = None, ""
    trip.save(update_fields=["left_at", "left_finding"])
    if trip.status is not TripState.LEFT:
        return None  # its entry was withdrawn as well
    fact = apply(actor, clock, trip, TripVerb.REOPEN, finding)
    if later(vehicle, trip.entered_at):
        apply(actor, clock, trip, TripVerb.SUPERSEDE, finding)
    _announce("hazmat.exit_withdrawn", trip, clock)
    return fact


def _unmark(actor: Actor, clock: Clock, finding: Finding) -> Fact | None:
    """A mark on the strip was none: it stays in the journal, and this beside it."""
    noted = Fact.objects.filter(kind__in=_NOTED, payload__finding=finding.id).first()
    if noted is None:
        return None
    trip = Trip.objects.get(pk=noted.obj.partition(":")[2])
    return record(
        "hazmat.place_withdrawn",
        actor=actor,
        obj=trip,
        clock=clock,
        happened_at=finding.happened_at,
        reported_at=finding.received_at,
        payload={"finding": finding.id, "place": finding.place_id},
    )


def same_stay(actor: Actor, clock: Clock, finding: Finding, vehicle: Vehicle) -> Trip | None:
    """The withdrawn stay that an added entry is the entry of, restored; ``None`` = a new one."""
    trip = _withdrawn(finding, vehicle)
    if trip is None:
        return None
    apply(actor, clock, trip, TripVerb.RESTORE, finding)
    trip.entered_at, trip.entered_finding = finding.happened_at, finding.id
    trip.save(update_fields=["entered_at", "entered_finding"])
    if trip.left_at is not None:  # its exit stands; the fact of it as well
        trip.state = TRIP.after(trip.state, TripVerb.LEAVE)
    elif later(vehicle, trip.entered_at):
        trip.state = TRIP.after(trip.state, TripVerb.SUPERSEDE)
    trip.save(update_fields=["state"])
    _announce("hazmat.entry_corrected", trip, clock)
    return trip


def _withdrawn(finding: Finding, vehicle: Vehicle) -> Trip | None:
    """Withdrawn just now, of the same place, not left before, and the nearest."""
    again = Trip.objects.filter(entered_finding=finding.id).first()
    if again is not None:
        return again
    found = [
        trip
        for trip in Trip.objects.filter(
            vehicle=vehicle, place_id_seen=finding.place_id, state=TripState.WITHDRAWN
        )
        if (trip.left_at is None or trip.left_at > finding.happened_at)
        and _just_now(trip, finding.received_at)
    ]
    return min(found, key=lambda trip: abs(trip.entered_at - finding.happened_at), default=None)


def _just_now(trip: Trip, moment: datetime) -> bool:
    last = Fact.objects.filter(obj=trip.subject, kind="hazmat.entry_withdrawn").last()
    return (
        last is not None
        and last.reported_at is not None
        and timedelta() <= moment - last.reported_at <= _BREATH
    )


def _standing(vehicle: Vehicle) -> QuerySet[Trip]:
    return Trip.objects.filter(vehicle=vehicle).exclude(state=TripState.WITHDRAWN)


def _announce(kind: str, trip: Trip, clock: Clock) -> None:
    enqueue(
        "events.alarm",
        {"kind": kind, "object": "hazmat.trip", "id": trip.pk, "vehicle": trip.vehicle_id},
        clock=clock,
    )
