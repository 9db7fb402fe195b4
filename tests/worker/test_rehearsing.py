"""The worker starts a rehearsal in a process of its own; the command does the same by hand."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus_server import BusServer
from worker.test_process import Installation

pytest_plugins = ["bus_fixture"]
pytestmark = [pytest.mark.socket, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
STATE = "SELECT count(*) FROM watch_rehearsal WHERE state = '{}'"


@pytest.fixture
def installed(tmp_path: Path, bus_server: BusServer) -> Iterator[Installation]:
    made = Installation(tmp_path / "installation", bus_server.url)
    made.environment["PYTHONPATH"] += f":{ROOT / 'tests'}"
    yield made
    made.stop()


def ask(installed: Installation) -> None:
    installed.run("tests/worker/rehearsed.py", "waits")


def test_the_worker_runs_what_waits_and_goes_on_with_its_work(installed: Installation) -> None:
    ask(installed)
    installed.start()
    installed.wait(STATE.format("done"), 1)
    assert installed.count("SELECT count(*) FROM watch_rehearsalfinding WHERE outcome='new'") == 2
    assert installed.count("SELECT done FROM watch_rehearsal") > 2
    assert installed.stop() < 5


def test_a_worker_that_was_killed_leaves_a_broken_one_that_can_begin_anew(
    installed: Installation,
) -> None:
    ask(installed)
    installed.run("tests/worker/rehearsed.py", "stuck")
    installed.start()
    installed.wait(STATE.format("broken"), 1)
    installed.wait(STATE.format("done"), 1)


def command(installed: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jiaoan.project.cli", "rehearse", *words],
        env=installed.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_says_the_same_as_json_and_refuses_with_a_sentence(
    installed: Installation,
) -> None:
    ask(installed)
    days = ("--from", "2024-04-07", "--to", "2024-04-07")
    done = command(installed, "rule", "driving.overspeed", "--set", "over_s=10", *days, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["new"], said["gone"], said["same"]) == (2, 0, 1)
    assert {one["outcome"] for one in said["findings"]} == {"new", "same"}
    assert all(one["zh"] and one["plate"] for one in said["findings"])
    for words, sentence in (
        (("rule", "driving.clocks", *days), "cannot be rehearsed"),
        (("rule", "driving.overspeed", "--set", "over_s=x", *days), "over_s"),
        (("rule", "driving.overspeed", "--set", "stay_s=3", *days), "it knows over_s"),
        (("rule", "driving.overspeed", "--plate", "湘A0", *days), "no such vehicles"),
        (("place", "77", *days), "no place 77"),
        (("place", secrets.token_hex(4) + ".json", *days), "is no file"),
        (("run", "99", "1"), "does not run"),
    ):
        refused = command(installed, *words)
        assert refused.returncode == 1, words
        assert sentence in refused.stderr
        assert "Traceback" not in refused.stderr
