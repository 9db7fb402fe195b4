"""From the frame that confirms a crossing to the alarm on a clerk's screen, under load."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from check import system
from check.system import ROOT

from bench.load import Reporter, district_time
from bench.processes import cpu_by_name
from bench.result import Impossible, Result, machine, percentile, spread
from bench.watching import OnBus, Screen, listening, looking

AIM = 1.0
RATE = 1000
FLEET = 1000
IN_A_ROUND, FIRST = 5, 2  # a round: so many with load and without; the first ones do not count
PATIENCE = 10.0
# Two points before the western line of the demonstration's district and one behind its buffer:
# metres east of the line at this latitude → degrees.
LATITUDE, LINE, METRE = 29.4895, 113.17645, 1 / 96_900
APPROACH = ((20, -350), (10, -150))  # seconds ago, metres
CONFIRMS = 90
_PROCESSES = {
    "bench.load": "load generator",
    "chromium": "browser",
    "playwright": "browser",
    "nats-server": "bus",
    "jiaoan.gateway": "gateway",
    "jiaoan.stream": "stream",
    "cli worker": "worker",
    "uvicorn": "web",
}
Times = dict[str, float]


@dataclass
class Bench:
    """What a crossing needs and what the rounds have seen."""

    gateway_port: int
    tankers: list[dict[str, object]]
    heard: OnBus
    screen: Screen
    chance: random.Random = field(default_factory=lambda: random.Random(808))
    crossed: dict[bool, list[Times]] = field(default_factory=lambda: {True: [], False: []})
    loads: list[dict[str, float]] = field(default_factory=list)


def measure(runs: int) -> Result:
    """p95 over ``runs`` crossings with load; beside it as many without, by turns."""
    rounds = max(1, runs // IN_A_ROUND)
    with tempfile.TemporaryDirectory(prefix="jiaoan-bench-") as scratch:
        data = Path(scratch) / "demo"
        vehicles = _make(data, FIRST + 2 * rounds * IN_A_ROUND)
        with system.running(data, *_options(), "--only", "bus,gateway,stream,worker,web") as run:
            clerk = run.people["safety_clerk"]
            url = json.loads((data / "addresses.json").read_text())["bus"]
            with listening(url) as heard, looking(run.address, *clerk) as screen:
                bench = Bench(run.gateway_port, vehicles["tankers"], heard, screen)
                with _load(run.gateway_port, vehicles["fleet"], Path(scratch)) as load:
                    _rounds(bench, load, rounds)
    return _result(bench)


def _options() -> list[str]:
    return ["--today", system.TODAY]


def _make(data: Path, tankers: int) -> dict[str, list[dict[str, object]]]:
    """A demonstration with more vehicles than it has by itself."""
    with system.running(data, *_options(), "--only", "bus") as first:
        print(f"demonstration made in {first.ready_after:.1f} s", flush=True)
    offset = district_time() - datetime.now(UTC)
    made = subprocess.run(
        [sys.executable, "-m", "bench.more_vehicles", str(FLEET), str(tankers)],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": "jiaoan.project.settings",
            "JIAOAN_DATA": str(data),
            "JIAOAN_CLOCK_OFFSET": str(round(offset.total_seconds())),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise Impossible(f"the vehicles could not be added: {made.stderr.strip()[-300:]}")
    found: dict[str, list[dict[str, object]]] = json.loads(made.stdout)
    return found


class Load:
    """The load generator's process, told by lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def counts(self) -> dict[str, float]:
        assert self._process.stdout is not None  # asked for with PIPE
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise Impossible(f"the load generator ended: {self._process.stderr.read()[-300:]}")
        found: dict[str, float] = json.loads(line)
        return found

    def rate(self, rate: int) -> dict[str, float]:
        assert self._process.stdin is not None
        print(rate, file=self._process.stdin, flush=True)
        return self.counts()


@contextlib.contextmanager
def _load(port: int, fleet: list[dict[str, object]], scratch: Path) -> Iterator[Load]:
    listed = scratch / "fleet.json"
    listed.write_text(json.dumps(fleet))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load", "127.0.0.1", str(port), str(listed)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        load = Load(process)
        load.counts()  # all terminals are logged in
        yield load
    finally:
        with process:
            process.terminate()


