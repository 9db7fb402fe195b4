"""The areas of a terminal in words 终端内区域: what it holds, what fits it, what it says."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from jiaoan.portal.asked import asker, clock
from jiaoan.registry.models import Place, Terminal, Vehicle
from jiaoan.registry.queries import places
from jiaoan.scope import can
from jiaoan.watch.commands import areas, figures, policies, queries, told
from jiaoan.watch.commands.areas import Area
from jiaoan.watch.commands.kinds import AreaAlarm, AreaShape

_NO_DATE = "000000"


@dataclass(frozen=True)
class Choice:
    """A place that fits, and what it would be: “polygon, every day 07:00-09:00, 60 km/h”."""

    place: Place
    words: str


@dataclass(frozen=True)
class Misfit:
    """A place that cannot be sent, and why."""

    place: Place
    reason: str | Promise


@dataclass(frozen=True)
class Line:
    """One area that the terminal holds from here, or may hold."""

    area: told.Told
    words: str


@dataclass(frozen=True)
class Found:
    """One area that the terminal says it holds; ``ours`` where it was sent from here."""

    number: int
    name: str
    words: str
    ours: bool


@dataclass(frozen=True)
class Answer:
    """What the terminal said of one shape; ``unreadable`` are the octets that nobody can read."""

    shape: AreaShape
    at: datetime | None
    count: int
    found: list[Found]
    unreadable: str


def context(request: HttpRequest, vehicle: Vehicle) -> dict[str, object]:
    """For ``_areas.html``; without a terminal there is nothing to show."""
    day = clock(request).today()
    terminal = queries.terminal_of(vehicle, day)
    if terminal is None:
        return {"terminal": None}
    fitting, misfits = _choices(request, vehicle, day)
    return held(request, vehicle, terminal) | {
        "fitting": fitting,
        "misfits": misfits,
        "area_alarms": AreaAlarm.choices,
        "area_shapes": AreaShape.choices,
        "area_limits": figures.AREAS,
        "can_tell": terminal.protocol not in policies.CANNOT_TELL_AREAS,
        "area_key": uuid.uuid4().hex,
    }


def held(request: HttpRequest, vehicle: Vehicle, terminal: Terminal) -> dict[str, object]:
    """For ``_held.html``: what is fetched again when something happened to a command."""
    known = told.areas(asker(request), vehicle, terminal.phone, clock(request).today())
    ours = {(one.shape, one.number) for one in known}
    answers = told.last_answers(asker(request), vehicle, terminal.phone)
    return {
        "vehicle": vehicle,
        "terminal": terminal,
        "held": [Line(one, _held_words(one)) for one in known],
        "area_answers": [_answer(one.result or {}, one.ended_at, ours) for one in answers],
        "held_key": uuid.uuid4().hex,
        "may_send": can(request.user, "command.send"),
    }


def _choices(
    request: HttpRequest, vehicle: Vehicle, day: date
) -> tuple[list[Choice], list[Misfit]]:
    fitting, misfits = [], []
    for place in places(asker(request), day):
        try:
            area = areas.area_of(place, vehicle, day)
        except areas.DoesNotFit as wrong:
            misfits.append(Misfit(place, wrong.sentence))
        else:
            fitting.append(Choice(place, _area_words(area)))
    return fitting, misfits


def _area_words(area: Area) -> str:
    return _joined(
        str(area.shape.label),
        period_words(area.period),
        speed_words(area.limit_kmh, None),
    )


def _held_words(one: told.Told) -> str:
    """As the terminal has it, by the order that it confirmed."""
    said = (one.confirmed or one.last).arguments
    if "alarms" not in said:
        return str(one.shape.label)
    speed = said["speed"] or {}
    alarm = next(each for each in AreaAlarm if sorted(each.told) == sorted(said["alarms"]))
    return _joined(
        str(one.shape.label),
        _("alarm %(when)s") % {"when": alarm.label} if alarm.told else "",
        period_words(said["period"]),
        speed_words(speed.get("limit_kmh"), speed.get("night_kmh")),
    )


def _answer(
    said: Mapping[str, object], at: datetime | None, ours: set[tuple[AreaShape, int]]
) -> Answer:
    shape = AreaShape(str(said["shape"]))
    rows = said.get("areas", [])
    assert isinstance(rows, list)
    found = [
        Found(one["id"], one["name"], _found_words(one), (shape, one["id"]) in ours) for one in rows
    ]
    return Answer(shape, at, int(str(said["count"])), found, str(said.get("hex", "")))


def _found_words(one: Mapping[str, object]) -> str:
    size, period = one["size_m"], one["period"]
    limit, night = one["limit_kmh"], one["night_kmh"]
    assert isinstance(period, list) or period is None
    return _joined(
        _points_words(one["points"]),
        f"{size} m" if size else "",
        period_words(period),
        speed_words(limit, night),
    )


def _points_words(count: object) -> str:
    assert isinstance(count, int)
    return ngettext("%(n)s point", "%(n)s points", count) % {"n": count}


def speed_words(limit: object, night: object) -> str:
    if limit is None:
        return ""
    if night is None or night == limit:
        return f"{limit} km/h"
    return _("%(limit)s km/h, at night %(night)s") % {"limit": limit, "night": night}


def period_words(period: tuple[str, str] | list[str] | None) -> str:
    """When an area is in force; edges that are no times are shown as they are."""
    if not period:
        return ""
    start, end = str(period[0]), str(period[1])
    if start[:6] == end[:6] == _NO_DATE:
        times = f"{_time(start)}–{_time(end)}"
        if times == "00:00–23:59":
            return ""
        return _("every day %(times)s") % {"times": times}
    return f"{_day(start)}–{_day(end)}"


def _time(edge: str) -> str:
    return f"{edge[6:8]}:{edge[8:10]}"


def _day(edge: str) -> str:
    return f"20{edge[:2]}-{edge[2:4]}-{edge[4:6]} {_time(edge)}"


def _joined(*parts: str) -> str:
    return pgettext("list", ", ").join(part for part in parts if part)
