"""Places: drawn, changed, closed and imported. None is ever deleted: its last day is set.

Each write leaves a fact with the new version and a digest of all that the rule is made from, and
queues the version as reference for the stream.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import FieldDoesNotExist
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from jiaoan.journal import files
from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.registry import history, reference
from jiaoan.registry.models import (
    GateDirection,
    Place,
    PlaceKind,
    PlaceRole,
    PlaceShape,
    RoadClass,
    Vehicle,
    VehicleKind,
)
from jiaoan.registry.place_files import Feature, PlaceFile
from jiaoan.registry.refusals import in_words
from jiaoan.rules.hours import Hours, HoursRefused
from jiaoan.rules.shapes import Line, OutlineRefused, drawn
from jiaoan.scope import Actor, can, require

_ROLE_OF_KIND = {
    PlaceKind.FORBIDDEN.value: PlaceRole.FORBIDDEN,
    PlaceKind.ROAD.value: PlaceRole.ROAD,
}
FASTEST_KMH, WIDEST_BUFFER_M, LONGEST_DWELL_S = 160, 5_000, 30 * 86_400


class PlaceRefused(ValueError):
    """What is wrong, by field; nothing was written."""

    def __init__(self, errors: Mapping[str, str | Promise]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.errors.items()))


def _require(actor: Actor, place: Place | None = None) -> None:
    """Who keeps the register, and who draws places."""
    verb = "registry.manage" if can(actor, "registry.manage") else "place.manage"
    require(actor, verb, place)


@transaction.atomic
def add_place(
    actor: Actor,
    clock: Clock,
    *,
    name: str,
    kind: str,
    geometry: Mapping[str, object],
    bound: Iterable[Vehicle] = (),
    **fields: object,
) -> Place:
    """A new place. A forbidden zone forbids, and a road section says which road it is, unless
    ``role`` says otherwise.
    """
    _require(actor)
    if kind in _ROLE_OF_KIND:
        fields.setdefault("role", _ROLE_OF_KIND[kind])
    made = Place(name=name, kind=kind, geometry=dict(geometry), **fields)
    vehicles = tuple(bound)
    check_place(made, vehicles)
    made.save()
    made.bound.set(vehicles)
    _tell("registry.place_added", actor, clock, made)
    return made


@transaction.atomic
def change_place(
    actor: Actor,
    clock: Clock,
    place: Place,
    *,
    seen_version: int,
    bound: Iterable[Vehicle] | None = None,
    **fields: object,
) -> Place:
    """Change what ``fields`` names. ``seen_version`` is the one the person was shown."""
    _require(actor, place)
    place = Place.objects.select_for_update().get(pk=place.pk)
    if place.version != seen_version:
        raise PlaceRefused(
            {"version": _("Somebody changed it meanwhile; look at it again before you change it.")}
        )
    for name, value in fields.items():
        try:
            Place._meta.get_field(name)
        except FieldDoesNotExist:
            raise TypeError(f"a place has no {name}") from None
        setattr(place, name, value)
    vehicles = tuple(place.bound.all()) if bound is None else tuple(bound)
    check_place(place, vehicles)
    place.version += 1
    place.save()
    place.bound.set(vehicles)
    changed: list[Json] = [*sorted(fields)]
    _tell("registry.place_changed", actor, clock, place, fields=changed)
    return place


@transaction.atomic
def close_place(actor: Actor, clock: Clock, place: Place, *, last_day: date) -> Place:
    """Let it hold to ``last_day``, included. The row and its versions stay."""
    _require(actor, place)
    place = Place.objects.select_for_update().get(pk=place.pk)
    if place.valid_from and last_day < place.valid_from:
        raise PlaceRefused({"valid_to": _("The last day lies before the first.")})
    place.valid_to = last_day
    place.version += 1
    place.save(update_fields=["valid_to", "version"])
    _tell("registry.place_closed", actor, clock, place, last_day=last_day.isoformat())
    return place


@dataclass(frozen=True)
class Imported:
    """What became of one feature: the place, or the reason why there is none."""

    feature: Feature
    place: Place | None
    reason: str = ""


def import_places(
    actor: Actor,
    clock: Clock,
    read: PlaceFile,
    data: bytes,
    *,
    kind: str,
    role: str = "",
    road_class: str = "",
) -> list[Imported]:
    """One place for each good feature; the file is kept by its hash whatever is in it.

    A feature that is refused does not stop the others. Without a ``role`` the kind decides.
    ``road_class`` is that of road sections whose feature does not say its own; of other kinds of
    places it is left out.
    """
    _require(actor)
    ruled = {"role": role} if role else {}
    kept = files.keep(data, name=read.name, content_type=read.content_type, clock=clock)
    done = []
    for feature in read.features:
        if feature.geometry is None:
            done.append(Imported(feature, None, str(feature.reason)))
            continue
        try:
            place = add_place(
                actor, clock,
                name=feature.name, kind=kind, shape=feature.shape, geometry=feature.geometry,
                source=f"{read.name[:60]} #{feature.number} {read.datum.value}",
                source_file=kept,
                size_m=feature.size_m,
                road_class=(feature.road_class or road_class) if kind == PlaceKind.ROAD else "",
                limits_kmh=dict(feature.limits_kmh),
                bound=(),
                **ruled,
            )  # fmt: skip
        except PlaceRefused as refused:
            done.append(Imported(feature, None, "; ".join(map(str, refused.errors.values()))))
        else:
            done.append(Imported(feature, place))
    made: list[Json] = [one.place.pk for one in done if one.place]
    record(
        "registry.places_imported",
        actor=actor,
        obj=kept,
        clock=clock,
        payload={
            "sha256": kept.sha256,
            "datum": read.datum.value,
            "places": made,
            "refused": len(done) - len(made),
        },
    )
    return done


def check_place(place: Place, bound: Sequence[Vehicle] = ()) -> None:
    """Raise :class:`PlaceRefused` with a sentence for every field that is wrong."""
    errors: dict[str, str | Promise] = {}
    if not place.name.strip():
        errors["name"] = _("A place needs a name.")
    elif len(place.name) > 80:
        errors["name"] = _("At most 80 characters.")
    for name, choices in (
        ("kind", PlaceKind), ("role", PlaceRole), ("shape", PlaceShape),
        ("direction", GateDirection), ("road_class", RoadClass),
    ):  # fmt: skip
        if getattr(place, name) not in choices.values:
            errors[name] = _("Choose one of the list.")
    errors |= _road_errors(place)
    errors |= _ground_errors(place)
    errors |= _figure_errors(place)
    if place.role == PlaceRole.ROUTE and not bound:
        errors["bound"] = _("A route needs the plates of the vehicles that are bound to it.")
    if place.role != PlaceRole.ROUTE and bound:
        errors["bound"] = _("Only a route has vehicles bound to it.")
    if place.valid_from and place.valid_to and place.valid_to < place.valid_from:
        errors["valid_to"] = _("The last day lies before the first.")
    if unknown := set(place.vehicle_kinds) - set(VehicleKind.values):
        errors["vehicle_kinds"] = _("Unknown kind: %(kind)s.") % {"kind": ", ".join(unknown)}
    try:
        for window in place.hours:
            Hours.parse(window)
    except HoursRefused as refused:
        errors["hours"] = in_words(refused)[1]
    if errors:
        raise PlaceRefused(errors)


def _road_errors(place: Place) -> dict[str, str | Promise]:
    if place.kind == PlaceKind.ROAD:
        return {}
    if place.road_class:
        return {"road_class": _("Only a road section has a class of road.")}
    if place.role == PlaceRole.ROAD:
        return {"role": _("Only a road section says which road it is; choose another use.")}
    return {}


def _ground_errors(place: Place) -> dict[str, str | Promise]:
    try:
        found = drawn(place.shape, place.geometry, place.size_m)
    except OutlineRefused as refused:
        field, text = in_words(refused)
        known = {"radius_m": "size_m", "width_m": "size_m", "size_m": "size_m"}
        return {known.get(field, "geometry"): text}
    if isinstance(found, Line) != (place.role == PlaceRole.GATE):
        return {"role": _("A line, and only a line, records who crosses it.")}
    return {}


def _figure_errors(place: Place) -> dict[str, str | Promise]:
    errors: dict[str, str | Promise] = {}
    if not 0 <= place.buffer_m <= WIDEST_BUFFER_M:
        errors["buffer_m"] = _("From 0 to %(most)d metres.") % {"most": WIDEST_BUFFER_M}
    if not 1 <= place.consecutive <= 10:
        errors["consecutive"] = _("From 1 to 10 points.")
    if place.dwell_s is not None and not 1 <= place.dwell_s <= LONGEST_DWELL_S:
        errors["dwell_s"] = _("From one second to thirty days.")
    for kind, limit in place.limits_kmh.items():
        known = kind == "" or kind in VehicleKind.values
        if not known or not isinstance(limit, int | float) or not 1 <= limit <= FASTEST_KMH:
            errors["limits_kmh"] = _("From 1 to %(most)d km/h.") % {"most": FASTEST_KMH}
    return errors


def _tell(kind: str, actor: Actor, clock: Clock, place: Place, **more: Json) -> None:
    value = reference.place_value(place)
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
    payload: dict[str, Json] = {"version": place.version, "digest": digest, **more}
    record(kind, actor=actor, obj=place, clock=clock, payload=payload)
    subject = reference.place_subject(place)
    known = history.published(subject) if place.version > 1 else []
    enqueue(subject, history.with_past(value, clock.now(), known), clock=clock)
