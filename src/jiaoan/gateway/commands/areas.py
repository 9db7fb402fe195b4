"""Areas and routes of a terminal 区域与路线: 0x8600-0x8608 from values, and 0x0608 as values.

Coordinates are WGS-84 in microdegrees north and east; ``watch`` refuses what lies elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from jiaoan.gateway.commands.command import BadCommand, Json
from jiaoan.wire.jt808 import Body, BodyError, Edition, Form, MessageId
from jiaoan.wire.jt808.areas import (
    AreaKind,
    AreasAnswer,
    AskAreas,
    Circle,
    DeleteAreas,
    Point,
    Polygon,
    Rectangle,
    Route,
    RoutePoint,
    SetCircles,
    SetRectangles,
)

Said: TypeAlias = Mapping[str, Json]
KINDS: Final = {kind.name.lower(): kind for kind in AreaKind}
_DELETIONS: Final = {
    AreaKind.CIRCLE: MessageId.DELETE_CIRCLES,
    AreaKind.RECTANGLE: MessageId.DELETE_RECTANGLES,
    AreaKind.POLYGON: MessageId.DELETE_POLYGONS,
    AreaKind.ROUTE: MessageId.DELETE_ROUTES,
}
_TIMED, _LIMITED = 1, 2
_ALARMS: Final = {"enter": (4, 8), "leave": (16, 32)}
"""Bits of an alarm to the driver and to the platform."""
_ALL_DAY: Final = ("000000000000", "000000235959")
_MOST_TOLD, _MOST_OCTETS = 200, 2000
_WIDEST_M = 255


@dataclass(frozen=True, slots=True)
class _Area:
    """What all kinds of areas have in common, as this edition writes it."""

    number: int
    attribute: int
    points: tuple[Point, ...]
    size_m: int
    period: tuple[str, str] | None
    limit_kmh: int | None
    overspeed_s: int | None
    night_kmh: int | None
    name: str | None

    @classmethod
    def of(cls, said: Said, edition: Edition) -> _Area:
        new = edition is Edition.V2019
        period, speed = said.get("period"), said.get("speed")
        assert period is None or isinstance(period, Sequence)
        assert speed is None or isinstance(speed, Mapping)
        limit = int(str(speed["limit_kmh"])) if speed else None
        return cls(
            number=int(str(said["id"])),
            attribute=_attribute(said),
            points=_points(said["points"]),
            size_m=int(str(said.get("size_m") or 0)),
            period=(str(period[0]), str(period[1])) if period else None,
            limit_kmh=limit,
            overspeed_s=int(str(speed["seconds"])) if speed else None,
            night_kmh=int(str(speed.get("night_kmh") or limit)) if speed and new else None,
            name=str(said["name"]) if new else None,
        )

    @property
    def flags(self) -> int:
        """The attribute of an area, where both period and speed stand beside it."""
        return self.attribute | (_TIMED if self.period else 0) | self.limited

    @property
    def limited(self) -> int:
        return 0 if self.limit_kmh is None else _LIMITED

    @property
    def edges(self) -> tuple[str | None, str | None]:
        return self.period or (None, None)


def set_area(said: Said, edition: Edition) -> tuple[MessageId, Body]:
    """0x8600, 0x8602, 0x8604 or 0x8606. Raises ``KeyError``, ``ValueError``."""
    kind, area = _kind(said), _Area.of(said, edition)
    if kind is AreaKind.ROUTE:
        return MessageId.SET_ROUTE, _route(area)
    if kind is AreaKind.POLYGON:
        return MessageId.SET_POLYGON, _polygon(area)
    setting = int(str(said["setting"]))
    start, end = area.edges
    if kind is AreaKind.CIRCLE:
        (centre,) = area.points
        circle = Circle(
            area.number, area.flags, centre.latitude, centre.longitude, area.size_m,
            start, end, area.limit_kmh, area.overspeed_s, area.night_kmh, area.name,
        )  # fmt: skip
        return MessageId.SET_CIRCLES, SetCircles(setting, (circle,))
    first, last = area.points
    rectangle = Rectangle(
        area.number, area.flags, first, last,
        start, end, area.limit_kmh, area.overspeed_s, area.night_kmh, area.name,
    )  # fmt: skip
    return MessageId.SET_RECTANGLES, SetRectangles(setting, (rectangle,))


def _polygon(area: _Area) -> Polygon:
    start, end = area.edges
    if len(area.points) < 3:
        raise BadCommand(f"points: {len(area.points)} corners are no polygon")
    return Polygon(
        area.number, area.flags, start, end, area.limit_kmh, area.overspeed_s,
        area.points, area.night_kmh, area.name,
    )  # fmt: skip


def _route(area: _Area) -> Route:
    """Speed belongs to the sections, numbered like the points.

    By the text of 2013 a route always has its times, by others only where bit 0 is set: so it is
    always set, for the whole day where no other time holds, and both read the same.
    """
    if len(area.points) < 2:
        raise BadCommand(f"points: {len(area.points)} are no route")
    if not 1 <= area.size_m <= _WIDEST_M:
        raise BadCommand(f"size_m: {area.size_m} m is not from 1 to {_WIDEST_M}")
    start, end = area.period or _ALL_DAY
    sections = tuple(
        RoutePoint(
            number, number, one.latitude, one.longitude, area.size_m, area.limited, None, None,
            area.limit_kmh, area.overspeed_s, area.night_kmh,
        )
        for number, one in enumerate(area.points, start=1)
    )  # fmt: skip
    return Route(area.number, area.attribute | _TIMED, start, end, sections, area.name)


def delete_area(said: Said) -> tuple[MessageId, Body]:
    """0x8601, 0x8603, 0x8605 or 0x8607 of one area: none named would mean all."""
    return _DELETIONS[_kind(said)], DeleteAreas((int(str(said["id"])),))


def ask_areas(said: Said, edition: Edition) -> tuple[MessageId, Body]:
    """0x8608: all areas of one kind."""
    if edition is not Edition.V2019:
        raise BadCommand("not_in_edition")
    return MessageId.ASK_AREAS, AskAreas(_kind(said), ())


def told(answer: AreasAnswer, form: Form) -> dict[str, Json]:
    """``{"shape", "count", "areas": [{"id", "name", "points", "size_m", "period", "limit_kmh",
    "night_kmh"}, …]}``; ``hex`` in place of ``areas`` where they cannot be read."""
    said: dict[str, Json] = {"shape": _word(answer.kind), "count": answer.count}
    try:
        areas: list[Json] = [_told(one) for one in answer.areas(form)[:_MOST_TOLD]]
    except BodyError as wrong:
        return {**said, "unreadable": str(wrong)[:200], "hex": answer.data[:_MOST_OCTETS].hex()}
    return {**said, "areas": areas}


def _told(one: Circle | Rectangle | Polygon | Route) -> Json:
    limits = one.points if isinstance(one, Route) else (one,)
    points = {Circle: 1, Rectangle: 2}.get(type(one), 0)
    if isinstance(one, Polygon):
        points = len(one.vertices)
    elif isinstance(one, Route):
        points = len(one.points)
    size = one.radius_m if isinstance(one, Circle) else None
    if isinstance(one, Route):
        size = max((each.width_m for each in one.points), default=None)
    return {
        "id": one.route_id if isinstance(one, Route) else one.area_id,
        "name": one.name or "",
        "points": points,
        "size_m": size,
        "period": [one.start, one.end] if one.start and one.end else None,
        "limit_kmh": _least(each.max_speed_kmh for each in limits),
        "night_kmh": _least(each.night_max_speed_kmh for each in limits),
    }


def _least(limits: Iterable[int | None]) -> int | None:
    return min((one for one in limits if one is not None), default=None)


def _word(kind: int) -> str:
    return next((word for word, known in KINDS.items() if known == kind), str(kind))


def _kind(said: Said) -> AreaKind:
    shape = str(said["shape"])
    if shape not in KINDS:
        raise BadCommand(f"shape: {shape!r} is none of {', '.join(KINDS)}")
    return KINDS[shape]


def _attribute(said: Said) -> int:
    """Bits 2 to 5: who is told when the vehicle enters or leaves."""
    alarms = said.get("alarms") or []
    assert isinstance(alarms, Sequence)
    bits = 0
    for one in alarms:
        driver, platform = _ALARMS[str(one)]
        bits |= platform | (driver if said.get("to_driver") else 0)
    return bits


def _points(said: Json) -> tuple[Point, ...]:
    assert isinstance(said, Sequence)
    found = []
    for pair in said:
        assert isinstance(pair, Sequence)
        lat, lon = (int(str(one)) for one in pair)
        found.append(Point(lat, lon))
    return tuple(found)
