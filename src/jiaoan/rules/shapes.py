"""Where a point lies to a fence 电子围栏: the geometry under :mod:`jiaoan.rules.fences`.

An :class:`Outline` is an area in whole microdegrees of WGS-84 (0.11 m). Everything drawn becomes
one: a polygon is itself; a circle and a corridor (a line with a width) become polygons with 64 and
32 corners a quarter turn, 0.03 % of the radius off at the most, which is below a microdegree for
every radius up to 350 m. So what is shown on the map is what is judged.

Whether a point is inside is decided in whole numbers, so it is exact; the edge and its corners
belong to the inside (domain.md 5.5). The distance to the edge is planar in metres of the *point's*
latitude, taken in bands of 0.01 degrees: right to 2 mm at 50 m wherever the point is and however
large the area.

:class:`Shapes` answers many points against many outlines. :class:`ShapelyShapes` is the plain
implementation and the oracle of :class:`jiaoan.rules.grid.GridShapes`; both give the same answer
to the last bit.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]

MICRO = 1_000_000
INSIDE, DEEP = 1, 2  # how a pair of a point and an outline says so
BAND = 10_000  # microdegrees of latitude with one length of a degree
LOW, HIGH = -85 * MICRO, 85 * MICRO
CORNERS = 32  # a quarter turn of a corridor's end; a circle has twice as many
MOST_CORNERS = 50_000
PIECE_M = 10_000.0  # a corridor is widened piece by piece, each with the scale of its middle


class OutlineRefused(ValueError):
    """A geometry that is no fence; the text says what is wrong with it."""


def metres_per_microdegree(latitude: Floats | float) -> tuple[Floats, Floats]:
    """Length of one microdegree of latitude and of longitude at ``latitude`` (WGS-84 series)."""
    phi = np.radians(latitude)
    lat = 111_132.92 - 559.82 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)
    lon = 111_412.84 * np.cos(phi) - 93.5 * np.cos(3 * phi)
    return np.asarray(lat / MICRO), np.asarray(lon / MICRO)


# Row (latitude + 90 degrees) // BAND: metres of one microdegree of longitude, of latitude.
SCALES: Floats = np.column_stack(
    metres_per_microdegree((np.arange(180 * MICRO // BAND + 1) + 0.5) * BAND / MICRO - 90)[::-1]
)


@dataclass(frozen=True)
class Outline:
    """A valid area in whole microdegrees, x = longitude, y = latitude."""

    exact: BaseGeometry

    @cached_property
    def vertices(self) -> npt.NDArray[np.int32]:
        """Shape (n, 2): the corners of all rings, each ring closed by its first corner again."""
        return np.asarray(shapely.get_coordinates(self.exact), dtype=np.int32)

    @cached_property
    def ends(self) -> npt.NDArray[np.bool_]:
        """True at the last corner of each ring, where no edge begins."""
        rings = [
            ring
            for part in shapely.get_parts(self.exact)
            for ring in (part.exterior, *part.interiors)
        ]
        ends = np.zeros(len(self.vertices), dtype=np.bool_)
        ends[np.cumsum([len(ring.coords) for ring in rings]) - 1] = True
        return ends

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """West, south, east, north."""
        west, south = self.vertices.min(axis=0).tolist()
        east, north = self.vertices.max(axis=0).tolist()
        return west, south, east, north

    def geojson(self) -> dict[str, object]:
        """The area as it is judged, in degrees."""
        said: dict[str, object] = json.loads(
            shapely.to_geojson(shapely.transform(self.exact, lambda points: points / MICRO))
        )
        return said


@dataclass(frozen=True)
class Line:
    """A gate line 卡口线 in whole microdegrees; its left and right are those of its direction."""

    vertices: npt.NDArray[np.int32]

    @cached_property
    def ends(self) -> npt.NDArray[np.bool_]:
        ends = np.zeros(len(self.vertices), dtype=np.bool_)
        ends[-1] = True
        return ends

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """West, south, east, north."""
        west, south = self.vertices.min(axis=0).tolist()
        east, north = self.vertices.max(axis=0).tolist()
        return west, south, east, north

    def geojson(self) -> dict[str, object]:
        points = [[x / MICRO, y / MICRO] for x, y in self.vertices.tolist()]
        return {"type": "LineString", "coordinates": points}

    def crossed(self, start: tuple[int, int], end: tuple[int, int]) -> int:
        """How the way from ``start`` to ``end`` (latitude, longitude) crosses the line, in sum.

        1 = from left to right, -1 = from right to left, 0 = not, or as often back. A point on the
        line lies right of it, and a corner that the way meets counts once: in whole numbers, so
        the sum over a track does not depend on where its points lie.
        """
        (py, px), (qy, qx) = start, end
        west, south, east, north = self.box
        if max(px, qx) < west or min(px, qx) > east or max(py, qy) < south or min(py, qy) > north:
            return 0
        total = 0
        corners: list[list[int]] = self.vertices.tolist()
        for (ax, ay), (bx, by) in pairwise(corners):
            p_left = (bx - ax) * (py - ay) - (by - ay) * (px - ax) > 0
            q_left = (bx - ax) * (qy - ay) - (by - ay) * (qx - ax) > 0
            if p_left == q_left:
                continue
            a_left = (qx - px) * (ay - py) - (qy - py) * (ax - px) > 0
            b_left = (qx - px) * (by - py) - (qy - py) * (bx - px) > 0
            if a_left != b_left:
                total += 1 if p_left else -1
        return total


@dataclass(frozen=True)
class Sides:
    """Pairs of a point and an outline that it is inside of, or outside but within the reach.

    Point ``i`` has the pairs ``starts[i]:starts[i + 1]``, in no particular order.
    ``deep`` tells that the edge is farther than the reach; outside it is always false, because a
    pair that is not named is deep outside.
    """

    starts: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int32]  # outline << 2 | DEEP | INSIDE

    @cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        """The number of its point for each pair."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    @cached_property
    def outlines(self) -> npt.NDArray[np.int32]:
        return self.pairs >> 2

    @cached_property
    def inside(self) -> npt.NDArray[np.bool_]:
        return np.asarray((self.pairs & INSIDE) != 0)

    @cached_property
    def deep(self) -> npt.NDArray[np.bool_]:
        return np.asarray((self.pairs & DEEP) != 0)

    def sorted(self) -> Sides:
        """The same with each point's pairs in the order of the outlines' numbers."""
        return Sides(self.starts, self.pairs[np.lexsort((self.pairs, self.rows))])


