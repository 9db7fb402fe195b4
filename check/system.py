"""The system under check: started as a stranger would, watched, and always stopped."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TODAY = "2024-04-08"
_CREDENTIAL = re.compile(r"^\s*(\S.*?): (\S+) / (\S+)$")


@dataclass
class System:
    """A running installation and what it printed."""

    address: str
    gateway_port: int
    data: Path
    process: subprocess.Popen[str]
    began: float
    ready_after: float = 0.0
    output: list[str] = field(default_factory=list)
    people: dict[str, tuple[str, str]] = field(default_factory=dict)


class NotReady(Exception):
    """The system ended or was silent before it said ``ready``; carries what it printed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(data: Path, *options: str, patience: float = 120) -> Iterator[System]:
    """Start ``jiaoan up`` on ``data`` and free ports, wait for ``ready``; stop it at the end."""
    port, gateway_port = free_port(), free_port()
    command = [sys.executable, "-m", "jiaoan.project.cli", "up", "--data", str(data)]
    ports = ["--port", str(port), "--gateway-port", str(gateway_port)]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, *ports, *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    system = System("", gateway_port, data, process, began)
    said_ready = threading.Event()
    listener = threading.Thread(target=_listen, args=(system, said_ready), daemon=True)
    listener.start()
    try:
        while not said_ready.wait(0.05):
            if process.poll() is not None or time.monotonic() - began > patience:
                raise NotReady("\n".join(system.output[-15:]) or "it printed nothing")
        yield system
    finally:
        stop(process)


def _listen(system: System, said_ready: threading.Event) -> None:
    assert system.process.stdout is not None  # asked for with PIPE
    for line in system.process.stdout:
        system.output.append(line.rstrip())
        if found := _CREDENTIAL.match(line):
            system.people[found.group(1)] = (found.group(2), found.group(3))
        if line.startswith("ready http"):
            system.address = line.split()[1]
            system.ready_after = time.monotonic() - system.began
        if line.startswith("Ctrl-C"):  # the last of what a start prints
            said_ready.set()


def stop(process: subprocess.Popen[str]) -> float:
    """SIGTERM, then SIGKILL; the seconds it took."""
    began = time.monotonic()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
    return time.monotonic() - began


def left_behind(data: Path) -> list[str]:
    """Processes that still name the data directory in their command line (Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        if entry.parent.name == str(os.getpid()):
            continue
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            words = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if str(data) in words:
                found.append(words.strip())
    return found