def _rounds(bench: Bench, load: Load, rounds: int) -> None:
    """Rounds without and with load by turns, so that a slow moment of the machine meets both."""
    load.rate(RATE)
    time.sleep(3)
    for _ in range(FIRST):
        _cross(bench, patience=60)  # references and first answers of every process come in here
    for number in range(rounds):
        for loaded in (False, True):
            before = load.rate(RATE if loaded else 0)
            time.sleep(2)
            used = cpu_by_name(os.getpid(), _PROCESSES)
            measured_from = time.monotonic()
            for _ in range(IN_A_ROUND):
                bench.crossed[loaded].append(_cross(bench))
                # Not in step with anything that the system does every so often.
                time.sleep(bench.chance.uniform(0.6, 1.4))
            if loaded:
                passed = time.monotonic() - measured_from
                now = cpu_by_name(os.getpid(), _PROCESSES)
                shares = {name: (now[name] - used.get(name, 0)) / passed for name in now}
                bench.loads.append(_held(before, load.rate(RATE)) | shares)
        _say(bench, number)


def _held(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    seconds = after["at"] - before["at"]
    return {
        "sent_per_s": (after["sent"] - before["sent"]) / seconds,
        "answered_per_s": (after["answered"] - before["answered"]) / seconds,
        "refused": after["refused"] - before["refused"],
    }


def _say(bench: Bench, number: int) -> None:
    for loaded, words in ((False, "without load"), (True, "with load")):
        newest = [times["screen"] for times in bench.crossed[loaded][-IN_A_ROUND:]]
        print(f"round {number + 1} {words}: {max(newest):.3f} s at worst", flush=True)


def _cross(bench: Bench, patience: float = PATIENCE) -> Times:
    """One tanker comes over the line. Seconds from its confirming frame to each station."""
    tanker = bench.tankers.pop()
    vehicle = int(str(tanker["vehicle"]))
    terminal = Reporter(
        "127.0.0.1", bench.gateway_port, str(tanker["phone"]), year=int(str(tanker["year"]))
    )
    try:
        terminal.begin(str(tanker["code"]))
        for ago, metres in APPROACH:
            moment = district_time() - timedelta(seconds=ago)
            terminal.post(LATITUDE, LINE + metres * METRE, moment)
        time.sleep(0.3)  # they are stored and judged; only the next one is measured
        written = time.time()
        terminal.post(LATITUDE, LINE + CONFIRMS * METRE, district_time())
        screen = _wait(bench, vehicle, written + patience)
    finally:
        terminal.close()
    return _stations(bench, vehicle, written, screen)


def _wait(bench: Bench, vehicle: int, deadline: float) -> float:
    while time.time() < deadline:
        if vehicle in bench.heard.alarms:
            seen = bench.screen.seen(bench.heard.alarms[vehicle][1])
            if seen is not None:
                return seen
        time.sleep(0.02)
    told = "was told on the bus" if vehicle in bench.heard.alarms else "never reached the bus"
    raise Impossible(f"the alarm of vehicle {vehicle} was not on the screen in time; it {told}")


def _stations(bench: Bench, vehicle: int, written: float, screen: float) -> Times:
    """The times are of one machine; those of the product live on another day."""
    received, judged = (
        (datetime.fromisoformat(text) - _day()).timestamp() - written
        for text in bench.heard.judged[vehicle]
    )
    return {
        "received": round(received, 4),
        "judged": round(judged, 4),
        "finding": round(bench.heard.findings[vehicle] - written, 4),
        "bus": round(bench.heard.alarms[vehicle][0] - written, 4),
        "screen": round(screen - written, 4),
    }


def _day() -> timedelta:
    return timedelta(seconds=round((district_time() - datetime.now(UTC)).total_seconds()))


def _result(bench: Bench) -> Result:
    quiet, loaded = bench.crossed[False], bench.crossed[True]
    held = {name: [round(load[name], 3) for load in bench.loads] for name in bench.loads[0]}
    slowest = min(held["answered_per_s"])
    if slowest < 0.97 * RATE:
        raise Impossible(f"the load was not held: {slowest:.0f} answered a second of {RATE}")
    return Result(
        "frame-to-alarm",
        "s",
        [times["screen"] for times in loaded],
        percentile([times["screen"] for times in quiet], 0.95),
        "p95 of the same without load, by turns",
        {
            "is": "p95 from writing the confirming frame to the alarm's line in the desk's queue",
            "aim": AIM,
            "loaded": {name: spread([times[name] for times in loaded]) for name in loaded[0]},
            "quiet": {name: spread([times[name] for times in quiet]) for name in quiet[0]},
            "quiet_runs": [round(times["screen"], 3) for times in quiet],
            "load": {"wanted_per_s": RATE, "terminals": FLEET, **held},
            "load_generator_cores": max(held["load generator"]),
            "machine": machine(),
            "not_in_it": "the demonstration's own fleet; the load stays outside the district",
        },
        share=0.95,
    )
