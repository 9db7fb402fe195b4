"""Start child processes, keep them alive, stop them all within five seconds.

Theory of operation
-------------------
Children start in *waves*: those of a later wave wait until every ready check of the earlier ones
answers. An *early* child starts with the first wave, whatever its own: it loads its code while
others start, and itself waits for what it needs. ``on_ready`` is called when all waves up to
``promised`` answer; the later ones load behind it, and ``on_whole`` is told when they are at work
too, or which of them have not said so within the patience.

Each child is the leader of its own process group, so the terminal's Ctrl-C reaches only the
supervisor, which stops the waves in reverse: SIGTERM, then SIGKILL to the whole group. On Linux the
kernel kills a child whose supervisor is gone (``PR_SET_PDEATHSIG``), so that even ``kill -9`` of
the supervisor leaves nothing running. A child that dies is started again after a pause that doubles
up to five seconds; one that keeps dying before the promised ones were ready is a reason to give up,
with the last line it wrote. Who is told of ``parts`` hears each change of a child's state.

Nothing here imports Django: the supervisor is running after a few milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from jiaoan.project.refusal import Refusal
from jiaoan.stores.parts import Part, State

STOP_TERM = 2.5  # seconds a wave has after SIGTERM; all waves together stay under five
STOP_KILL = 1.0
STOP_WHOLE = 4.5
GIVE_UP_AFTER = 5
CALM = 30.0  # a child that lived this long is forgiven its earlier deaths
LONGEST_PAUSE = 5.0
LOOK_EVERY, LOOK_LATER = 0.03, 1.0
LOG_LIMIT = 20 * 2**20

_WORTH_SAYING = re.compile(r"\b(WARNING|ERROR|CRITICAL|Traceback)\b|\[(WRN|ERR|FTL)\]")
_PR_SET_PDEATHSIG = 1

Check = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Child:
    """One process to keep alive.

    ``ready`` is asked again and again until it says yes; ``sign`` is a piece of the line by which
    the child itself says that it is at work. Of a child with neither nothing is awaited.
    """

    name: str
    command: Sequence[str]
    wave: int = 1
    ready: Check | None = None
    sign: str = ""
    early: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


class _Log:
    """A child's output: every line to its file, warnings to the terminal; looks for its sign."""

    def __init__(self, path: Path, child: Child, signed: asyncio.Event) -> None:
        self._path, self._name = path, child.name
        self._sign, self._signed = child.sign, signed
        self.last = ""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")

    def write(self, line: bytes) -> None:
        if self._file.tell() > LOG_LIMIT:
            self._file.close()
            self._path.replace(self._path.with_suffix(".1.log"))
            self._file = self._path.open("ab")
        self._file.write(line)
        self._file.flush()
        text = line.decode("utf-8", "replace").rstrip()
        self.last = text or self.last
        if self._sign and self._sign in text:
            self._signed.set()
        if _WORTH_SAYING.search(text):
            print(f"{self._name} | {text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        self._file.close()


class Supervisor:
    """Runs children until it is told to stop. One use per object."""

    def __init__(
        self,
        children: Sequence[Child],
        logs: Path,
        *,
        patience: float = 60.0,
        promised: int | None = None,
        environment: Mapping[str, str] | None = None,
        parts: Callable[[Sequence[Part]], None] | None = None,
    ) -> None:
        self._children, self._logs, self._patience = children, logs, patience
        now = datetime.now(UTC)
        self._parts = {child.name: Part(child.name, State.WAITING, now) for child in children}
        self._tell_parts = parts
        self._waves = sorted({child.wave for child in children})
        self._promised = self._waves[-1] if promised is None else promised
        self._environment = dict(os.environ if environment is None else environment)
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._signed = {child.name: asyncio.Event() for child in children}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._failure: Refusal | None = None
        self._was_ready = False
        self.restarts: dict[str, int] = {child.name: 0 for child in children}

    async def run(
        self, on_ready: Callable[[], None], on_whole: Callable[[Sequence[str]], None] | None = None
    ) -> None:
        """Start, call ``on_ready`` once, wait for a signal or :meth:`stop`, stop everything.

        ``on_whole`` hears, once the later waves were waited for, who of them is not at work.
        Raises :class:`Refusal` when the children cannot be brought up.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        behind: asyncio.Task[None] | None = None
        try:
            if await self._start():
                self._was_ready = True
                on_ready()
                behind = asyncio.create_task(self._load_behind(on_whole))
                await self._stopping.wait()
        finally:
            if behind is not None:
                behind.cancel()
                await asyncio.gather(behind, return_exceptions=True)
            await self._stop_all()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        self._stopping.set()

    def process_ids(self) -> dict[str, int]:
        """Who runs now, by name."""
        return {name: process.pid for name, process in self._running.items()}

    async def _start(self) -> bool:
        """Bring up the promised waves; ``False`` when a stop or a failure came between."""
        deadline = time.monotonic() + self._patience
        self._spawn([child for child in self._children if child.early])
        for wave in self._waves:
            if wave > self._promised:
                break
            if (late := await self._wave(wave, deadline)) and not self._stopping.is_set():
                self._fail(late[0], "gave no sign of readiness")
        return not self._stopping.is_set()

    async def _load_behind(self, on_whole: Callable[[Sequence[str]], None] | None) -> None:
        """Bring up the other waves; one that stays out keeps no later one from starting."""
        late: list[Child] = []
        for wave in self._waves:
            if wave > self._promised:
                late += await self._wave(wave, time.monotonic() + self._patience)
        if on_whole is not None and not self._stopping.is_set():
            on_whole([child.name for child in late])

    async def _wave(self, wave: int, deadline: float) -> list[Child]:
        """Start one wave and wait for it; who was not ready by the deadline, or at a stop."""
        members = [child for child in self._children if child.wave == wave]
        if self._stopping.is_set():
            return members
        self._spawn(members)
        waiting = members
        while waiting := [child for child in waiting if not self._works(child)]:
            if self._stopping.is_set() or time.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_EVERY)
        return waiting

    def _works(self, child: Child) -> bool:
        return self._parts[child.name].state is State.WORKING

    async def _see(self, child: Child) -> None:
        """Look whether a child that was started is at work, until it is."""
        patient = time.monotonic() + self._patience
        while not await self._is_ready(child):
            await asyncio.sleep(LOOK_EVERY if time.monotonic() < patient else LOOK_LATER)
        self._tell(child, State.WORKING)

    def _tell(self, child: Child, state: State, why: str = "") -> None:
        before = self._parts[child.name]
        self._parts[child.name] = Part(
            child.name, state, datetime.now(UTC), self.restarts[child.name], why or before.why
        )
        if self._tell_parts is not None:
            self._tell_parts(list(self._parts.values()))

    async def _is_ready(self, child: Child) -> bool:
        if child.sign and not self._signed[child.name].is_set():
            return False
        return child.ready is None or await child.ready()

    def _spawn(self, children: Sequence[Child]) -> None:
        for child in children:
            if child.name not in self._keepers:
                self._keepers[child.name] = asyncio.create_task(self._keep(child))

    async def _keep(self, child: Child) -> None:
        """Start one child and start it again whenever it ends, until the stop."""
        log = _Log(self._logs / f"{child.name}.log", child, self._signed[child.name])
        deaths, pause = 0, 0.2
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                code = await self._live(child, log)
                if self._stopping.is_set():
                    return
                self._tell(child, State.DOWN, _in_words(code))
                if time.monotonic() - began > CALM:
                    deaths, pause = 0, 0.2
                deaths += 1
                if not self._was_ready and deaths >= GIVE_UP_AFTER:
                    self._fail(child, f"ended {deaths} times at start: {log.last}")
                    return
                print(
                    f"{child.name} ended ({_in_words(code)}); starting it again in {pause:.1f} s",
                    file=sys.stderr,
                    flush=True,
                )
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._stopping.wait()
                pause = min(pause * 2, LONGEST_PAUSE)
                self.restarts[child.name] += 1
        except OSError as error:
            self._fail(child, f"cannot be started or logged: {error.strerror or error}")
        finally:
            log.close()

    async def _live(self, child: Child, log: _Log) -> int:
        """One life of a child, to its exit code."""
        self._signed[child.name].clear()
        process = await asyncio.create_subprocess_exec(
            *child.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**self._environment, **child.environment},
            start_new_session=True,
            preexec_fn=die_with_parent(),
            limit=2**20,
        )
        self._running[child.name] = process
        self._tell(child, State.LOADING)
        seeing = asyncio.create_task(self._see(child))
        assert process.stdout is not None  # asked for with PIPE
        try:
            while line := await _line(process.stdout):
                log.write(line)
            return await process.wait()
        finally:
            self._running.pop(child.name, None)
            seeing.cancel()
            await asyncio.gather(seeing, return_exceptions=True)

    def _fail(self, child: Child, why: str) -> None:
        if self._failure is None:
            self._failure = Refusal(
                f"{child.name} {why} (its log: {self._logs / child.name}.log)",
            )
        self._stopping.set()

    async def _stop_all(self) -> None:
        """Reverse waves: what feeds others goes last. Whoever ignores SIGTERM is killed."""
        self._stopping.set()
        deadline = time.monotonic() + STOP_WHOLE
        for wave in reversed(self._waves):
            names = [child.name for child in self._children if child.wave == wave]
            alive = [self._running[name] for name in names if name in self._running]
            rest = max(0.1, deadline - time.monotonic() - STOP_KILL)
            await _end(alive, signal.SIGTERM, min(STOP_TERM, rest))
        keepers = list(self._keepers.values())
        if keepers:
            await asyncio.wait(keepers, timeout=STOP_KILL)
        for task in keepers:
            task.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _end(
    processes: Sequence[asyncio.subprocess.Process], first: signal.Signals, patience: float
) -> None:
    """``first``, then SIGKILL, to whole process groups; returns when all have ended."""
    for process in processes:
        _signal_group(process, first)
    waits = [asyncio.create_task(process.wait()) for process in processes]
    if not waits:
        return
    _, late = await asyncio.wait(waits, timeout=patience)
    for process in processes:
        # Also where the leader has ended: its group may still hold somebody.
        _signal_group(process, signal.SIGKILL)
    if late:
        await asyncio.wait(late, timeout=STOP_KILL)


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line; of a line beyond the buffer the part that fits. Empty at the end."""
    try:
        return await stream.readline()
    except ValueError:  # longer than the limit: what was read is dropped, the child lives on
        return b"(a line of more than 1 MiB was left out)\n"


def _in_words(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def die_with_parent() -> Callable[[], None] | None:
    """What a child calls before it becomes its program; ``None`` where the kernel cannot."""
    if not sys.platform.startswith("linux"):
        return None
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # the parent was gone before it could be asked for
            os._exit(1)

    return ask


def answers(host: str, port: int) -> Check:
    """A ready check: somebody accepts connections there."""

    async def check() -> bool:
        try:
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return check


def serves(host: str, port: int, path: str) -> Check:
    """A ready check: HTTP 200 for ``path``."""

    async def check() -> bool:
        try:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection(host, port)
                request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                status = await reader.readline()
        except (OSError, TimeoutError):
            return False
        writer.close()
        return b" 200 " in status

    return check
