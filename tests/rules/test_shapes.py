from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.kernel import coords
from jiaoan.rules.grid import GridShapes
from jiaoan.rules.shapes import (
    MOST_CORNERS,
    Outline,
    OutlineRefused,
    ShapelyShapes,
    best_shapes,
    circle,
    corridor,
    depths,
    metres_per_microdegree,
    outline,
)

TRIANGLE = [(113_200_000, 29_400_000), (113_260_001, 29_400_003), (113_230_007, 29_460_011)]
HOLE = [(113_225_000, 29_415_000), (113_235_000, 29_415_000), (113_230_000, 29_425_000)]


def ring(points: list[tuple[int, int]]) -> list[list[float]]:
    return [[x / 1e6, y / 1e6] for x, y in [*points, points[0]]]


def geometry(*rings: list[tuple[int, int]]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [ring(each) for each in rings]}


def exactly_inside(x: int, y: int, points: list[tuple[int, int]]) -> bool:
    """Ray casting in whole numbers; a point on an edge is inside."""
    odd = False
    for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True):
        cross = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        if cross == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
            return True
        if (y1 > y) != (y2 > y) and (cross > 0) == (y2 > y1):
            odd = not odd
    return odd


def inside(lat: list[int], lon: list[int]) -> list[bool]:
    """By the plain implementation, the oracle of the grid."""
    sides = ShapelyShapes([outline(geometry(TRIANGLE))], [50]).sides(
        np.array(lat, np.int32), np.array(lon, np.int32)
    )
    found = dict(zip(sides.rows.tolist(), sides.inside.tolist(), strict=True))
    return [found.get(row, False) for row in range(len(lat))]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.integers(0, 1000),
            st.integers(-2, 2),
            st.integers(-2, 2),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_it_agrees_with_whole_numbers_around_every_edge(
    near: list[tuple[int, int, int, int]],
) -> None:
    lon, lat = [], []
    for side, share, dx, dy in near:
        (x1, y1), (x2, y2) = TRIANGLE[side], TRIANGLE[(side + 1) % 3]
        lon.append(x1 + (x2 - x1) * share // 1000 + dx)
        lat.append(y1 + (y2 - y1) * share // 1000 + dy)
    expected = [exactly_inside(x, y, TRIANGLE) for x, y in zip(lon, lat, strict=True)]
    assert inside(lat, lon) == expected


def depth(area: Outline, lat: int, lon: int) -> float:
    return float(depths(area, np.array([lat], np.int32), np.array([lon], np.int32))[0])


def test_a_hole_is_outside_and_its_edge_inside() -> None:
    area = outline(geometry(TRIANGLE, HOLE))
    assert depth(area, 29_418_000, 113_230_000) < -200
    assert depth(area, 29_415_000, 113_230_000) == 0
    sides = ShapelyShapes([area], [50]).sides(
        np.array([29_418_000, 29_415_000], np.int32), np.array([113_230_000, 113_230_000], np.int32)
    )
    assert sides.rows.tolist() == [1]
    assert (sides.inside.tolist(), sides.deep.tolist()) == ([True], [False])


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(29_390_000, 113_199_000), (29_390_000, 113_200_000), (29_399_999, 113_200_000)],
)
def test_its_distance_agrees_with_the_sphere(lat: int, lon: int) -> None:
    x, y = TRIANGLE[0]
    metres = coords.distance_m(lat / 1e6, lon / 1e6, y / 1e6, x / 1e6)
    assert -depth(outline(geometry(TRIANGLE)), lat, lon) == pytest.approx(metres, rel=0.004)


@pytest.mark.parametrize("latitude", [-60.0, 4.0, 29.4, 53.0])
def test_its_distance_does_not_depend_on_the_size_of_the_area(latitude: float) -> None:
    """A point 50 m north and one 50 m west of the corner of a large and of a small square."""
    south = round(latitude * 1e6)
    north_m, west_m = (float(one) * 1e6 for one in metres_per_microdegree(latitude))
    for size in (20_000, 9_000_000):
        square = [(0, 0), (size, 0), (size, size), (0, size)]
        area = outline(geometry([(x, y + south - size) for x, y in square]))
        north = depth(area, south + round(50e6 / north_m), 100)
        west = depth(area, south - 5_000, -round(50e6 / west_m))
        assert north == pytest.approx(-50, abs=0.1)
        assert west == pytest.approx(-50, abs=0.1)


def test_it_names_no_pair_beyond_the_reach_and_every_pair_within() -> None:
    shapes = ShapelyShapes([outline(geometry(TRIANGLE))], [50])
    metre = 1 / 0.0970
    west = [113_200_000 - math.ceil(far * metre) for far in (0, 49, 51)]
    sides = shapes.sides(np.full(3, 29_400_000, np.int32), np.array(west, np.int32))
    assert sides.rows.tolist() == [0, 1]


