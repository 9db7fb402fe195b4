from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet
import pytest

from jiaoan.kernel.clock import at_local
from jiaoan.stores import positions, tracks
from jiaoan.stores.positions import Positions

NOON = at_local(datetime(2024, 4, 8, tzinfo=UTC).date(), 12)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def rows(*moments: datetime, vehicle: int = 7, received: datetime | None = None) -> Positions:
    array = positions.empty(len(moments))
    array["vehicle"], array["terminal"], array["status"] = vehicle, b"13900000007", 3
    array["lat"], array["lon"] = 29_450_000, 113_250_000
    array["speed"], array["altitude"] = 455, -3
    for row, moment in zip(array, moments, strict=True):
        row["time_ms"] = ms(moment)
        row["received_ms"] = ms(received or moment)
    return array


def write(root: Path, first: int, last: int, array: Positions) -> int:
    return tracks.write(root / "tracks", first, last, array, [b"\x02\x00"] * len(array))


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root / "tracks")) for path in root.rglob("*.parquet"))


def whole_day(root: Path, vehicle: int = 7) -> list[tracks.Point]:
    return tracks.day(root, vehicle, NOON - timedelta(hours=12), NOON + timedelta(hours=12))


def test_it_gives_a_vehicles_points_back_by_time(tmp_path: Path) -> None:
    array = rows(NOON + timedelta(minutes=2), NOON)
    array["mileage"][1] = 12345
    write(tmp_path, 1, 9, array)
    write(tmp_path, 10, 12, rows(NOON + timedelta(minutes=1)))
    write(tmp_path, 13, 13, rows(NOON, vehicle=8))
    points = whole_day(tmp_path)
    assert [point.time for point in points] == [NOON + timedelta(minutes=n) for n in range(3)]
    first = points[0]
    assert (first.lat, first.lon, first.speed_kmh, first.altitude) == (29.45, 113.25, 45.5, -3)
    assert (first.mileage_km, points[1].mileage_km) == (1234.5, None)
    assert first.fixed
    assert tracks.day(tmp_path, 7, NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)) == [
        points[1]
    ]
    assert tracks.day(tmp_path, 9, NOON - timedelta(days=3), NOON) == []


def test_it_cuts_days_at_local_midnight_and_keeps_late_rows_apart(tmp_path: Path) -> None:
    midnight = NOON + timedelta(hours=12)
    second = timedelta(seconds=1)
    write(tmp_path, 1, 2, rows(midnight - second, midnight, received=midnight + 5 * second))
    assert names(tmp_path) == [
        "day=2024-04-08/late-POSITIONS-000000000001-000000000002.parquet",
        "day=2024-04-09/POSITIONS-000000000001-000000000002.parquet",
    ]
    both = tracks.day(tmp_path, 7, midnight - second, midnight + second)
    assert [point.time for point in both] == [midnight - second, midnight]


def test_it_files_rows_without_a_true_time_by_their_arrival(tmp_path: Path) -> None:
    array = rows(NOON, NOON, received=NOON)
    array["time_ms"][0] = positions.NO_TIME
    array["time_ms"][1] = ms(NOON + timedelta(days=400))
    write(tmp_path, 1, 2, array)
    assert names(tmp_path) == ["day=2024-04-08/POSITIONS-000000000001-000000000002.parquet"]
    assert whole_day(tmp_path) == []


def test_it_tells_a_report_that_came_twice_once(tmp_path: Path) -> None:
    live, again = rows(NOON), rows(NOON)
    again["source"], again["serial"] = positions.BACKFILL, 99
    other = rows(NOON)
    other["alarm"] = 1
    write(tmp_path, 1, 1, live)
    write(tmp_path, 2, 2, again)
    write(tmp_path, 3, 3, other)
    assert [point.alarm for point in whole_day(tmp_path)] == [0, 1]


def test_the_same_range_writes_the_same_name_and_leaves_a_whole_file_alone(tmp_path: Path) -> None:
    assert write(tmp_path, 1, 5, rows(NOON)) == 1
    (path,) = tmp_path.rglob("*.parquet")
    before = path.stat().st_mtime_ns
    assert write(tmp_path, 1, 5, rows(NOON)) == 0
    assert path.stat().st_mtime_ns == before


def test_it_keeps_what_the_terminal_said(tmp_path: Path) -> None:
    array = rows(NOON)
    tracks.write(tmp_path / "tracks", 1, 1, array, [b"\x00\xff\x7e"])
    (path,) = tmp_path.rglob("*.parquet")
    table = pyarrow.parquet.read_table(path, partitioning=None)
    assert table.column("octets").to_pylist() == [b"\x00\xff\x7e"]
    assert table.column("terminal").to_pylist() == ["13900000007"]
    assert set(positions.DTYPE.names or ()) < set(table.column_names)


def test_a_file_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    real = os.fsync
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, 1, 1, rows(NOON))
    assert names(tmp_path) == []
    assert whole_day(tmp_path) == []
    monkeypatch.setattr(os, "fsync", real)
    assert write(tmp_path, 1, 1, rows(NOON)) == 1
    assert len(whole_day(tmp_path)) == 1
