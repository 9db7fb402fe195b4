"""The worker as a process over a real bus: quick, killed at random, and refusing to start."""

from __future__ import annotations

import asyncio
import functools
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import migrated
from bus_server import BusServer
from jiaoan.stores.bus import Bus

pytest_plugins = ["bus_fixture"]
pytestmark = [pytest.mark.socket, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
TANKERS = 40


@functools.cache
def _with_tankers() -> tuple[Path, list[bytes]]:
    """An installation with its rows, and the findings of them; every test works on a copy."""
    data = migrated.scratch()
    migrated.copy_to(data)
    made = migrated.run(data, "tests/worker/installation.py", str(TANKERS))
    return data, [line.encode() for line in made.splitlines()]


class Installation:
    """A migrated SQLite installation and the worker processes over it."""

    def __init__(self, data: Path, bus_url: str) -> None:
        self.data = data
        original, lines = _with_tankers()
        shutil.copytree(original, data)
        self.environment = {**migrated.environment(data), "JIAOAN_BUS_URL": bus_url}
        self.findings, self.driven = lines[:TANKERS], lines[TANKERS:]
        self.process: subprocess.Popen[str] | None = None

    def run(self, *words: str) -> str:
        return subprocess.run(
            [sys.executable, *words],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jiaoan.project.cli", "worker"],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=(self.data / "worker.log").open("ab"),
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "worker ready"

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> float:
        """Seconds that an orderly stop took."""
        began = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        return time.monotonic() - began

    def count(self, question: str) -> int:
        with sqlite3.connect(self.data / "jiaoan.sqlite3", timeout=20) as database:
            return int(database.execute(question).fetchone()[0])

    def wait(self, question: str, wanted: int, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while (found := self.count(question)) < wanted:
            assert time.monotonic() < end, f"{found} of {wanted}: {question}"
            time.sleep(0.02)


@pytest.fixture
def installed(tmp_path: Path, bus_server: BusServer) -> Iterator[Installation]:
    made = Installation(tmp_path / "installation", bus_server.url)
    yield made
    made.stop()


async def publish(url: str, findings: list[bytes]) -> None:
    bus = await Bus.connect(url, name="test")
    await bus.prepare()
    for data in findings:
        await bus.publish("findings.00", data, message_id=json.loads(data)["id"])
    await bus.close()


ALARMS = "SELECT count(*) FROM watch_alarm"
UNSENT = "SELECT count(*) FROM journal_outgoing WHERE sent_at IS NULL"


def test_it_raises_the_alarm_and_tells_it_at_once(
    installed: Installation, bus_server: BusServer
) -> None:
    """Finding stored → row committed and ``events.alarm`` stored, without waiting for a poll."""
    installed.start()

    async def main() -> list[float]:
        bus = await Bus.connect(bus_server.url, name="test")
        await bus.prepare()
        after = found.sequence if (found := await bus.latest("events.>")) else 0
        events = bus.read("events.alarm", after=after)
        took = []
        for data in installed.findings[:11]:
            began = time.monotonic()
            await bus.publish("findings.00", data, message_id=json.loads(data)["id"])
            async with asyncio.timeout(10):
                async for message in events:
                    if json.loads(message.data)["kind"] == "watch.opened":
                        took.append(time.monotonic() - began)
                        break
        await bus.close()
        return took[1:]

    took = sorted(asyncio.run(main()))
    assert installed.count(ALARMS) == 11
    assert took[len(took) // 2] < 5, took  # a bound against hanging; speed is measured in bench/
    assert installed.stop() < 3


def test_it_loses_nothing_and_doubles_nothing_when_killed_at_random(
    installed: Installation, bus_server: BusServer
) -> None:
    chance = random.Random(20240408)
    asyncio.run(publish(bus_server.url, [installed.findings[0]]))
    for begin in range(1, TANKERS, 6):
        installed.start()
        asyncio.run(publish(bus_server.url, installed.findings[begin : begin + 6]))
        time.sleep(chance.uniform(0, 0.15))
        installed.kill()
    installed.start()
    installed.wait(ALARMS, TANKERS)
    time.sleep(0.5)
    assert installed.count(ALARMS) == TANKERS
    assert installed.count("SELECT count(*) FROM hazmat_trip") == TANKERS
    assert installed.count("SELECT count(*) FROM worker_parked") == 0
    opened = "SELECT count(*) FROM journal_fact WHERE kind = 'watch.opened'"
    assert installed.count(opened) == TANKERS
    end = time.monotonic() + 20
    while installed.count(UNSENT):
        assert time.monotonic() < end, "the outbox was not emptied"
        time.sleep(0.05)

    async def events() -> list[int]:
        bus = await Bus.connect(bus_server.url, name="test")
        last = await bus.latest("events.>")
        assert last is not None
        seen = []
        async for message in bus.read("events.alarm", after=0):
            body = json.loads(message.data)
            if body["kind"] == "watch.opened":
                seen.append(int(body["id"]))
            if message.sequence >= last.sequence:
                break
        await bus.close()
        return seen

    seen = asyncio.run(events())
    assert sorted(seen) == sorted(set(seen)), "an alarm was told twice"
    assert len(seen) == TANKERS
    verified = installed.run("-m", "jiaoan.project.cli", "verify", "--json")
    assert json.loads(verified.splitlines()[-1])["problems"] == []


def test_findings_of_driving_are_recorded_once_however_often_it_is_killed(
    installed: Installation, bus_server: BusServer
) -> None:
    chance = random.Random(7)
    for begin in range(0, len(installed.driven), 16):
        installed.start()
        asyncio.run(publish(bus_server.url, installed.driven[begin : begin + 16]))
        time.sleep(chance.uniform(0, 0.15))
        installed.kill()
    installed.start()
    installed.wait("SELECT count(*) FROM watch_finding WHERE ended_at IS NOT NULL", TANKERS)
    time.sleep(0.5)
    assert installed.count("SELECT count(*) FROM watch_finding") == TANKERS
    assert installed.count(ALARMS) == TANKERS
    assert installed.count("SELECT count(*) FROM worker_parked") == 0
    for kind in ("watch.found", "watch.opened", "watch.ended"):
        facts = f"SELECT count(*) FROM journal_fact WHERE kind = '{kind}'"
        assert installed.count(facts) == TANKERS, kind
    last = "SELECT sequence FROM worker_checkpoint WHERE name = 'findings'"
    installed.wait(last, 2 * TANKERS)


def test_it_does_not_start_without_the_journals_triggers(installed: Installation) -> None:
    with sqlite3.connect(installed.data / "jiaoan.sqlite3") as database:
        database.execute("DROP TRIGGER journal_fact_no_update")
    done = subprocess.run(
        [sys.executable, "-m", "jiaoan.project.cli", "worker"],
        env=installed.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "触发器" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_opens_a_supervision_item_once_however_often_it_is_killed(
    installed: Installation, bus_server: BusServer
) -> None:
    moment = "2024-04-07T22:40:00+00:00"
    request = {
        "kind": "supervision_request", "role": "subordinate", "platform": "示意市级平台",
        "access_code": 43060000, "number": 7, "warn_source": 3, "warn_type": 1,
        "warn_time": moment, "deadline": moment, "level": 0, "plate": None, "plate_colour": None,
        "supervisor": "李四", "tel": "", "email": "", "serial": 5, "received_at": moment,
    }  # fmt: skip

    async def say() -> None:
        bus = await Bus.connect(bus_server.url, name="test")
        await bus.prepare()
        for number in range(3):
            data = json.dumps(request | {"number": number}).encode()
            await bus.publish("platform.up", data, message_id=f"request-{number}")
        await bus.close()

    asyncio.run(say())
    installed.start()
    installed.wait("SELECT count(*) FROM watch_supervision", 1)
    installed.kill()
    installed.start()
    installed.wait("SELECT count(*) FROM watch_supervision", 3)
    # The deadline is long past: the worker notes it by itself, once for each.
    late = "SELECT count(*) FROM journal_fact WHERE kind = 'watch.supervision_late'"
    installed.wait(late, 3)
    time.sleep(0.5)
    assert installed.count("SELECT count(*) FROM watch_supervision") == 3
    assert installed.count(late) == 3
