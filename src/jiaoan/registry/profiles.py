"""Vehicles as they were: each profile with the moment from which it held.

A point that comes late, and a day that is rehearsed or explained, are judged by what the vehicle
was then (ADR 0037). So the references of a vehicle carry, beside its present profile, the ones that
it took the place of within :data:`~jiaoan.registry.history.KEPT`. Changes of what no driving rule
asks for (a carrier's telephone) begin no profile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from jiaoan.journal.actions import Json
from jiaoan.kernel.clock import Clock
from jiaoan.registry.history import KEPT, MOST_OCTETS
from jiaoan.registry.models import Vehicle, VehicleKind, VehicleProfile
from jiaoan.rules.driving.book import Profile
from jiaoan.stream import reference as stream


def profile_value(vehicle: Vehicle) -> dict[str, Json]:
    """The vehicle as the driving rules need it: what of it is registered or its terminal told.

    The names are those of :class:`jiaoan.rules.driving.book.Profile` (speeds in 0.1 km/h, days as
    bits, bit 0 = Monday). Figures of another kind of vehicle than it is now are left out.
    """
    said: dict[str, Json] = {}
    if vehicle.speed_limit_kmh is not None:
        said["limit"] = vehicle.speed_limit_kmh * 10
    if vehicle.terminal_limit_kmh is not None:
        said["terminal_limit"] = vehicle.terminal_limit_kmh * 10
    if vehicle.kind == VehicleKind.COACH and vehicle.service:
        said["service"] = vehicle.service
    if vehicle.kind == VehicleKind.COACH and vehicle.one_way_km is not None:
        said["one_way_km"] = vehicle.one_way_km
    if vehicle.kind == VehicleKind.SCHOOL_BUS and vehicle.school_hours:
        said["school_hours"] = vehicle.school_hours
        said["school_days"] = sum(1 << (day - 1) for day in set(vehicle.school_days))
    return said


def profile_of(vehicle: Vehicle) -> Profile:
    """The vehicle as it is today, without what it was before."""
    return stream.profile_of(vehicle.kind, profile_value(vehicle))


def profile_by_day(vehicle: Vehicle) -> Profile:
    """The vehicle with all that it ever was, for who asks about the past and not over the bus."""
    said: Mapping[str, Json] = {
        "vehicle_kind": vehicle.kind,
        "profile": profile_value(vehicle),
        **past_of(vehicle, whole=True),
    }
    return stream.dated_profile(said)


def past_of(vehicle: Vehicle, *, whole: bool = False) -> dict[str, Json]:
    """Since when the vehicle is what it is, and what it was before, the latest first.

    ``{}`` where nothing else is known of it. ``whole``: also what ended long ago.
    """
    known: Sequence[VehicleProfile] = sorted(vehicle.profiles.all(), key=lambda each: each.pk)
    if not known or known[-1].since is None:
        return {}
    since = end = known[-1].since
    before: list[Json] = []
    room = MOST_OCTETS
    for each in reversed(known[:-1]):
        said = _said(each)
        room -= len(json.dumps(said, ensure_ascii=False).encode())
        if not whole and (since - end > KEPT or room < 0):
            break
        before.append(said)
        end = each.since or end
    return {"since": since.isoformat(), "before": before}


def _said(held: VehicleProfile) -> Json:
    since = held.since.isoformat() if held.since else None
    return {"since": since, "vehicle_kind": held.kind, "profile": held.profile}


def begin(vehicle: Vehicle, clock: Clock) -> None:
    """Keep what a new vehicle is from now on."""
    _keep(vehicle, clock.now())


def change(before: Vehicle, after: Vehicle, clock: Clock) -> None:
    """Keep what a vehicle was up to now and what it is from now on, where a rule asks for it."""
    if (before.kind, profile_value(before)) == (after.kind, profile_value(after)):
        return
    newest = after.profiles.order_by("pk").last()
    if newest is None:
        newest = _keep(before, None)
    now = clock.now()
    if newest.since == now:  # it held for no moment
        newest.kind, newest.profile = after.kind, profile_value(after)
        newest.save(update_fields=["kind", "profile"])
    else:
        _keep(after, now)


def _keep(vehicle: Vehicle, since: datetime | None) -> VehicleProfile:
    return VehicleProfile.objects.create(
        vehicle=vehicle, since=since, kind=vehicle.kind, profile=profile_value(vehicle)
    )
