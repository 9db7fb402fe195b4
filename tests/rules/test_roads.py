"""The jitted search across roads finds what plain arithmetic over every piece finds."""

from __future__ import annotations

from itertools import pairwise
from math import atan2, degrees, hypot

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.rules.fences import Road, RoadClass
from jiaoan.rules.fences.road_kernel import ACROSS_DEG, MOVING, across
from jiaoan.rules.shapes import line

WEST, SOUTH = 113.2, 29.5


def plain(road: Road, lon: int, lat: int, direction: int, speed: int) -> tuple[bool, float]:
    """Whether it drives across, and how far its direction is from deciding (degrees)."""
    if speed < MOVING or not 0 < direction < 360:
        return False, 90.0
    x, y = lon * road.scale[0], lat * road.scale[1]
    corners = road.corners.tolist()
    pieces = []
    for (ax, ay), (bx, by) in pairwise(corners):
        wx, wy = bx - ax, by - ay
        share = min(1.0, max(0.0, ((x - ax) * wx + (y - ay) * wy) / (wx * wx + wy * wy)))
        apart = hypot(x - ax - share * wx, y - ay - share * wy)
        pieces.append((apart, degrees(atan2(wx, wy))))
    (least, bearing), *rest = sorted(pieces, key=lambda piece: piece[0])
    off = abs((direction - bearing + 90) % 180 - 90)
    tied = bool(rest) and rest[0][0] - least < 1e-3  # at a corner either piece may count
    return off > ACROSS_DEG, 0.0 if tied else abs(off - ACROSS_DEG)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=60, unique=True
    ),
    st.lists(
        st.tuples(
            st.integers(-500, 4500), st.integers(-500, 4500), st.integers(0, 400),
            st.sampled_from((0, 49, 50, 600)),
        ),
        min_size=1, max_size=12,
    ),
)  # fmt: skip
def test_it_finds_what_plain_arithmetic_finds(
    corners: list[tuple[int, int]], points: list[tuple[int, int, int, int]]
) -> None:
    road = Road(
        RoadClass.EXPRESSWAY, line([(WEST + x * 1e-4, SOUTH + y * 1e-4) for x, y in corners])
    )
    agrees(road, points)


def test_a_long_road_is_searched_in_all_its_parts() -> None:
    """A road that winds back beside itself, and points beside every stretch of it."""
    turns = np.arange(200) / 8
    axis = [
        (WEST + 1e-4 * turn * np.cos(turn), SOUTH + 1e-4 * turn * np.sin(turn)) for turn in turns
    ]
    dice = np.random.default_rng(7)
    places = dice.integers(-2600, 2600, (400, 2)).tolist()
    directions = dice.integers(1, 360, 400).tolist()
    points = [(x, y, way, 600) for (x, y), way in zip(places, directions, strict=True)]
    agrees(Road(RoadClass.EXPRESSWAY, line(axis)), points)


def agrees(road: Road, points: list[tuple[int, int, int, int]]) -> None:
    rows = np.array(
        [(round(WEST * 1e6) + x, round(SOUTH * 1e6) + y, d, s) for x, y, d, s in points], np.int64
    )
    found = np.zeros(len(rows), np.bool_)
    across(rows, road.scale, road.corners, road.boxes, road.bearings, found)
    for row, said in zip(rows.tolist(), found.tolist(), strict=True):
        wanted, margin = plain(road, *row)
        assert said == wanted or margin < 1e-3
