"""Track files put together: the same track at every moment, however it is interrupted."""

from __future__ import annotations

import os
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.kernel.clock import at_local
from jiaoan.stores import compaction, positions, tracks
from jiaoan.stores.compaction import Job, Stopped, jobs, merge, tidy
from jiaoan.stores.positions import Positions

DAY = date(2024, 4, 8)
NOON = at_local(DAY, 12)
CLOSED = at_local(DAY + timedelta(days=1)) + compaction.CLOSED_AFTER


class Killed(Exception):
    """Stands for the end of the process at this very step."""


def rows(*seconds: int, vehicles: int = 3, received: datetime | None = None) -> Positions:
    """A report of each vehicle at each of these seconds behind noon."""
    array = positions.empty(len(seconds) * vehicles)
    for number, row in enumerate(array):
        second = seconds[number // vehicles]
        row["vehicle"], row["terminal"], row["status"] = number % vehicles, "139", positions.FIXED
        row["time_ms"] = (NOON.timestamp() + second) * 1000
        row["received_ms"] = received.timestamp() * 1000 if received else row["time_ms"] + 500
        row["lat"], row["lon"], row["speed"] = 29_450_000 + second, 113_250_000, second % 900
    return array


def write(root: Path, number: int, array: Positions) -> None:
    tracks.write(root, number, number, array, [b"%d" % number] * len(array))


def told(data: Path, vehicles: int = 3) -> list[list[tuple[float, float]]]:
    """Time and speed of every point of every vehicle."""
    start, end = NOON - timedelta(days=2), NOON + timedelta(days=2)
    return [
        [(point.time.timestamp(), point.speed_kmh) for point in tracks.day(data, one, start, end)]
        for one in range(vehicles)
    ]


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def some_files(data: Path, count: int = 20) -> Path:
    """Files of one day with doubles, late rows and rows without time."""
    root = data / "tracks"
    for number in range(1, count + 1):
        write(root, number, rows(number * 10, number * 10 + 5, (number - 1) * 10))
    write(root, count + 1, rows(3, 4, received=NOON + timedelta(days=1)))
    timeless = rows(1, 1)
    timeless["time_ms"] = positions.NO_TIME
    write(root, count + 2, timeless)
    return root


def test_a_closed_day_becomes_one_file_that_tells_the_same(tmp_path: Path) -> None:
    root = some_files(tmp_path)
    before = told(tmp_path)
    (job,) = jobs(root, 22, CLOSED)
    merge(job)
    assert names(root) == ["whole-POSITIONS-000000000001-000000000022.parquet"]
    assert told(tmp_path) == before
    assert list(jobs(root, 22, CLOSED)) == []


def test_it_holds_each_report_once_sorted_by_vehicle_and_keeps_what_was_said(
    tmp_path: Path,
) -> None:
    import pyarrow.parquet

    root = some_files(tmp_path)
    (job,) = jobs(root, 22, CLOSED)
    table = pyarrow.parquet.read_table(merge(job), partitioning=None)
    vehicle, time = (table.column(name).to_numpy() for name in ("vehicle", "time_ms"))
    assert (np.lexsort((time, vehicle)) == np.arange(len(table))).all()
    timed = time != positions.NO_TIME
    assert len({*zip(vehicle[timed].tolist(), time[timed].tolist(), strict=True)}) == timed.sum()
    assert (~timed).sum() == 6, "reports without time are each kept"
    octets = table.column("octets").to_pylist()
    of_ten = [
        octet
        for octet, at in zip(octets, time, strict=True)
        if at == (NOON.timestamp() + 10) * 1000
    ]
    assert set(of_ten) == {b"1"}, "of doubles the first is kept"


def test_an_open_day_is_merged_only_when_a_run_of_files_is_there(tmp_path: Path) -> None:
    root = tmp_path / "tracks"
    for number in range(1, compaction.RUN):
        write(root, number, rows(number))
    assert list(jobs(root, 99, NOON)) == []
    write(root, compaction.RUN, rows(77))
    write(root, compaction.RUN + 1, rows(78))
    (job,) = jobs(root, compaction.RUN, NOON)
    assert job.output.name == "whole-POSITIONS-000000000001-000000000016.parquet"
    merge(job)
    assert len(names(root)) == 2, "what the writer has not finished stays apart"


def test_a_day_of_files_stays_few_and_is_seldom_rewritten(tmp_path: Path) -> None:
    root, merged, most = tmp_path / "tracks", 0, 0
    for number in range(1, 400):
        write(root, number, rows(number, vehicles=1))
        for job in jobs(root, number, NOON):
            merged += len(job.inputs)
            merge(job)
        most = max(most, len(tracks.current(root / f"day={DAY}")))
    assert most < 64
    assert merged < 400 * 4
    assert len(told(tmp_path, 1)[0]) == 399


def test_a_late_file_behind_a_closed_day_is_taken_in(tmp_path: Path) -> None:
    root = some_files(tmp_path, 3)
    for job in jobs(root, 5, CLOSED):
        merge(job)
    write(root, 9, rows(700, received=CLOSED))
    before = told(tmp_path)
    for job in jobs(root, 9, CLOSED):
        merge(job)
    assert names(root) == ["whole-POSITIONS-000000000001-000000000009.parquet"]
    assert told(tmp_path) == before


STEPS = ["fsync", "replace", "unlink 0", "unlink 1", "unlink 7"]


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_changes_no_track_and_the_next_run_ends_it(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = some_files(tmp_path)
    before = told(tmp_path)
    (job,) = jobs(root, 22, CLOSED)
    with monkeypatch.context() as patched:
        _kill_at(step, patched)
        with pytest.raises(Killed):
            merge(job)
    assert told(tmp_path) == before
    tidy(root)
    assert told(tmp_path) == before
    for again in jobs(root, 22, CLOSED):
        merge(again)
    assert names(root) == ["whole-POSITIONS-000000000001-000000000022.parquet"]
    assert told(tmp_path) == before


def _kill_at(step: str, patched: pytest.MonkeyPatch) -> None:
    """The process ends there: no clean-up of ours runs afterwards."""
    word, _, number = step.partition(" ")
    left = [int(number or 0)]
    owner, name = (os, "fsync") if word == "fsync" else (Path, word)
    real = getattr(owner, name)

    def killed(*arguments: object, **more: object) -> object:
        of_merge = word != "unlink" or str(arguments[0]).endswith(".parquet")
        if of_merge and not left[0]:
            patched.setattr(Path, "unlink", lambda *_, **__: None)
            raise Killed
        left[0] -= of_merge
        return real(*arguments, **more)

    patched.setattr(owner, name, killed)


def test_a_reader_that_listed_the_old_files_finds_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = some_files(tmp_path)
    before = told(tmp_path)
    real, waiting = tracks.current, [jobs(root, 22, CLOSED)]

    def listed_and_then_merged(folder: Path) -> list[tracks.Source]:
        found = real(folder)
        for job in waiting.pop() if waiting else ():
            merge(job)
        return found

    monkeypatch.setattr(tracks, "current", listed_and_then_merged)
    assert told(tmp_path) == before
    assert len(names(root)) == 1


def test_it_is_given_up_between_slices_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "SLICE_ROWS", 10)
    root = some_files(tmp_path)
    (job,) = jobs(root, 22, CLOSED)
    stop, before = threading.Event(), names(root)
    real = compaction._slice

    def one_slice(job: Job, low: int, high: int) -> object:
        stop.set()
        return real(job, low, high)

    monkeypatch.setattr(compaction, "_slice", one_slice)
    with pytest.raises(Stopped):
        merge(job, stop)
    assert names(root) == before


def test_slices_of_vehicles_make_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "SLICE_ROWS", 25)
    root = some_files(tmp_path)
    before = told(tmp_path)
    (job,) = jobs(root, 22, CLOSED)
    assert len(compaction._vehicle_ranges(job)) == 3
    merge(job)
    assert told(tmp_path) == before


