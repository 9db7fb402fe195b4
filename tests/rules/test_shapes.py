from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.kernel import coords
from jiaoan.rules.shapes import OutlineRefused, ShapelyShapes, outline

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
    depths = ShapelyShapes([outline(geometry(TRIANGLE), 50)]).depths(
        np.array(lat, np.int32), np.array(lon, np.int32)
    )
    found = dict(zip(depths.rows.tolist(), depths.inside.tolist(), strict=True))
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


def test_a_hole_is_outside_and_its_edge_inside() -> None:
    shapes = ShapelyShapes([outline(geometry(TRIANGLE, HOLE), 50)])
    depths = shapes.depths(
        np.array([29_418_000, 29_415_000], np.int32), np.array([113_230_000, 113_230_000], np.int32)
    )
    assert depths.inside.tolist() == [False, True]
    assert depths.metres[0] < -200


def test_its_distance_agrees_with_the_sphere() -> None:
    shapes = ShapelyShapes([outline(geometry(TRIANGLE), 5000)])
    lat, lon = 29_390_000, 113_199_000
    found = shapes.depths(np.array([lat], np.int32), np.array([lon], np.int32)).metres[0]
    x, y = TRIANGLE[0]
    assert -found == pytest.approx(
        coords.distance_m(lat / 1e6, lon / 1e6, y / 1e6, x / 1e6), rel=0.004
    )


def test_it_names_no_pair_beyond_the_reach_and_every_pair_within() -> None:
    shapes = ShapelyShapes([outline(geometry(TRIANGLE), 50)])
    metre = 1 / 0.0970
    west = [113_200_000 - math.ceil(far * metre) for far in (0, 49, 400)]
    depths = shapes.depths(np.full(3, 29_400_000, np.int32), np.array(west, np.int32))
    assert depths.rows.tolist() == [0, 1]


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
        ({"type": "Polygon", "coordinates": [[["a", 2], [3, 4], [1, 1], ["a", 2]]]}, "GeoJSON"),
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_area_with_a_reason(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(OutlineRefused, match=why):
        outline(wrong, 50)


def test_it_answers_nothing_for_nothing() -> None:
    none = np.array([], np.int32)
    assert len(ShapelyShapes([outline(geometry(TRIANGLE), 50)]).depths(none, none).rows) == 0
    some = np.array([29_410_000], np.int32)
    assert len(ShapelyShapes([]).depths(some, some).rows) == 0
