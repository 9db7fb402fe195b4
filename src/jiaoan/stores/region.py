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
happened is not known, or at the edge of the time asked for. Reports without a satellite fix, or
without a place, say nothing.

A :class:`Passage` 推断经过 is no fact but an inference: two reports outside that follow each other
closely, and the straight way between them crosses the area. Such a way is not longer than a vehicle
can drive in the time, so both of its ends lie in the area's box widened by that; of the groups that
may hold such a report vehicle, time and place are read, a day at a time, and whose way meets the
box is asked for in the second pass. The price is the reports around the area, no whole day.
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
import shapely

from jiaoan.rules.shapes import INSIDE, Outline, metres_per_microdegree
from jiaoan.stores.positions import FIXED, Positions
from jiaoan.stores.tracks import (
    DAY_MS,
    KEY,
    LOCAL_MS,
    Columns,
    current,
    folders_of,
    groups_of,
    in_ms,
    moment_of,
    once,
)

CLOSE: Final = timedelta(seconds=60)
"""Two reports no farther apart than this tell a straight way [U]: see docs/theory/tracks.md."""
FASTEST_KMH: Final = 160  # [U] ``fastest_kmh`` of the driving rules: faster is an error of place
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


@dataclass(frozen=True)
class Passage:
    """A vehicle whose straight way from the report at ``before`` to the next one, at ``after``,
    leads through the area for ``through_m`` metres; both reports lie outside.

    ``start`` and ``end`` are the two places: longitude and latitude in degrees.
    """

    vehicle: int
    before: datetime
    after: datetime
    start: tuple[float, float]
    end: tuple[float, float]
    through_m: float


@dataclass(frozen=True)
class Seen:
    """What was reported, and apart from it what is only inferred; by vehicle and time."""

    stays: Sequence[Stay]
    passages: Sequence[Passage]


def seen(
    data_dir: Path,
    area: Outline,
    start: datetime,
    end: datetime,
    *,
    vehicles: Collection[int] | None,
    now: datetime,
    unsealed: Positions | None = None,
    silence: timedelta = SILENCE,
    close: timedelta = CLOSE,
) -> Seen:
    """Stays in ``area`` and ways through it that touch ``start`` up to before ``end``.

    ``vehicles`` is what the asking person's scope allows; ``None`` = all. ``now`` tells a vehicle
    that is still inside from one that fell silent. ``close`` is at most ``silence``.
    """
    question = _Question(area, in_ms(start), in_ms(end), _ms(silence), _ms(min(close, silence)))
    question.now = in_ms(now)
    allowed = None if vehicles is None else np.array(sorted(vehicles), np.int64)
    fresh = [] if unsealed is None else [{name: unsealed[name] for name in _NAMES}]
    while True:
        try:
            days = [
                [source.path for source in current(folder)]
                for folder in folders_of(data_dir, start - silence, end + silence)
            ]
            files = [path for day in days for path in day]
            wanted = np.union1d(
                _inside_once(files, fresh, question, allowed),
                _by_once(days, fresh, question, allowed),
            )
            some = max(1, AT_ONCE // max(1, (end - start).days))
            stays, passages = list[Stay](), list[Passage]()
            for at in range(0, len(wanted), some):
                track = _of(files, fresh, question, wanted[at : at + some])
                inside = question.inside(track)
                stays += _runs(track, inside, question)
                passages += _ways(track, inside, question)
            return Seen(stays, passages)
        except FileNotFoundError:
            continue  # put together with others since the folder was listed


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)


class _Question:
    """Area and time in the files' units; ``low`` and ``high`` reach a silence beyond the time, and
    ``around`` (west, south, east, north) as far beyond the area's box as a way between two close
    reports.
    """

    def __init__(self, area: Outline, start: int, end: int, silence: int, close: int) -> None:
        from jiaoan.rules.grid import GridShapes

        self.area, self.close = area, close
        self.shapes = GridShapes([area], [0.0])
        self.west, self.south, self.east, self.north = area.box
        self.start, self.end, self.silence = start, end, silence
        self.low, self.high = start - silence, end + silence
        self.now = end
        reach = FASTEST_KMH / 3600 * close
        widest = max(abs(self.south), abs(self.north))  # there a degree of longitude is shortest
        per_lat, per_lon = (float(each) for each in metres_per_microdegree(widest / 1e6))
        north, east = round(reach / per_lat) + 1, round(reach / max(per_lon, 1e-6) * 1.01) + 1
        self.around = (self.west - east, self.south - north, self.east + east, self.north + north)

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
    box = (question.west, question.south, question.east, question.north)
    span = (question.start, question.end)
    parts = (part for path in files for part in _near(path, box, span, allowed))
    for part in (*fresh, *parts) if fresh else parts:
        time = part["time_ms"].astype(np.int64)
        mine = np.flatnonzero((time >= question.start) & (time < question.end))
        wanted = {name: part[name][mine] for name in _PLACE}
        found.append(np.unique(wanted["vehicle"][question.inside(wanted)]).astype(np.int64))
    vehicles = np.unique(np.concatenate(found))
    return vehicles if allowed is None else vehicles[np.isin(vehicles, allowed)]


