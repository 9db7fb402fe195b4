"""The decoding measurement at small size: it checks before it measures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # bench lies beside src

from bench.result import Impossible

from bench import decode
from jiaoan.wire.jt808.jitted import Batch, decode_octets


def test_it_shows_the_growth_and_both_ways() -> None:
    result = decode.measured(5, (1, 64)).as_json()
    notes = result["notes"]
    assert isinstance(notes, dict)
    assert [one["batch"] for one in notes["growth"]] == [1, 64]
    assert notes["batch"] == 64
    assert len(notes["yardstick_runs"]) == 5


def test_it_measures_nothing_when_the_two_do_not_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(octets: bytes) -> Batch:
        batch = decode_octets(octets)
        batch.rows["speed"] += batch.rows["plain"]
        return batch

    monkeypatch.setattr(decode, "decode_octets", wrong)
    with pytest.raises(Impossible, match="do not agree"):
        decode.check(decode.fleet(50))


def test_its_fleet_is_the_same_at_every_run_and_has_escapes() -> None:
    frames = decode.fleet(300)
    assert frames == decode.fleet(300)
    assert 0.05 < sum(b"\x7d" in frame for frame in frames) / 300 < 0.5
