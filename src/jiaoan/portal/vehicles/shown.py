"""The values that the vehicle pages show: the profile in words, what the rules make of it, history.

Whatever is said here of a rule is asked from the rule (:mod:`jiaoan.rules.driving.book`), with the
figures that hold on the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from jiaoan.journal.models import Fact
from jiaoan.kernel.plates import PlateColour, display
from jiaoan.portal.components import Check, TimelineEntry, Verdict
from jiaoan.portal.courses import course_of
from jiaoan.portal.names import COLOURS
from jiaoan.portal.places.forms import WEEKDAYS
from jiaoan.registry.actions.terminal_limit import KIND as TOLD_LIMIT
from jiaoan.registry.models import CoachService, Place, Vehicle, VehicleKind
from jiaoan.registry.profiles import profile_of
from jiaoan.registry.vehicle_files import label_of, periods_text
from jiaoan.rules.driving.book import (
    NEAR_EXEMPT,
    Profile,
    exempt_from_small_hours,
    limits_for,
)
from jiaoan.rules.driving.law import Mark
from jiaoan.rules.driving.settings import Settings
from jiaoan.watch.rules.standing import Standing


@dataclass(frozen=True)
class Line:
    """One vehicle in the list. ``missing``: what its rules ask for and the register lacks."""

    vehicle: Vehicle
    words: str
    missing: str
    holds: bool


def line_of(vehicle: Vehicle, today: date, routes: int) -> Line:
    return Line(vehicle, words_of(vehicle), missing_of(vehicle, routes), vehicle.holds_on(today))


def words_of(vehicle: Vehicle) -> str:
    """The profile in one line: 接驳运输，单程 640 km；企业限速 90 km/h."""
    parts: list[str] = []
    if vehicle.kind == VehicleKind.COACH and vehicle.service:
        parts.append(str(CoachService(vehicle.service).label))
    if vehicle.kind == VehicleKind.COACH and vehicle.one_way_km is not None:
        parts.append(_("%(km)d km one way") % {"km": vehicle.one_way_km})
    if vehicle.kind == VehicleKind.SCHOOL_BUS and vehicle.school_hours:
        parts.append(f"{periods_text(vehicle.school_hours)} ({days_text(vehicle.school_days)})")
    if vehicle.speed_limit_kmh is not None:
        parts.append(_("firm's limit %(kmh)d km/h") % {"kmh": vehicle.speed_limit_kmh})
    return pgettext("list", ", ").join(parts)


def missing_of(vehicle: Vehicle, routes: int) -> str:
    """What a rule asks for and the register does not say, "" = nothing."""
    if vehicle.kind == VehicleKind.COACH:
        if not vehicle.service:
            return _("Service not registered: judged from 02:00 to 05:00 like a scheduled line.")
        if vehicle.service in NEAR_EXEMPT and vehicle.one_way_km is None:
            return _("One-way distance not registered: not exempt from 02:00 to 05:00.")
    if vehicle.kind == VehicleKind.SCHOOL_BUS:
        if not vehicle.school_hours:
            return _("Hours not registered: driving outside its hours is not told.")
        if not routes:
            return _("No route is bound to it: leaving its route is not told.")
    return ""


def days_text(days: Iterable[int]) -> str:
    """Mon, Tue, …"""
    named = dict(WEEKDAYS)
    return pgettext("list", ", ").join(str(named[str(day)]) for day in sorted(days))


def checks_of(
    vehicle: Vehicle, standing: Standing, today: date, routes: Sequence[Place]
) -> list[Check]:
    """What the driving rules do with this vehicle today, line by line."""
    settings, known = standing.on(today), profile_of(vehicle)
    return [
        *_speeds(known, settings, standing, today),
        *_small_hours(vehicle, known, settings),
        *_school(vehicle, routes),
    ]


def _unverified(standing: Standing, name: str, today: date) -> bool:
    mark: Mark = standing.mark(name, today)
    return mark == "U"


def _speeds(known: Profile, settings: Settings, standing: Standing, today: date) -> Iterator[Check]:
    own, limits = known.limit, limits_for(known, settings)
    yield Check(
        _("The firm's own limit"),
        _kmh(own) if own else _("not registered"),
        Verdict.YES if own else Verdict.ASK,
    )
    if known.terminal_limit:
        yield Check(_("Limit in the terminal"), _kmh(known.terminal_limit), Verdict.YES)
    if limits.general and limits.general != own:
        yield Check(
            _("Limit of heavy vehicles"),
            _kmh(limits.general),
            unverified=_unverified(standing, "heavy_general", today),
        )
    name = {"hazmat": "hazmat_express", "school_bus": "school_express"}.get(known.kind)
    if name is not None:
        yield Check(
            _("Limit of its kind: expressway, other roads"),
            f"{limits.express / 10:g} / {_kmh(limits.other)}",
            unverified=_unverified(standing, name, today),
        )


def _kmh(tenths: int) -> str:
    return f"{tenths / 10:g} km/h"


def _small_hours(vehicle: Vehicle, known: Profile, settings: Settings) -> Iterator[Check]:
    if vehicle.kind != VehicleKind.COACH:
        return
    if exempt_from_small_hours(known, settings):
        yield Check(
            _("Running between 02:00 and 05:00 (relay measures art. 32)"), _("exempt"), Verdict.YES
        )
        return
    value = _("must stand or be relayed")
    if vehicle.service in NEAR_EXEMPT:
        value = _("must stand: exempt to %(km)d km one way") % {"km": settings.relay_exempt_km}
    verdict = Verdict.NO if vehicle.service else Verdict.ASK
    yield Check(_("Running between 02:00 and 05:00 (relay measures art. 32)"), value, verdict)


def _school(vehicle: Vehicle, routes: Sequence[Place]) -> Iterator[Check]:
    if vehicle.kind != VehicleKind.SCHOOL_BUS:
        return
    hours = periods_text(vehicle.school_hours)
    yield Check(
        _("Hours in which it may run"),
        f"{hours} ({days_text(vehicle.school_days)})" if hours else _("not registered"),
        Verdict.YES if hours else Verdict.ASK,
    )
    yield Check(
        _("Routes that it is bound to"),
        ngettext("%(n)d route", "%(n)d routes", len(routes)) % {"n": len(routes)},
        Verdict.YES if routes else Verdict.ASK,
    )


# --- history -------------------------------------------------------------------------------------


def history_of(facts: Iterable[Fact]) -> list[TimelineEntry]:
    """The course of a vehicle; a change says from what to what."""
    found = list(facts)
    return [
        replace(entry, note=_changed(fact.kind, fact.payload.get("changes")) or _same(fact))
        for entry, fact in zip(course_of(found), found, strict=True)
    ]


def _same(fact: Fact) -> str:
    """What a terminal told that was known already."""
    return _kmh(fact.payload["kmh"] * 10) if fact.kind == TOLD_LIMIT else ""


def _label(name: str) -> str:
    return _("Limit in the terminal (km/h)") if name == "terminal_limit_kmh" else label_of(name)


def _changed(kind: str, changes: object) -> str:
    if not isinstance(changes, Mapping):
        return ""
    lines = []
    for name, pair in changes.items():
        if not (isinstance(pair, list) and len(pair) == 2):
            lines.append(_label(name))
        elif kind == "registry.vehicle_added":
            lines.append(f"{_label(name)} {_value(name, pair[1])}")
        else:
            lines.append(f"{_label(name)} {_value(name, pair[0])} → {_value(name, pair[1])}")
    return pgettext("windows", "; ").join(lines)


def _value(name: str, value: object) -> str:
    if value is None or value == "" or value == []:
        return "–"
    if name == "service" and value in CoachService.values:
        return str(CoachService(value).label)
    if name == "plate" and isinstance(value, str):
        return display(value)
    if name == "plate_colour" and isinstance(value, int) and value in set(PlateColour):
        return str(COLOURS[PlateColour(value)])
    if name == "kind" and value in VehicleKind.values:
        return str(VehicleKind(value).label)
    if name == "school_hours" and isinstance(value, list):
        return periods_text(value)
    if name == "school_days" and isinstance(value, list):
        return days_text(value)
    return str(value)
