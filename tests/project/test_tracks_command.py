"""``jiaoan tracks``: a day, a region, an export and the retention from the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from pytest_django import Settings

from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import FixedClock, at_local
from jiaoan.project import cli, tracks
from jiaoan.project.refusal import Refusal
from jiaoan.registry.models import Place, Vehicle
from portal.matrix import World
from track_world import DAY, a_day, write

BOX = ["--box", "113.2,29.4,113.3,29.5"]
TIME = ["--from", "2024-06-05T08:00", "--to", "2024-06-05T09:30"]
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[113.2, 29.4], [113.3, 29.4], [113.3, 29.5], [113.2, 29.5], [113.2, 29.4]]],
}


@pytest.fixture
def vehicle(
    db: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Vehicle:
    settings.DATA_DIR = tmp_path
    settings.BUS_URL = "nats://127.0.0.1:9"
    clock = FixedClock(at_local(DAY, 20))
    monkeypatch.setattr(tracks, "clock_from_environment", lambda: clock)
    monkeypatch.setattr(cli, "prepare_django", lambda _data: None)
    found = World().vehicle()
    write(tmp_path, a_day(found.pk))
    return found


def run(*words: str) -> int:
    return tracks.main([*words])


def test_a_day_is_told_line_by_line(vehicle: Vehicle, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("day", "湘F·32718", "--day", "2024-06-05") == 0
    said = capsys.readouterr()
    kinds = [line.split("\t")[2] for line in said.out.splitlines()]
    assert kinds == [
        "gap not-reported", "stand", "over", "gap offline", "gap bad-data", "gap offline",
    ]  # fmt: skip
    assert "08:29:50\t09:10:00\tgap offline" in said.out
    assert "250 positions, 4 bad reports" in said.err
    assert "may be missing: no-bus" in said.err
    assert run("day", "湘F32718", "--json") == 0
    assert json.loads(capsys.readouterr().out)["type"] == "FeatureCollection"


def test_a_day_is_exported_whole_or_not_at_all(vehicle: Vehicle, tmp_path: Path) -> None:
    out = tmp_path / "day.csv"
    assert run("export", "湘F32718", "--out", str(out)) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert len(rows) == 254
    for form in ("parquet", "geojson"):
        made = tmp_path / f"day.{form}"
        assert run("export", "湘F32718", "--format", form, "--out", str(made)) == 0
        assert made.stat().st_size > 1000
    with pytest.raises(Refusal, match="cannot be written"):
        run("export", "湘F32718", "--out", str(tmp_path / "nowhere" / "day.csv"))
    assert [path.name for path in tmp_path.glob("*.new")] == []


@pytest.mark.parametrize("where", [BOX, ["--place", "示意园区"]])
def test_a_region_is_exported(
    vehicle: Vehicle, tmp_path: Path, where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Place.objects.create(name="示意园区", kind="park", geometry=SQUARE)
    out = tmp_path / "region.csv"
    assert run("region", *where, *TIME, "--out", str(out)) == 0
    (row,) = csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig")))
    assert row["plate"] == vehicle.plate
    assert "vehicles: 1, stays: 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["day", "湘F99999"], "no such vehicle"),
        (["day", "not a plate"], "not a plate"),
        (["day", "湘F32718", "--day", "2024-06-06"], "has not begun"),
        (["day", "湘F32718", "--day", "1800-01-01"], "before any record"),
        (["region", "--box", "1,2,3", *TIME], "four numbers"),
        (["region", "--place", "无此地", *TIME], "no such place"),
        (["region", *BOX, "--from", "2024-06-05T08:00", "--to", "2024-06-04T08:00"], "behind"),
        (["region", *BOX, "--from", "2024-06-05T08:00", "--to", "2024-07-05T08:00"], "7 days"),
    ],
)
def test_a_bad_question_is_refused_with_a_sentence(
    vehicle: Vehicle, words: list[str], said: str
) -> None:
    with pytest.raises(Refusal, match=said):
        run(*words)


@pytest.mark.parametrize("words", [["day", "x", "--day", "5.6."], ["region", *BOX, "--from", "x"]])
def test_wrong_words_end_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 2


def test_retention_says_first_and_does_then(
    vehicle: Vehicle,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Vehicle.objects.filter(pk=vehicle.pk).update(kind="truck")
    later = FixedClock(at_local(DAY.replace(year=2025), 4))
    monkeypatch.setattr(tracks, "clock_from_environment", lambda: later)
    assert run("retain", "--dry-run") == 0
    said = capsys.readouterr()
    assert said.out == "2024-06-05\tto remove: 1\theld: 0\n"
    assert "hazmat\t12 个月（未核实）" in said.err
    assert list(tmp_path.rglob("*.parquet"))
    assert run("retain") == 0
    assert capsys.readouterr().out == "2024-06-05\tremoved: 1, rows: 254\n"
    assert not list(tmp_path.rglob("*.parquet"))
    assert Fact.objects.filter(kind="tracks.retained").count() == 1
