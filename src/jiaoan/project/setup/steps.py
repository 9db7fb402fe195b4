"""Words shared by the set-up steps: the sentence that stops them, stamps, progress, commands."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "jiaoan-stamps.json"
LOG = ROOT / "var" / "log" / "setup.log"

# How pip and npm say "no network"; neither has an exit code of its own for it.
_NO_NETWORK = (
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Name or service not known",
    "NewConnectionError",
    "ConnectTimeoutError",
    "Network is unreachable",
    "Connection refused",
    "Max retries exceeded",
    "EAI_AGAIN",
    "ENOTFOUND",
    "ENETUNREACH",
    "ECONNREFUSED",
    "ETIMEDOUT",
)
_DISK_FULL = ("No space left on device", "ENOSPC", "Disk quota exceeded")


Words = list[str | Path]


class SetupError(Exception):
    """A reason not to go on, as one sentence for the person at the terminal."""


_began = time.monotonic()


def say(text: str) -> None:
    """One progress line with the seconds since the command was typed."""
    print(f"[{time.monotonic() - _began:6.1f} s] {text}", flush=True)


def digest(paths: Iterable[Path], *more: str) -> str:
    """SHA-256 over names and contents of files (a missing one counts as such) and words."""
    state = hashlib.sha256()
    for path in paths:
        state.update(str(path.relative_to(ROOT)).encode() + b"\0")
        state.update(path.read_bytes() if path.is_file() else b"(missing)")
        state.update(b"\0")
    for word in more:
        state.update(word.encode() + b"\0")
    return state.hexdigest()


class Stamps:
    """Which step was done with which input, kept beside the packages it speaks of."""

    def __init__(self, path: Path = STAMPS) -> None:
        self._path = path
        self._kept: dict[str, str] = {}
        if path.is_file():
            try:
                self._kept = {str(k): str(v) for k, v in json.loads(path.read_text()).items()}
            except (ValueError, AttributeError):
                # Half a file after a power cut: every step is done again, which is safe.
                self._kept = {}

    def fresh(self, step: str, value: str) -> bool:
        return self._kept.get(step) == value

    def put(self, step: str, value: str) -> None:
        """Remember, whole or not at all: written aside and renamed."""
        self._kept[step] = value
        aside = self._path.with_suffix(".part")
        aside.write_text(json.dumps(self._kept, indent=1, sort_keys=True) + "\n")
        aside.replace(self._path)

    def forget(self) -> None:
        self._kept = {}
        self._path.unlink(missing_ok=True)


def refuse_from(what: str, output: str) -> SetupError:
    """The one sentence behind a failed command's output."""
    if any(sign in output for sign in _DISK_FULL):
        return SetupError(f"{what} failed because the disk is full: free some space and repeat.")
    if any(sign in output for sign in _NO_NETWORK):
        return SetupError(
            f"{what} needs a network the first time and found none: "
            "connect this machine (or name a mirror in pip's or npm's own settings) and repeat."
        )
    return SetupError(f"{what} failed; what it said is in {LOG.relative_to(ROOT)}.")


def run(
    what: str,
    command: Words,
    *,
    total: int = 0,
    counts: str = "",
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a command with its output in the log; every few seconds say how far it is.

    ``counts`` is a word whose lines are counted towards ``total``. Raises :class:`SetupError`.
    """
    LOG.parent.mkdir(parents=True, exist_ok=True)
    kept: list[str] = []
    seen, spoken = 0, time.monotonic()
    with LOG.open("a") as log:
        log.write(f"\n== {what}: {' '.join(map(str, command))}\n")
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert child.stdout is not None  # asked for with PIPE
        with child:
            try:
                for line in child.stdout:
                    log.write(line)
                    kept.append(line)
                    seen += bool(counts) and line.startswith(counts)
                    if total and time.monotonic() - spoken > 4:
                        spoken = time.monotonic()
                        say(f"  {what}: {min(seen, total)} of {total}")
            except KeyboardInterrupt:
                os.killpg(child.pid, signal.SIGKILL)  # with all that it started itself
                raise
    if child.returncode != 0:
        raise refuse_from(what, "".join(kept[-200:]))


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one set-up at a time in this folder; a second one waits and says so."""
    path = ROOT / "var" / "setup.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            say("another set-up is at work in this folder: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def replace_process(command: Sequence[str | Path]) -> None:
    """Become ``command``: signals of the terminal reach it without a go-between."""
    sys.stdout.flush()
    words = [str(word) for word in command]
    os.execve(words[0], words, {**os.environ, "PYTHONPATH": str(ROOT / "src")})