def _by_once(
    days: Sequence[Sequence[Path]],
    fresh: Sequence[Columns],
    question: _Question,
    allowed: npt.NDArray[np.int64] | None,
) -> npt.NDArray[np.int64]:
    """The allowed vehicles of which a straight way between close reports may meet the area's box,
    in order. Of two days the end of the first goes over into the second.
    """
    west, south, east, north = question.around
    span = (question.start - question.close, question.end + question.close)
    nothing = np.zeros(0, np.int64)
    found, carried = [nothing], list[Columns]()
    for files in days:
        read = (part for path in files for part in _near(path, question.around, span, allowed))
        rows = [*carried]
        for part in (*fresh, *read) if fresh else read:
            time, lat, lon = (part[name].astype(np.int64) for name in ("time_ms", "lat", "lon"))
            mine = placed(part) & (time >= span[0]) & (time < span[1])
            mine &= (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)
            rows.append({name: part[name][mine].astype(np.int64) for name in _PLACE})
        whole = {name: np.concatenate([nothing, *(each[name] for each in rows)]) for name in _PLACE}
        order = np.lexsort((whole["time_ms"], whole["vehicle"]))
        track = {name: array[order] for name, array in whole.items()}
        found.append(track["vehicle"][_close(track, question)])
        late = (track["time_ms"] + LOCAL_MS) % DAY_MS >= DAY_MS - question.close
        carried = [{name: array[late] for name, array in track.items()}]
    vehicles = np.unique(np.concatenate(found))
    return vehicles if allowed is None else vehicles[np.isin(vehicles, allowed)]


def _close(track: Columns, question: _Question) -> npt.NDArray[np.int64]:
    """Rows, by vehicle and time, that a close one follows so that the box of both meets the
    area's.
    """
    vehicle, time, lat, lon = (
        track[name].astype(np.int64) for name in ("vehicle", "time_ms", "lat", "lon")
    )
    met = (vehicle[1:] == vehicle[:-1]) & (np.diff(time) <= question.close)
    met &= np.minimum(lat[1:], lat[:-1]) <= question.north
    met &= np.maximum(lat[1:], lat[:-1]) >= question.south
    met &= np.minimum(lon[1:], lon[:-1]) <= question.east
    met &= np.maximum(lon[1:], lon[:-1]) >= question.west
    return np.flatnonzero(met)


def _near(
    path: Path,
    box: tuple[int, int, int, int],
    span: tuple[int, int],
    allowed: npt.NDArray[np.int64] | None,
) -> Iterator[Columns]:
    """Rows of the groups that may hold an allowed vehicle in the box in the time."""
    groups = groups_of(path)
    west, south, east, north = box
    chosen = (
        (groups.times[:, 0] < span[1])
        & (groups.times[:, 1] >= span[0])
        & (groups.lats[:, 0] <= north)
        & (groups.lats[:, 1] >= south)
        & (groups.lons[:, 0] <= east)
        & (groups.lons[:, 1] >= west)
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
) -> Columns:
    """The reports of these vehicles, by vehicle and time."""
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
    return once(mine, _NAMES)


def _runs(track: Columns, inside: npt.NDArray[np.bool_], question: _Question) -> Iterator[Stay]:
    """Runs of reports inside, of rows by vehicle and time."""
    vehicle, time = (track[name].astype(np.int64) for name in ("vehicle", "time_ms"))
    if not len(time):
        return
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


def _ways(track: Columns, inside: npt.NDArray[np.bool_], question: _Question) -> Iterator[Passage]:
    """Straight ways through the area between two close reports outside of it."""
    vehicle, time, lat, lon = (
        track[name].astype(np.int64) for name in ("vehicle", "time_ms", "lat", "lon")
    )
    rows = _close(track, question)
    rows = rows[~inside[rows] & ~inside[rows + 1]]
    rows = rows[(time[rows] < question.end) & (time[rows + 1] >= question.start)]
    if not len(rows):
        return
    ends = np.stack([rows, rows + 1], axis=1)
    corners = np.stack([lon[ends], lat[ends]], axis=2).astype(np.float64)
    lines = shapely.linestrings(corners)
    area = question.area.exact
    per_lat, per_lon = metres_per_microdegree(lat[rows] / 1e6)
    scale = np.stack([per_lon, per_lat], axis=1)[:, np.newaxis, :]
    metres = np.hypot(*np.diff(corners * scale, axis=1)[:, 0].T)
    drives = metres <= FASTEST_KMH / 3600 * np.diff(time[ends], axis=1)[:, 0]
    shapely.prepare(area)
    for at in np.flatnonzero(drives & shapely.intersects(area, lines)).tolist():
        p, q = int(rows[at]), int(rows[at]) + 1
        share = shapely.length(shapely.intersection(area, lines[at])) / shapely.length(lines[at])
        yield Passage(
            vehicle=int(vehicle[p]),
            before=moment_of(int(time[p])),
            after=moment_of(int(time[q])),
            start=(int(lon[p]) / 1e6, int(lat[p]) / 1e6),
            end=(int(lon[q]) / 1e6, int(lat[q]) / 1e6),
            through_m=float(share * metres[at]),
        )


def _edge(at_the_edge: bool) -> Edge:
    return Edge.WINDOW if at_the_edge else Edge.SILENCE
