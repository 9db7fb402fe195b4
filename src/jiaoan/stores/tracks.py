"""Tracks: positions by local day in Parquet, written once and read by vehicle.

``tracks/day=YYYY-MM-DD/POSITIONS-<first>-<last>.parquet`` holds what the stream's messages
``first`` to ``last`` say of that day; rows that arrived on a later day than they tell of stand in
``late-POSITIONS-…`` files beside them. A file appears whole or not at all (written aside, synced,
renamed, folder synced), and the same range writes the same name. Doubles (the same report live
and in 0x0704) stay in the files and are removed by readers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from jiaoan.kernel.clock import LOCAL
from jiaoan.stores.positions import DTYPE, FIXED, Positions

if TYPE_CHECKING:
    import pyarrow

STREAM: Final = "POSITIONS"
AHEAD_MS: Final = 600_000
DAY_MS: Final = 86_400_000
LOCAL_MS: Final = 8 * 3_600_000
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
    time, received = array["time_ms"], array["received_ms"]
    sane = (time >= 0) & (time <= received + AHEAD_MS)
    days: np.ndarray[tuple[int], np.dtype[np.int64]] = (
        np.where(sane, time, received) + LOCAL_MS
    ) // DAY_MS
    return days


def write(root: Path, first: int, last: int, array: Positions, octets: Sequence[bytes]) -> int:
    """Write the rows of stream messages ``first`` to ``last``; answers how many files are new.

    Files of this range that stand already are whole, and left alone.
    """
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
                _write_file(path, _table(array[rows], [octets[row] for row in rows.tolist()]))
                new += 1
    return new


def _table(array: Positions, octets: Sequence[bytes]) -> pyarrow.Table:
    import pyarrow

    columns: dict[str, object] = {}
    for name in DTYPE.names or ():
        column = np.ascontiguousarray(array[name])
        columns[name] = (
            [bytes(each).decode("ascii", "replace") for each in column]
            if column.dtype.kind == "S"
            else column
        )
    columns["octets"] = pyarrow.array(octets, pyarrow.binary())
    return pyarrow.table(columns)


def _write_file(path: Path, table: pyarrow.Table) -> None:
    import pyarrow.parquet

    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(path.parent.parent)
    aside = path.with_suffix(".new")
    with aside.open("wb") as file:
        pyarrow.parquet.write_table(table, file, compression="zstd", row_group_size=8192)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names written into ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def day(data_dir: Path, vehicle_id: int, start: datetime, end: datetime) -> list[Point]:
    """The sealed track of a vehicle from ``start`` up to before ``end`` (aware), by time.

    Each report once; rows without device time are not part of a track. Positions of the last
    half minute may not be sealed yet: they are on the bus.
    """
    first, last = _ms(start), _ms(end)
    rows: dict[tuple[int, ...], Point] = {}
    for path in _files(data_dir / "tracks", start, end):
        for point, key in _read(path, vehicle_id, first, last):
            rows.setdefault(key, point)
    return [rows[key] for key in sorted(rows)]


def _files(root: Path, start: datetime, end: datetime) -> Iterator[Path]:
    today, until = start.astimezone(LOCAL).date(), end.astimezone(LOCAL).date()
    while today <= until:
        yield from sorted((root / f"day={today}").glob("*.parquet"))
        today += timedelta(days=1)


def _read(
    path: Path, vehicle: int, first: int, last: int
) -> Iterator[tuple[Point, tuple[int, ...]]]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(
        path,
        columns=list(_COLUMNS),
        filters=[("vehicle", "=", vehicle), ("time_ms", ">=", first), ("time_ms", "<", last)],
        partitioning=None,
    )
    for row in zip(*(table.column(name).to_pylist() for name in _COLUMNS), strict=True):
        _, time, received, lat, lon, speed, direction, altitude, alarm, status, far, source = row
        point = Point(
            vehicle=vehicle,
            time=_moment(time),
            received=_moment(received),
            lat=lat / 1e6,
            lon=lon / 1e6,
            speed_kmh=speed / 10,
            direction=direction,
            altitude=altitude,
            alarm=alarm,
            status=status,
            mileage_km=None if far == 0xFFFFFFFF else far / 10,
            source=source,
        )
        yield point, (time, lat, lon, alarm, status)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
