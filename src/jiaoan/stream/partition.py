"""One owned partition: blocks of positions in, findings out, a snapshot every second.

Order of doing, which is the whole proof (scale.md 2): take the lease; read the snapshot; write it
back at once, which fences a former owner; read positions behind its sequence; for each block
judge, publish the findings, and only when all are stored take the new memory over; snapshot now
and then. What a lost owner published behind its last snapshot is judged again by the next owner
to the same ids, which the bus and the database store once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

from jiaoan.kernel.clock import Clock
from jiaoan.rules import fences as rule
from jiaoan.stores.bus import LARGEST, Bus, BusUnavailable, Message
from jiaoan.stores.positions import NotPositions, Positions, key_of, subject_of, unpack
from jiaoan.stores.tables import Overtaken, Table
from jiaoan.stream import findings, memory
from jiaoan.stream.ownership import Lease
from jiaoan.stream.reference import References

logger = logging.getLogger("jiaoan.stream")

T = TypeVar("T")
SNAPSHOT_EVERY_S = 1.0
RETRY_S = 0.05


class Partition:
    """Work on partition ``number`` while ``lease`` holds."""

    def __init__(
        self,
        number: int,
        lease: Lease,
        bus: Bus,
        snapshots: Table,
        references: References,
        clock: Clock,
    ) -> None:
        self.number, self.lease = number, lease
        self._bus, self._snapshots = bus, snapshots
        self._references, self._clock = references, clock
        self._owner = secrets.token_hex(8)
        self._memory = memory.Memory()
        self._fences: rule.Fences | None = None
        self._revision = 0
        self._saved = -1
        self.positions = self.told = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set (then with a last snapshot) or :class:`Overtaken` is raised."""
        await self._begin()
        reading = asyncio.create_task(self._read(), name=f"partition {self.number}")
        saving = asyncio.create_task(self._save_now_and_then())
        stopping = asyncio.create_task(stop.wait())
        tasks = {reading, saving, stopping}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done - {stopping}:
            task.result()
        await self._save()

    async def _begin(self) -> None:
        entry = await self._still(lambda: self._snapshots.get(self._key))
        if entry is not None:
            self._memory, _ = memory.decode(entry.value)
            self._revision = entry.revision
        await self._save()

    @property
    def _key(self) -> str:
        return f"p{self.number:02d}"

    async def _read(self) -> None:
        subject = subject_of(self.number)
        async for message in self._bus.read(subject, after=self._memory.sequence):
            await self._block(message)

    async def _block(self, message: Message) -> None:
        try:
            positions, _ = unpack(message.data)
        except NotPositions as error:
            logger.error("%s %d is passed over: %s", message.subject, message.sequence, error)
            self._memory.sequence = message.sequence
            return
        await self._know(positions)
        self._look_at_places()
        outcome = rule.judge(
            self._fences or self._references.fences,
            self._memory.vehicles,
            positions,
            key_of=key_of,
            kind_of=self._references.kind_of,
        )
        for finding in outcome.findings:
            await self._tell(finding)
        # No await between these lines: a snapshot sees all of the block or nothing of it.
        self._memory.vehicles.update(outcome.vehicles)
        self._memory.sequence = message.sequence
        self.positions += len(positions)

    async def _know(self, positions: Positions) -> None:
        vehicles = set(positions["vehicle"].tolist())
        if vehicles - self._references.vehicles.keys():
            await self._still(self._references.catch_up)

    def _look_at_places(self) -> None:
        """When places changed: take vehicles already inside a new one as inside, in silence."""
        if self._fences is self._references.fences:
            return
        self._fences = self._references.fences
        marks = self._references.marks()
        new = [place for place, mark in marks.items() if self._memory.places.get(place) != mark]
        self._memory.vehicles.update(rule.adopt(self._fences, self._memory.vehicles, new))
        self._memory.places = marks

    async def _tell(self, finding: rule.Finding) -> None:
        data = findings.encode(
            finding,
            self._references.vehicles.get(finding.vehicle),
            self._references.places.get(finding.fence.place_id),
            self._clock.now(),
        )
        subject = findings.subject_of(self.number)
        await self._still(lambda: self._bus.publish(subject, data, message_id=finding.id))
        self.told += 1

    async def _still(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer of ``ask``, asked again through outages while the lease holds."""
        while True:
            if not self.lease.holds:
                raise Overtaken(self._key)
            try:
                return await ask()
            except BusUnavailable:
                await asyncio.sleep(RETRY_S)

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(SNAPSHOT_EVERY_S)
            if self._memory.sequence != self._saved:
                await self._save()

    async def _save(self) -> None:
        sequence, data = self._memory.sequence, memory.encode(self._memory, self._owner)
        if len(data) > LARGEST:
            logger.error(
                "the snapshot of %s has %d octets, the bus takes %d: a restart will read on from "
                "the last one that fitted; more partitions are needed",
                self._key, len(data), LARGEST,
            )  # fmt: skip
            self._saved = sequence
            return
        while True:
            if not self.lease.holds:
                raise Overtaken(self._key)
            try:
                self._revision = await self._snapshots.put(self._key, data, revision=self._revision)
                self._saved = sequence
                return
            except BusUnavailable:
                await asyncio.sleep(RETRY_S)
            except Overtaken:
                await self._find_own_write()

    async def _find_own_write(self) -> None:
        """An outage may have swallowed the answer to our own write: go on from it, else end."""
        entry = await self._still(lambda: self._snapshots.get(self._key))
        if entry is None or memory.decode(entry.value)[1] != self._owner:
            raise Overtaken(self._key)
        self._revision = entry.revision
