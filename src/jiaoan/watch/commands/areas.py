"""A place of the bureau as a terminal can hold it 区域与路线下发: what fits, and why something not.

A terminal knows circles, rectangles, polygons without holes and routes of one width, and one time
in which they are in force: every day between two moments, or once from one moment to another. What
is more than that is refused before it is sent; a place is never sent as something that it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import cast

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json
from jiaoan.registry.models import Place, PlaceRole, PlaceShape, Vehicle
from jiaoan.rules.hours import EVERY_DAY, MINUTES, Hours
from jiaoan.watch.commands import figures
from jiaoan.watch.commands.kinds import AreaAlarm, AreaShape
from jiaoan.watch.commands.policies import strange_letters

Pair = tuple[int, int]
"""Latitude and longitude in microdegrees of WGS-84."""
_USUAL = {
    PlaceRole.FORBIDDEN.value: AreaAlarm.ENTER,
    PlaceRole.ROUTE.value: AreaAlarm.LEAVE,
    PlaceRole.ROAD.value: AreaAlarm.NONE,
}


class DoesNotFit(Exception):
    """A place that a terminal cannot hold; the sentence says why and what to do."""

    def __init__(self, sentence: str | Promise) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


@dataclass(frozen=True)
class Area:
    """A place as a terminal can hold it. ``size_m`` is the radius of a circle or the width of a
    route; ``period`` two edges YYMMDDhhmmss, with a date of zeros every day, ``None`` = always;
    ``limit_kmh`` that of this vehicle."""

    shape: AreaShape
    points: tuple[Pair, ...]
    size_m: int
    period: tuple[str, str] | None
    limit_kmh: int | None

    def arguments(self) -> dict[str, Json]:
        points: list[Json] = [list(pair) for pair in self.points]
        period: Json = list(self.period) if self.period else None
        return {
            "shape": self.shape.value,
            "points": points,
            "size_m": self.size_m,
            "period": period,
        }


def usual_alarm(place: Place) -> AreaAlarm:
    """When an alarm about this place makes sense."""
    return _USUAL.get(place.role, AreaAlarm.BOTH)


def area_of(place: Place, vehicle: Vehicle, day: date) -> Area:
    """``place`` for the terminal of ``vehicle``; raises :class:`DoesNotFit`."""
    _concerns(place, vehicle)
    if strange := strange_letters(place.name):
        raise DoesNotFit(
            _("Terminals know no %(letters)s (GBK): write it in another way.")
            % {"letters": " ".join(strange)}
        )
    shape, points, size = _ground(place)
    if any(not (0 <= lat <= 90_000_000 and 0 <= lon <= 180_000_000) for lat, lon in points):
        raise DoesNotFit(_("It lies south of the equator or west of Greenwich: draw it anew."))
    limit = place.limits_kmh.get(vehicle.kind) or place.limits_kmh.get("")
    return Area(shape, points, size, _period(place, day), int(limit) if limit else None)


def _concerns(place: Place, vehicle: Vehicle) -> None:
    if place.vehicle_kinds and vehicle.kind not in place.vehicle_kinds:
        raise DoesNotFit(_("It does not concern vehicles of this kind."))
    bound = {one.pk for one in place.bound.all()}
    if place.role == PlaceRole.ROUTE and vehicle.pk not in bound:
        raise DoesNotFit(_("This vehicle is not bound to the route: bind it to it first."))


def _ground(place: Place) -> tuple[AreaShape, tuple[Pair, ...], int]:
    if place.shape == PlaceShape.LINE:
        raise DoesNotFit(_("A line has no area: a terminal cannot watch it, the platform does."))
    rings = _rings(place.geometry)
    points = rings[0]
    if place.shape == PlaceShape.CIRCLE:
        return AreaShape.CIRCLE, points, max(1, round(place.size_m or 0))
    if len(points) > figures.AREAS.most_corners:
        raise DoesNotFit(
            _("It has %(count)s corners, a terminal gets at most %(most)s: keep a simpler place.")
            % {"count": len(points), "most": figures.AREAS.most_corners}
        )
    if place.shape == PlaceShape.CORRIDOR:
        return AreaShape.ROUTE, points, _width(place)
    if len(rings) > 1:
        raise DoesNotFit(
            _("It has holes or several parts, a terminal knows one outline: keep each as a place.")
        )
    corners = _rectangle(points)
    return (AreaShape.RECTANGLE, corners, 0) if corners else (AreaShape.POLYGON, points, 0)


def _width(place: Place) -> int:
    width = max(1, round(place.size_m or 0))
    if width > figures.AREAS.widest_m:
        raise DoesNotFit(
            _("It is %(width)s m wide, a route of a terminal at most %(most)s m: draw it narrower.")
            % {"width": width, "most": figures.AREAS.widest_m}
        )
    return width


def _rings(geometry: dict[str, object]) -> list[tuple[Pair, ...]]:
    """All rings or lines of a GeoJSON geometry, the first one first; a ring without its last
    corner, which is the first one again."""
    kind, said = geometry["type"], cast("Sequence[object]", geometry["coordinates"])
    if kind == "Point":
        return [_points([said])]
    if kind == "LineString":
        return [_points(said)]
    parts = said if kind == "MultiPolygon" else [said]
    return [
        _points(cast("Sequence[object]", ring)[:-1])
        for part in parts
        for ring in cast("Sequence[object]", part)
    ]


def _points(said: Sequence[object]) -> tuple[Pair, ...]:
    """From degrees, longitude first; a corner that is the one before it again is left out."""
    pairs = [cast("Sequence[float]", one) for one in said]
    found = [(round(pair[1] * 1e6), round(pair[0] * 1e6)) for pair in pairs]
    return (found[0], *(after for before, after in pairwise(found) if after != before))


def _rectangle(points: tuple[Pair, ...]) -> tuple[Pair, Pair] | None:
    """Top left and bottom right, where the edges run north and east."""
    lats, lons = sorted({lat for lat, _lon in points}), sorted({lon for _lat, lon in points})
    along = all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise((*points, points[0])))
    if len(points) != 4 or len(lats) != 2 or len(lons) != 2 or not along:
        return None
    return (lats[1], lons[0]), (lats[0], lons[1])


def _period(place: Place, day: date) -> tuple[str, str] | None:
    """In which time it is in force. The validity of a place is told where it has no hours."""
    if not place.hours:
        return _days(place.valid_from or day, place.valid_to) if place.valid_to else None
    if len(place.hours) == 1:
        window = Hours.parse(place.hours[0])
        dated = window.first_day or window.last_day
        if not dated and window.weekdays == EVERY_DAY:
            return _moment(window.start), _moment(window.end)
        if (
            window.weekdays == EVERY_DAY
            and (window.start, window.end) == (0, MINUTES)
            and window.last_day
        ):
            return _days(window.first_day or day, window.last_day)
    raise DoesNotFit(
        _(
            "Its hours are more than a terminal knows (one time of every day, or one span of days)"
            ": keep a place with such hours."
        )
    )


def _days(first: date, last: date) -> tuple[str, str]:
    return f"{first:%y%m%d}000000", f"{last:%y%m%d}235959"


def _moment(minute: int) -> str:
    """A moment of every day: its date is zeros."""
    if minute == MINUTES:
        return "000000235959"
    return f"000000{minute // 60:02d}{minute % 60:02d}00"
