"""./run and ./test on a machine that lacks something: one sentence, no half-made thing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import polib
import pytest

from jiaoan.project.setup import packages, steps, translations
from jiaoan.project.setup.__main__ import command_for
from jiaoan.project.setup.steps import ROOT, SetupError, Stamps

OTHER_TOOLS = ("dirname",)


def shell(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``./run`` of a folder that has nothing but the two shell files."""
    (folder / "check").mkdir()
    shutil.copy(ROOT / "run", folder / "run")
    shutil.copy(ROOT / "check" / "python.sh", folder / "check" / "python.sh")
    return subprocess.run(
        [str(folder / "run")], env=environment, capture_output=True, text=True, check=False
    )


def bare_path(folder: Path) -> Path:
    """A PATH with the shell's own tools and no Python."""
    folder.mkdir()
    for name in OTHER_TOOLS:
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder


def test_it_says_which_python_it_needs_when_there_is_none(tmp_path: Path) -> None:
    said = shell(tmp_path, PATH=str(bare_path(tmp_path / "bin")))
    assert said.returncode == 2
    assert said.stderr.count("\n") == 1
    assert "Python 3.11, 3.12, 3.13 or 3.14" in said.stderr


def test_it_passes_over_a_python_that_is_too_old(tmp_path: Path) -> None:
    bin_folder = bare_path(tmp_path / "bin")
    old = bin_folder / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what the version question answers on 3.9
    old.chmod(0o755)
    said = shell(tmp_path, PATH=str(bin_folder))
    assert said.returncode == 2
    assert "found none" in said.stderr


def test_it_refuses_a_named_python_that_is_too_old(tmp_path: Path) -> None:
    said = shell(tmp_path, PATH=os.environ["PATH"], PYTHON="false")
    assert said.returncode == 2
    assert "PYTHON=false is not a Python 3.11" in said.stderr


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_it_names_a_missing_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(packages, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(packages, "PYTHON", tmp_path / ".venv/bin/python")
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else real(name)
    )
    with pytest.raises(SetupError, match=f"without its module {missing}: install it"):
        packages.make_environment(Stamps(tmp_path / "stamps.json"))
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("Temporary failure in name resolution", "needs a network"),
        ("npm error code ENOTFOUND", "needs a network"),
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("npm error code ENOSPC", "disk is full"),
        ("something odd", "var/log/setup.log"),
    ],
)
def test_it_reads_the_reason_from_what_a_tool_says(output: str, sentence: str) -> None:
    said = str(steps.refuse_from("installing packages", output))
    assert said.startswith("installing packages")
    assert sentence in said
    assert "\n" not in said


def test_it_does_a_step_once_for_each_input(tmp_path: Path) -> None:
    path = tmp_path / "stamps.json"
    stamps = Stamps(path)
    assert not stamps.fresh("base", "a")
    stamps.put("base", "a")
    assert Stamps(path).fresh("base", "a")
    assert not Stamps(path).fresh("base", "b")
    path.write_text('{"base"')  # a power cut
    assert not Stamps(path).fresh("base", "a")


def test_it_feels_every_change_of_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    file = tmp_path / "a"
    seen = [steps.digest([file])]
    for text in ("", "x", "y"):
        file.write_text(text)
        seen.append(steps.digest([file]))
    seen.append(steps.digest([file], "dev"))
    assert len(set(seen)) == len(seen)


def test_it_becomes_the_right_command() -> None:
    assert command_for("run", ["--port", "9"])[-3:] == ["up", "--port", "9"]
    checked = command_for("run", ["--check", "--notice", "n.txt"])
    assert checked[1].endswith("check/run.py")
    assert checked[2:] == ["--notice", "n.txt"]
    assert command_for("test", ["--fast"])[1].endswith("check/stages.py")


def entry(path: Path, sentence: str, chinese: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'msgid "{sentence}"\nmsgstr "{chinese}"\n', encoding="utf-8")


def test_it_merges_every_room_s_sentences(tmp_path: Path) -> None:
    entry(tmp_path / "parts" / "a.po", "Duty ledger", "任务台账")
    entry(tmp_path / "parts" / "b.po", "Alarm", "报警")
    assert translations.compile_all(tmp_path) == 2
    made = polib.mofile(str(tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.mo"))
    assert {item.msgid: item.msgstr for item in made} == {
        "Duty ledger": "任务台账",
        "Alarm": "报警",
    }


def test_it_refuses_two_translations_of_one_sentence(tmp_path: Path) -> None:
    entry(tmp_path / "parts" / "a.po", "Closing", "销号")
    entry(tmp_path / "parts" / "b.po", "Closing", "闭环")
    with pytest.raises(SetupError, match=r"“Closing” .* a\.po and b\.po"):
        translations.compile_all(tmp_path)


def test_it_records_no_address_of_a_registry() -> None:
    for path in [*(ROOT / "requirements").glob("*"), ROOT / "frontend" / "package-lock.json"]:
        text = path.read_text()
        assert '"resolved"' not in text, path.name
        assert "--index-url" not in text, path.name
        if path.suffix in (".txt", ".in"):
            assert "://" not in text, path.name
