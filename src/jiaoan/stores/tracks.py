"""Tracks: positions by local day in Parquet, written once and read by vehicle.

``tracks/day=YYYY-MM-DD/POSITIONS-<first>-<last>.parquet`` holds what the stream's messages
``first`` to ``last`` say of that day; rows that arrived on a later day than they tell of stand in
``late-POSITIONS-…`` files beside them. A file appears whole or not at all (written aside, synced,
renamed, folder synced), and the same range writes the same name. Doubles (the same report live
and in 0x0704) stay in these files and are removed by readers.

:mod:`jiaoan.stores.compaction` puts files of a day together: ``whole-POSITIONS-<first>-<last>``
takes the place of every file whose range lies within its own (:func:`current`). So at any moment,
also between the rename and the removal of the old ones, a reader sees each report of a range either
in the old files or in the new one. A whole file that is written anew over its own range
(:mod:`jiaoan.stores.retention`) is named ``…-r1``, ``…-r2``: a name never gets another content.

What the writer has not put into files yet is on the bus: :mod:`jiaoan.stores.unsealed` reads it,
and :func:`day` and :func:`columns` merge it in, so that a track never ends early.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from jiaoan.kernel.clock import LOCAL
from jiaoan.stores.positions import (
    DTYPE,
    FIXED,
    NO_MILEAGE,
    Octets,
    Positions,
    empty,
    taken,
)

if TYPE_CHECKING:
    import pyarrow

STREAM: Final = "POSITIONS"
AHEAD_MS: Final = 600_000
DAY_MS: Final = 86_400_000
LOCAL_MS: Final = 8 * 3_600_000
ROW_GROUP: Final = 16_384  # rows that are read for one question of one vehicle
_FEW_VALUES: Final = ["terminal", "datum", "source", "version"]
_COLUMNS: Final = (
    "vehicle", "time_ms", "received_ms", "lat", "lon", "speed", "direction", "altitude",
    "alarm", "status", "mileage", "source",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One report of a track: UTC, WGS-84 degrees, km/h, degrees, m; mileage in km or ``None``."""

    vehicle: int
    time: datetime
    received: datetime
    lat: float
    lon: float
    speed_kmh: float
    direction: int
    altitude: int
    alarm: int
    status: int
    mileage_km: float | None
    source: int

    @property
    def fixed(self) -> bool:
        """Whether the terminal had a position (定位); without it the place is its last one."""
        return bool(self.status & FIXED)


