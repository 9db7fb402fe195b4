"""A set-up or a start that is ended before it is ready leaves no process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from jiaoan.project.installation import Installation
from jiaoan.project.system import _Renewal

CHILD = """import os, sys, time
from pathlib import Path
Path(sys.argv[1] + ".part").write_text(str(os.getpid()))
Path(sys.argv[1] + ".part").replace(sys.argv[1])
time.sleep(60)"""
SETUP = """import sys
from pathlib import Path
from jiaoan.project.interrupts import ended_by_sigterm
from jiaoan.project.setup import steps
steps.LOG = Path(sys.argv[1] + ".log")
with ended_by_sigterm():
    steps.run("packages", [sys.executable, "-c", sys.argv[2], sys.argv[1]])"""
START = """import os, sys
from jiaoan.project import system
from jiaoan.project.interrupts import ended_by_sigterm
system._COMMAND = (sys.executable, "-c", sys.argv[2])
with ended_by_sigterm():
    system._step("database", [sys.argv[1]], dict(os.environ))"""


def pid_in(path: Path) -> int:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, "it never started"
        time.sleep(0.02)
    return int(path.read_text())


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("program", [SETUP, START], ids=["set-up", "start"])
def test_it_ends_what_it_started(tmp_path: Path, program: str, number: signal.Signals) -> None:
    mark = tmp_path / "child"
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(mark), CHILD], stderr=subprocess.DEVNULL
    )
    child = pid_in(mark)
    parent.send_signal(number)
    assert parent.wait(30) != 0
    end = time.monotonic() + 30
    while not gone(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert gone(child)


def test_a_stop_does_not_wait_for_new_log_ins(tmp_path: Path) -> None:
    renewal = _Renewal(Installation(tmp_path), dict(os.environ))
    renewal._words = [sys.executable, "-c", CHILD, str(tmp_path / "child")]
    said: list[str] = []
    telling = threading.Thread(target=lambda: said.append(renewal.run()))
    telling.start()
    child = pid_in(tmp_path / "child")
    renewal.end()
    telling.join(30)
    assert said == ["Stopped before there were new log-ins: these hold."]
    assert gone(child)
    assert renewal.run() == said[0], "and none begins after the stop"
