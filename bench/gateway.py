"""``bench/run gateway-…``: the gateway against a C server that only counts flags and answers.

==================  ===========  =====  ==========================================================
name                connections  frames what is measured
                                 a send
==================  ===========  =====  ==========================================================
gateway-one               1,000      1  decode and answer, without durability
gateway-one-10k          10,000      1  the same with ten times the connections
gateway-eight             1,000      8  the same, eight frames a receive
gateway-durable           1,000      1  the product as it is: on disk at the bus before the answer
gateway-memory           10,000      1  resident memory, 100,000 terminals known
==================  ===========  =====  ==========================================================

The figure is frames answered for each CPU second of the server's process; the yardstick is the
same of ``echo.c`` under the same terminals. Both servers stand on the first core, each with its own
``fleet.c`` (a closed loop: every terminal waits for its answers) on the second, and are asked by
turns; nobody runs beside the one that is asked. Without durability means a bus that stores nothing
(``gateway_server.py``) behind the product's own main; the bus server of ``gateway-durable`` stands
on the second core and its CPU is named apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.gateway_fleet import acknowledgement, phone_of, reference, write_frames
from bench.processes import cpu_of, resident_of
from bench.result import Impossible, Result, machine
from jiaoan.stores import server as bus_server
from jiaoan.stores.bus import Bus

ROOT = Path(__file__).resolve().parent.parent
START_S = 60.0
TURN_S = 3.0
KNOWN = 100_000
MEMORY_AIM_MB = 600.0
_MANY = 64
"""References published at a time."""


class Turn(NamedTuple):
    """One closed loop: what the generator tells, and what the server used for it."""

    frames: int
    seconds: float
    generator_cpu_s: float
    server_cpu_s: float
    bus_cpu_s: float

    @property
    def speed(self) -> float:
        """Frames for each CPU second of the server."""
        return self.frames / self.server_cpu_s


@dataclass(frozen=True)
class Case:
    """What is asked of both servers."""

    name: str
    connections: int
    group: int = 1
    durable: bool = False
    turn_s: float = TURN_S


def one(runs: int) -> Result:
    return measured(Case("gateway-one", 1_000), runs)


def one_10k(runs: int) -> Result:
    return measured(Case("gateway-one-10k", 10_000), runs)


def eight(runs: int) -> Result:
    return measured(Case("gateway-eight", 1_000, group=8), runs)


def durable(runs: int) -> Result:
    return measured(Case("gateway-durable", 1_000, durable=True), runs)


def measured(case: Case, runs: int) -> Result:
    """``runs`` turns of each server, and fewer at a tenth of the connections for the growth."""
    small = Case(case.name, max(1, case.connections // 10), case.group, case.durable, case.turn_s)
    with _workshop() as shop:
        growth = {each.connections: _turns(shop, each, count) for each, count in (
            (small, max(1, runs // 2)), (case, runs),
        )}  # fmt: skip
    gateway, echo = growth[case.connections]
    return Result(
        case.name,
        "frames/CPU s",
        [each.speed for each in gateway],
        statistics.median(each.speed for each in echo),
        "echo.c: epoll, one receive and one send for each event, same terminals, by turns",
        notes={
            "connections": case.connections,
            "frames_a_send": case.group,
            "durable": case.durable,
            "yardstick_runs": [round(each.speed) for each in echo],
            "gateway": _shares(gateway),
            "echo": _shares(echo),
            "growth": [
                {
                    "connections": connections,
                    "gateway": round(statistics.median(each.speed for each in ours)),
                    "echo": round(statistics.median(each.speed for each in theirs)),
                }
                for connections, (ours, theirs) in growth.items()
            ],
            "machine": machine(),
        },
    )


def _shares(turns: list[Turn]) -> dict[str, float]:
    """Frames a second by the clock, and cores used beside it, over all turns."""
    seconds = sum(each.seconds for each in turns)
    return {
        "frames_per_s": round(sum(each.frames for each in turns) / seconds),
        "server_cores": round(sum(each.server_cpu_s for each in turns) / seconds, 3),
        "generator_cores": round(sum(each.generator_cpu_s for each in turns) / seconds, 3),
        "bus_cores": round(sum(each.bus_cpu_s for each in turns) / seconds, 3),
    }


def _turns(shop: Workshop, case: Case, runs: int) -> tuple[list[Turn], list[Turn]]:
    frames = shop.folder / f"frames-{case.connections}"
    write_frames(frames, case.connections)
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(_gateway(shop, case.connections, durable=case.durable))
        echo = stack.enter_context(_echo(shop))
        fleets = [
            stack.enter_context(_fleet(shop, each, frames, case.group)) for each in (gateway, echo)
        ]
        for fleet in fleets:
            fleet.turn(case.turn_s / 3)  # warm
        turns = [[fleet.turn(case.turn_s) for fleet in fleets] for _ in range(runs)]
        _check(gateway, fleets[0].frames)
    return [ours for ours, _ in turns], [theirs for _, theirs in turns]


def _check(gateway: _Server, sent: int) -> None:
    """Every frame was a position that is stored and answered, or the figures mean nothing."""
    time.sleep(1.2)  # the counters are renewed twice a second
    told = gateway.stats()
    if not told["positions"] == told["published"] == told["acked"] == sent:
        raise Impossible(
            f"{sent} frames were sent, but the gateway counts {told['positions']} positions, "
            f"{told['published']} stored and {told['acked']} answered"
        )
    if told["refused"] or told["bad_frames"]:
        raise Impossible(f"the gateway refused frames: {told['refused']} {told['bad_frames']}")


def memory(runs: int) -> Result:
    """Resident MB of the gateway's process, each from a fresh start, after all have reported."""
    return measured_memory(runs, 10_000, KNOWN)


