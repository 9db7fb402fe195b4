"""Putting track files together: few files, sorted by vehicle, each report once.

Theory of operation
-------------------
The writer makes a file every half minute. Their number is kept small in two ways. Of the *open*
days the newest files are put together when there are :data:`RUN` of them that are not much larger
than what came behind them: each row is rewritten a logarithmic number of times. A *closed* day,
:data:`CLOSED_AFTER` after its end, becomes one file; late rows make it two again, and then one.

What is merged is always a run of *all* current files between its first and its last message, so the
new file may take the place of everything within its range (see :mod:`jiaoan.stores.tracks`). It is
written aside, synced and renamed; only then the old ones are removed. A kill leaves either the old
files, or both, of which the old count no more and are removed at the next :func:`tidy`.

Memory does not grow with the day: vehicles are merged in slices of some :data:`SLICE_ROWS` rows.

Only one process changes files at a time (:func:`alone`): this one, or the retention, which writes a
day anew without the vehicles whose time is over (:mod:`jiaoan.stores.retention`). Writing *new*
files and reading need no lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from jiaoan.kernel.clock import at_local
from jiaoan.stores import tracks
from jiaoan.stores.positions import NO_TIME
from jiaoan.stores.tracks import KEY, Source, current, doubles, groups_of, sources

if TYPE_CHECKING:
    import pyarrow

RUN: Final = 16
SIMILAR: Final = 2.0
CLOSED_AFTER: Final = timedelta(hours=2)
SLICE_ROWS: Final = 500_000


class Stopped(Exception):
    """Told to stop while merging, or another changes files now: nothing has changed."""


@contextlib.contextmanager
def alone(root: Path, *, wait: bool = False) -> Iterator[None]:
    """Be the only one who changes files under ``root``; :class:`Stopped` while another is.

    The kernel takes the lock back when its holder dies.
    """
    handle = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise Stopped from error
        yield
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Job:
    """A run of files of one day that becomes one, without the vehicles of ``leave``."""

    inputs: tuple[Source, ...]
    leave: frozenset[int] = frozenset()

    @property
    def output(self) -> Path:
        """A name that no file had before: the next revision where one file keeps its range."""
        first = min(source.first for source in self.inputs)
        last = max(source.last for source in self.inputs)
        before = [
            source.revision
            for source in self.inputs
            if source.whole and (source.first, source.last) == (first, last)
        ]
        revision = 1 + max(before) if before else 0
        return self.inputs[0].path.with_name(tracks.whole_name(first, last, revision))


def jobs(root: Path, upto: int, now: datetime) -> Iterator[Job]:
    """What there is to merge, oldest day first, of files up to stream message ``upto``."""
    for folder in sorted(root.glob("day=*")):
        files = [source for source in current(folder) if source.last <= upto]
        if len(files) < 2:
            continue
        ended = at_local(date.fromisoformat(folder.name[4:]) + timedelta(days=1))
        run = files if now >= ended + CLOSED_AFTER else _newest_run(files)
        if len(run) > 1:
            yield Job(tuple(run))


def _newest_run(files: Sequence[Source]) -> list[Source]:
    """The newest files that are worth merging with each other; empty while they are few."""
    sizes = [source.path.stat().st_size for source in files]
    behind, start = 0, len(files)
    while start and (start > len(files) - RUN or sizes[start - 1] <= SIMILAR * behind):
        start -= 1
        behind += sizes[start]
    run = list(files[start:])
    return run if len(run) >= RUN else []


def tidy(root: Path) -> int:
    """Remove what a kill left: files written aside, and files that count no more. How many.

    Nothing while another changes files: what lies there may be his.
    """
    try:
        with alone(root):
            return _tidy(root)
    except Stopped:
        return 0


def _tidy(root: Path) -> int:
    gone = list(root.glob("day=*/*.new"))
    for folder in root.glob("day=*"):
        kept = {source.path for source in current(folder)}
        gone += [source.path for source in sources(folder) if source.path not in kept]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def merge(job: Job, stop: threading.Event | None = None) -> Path:
    """Do the job. Raises :class:`Stopped`, or ``FileNotFoundError`` where somebody did it before.

    Reports without device time are kept each: nothing tells that two of them are the same.
    """
    with alone(job.output.parent.parent):
        return write_anew(job, stop)


def write_anew(job: Job, stop: threading.Event | None = None) -> Path:
    """The same for who is :func:`alone` already."""
    tracks.publish(job.output, _slices(job, stop or threading.Event()))
    for source in job.inputs:
        source.path.unlink(missing_ok=True)
    tracks.sync_folder(job.output.parent)
    return job.output


def _slices(job: Job, stop: threading.Event) -> Iterator[pyarrow.Table]:
    for low, high in _vehicle_ranges(job):
        if stop.is_set():
            raise Stopped
        yield _slice(job, low, high)


def _vehicle_ranges(job: Job) -> list[tuple[int, int]]:
    """Ranges of vehicles with about :data:`SLICE_ROWS` rows each."""
    import pyarrow.parquet

    counted: dict[int, int] = {}
    for source in job.inputs:
        table = pyarrow.parquet.read_table(source.path, columns=["vehicle"], partitioning=None)
        vehicles, counts = np.unique(table.column("vehicle").to_numpy(), return_counts=True)
        for vehicle, count in zip(vehicles.tolist(), counts.tolist(), strict=True):
            if vehicle in job.leave:
                continue
            counted[vehicle] = counted.get(vehicle, 0) + count
    ranges: list[tuple[int, int]] = []
    rows = SLICE_ROWS
    for vehicle in sorted(counted):
        if rows >= SLICE_ROWS:
            ranges.append((vehicle, vehicle))
            rows = 0
        ranges[-1] = (ranges[-1][0], vehicle)
        rows += counted[vehicle]
    return ranges


def _slice(job: Job, low: int, high: int) -> pyarrow.Table:
    """The rows of these vehicles from all inputs, sorted, each report once."""
    import pyarrow
    import pyarrow.parquet

    parts = []
    for source in job.inputs:
        groups = groups_of(source.path)
        wanted = groups.of(low, high)
        if len(wanted):
            with pyarrow.parquet.ParquetFile(source.path, metadata=groups.metadata) as file:
                part = file.read_row_groups(wanted.tolist(), use_threads=False)
            vehicle = part.column("vehicle").to_numpy()
            mine = (vehicle >= low) & (vehicle <= high)
            parts.append(part.filter(mine & ~np.isin(vehicle, list(job.leave))))
    whole = pyarrow.concat_tables(parts).combine_chunks()
    arrays = {name: whole.column(name).to_numpy() for name in (*KEY, "received_ms")}
    order = np.lexsort((arrays["received_ms"], *(arrays[name] for name in reversed(KEY))))
    return whole.take(order[~_twice(arrays, order)])


def _twice(
    arrays: dict[str, npt.NDArray[np.generic]], order: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    timed: npt.NDArray[np.bool_] = arrays["time_ms"][order] != NO_TIME
    return doubles(arrays, order) & timed
