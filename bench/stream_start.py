"""``bench/run stream-start``: from exec until the stream owns all partitions, warm cache.

A real bus holds the references of 2,000 vehicles and a snapshot of each partition, left by a stream
that ended in order. What is timed is a new process, from its start until it has told of every
partition that it goes on behind the snapshot it read. Beside it, by turns, a process that only
imports what any stream in Python imports; what numba adds to that is our choice and stands in the
notes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from bench.gateway_fleet import phone_of, reference
from bench.result import Impossible, Result, machine
from jiaoan.stores import positions, server
from jiaoan.stores.bus import Bus
from jiaoan.stores.positions import PARTITIONS

ROOT = Path(__file__).resolve().parent.parent
VEHICLES = 2_000
PATIENCE_S = 60.0
AIM_S = 0.5
GOES_ON = b"goes on behind message"
PACKAGES = "import asyncio, numpy, shapely, nats"


def measure(runs: int) -> Result:
    """Seconds; ``ratio`` says how many times the imports alone."""
    return measured(runs, VEHICLES)


def measured(runs: int, vehicles: int) -> Result:
    starts, imports, jitted = [], [], []
    with (
        tempfile.TemporaryDirectory(prefix="jiaoan-bench-") as scratch,
        running_bus(Path(scratch)) as (_, url),
    ):
        asyncio.run(_fill(url, vehicles))
        with running_stream(url, Path(scratch)) as stream:
            stream.ready()
            time.sleep(2)  # what was sent is judged and in snapshots
        for _ in range(runs):
            imports.append(_imports(PACKAGES))
            jitted.append(_imports(f"{PACKAGES}, numba"))
            with running_stream(url, Path(scratch)) as stream:
                starts.append(stream.ready())
    return Result(
        "stream-start",
        "s",
        starts,
        median(imports),
        f"a process that only does: {PACKAGES}",
        {
            "aim": AIM_S,
            "vehicles": vehicles,
            "yardstick_runs": [round(one, 3) for one in imports],
            "with_numba_s": [round(one, 3) for one in jitted],
            "machine": machine(),
        },
    )


@contextlib.contextmanager
def running_bus(folder: Path) -> Iterator[tuple[int, str]]:
    """A bus server of its own: its process and address."""
    plan = server.plan(folder)
    process = subprocess.Popen(plan.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                server.report(f"127.0.0.1:{plan.monitor_port}")
                break
            except server.ServerProblem as problem:
                if time.monotonic() > end or process.poll() is not None:
                    raise Impossible(f"the bus server did not start: {problem}") from problem
                time.sleep(0.02)
        yield process.pid, plan.url
    finally:
        process.terminate()
        process.wait(10)


async def _fill(url: str, vehicles: int) -> None:
    """References, and one block of positions for each partition."""
    bus = await Bus.connect(url, name="bench")
    try:
        await bus.prepare()
        for number in range(vehicles):
            value = reference(number)
            subject = f"ref.terminal.{phone_of(number)}"
            await bus.publish(subject, value, message_id=subject)
        now = round(time.time() * 1000)
        for partition in range(PARTITIONS):
            ids = np.arange(partition, vehicles, PARTITIONS)
            array = positions.empty(len(ids))
            array["vehicle"], array["status"] = ids, 3
            array["time_ms"], array["received_ms"] = now - 500, now
            array["lat"], array["lon"] = 29_400_000 + ids * 10, 113_100_000
            data = positions.pack(array, [b""] * len(array))
            await bus.publish(positions.subject_of(partition), data, message_id=f"p{partition}")
    finally:
        await bus.close()


class Stream:
    """The stream's process; its log is read while it starts, and thrown away from then on."""

    def __init__(self, process: subprocess.Popen[bytes], began: float) -> None:
        self._process, self._began, self.pid = process, began, process.pid

    def ready(self) -> float:
        """Seconds from exec until every partition goes on."""
        assert self._process.stderr is not None  # asked for with PIPE
        told: list[bytes] = []
        seen = 0
        for line in self._process.stderr:
            told.append(line)
            seen += GOES_ON in line
            if seen == PARTITIONS:
                took = time.perf_counter() - self._began
                threading.Thread(target=self._process.stderr.read, daemon=True).start()
                return took
        raise Impossible(f"the stream ended: {b''.join(told[-3:]).decode()}")


@contextlib.contextmanager
def running_stream(url: str, folder: Path) -> Iterator[Stream]:
    """The product's own stream process over that bus."""
    words = [sys.executable, "-m", "jiaoan.stream.main", "--bus", url, "--data", str(folder)]
    began = time.perf_counter()
    process = subprocess.Popen(words, stderr=subprocess.PIPE, env=_environment())
    try:
        yield Stream(process, began)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def _imports(words: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", words], check=True)
    return time.perf_counter() - began
