"""``bench/run track-day``: one vehicle's day out of fifty million positions.

5,000 vehicles report every 8.64 seconds of one day. Ours is the day's file as the compaction leaves
it (sorted by vehicle, made by the same writer), asked by :func:`jiaoan.stores.tracks.columns`.
Beside it, vehicle by vehicle in turns: PostgreSQL with the same columns in the order of arrival and
an index over (vehicle, time), warmed, with two gigabytes of shared buffers, asked by a binary COPY,
which is the quickest way to get rows out of it into arrays. Both answer the same arrays, which is
checked for every vehicle asked. Our file is sorted and a table in the order of arrival is not, so
the notes hold PostgreSQL's best case too: a table of the vehicles asked alone, sorted as our file
is, all of it in its buffers.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import psycopg
import pyarrow
from check import postgresql

from bench.result import Impossible, Result, machine, spread
from jiaoan.kernel.clock import at_local
from jiaoan.stores import positions, tracks

DAY: Final = date(2024, 4, 8)
START: Final = at_local(DAY)
START_MS: Final = round(START.timestamp() * 1000)
VEHICLES, REPORTS = 5_000, 10_000
ASKED: Final = 40
COLUMNS: Final = {
    "vehicle": "i8", "time_ms": "i8", "received_ms": "i8", "lat": "i4", "lon": "i4",
    "speed": "i2", "direction": "i2", "altitude": "i2", "alarm": "i8", "status": "i8",
    "mileage": "i8", "source": "i2",
}  # fmt: skip
SQL_TYPES: Final = {"i2": "smallint", "i4": "integer", "i8": "bigint"}
Values = dict[str, npt.NDArray[np.int64]]


def measure(runs: int) -> Result:
    """Milliseconds a vehicle's day; the ratio is that of the medians (below 1: ours is quicker)."""
    return measured(VEHICLES, REPORTS, max(runs, ASKED))


