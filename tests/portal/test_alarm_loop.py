"""An alarm in one loop: a terminal's frames, the finding, the alarm, the officer's decision, the
frames that a superior platform receives, and what the page then says of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bus_server import BusServer
from gateway_platform.helpers import CODE, Both, until
from hazmat.factory import SYSTEM, make_world
from jiaoan.gateway.server import Gateway
from jiaoan.kernel.clock import OFFSET_VARIABLE, Clock, at_local, clock_from_environment
from jiaoan.registry.actions import add_terminal
from jiaoan.simulate.terminal import Terminal
from jiaoan.stores.bus import Bus
from jiaoan.stream.worker import Worker
from jiaoan.watch.models import Alarm, UpwardReport
from jiaoan.watch.upward.kinds import ReportKind
from jiaoan.wire.jt809.line import Times
from jiaoan.worker import batches, steps

pytest_plugins = ["bus_fixture"]
pytestmark = [pytest.mark.django_db, pytest.mark.socket]
PHONE = "13900000001"
LONGEST_S = 60.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Ten in the morning of a working day, for pages too: rules look at the hour."""
    begun = at_local(date(2024, 4, 8), 10)
    offset = (begun - datetime.now(UTC)).total_seconds()
    monkeypatch.setenv(OFFSET_VARIABLE, str(offset))
    return clock_from_environment()


class Loop:
    """All processes of an installation but the database's, and a superior platform."""

    def __init__(self, folder: Path, bus: Bus, clock: Clock) -> None:
        self.bus, self.clock = bus, clock
        self.superior = Both(
            folder, "2019", times=Times(keep_alive_s=1.0, silent_s=LONGEST_S, retry_s=0.05)
        )
        self.superior.clock = clock  # type: ignore[assignment]
        self.superior.lower = bus  # type: ignore[assignment]
        self._tasks: list[asyncio.Task[None]] = []
        self._folder = folder

    async def start(self) -> None:
        self.gateway = Gateway(self.bus, folder=self._folder, clock=self.clock)
        self.port = await self.gateway.start("127.0.0.1", 0)
        stream = Worker(self.bus, self._folder, "stream", self.clock, 10 * LONGEST_S)
        self._stop = asyncio.Event()
        self._streaming = asyncio.create_task(stream.run(self._stop))
        await self.superior.start_superior()
        await self.superior.start_subordinate()
        await self.superior.both_links()

    async def stop(self) -> None:
        self._stop.set()
        await self._streaming
        await self.superior.__aexit__()
        await self.gateway.stop()

    async def relay(self, letters: list[steps.Letter]) -> None:
        """What the worker does with the outbox."""
        for one in letters:
            await self.bus.publish(one.subject, one.data, message_id=one.message_id)

    async def learn_terminals(self, count: int) -> None:
        known = self.gateway.reference
        await until(lambda: len(known) == count, f"{count} terminals are known", LONGEST_S)

    async def drive(self, speed_kmh: float, seconds: int) -> None:
        """A terminal logs in with the code it is given, and reports every ten seconds of a way."""
        terminal = Terminal("127.0.0.1", self.port, PHONE, "2019", timeout_s=LONGEST_S)
        await terminal.connect()
        await terminal.authenticate(await terminal.register("湘F30001", 2))
        begun = self.clock.now().replace(microsecond=0) - timedelta(seconds=seconds)
        for second in range(0, seconds, 10):
            east = speed_kmh / 3.6 * second / 97_000
            when = begun + timedelta(seconds=second)
            assert await terminal.report(29.48, 113.27 + east, speed_kmh, when) == 0
        await terminal.close()

    async def read(self, subject: str, after: int, count: int = 1) -> list[batches.Found]:
        """What is said there behind ``after``, as soon as there are so many besides what is only
        shown: the superior says that it does not know the vehicle."""
        found: list[batches.Found] = []
        async with asyncio.timeout(LONGEST_S):
            async for one in self.bus.read(subject, after=after):
                found.append(batches.found(one.subject, one.data, one.sequence, one.stored_at))
                if subject == "platform.up" and json.loads(one.data)["kind"] == "other":
                    continue
                count -= 1
                if not count:
                    break
        return found

    async def heard(self, count: int) -> dict[str, Any]:
        """The last of ``count`` things that the superior was told and acts on: the vehicle that
        the link registers first is one that it does not know, and is only shown there."""

        def told() -> list[dict[str, Any]]:
            return [one for one in self.superior.upper.told() if one["kind"] != "other"]

        await until(lambda: len(told()) == count, f"{count} came up", LONGEST_S)
        return told()[-1]


