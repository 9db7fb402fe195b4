"""How many findings a second the worker carries up, in a burst of unfiled tankers.

Each finding opens a stay, a verdict, two or three facts and an alarm, on an SQLite file that waits
for the disk. Held against the same step with one finding at a time, which is how a worker without
batches does it; both in one run in turn, each time on an installation of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.result import Impossible, Result, machine

ROOT = Path(__file__).resolve().parents[1]
FINDINGS = 300


def measure(runs: int) -> Result:
    """Findings a second in batches beside one by one."""
    return _measure(runs, FINDINGS)


def _measure(runs: int, count: int) -> Result:
    together, alone = [], []
    for _ in range(runs):
        together.append(_rate(count, batch=0))
        alone.append(_rate(count, batch=1))
    return Result(
        "findings",
        "findings/s",
        together,
        sorted(alone)[len(alone) // 2],
        "the same step, one finding at a time",
        {"findings": count, "database": "SQLite, synchronous=FULL", **machine()},
    )


def _rate(count: int, *, batch: int) -> float:
    """Findings a second in a process of its own, ``batch`` at a time (0 = all that are read)."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}{os.pathsep}{ROOT}",
            "DJANGO_SETTINGS_MODULE": "jiaoan.project.settings",
            "JIAOAN_DATA": folder,
            "JIAOAN_SECRET": "bench" * 10,
            "JIAOAN_DATABASE_URL": "",
        }
        done = subprocess.run(
            [sys.executable, "-m", "bench.findings", str(count), str(batch)],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    if done.returncode:
        raise Impossible(f"the worker's step ended with {done.stderr.strip()[-300:]}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def _main(count: int, batch: int) -> None:
    import logging
    import time
    from datetime import UTC, datetime

    import django

    django.setup()
    from django.core.management import call_command

    from hazmat.factory import SYSTEM, finding_json, make_world
    from jiaoan.registry.actions import add_vehicle
    from jiaoan.watch.models import Alarm
    from jiaoan.worker import steps
    from jiaoan.worker.batches import AHEAD, Found, found

    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    world = make_world()
    waiting: list[Found] = []
    for number in range(count):
        tanker = add_vehicle(
            SYSTEM, world.clock, plate=f"鄂B{number:05d}", plate_colour=2, kind="hazmat",
            outside=True,
        )  # fmt: skip
        data = finding_json(tanker, at=world.clock.now())
        waiting.append(found("findings.00", data, number + 1, datetime.now(UTC)))
    began = time.perf_counter()
    size = batch or AHEAD
    for begin in range(0, count, size):
        some = waiting[begin : begin + size]
        read_to = some[-1].sequence
        while some:
            some = steps.handle_findings(some, read_to, world.clock)
    took = time.perf_counter() - began
    assert Alarm.objects.count() == count
    print(json.dumps(count / took))


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