class Shapes(Protocol):
    """Answers sides of many points against numbered outlines; ``None`` holds a number free."""

    def sides(self, lat: Ints, lon: Ints) -> Sides:
        """``lat`` and ``lon`` are WGS-84 microdegrees of equal length."""

    def replaced(self, outlines: Sequence[Outline | None], reaches: Sequence[float]) -> Self:
        """The same for other outlines; those that stay the same object cost nothing again."""


def outline(geometry: Mapping[str, object]) -> Outline:
    """An outline from GeoJSON (Polygon or MultiPolygon, WGS-84 longitude and latitude).

    Raises :class:`OutlineRefused` with the reason; nothing is repaired in silence.
    """
    area = read(geometry)
    if area.geom_type not in ("Polygon", "MultiPolygon") or area.is_empty:
        raise OutlineRefused("geometry: must be a Polygon or MultiPolygon with an area")
    return from_area(area)


def read(geometry: Mapping[str, object]) -> BaseGeometry:
    """GeoJSON as a geometry, with its coordinates checked."""
    try:
        found = shapely.from_geojson(json.dumps(dict(geometry)))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise OutlineRefused(f"geometry: not GeoJSON ({error})") from error
    if found is None or found.is_empty:
        raise OutlineRefused("geometry: must be a Polygon or MultiPolygon with an area")
    check(found)
    return found


def check(geometry: BaseGeometry) -> None:
    """Refuse what is not on this side of the earth: degrees, poles, the antimeridian."""
    points = shapely.get_coordinates(geometry)
    if not np.isfinite(points).all():
        raise OutlineRefused("geometry: every coordinate must be a number")
    west, south = points.min(axis=0)
    east, north = points.max(axis=0)
    if not (west >= -180 and east <= 180 and south >= -85 and north <= 85):
        raise OutlineRefused(
            "geometry: coordinates must be longitude, latitude in degrees, latitude from -85 to 85 "
            f"(found {west:g} to {east:g}, {south:g} to {north:g})"
        )
    if east - west >= 180:
        raise OutlineRefused(
            "geometry: reaches half round the earth; a fence over the antimeridian (180 degrees) "
            "must be drawn as one on each side"
        )


def from_area(area: BaseGeometry) -> Outline:
    """An outline from a polygon in degrees, rounded to microdegrees and then checked."""
    corners = shapely.get_num_coordinates(area)
    if corners > MOST_CORNERS:
        raise OutlineRefused(
            f"geometry: {corners} corners are more than {MOST_CORNERS}; simplify it first"
        )
    exact = shapely.transform(area, lambda points: np.rint(points * MICRO))
    if not exact.is_valid:
        raise OutlineRefused(f"geometry: {shapely.is_valid_reason(exact)} (microdegrees)")
    return Outline(exact)


