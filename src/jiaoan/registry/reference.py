"""What the gateway and the stream know: versioned reference snapshots made from rows.

Papers go down, never up: these values are published to the bus (``ref.*``, the last value of each
subject is kept) when a terminal, vehicle or place changes, and whole by
``jiaoan reference publish``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from jiaoan.journal.actions import Json
from jiaoan.registry import history
from jiaoan.registry.models import Place, Terminal, Vehicle
from jiaoan.registry.profiles import past_of, profile_value


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def terminal_subject(terminal: Terminal) -> str:
    return f"ref.terminal.{terminal.phone}"


def terminal_value(terminal: Terminal) -> dict[str, Json]:
    """The terminal and its vehicle, as both are now."""
    vehicle = terminal.vehicle
    return {
        "phone": terminal.phone,
        "auth_code": terminal.auth_code,
        "vehicle_id": vehicle.pk,
        "plate": vehicle.plate,
        "plate_colour": vehicle.plate_colour,
        "vehicle_kind": vehicle.kind,
        "outside": vehicle.outside,
        "enterprise": vehicle.owner_name,
        "profile": profile_value(vehicle),
        "protocol": terminal.protocol or None,
        "valid_from": _day(terminal.valid_from),
        "valid_to": _day(terminal.valid_to),
        "version": terminal.version,
    }


def terminal_reference(terminal: Terminal) -> dict[str, Json]:
    """The same with what the vehicle was before: what is published."""
    return {**terminal_value(terminal), **past_of(terminal.vehicle)}


def vehicle_subject(vehicle: Vehicle) -> str:
    return f"ref.vehicle.{vehicle.pk}"


def vehicle_value(vehicle: Vehicle) -> dict[str, Json]:
    """A vehicle by itself: those that only another platform forwards have no terminal here."""
    return {
        "vehicle_id": vehicle.pk,
        "plate": vehicle.plate,
        "plate_colour": vehicle.plate_colour,
        "vehicle_kind": vehicle.kind,
        "outside": vehicle.outside,
        "enterprise": vehicle.owner_name,
        "profile": profile_value(vehicle),
        "valid_from": _day(vehicle.valid_from),
        "valid_to": _day(vehicle.valid_to),
        "version": vehicle.version,
    }


def vehicle_reference(vehicle: Vehicle) -> dict[str, Json]:
    """The same with what it was before: what is published."""
    return {**vehicle_value(vehicle), **past_of(vehicle)}


def place_subject(place: Place) -> str:
    return f"ref.place.{place.pk}"


def place_value(place: Place, bound: Iterable[Vehicle] | None = None) -> dict[str, Json]:
    """``bound`` are the vehicles of a place that is not stored; else its own."""
    vehicles = place.bound.all() if bound is None else bound
    return {
        "place_id": place.pk,
        "name": place.name,
        "kind": place.kind,
        "road_class": place.road_class,
        "role": place.role,
        "shape": place.shape,
        "geometry": place.geometry,
        "size_m": place.size_m,
        "buffer_m": place.buffer_m,
        "consecutive": place.consecutive,
        "dwell_s": place.dwell_s,
        "vehicle_kinds": place.vehicle_kinds,
        "hours": place.hours,
        "limits_kmh": place.limits_kmh,
        "bound": sorted(vehicle.pk for vehicle in vehicles),
        "direction": place.direction,
        "law": place.law,
        "valid_from": _day(place.valid_from),
        "valid_to": _day(place.valid_to),
        "version": place.version,
    }


def everything() -> Iterator[tuple[str, dict[str, Json]]]:
    """All references as (subject, value): vehicles, terminals, places."""
    vehicles = Vehicle.objects.select_related("enterprise__organisation")
    for vehicle in vehicles.prefetch_related("profiles").iterator(chunk_size=500):
        yield vehicle_subject(vehicle), vehicle_reference(vehicle)
    terminals = Terminal.objects.select_related("vehicle__enterprise__organisation")
    for terminal in terminals.prefetch_related("vehicle__profiles").iterator(chunk_size=500):
        yield terminal_subject(terminal), terminal_reference(terminal)
    yield from places()


def places(*, whole: bool = False) -> Iterator[tuple[str, dict[str, Json]]]:
    """All places with the versions before; ``whole``: with all of them."""
    for place in Place.objects.prefetch_related("bound").iterator(chunk_size=500):
        subject = place_subject(place)
        known = history.published(subject)
        yield subject, history.with_past(place_value(place), None, known, whole=whole)
