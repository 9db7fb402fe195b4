"""The packed grid answers what the plain implementation answers, to the last bit."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from jiaoan.rules.grid import FINEST, GridShapes
from jiaoan.rules.grid_kernels import TILE
from jiaoan.rules.shapes import (
    MICRO,
    Outline,
    OutlineRefused,
    ShapelyShapes,
    Sides,
    corridor,
    from_area,
    outline,
)

Points = npt.NDArray[np.int32]
SIZES = [TILE, TILE - 3, FINEST, FINEST - 2]  # one cell a tile, up to cells of 57 m


def star(seed: int, corners: int, size: float, lattice: int = 1, hole: bool = False) -> Outline:
    """A polygon around (113.1, 29.4); its corners lie on multiples of ``lattice`` microdegrees."""
    random = np.random.default_rng(seed)
    while True:
        turn = np.sort(random.uniform(0, 2 * math.pi, corners))
        radius = size * random.uniform(0.4, 1, corners)
        ring = np.column_stack([np.cos(turn) * radius + 113.1, np.sin(turn) * radius + 29.4])
        ring = np.rint(ring * MICRO / lattice) * lattice
        holes = [np.rint((ring - ring.mean(axis=0)) * 0.3 + ring.mean(axis=0))] if hole else []
        area = Polygon(ring / MICRO, [one / MICRO for one in holes])
        try:
            return from_area(area)
        except OutlineRefused:
            continue


def hard_points(areas: list[Outline]) -> tuple[Points, Points]:
    """Corners, their four neighbours, lattice points on edges, and points a buffer away."""
    found = []
    for area in areas:
        corners = area.vertices.astype(np.int64)
        for dx, dy in (
            (0, 0),
            (1, 0),
            (-1, 0),
            (0, 1),
            (0, -1),
            (515, 0),
            (0, -449),
            (-300, 300),
            (-9_000, 0),
        ):
            found.append(corners + np.array([dx, dy]))
        for v in np.flatnonzero(~area.ends).tolist():
            (ax, ay), (bx, by) = corners[v].tolist(), corners[v + 1].tolist()
            steps = math.gcd(bx - ax, by - ay)
            found += [
                np.array([[ax + (bx - ax) // steps * step, ay + (by - ay) // steps * step]])
                for step in {1, 2, steps - 1} & set(range(1, steps))
            ]
    points = np.concatenate(found).astype(np.int32)
    return points[:, 1], points[:, 0]


def scattered(seed: int, count: int, areas: list[Outline]) -> tuple[Points, Points]:
    random = np.random.default_rng(seed)
    boxes = np.array([area.box for area in areas])
    west, south = boxes[:, :2].min(axis=0) - 2_000
    east, north = boxes[:, 2:].max(axis=0) + 2_000
    lat = random.integers(south, north, count, dtype=np.int32)
    return lat, random.integers(west, east, count, dtype=np.int32)


def same(one: Sides, two: Sides) -> None:
    one, two = one.sorted(), two.sorted()
    assert np.array_equal(one.starts, two.starts)
    assert np.array_equal(one.pairs, two.pairs)


def agrees(areas: list[Outline], reaches: list[float], finest: int, seed: int) -> None:
    grid, plain = GridShapes(areas, reaches, finest=finest), ShapelyShapes(areas, reaches)
    for lat, lon in (hard_points(areas), scattered(seed, 300, areas)):
        same(grid.sides(lat, lon), plain.sides(lat, lon))


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    corners=st.integers(3, 40),
    size=st.sampled_from([0.0005, 0.004, 0.03, 0.3]),
    lattice=st.sampled_from([1, 100, 2048, 131072 // 8]),
    hole=st.booleans(),
    reach=st.sampled_from([0.0, 1.0, 50.0, 400.0]),
    finest=st.sampled_from(SIZES),
)
def test_it_agrees_with_the_plain_implementation(
    seed: int, corners: int, size: float, lattice: int, hole: bool, reach: float, finest: int
) -> None:
    lattice = min(lattice, int(size * MICRO / 8)) or 1
    areas = [star(seed + n, min(corners, 12) if lattice > 1 else corners, size, lattice, hole)
             for n in range(3)]  # fmt: skip
    agrees(areas, [reach, 0.0, 50.0], finest, seed)


@pytest.mark.parametrize("finest", SIZES)
def test_it_agrees_on_edges_that_run_along_the_cells(finest: int) -> None:
    """A comb whose teeth begin and end on the borders of cells and tiles."""
    x0, y0, step = 863 << TILE, 224 << TILE, 1 << (TILE - 4)
    ring = [(0, -step)]
    for tooth in range(0, 40, 2):
        ring += [
            (tooth * step, 0),
            (tooth * step, 17 * step),
            ((tooth + 1) * step, 17 * step),
            ((tooth + 1) * step, 0),
        ]
    ring.append((40 * step, -step))
    for up in (0, -1):  # corners in the first and in the last row of a cell
        area = from_area(Polygon([((x + x0) / MICRO, (y + y0 + up) / MICRO) for x, y in ring]))
        for reach in (0.0, 60.0):
            agrees([area], [reach], finest, 1)


def test_it_agrees_on_corridors_and_on_holes_that_touch_the_edge() -> None:
    way = [(113.0, 29.0), (113.2, 29.05), (113.1, 29.3), (113.0, 29.1)]
    touching = outline({
        "type": "Polygon",
        "coordinates": [
            [[113, 29], [113.2, 29], [113.2, 29.2], [113, 29.2], [113, 29]],
            [[113, 29.1], [113.1, 29.15], [113.1, 29.05], [113, 29.1]],
        ],
    })  # fmt: skip
    agrees([corridor(way, 60), corridor(way, 3000), touching], [20.0, 50.0, 50.0], FINEST, 5)


@pytest.mark.parametrize("corner", [(-180.0, -85.0), (179.0, 84.0), (-0.5, -0.5)])
def test_it_agrees_at_the_ends_of_the_earth(corner: tuple[float, float]) -> None:
    x, y = corner
    area = outline({
        "type": "Polygon",
        "coordinates": [[[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 0.5], [x, y]]],
    })  # fmt: skip
    agrees([area], [50.0], FINEST, 2)
    grid = GridShapes([area], [50.0])
    everywhere = np.array([-90, 90, 0, 0]) * MICRO, np.array([0, 0, -180, 180]) * MICRO
    same(grid.sides(*everywhere), ShapelyShapes([area], [50.0]).sides(*everywhere))


@settings(max_examples=10, deadline=None)
@given(seeds=st.lists(st.integers(0, 40), min_size=1, max_size=12), data=st.data())
def test_any_course_of_edits_gives_the_grid_made_new(seeds: list[int], data: st.DataObject) -> None:
    areas: list[Outline | None] = [star(n, 20, 0.02) for n in range(4)]
    reaches = [50.0] * 4
    grid, states = GridShapes(areas, reaches), []
    for seed in seeds:
        number = data.draw(st.integers(0, 5))
        areas, reaches = list(areas), list(reaches)
        while len(areas) <= number:
            areas.append(None)
            reaches.append(0.0)
        areas[number] = None if seed % 3 == 0 else star(seed, 12, 0.05)
        reaches[number] = 80.0 if seed % 2 else 50.0
        states.append((grid, grid.sides(*scattered(9, 300, [star(1, 12, 0.1)]))))
        grid = grid.replaced(areas, reaches)
        lat, lon = scattered(seed, 300, [star(1, 12, 0.1)])
        same(grid.sides(lat, lon), ShapelyShapes(areas, reaches).sides(lat, lon))
    for old, said in states:  # who still uses an older grid sees what it saw
        same(old.sides(*scattered(9, 300, [star(1, 12, 0.1)])), said)


def test_two_edits_of_one_grid_do_not_see_each_other() -> None:
    first = GridShapes([star(1, 20, 0.02)], [50.0])
    lat, lon = scattered(3, 400, [star(1, 20, 0.05)])
    one, two = star(2, 20, 0.05), star(3, 20, 0.05)
    left, right = first.replaced([one], [50.0]), first.replaced([two], [50.0])
    same(left.sides(lat, lon), ShapelyShapes([one], [50.0]).sides(lat, lon))
    same(right.sides(lat, lon), ShapelyShapes([two], [50.0]).sides(lat, lon))


def test_an_edit_builds_only_its_own_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    areas = [corridor([(112 + n / 2, 29.0), (112.1 + n / 2, 29.02)], 100) for n in range(12)]
    grid = GridShapes(areas, [50.0] * 12)
    built: list[tuple[int, int]] = []
    real = GridShapes._tile

    def noted(self: GridShapes, tile: tuple[int, int]) -> tuple[npt.NDArray[np.int32], int]:
        built.append(tile)
        return real(self, tile)

    monkeypatch.setattr(GridShapes, "_tile", noted)
    moved = [*areas[:5], corridor([(114.5, 29.0), (114.6, 29.03)], 100), *areas[6:]]
    after = grid.replaced(moved, [50.0] * 12)
    assert 1 <= len(built) <= 4
    assert len(built) < after.memory().tiles / 4
    built.clear()
    grid.replaced(areas, [50.0] * 12)
    assert built == []


def test_a_hundred_edits_keep_the_memory_bounded() -> None:
    areas = [star(n, 40, 0.03) for n in range(6)]
    grid = GridShapes(areas, [50.0] * 6)
    fresh = grid.memory()
    for n in range(100):
        areas = [*areas]
        areas[n % 6] = star(100 + n, 40, 0.03)
        grid = grid.replaced(areas, [50.0] * 6)
    assert grid.memory().words <= 2 * grid.memory().named_words + 70_000
    assert grid.memory().octets < 6 * fresh.octets + 400_000


def test_a_whole_country_fits() -> None:
    """An outline of 30 by 60 degrees with 2,000 corners, and 500 parks in it."""
    random = np.random.default_rng(5)
    turn = np.linspace(0, 2 * math.pi, 2_000, endpoint=False)
    wave = 1 + 0.1 * np.sin(turn * 9) + random.uniform(-0.004, 0.004, 2_000)
    country = from_area(
        Polygon(np.column_stack([104 + 27 * wave * np.cos(turn), 36 + 14 * wave * np.sin(turn)]))
    )
    parks = [
        corridor([(x, y), (x + 0.01, y + 0.01)], 500)
        for x, y in random.uniform((90, 28), (120, 44), (500, 2))
    ]
    areas, reaches = [country, *parks], [50.0] * 501
    grid = GridShapes(areas, reaches)
    assert grid.memory().octets < 40_000_000
    near = scattered(7, 3_000, [country])
    same(grid.sides(*near), ShapelyShapes(areas, reaches).sides(*near))
