"""The speed curve of an alarm: from the sealed track and the record, silences as gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from jiaoan.portal.watch.sketch import Sketch, SketchPoint
from jiaoan.portal.watch.speed import HEIGHT, WIDTH, speed_curve
from jiaoan.stores import positions, tracks

AT = datetime(2024, 4, 7, 22, 40, tzinfo=UTC)  # 06:40 local


def recorded(*seconds: int, kmh: float = 40.0) -> Sketch:
    points = (
        SketchPoint(number, 0, 0, AT + timedelta(seconds=second), kmh, None, hit=False)
        for number, second in enumerate(seconds, start=1)
    )
    return Sketch(tuple(points), 0, 0, 50.0)


def driven(data: Path, *minutes: float, kmh: int = 60) -> None:
    """Seal a track of vehicle 7: one report at each of these minutes from the alarm."""
    array = positions.empty(len(minutes))
    for row, minute in zip(array, minutes, strict=True):
        row["vehicle"], row["terminal"], row["status"] = 7, "13900000007", positions.FIXED
        row["time_ms"] = row["received_ms"] = round((AT.timestamp() + minute * 60) * 1000)
        row["lat"], row["lon"], row["speed"] = 29_489_500, 113_176_600, kmh * 10
    tracks.write(data / "tracks", 1, 1, array, [b""] * len(array))


def test_it_joins_track_and_record_and_marks_the_alarm(tmp_path: Path) -> None:
    driven(tmp_path, -20, -18, -16, -14)
    curve = speed_curve(tmp_path, 7, AT, recorded(-4, -3, -2, -1, 0))
    assert curve is not None
    assert curve.begins == AT - timedelta(minutes=20)
    assert curve.at_alarm_kmh == 40.0
    assert 0 < curve.now < WIDTH
    assert len(curve.lines) == 2, "fourteen minutes of silence are a gap"
    assert curve.lines[0].startswith(f"M0.0 {HEIGHT * (1 - 60 / 80):.1f}")


def test_a_single_report_between_silences_is_a_dot_without_area(tmp_path: Path) -> None:
    driven(tmp_path, -25, -12)
    curve = speed_curve(tmp_path, 7, AT, recorded(-1, 0))
    assert curve is not None
    assert [line.endswith("h0") for line in curve.lines] == [True, True, False]
    assert len(curve.areas) == 1


def test_other_vehicles_and_reports_without_fix_are_left_out(tmp_path: Path) -> None:
    driven(tmp_path, -10, -9, -8)
    assert speed_curve(tmp_path, 8, AT, None) is None
    assert speed_curve(tmp_path, 7, AT + timedelta(days=1), None) is None


def test_the_scale_grows_with_the_fastest_report(tmp_path: Path) -> None:
    driven(tmp_path, -3, -2, kmh=131)
    curve = speed_curve(tmp_path, 7, AT, None)
    assert curve is not None
    assert max(kmh for _, kmh in curve.grid) == 120
    assert min(y for y, _ in curve.grid) > 0


def test_the_figure_of_the_day_says_what_a_gap_is(tmp_path: Path) -> None:
    driven(tmp_path, -20, -16, -12)
    for minutes, stretches in ((3, 3), (4, 1)):
        curve = speed_curve(tmp_path, 7, AT, None, silence=timedelta(minutes=minutes))
        assert curve is not None
        assert len(curve.lines) == stretches
    by_rule = speed_curve(tmp_path, 7, AT, None)
    assert by_rule is not None
    assert len(by_rule.lines) == 1, "five minutes, as the rules have it"
