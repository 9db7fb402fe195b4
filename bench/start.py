"""``./run`` as a stranger types it, from the command to the whole first page.

Beside each start stands, by turns in the same run, the least that any product of this stack needs
for the same: what is above it is ours.

==============  ========================  ==================================  =====================
figure          where                     prepared before                     yardstick
==============  ========================  ==================================  =====================
``setup-cold``  a fresh clone of the      nothing (the package managers' own  ``venv``, ``pip`` and
                last commit               download caches are as the machine  ``npm ci`` by hand,
                                          has them, for both)                 with the same pins
``setup-warm``  such a clone              packages and front end; the         the later start
                                          demonstration is made
``warm-start``  this checkout, on data    everything                          uvicorn and Django,
                of its own                                                    one page, nothing of
                                                                              ours (``bare_pages``)
==============  ========================  ==================================  =====================

``warm-start`` names beside it what our own pages alone take to the same first page: between the
two stands what our pages load, above both what the other processes cost.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from check.system import ROOT, free_port, stop

from bench.result import Impossible, Result, machine

AIM = 3.0  # seconds from the command to the first page, of every start but the first
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def cold(runs: int) -> Result:
    seconds, by_hand = [], []
    for _ in range(runs):
        with _clone() as folder:
            seconds.append(_start(folder))
        # Behind ours, so that it is the yardstick that finds the caches warm.
        with _clone() as folder:
            by_hand.append(_packages_by_hand(folder))
    return _result("setup-cold", seconds, by_hand, "venv, pip and npm by hand, the same pins")


def prepared(runs: int) -> Result:
    seconds, later = [], []
    with _clone() as folder:
        _start(folder)
        for _ in range(runs):
            later.append(_start(folder))
            shutil.rmtree(folder / "var" / "demo")
            seconds.append(_start(folder))
    return _result("setup-warm", seconds, later, "a later start of the same clone")


def warm(runs: int) -> Result:
    seconds, bare, alone = [], [], []
    with tempfile.TemporaryDirectory(prefix="jiaoan-bench-") as scratch:
        data = Path(scratch) / "data"
        _start(ROOT, "--data", str(data))
        database = Path(scratch) / "bare.sqlite3"
        _first_page(_bare(database))  # makes its tables
        for _ in range(runs):
            bare.append(_first_page(_bare(database)))
            alone.append(_first_page(_own(data)))
            seconds.append(_start(ROOT, "--data", str(data)))
    return _result(
        "warm-start",
        seconds,
        bare,
        "uvicorn and Django with one page, a session and a query",
        own_pages_alone_s=[round(one, 3) for one in alone],
        aim_s=AIM,
        aim_met=median(seconds) < AIM,
    )


def _result(
    name: str, seconds: list[float], beside: list[float], what: str, **more: object
) -> Result:
    notes = {"yardstick_runs": [round(one, 3) for one in beside], **more, **machine()}
    return Result(name, "s", seconds, median(beside), f"{what}, by turns", notes)


@contextlib.contextmanager
def _clone() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="jiaoan-bench-") as scratch:
        folder = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        yield folder


def _start(folder: Path, *words: str) -> float:
    """Seconds from the command to the whole first page."""
    ports = ["--port", str(free_port()), "--gateway-port", str(free_port())]
    began = time.monotonic()
    process = subprocess.Popen(
        ["./run", *ports, *words],
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
                _DIRECT.open(line.split()[1] + "/", timeout=30).read()
                took = time.monotonic() - began
                break
        else:
            raise Impossible("./run did not become ready: " + " | ".join(said[-3:]))
        for line in process.stdout:
            if line.startswith("Ctrl-C"):  # the last it has to do; nothing runs into the next start
                break
        return took
    finally:
        stop(process)


def _packages_by_hand(folder: Path) -> float:
    """Seconds of what any set-up of these packages costs, in another folder of the same disk."""
    environment = _plain_environment()
    began = time.monotonic()
    for words in (
        [sys.executable, "-m", "venv", "hand"],
        ["hand/bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes",
         "--disable-pip-version-check", "-r", "requirements/base.txt"],
        [_npm(), "--prefix", "frontend", "ci", "--ignore-scripts", "--omit=dev", "--no-audit",
         "--no-fund", "--silent"],
    ):  # fmt: skip
        subprocess.run(words, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def _npm() -> str:
    """The machine's npm; without one ``./run`` takes the wheel's, and so does this."""
    return shutil.which("npm") or str(ROOT / ".venv" / "bin" / "npm")


Served = tuple[str, dict[str, str]]
"""An ASGI application as uvicorn names it, and its environment."""


def _own(data: Path) -> Served:
    """Our own pages without the other processes."""
    return "jiaoan.project.asgi:application", {
        "PYTHONPATH": str(ROOT / "src"),
        "DJANGO_SETTINGS_MODULE": "jiaoan.project.settings",
        "JIAOAN_DATA": str(data),
        "JIAOAN_DEMO": "1",
    }


def _bare(database: Path) -> Served:
    return "bench.bare_pages:application", {
        "PYTHONPATH": str(ROOT),
        "BARE_DATABASE": str(database),
    }


def _first_page(served: Served) -> float:
    """Seconds until uvicorn alone has given the whole first page of ``served``."""
    application, environment = served
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [ROOT / ".venv" / "bin" / "python", "-m", "uvicorn", application,
         "--port", str(port), "--lifespan", "off", "--log-level", "error"],
        cwd=ROOT,
        env={**_plain_environment(), **environment},
        stdout=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    try:
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                _DIRECT.open(f"http://127.0.0.1:{port}/", timeout=30).read()
                return time.monotonic() - began
            if process.poll() is not None:
                raise Impossible(f"{application} ended before its first page")
            time.sleep(0.01)
    finally:
        stop(process)


def _plain_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
