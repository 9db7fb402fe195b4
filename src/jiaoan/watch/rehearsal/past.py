"""A vehicle's past as the rules take it: rows of ``stores.positions.DTYPE`` from the track files.

Serial, datum and the coordinates as sent are not read: no rule looks at them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from jiaoan.kernel.clock import LOCAL
from jiaoan.stores import tracks
from jiaoan.stores.positions import DTYPE, Positions

COLUMNS: Final = (
    "vehicle", "terminal", "time_ms", "received_ms", "lat", "lon", "speed", "direction",
    "altitude", "alarm", "status", "mileage", "source",
)  # fmt: skip


def track(data_dir: Path, vehicle: int, first_ms: int, last_ms: int) -> Positions:
    """Rows with device times from ``first_ms`` up to before ``last_ms``, doubles too, unsorted.

    What the stream has not put into files yet (half a minute) is not in it.
    """
    folders = [data_dir / "tracks" / f"day={day}" for day in _days(first_ms, last_ms)]
    while True:
        try:
            parts = [
                part
                for folder in folders
                for source in tracks.current(folder)
                for part in _read(source.path, vehicle, first_ms, last_ms)
            ]
        except FileNotFoundError:
            continue  # put together with others since the folder was listed: what counts is new
        return np.concatenate([np.zeros(0, DTYPE), *parts])


def _days(first_ms: int, last_ms: int) -> Iterator[str]:
    day = datetime.fromtimestamp(first_ms / 1000, UTC).astimezone(LOCAL).date()
    last = datetime.fromtimestamp((last_ms - 1) / 1000, UTC).astimezone(LOCAL).date()
    while day <= last:
        yield day.isoformat()
        day += timedelta(days=1)


def _read(path: Path, vehicle: int, first_ms: int, last_ms: int) -> Iterator[Positions]:
    import pyarrow.parquet

    groups = tracks.groups_of(path)
    wanted = groups.of(vehicle, vehicle)
    wanted = wanted[(groups.times[wanted, 0] < last_ms) & (groups.times[wanted, 1] >= first_ms)]
    if not len(wanted):
        return
    with pyarrow.parquet.ParquetFile(path, metadata=groups.metadata, memory_map=True) as file:
        table = file.read_row_groups(wanted.tolist(), columns=list(COLUMNS), use_threads=False)
    times = table.column("time_ms").to_numpy()
    mine = (table.column("vehicle").to_numpy() == vehicle) & (times >= first_ms) & (times < last_ms)
    rows = np.flatnonzero(mine)
    table = table.take(rows)
    array = np.zeros(len(rows), DTYPE)
    for name in COLUMNS:
        column = table.column(name)
        array[name] = (
            [text.encode() for text in column.to_pylist()]
            if name == "terminal"
            else column.to_numpy()
        )
    yield array
