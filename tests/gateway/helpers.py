"""A bus in memory with the contract of ``stores.bus.Bus``, and a gateway around it."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from jiaoan.gateway.limits import Limits
from jiaoan.gateway.server import Gateway, Port
from jiaoan.kernel.clock import FixedClock
from jiaoan.simulate.terminal import Terminal
from jiaoan.stores.bus import BusFull, BusUnavailable, Message
from jiaoan.stores.positions import Positions, unpack
from jiaoan.stores.tables import Entry, Overtaken

MOMENT = datetime(2024, 4, 7, 22, 40, 0, tzinfo=UTC)
PHONE, OTHER, NEWER = "13900000001", "13900000002", "13900000019"


def terminal_value(phone: str = PHONE, vehicle: int = 7, **changes: Any) -> dict[str, Any]:
    return {
        "phone": phone,
        "auth_code": f"code-{phone}",
        "vehicle_id": vehicle,
        "plate": "湘F32718",
        "plate_colour": 2,
        "vehicle_kind": "hazmat",
        "outside": False,
        "enterprise": "示意危货运输",
        "protocol": None,
        "valid_from": None,
        "valid_to": None,
        "version": 1,
    } | changes


class MemoryTable:
    """Values by key with compare-and-set; ``trouble`` of its bus is raised by writing too."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self.entries: dict[str, Entry] = {}

    async def get(self, key: str) -> Entry | None:
        return self.entries.get(key)

    async def put(self, key: str, value: bytes, *, revision: int) -> int:
        if self._bus.trouble:
            raise self._bus.trouble
        known = self.entries.get(key)
        if (known.revision if known else 0) != revision:
            raise Overtaken(key)
        self.entries[key] = Entry(value, revision + 1)
        return revision + 1


class MemoryBus:
    """Stores in memory; ``trouble`` is raised by publishing while it is set."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.trouble: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.held = ""
        """What ``hold`` holds up: subjects that begin with it."""
        self.tried = 0
        self.in_flight: dict[str, int] = {}
        self.most_in_flight = 0
        self._ids: dict[str, int] = {}
        self._news = asyncio.Condition()
        self._hearers: list[tuple[str, Callable[[str, bytes], None]]] = []
        self.tables: dict[str, MemoryTable] = {}

    async def tell(self, subject: str, data: bytes) -> None:
        for prefix, take in self._hearers:
            if subject.startswith(prefix):
                take(subject, data)

    async def hear(
        self, subject: str, take: Callable[[str, bytes], None]
    ) -> Callable[[], Awaitable[None]]:
        hearer = (subject.rstrip("*>"), take)
        self._hearers.append(hearer)

        async def end() -> None:
            self._hearers.remove(hearer)

        return end

    async def table(self, name: str, *, lifetime_s: float | None = None) -> MemoryTable:
        return self.tables.setdefault(name, MemoryTable(self))

    async def publish(self, subject: str, data: bytes, *, message_id: str) -> int:
        self.tried += 1
        self.in_flight[subject] = self.in_flight.get(subject, 0) + 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight[subject])
        try:
            if self.hold and subject.startswith(self.held):
                await self.hold.wait()
            if self.trouble:
                raise self.trouble
            return await self._store(subject, data, message_id)
        finally:
            self.in_flight[subject] -= 1

    async def _store(self, subject: str, data: bytes, message_id: str) -> int:
        if message_id not in self._ids:
            self._ids[message_id] = len(self.messages) + 1
            self.messages.append(Message(subject, data, len(self.messages) + 1, datetime.now(UTC)))
            async with self._news:
                self._news.notify_all()
        return self._ids[message_id]

    def forget(self, which: Callable[[Message], bool]) -> None:
        """As if these had never been stored; the others keep their sequences."""
        gone = {one.sequence for one in self.messages if which(one)}
        self.messages = [
            replace(one, subject="forgotten") if one.sequence in gone else one
            for one in self.messages
        ]
        self._ids = {name: seq for name, seq in self._ids.items() if seq not in gone}

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


class LyingBus(MemoryBus):
    """Says "stored" to positions and keeps nothing."""

    async def _store(self, subject: str, data: bytes, message_id: str) -> int:
        if subject.startswith("positions."):
            return 1
        return await super()._store(subject, data, message_id)


def positions(messages: list[Message]) -> list[Positions]:
    return [unpack(one.data)[0] for one in messages if one.subject.startswith("positions.")]


def serials(messages: list[Message]) -> list[int]:
    return [int(serial) for array in positions(messages) for serial in array["serial"]]


def quick(**changes: Any) -> Limits:
    values: dict[str, Any] = {
        "batch_wait_s": 0.005,
        "retry_first_s": 0.02,
        "retry_longest_s": 0.05,
        "grace_s": 0.6,
        "stop_s": 1.0,
        "frames_per_s": 1e9,
        "address_frames_per_s": 1e9,
    }
    return Limits(**(values | changes))


class Rig:
    """A listening gateway and how to reach it."""

    def __init__(self, gateway: Gateway, port: int, folder: Path, clock: FixedClock) -> None:
        self.gateway, self.port, self.folder, self.clock = gateway, port, folder, clock
        self._terminals: list[Terminal] = []  # a link that nobody holds is collected

    def terminal(self, phone: str = PHONE, version: str = "2013", **options: Any) -> Terminal:
        return Terminal("127.0.0.1", self.port, phone, version, **({"timeout_s": 3.0} | options))

    async def live(self, phone: str = PHONE, version: str = "2013", **options: Any) -> Terminal:
        return await self.log_in(self.terminal(phone, version, **options))

    async def log_in(self, terminal: Terminal) -> Terminal:
        self._terminals.append(terminal)
        await terminal.connect()
        await terminal.authenticate(f"code-{terminal.phone}")
        return terminal

    def narrow(self) -> socket.socket:
        """A connected socket with as little room for answers, here and there, as the system gives.

        Without it the system keeps megabytes of them before the gateway meets a full one.
        """
        listening = self.gateway._server
        assert listening is not None
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # links take after it
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        link.connect(("127.0.0.1", self.port))
        return link

    def quarantined(self) -> list[dict[str, Any]]:
        self.gateway.around.quarantine.flush()
        path = self.folder / "quarantine.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@asynccontextmanager
async def rig(
    bus: Port,
    folder: Path,
    limits: Limits | None = None,
    port: int = 0,
    *,
    files: Path | None = None,
) -> AsyncIterator[Rig]:
    clock = FixedClock(MOMENT)
    gateway = Gateway(bus, folder=folder, clock=clock, limits=limits or quick(), files=files)
    port = await gateway.start("127.0.0.1", port)
    try:
        yield Rig(gateway, port, folder, clock)
    finally:
        await gateway.stop()


async def put(bus: Port, subject: str, value: object) -> None:
    await bus.publish(subject, json.dumps(value).encode(), message_id=uuid.uuid4().hex)


BusT = TypeVar("BusT", bound=Port)


async def known(bus: BusT) -> BusT:
    """The bus with two terminals of 2013 and one of 2019 in its register."""
    for vehicle, phone in enumerate((PHONE, OTHER, NEWER), start=7):
        await put(bus, f"ref.terminal.{phone}", terminal_value(phone, vehicle))
    return bus


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait at most thirty seconds for something to become true."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"did not happen in 30 s: {what}")


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await main

    asyncio.run(bounded())


UNAVAILABLE = BusUnavailable("the link to the bus is lost")
FULL = BusFull("the bus is full")