@asynccontextmanager
async def running(server: BusServer, folder: Path, clock: Clock) -> AsyncIterator[Loop]:
    bus = await Bus.connect(server.url, name="test")
    await bus.prepare()
    loop = Loop(folder, bus, clock)
    await loop.start()
    try:
        yield loop
    finally:
        await loop.stop()
        await bus.close()


def letters() -> list[steps.Letter]:
    """The outbox, emptied."""
    found = steps.letters()
    steps.sent([one.pk for one in found])
    return found


def report_alarms_up(settings: object, folder: Path) -> None:
    link = {
        "name": "示意市级平台", "access_code": CODE, "user_id": 8, "password": "secret12",
        "edition": "2019", "address": "127.0.0.1:7809", "listen": "127.0.0.1:7810",
        "platform_id": "43060000001", "report_alarms": True,
    }  # fmt: skip
    (folder / "platform.json").write_text(json.dumps({"superiors": [link]}), "utf-8")
    settings.DATA_DIR = folder  # type: ignore[attr-defined]


def take_told(found: list[batches.Found], clock: Clock) -> None:
    for one in found:
        assert steps.handle_platform(one.data, one.sequence, one.stored_at, clock)


def test_an_alarm_goes_from_the_terminals_frame_to_the_superior_and_back_onto_the_page(
    bus_server: BusServer, tmp_path: Path, settings: object, clock: Clock
) -> None:
    world = make_world()
    add_terminal(SYSTEM, clock, vehicle=world.own_truck, phone=PHONE, protocol="2019")
    report_alarms_up(settings, tmp_path)
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.cookies["django_language"] = "en"
    client.force_login(world.clerk, backend="django.contrib.auth.backends.ModelBackend")
    with asyncio.Runner() as runner:
        scope = running(bus_server, tmp_path, clock)
        loop = runner.run(scope.__aenter__())
        try:
            runner.run(loop.relay(letters()))
            runner.run(loop.learn_terminals(1))
            runner.run(loop.drive(96, 60))
            found = runner.run(loop.read("findings.*", 0))
            assert steps.handle_findings(found, found[-1].sequence, clock) == []
            alarm = Alarm.objects.get()
            assert (alarm.vehicle, alarm.kind) == (world.own_truck, "overspeed")

            runner.run(loop.relay(letters()))
            said = runner.run(loop.heard(1))
            assert (said["kind"], said["plate"], said["warn_type"]) == (
                "alarm_report",
                "湘F30001",
                1,
            )
            assert datetime.fromisoformat(said["warn_time"]) == alarm.happened_at.replace(
                microsecond=0
            )
            take_told(runner.run(loop.read("platform.up", 0)), clock)
            report = UpwardReport.objects.get(kind=ReportKind.ALARM)
            assert report.sent_serial == said["serial"]

            url, upward = f"/alarms/{alarm.pk}/", reverse("upward_reports")
            for verb, typed in (
                ("dispose", {"kind": "phone", "note": "已电话核实"}),
                ("close", {"note": "已减速，闭环"}),
            ):
                assert client.post(url + verb, typed).status_code in (200, 302)
            steps.follow(clock)
            result = UpwardReport.objects.get(kind=ReportKind.RESULT)
            assert "waits for the link" in client.get(upward).content.decode()
            runner.run(loop.relay(letters()))
            said = runner.run(loop.heard(2))
            assert (said["kind"], said["source_serial"], said["result"]) == (
                "alarm_result", report.sent_serial, 1,
            )  # fmt: skip
            take_told(runner.run(loop.read("platform.up", steps.platform_checkpoint())), clock)
        finally:
            runner.run(scope.__aexit__(None, None, None))
    result.refresh_from_db()
    assert (result.sent_link, result.sent_at is not None) == ("main", True)
    assert "waits for the link" not in client.get(upward).content.decode()