def circle(lat: float, lon: float, radius_m: float) -> Outline:
    """The points within ``radius_m`` of a centre in degrees."""
    if not (math.isfinite(radius_m) and radius_m >= 1):
        raise OutlineRefused("radius_m: must be 1 metre or more")
    check(shapely.Point(lon, lat))
    return _in_degrees(_round(shapely.Point(lon, lat), radius_m, 2 * CORNERS))


def corridor(line: Sequence[tuple[float, float]], width_m: float) -> Outline:
    """The points within half of ``width_m`` of a line of (longitude, latitude) in degrees."""
    if not (math.isfinite(width_m) and width_m >= 2):
        raise OutlineRefused("width_m: must be 2 metres or more")
    if len(line) < 2:
        raise OutlineRefused("geometry: a line needs two points or more")
    way = shapely.LineString(line)
    check(way)
    if not way.length:
        raise OutlineRefused("geometry: a line needs two different points")
    # In degrees of latitude, so never longer than PIECE_M.
    cut = shapely.get_coordinates(shapely.segmentize(way, PIECE_M / 111_700))
    pieces = shapely.linestrings(np.stack([cut[:-1], cut[1:]], axis=1))
    return _in_degrees(shapely.union_all([_round(one, width_m / 2, CORNERS) for one in pieces]))


def line(points: Sequence[tuple[float, float]]) -> Line:
    """A line from (longitude, latitude) in degrees."""
    if len(points) < 2:
        raise OutlineRefused("geometry: a line needs two points or more")
    if len(points) > MOST_CORNERS:
        raise OutlineRefused(f"geometry: more than {MOST_CORNERS} points; simplify it first")
    check(shapely.LineString(points))
    vertices = np.rint(np.asarray(points, dtype=np.float64) * MICRO).astype(np.int32)
    vertices = vertices[np.concatenate(([True], (np.diff(vertices, axis=0) != 0).any(axis=1)))]
    if len(vertices) < 2:
        raise OutlineRefused("geometry: a line needs two different points")
    return Line(vertices)


def drawn(shape: str, geometry: Mapping[str, object], size_m: float | None) -> Outline | Line:
    """What was drawn, as it is judged.

    ``polygon``: Polygon or MultiPolygon; ``circle``: Point and its radius ``size_m``;
    ``corridor``: LineString and its width ``size_m``; ``line``: LineString.
    """
    if shape == "polygon":
        return outline(geometry)
    wanted = {"circle": "Point", "corridor": "LineString", "line": "LineString"}
    if shape not in wanted:
        raise OutlineRefused(f"shape: {shape!r} is none of polygon, circle, corridor and line")
    if geometry.get("type") != wanted[shape]:
        raise OutlineRefused(f"geometry: a {shape} is drawn as a {wanted[shape]}")
    points = [(x, y) for x, y in shapely.get_coordinates(read(geometry)).tolist()]
    if shape == "line":
        return line(points)
    if size_m is None:
        raise OutlineRefused(f"size_m: a {shape} needs its metres")
    if shape == "circle":
        return circle(points[0][1], points[0][0], size_m)
    return corridor(points, size_m)


def _round(piece: BaseGeometry, radius_m: float, corners: int) -> BaseGeometry:
    """``piece`` (degrees, short) widened in metres of its middle; answered in degrees."""
    west, south, _, north = piece.bounds
    per_lat, per_lon = (float(one) for one in metres_per_microdegree((south + north) / 2))
    origin, scale = np.array([west, south]), np.array([per_lon, per_lat]) * MICRO
    flat = shapely.transform(piece, lambda points: (points - origin) * scale)
    wide = shapely.buffer(flat, radius_m, quad_segs=corners)
    return shapely.transform(wide, lambda points: points / scale + origin)


def _in_degrees(area: BaseGeometry) -> Outline:
    check(area)
    exact = shapely.set_precision(
        shapely.transform(area, lambda points: points * MICRO), 1.0, mode="valid_output"
    )
    if exact.is_empty or not exact.is_valid:
        raise OutlineRefused("geometry: too small to have an area")
    return Outline(exact)


def depths(area: Outline, lat: Ints, lon: Ints) -> Floats:
    """Metres from each point to the edge of ``area``: positive inside, negative outside, 0 on it.

    Plain and exact, for the few points of a finding; -1e-9 is the least a point outside gets.
    """
    x, y = lon.astype(np.float64), lat.astype(np.float64)
    inside = shapely.intersects_xy(area.exact, x, y)
    away = np.sqrt(squared_distances(area, lat, lon))
    return np.where(inside, away, -np.maximum(away, 1e-9))


