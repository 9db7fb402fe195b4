"""The plan of frames: what crosses, where, and that it can be found."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from bench.result import Impossible

from bench import frame_to_finding as bench
from jiaoan.rules.driving.together import Closeness, near_pairs
from jiaoan.wire.jt808 import BadFrame, FrameReader, Position, decode_batch


def frames_of(path: Path) -> list[list[bytes]]:
    with path.open("rb") as file:

        def number() -> int:
            return int(struct.unpack("<I", file.read(4))[0])

        return [[file.read(number()) for _ in range(number())] for _ in range(number())]


def test_a_finding_is_due_exactly_where_a_frame_changes_sides(tmp_path: Path) -> None:
    plan = bench.Plan(terminals=40, frames=40 * 12)
    plan.write(tmp_path / "frames")
    changes, due = set(), set()
    for terminal, octets in enumerate(frames_of(tmp_path / "frames")):
        read = FrameReader().receive(b"".join(octets[1:]))
        good = [one for one in read if not isinstance(one, BadFrame)]
        assert len(good) == len(read) == 12
        side = False
        for report, position in enumerate(decode_batch(good)):
            assert isinstance(position, Position)
            inside = position.longitude > bench.LINE
            if inside != side:
                moment = datetime.fromtimestamp(position.time_ms / 1000, UTC)
                changes.add((terminal + 1, moment.isoformat()))
            side = inside
            key = plan.key(report * plan.terminals + terminal)
            due |= {key} if key else set()
    assert due
    assert changes == due


def test_all_terminals_of_the_bench_lie_along_its_place_and_none_near_another() -> None:
    count = bench.TERMINALS
    lat = bench.SOUTH + bench.APART * np.arange(count, dtype=np.int64)
    lon = np.full(count, bench.LINE + bench.FAR, np.int64)
    assert not list(near_pairs(lat, lon, Closeness().near_m))
    ring = shapely.from_geojson(json.dumps(bench.PLACE["geometry"]))
    assert shapely.contains_xy(ring, lon / 1e6, lat / 1e6).all()


def test_frames_that_were_not_stored_are_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "DRAIN_S", 0.0)
    stats = tmp_path / "gateway.json"
    stats.write_text(json.dumps({"positions": 10, "published": 10, "acked": 10}))
    assert bench._carried(stats, 10) == 10
    with pytest.raises(Impossible, match="11 frames were sent, but the gateway counts 10"):
        bench._carried(stats, 11)
