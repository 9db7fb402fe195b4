"""Driver cards beside the tracks: each once, however often a range is written; none left behind."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from jiaoan.kernel.clock import at_local
from jiaoan.stores import cards, compaction, positions, retention, tracks
from jiaoan.stores.positions import DriverCard

DAY = date(2024, 4, 8)
NOON = round(at_local(DAY, 12).timestamp() * 1000)
HOUR, NIGHT = 3_600_000, 12 * 3_600_000


def card(vehicle: int, after_ms: int, *, received_ms: int | None = None) -> DriverCard:
    moment = NOON + after_ms
    received = moment + 500 if received_ms is None else received_ms
    return DriverCard(0, vehicle, "13900000001", moment, received, 1, b"\x01body")


def read(root: Path, vehicle: int) -> list[int]:
    found = cards.read(root, vehicle, NOON - 2 * NIGHT, NOON + 2 * NIGHT)
    return [one.time_ms - NOON for one in found]


def names(root: Path) -> list[str]:
    return sorted(f"{path.parent.name}/{path.name}" for path in root.rglob("*.parquet"))


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    one, other = card(1, 0), card(2, 60_000)
    cards.write(tmp_path, 1, 9, [(3, one), (4, other)])
    assert cards.read(tmp_path, 1, NOON, NOON) == [one]
    assert cards.read(tmp_path, 1, NOON + 1, NOON + HOUR) == []
    assert cards.read(tmp_path, 2, NOON, NOON + HOUR) == [other]


def test_they_lie_with_the_day_of_the_card_and_the_hour_of_receipt(tmp_path: Path) -> None:
    late = card(1, -NIGHT - 1, received_ms=NOON)  # a millisecond before midnight
    cards.write(tmp_path, 1, 3, [(1, card(1, 0)), (2, card(1, HOUR)), (3, late)])
    assert names(tmp_path) == [
        "day=2024-04-07/cards-12.parquet",
        "day=2024-04-08/cards-12.parquet",
        "day=2024-04-08/cards-13.parquet",
    ]
    assert read(tmp_path, 1) == [-NIGHT - 1, 0, HOUR]


def test_a_range_written_again_after_a_crash_is_there_once(tmp_path: Path) -> None:
    cards.write(tmp_path, 1, 2, [(1, card(1, 0))])
    for _ in range(2):
        cards.write(tmp_path, 3, 9, [(3, card(1, 1000)), (9, card(1, 2000))])
    assert read(tmp_path, 1) == [0, 1000, 2000]
    # Another cut of the same messages, as another flush would make it.
    cards.write(tmp_path, 3, 20, [(3, card(1, 1000)), (9, card(1, 2000)), (20, card(1, 3000))])
    assert read(tmp_path, 1) == [0, 1000, 2000, 3000]


def test_a_kill_while_writing_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards.write(tmp_path, 1, 1, [(1, card(1, 0))])

    def killed(handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("jiaoan.stores.tracks.os.fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            cards.write(tmp_path, 2, 2, [(2, card(1, 1000))])
    assert read(tmp_path, 1) == [0]
    cards.write(tmp_path, 2, 2, [(2, card(1, 1000))])
    assert read(tmp_path, 1) == [0, 1000]


def rows(*vehicles: int) -> positions.Positions:
    array = positions.empty(len(vehicles))
    array["vehicle"], array["status"] = vehicles, positions.FIXED
    array["time_ms"], array["received_ms"] = NOON, NOON + 500
    return array


def test_nobody_who_reads_positions_sees_them(tmp_path: Path) -> None:
    root = tmp_path / "tracks"
    for number in range(1, 4):
        tracks.write(root, number, number, rows(1, 2), [b""] * 2)
        cards.write(root, number, number, [(number, card(1, number))])
    assert len(tracks.day(tmp_path, 1, at_local(DAY, 0), at_local(DAY, 23))) == 1
    for job in compaction.jobs(root, 3, at_local(DAY, 12) + timedelta(days=2)):
        compaction.merge(job)
    assert compaction.tidy(root) == 0
    assert read(root, 1) == [1, 2, 3]


def test_they_go_with_the_vehicle_and_with_the_day(tmp_path: Path) -> None:
    root = tmp_path / "tracks"
    tracks.write(root, 1, 1, rows(1, 2), [b""] * 2)
    cards.write(root, 1, 1, [(1, card(1, 0)), (1, card(2, 0)), (1, card(3, HOUR))])
    folder = root / f"day={DAY}"
    retention.leave_out(folder, {1})
    assert (read(root, 1), read(root, 2), read(root, 3)) == ([], [0], [HOUR])
    retention.leave_out(folder, {2})
    assert not folder.exists()
