"""A region in a time: which vehicles were in an area between two moments, and from when to when.

Theory of operation
-------------------
The footers of the files say of each row group which vehicles, times, latitudes and longitudes it
holds, so only groups that may hold a report inside are read, and of these only five columns. A
first pass finds the vehicles with a report inside, a second reads these vehicles' reports, also
those outside, because only they tell when it came in and left. Inside is what the exact grid of the
rules says: the edge belongs to the area.

A :class:`Stay` is a run of reports inside. It begins and ends with a *crossing* between two reports
not farther apart than the silence that makes a gap, or with the *silence* itself, when what
happened is not known, or at the edge of the time asked for. A vehicle that passed between two of
its reports without one inside is not seen. Reports without a satellite fix, or without a place, say
nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.shapes import INSIDE, Outline
from jiaoan.stores.positions import FIXED, Positions
from jiaoan.stores.tracks import (
    KEY,
    Columns,
    current,
    folders_of,
    groups_of,
    in_ms,
    moment_of,
    once,
)

SILENCE: Final = timedelta(minutes=5)
"""A longer pause between two reports is a gap [U]: ``gap_s`` of the driving rules."""
AT_ONCE: Final = 64  # days of vehicles whose reports are in memory together
GROUPS_AT_ONCE: Final = 64
_NAMES: Final = (*KEY, "received_ms", "speed")
_PLACE: Final = ("vehicle", "time_ms", "lat", "lon", "status")


class Edge(StrEnum):
    """How a stay begins or ends."""

    CROSSED = "crossed"  # between a report outside and one inside
    SILENCE = "silence"  # no report for longer than SILENCE: not known
    WINDOW = "window"  # it was inside already, or still, at the edge of the time asked for


@dataclass(frozen=True)
class Stay:
    """A vehicle in the area from its report ``first`` to its report ``last``.

    ``before`` and ``after`` are the reports outside next to it, where it crossed the edge: it came
    in between ``before`` and ``first``.
    """

    vehicle: int
    before: datetime | None
    first: datetime
    last: datetime
    after: datetime | None
    begins: Edge
    ends: Edge
    reports: int
    top_kmh: float


def stays(
    data_dir: Path,
    area: Outline,
    start: datetime,
    end: datetime,
    *,
    vehicles: Collection[int] | None,
    now: datetime,
    unsealed: Positions | None = None,
    silence: timedelta = SILENCE,
) -> list[Stay]:
    """Stays in ``area`` that touch ``start`` up to before ``end``, by vehicle and time.

    ``vehicles`` is what the asking person's scope allows; ``None`` = all. ``now`` tells a vehicle
    that is still inside from one that fell silent.
    """
    question = _Question(area, in_ms(start), in_ms(end), round(silence.total_seconds() * 1000))
    question.now = in_ms(now)
    allowed = None if vehicles is None else np.array(sorted(vehicles), np.int64)
    fresh = [] if unsealed is None else [{name: unsealed[name] for name in _NAMES}]
    while True:
        try:
            files = [
                source.path
                for folder in folders_of(data_dir, start - silence, end + silence)
                for source in current(folder)
            ]
            wanted = _inside_once(files, fresh, question, allowed)
            some = max(1, AT_ONCE // max(1, (end - start).days))
            return [
                stay
                for at in range(0, len(wanted), some)
                for stay in _of(files, fresh, question, wanted[at : at + some])
            ]
        except FileNotFoundError:
            continue  # put together with others since the folder was listed


class _Question:
    """Area and time in the files' units; ``low`` and ``high`` reach a silence beyond the time."""

    def __init__(self, area: Outline, start: int, end: int, silence: int) -> None:
        from jiaoan.rules.grid import GridShapes

        self.shapes = GridShapes([area], [0.0])
        self.west, self.south, self.east, self.north = area.box
        self.start, self.end, self.silence = start, end, silence
        self.low, self.high = start - silence, end + silence
        self.now = end

    def inside(self, part: Columns) -> npt.NDArray[np.bool_]:
        """Which rows tell of a place in the area, its edge included."""
        lat, lon = (part[name].astype(np.int32) for name in ("lat", "lon"))
        near = (lat >= self.south) & (lat <= self.north) & (lon >= self.west) & (lon <= self.east)
        rows = np.flatnonzero(near & placed(part))
        sides = self.shapes.sides(lat[rows], lon[rows])
        owner = np.repeat(np.arange(len(rows)), np.diff(sides.starts))
        found = np.zeros(len(lat), np.bool_)
        found[rows[owner[(sides.pairs & INSIDE) != 0]]] = True
        return found


def placed(part: Columns) -> npt.NDArray[np.bool_]:
    """Which rows say where the vehicle was: with a fix, and not at 0,0."""
    lat, lon, status = (part[name].astype(np.int64) for name in ("lat", "lon", "status"))
    there: npt.NDArray[np.bool_] = ((status & FIXED) != 0) & ((lat != 0) | (lon != 0))
    return there


