"""Fences and routes: 0x8600-0x8608 down, 0x0608 up.

Bits of an area's ``attribute``: 0 limited by time, 1 by speed, 2 and 3 alarm to driver and platform
when entered, 4 and 5 when left, 6 south, 7 west, 8 doors forbidden, 14 communication off inside,
15 collect GNSS detail inside. Coordinates are microdegrees without sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from jiaoan.wire.errors import BodyError, BodyFault
from jiaoan.wire.jt808.columns import Octets, Period, Text16
from jiaoan.wire.jt808.forms import PLAIN, Form, Reading
from jiaoan.wire.jt808.table import (
    BYTE,
    DWORD,
    SINCE_2019,
    U8,
    U16,
    U32,
    WORD,
    Cursor,
    IfBit,
    Items,
    Mark,
    Row,
    Table,
)
from jiaoan.wire.jt808.tolerance import Tolerance

_TIMED, _LIMITED = IfBit("attribute", 0), IfBit("attribute", 1)
LONGEST_DELETION = 125


class Setting(IntEnum):
    """What a set message does with what is there."""

    REPLACE = 0
    ADD = 1
    CHANGE = 2


class AreaKind(IntEnum):
    """What 0x8608 asks for."""

    CIRCLE = 1
    RECTANGLE = 2
    POLYGON = 3
    ROUTE = 4


@dataclass(frozen=True, slots=True)
class Point(Table):
    """A corner, microdegrees."""

    latitude: U32
    longitude: U32


@dataclass(frozen=True, slots=True)
class Circle(Table):
    """One circle of 0x8600."""

    area_id: U32
    attribute: U16
    center_latitude: U32
    center_longitude: U32
    radius_m: U32
    start: Annotated[Period | None, _TIMED] = None
    end: Annotated[Period | None, _TIMED] = None
    max_speed_kmh: Annotated[U16 | None, _LIMITED] = None
    overspeed_s: Annotated[U8 | None, _LIMITED] = None
    night_max_speed_kmh: Annotated[U16 | None, _LIMITED, SINCE_2019] = None
    name: Annotated[Text16 | None, SINCE_2019] = None


@dataclass(frozen=True, slots=True)
class Rectangle(Table):
    """One rectangle of 0x8602."""

    area_id: U32
    attribute: U16
    top_left: Annotated[Point, Row(Point)]
    bottom_right: Annotated[Point, Row(Point)]
    start: Annotated[Period | None, _TIMED] = None
    end: Annotated[Period | None, _TIMED] = None
    max_speed_kmh: Annotated[U16 | None, _LIMITED] = None
    overspeed_s: Annotated[U8 | None, _LIMITED] = None
    night_max_speed_kmh: Annotated[U16 | None, _LIMITED, SINCE_2019] = None
    name: Annotated[Text16 | None, SINCE_2019] = None


@dataclass(frozen=True, slots=True)
class SetCircles(Table):
    """0x8600 设置圆形区域."""

    setting: U8
    areas: Annotated[tuple[Circle, ...], Items(BYTE, Row(Circle), most=255)]


@dataclass(frozen=True, slots=True)
class SetRectangles(Table):
    """0x8602 设置矩形区域."""

    setting: U8
    areas: Annotated[tuple[Rectangle, ...], Items(BYTE, Row(Rectangle), most=255)]


@dataclass(frozen=True, slots=True)
class Polygon(Table):
    """0x8604 设置多边形区域: the night speed stands behind the vertices."""

    area_id: U32
    attribute: U16
    start: Annotated[Period | None, _TIMED] = None
    end: Annotated[Period | None, _TIMED] = None
    max_speed_kmh: Annotated[U16 | None, _LIMITED] = None
    overspeed_s: Annotated[U8 | None, _LIMITED] = None
    vertices: Annotated[tuple[Point, ...], Items(WORD, Row(Point))] = ()
    night_max_speed_kmh: Annotated[U16 | None, _LIMITED, SINCE_2019] = None
    name: Annotated[Text16 | None, SINCE_2019] = None


@dataclass(frozen=True, slots=True)
class RoutePoint(Table):
    """One turning point: it ends one section; bits of ``attribute`` 0 time limits, 1 speed limit,
    2 south, 3 west."""

    point_id: U32
    section_id: U32
    latitude: U32
    longitude: U32
    width_m: U8
    attribute: U8
    too_long_s: Annotated[U16 | None, _TIMED] = None
    too_short_s: Annotated[U16 | None, _TIMED] = None
    max_speed_kmh: Annotated[U16 | None, _LIMITED] = None
    overspeed_s: Annotated[U8 | None, _LIMITED] = None
    night_max_speed_kmh: Annotated[U16 | None, _LIMITED, SINCE_2019] = None


class _RouteTimes(Mark):
    """By the text the times of a route are always there; many leave them out without bit 0."""

    def reads(self, values: Mapping[str, object], cursor: Cursor) -> bool:
        left_out = Tolerance.ROUTE_WITHOUT_TIMES in cursor.reading.noted
        return _TIMED.holds(values) or not left_out

    def writes(self, values: Mapping[str, object], value: object, form: Form) -> bool:
        return value is not None or _TIMED.holds(values)


@dataclass(frozen=True, slots=True)
class Route(Table):
    """0x8606 设置路线: bits of ``attribute`` 0 by time, 2 and 3 alarm when entered, 4 and 5 left.

    ``start`` and ``end`` may be left out on building where bit 0 is clear.
    """

    route_id: U32
    attribute: U16
    start: Annotated[Period | None, _RouteTimes()] = None
    end: Annotated[Period | None, _RouteTimes()] = None
    points: Annotated[tuple[RoutePoint, ...], Items(WORD, Row(RoutePoint))] = ()
    name: Annotated[Text16 | None, SINCE_2019] = None

    @classmethod
    def parse(cls, octets: bytes, reading: Reading | None = None) -> Route:
        """With its times, if that fits exactly; else without them; else as far as tolerated."""
        reading = Reading() if reading is None else reading
        try:
            return _exactly(octets, Reading.exact(reading.form), reading)
        except BodyError as wrong:
            if Tolerance.ROUTE_WITHOUT_TIMES in reading.allowed:
                without = Reading.exact(reading.form)
                without.noted.append(Tolerance.ROUTE_WITHOUT_TIMES)
                # Where this fits no better, the first reading says what is wrong.
                with suppress(BodyError):
                    return _exactly(octets, without, reading)
            if Tolerance.TRAILING_OCTETS not in reading.allowed:
                raise wrong
            return _exactly(octets, reading, reading)


def _exactly(octets: bytes, attempt: Reading, reading: Reading) -> Route:
    cursor = Cursor(octets, attempt)
    route = Route.read(cursor)
    cursor.end("Route")
    if attempt is not reading:
        reading.noted += attempt.noted
    return route


@dataclass(frozen=True, slots=True)
class DeleteAreas(Table):
    """0x8601, 0x8603, 0x8605 and 0x8607: none named means all."""

    area_ids: Annotated[tuple[int, ...], Items(BYTE, DWORD, most=LONGEST_DELETION)]


@dataclass(frozen=True, slots=True)
class AskAreas(Table):
    """0x8608 (2019) 查询区域或线路数据: none named means all of this kind."""

    kind: U8
    area_ids: Annotated[tuple[int, ...], Items(DWORD, DWORD)]


@dataclass(frozen=True, slots=True)
class AreasAnswer(Table):
    """0x0608 (2019) 查询区域或线路数据应答: ``data`` "as in the set messages", kept as it came;
    :meth:`areas` reads it."""

    kind: U8
    count: U32
    data: Octets = b""

    def areas(self, form: Form = PLAIN) -> tuple[Circle | Rectangle | Polygon | Route, ...]:
        """The areas, one after another; :class:`.BodyError` where they are no such row."""
        cursor = Cursor(self.data, Reading.exact(form))
        table = _AREAS.get(self.kind)
        if table is None:
            reason = f"{self.kind} is none of 1 to 4"
            raise BodyError("kind", reason, self.data, BodyFault.BAD_VALUE)
        found = []
        while cursor.left:
            found.append(table.read(cursor))
        if len(found) != self.count:
            reason = f"{self.count} are claimed, {len(found)} are there"
            raise BodyError("count", reason, self.data, BodyFault.WRONG_COUNT)
        return tuple(found)


_AREAS: dict[int, type[Circle] | type[Rectangle] | type[Polygon] | type[Route]] = {
    AreaKind.CIRCLE: Circle,
    AreaKind.RECTANGLE: Rectangle,
    AreaKind.POLYGON: Polygon,
    AreaKind.ROUTE: Route,
}
