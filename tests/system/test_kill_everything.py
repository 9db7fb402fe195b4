"""The whole system under load, its processes killed at random fifty times: what stands in the end
is what an undisturbed run of the same reports leaves, nothing acknowledged is missing, nothing is
there twice.

Both runs are ``jiaoan up`` on copies of one prepared installation. Terminals are driven from
outside over TCP by :mod:`check.terminal`, which has its own writer of JT/T 808: each sends one
report after another and goes on only when it is acknowledged, over as many links as that takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jiaoan.kernel.clock import LOCAL
from jiaoan.stores import tracks
from jiaoan.stores.bus import Bus, BusUnavailable

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from check import system  # noqa: E402
from check.terminal import Terminal  # noqa: E402

pytestmark = [pytest.mark.socket, pytest.mark.slow]

KILLS = 50
CHILDREN = {
    "nats-server": "bus",
    "jiaoan.gateway": "gateway",
    "jiaoan.stream": "stream",
    "worker": "worker",
    "uvicorn": "web",
}
ACKNOWLEDGING = ("bus", "gateway")
ONLY = ("--only", ",".join(CHILDREN.values()), "--today", system.TODAY)
VEHICLES = 10
STEP_S = 10
LATITUDE, WEST, EAST = 29.4895, 113.1650, 113.1880  # the district's line lies near 113.1766
BOUND_S = 60.0
REST_S = 12.0  # longer than a process needs to be started again and to take its lease

Rows = list[tuple[object, ...]]


@dataclass
class Truck:
    """One terminal on a known vehicle, driving to and fro over the line; the same in every run."""

    vehicle: int
    phone: str
    code: str
    year: int
    begins: datetime
    acknowledged: int = 0
    links: int = 0

    def where(self, number: int) -> tuple[float, datetime]:
        """Longitude and moment of report ``number``: some 150 m a step, seldom standing still."""
        dice = random.Random(self.vehicle * 100_003 + number)
        width, pace = EAST - WEST, 0.0016
        way = (number * pace + self.vehicle * 0.003) % (2 * width)
        longitude = WEST + (way if way < width else 2 * width - way)
        moment = self.begins + timedelta(seconds=STEP_S * number)
        return round(longitude + dice.uniform(-0.0004, 0.0004), 6), moment

    def drive(self, port: int, goes_on: Callable[[int], bool]) -> None:
        """Report until told to stop; a lost link is mended and the same report said again.

        What was said once is said until it is acknowledged: it may be stored without an answer.
        """
        link: Terminal | None = None
        said = 0
        try:
            while said > self.acknowledged or goes_on(self.acknowledged):
                try:
                    link = link or self._link(port)
                    longitude, moment = self.where(self.acknowledged)
                    said = self.acknowledged + 1
                    if link.report(LATITUDE, longitude, moment).result == 0:
                        self.acknowledged += 1
                except (OSError, TimeoutError):
                    if link:
                        link.close()
                    link = None
                    time.sleep(0.05)
        finally:
            if link:
                link.close()

    def _link(self, port: int) -> Terminal:
        terminal = Terminal("127.0.0.1", port, self.phone, year=self.year)
        self.links += 1
        try:
            if terminal.authenticate(self.code).result != 0:
                raise ConnectionError("not admitted yet")
        except (OSError, TimeoutError):
            terminal.close()
            raise
        return terminal


@dataclass
class Left:
    """What a run leaves; numbers of rows and moments of processing are left out."""

    findings: list[str]
    trips: Rows = field(default_factory=list)
    verdicts: Rows = field(default_factory=list)
    alarms: Rows = field(default_factory=list)


def trucks(data: Path, begins: datetime) -> list[Truck]:
    """Outside vehicles first: their entries must be judged and alarmed."""
    rows = _rows(
        data,
        "SELECT t.vehicle_id, t.phone, t.auth_code, t.protocol FROM registry_terminal t"
        " JOIN registry_vehicle v ON v.id = t.vehicle_id WHERE v.kind = 'hazmat'"
        f" ORDER BY v.outside DESC, v.id LIMIT {VEHICLES}",
    )
    assert len(rows) == VEHICLES
    return [
        Truck(int(str(vehicle)), str(phone), str(code), 2019 if year == "2019" else 2013, begins)
        for vehicle, phone, code, year in rows
    ]


def _rows(data: Path, question: str) -> Rows:
    with contextlib.closing(sqlite3.connect(data / "jiaoan.sqlite3", timeout=20)) as database:
        return [tuple(row) for row in database.execute(question)]


def _count(data: Path, question: str) -> int:
    return int(str(_rows(data, question)[0][0]))


@contextlib.contextmanager
def driving(fleet: list[Truck], port: int, goes_on: Callable[[Truck, int], bool]) -> Iterator[None]:
    """All trucks on the road, until each of them is told to stop."""
    threads = [
        threading.Thread(target=one.drive, args=(port, lambda done, one=one: goes_on(one, done)))
        for one in fleet
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(BOUND_S)
        assert not any(thread.is_alive() for thread in threads), "a truck is still waiting"


def children(supervisor: int) -> dict[str, int]:
    """Who runs now, by name (Linux)."""
    found: dict[str, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            if parent == supervisor:
                name = next(CHILDREN[mark] for mark in CHILDREN if any(mark in w for w in words))
                found[name] = int(entry.name)
    return found


def disturb(supervisor: int, dice: random.Random, acknowledged: Callable[[], int]) -> Counter[str]:
    """Kill whoever the dice name, as often as agreed, and only who is there.

    Between two kills of those who acknowledge, something is acknowledged: else the second would hit
    a system that carries no load.
    """
    names = [name for name in CHILDREN.values() for _ in range(KILLS // len(CHILDREN))]
    dice.shuffle(names)
    end = time.monotonic() + 4 * BOUND_S
    killed: Counter[str] = Counter()
    seen = acknowledged()
    while names and time.monotonic() < end:
        time.sleep(dice.uniform(0.1, 0.5))
        carries = acknowledged() > seen + VEHICLES
        alive = children(supervisor)
        ready = [name for name in names if name in alive and (carries or name not in ACKNOWLEDGING)]
        if ready:
            names.remove(ready[0])
            os.kill(alive[ready[0]], signal.SIGKILL)
            killed[ready[0]] += 1
            if ready[0] in ACKNOWLEDGING:
                seen = acknowledged()
    return killed


async def _findings(url: str) -> list[str]:
    bus = await Bus.connect(url, name="test")
    try:
        last = await bus.latest("findings.*")
        found: list[str] = []
        async for message in bus.read("findings.*", after=0):
            found.append(str(json.loads(message.data)["id"]))
            if last is None or message.sequence >= last.sequence:
                break
        return found
    finally:
        await bus.close()


def settled(data: Path, supervisor: int) -> Left:
    """What stands when nothing moves any more: findings, their rows, and an empty outbox.

    At rest is who is all there: a process that is being started again does nothing either.
    """
    url = json.loads((data / "addresses.json").read_text())["bus"]
    facts = "SELECT count(*) FROM journal_fact"
    unsent = "SELECT count(*) FROM journal_outgoing WHERE sent_at IS NULL"
    end, since = time.monotonic() + 2 * BOUND_S, time.monotonic()
    before: tuple[object, ...] = ()
    while time.monotonic() - since < REST_S:
        try:
            found, alive = asyncio.run(_findings(url)), children(supervisor)
        except BusUnavailable:  # on its way back from the last kill: no rest yet
            found, alive = [], {}
        now = (len(found), _count(data, facts), _count(data, unsent), alive)
        if now != before or len(alive) < len(CHILDREN) or now[2]:
            before, since = now, time.monotonic()
        assert time.monotonic() < end, f"it does not come to rest: {now}"
        time.sleep(1)
    plate = "JOIN registry_vehicle v ON v.id = t.vehicle_id"
    return Left(
        sorted(found),
        _rows(
            data,
            "SELECT v.plate, t.entered_at, t.entered_finding, t.left_at, t.left_finding"
            f" FROM hazmat_trip t {plate} ORDER BY 1, 2",
        ),
        _rows(
            data,
            "SELECT v.plate, d.rule, d.version, d.happened_at, d.lead FROM hazmat_verdict d"
            f" JOIN hazmat_trip t ON t.id = d.trip_id {plate} ORDER BY 1, 2, 3, 4, 5",
        ),
        _rows(
            data,
            "SELECT v.plate, t.kind, t.rule, t.happened_at FROM watch_alarm t"
            f" {plate} ORDER BY 1, 2, 3, 4",
        ),
    )


def sealed(data: Path, truck: Truck) -> set[float]:
    """Moments of this truck's reports in the tracks."""
    start = truck.begins - timedelta(hours=1)
    points = tracks.day(data, truck.vehicle, start, start + timedelta(days=2))
    return {point.time.timestamp() for point in points}


