"""The fence measurement at small size: it checks before it measures, and says what it measured."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from jiaoan.rules.grid import GridShapes

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # bench lies beside src

from bench.fence_ground import points, polygons
from bench.result import Impossible

from bench import fence


def test_it_shows_the_growth_and_both_ways() -> None:
    result = fence.measured(5, 40, 2_000).as_json()
    notes = result["notes"]
    assert isinstance(notes, dict)
    assert [(one["polygons"], one["points"]) for one in notes["growth"]] == [
        (4, 200), (4, 2_000), (40, 200), (40, 2_000),
    ]  # fmt: skip
    assert notes["points_checked_first"] > 100_000
    assert len(notes["yardstick_runs"]) == 5


def test_it_measures_nothing_when_the_two_do_not_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = fence._Ground(8)
    shifted = fence._by(GridShapes(polygons(8), [0.0] * 8))
    monkeypatch.setitem(ground.ways, "grid", lambda lat, lon: shifted(lat + np.int32(1), lon))
    with pytest.raises(Impossible, match="do not agree"):
        ground.check()


def test_its_ground_is_the_same_at_every_run() -> None:
    one, two = polygons(3), polygons(3)
    assert all(np.array_equal(a.vertices, b.vertices) for a, b in zip(one, two, strict=True))
    assert np.array_equal(points(9, 1)[0], points(9, 1)[0])
