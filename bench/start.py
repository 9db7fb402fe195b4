"""``./run`` in a fresh clone of the last commit, as a stranger types it, to the first page.

``setup-cold``: nothing prepared (the package manager's own download cache is used if the machine
has one). ``setup-warm``: packages and front end are there, the demonstration is made anew.
``warm-start``: everything is there, as at every later start.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from check.system import ROOT, free_port, stop

from bench.result import Result

AIM = 3.0  # seconds from the command to the first page, of every start but the first
_MARK = re.compile(r"^\[ *([\d.]+) s\] (\w+)")


def cold(runs: int) -> Result:
    """Beside it: the share of it that installing the Python packages takes."""
    seconds, packages = [], []
    for _ in range(runs):
        with _clone() as folder:
            took, said = _start(folder)
        marks = {word: float(at) for at, word in (m.groups() for m in map(_MARK.match, said) if m)}
        seconds.append(took)
        packages.append(marks["command"] - marks["packages"])
    pip = sorted(packages)[len(packages) // 2]
    return Result("setup-cold", "s", seconds, pip, "installing the Python packages, same runs")


def prepared(runs: int) -> Result:
    seconds = []
    with _clone() as folder:
        _start(folder)
        for _ in range(runs):
            shutil.rmtree(folder / "var" / "demo")
            seconds.append(_start(folder)[0])
    return Result("setup-warm", "s", seconds, AIM, "aim for a start without a new demonstration")


def warm(runs: int) -> Result:
    with _clone() as folder:
        _start(folder)
        seconds = [_start(folder)[0] for _ in range(runs)]
    return Result("warm-start", "s", seconds, AIM, "aim")


@contextlib.contextmanager
def _clone() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="jiaoan-bench-") as scratch:
        folder = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        yield folder


def _start(folder: Path) -> tuple[float, list[str]]:
    """Seconds from the command to the whole first page, and what was printed."""
    ports = ["--port", str(free_port()), "--gateway-port", str(free_port())]
    began = time.monotonic()
    process = subprocess.Popen(
        ["./run", *ports],
        cwd=folder,
        # The measuring process is told where its modules are; a stranger's shell is not.
        env=_plain_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    assert process.stdout is not None  # asked for with PIPE
    try:
        for line in process.stdout:
            said.append(line.rstrip())
            if line.startswith("ready http"):
                direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                direct.open(line.split()[1] + "/", timeout=30).read()
                return time.monotonic() - began, said
        raise RuntimeError("./run did not become ready: " + " | ".join(said[-3:]))
    finally:
        stop(process)


def _plain_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