def verified(data: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jiaoan.project.cli", "verify", "--data", str(data), "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["problems"] == []


def test_fifty_kills_of_any_process_leave_what_an_undisturbed_run_leaves(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    quiet, shaken = tmp_path / "quiet", tmp_path / "shaken"
    with system.running(quiet, *ONLY) as first:
        printed = dict(first.people)
    shutil.copytree(quiet, shaken)
    # So long ago that no report is ahead of its arrival, however many are sent.
    day = datetime.fromisoformat(system.TODAY).date()
    begins = datetime.combine(day, datetime.now(LOCAL).time(), LOCAL).astimezone(UTC)
    begins = begins.replace(microsecond=0) - timedelta(hours=20)

    fleet = trucks(shaken, begins)
    over = threading.Event()
    with system.running(shaken, *ONLY) as disturbed:
        with driving(fleet, disturbed.gateway_port, lambda _, __: not over.is_set()):
            try:
                killed = disturb(
                    disturbed.process.pid,
                    random.Random(seed),
                    lambda: sum(truck.acknowledged for truck in fleet),
                )
            finally:
                over.set()
        found = settled(shaken, disturbed.process.pid)
        with urllib.request.urlopen(f"{disturbed.address}/healthz", timeout=10) as page:
            assert page.status == 200
    assert sum(killed.values()) == KILLS, killed
    done = {truck.vehicle: truck.acknowledged for truck in fleet}
    assert min(done.values()) > 50, f"the load was too thin to prove anything: {done}"
    assert sum(truck.links for truck in fleet) > 2 * VEHICLES, "no link was ever lost"

    again = trucks(quiet, begins)
    with system.running(quiet, *ONLY) as undisturbed:
        with driving(
            again, undisturbed.gateway_port, lambda truck, sent: sent < done[truck.vehicle]
        ):
            pass
        wanted = settled(quiet, undisturbed.process.pid)

    assert len(wanted.findings) == len(set(wanted.findings))
    assert len(wanted.findings) > 3 * VEHICLES
    assert wanted.alarms
    assert found == wanted
    opened = "SELECT count(*) FROM journal_fact WHERE kind = 'watch.opened'"
    assert _count(shaken, opened) == len(found.alarms)
    assert _count(shaken, "SELECT count(*) FROM worker_parked") == 0
    verified(shaken)
    for truck in fleet:
        reports = {truck.where(number)[1].timestamp() for number in range(truck.acknowledged)}
        assert reports <= sealed(shaken, truck), "an acknowledged report is not in the tracks"
    assert not list((shaken / "tracks").rglob("*.new"))
    assert system.left_behind(tmp_path) == []
    assert set(disturbed.people) == set(printed)
    assert not set(disturbed.people.values()) & set(printed.values()), "log-ins hold for one start"
    print(
        f"{sum(done.values())} reports, {len(found.findings)} findings, {len(found.alarms)} alarms"
    )