def days_of(array: Positions) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The local day (days since 1970) each row belongs to.

    The device's day; the day of arrival for rows without time or with a clock that runs ahead.
    """
    moments = np.where(true_times(array), array["time_ms"], array["received_ms"])
    days: np.ndarray[tuple[int], np.dtype[np.int64]] = (moments + LOCAL_MS) // DAY_MS
    return days


def prepare() -> None:
    """Load what the first file would load: half a second in which little else is done."""
    from pyarrow import parquet

    parquet.write_table(table_of(empty(1), Octets.of([b""]), np.zeros(1, np.int64)), io.BytesIO())


def write(root: Path, first: int, last: int, array: Positions, octets: Sequence[bytes]) -> int:
    """Write the rows of stream messages ``first`` to ``last``; answers how many files are new.

    Files of this range that stand already are whole, and left alone.
    """
    octets = octets if isinstance(octets, Octets) else Octets.of(octets)
    days = days_of(array)
    late = days < (array["received_ms"] + LOCAL_MS) // DAY_MS
    new = 0
    for day in np.unique(days).tolist():
        for chosen, prefix in ((~late, ""), (late, "late-")):
            rows = np.flatnonzero((days == day) & chosen)
            if not len(rows):
                continue
            folder = root / f"day={date(1970, 1, 1) + timedelta(days=day)}"
            path = folder / f"{prefix}{STREAM}-{first:012d}-{last:012d}.parquet"
            if not path.exists():
                rows = rows[np.lexsort((array["time_ms"][rows], array["vehicle"][rows]))]
                _write_file(path, table_of(array, octets, rows))
                new += 1
    return new


def table_of(array: Positions, octets: Octets, rows: npt.NDArray[np.int64]) -> pyarrow.Table:
    """The ``rows`` in their order."""
    import pyarrow

    array = taken(array, rows)

    columns: dict[str, object] = {}
    for name in DTYPE.names or ():
        column = np.ascontiguousarray(array[name])
        columns[name] = _texts(column) if column.dtype.kind == "S" else column
    ends = np.concatenate([[0], octets.ends]).astype(np.int32)
    buffers = [None, pyarrow.py_buffer(ends), pyarrow.py_buffer(octets.joined)]
    joined = pyarrow.Array.from_buffers(pyarrow.binary(), len(octets), buffers)
    columns["octets"] = joined.take(pyarrow.array(rows))
    return pyarrow.table(columns)


def _texts(column: npt.NDArray[np.bytes_]) -> pyarrow.Array:
    """ASCII as strings; any other octet becomes a question mark."""
    import pyarrow

    octets = column.view(np.uint8)
    octets[octets > 127] = ord("?")
    return pyarrow.array(column).cast(pyarrow.string())


def _write_file(path: Path, table: pyarrow.Table) -> None:
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(path.parent.parent)
    publish(path, [table])


def publish(path: Path, tables: Iterable[pyarrow.Table]) -> None:
    """Write the tables, one behind the other, to a file that appears whole or not at all.

    Whatever ends the writing leaves at most a file ``….new``, which nobody reads.
    """
    import pyarrow.parquet

    aside = path.with_suffix(f".{os.getpid()}.new")
    try:
        with aside.open("wb") as file, contextlib.ExitStack() as closing:
            writer: pyarrow.parquet.ParquetWriter | None = None
            for table in tables:
                if writer is None:
                    writer = pyarrow.parquet.ParquetWriter(
                        file, table.schema, compression="zstd", use_dictionary=_FEW_VALUES
                    )
                    closing.callback(writer.close)
                writer.write_table(table, row_group_size=ROW_GROUP)
            closing.close()
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names written into ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Source:
    """One file of a day: the stream's messages ``first`` to ``last``."""

    path: Path
    first: int
    last: int
    whole: bool
    revision: int = 0


_NAME: Final = re.compile(
    r"(?P<kind>late-|whole-|)" + STREAM + r"-(\d{12,})-(\d{12,})(?:-r(\d+))?\.parquet"
)


def whole_name(first: int, last: int, revision: int = 0) -> str:
    """The name of a file that takes the place of all others from ``first`` to ``last``."""
    again = f"-r{revision}" if revision else ""
    return f"whole-{STREAM}-{first:012d}-{last:012d}{again}.parquet"


def sources(folder: Path) -> list[Source]:
    """Every finished file of a day's folder, also superseded ones, in the order of their ranges."""
    found = [
        Source(path, int(match[2]), int(match[3]), match["kind"] == "whole-", int(match[4] or 0))
        for path in folder.glob("*.parquet")
        if (match := _NAME.fullmatch(path.name))
    ]
    return sorted(
        found,
        key=lambda one: (one.first, -one.last, not one.whole, -one.revision, one.path.name),
    )


def current(folder: Path) -> list[Source]:
    """The files that count: those that no larger ``whole-`` file has taken the place of."""
    found: list[Source] = []
    reached = 0  # the end of the last whole file; ranges of whole files lie apart or within
    for source in sources(folder):
        if source.last > reached:
            found.append(source)
            reached = source.last if source.whole else reached
    return found


def day(
    data_dir: Path,
    vehicle_id: int,
    start: datetime,
    end: datetime,
    unsealed: Positions | None = None,
) -> list[Point]:
    """The track of a vehicle from ``start`` up to before ``end`` (aware), by time.

    Each report once; rows without device time are not part of a track. Without ``unsealed`` (what
    :mod:`jiaoan.stores.unsealed` reads from the bus) the last half minute may be missing.
    """
    return points_of(columns(data_dir, vehicle_id, start, end, unsealed))