@pytest.mark.parametrize(("lat", "lon", "radius"), [(29.37, 113.1, 500), (53.5, 123.0, 20_000)])
def test_a_circle_holds_what_is_nearer_than_its_radius(
    lat: float, lon: float, radius: float
) -> None:
    area = circle(lat, lon, radius)
    for turn in range(0, 360, 7):
        for share, expected in ((0.998, True), (1.002, False)):
            far = radius * share / float(metres_per_microdegree(lat)[0])
            y = round(lat * 1e6 + far * math.sin(math.radians(turn)))
            # The scale of the middle of the way, where it is long.
            per_lat, per_lon = (float(one) for one in metres_per_microdegree((lat + y / 1e6) / 2))
            x = round(lon * 1e6 + far * math.cos(math.radians(turn)) * per_lat / per_lon)
            if radius > 1000 and turn % 90 > 20:
                continue  # planar and round differ there by more than the 0.2 % asked about
            assert (depth(area, y, x) >= 0) is expected, (turn, share)


def test_a_corridor_holds_what_is_nearer_than_half_its_width() -> None:
    """Along a road of 220 km from 28 to 30 degrees, where one scale would be 2 % off."""
    area = corridor([(113.0, 28.0), (113.0, 30.0)], 200)
    for latitude in (28.001, 28.5, 29.0, 29.5, 29.999):
        y = round(latitude * 1e6)
        per_lon = float(metres_per_microdegree(latitude)[1])
        assert depth(area, y, 113_000_000) == pytest.approx(100, abs=0.4)
        assert depth(area, y, 113_000_000 + round(99.5 / per_lon)) > 0
        assert depth(area, y, 113_000_000 + round(100.6 / per_lon)) < 0
    assert depth(area, 30_000_000 + 850, 113_000_000) > 0  # 94 m beyond its end: it is round
    assert depth(area, 30_000_000 + 950, 113_000_000) < 0


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: circle(29, 113, 0), "radius_m"),
        (lambda: circle(29, 113, math.nan), "radius_m"),
        (lambda: circle(89, 113, 50), "from -85 to 85"),
        (lambda: circle(29, 179.9999, 5000), "degrees"),
        (lambda: corridor([(113, 29)], 50), "two points"),
        (lambda: corridor([(113, 29), (113, 29)], 50), "two different points"),
        (lambda: corridor([(113, 29), (113.1, 29)], 1), "width_m"),
        (lambda: corridor([(-179, 29), (179, 29)], 50), "antimeridian"),
        (lambda: corridor([(113, 29), (113.1, math.inf)], 50), "must be a number"),
    ],
)
def test_it_refuses_what_is_no_circle_and_no_corridor(
    make: Callable[[], Outline], why: str
) -> None:
    with pytest.raises(OutlineRefused, match=why):
        make()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "GeoJSON"),
        ({"type": "Point", "coordinates": [113, 29]}, "Polygon or MultiPolygon"),
        ({"type": "Polygon", "coordinates": []}, "with an area"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}, "GeoJSON"),
        (geometry([(y, x) for x, y in TRIANGLE]), "longitude, latitude"),
        (geometry([(0, 0), (9_000, 9_000), (9_000, 0), (0, 9_000)]), "intersection"),
        (geometry([(5, 5), (5, 5), (6, 5)]), "geometry"),
        (geometry([(0, 86_000_000), (9, 86_000_000), (9, 87_000_000)]), "from -85 to 85"),
        (geometry([(-179_000_000, 0), (179_000_000, 0), (0, 9_000)]), "antimeridian"),
        ({"type": "Polygon", "coordinates": [[["a", 2], [3, 4], [1, 1], ["a", 2]]]}, "GeoJSON"),
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_area_with_a_reason(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(OutlineRefused, match=why):
        outline(wrong)


def test_it_refuses_more_corners_than_it_can_count() -> None:
    turn = np.linspace(0, 2 * np.pi, MOST_CORNERS + 1)
    ring = np.column_stack([113 + np.cos(turn), 29 + np.sin(turn)]).tolist()
    with pytest.raises(OutlineRefused, match="simplify"):
        outline({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})


def test_it_answers_nothing_for_nothing() -> None:
    none = np.array([], np.int32)
    assert len(ShapelyShapes([outline(geometry(TRIANGLE))], [50]).sides(none, none).rows) == 0
    some = np.array([29_410_000], np.int32)
    assert len(ShapelyShapes([], []).sides(some, some).rows) == 0
    assert len(ShapelyShapes([None], [50]).sides(some, some).rows) == 0


def test_it_uses_the_grid_unless_told_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(best_shapes([], []), GridShapes)
    monkeypatch.setenv("JIAOAN_NUMBA", "0")
    assert isinstance(best_shapes([], []), ShapelyShapes)


def test_it_does_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jiaoan.rules.grid", None)
    assert isinstance(best_shapes([], []), ShapelyShapes)
