"""Gaps with their reason, stands, and the way between gaps, at the edges of the figures."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from jiaoan.kernel.clock import at_local
from jiaoan.rules.driving.settings import DEFAULTS
from jiaoan.stores import positions, tracks
from jiaoan.stores.positions import Positions
from jiaoan.tracks import reading
from jiaoan.tracks.reading import Gap, GapReason, Reading

DAY = date(2024, 4, 8)
NOON = at_local(DAY, 12)
FIGURES = DEFAULTS[-1]
NORTH = 9_020  # microdegrees of latitude a kilometre, about


def report(
    second: int, *, km: float = 0.0, kmh: float = 40.0, ignition: bool = True, fixed: bool = True,
    after: float = 0.5,
) -> Positions:  # fmt: skip
    array = positions.empty(1)
    array["vehicle"], array["terminal"], array["speed"] = 7, b"139", round(kmh * 10)
    array["time_ms"] = round((NOON.timestamp() + second) * 1000)
    array["received_ms"] = round((NOON.timestamp() + second + after) * 1000)
    array["lat"], array["lon"] = 29_450_000 + round(km * NORTH), 113_250_000
    array["status"] = (positions.FIXED if fixed else 0) | ignition
    return array


def read(data: Path, *rows: Positions, hours: float = 1) -> Reading:
    tracks.write(data / "tracks", 1, 1, np.concatenate(rows), [b""] * len(rows))
    end = NOON + timedelta(hours=hours)
    return reading.read(tracks.said(data, 7, NOON, end), FIGURES, NOON, end)


def inner(found: Reading) -> list[Gap]:
    return [gap for gap in found.gaps if gap.before and gap.after]


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


@pytest.mark.parametrize(("second", "gaps"), [(300, 0), (301, 1)])
def test_a_gap_is_longer_than_its_figure(tmp_path: Path, second: int, gaps: int) -> None:
    assert len(inner(read(tmp_path, report(0), report(second)))) == gaps


def test_running_and_then_nothing_is_off_line(tmp_path: Path) -> None:
    (gap,) = inner(read(tmp_path, report(0), report(600, km=1)))
    assert (gap.reason, gap.start, gap.end) == (GapReason.OFFLINE, at(0), at(600))
    assert gap.metres == pytest.approx(1000, abs=5)
    assert not gap.displaced


def test_parked_and_then_nothing_is_not_reported(tmp_path: Path) -> None:
    (gap,) = inner(read(tmp_path, report(0, kmh=0, ignition=False), report(600)))
    assert gap.reason is GapReason.NOT_REPORTED


def test_moving_with_the_ignition_said_off_is_off_line(tmp_path: Path) -> None:
    (gap,) = inner(read(tmp_path, report(0, kmh=5, ignition=False), report(600)))
    assert gap.reason is GapReason.OFFLINE


def test_heard_meanwhile_is_not_reported(tmp_path: Path) -> None:
    late = report(30, after=370)  # an old report that came in while the gap lasted
    found = read(tmp_path, report(60), report(700), late)
    assert [gap.reason for gap in inner(found)] == [GapReason.NOT_REPORTED]


@pytest.mark.parametrize("what", ["no fix", "no place", "no time", "time ahead"])
def test_reports_that_say_no_place_are_bad_data(tmp_path: Path, what: str) -> None:
    bad = report(300, fixed=what != "no fix")
    if what == "no place":
        bad["lat"] = bad["lon"] = 0
    if what == "no time":
        bad["time_ms"] = positions.NO_TIME
    if what == "time ahead":
        bad["time_ms"] += 86_400_000
    found = read(tmp_path, report(0), bad, report(600))
    (gap,) = inner(found)
    assert (gap.reason, gap.bad, found.bad) == (GapReason.BAD_DATA, 1, 1)
    assert len(found.points) == 2


@pytest.mark.parametrize(
    ("second", "km", "displaced"),
    [(1800, 2.05, True), (1799, 2.05, False), (1800, 1.95, False), (1800, 100.0, False)],
)
def test_off_line_displacement_is_that_of_the_rule(
    tmp_path: Path, second: int, km: float, displaced: bool
) -> None:
    (gap,) = inner(read(tmp_path, report(0), report(second, km=km)))
    assert gap.displaced is displaced


def test_no_way_is_counted_through_a_gap(tmp_path: Path) -> None:
    found = read(tmp_path, report(0), report(60, km=1), report(600, km=9), report(660, km=10))
    assert found.metres == pytest.approx(2000, abs=10)


def test_the_time_before_the_first_and_behind_the_last_report_is_a_gap(tmp_path: Path) -> None:
    found = read(tmp_path, report(600), report(700))
    first, last = found.gaps
    assert (first.before, first.start, first.end) == (None, NOON, at(600))
    assert (last.after, last.start, last.end) == (None, at(700), NOON + timedelta(hours=1))
    assert (first.metres, last.metres) == (None, None)
    (nothing,) = read(tmp_path / "b", report(-9000)).gaps
    assert (nothing.seconds, nothing.reason) == (3600, GapReason.NOT_REPORTED)


@pytest.mark.parametrize(("seconds", "stands"), [(179, 0), (180, 1)])
def test_a_stand_lasts_as_long_as_its_figure(tmp_path: Path, seconds: int, stands: int) -> None:
    found = read(tmp_path, report(0), *(report(s, kmh=0) for s in (60, 120, 60 + seconds)))
    assert len(found.stands) == stands


def test_a_stand_ends_where_the_vehicle_crept_away_and_at_a_gap(tmp_path: Path) -> None:
    crept = read(tmp_path, *(report(s, kmh=4, km=s / 1000) for s in range(0, 400, 50)))
    assert [stand.seconds for stand in crept.stands] == []
    cut = read(tmp_path / "b", *(report(s, kmh=0) for s in (0, 100, 200, 600, 700, 800)))
    assert [(stand.first.time, stand.last.time) for stand in cut.stands] == [
        (at(0), at(200)),
        (at(600), at(800)),
    ]
