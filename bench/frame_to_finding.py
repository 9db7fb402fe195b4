"""``bench/run frame-to-finding``: from the frame that makes a finding certain to its arrival.

Terminals send over TCP to the real gateway, in an open loop at a fixed rate (``rate.c``); gateway,
bus and stream are the product's own processes. One frame in :data:`CROSSING` crosses the line of a
place deeper than its buffer, so that this very frame makes *entered* or *left* certain. Measured is
the time from the moment at which that frame was *due* (a generator or gateway that falls behind is
in the figure) until a reader of ``findings.*`` in this process has it: at the full rate, and beside
it, first, at a tenth of it. A finding that does not arrive within :data:`DRAIN_S` of the last frame
refuses the run, and so does a frame that was not stored and answered.

The generator runs on the same cores: what it and every other process used is in the notes, with by
how much it was late itself. All terminals come from one address, which no real network does, so the
gateway is told not to bound it. ``JIAOAN_BENCH_RATE`` sets another rate than :data:`RATE`, for
machines that cannot hold it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.gateway_fleet import phone_of, reference
from bench.processes import cpu_of
from bench.result import Impossible, Result, machine, percentile, spread
from bench.stream_start import PATIENCE_S, ROOT, running_bus, running_stream
from jiaoan.stores.bus import Bus
from jiaoan.wire.jt808 import Authenticate, Header, Location, Version, build_frame
from jiaoan.wire.jt808.messages import MessageId

AIM_S, FLOOR_S = 0.15, 0.5
RATE, SECONDS, QUIET_S, TERMINALS = 20_000, 10, 5, 5_000
DRAIN_S = 30.0
TOGETHER = 256  # references on their way at a time
STATS = "gateway.json"
UNBOUNDED = "[limits]\naddress_frames_per_s = 1e9\naddress_frames_burst = 1_000_000_000\n"
CROSSING = 200  # one frame in so many crosses
STEP_S = 10  # of device time between two reports of a terminal
# Microdegrees: terminals stand 222 m apart along the line and cross it by 145 m on either side.
SOUTH, APART, LINE, FAR = 24_000_000, 2_000, 113_200_000, 1_500
PLACE: Mapping[str, object] = {
    "place_id": 1,
    "name": "bench",
    "kind": "district",
    "geometry": {
        "type": "Polygon",
        "coordinates": [
            [[113.2, 23.0], [113.3, 23.0], [113.3, 35.0], [113.2, 35.0], [113.2, 23.0]]
        ],
    },
    "shape": "polygon",
    "size_m": None,
    "buffer_m": 50,
    "consecutive": 2,
    "version": 1,
}
Key = tuple[int, str]  # vehicle, device time


def measure(runs: int) -> Result:
    """p99 of ``runs`` × ten seconds at the full rate; no turn is left out."""
    rate = int(os.environ.get("JIAOAN_BENCH_RATE", RATE))
    # A terminal crosses no sooner than in its second report, at the quiet rate too.
    terminals = min(TERMINALS, max(1, rate // 10 * QUIET_S // 2))
    return measured(rate, SECONDS * runs, terminals)


@dataclass
class Plan:
    """Frame ``k`` is report ``k // terminals`` of terminal ``k % terminals``."""

    terminals: int
    frames: int
    begin: datetime = field(
        default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=50)
    )

    def crosses(self, terminal: int, report: int) -> bool:
        return report > 0 and (terminal * 7 + report) % CROSSING == 0

    def moment(self, report: int) -> datetime:
        return self.begin + timedelta(seconds=STEP_S * report)

    def key(self, frame: int) -> Key | None:
        """Of the finding that frame ``frame`` makes certain."""
        report, terminal = divmod(frame, self.terminals)
        if not self.crosses(terminal, report):
            return None
        return terminal + 1, self.moment(report).isoformat()

    def write(self, path: Path) -> None:
        """The file that ``rate`` reads."""
        reports = -(-self.frames // self.terminals)
        with path.open("wb") as file:
            file.write(struct.pack("<I", self.terminals))
            for terminal in range(self.terminals):
                inside = False
                frames = [_login(terminal)]
                for report in range(reports):
                    inside ^= self.crosses(terminal, report)
                    frames.append(_report(terminal, report, self.moment(report), inside))
                file.write(struct.pack("<I", len(frames)))
                file.writelines(struct.pack("<I", len(each)) + each for each in frames)


def _header(message: MessageId, terminal: int, serial: int) -> Header:
    return Header.new(message, Version.V2013, phone_of(terminal), serial % 65_536)


def _login(terminal: int) -> bytes:
    header = _header(MessageId.AUTHENTICATE, terminal, 0)
    return build_frame(header, Authenticate(f"code-{terminal}").build())


def _report(terminal: int, report: int, moment: datetime, inside: bool) -> bytes:
    body = Location(
        alarm=0,
        status=0x0C0002,
        raw_latitude=SOUTH + terminal * APART,
        raw_longitude=LINE + (FAR if inside else -FAR),
        altitude=40,
        speed=0,
        direction=90,
        time=moment,
        extras=(),
    )
    return build_frame(_header(MessageId.LOCATION, terminal, report + 1), body.build())


@dataclass(frozen=True)
class Turn:
    """What one run of frames told."""

    latencies: list[float]
    late_s: float  # of the generator, at worst
    shares: Mapping[str, float]  # cores in use


def measured(rate: int, seconds: int, terminals: int) -> Result:
    quiet, full = rate // 10 * QUIET_S, rate * seconds
    plan = Plan(terminals, quiet + full)
    if STEP_S * (plan.frames // terminals) > 3_600:
        raise Impossible("so many reports of one terminal run ahead of the clock: more terminals")
    with tempfile.TemporaryDirectory(prefix="jiaoan-bench-") as scratch:
        plan.write(Path(scratch) / "frames")
        return asyncio.run(_measured(plan, Path(scratch), rate, (quiet, full)))


async def _measured(plan: Plan, folder: Path, rate: int, counts: tuple[int, int]) -> Result:
    with running_bus(folder) as (bus_process, url), contextlib.ExitStack() as stack:
        bus = await Bus.connect(url, name="bench")
        await bus.prepare()
        await _register(bus, plan.terminals)
        stream = stack.enter_context(running_stream(url, folder))
        await asyncio.to_thread(stream.ready)
        gateway, port = stack.enter_context(_gateway(url, folder, plan.terminals))
        load = stack.enter_context(_load(port, folder))
        await asyncio.to_thread(load.line)
        processes = {
            "bus": bus_process, "stream": stream.pid, "gateway": gateway, "generator": load.pid,
            "reader": os.getpid(),
        }  # fmt: skip
        heard: dict[Key, float] = {}
        reading = asyncio.create_task(_read(bus, heard))
        first = await _turn(plan, load, heard, processes, (rate / 10, 0, counts[0]))
        second = await _turn(plan, load, heard, processes, (rate, counts[0], counts[1]))
        reading.cancel()
        await bus.close()
        carried = await asyncio.to_thread(_carried, folder / STATS, plan.frames)
    return Result(
        "frame-to-finding",
        "s",
        second.latencies,
        percentile(first.latencies, 0.99),
        "p99 of the same at a tenth of the rate, just before",
        {
            "is": "p99 from the due moment of the deciding frame to the finding at a reader",
            "rate": rate,
            "aim": AIM_S,
            "floor": FLOOR_S,
            "terminals": plan.terminals,
            "stored_and_answered": carried,
            "full": spread(second.latencies),
            "quiet": spread(first.latencies),
            "findings": [len(first.latencies), len(second.latencies)],
            "generator_late_s": round(second.late_s, 4),
            "cores_in_use": {name: round(share, 2) for name, share in second.shares.items()},
            "machine": machine(),
        },
        share=0.99,
    )


async def _register(bus: Bus, terminals: int) -> None:
    place = json.dumps(PLACE).encode()
    await bus.publish("ref.place.1", place, message_id="place")
    for start in range(0, terminals, TOGETHER):
        await asyncio.gather(
            *(
                bus.publish(f"ref.terminal.{phone_of(n)}", reference(n), message_id=f"t{n}")
                for n in range(start, min(terminals, start + TOGETHER))
            )
        )


async def _read(bus: Bus, heard: dict[Key, float]) -> None:
    """When each finding of the place arrived, by vehicle and device time."""
    async for message in bus.read("findings.*", after=0, batch=500):
        arrived = time.time()
        said = json.loads(message.data)
        if said["place_id"]:
            heard.setdefault((said["vehicle_id"], said["happened_at"]), arrived)


async def _turn(
    plan: Plan,
    load: _Load,
    heard: dict[Key, float],
    processes: Mapping[str, int],
    order: tuple[float, int, int],
) -> Turn:
    rate, start, count = order
    before = {name: cpu_of(process) for name, process in processes.items()}
    load.ask(f"{rate} {count}")
    began, took, late, _ = map(float, (await asyncio.to_thread(load.line)).split())
    after = {name: cpu_of(process) for name, process in processes.items()}
    due = {
        key: began + (frame - start) / rate
        for frame in range(start, start + count)
        if (key := plan.key(frame)) is not None
    }
    if not due:
        raise Impossible("no frame of so few crosses the line: more seconds, or a higher rate")
    end = time.monotonic() + DRAIN_S
    while missing := due.keys() - heard.keys():
        if time.monotonic() > end:
            raise Impossible(
                f"{len(missing)} of {len(due)} findings had not arrived {DRAIN_S:.0f} s after the "
                f"last of {count} frames at {rate:.0f} a second: this machine does not hold the "
                "rate now; JIAOAN_BENCH_RATE sets a lower one"
            )
        await asyncio.sleep(0.05)
    shares = {name: (after[name] - before[name]) / took for name in after}
    return Turn([heard[key] - moment for key, moment in due.items()], late, shares)


def _carried(stats: Path, sent: int) -> int:
    """How many frames were stored and answered: all of them, or there is no figure."""
    end = time.monotonic() + DRAIN_S
    while True:
        told = json.loads(stats.read_text(encoding="utf-8"))
        if told["positions"] == told["published"] == told["acked"] == sent:
            return sent
        if time.monotonic() > end:
            raise Impossible(
                f"{sent} frames were sent, but the gateway counts {told['positions']} positions, "
                f"{told['published']} stored and {told['acked']} answered"
            )
        time.sleep(0.2)


class _Load:
    """The generator's process, told by lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self.pid = process, process.pid

    def ask(self, words: str) -> None:
        assert self._process.stdin is not None  # asked for with PIPE
        print(words, file=self._process.stdin, flush=True)

    def line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Impossible("the load generator ended; see what it said above")
        return line


@contextlib.contextmanager
def _load(port: int, folder: Path) -> Iterator[_Load]:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Impossible("there is no C compiler for the load generator")
    program = folder / "rate"
    source = Path(__file__).with_name("rate.c")
    subprocess.run([compiler, "-O2", "-o", program, source], check=True)
    process = subprocess.Popen(
        [program, str(port), folder / "frames"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield _Load(process)
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


@contextlib.contextmanager
def _gateway(url: str, folder: Path, known: int) -> Iterator[tuple[int, int]]:
    stats = folder / STATS
    (folder / "gateway").mkdir()
    (folder / "gateway" / "gateway.toml").write_text(UNBOUNDED, "utf-8")
    words = [
        sys.executable, "-m", "jiaoan.gateway", "--bus", url, "--port", "0",
        "--data", str(folder), "--stats-file", str(stats),
    ]  # fmt: skip
    log = (folder / "gateway.log").open("ab")
    process = subprocess.Popen(
        words, stderr=log, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}
    )
    try:
        yield process.pid, _port(stats, process, known)
    finally:
        log.close()
        process.terminate()
        process.wait(PATIENCE_S)


def _port(stats: Path, process: subprocess.Popen[bytes], known: int) -> int:
    """Where the gateway listens, once it knows all terminals."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            told = json.loads(stats.read_text(encoding="utf-8"))
            if told["address"] and told["terminals_known"] == known:
                return int(str(told["address"]).rpartition(":")[2])
        time.sleep(0.05)
    raise Impossible("the gateway does not listen")
