"""Positions of one subordinate: matched, told from doubles, stored, then counted.

A subordinate that lost its link before it was confirmed says its last positions again, also to a
process of ours that has just started. So the place of the last stored block is noted on the bus
now and then, and :meth:`Intake.recall` reads what lies around it before anybody may log in.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from jiaoan.gateway.platform import rows
from jiaoan.gateway.platform.keeping import Log, Unmatched, logger
from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.gateway.platform.publishing import Port, Publisher
from jiaoan.gateway.platform.vehicles import Vehicles
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import Message as Stored
from jiaoan.stores.positions import NotPositions, pack, partition_of, subject_of, unpack
from jiaoan.stores.tables import Table
from jiaoan.wire.jt809 import BodyError, Message
from jiaoan.wire.jt809.line import Received

Key = tuple[object, ...]
TABLE = "platform_intake"
_BEFORE = 2000
"""Blocks before the noted one that are looked at."""
_BEHIND = timedelta(seconds=60)
"""Behind it: it is noted every second, and while the bus is in trouble later."""


class Doubles:
    """The last reports of each vehicle: a sender that lost its link says some of them again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: dict[int, OrderedDict[int, None]] = {}

    def knows(self, vehicle: int, key: Key) -> bool:
        return hash(key) in self._seen.get(vehicle, ())

    def add(self, vehicle: int, key: Key) -> None:
        seen = self._seen.setdefault(vehicle, OrderedDict())
        seen[hash(key)] = None
        while len(seen) > self._most:
            seen.popitem(last=False)


class _Ready(NamedTuple):
    vehicle: int
    key: Key
    row: tuple[object, ...]
    octets: bytes


class Intake:
    """For one subordinate, in the order of its links."""

    def __init__(
        self,
        name: str,
        access_code: int,
        vehicles: Vehicles,
        publisher: Publisher,
        unmatched: Unmatched,
        log: Log,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._name, self._terminal = name, f"809-{access_code}"
        self._vehicles, self._publisher, self._unmatched = vehicles, publisher, unmatched
        self._log, self._clock, self._limits, self._metrics = log, clock, limits, metrics
        self._doubles = Doubles(limits.keys_per_vehicle)
        self.positions = 0
        """Positions that came and were stored, or are known already."""
        self._run, self._count = uuid.uuid4().hex, 0
        self._code, self._revision = str(access_code), 0
        self._table: Table | None = None
        self._last = self._noted = 0
        self._turn = asyncio.Lock()

    async def recall(self, bus: Port) -> None:
        """Learn what the process before this one stored last; ``BusUnavailable`` when it cannot."""
        self._table = await bus.table(TABLE)
        entry = await self._table.get(self._code)
        last = await bus.latest("positions.*")
        if last is None:
            return
        mark = last.sequence
        if entry is not None:
            self._revision, mark = entry.revision, int(entry.value)
            self._last = self._noted = mark
        if mark > last.sequence:
            return
        until: datetime | None = None
        async for message in bus.read("positions.*", after=max(0, mark - _BEFORE)):
            self._learn(message)
            if message.sequence >= mark:
                until = until or message.stored_at + _BEHIND
            if message.sequence >= last.sequence or (until and message.stored_at > until):
                return

    def _learn(self, message: Stored) -> None:
        try:
            array, _ = unpack(message.data)
        except NotPositions:
            return
        mine = array[array["terminal"] == self._terminal.encode()]
        for row in mine.tolist():
            self._doubles.add(row[0], _key(row))

    async def note(self) -> None:
        """Note the place of the last stored block on the bus; called every second or so."""
        if self._table is None or self._last == self._noted:
            return
        place = self._last
        self._revision = await self._table.put(
            self._code, str(place).encode(), revision=self._revision
        )
        self._noted = place

    async def store(self, received: Sequence[Received]) -> None:
        """Store the positions of these messages; returns when they are on disk."""
        async with self._turn:
            await self._store(received)

    async def _store(self, received: Sequence[Received]) -> None:
        now = rows.milliseconds(self._clock.now())
        ready: list[_Ready] = []
        fresh: set[tuple[int, Key]] = set()
        strangers: list[dict[str, object]] = []
        for one in received:
            vehicle = self._vehicles.find(one.message.plate or "", one.message.plate_color or 0)
            for item in rows.items_of(one.message):
                if isinstance(item, BodyError):
                    self._metrics.bad_positions += 1
                    self._log.keep(f"bad_position: {item}", self._name, item.octets)
                elif vehicle is None:
                    strangers.append(self._stranger(one.message, item, now))
                else:
                    row = self._row(one, item, vehicle.id, now)
                    key = _key(row)
                    if self._doubles.knows(vehicle.id, key) or (vehicle.id, key) in fresh:
                        self._metrics.doubles += 1
                        self.positions += 1
                        continue
                    fresh.add((vehicle.id, key))
                    ready.append(_Ready(vehicle.id, key, row, item.octets))
        await self._keep(strangers)
        await self._publish(ready)

    def _row(self, one: Received, item: rows.Item, vehicle: int, now: int) -> tuple[object, ...]:
        source = rows.source_of(one.message)
        return rows.row(item, vehicle, self._terminal, now, source, one.serial)

    def _stranger(self, message: Message, item: rows.Item, now: int) -> dict[str, object]:
        return {
            "received_ms": now,
            "platform": self._name,
            "plate": message.plate,
            "plate_colour": message.plate_color,
            "time_ms": rows.milliseconds(item.location.time),
            "backfill": message.sub_type in rows.BACKFILL_IDS,
            "version": item.version,
            "hex": item.octets.hex(),
        }

    async def _keep(self, strangers: Sequence[dict[str, object]]) -> None:
        wait = self._limits.retry_first_s
        while strangers:
            try:
                await asyncio.to_thread(self._unmatched.store, strangers)
            except OSError as wrong:
                logger.error("%s: positions of unknown vehicles wait: %s", self._name, wrong)
                await asyncio.sleep(wait)
                wait = min(wait * 2, self._limits.retry_longest_s)
            else:
                self._metrics.unmatched += len(strangers)
                return

    async def _publish(self, ready: Sequence[_Ready]) -> None:
        parts: dict[int, list[_Ready]] = {}
        for one in ready:
            parts.setdefault(partition_of(one.vehicle), []).append(one)
        self._count += 1
        async with asyncio.TaskGroup() as group:
            for number, part in parts.items():
                data = pack(rows.array([one.row for one in part]), [one.octets for one in part])
                message_id = f"{self._run}-{self._count}-{number:02d}"
                group.create_task(self._say(subject_of(number), data, message_id))
        for one in ready:
            self._doubles.add(one.vehicle, one.key)
        self._metrics.positions += len(ready)
        self.positions += len(ready)

    async def _say(self, subject: str, data: bytes, message_id: str) -> None:
        self._last = max(self._last, await self._publisher.publish(subject, data, message_id))


def _key(row: tuple[object, ...]) -> Key:
    """Vehicle, device time, coordinates as sent, alarm and status: ``stores.positions.key_of``."""
    return (row[0], row[2], row[6], row[7], row[12], row[13])
