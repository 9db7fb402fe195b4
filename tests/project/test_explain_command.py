"""``jiaoan explain``: 0 equal, 1 differs, 2 cannot be said; the file alone is enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hazmat.factory import World, make_world
from jiaoan.project import cli, explaining
from jiaoan.watch.models import Finding
from watch.test_explaining import FAST, drive, told_by


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def finding(world: World, tmp_path: Path) -> Finding:
    return told_by(world, drive(world, tmp_path, FAST), "driving.overspeed")


def alone(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command on a machine that knows nothing of an installation."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JIAOAN", "DJANGO"))
    }
    return subprocess.run(
        [sys.executable, "-m", "jiaoan.project.cli", "explain", *words],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.django_db
def test_an_outsider_recomputes_the_file_without_database(
    finding: Finding, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evidence.json"
    assert explaining.from_data(finding.key, tmp_path, None, as_json=False, export=file) == 0
    assert "equal" in capsys.readouterr().out
    done = alone(tmp_path, "--from", str(file), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["equal"], said["id"], said["differences"]) == (True, finding.key, [])
    assert "超速" in said["zh"]


@pytest.mark.django_db
def test_the_end_of_a_finding_names_it_too(finding: Finding, tmp_path: Path) -> None:
    assert explaining.from_data(finding.end_key, tmp_path, None, as_json=True, export=None) == 0


@pytest.mark.django_db
def test_a_file_that_was_changed_differs_by_field(
    finding: Finding, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evidence.json"
    explaining.from_data(finding.key, tmp_path, None, as_json=True, export=file)
    evidence = json.loads(file.read_text())
    evidence["positions"]["rows"][8][4] = 990
    file.write_text(json.dumps(evidence))
    capsys.readouterr()
    assert cli.main(["explain", "--from", str(file)]) == 1
    assert "values.peak_speed: told 860, judged again 990" in capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize("id", ["x", "0" * 32])
def test_an_unknown_finding_cannot_be_explained(
    id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explaining.from_data(id, tmp_path, None, as_json=False, export=None) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.django_db
def test_a_bus_that_does_not_answer_leaves_the_sealed_tracks(
    finding: Finding, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bus = "nats://127.0.0.1:9"
    assert explaining.from_data(finding.key, tmp_path, bus, as_json=False, export=None) == 0
    assert "only sealed tracks" in capsys.readouterr().err


def test_wrong_words_and_files_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.json").write_text("{}")
    for words in (
        ["explain"],
        ["explain", "0" * 32, "--from", "x"],
        ["explain", "--from", str(tmp_path / "none.json")],
        ["explain", "--from", str(tmp_path / "bad.json")],
    ):
        assert cli.main(words) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_directory_without_installation_is_one_sentence(tmp_path: Path) -> None:
    done = alone(tmp_path, "0" * 32, "--data", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
