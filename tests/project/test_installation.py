"""A data directory is one kind of data, has a secret of its own, and one user at a time."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from jiaoan.project.installation import Installation, Kind
from jiaoan.project.refusal import Refusal


def test_it_invents_a_secret_nobody_else_can_read(tmp_path: Path) -> None:
    secrets = set()
    for name in ("one", "two"):
        made = Installation(tmp_path / name)
        made.make(Kind.DEMO)
        kept = tmp_path / name / "secret"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
        assert len(kept.read_text().strip()) >= 60
        secrets.add(kept.read_text())
    assert len(secrets) == 2


def test_it_refuses_a_directory_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    with pytest.raises(Refusal, match="holds files of something else"):
        Installation(tmp_path).make(Kind.REAL)
    assert not (tmp_path / "secret").exists()


def test_it_refuses_a_file_in_the_place_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(Refusal, match="is a file"):
        Installation(tmp_path / "data").make(Kind.DEMO)


def test_it_leaves_nothing_in_a_directory_that_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    wrong = {tmp_path: "something else", tmp_path / "letter.txt" / "d": "letter.txt is a file"}
    for folder, sentence in wrong.items():
        with pytest.raises(Refusal, match=sentence), Installation(folder).held():
            pytest.fail("it was held")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_it_does_not_guess_the_kind_of_a_damaged_directory(tmp_path: Path) -> None:
    made = Installation(tmp_path / "d")
    made.make(Kind.REAL)
    assert made.kind is Kind.REAL
    (tmp_path / "d" / "installation.json").write_text('{"ki')
    with pytest.raises(Refusal, match="cannot be read"):
        _ = made.kind


def test_it_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from jiaoan.project.installation import Installation\n"
        "with Installation(Path(sys.argv[1])).held(): print('held', flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with (
        pytest.raises(Refusal, match=f"in use by process {other.pid}"),
        Installation(tmp_path).held(),
    ):
        pass
    other.communicate("\n", timeout=5)
    with Installation(tmp_path).held():  # free again
        pass


def test_it_does_a_step_again_when_its_input_changed_or_its_notes_are_torn(tmp_path: Path) -> None:
    made = Installation(tmp_path / "d")
    made.make(Kind.DEMO)
    assert not made.done("migrate", "a")
    made.remember("migrate", "a")
    made.remember("demo", "b")
    assert made.done("migrate", "a")
    assert made.done("demo", "b")
    assert not made.done("migrate", "other")
    notes = tmp_path / "d" / "steps.json"
    assert set(json.loads(notes.read_text())) == {"migrate", "demo"}
    notes.write_text("{")
    assert not made.done("migrate", "a")