def measured_memory(runs: int, connections: int, known: int) -> Result:
    with _workshop() as shop:
        sizes = {
            (links, terminals): [_resident(shop, links, terminals) for _ in range(count)]
            for links, terminals, count in (
                (0, 1, 1),
                (0, known, 1),
                (connections // 10, known // 10, 1),
                (connections, known, runs),
            )
        }
    return Result(
        "gateway-memory",
        "MB",
        sizes[connections, known],
        MEMORY_AIM_MB,
        "the aim",
        notes={
            "connections": connections,
            "terminals_known": known,
            "growth": [
                {"connections": links, "terminals_known": terminals, "MB": round(max(found), 1)}
                for (links, terminals), found in sizes.items()
            ],
            "machine": machine(),
        },
    )


def _resident(shop: Workshop, connections: int, known: int) -> float:
    with _gateway(shop, known, durable=False) as gateway:
        if not connections:
            return resident_of(gateway.process.pid)
        frames = shop.folder / f"frames-{connections}"
        write_frames(frames, connections)
        with _fleet(shop, gateway, frames, 1) as fleet:
            fleet.turn(TURN_S)
            links = gateway.wait(lambda told: told["sessions_now"] == connections)["links_now"]
            if links != connections:
                raise Impossible(f"{links} links instead of {connections}")
            return resident_of(gateway.process.pid)


@dataclass(frozen=True)
class Workshop:
    """Where things lie, and which core is whose."""

    folder: Path
    server_core: int
    fleet_core: int

    def start(self, core: int, words: list[str | Path], log: str) -> subprocess.Popen[str]:
        """A child on one core; its standard error goes to a file of the folder."""
        with (self.folder / log).open("ab") as errors:
            child = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
            )
        os.sched_setaffinity(child.pid, {core})
        return child

    def new_folder(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=name, dir=self.folder))


@contextlib.contextmanager
def _workshop() -> Iterator[Workshop]:
    """Both C programs, built; on a disk, since a durable store in memory would be no yardstick."""
    cores = sorted(os.sched_getaffinity(0))
    compiler = shutil.which("cc")
    if len(cores) < 2:
        raise Impossible("two cores are needed, one for the server and one for the load")
    if compiler is None:
        raise Impossible("a C compiler (cc) is needed for the yardstick and the load")
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "var") as folder:
        for name in ("echo", "fleet"):
            source, program = ROOT / "bench" / f"{name}.c", Path(folder) / name
            words = [
                compiler,
                "-O3",
                "-march=native",
                "-std=gnu11",
                "-o",
                str(program),
                str(source),
            ]
            built = subprocess.run(words, capture_output=True, text=True, check=False)
            if built.returncode:
                raise Impossible(f"{source.name} cannot be built: {built.stderr.strip()}")
        (Path(folder) / "ack").write_bytes(acknowledgement())
        yield Workshop(Path(folder), cores[0], cores[1])