def points_of(found: Columns) -> list[Point]:
    """Columns in the units of people."""
    rows = zip(*(found[name].tolist() for name in _COLUMNS), strict=True)
    return [_point(*row) for row in rows]


def _point(
    vehicle: int,
    time: int,
    received: int,
    lat: int,
    lon: int,
    speed: int,
    direction: int,
    altitude: int,
    alarm: int,
    status: int,
    mileage: int,
    source: int,
) -> Point:
    """A row of :data:`_COLUMNS` in the units of people."""
    far = None if mileage == NO_MILEAGE else mileage / 10
    at = moment_of(time), moment_of(received)
    where = lat / 1e6, lon / 1e6, speed / 10
    return Point(vehicle, *at, *where, direction, altitude, alarm, status, far, source)


Columns = Mapping[str, npt.NDArray[np.generic]]


def columns(
    data_dir: Path,
    vehicle_id: int,
    start: datetime,
    end: datetime,
    unsealed: Positions | None = None,
) -> Columns:
    """The same track as arrays of equal length, named as in ``positions.DTYPE``, by time."""
    first, last = in_ms(start), in_ms(end)

    def chosen(part: Columns) -> npt.NDArray[np.bool_]:
        time = part["time_ms"].astype(np.int64)
        return np.asarray((time >= first) & (time < last))

    return _gather(folders_of(data_dir, start, end), vehicle_id, (first, last), chosen, unsealed)


def said(
    data_dir: Path,
    vehicle_id: int,
    start: datetime,
    end: datetime,
    unsealed: Positions | None = None,
) -> Columns:
    """Everything a vehicle said, also rows whose time cannot be true (:func:`true_times`).

    Those count by their arrival. For who must tell why a track has a gap.
    """
    first, last = in_ms(start), in_ms(end)

    def chosen(part: Columns) -> npt.NDArray[np.bool_]:
        moment = np.where(true_times(part), part["time_ms"], part["received_ms"]).astype(np.int64)
        return np.asarray((moment >= first) & (moment < last))

    return _gather(folders_of(data_dir, start, end), vehicle_id, None, chosen, unsealed)


def true_times(part: Columns | Positions) -> npt.NDArray[np.bool_]:
    """Which rows have a device time that is not ahead of their arrival by :data:`AHEAD_MS`."""
    time, received = part["time_ms"].astype(np.int64), part["received_ms"].astype(np.int64)
    return np.asarray((time >= 0) & (time <= received + AHEAD_MS))


Choice = Callable[[Columns], npt.NDArray[np.bool_]]


def _gather(
    folders: Sequence[Path],
    vehicle: int,
    times: tuple[int, int] | None,
    chosen: Choice,
    unsealed: Positions | None,
) -> Columns:
    fresh = [] if unsealed is None else list(_kept(unsealed, vehicle, chosen))
    while True:
        try:
            parts = [
                part
                for folder in folders
                for source in current(folder)
                for part in _read(source.path, vehicle, times, chosen)
            ]
        except FileNotFoundError:
            continue  # put together with others since the folder was listed: what counts is new
        return once([*parts, *fresh])


def _kept(part: Columns | Positions, vehicle: int, chosen: Choice) -> Iterator[Columns]:
    mine = part["vehicle"] == vehicle
    held = {name: part[name][mine] for name in _COLUMNS}
    rows = np.flatnonzero(chosen(held))
    if len(rows):
        yield {name: array[rows] for name, array in held.items()}


def folders_of(data_dir: Path, start: datetime, end: datetime) -> list[Path]:
    """The folders of the local days from ``start`` to ``end``; they need not be there."""
    return [data_dir / "tracks" / f"day={day}" for day in _days(start, end)]