def measured(vehicles: int, reports: int, asked: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="jiaoan-bench-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        began = time.perf_counter()
        _write_ours(folder, vehicles, reports)
        written = time.perf_counter() - began
        try:
            with postgresql.private(folder, shared_buffers="2GB") as url:
                return _compare(folder, url, vehicles, reports, asked, written)
        except postgresql.Missing as missing:
            raise Impossible(str(missing)) from missing


def _compare(
    folder: Path, url: str, vehicles: int, reports: int, asked: int, written: float
) -> Result:
    with psycopg.connect(url, autocommit=True) as connection:
        began = time.perf_counter()
        _load(connection, vehicles, reports)
        loaded = time.perf_counter() - began
        dice = random.Random(20240408)
        wanted = [dice.randrange(vehicles) for _ in range(asked + 5)]
        _sort(connection, wanted)
        ours: list[float] = []
        theirs: list[float] = []
        best: list[float] = []
        for turn, vehicle in enumerate(wanted):
            began = time.perf_counter()
            mine = tracks.columns(folder, vehicle, START, START + timedelta(days=1))
            between = time.perf_counter()
            other = _ask(connection, "position", vehicle)
            ended = time.perf_counter()
            _ask(connection, "position_sorted", vehicle)
            last = time.perf_counter()
            if any((mine[name] != other[name]).any() for name in COLUMNS):
                raise Impossible(f"the two do not agree on vehicle {vehicle}")
            if turn >= 5:  # the first five warm all
                ours.append((between - began) * 1000)
                theirs.append((ended - between) * 1000)
                best.append((last - ended) * 1000)
    notes = {
        "positions": vehicles * reports,
        "rows_each": reports,
        "ours_ms": spread(ours),
        "postgresql_ms": spread(theirs),
        "postgresql_sorted_in_memory_ms": spread(best),
        "times_quicker": round(statistics.median(theirs) / statistics.median(ours), 2),
        "written_s": round(written, 1),
        "loaded_and_indexed_s": round(loaded, 1),
        **machine(),
    }
    what = "PostgreSQL, index (vehicle, time), binary COPY into arrays, by turns"
    return Result("track-day", "ms", ours, statistics.median(theirs), what, notes)


def _values(vehicle: npt.NDArray[np.int64], report: npt.NDArray[np.int64]) -> Values:
    """The same reports for both, from their numbers alone."""
    mixed = (vehicle * 2_654_435_761 + report * 40_503) & 0xFFFF
    moment = START_MS + report * 8640 + vehicle % 8000
    return {
        "vehicle": vehicle,
        "time_ms": moment,
        "received_ms": moment + 700 + mixed % 300,
        "lat": 29_400_000 + mixed * 3,
        "lon": 113_200_000 + mixed * 5,
        "speed": mixed % 900,
        "direction": mixed % 360,
        "altitude": mixed % 200,
        "alarm": mixed % 2,
        "status": mixed * 0 + positions.FIXED,
        "mileage": report * 2 + mixed % 2,
        "source": mixed * 0,
    }


def _write_ours(folder: Path, vehicles: int, reports: int) -> None:
    day = folder / "tracks" / f"day={DAY}"
    day.mkdir(parents=True)
    name = f"whole-{tracks.STREAM}-{1:012d}-{2:012d}.parquet"
    step = max(1, 1_000_000 // reports)
    tracks.publish(day / name, (_table(low, min(low + step, vehicles), reports)
                                for low in range(0, vehicles, step)))  # fmt: skip


def _table(low: int, high: int, reports: int) -> pyarrow.Table:
    vehicle = np.repeat(np.arange(low, high, dtype=np.int64), reports)
    values = _values(vehicle, np.tile(np.arange(reports, dtype=np.int64), high - low))
    array = positions.empty(len(vehicle))
    for column, data in values.items():
        array[column] = data
    columns = {
        name: np.ascontiguousarray(array[name])
        for name in positions.DTYPE.names or ()
        if name != "terminal"
    }
    phone = pyarrow.array(["13900000000"]).dictionary_encode()
    terminal = pyarrow.DictionaryArray.from_arrays(
        np.zeros(len(vehicle), np.int32), phone.dictionary
    )
    return pyarrow.table({**columns, "terminal": terminal.cast(pyarrow.string())})


_ROW: Final = np.dtype(
    [("fields", ">i2")]
    + [
        part
        for name, kind in COLUMNS.items()
        for part in ((f"{name}_size", ">i4"), (name, f">{kind}"))
    ]
)
_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def _load(connection: psycopg.Connection[tuple[object, ...]], vehicles: int, reports: int) -> None:
    """Rows in the order of arrival: report by report, all vehicles."""
    columns = ", ".join(f"{name} {SQL_TYPES[kind]}" for name, kind in COLUMNS.items())
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE UNLOGGED TABLE position ({columns})".encode())
        with cursor.copy(b"COPY position FROM STDIN (FORMAT binary)") as copy:
            copy.write(_HEAD)
            for octets in _arrivals(vehicles, reports):
                copy.write(octets)
            copy.write(b"\xff\xff")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute("CREATE INDEX ON position (vehicle, time_ms)")
        cursor.execute("VACUUM ANALYZE position")


def _sort(connection: psycopg.Connection[tuple[object, ...]], vehicles: list[int]) -> None:
    """The rows of these vehicles once more, in the order in which they are asked for."""
    listed = ", ".join(map(str, sorted(set(vehicles))))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE UNLOGGED TABLE position_sorted AS SELECT * FROM position"
            f" WHERE vehicle IN ({listed}) ORDER BY vehicle, time_ms".encode()
        )
        cursor.execute("CREATE INDEX ON position_sorted (vehicle, time_ms)")
        cursor.execute("VACUUM ANALYZE position_sorted")


def _arrivals(vehicles: int, reports: int) -> Iterator[bytes]:
    step = max(1, 500_000 // vehicles)
    for low in range(0, reports, step):
        report = np.repeat(np.arange(low, min(low + step, reports), dtype=np.int64), vehicles)
        vehicle = np.tile(np.arange(vehicles, dtype=np.int64), len(report) // vehicles)
        rows = np.empty(len(report), _ROW)
        rows["fields"] = len(COLUMNS)
        for name, data in _values(vehicle, report).items():
            rows[f"{name}_size"] = int(COLUMNS[name][1:])
            rows[name] = data
        yield rows.tobytes()


def _ask(
    connection: psycopg.Connection[tuple[object, ...]], table: str, vehicle: int
) -> npt.NDArray[np.void]:
    end_ms = START_MS + 86_400_000
    question = (
        f"COPY (SELECT {', '.join(COLUMNS)} FROM {table} WHERE vehicle = {vehicle} AND "
        f"time_ms >= {START_MS} AND time_ms < {end_ms} ORDER BY time_ms) TO STDOUT (FORMAT binary)"
    )
    with connection.cursor() as cursor, cursor.copy(question.encode()) as copy:
        octets = b"".join(copy)
    return np.frombuffer(octets[len(_HEAD) : -2], _ROW)
