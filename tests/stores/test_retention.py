"""Vehicles taken out of a day: nobody else loses a row, however it is interrupted."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from jiaoan.kernel.clock import at_local
from jiaoan.stores import compaction, positions, retention, tracks
from jiaoan.stores.positions import Positions

DAY = date(2024, 4, 8)
NOON = at_local(DAY, 12)


def rows(*seconds: int, vehicles: tuple[int, ...] = (1, 2, 3)) -> Positions:
    array = positions.empty(len(seconds) * len(vehicles))
    for number, row in enumerate(array):
        row["vehicle"], row["terminal"] = vehicles[number % len(vehicles)], "139"
        row["status"] = positions.FIXED
        row["time_ms"] = (NOON.timestamp() + seconds[number // len(vehicles)]) * 1000
        row["received_ms"] = row["time_ms"] + 500
    return array


def write(root: Path, number: int, array: Positions) -> None:
    tracks.write(root, number, number, array, [b""] * len(array))


def told(data: Path, vehicle: int) -> list[float]:
    points = tracks.day(data, vehicle, NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    return [(point.time - NOON).total_seconds() for point in points]


def some(data: Path) -> Path:
    for number in range(1, 4):
        write(data / "tracks", number, rows(number * 10, number * 10 + 5))
    return data / "tracks" / f"day={DAY}"


def test_the_others_keep_every_row(tmp_path: Path) -> None:
    folder = some(tmp_path)
    before = told(tmp_path, 1)
    done = retention.leave_out(folder, {2, 3, 99})
    assert (done.vehicles, done.rows, done.left) == (frozenset({2, 3}), 12, 6)
    assert (told(tmp_path, 1), told(tmp_path, 2), told(tmp_path, 3)) == (before, [], [])
    assert retention.vehicles_in(folder) == {1}


def test_a_whole_file_written_anew_gets_another_name(tmp_path: Path) -> None:
    folder = some(tmp_path)
    for number in (1, 2):
        assert told(tmp_path, number), "its footer is remembered by its name"
        retention.leave_out(folder, {number})
        assert told(tmp_path, number) == []
        assert told(tmp_path, 3) == [10, 15, 20, 25, 30, 35]
    assert [source.path.name for source in tracks.sources(folder)] == [
        "whole-POSITIONS-000000000001-000000000003-r1.parquet"
    ]
    write(tmp_path / "tracks", 4, rows(100))
    (job,) = compaction.jobs(tmp_path / "tracks", 99, NOON + timedelta(days=3))
    assert compaction.merge(job).name == "whole-POSITIONS-000000000001-000000000004.parquet"
    assert told(tmp_path, 3) == [10, 15, 20, 25, 30, 35, 100]


def test_nobody_left_takes_the_day_away_but_not_a_row_that_comes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = some(tmp_path)
    real = retention._held

    def late(*wanted: object) -> frozenset[int]:
        found = real(*wanted)  # type: ignore[arg-type]
        write(tmp_path / "tracks", 9, rows(99, vehicles=(3,)))
        return found

    monkeypatch.setattr(retention, "_held", late)
    assert retention.leave_out(folder, {1, 2, 3}).left == 0
    assert (told(tmp_path, 1), told(tmp_path, 3)) == ([], [99])
    monkeypatch.setattr(retention, "_held", real)
    retention.leave_out(folder, {1, 2, 3})
    assert not folder.exists()


def test_nothing_to_take_changes_nothing(tmp_path: Path) -> None:
    folder = some(tmp_path)
    names = [path.name for path in folder.glob("*.parquet")]
    assert retention.leave_out(folder, {77}).rows == 0
    assert [path.name for path in folder.glob("*.parquet")] == names


@pytest.mark.parametrize("step", ["fsync", "unlink"])
def test_a_kill_leaves_the_day_as_it_was_or_as_it_will_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    folder = some(tmp_path)
    before = told(tmp_path, 1)

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        if step == "fsync":
            broken.setattr("os.fsync", kill)
        else:
            broken.setattr(Path, "unlink", kill)
        with pytest.raises(Killed):
            retention.leave_out(folder, {2})
    assert told(tmp_path, 1) == before
    assert told(tmp_path, 2) == ([] if step == "unlink" else before)
    compaction.tidy(tmp_path / "tracks")
    retention.leave_out(folder, {2})
    assert (told(tmp_path, 1), told(tmp_path, 2)) == (before, [])


def test_a_stop_leaves_the_day_as_it_was(tmp_path: Path) -> None:
    folder, stop = some(tmp_path), threading.Event()
    stop.set()
    with pytest.raises(compaction.Stopped):
        retention.leave_out(folder, {2}, stop)
    assert told(tmp_path, 2) == told(tmp_path, 1)


def test_merging_and_tidying_wait_while_a_day_is_written_anew(tmp_path: Path) -> None:
    some(tmp_path)
    root = tmp_path / "tracks"
    (root / f"day={DAY}" / "whole-x.77.new").write_bytes(b"half written")
    (job,) = compaction.jobs(root, 99, NOON + timedelta(days=3))
    with compaction.alone(root):
        assert compaction.tidy(root) == 0
        with pytest.raises(compaction.Stopped):
            compaction.merge(job)
    assert compaction.tidy(root) == 1
    assert compaction.merge(job).exists()


def test_readers_see_the_day_whole_while_it_is_written_anew(tmp_path: Path) -> None:
    folder = some(tmp_path)
    expected, ended = told(tmp_path, 1), threading.Event()
    seen: list[list[float]] = []

    def read() -> None:
        while not ended.is_set():
            seen.append(told(tmp_path, 1))

    reader = threading.Thread(target=read)
    reader.start()
    for vehicle in (2, 3):
        retention.leave_out(folder, {vehicle})
    ended.set()
    reader.join()
    assert seen
    assert all(each == expected for each in seen)


def test_writing_merging_removing_and_reading_at_once_lose_nothing(tmp_path: Path) -> None:
    """Three threads change files while the fourth reads: vehicle 1 never misses a report."""
    folder, ended = some(tmp_path), threading.Event()
    root, short = tmp_path / "tracks", []

    def until(work: Callable[[], None]) -> threading.Thread:
        def turn() -> None:
            while not ended.is_set():
                with contextlib.suppress(compaction.Stopped, FileNotFoundError):
                    work()

        thread = threading.Thread(target=turn)
        thread.start()
        return thread

    def merge() -> None:
        for job in compaction.jobs(root, 999, NOON + timedelta(days=3)):
            compaction.merge(job)

    def remove() -> None:
        retention.leave_out(folder, {2})

    written = 3

    def read() -> None:
        least = written
        if len(told(tmp_path, 1)) < 2 * least:
            short.append(least)

    threads = [until(merge), until(remove), until(read)]
    for number in range(4, 30):
        write(root, number, rows(number * 10, number * 10 + 5))
        written = number
        time.sleep(0.01)
    ended.set()
    for thread in threads:
        thread.join()
    assert short == []
    assert told(tmp_path, 1) == [
        float(n) for number in range(1, 30) for n in (number * 10, number * 10 + 5)
    ]
    assert told(tmp_path, 3) == told(tmp_path, 1)
    retention.leave_out(folder, {2})
    assert told(tmp_path, 2) == []


def test_days_are_listed_oldest_first(tmp_path: Path) -> None:
    some(tmp_path)
    array = rows(0)
    array["time_ms"] -= 86_400_000
    write(tmp_path / "tracks", 5, array)
    assert [day for day, _ in retention.days(tmp_path / "tracks")] == [date(2024, 4, 7), DAY]