def _days(start: datetime, end: datetime) -> Iterator[date]:
    today, until = start.astimezone(LOCAL).date(), end.astimezone(LOCAL).date()
    while today <= until:
        yield today
        today += timedelta(days=1)


@dataclass(frozen=True)
class Groups:
    """What a file's footer says, kept: a file never changes once it has its name."""

    metadata: pyarrow.parquet.FileMetaData
    vehicles: npt.NDArray[np.int64]  # (groups, 2): the least and the greatest
    times: npt.NDArray[np.int64]
    lats: npt.NDArray[np.int64]  # microdegrees
    lons: npt.NDArray[np.int64]

    def of(self, low: int, high: int) -> npt.NDArray[np.int64]:
        """Numbers of the row groups that may hold vehicles from ``low`` to ``high``."""
        return np.flatnonzero((self.vehicles[:, 0] <= high) & (self.vehicles[:, 1] >= low))


@lru_cache(maxsize=512)
def groups_of(path: Path) -> Groups:
    import pyarrow.parquet

    metadata = pyarrow.parquet.read_metadata(path)
    names = metadata.schema.names
    places = [names.index(name) for name in ("vehicle", "time_ms", "lat", "lon")]
    bounds = np.empty((len(places), metadata.num_row_groups, 2), np.int64)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for which, place in enumerate(places):
            said = group.column(place).statistics
            bounds[which, number] = said.min, said.max
    return Groups(metadata, *bounds)


def _read(
    path: Path, vehicle: int, times: tuple[int, int] | None, chosen: Choice
) -> Iterator[Columns]:
    """The chosen rows of a vehicle in a file; :class:`FileNotFoundError` where it is gone."""
    import pyarrow.parquet

    groups = groups_of(path)
    wanted = groups.of(vehicle, vehicle)
    if times is not None:
        held = groups.times[wanted]
        wanted = wanted[(held[:, 0] < times[1]) & (held[:, 1] >= times[0])]
    if not len(wanted):
        return
    file = pyarrow.parquet.ParquetFile(path, metadata=groups.metadata, memory_map=True)
    with file:
        table = file.read_row_groups(wanted.tolist(), columns=list(_COLUMNS), use_threads=False)
    yield from _kept({name: table.column(name).to_numpy() for name in _COLUMNS}, vehicle, chosen)


KEY: Final = ("vehicle", "time_ms", "lat", "lon", "alarm", "status")
"""What makes a report the same report (``positions.key_of``)."""


def once(parts: Sequence[Columns], names: Sequence[str] = _COLUMNS) -> Columns:
    """All parts by vehicle and time, each report once, as it came first."""
    if not parts:
        return {name: np.zeros(0, DTYPE[name]) for name in names}
    whole = {name: np.concatenate([part[name] for part in parts]) for name in names}
    if _strictly_behind(whole):
        return whole  # a file put together, as a closed day is: nothing to sort, nothing twice
    order = np.lexsort((whole["received_ms"], *(whole[name] for name in reversed(KEY))))
    order = order[~doubles(whole, order)]
    return {name: array[order] for name, array in whole.items()}


def _strictly_behind(whole: Columns) -> bool:
    """Whether every row lies behind the one before it, by vehicle and then by time."""
    vehicle, time = (whole[name].astype(np.int64, copy=False) for name in ("vehicle", "time_ms"))
    later, same = time[1:] > time[:-1], vehicle[1:] == vehicle[:-1]
    return bool(np.where(same, later, vehicle[1:] > vehicle[:-1]).all())


def doubles(
    whole: Mapping[str, npt.NDArray[np.generic]], order: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which places of ``order`` (sorted by :data:`KEY`) tell the report before them once more."""
    again = np.zeros(len(order), bool)
    if len(order) > 1:
        again[1:] = np.logical_and.reduce(
            [whole[name][order[1:]] == whole[name][order[:-1]] for name in KEY]
        )
    return again


def in_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def moment_of(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
