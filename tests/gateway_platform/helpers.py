"""A bus in memory with the contract of ``stores.bus.Bus``, and both roles around it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.rows import Item, array, row
from jiaoan.gateway.platform.settings import Settings, parse
from jiaoan.gateway.platform.subordinate import Subordinate
from jiaoan.gateway.platform.superior import Superior
from jiaoan.kernel.clock import FixedClock
from jiaoan.stores.bus import Message
from jiaoan.stores.positions import V2013, Positions, pack, partition_of, subject_of, unpack
from jiaoan.stores.tables import Entry, Overtaken
from jiaoan.wire.jt808 import Location
from jiaoan.wire.jt809.line import Times

MOMENT = datetime(2024, 4, 7, 22, 40, 0, tzinfo=UTC)
CODE = 70000001
CIPHER = {"ia1": 20_000_000, "ic1": 20_000_000, "m1": 30_000_000}
NO_TERMINAL = 8
"""A vehicle that is known only because other platforms forward it."""
PLATES = {7: "湘F32718", 8: "鄂BA7263", 23: "湘FD12345"}


class MemoryTable:
    """Small values with compare-and-set."""

    def __init__(self) -> None:
        self.values: dict[str, Entry] = {}

    async def get(self, key: str) -> Entry | None:
        return self.values.get(key)

    async def put(self, key: str, value: bytes, *, revision: int) -> int:
        known = self.values.get(key)
        if (known.revision if known else 0) != revision:
            raise Overtaken(key)
        self.values[key] = Entry(value, revision + 1)
        return revision + 1


class MemoryBus:
    """Stores in memory; ``trouble`` is raised by publishing while it is set."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.trouble: Exception | None = None
        self.tables: dict[str, MemoryTable] = {}
        self._ids: dict[str, int] = {}
        self._news = asyncio.Condition()

    async def publish(self, subject: str, data: bytes, *, message_id: str) -> int:
        if self.trouble:
            raise self.trouble
        if message_id not in self._ids:
            self._ids[message_id] = len(self.messages) + 1
            self.messages.append(Message(subject, data, len(self.messages) + 1, datetime.now(UTC)))
            async with self._news:
                self._news.notify_all()
        return self._ids[message_id]

    async def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]:
        prefix = subject.rstrip("*>")
        while True:
            for message in self.messages[after:]:
                after = message.sequence
                if message.subject.startswith(prefix):
                    yield message
            async with self._news:
                while after >= len(self.messages):
                    await self._news.wait()

    async def latest(self, subject: str) -> Message | None:
        prefix = subject.rstrip("*>")
        found = [one for one in self.messages if one.subject.startswith(prefix)]
        return found[-1] if found else None

    async def table(self, name: str, *, lifetime_s: float | None = None) -> Any:
        return self.tables.setdefault(name, MemoryTable())

    async def know(self) -> MemoryBus:
        """Put the vehicles of :data:`PLATES` into the register."""
        for vehicle, plate in PLATES.items():
            value = {"vehicle_id": vehicle, "plate": plate, "plate_colour": 2}
            await self.say(f"ref.vehicle.{vehicle}", value)
            if vehicle != NO_TERMINAL:
                phone = f"139{vehicle:08d}"
                await self.say(f"ref.terminal.{phone}", value | {"phone": phone})
        return self

    async def say(self, subject: str, value: object) -> None:
        await self.publish(subject, json.dumps(value).encode(), message_id=uuid.uuid4().hex)

    def positions(self) -> list[Positions]:
        return [unpack(one.data)[0] for one in self.messages if one.subject[:10] == "positions."]

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(one.data) for one in self.messages if one.subject == "platform.up"]


def location(second: int, **changes: Any) -> Location:
    """Second ``second`` after :data:`MOMENT`, somewhere in the district."""
    values: dict[str, Any] = {
        "alarm": 0,
        "status": 0x0C0003,
        "raw_latitude": 29_480_000 + second,
        "raw_longitude": 113_270_000,
        "altitude": 35,
        "speed": 500,
        "direction": 90,
        "time": datetime.fromtimestamp(MOMENT.timestamp() + second, UTC),
    }
    return Location(**(values | changes))