def _inside_once(
    files: Sequence[Path],
    fresh: Sequence[Columns],
    question: _Question,
    allowed: npt.NDArray[np.int64] | None,
) -> npt.NDArray[np.int64]:
    """The allowed vehicles with a report inside in the time, in order."""
    found = [np.zeros(0, np.int64)]
    parts = (part for path in files for part in _near(path, question, allowed))
    for part in (*fresh, *parts) if fresh else parts:
        time = part["time_ms"].astype(np.int64)
        mine = np.flatnonzero((time >= question.start) & (time < question.end))
        wanted = {name: part[name][mine] for name in _PLACE}
        found.append(np.unique(wanted["vehicle"][question.inside(wanted)]).astype(np.int64))
    vehicles = np.unique(np.concatenate(found))
    return vehicles if allowed is None else vehicles[np.isin(vehicles, allowed)]


def _near(
    path: Path, question: _Question, allowed: npt.NDArray[np.int64] | None
) -> Iterator[Columns]:
    """Rows of the groups that may hold an allowed vehicle in the area's box in the time."""
    groups = groups_of(path)
    chosen = (
        (groups.times[:, 0] < question.end)
        & (groups.times[:, 1] >= question.start)
        & (groups.lats[:, 0] <= question.north)
        & (groups.lats[:, 1] >= question.south)
        & (groups.lons[:, 0] <= question.east)
        & (groups.lons[:, 1] >= question.west)
    )
    if allowed is not None:
        chosen &= _hold(groups.vehicles, allowed)
    wanted = np.flatnonzero(chosen).tolist()
    for at in range(0, len(wanted), GROUPS_AT_ONCE):
        yield _read(path, wanted[at : at + GROUPS_AT_ONCE], _PLACE)


def _hold(
    bounds: npt.NDArray[np.int64], sorted_ids: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which groups may hold one of these vehicles."""
    first = np.searchsorted(sorted_ids, bounds[:, 0], "left")
    last = np.searchsorted(sorted_ids, bounds[:, 1], "right")
    return np.asarray(last > first)


def _read(
    path: Path, groups: list[int], names: Sequence[str]
) -> Mapping[str, npt.NDArray[np.generic]]:
    import pyarrow.parquet

    metadata = groups_of(path).metadata
    with pyarrow.parquet.ParquetFile(path, metadata=metadata, memory_map=True) as file:
        table = file.read_row_groups(groups, columns=list(names))
    return {name: table.column(name).to_numpy() for name in names}


def _of(
    files: Sequence[Path],
    fresh: Sequence[Columns],
    question: _Question,
    vehicles: npt.NDArray[np.int64],
) -> Iterator[Stay]:
    """The stays of these vehicles."""
    parts: list[Columns] = []
    for path in files:
        groups = groups_of(path)
        chosen = _hold(groups.vehicles, vehicles)
        chosen &= (groups.times[:, 0] < question.high) & (groups.times[:, 1] >= question.low)
        wanted = np.flatnonzero(chosen).tolist()
        if wanted:
            parts.append(_read(path, wanted, _NAMES))
    mine: list[Columns] = []
    for part in (*parts, *fresh):
        time = part["time_ms"].astype(np.int64)
        rows = np.isin(part["vehicle"], vehicles) & placed(part)
        rows &= (time >= question.low) & (time < question.high)
        mine.append({name: part[name][rows] for name in _NAMES})
    yield from _runs(once(mine, _NAMES), question)


def _runs(track: Columns, question: _Question) -> Iterator[Stay]:
    """Runs of reports inside, of rows by vehicle and time."""
    vehicle, time = (track[name].astype(np.int64) for name in ("vehicle", "time_ms"))
    if not len(time):
        return
    inside = question.inside(track)
    joined = np.zeros(len(time) + 1, np.bool_)  # row i hangs together with the row before it
    joined[1:-1] = (vehicle[1:] == vehicle[:-1]) & (np.diff(time) <= question.silence)
    before = np.concatenate(([False], inside[:-1])) & joined[:-1]
    after = np.concatenate((inside[1:], [False])) & joined[1:]
    begins, ends = np.flatnonzero(inside & ~before), np.flatnonzero(inside & ~after)
    speed = track["speed"].astype(np.float64) / 10
    for i, j in zip(begins.tolist(), ends.tolist(), strict=True):
        first, last = int(time[i]), int(time[j])
        if last < question.start or first >= question.end:
            continue
        came, went = bool(joined[i]), bool(joined[j + 1])
        still = last + question.silence >= min(question.high, question.now)
        yield Stay(
            vehicle=int(vehicle[i]),
            before=moment_of(int(time[i - 1])) if came else None,
            first=moment_of(first),
            last=moment_of(last),
            after=moment_of(int(time[j + 1])) if went else None,
            begins=Edge.CROSSED if came else _edge(first < question.start),
            ends=Edge.CROSSED if went else _edge(still),
            reports=j - i + 1,
            top_kmh=float(speed[i : j + 1].max()),
        )


def _edge(at_the_edge: bool) -> Edge:
    return Edge.WINDOW if at_the_edge else Edge.SILENCE
