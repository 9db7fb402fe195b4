"""Vehicles: added, changed and imported. None is ever deleted: its last day is set.

Each write leaves a fact with the new version, a digest of what the rules are told, and from what to
what it changed; and it queues the version as reference, of the vehicle and of each of its
terminals.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jiaoan.journal import files
from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.kernel.plates import PlateColour, PlateRefused, parse_plate
from jiaoan.registry import profiles, reference
from jiaoan.registry.models import CoachService, Enterprise, Vehicle, VehicleKind
from jiaoan.registry.vehicle_files import VehicleFile, VehicleRow
from jiaoan.scope import Actor, require, restrict

FASTEST_KMH: Final = 120  # nobody may drive faster anywhere 道路交通安全法实施条例 a.78
LONGEST_KM: Final = 6_000
MOST_PERIODS: Final = 2
VERB: Final = "registry.manage"
TOLD: Final = (
    "plate_colour", "kind", "speed_limit_kmh", "service", "one_way_km", "school_hours",
    "school_days", "valid_from", "valid_to", "certificate_valid_to", "inspection_valid_to",
)  # fmt: skip
"""What a fact tells with its values; of other fields, which lead to people, only their names."""
FIELDS: Final = (
    "plate", *TOLD, "enterprise", "outside", "carrier_name", "carrier_phone", "tank_number",
    "tank_volume_m3", "transport_certificate",
)  # fmt: skip
Errors = dict[str, str | Promise]
_TWICE: Final = gettext_lazy("A vehicle with this plate and colour is registered already.")


class VehicleRefused(ValueError):
    """What is wrong, by field; nothing was written."""

    def __init__(self, errors: Mapping[str, str | Promise]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.errors.items()))


@transaction.atomic
def add_vehicle(
    actor: Actor, clock: Clock, *, plate: str, plate_colour: int, kind: str, **fields: object
) -> Vehicle:
    """车辆建档. Raises :class:`VehicleRefused`, ``TypeError`` for a field that no vehicle has."""
    require(actor, VERB)
    made = Vehicle()
    _set(actor, made, {"plate": plate, "plate_colour": plate_colour, "kind": kind, **fields})
    check_vehicle(made)
    _save(made)
    profiles.begin(made, clock)
    tell("registry.vehicle_added", actor, clock, made, {"changes": _changes(Vehicle(), made)})
    return made


@transaction.atomic
def change_vehicle(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, seen_version: int, **fields: object
) -> Vehicle:
    """Change what ``fields`` names. ``seen_version`` is the one the person was shown.

    What changes nothing leaves no trace.
    """
    require(actor, VERB, vehicle)
    changed = Vehicle.objects.select_for_update().get(pk=vehicle.pk)
    if changed.version != seen_version:
        raise VehicleRefused(
            {"version": _("Somebody changed it meanwhile; look at it again before you change it.")}
        )
    before = Vehicle.objects.get(pk=vehicle.pk)
    _set(actor, changed, fields)
    check_vehicle(changed)
    differing = _changes(before, changed)
    if not differing:
        return changed
    changed.version += 1
    _save(changed)
    profiles.change(before, changed, clock)
    tell("registry.vehicle_changed", actor, clock, changed, {"changes": differing})
    return changed


@dataclass(frozen=True)
class ImportedVehicle:
    """What became of one row: ``added``, ``changed``, ``same``, or ``refused`` and why."""

    row: VehicleRow
    result: str
    vehicle: Vehicle | None = None
    errors: Sequence[tuple[str, str]] = ()


def import_vehicles(
    actor: Actor, clock: Clock, read: VehicleFile, data: bytes
) -> list[ImportedVehicle]:
    """Each good row by itself: a new vehicle, or the filled cells of one that is registered.

    A row that is refused does not stop the others; the file is kept by its hash whatever is in it.
    """
    require(actor, VERB)
    kept = files.keep(data, name=read.name, content_type=read.content_type, clock=clock)
    done = [_import_row(actor, clock, row) for row in read.rows]
    counts = {
        result: sum(one.result == result for one in done)
        for result in ("added", "changed", "same", "refused")
    }
    record(
        "registry.vehicles_imported",
        actor=actor,
        obj=kept,
        clock=clock,
        payload={"sha256": kept.sha256, **counts},
    )
    return done


def _import_row(actor: Actor, clock: Clock, row: VehicleRow) -> ImportedVehicle:
    errors = dict(row.errors)
    fields = dict(row.fields)
    firm = str(fields.pop("enterprise", ""))
    try:
        if firm:
            fields["enterprise"] = _firm(actor, firm)
    except VehicleRefused as refused:
        errors |= refused.errors
    known = _known(actor, fields)
    if known is None and "kind" not in fields and "kind" not in errors:
        errors["kind"] = _("A new vehicle needs its kind.")
    if errors:
        return _refused(row, errors)
    try:
        if known is None:
            made = add_vehicle(actor, clock, **fields)  # type: ignore[arg-type]  # as was read
            return ImportedVehicle(row, "added", made)
        version = known.version
        made = change_vehicle(actor, clock, known, seen_version=version, **fields)
        return ImportedVehicle(row, "same" if made.version == version else "changed", made)
    except VehicleRefused as refused:
        return _refused(row, refused.errors)


def _refused(row: VehicleRow, errors: Mapping[str, str | Promise]) -> ImportedVehicle:
    said = tuple((name, str(text)) for name, text in errors.items())
    return ImportedVehicle(row, "refused", None, said)


def _firm(actor: Actor, text: str) -> Enterprise:
    """By credit code or whole name, within what the actor may keep."""
    mine = restrict(Enterprise.objects.all(), actor, VERB)
    found = list(mine.filter(credit_code=text) or mine.filter(organisation__name=text))
    if len(found) == 1:
        return found[0]
    why = (
        _("Several firms are called so: give the credit code.")
        if found
        else _("No such firm in the register: check the name, or give its credit code.")
    )
    raise VehicleRefused({"enterprise": why})


def _known(actor: Actor, fields: Mapping[str, object]) -> Vehicle | None:
    mine = restrict(Vehicle.objects.all(), actor, VERB)
    plate, colour = fields.get("plate"), fields.get("plate_colour")
    if not isinstance(colour, int):
        return None
    return mine.filter(plate=str(plate), plate_colour=colour).first()


def _set(actor: Actor, vehicle: Vehicle, fields: Mapping[str, object]) -> None:
    """Take the fields over; a firm is one that the actor may keep."""
    for name, value in fields.items():
        if name not in FIELDS:
            raise TypeError(f"a vehicle has no {name}")
        if name == "enterprise" and isinstance(value, Enterprise):
            require(actor, VERB, value)
        setattr(vehicle, name, value)


def check_vehicle(vehicle: Vehicle) -> None:
    """Raise :class:`VehicleRefused` with a sentence for every field that is wrong.

    The plate is brought to the form in which it is kept.
    """
    errors: Errors = {}
    for made in (_identity, _owner, _figures, _coach, _school):
        errors |= dict(made(vehicle))
    if vehicle.valid_from and vehicle.valid_to and vehicle.valid_to < vehicle.valid_from:
        errors["valid_to"] = _("The last day lies before the first.")
    if errors:
        raise VehicleRefused(errors)


def _save(vehicle: Vehicle) -> None:
    """The row; somebody else may have registered the plate since it was looked for."""
    try:
        with transaction.atomic():
            vehicle.save()
    except IntegrityError as error:
        raise VehicleRefused({"plate": _TWICE}) from error


def _identity(vehicle: Vehicle) -> Iterator[tuple[str, str | Promise]]:
    if vehicle.kind not in VehicleKind.values:
        yield "kind", _("Choose one of the list.")
    if vehicle.plate_colour not in set(PlateColour):
        yield "plate_colour", _("Choose one of the list.")
    try:
        vehicle.plate = parse_plate(vehicle.plate).number
    except PlateRefused as refused:
        yield "plate", str(refused)
        return
    same = Vehicle.objects.filter(plate=vehicle.plate, plate_colour=vehicle.plate_colour)
    if same.exclude(pk=vehicle.pk).exists():
        yield "plate", _TWICE


def _owner(vehicle: Vehicle) -> Iterator[tuple[str, str]]:
    if vehicle.outside and vehicle.enterprise is not None:
        yield "outside", _("A vehicle of a firm in the register is none from outside.")
    for name, most in (
        ("carrier_name", 120), ("carrier_phone", 30), ("tank_number", 40),
        ("transport_certificate", 40),
    ):  # fmt: skip
        if len(getattr(vehicle, name)) > most:
            yield name, _("At most %(most)d characters.") % {"most": most}


def _figures(vehicle: Vehicle) -> Iterator[tuple[str, str]]:
    limit = vehicle.speed_limit_kmh
    if limit is not None and not 1 <= limit <= FASTEST_KMH:
        yield "speed_limit_kmh", _("From 1 to %(most)d km/h.") % {"most": FASTEST_KMH}
    volume = vehicle.tank_volume_m3
    if volume is not None and not 0 < volume < 1000:
        yield "tank_volume_m3", _("From 0.01 to 999.99 m³.")


def _coach(vehicle: Vehicle) -> Iterator[tuple[str, str]]:
    km = vehicle.one_way_km
    if vehicle.service not in CoachService.values:
        yield "service", _("Choose one of the list.")
    elif vehicle.service and vehicle.kind != VehicleKind.COACH:
        yield "service", _("Only a coach has it: clear it, or choose the kind coach.")
    if km is not None and not 1 <= km <= LONGEST_KM:
        yield "one_way_km", _("From 1 to %(most)d km.") % {"most": LONGEST_KM}
    elif km is not None and vehicle.kind != VehicleKind.COACH:
        yield "one_way_km", _("Only a coach has it: clear it, or choose the kind coach.")


def _school(vehicle: Vehicle) -> Iterator[tuple[str, str]]:
    periods = vehicle.school_hours
    if periods and vehicle.kind != VehicleKind.SCHOOL_BUS:
        yield "school_hours", _("Only a school bus has them: clear them, or choose that kind.")
    elif len(periods) > MOST_PERIODS:
        yield "school_hours", _("At most two periods a day.")
    elif any(not 0 <= begin < end <= 1440 for begin, end in periods):
        yield "school_hours", _("A period begins before it ends, between 00:00 and 24:00.")
    elif len(periods) == MOST_PERIODS and periods[1][0] < periods[0][1]:
        yield "school_hours", _("The second period begins after the first has ended.")
    if not set(vehicle.school_days) <= set(range(1, 8)):
        yield "school_days", _("Weekdays are 1 (Monday) to 7 (Sunday).")
    elif periods and not vehicle.school_days:
        yield "school_days", _("Hours need at least one weekday.")


def _changes(before: Vehicle, after: Vehicle) -> dict[str, Json]:
    """Field → [before, after], and [] for a field whose values a fact does not tell."""
    return {
        name: [_plain(getattr(before, name)), _plain(getattr(after, name))] if name in TOLD else []
        for name in FIELDS
        if getattr(before, name) != getattr(after, name)
    }


def _plain(value: object) -> Json:
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | str | list) else None


def tell(
    kind: str,
    actor: Actor,
    clock: Clock,
    vehicle: Vehicle,
    more: Mapping[str, Json],
    *,
    at: datetime | None = None,
) -> None:
    """The fact of a version, and the version on its way to the stream and the gateway.

    ``at`` is when it happened and was reported, where that is not now.
    """
    value = reference.vehicle_value(vehicle)
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
    payload: dict[str, Json] = {"version": vehicle.version, "digest": digest, **more}
    record(
        kind, actor=actor, obj=vehicle, clock=clock, happened_at=at, reported_at=at, payload=payload
    )
    past = profiles.past_of(vehicle)
    enqueue(reference.vehicle_subject(vehicle), {**value, **past}, clock=clock)
    for terminal in vehicle.terminals.select_for_update():
        terminal.vehicle = vehicle
        terminal.version += 1
        terminal.save(update_fields=["version"])
        said = {**reference.terminal_value(terminal), **past}
        enqueue(reference.terminal_subject(terminal), said, clock=clock)