@dataclass
class _Server:
    """A server that listens; ``bus`` is the process of the bus server it needs, if any."""

    process: subprocess.Popen[str]
    port: int = 0
    stats_file: Path | None = None
    bus: int | None = None

    def stats(self) -> dict[str, object]:
        assert self.stats_file is not None
        told: dict[str, object] = json.loads(self.stats_file.read_text("utf-8"))
        return told

    def wait(self, holds: Callable[[dict[str, object]], bool]) -> dict[str, object]:
        """The counters once they say so."""
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            if self.stats_file and self.stats_file.exists() and holds(told := self.stats()):
                return told
            time.sleep(0.05)
        raise Impossible("the gateway did not become ready within a minute")


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@contextlib.contextmanager
def _echo(shop: Workshop) -> Iterator[_Server]:
    process = shop.start(shop.server_core, [shop.folder / "echo", shop.folder / "ack"], "echo.log")
    with _ended(process):
        assert process.stdout is not None
        told = process.stdout.readline()
        if not told:
            said = (shop.folder / "echo.log").read_text("utf-8").strip()
            raise Impossible(f"the yardstick does not start: {said}")
        yield _Server(process, int(told))


@contextlib.contextmanager
def _gateway(shop: Workshop, known: int, *, durable: bool) -> Iterator[_Server]:
    data = shop.new_folder("gateway-")
    (data / "gateway").mkdir()
    # All the load comes from one address, which no fleet does.
    text = "[limits]\naddress_frames_per_s = 1e9\naddress_frames_burst = 1_000_000_000\n"
    (data / "gateway" / "gateway.toml").write_text(text, "utf-8")
    stats = data / "stats.json"
    words: list[str | Path] = ["--port", "0", "--data", data, "--stats-file", stats]
    with contextlib.ExitStack() as stack:
        bus = None
        module: list[str | Path] = ["bench.gateway_server", str(known)]
        if durable:
            bus, url = stack.enter_context(_bus(shop))
            asyncio.run(_register(url, known))
            module = ["jiaoan.gateway", "--bus", url]
        words = [sys.executable, "-m", *module, *words]
        process = shop.start(shop.server_core, words, "gateway.log")
        stack.enter_context(_ended(process))
        server = _Server(process, stats_file=stats, bus=bus)
        told = server.wait(lambda told: bool(told["address"]) and told["terminals_known"] == known)
        server.port = int(str(told["address"]).rpartition(":")[2])
        yield server


@contextlib.contextmanager
def _bus(shop: Workshop) -> Iterator[tuple[int, str]]:
    plan = bus_server.plan(shop.new_folder("bus-"))
    process = shop.start(shop.fleet_core, [*plan.command], "bus.log")
    with _ended(process):
        end = time.monotonic() + START_S
        while True:
            try:
                bus_server.report(f"127.0.0.1:{plan.monitor_port}")
                break
            except bus_server.ServerProblem as problem:
                if time.monotonic() > end or process.poll() is not None:
                    raise Impossible(f"the bus server does not answer: {problem}") from problem
                time.sleep(0.02)
        yield process.pid, plan.url


async def _register(url: str, known: int) -> None:
    bus = await Bus.connect(url, name="bench")
    try:
        await bus.prepare()
        for start in range(0, known, _MANY):
            await asyncio.gather(
                *(
                    bus.publish(
                        f"ref.terminal.{phone_of(n)}", reference(n), message_id=f"bench-{n}"
                    )
                    for n in range(start, min(known, start + _MANY))
                )
            )
    finally:
        await bus.close()


class _Fleet:
    """The terminals of one server; all are logged in."""

    def __init__(self, process: subprocess.Popen[str], server: _Server) -> None:
        self._process, self._server = process, server
        self.frames = 0

    def line(self, patience: str) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Impossible(f"the load ended while {patience}; see what it said above")
        return line

    def turn(self, seconds: float) -> Turn:
        assert self._process.stdin is not None
        before = self._used()
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        frames, took, own = self.line("frames were sent").split()
        server, bus = (now - then for now, then in zip(self._used(), before, strict=True))
        self.frames += int(frames)
        return Turn(int(frames), float(took), float(own), server, bus)

    def _used(self) -> tuple[float, float]:
        server = self._server
        return cpu_of(server.process.pid), cpu_of(server.bus) if server.bus else 0.0


@contextlib.contextmanager
def _fleet(shop: Workshop, server: _Server, frames: Path, group: int) -> Iterator[_Fleet]:
    words: list[str | Path] = [shop.folder / "fleet", str(server.port), frames, str(group)]
    log = shop.folder / "fleet.log"
    process = shop.start(shop.fleet_core, words, log.name)
    try:
        with _ended(process):
            fleet = _Fleet(process, server)
            fleet.line("terminals logged in")
            yield fleet
    except Impossible:
        print(log.read_text("utf-8"), file=sys.stderr)
        raise