def squared_distances(area: Outline | Line, lat: Ints, lon: Ints) -> Floats:
    """Square metres from each point to the nearest edge, and 0 exactly on it.

    The grid's kernel does the same sums in the same order.
    """
    starts = np.flatnonzero(~area.ends)
    corners = area.vertices.astype(np.int64)
    found = np.empty(len(lat))
    for row, (y, x) in enumerate(zip(lat.tolist(), lon.tolist(), strict=True)):
        per_lon, per_lat = SCALES[(y + 90 * MICRO) // BAND]
        whole = corners - (x, y)
        if _on_edge(whole[starts], whole[starts + 1]):
            found[row] = 0.0
            continue
        flat = whole * (per_lon, per_lat)
        ax, ay = flat[starts].T
        bx, by = flat[starts + 1].T
        dx, dy = bx - ax, by - ay
        length, along = dx * dx + dy * dy, -(ax * dx + ay * dy)
        side = ax * dy - ay * dx
        between = (along > 0) & (along < length)
        away = np.where(along <= 0, ax * ax + ay * ay, bx * bx + by * by)
        away[between] = (side * side)[between] / length[between]
        found[row] = away.min()
    return found


def _on_edge(begin: Ints, end: Ints) -> bool:
    """Whether the origin lies on one of the edges, in whole numbers."""
    (ax, ay), (bx, by) = begin.T, end.T
    on_line = ax * by == ay * bx
    between = (np.minimum(ax, bx) <= 0) & (np.maximum(ax, bx) >= 0)
    between &= (np.minimum(ay, by) <= 0) & (np.maximum(ay, by) >= 0)
    return bool((on_line & between).any())


def padding(reach_m: float, south: int, north: int) -> tuple[int, int]:
    """Microdegrees of longitude and latitude that hold ``reach_m`` metres anywhere in between."""
    if reach_m <= 0:
        return 0, 0
    farthest = max(abs(south), abs(north)) / MICRO
    per_lat, per_lon = metres_per_microdegree(0.0)[0], metres_per_microdegree(farthest)[1]
    # One per cent and a metre more: the box must never be the judge.
    far = reach_m * 1.01 + 1
    return math.ceil(far / float(per_lon)), math.ceil(far / float(per_lat))


class ShapelyShapes:
    """:class:`Shapes` by a tree of boxes, then GEOS and numpy on each pair."""

    def __init__(self, outlines: Sequence[Outline | None], reaches: Sequence[float]) -> None:
        self._numbers = np.array(
            [number for number, one in enumerate(outlines) if one is not None], dtype=np.int64
        )
        self._areas = [outlines[number] for number in self._numbers]
        self._reaches = np.array([reaches[number] for number in self._numbers], dtype=np.float64)
        boxes = []
        for area, reach in zip(self._areas, self._reaches, strict=True):
            assert area is not None
            shapely.prepare(area.exact)
            west, south, east, north = area.box
            wide, high = padding(reach, south, north)
            boxes.append(shapely.box(west - wide, south - high, east + wide, north + high))
        self._exact = np.array([area.exact for area in self._areas if area], dtype=object)
        self._tree = shapely.STRtree(boxes)

    def sides(self, lat: Ints, lon: Ints) -> Sides:
        x, y = lon.astype(np.float64), lat.astype(np.float64)
        rows, near = self._tree.query(shapely.points(x, y), predicate="intersects")
        order = np.lexsort((near, rows))
        rows, near = rows[order], near[order]
        inside = np.asarray(shapely.intersects_xy(self._exact[near], x[rows], y[rows]))
        deep = np.zeros(len(rows), dtype=np.bool_)
        for number in np.unique(near):
            mine, area = np.flatnonzero(near == number), self._areas[number]
            assert area is not None
            away = squared_distances(area, lat[rows[mine]], lon[rows[mine]])
            deep[mine] = away > self._reaches[number] ** 2
        named = inside | ~deep
        counted = np.bincount(rows[named], minlength=len(lat))
        starts = np.concatenate(([0], np.cumsum(counted)))
        pairs = self._numbers[near] << 2 | deep * DEEP | inside * INSIDE
        return Sides(starts, pairs[named].astype(np.int32))

    def replaced(self, outlines: Sequence[Outline | None], reaches: Sequence[float]) -> Self:
        return type(self)(outlines, reaches)


def best_shapes(outlines: Sequence[Outline | None], reaches: Sequence[float]) -> Shapes:
    """The packed grid where numba is there and ``JIAOAN_NUMBA`` is not 0, else shapely."""
    if os.environ.get("JIAOAN_NUMBA", "1") != "0":
        try:
            from jiaoan.rules.grid import GridShapes
        except (ImportError, RuntimeError):
            # numba is not installed, its LLVM does not run here, or its cache has no place.
            return ShapelyShapes(outlines, reaches)
        return GridShapes(outlines, reaches)
    return ShapelyShapes(outlines, reaches)