@settings(max_examples=40, deadline=None)
@given(
    ranges=st.lists(st.integers(1, 6), min_size=1, max_size=12),
    cuts=st.lists(st.tuples(st.integers(0, 11), st.integers(2, 12)), max_size=4),
)
def test_whatever_was_merged_each_message_counts_exactly_once(
    ranges: list[int], cuts: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Names alone decide: any nesting of merged files leaves every message in one current file."""
    folder = tmp_path_factory.mktemp("day")
    first, made = 1, []
    for size in ranges:
        made.append((first, first + size - 1))
        first += size
    for begin, end in made:
        (folder / f"POSITIONS-{begin:012d}-{end:012d}.parquet").touch()
    current = list(made)
    for at, length in cuts:
        run = current[at : at + length]
        if len(run) > 1:
            whole = (run[0][0], run[-1][1])
            (folder / f"whole-POSITIONS-{whole[0]:012d}-{whole[1]:012d}.parquet").touch()
            current[at : at + length] = [whole]
    found = [(source.first, source.last) for source in tracks.current(folder)]
    assert found == current


def test_the_clock_of_the_installation_closes_days(tmp_path: Path) -> None:
    root = some_files(tmp_path)
    assert list(jobs(root, 22, CLOSED - timedelta(seconds=1)))  # a run of many is there anyhow
    few = tmp_path / "few"
    some_files(few, 2)
    assert list(jobs(few / "tracks", 9, CLOSED - timedelta(seconds=1))) == []
    assert len(list(jobs(few / "tracks", 9, datetime(2026, 1, 1, tzinfo=UTC)))) == 1