def block(vehicle: int, *seconds: int) -> tuple[str, bytes]:
    """A message of the bus with positions of one vehicle."""
    found = [location(second) for second in seconds]
    values = [row(Item(one, one.build(), V2013), vehicle, "13900000001", 0, 0, 1) for one in found]
    return subject_of(partition_of(vehicle)), pack(array(values), [one.build() for one in found])


async def report(bus: MemoryBus, vehicle: int, *seconds: int) -> None:
    subject, data = block(vehicle, *seconds)
    await bus.publish(subject, data, message_id=uuid.uuid4().hex)


def seconds_of(bus: MemoryBus, vehicle: int) -> list[int]:
    """When the stored positions of a vehicle happened, in the order of the bus."""
    start = int(MOMENT.timestamp())
    return [
        int(one["time_ms"]) // 1000 - start
        for part in bus.positions()
        for one in part
        if one["vehicle"] == vehicle
    ]


def quick(**changes: Any) -> Limits:
    values: dict[str, Any] = {
        "times": Times(keep_alive_s=1.0, silent_s=3.0, login_s=2.0, retry_s=0.05),
        "connect_s": 1.0,
        "first_frame_s": 1.0,
        "retry_first_s": 0.02,
        "retry_longest_s": 0.05,
        "confirm_s": 0.02,
        "tick_s": 0.02,
    }
    return Limits(**(values | changes))


def settings(
    edition: str, port: int, *, password: str = "secret12", cipher: bool = True
) -> Settings:
    terms: dict[str, Any] = {
        "name": "示意运输平台",
        "access_code": CODE,
        "user_id": 8,
        "password": "secret12",
        "edition": edition,
        "key": 256178 if cipher else 0,
    }
    if cipher:
        terms["cipher"] = CIPHER
    upward = terms | {
        "name": "示意市级平台",
        "password": password,
        "address": f"127.0.0.1:{port}",
        "listen": "127.0.0.1:0",
        "platform_id": "43060000001",
    }
    return parse(
        {
            "superior": {"listen": f"127.0.0.1:{port}", "subordinates": [terms]},
            "superiors": [upward],
        }
    )


class Both:
    """A superior and a subordinate with a bus of their own each."""

    def __init__(self, folder: Path, edition: str = "2019", **limits: Any) -> None:
        self.folder, self.edition, self.limits = folder, edition, quick(**limits)
        self.clock = FixedClock(MOMENT)
        self.upper, self.lower = MemoryBus(), MemoryBus()
        self.port = 0
        self.superior: Superior | None = None
        self.subordinate: Subordinate | None = None

    async def start_superior(self) -> Superior:
        side = settings(self.edition, self.port).superior
        assert side is not None
        self.superior = Superior(side, self.upper, self.folder / "upper", self.clock, self.limits)
        self.port = await self.superior.start()
        return self.superior

    async def start_subordinate(self, **changes: Any) -> Subordinate:
        wanted = settings(self.edition, self.port, **changes)
        self.subordinate = Subordinate(
            wanted.superiors, self.lower, self.folder / "lower", self.clock, self.limits
        )
        await self.subordinate.start()
        return self.subordinate

    async def both_links(self) -> None:
        assert self.superior
        pair = self.superior.seats[CODE].pair
        await until(lambda: pair.main.live and pair.sub.live, "both links are live")

    async def stop_superior(self) -> None:
        if self.superior:
            await self.superior.stop()
            self.superior = None

    async def __aenter__(self) -> Both:
        await self.upper.know()
        await self.lower.know()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.subordinate:
            await self.subordinate.stop()
        await self.stop_superior()


async def until(holds: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Wait for something to become true."""
    end = asyncio.get_running_loop().time() + seconds
    while not holds():
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"did not happen in {seconds} s: {what}")
        await asyncio.sleep(0.01)


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await main

    asyncio.run(bounded())
