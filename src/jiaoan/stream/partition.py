"""One owned partition: blocks of positions in, findings out, a snapshot every second.

Order of doing, which is the whole proof (scale.md 2): take the lease; read the snapshot; write it
back at once, which fences a former owner; read positions behind its sequence; judge the blocks
that have come, with those of the other partitions (:mod:`~.round`), publish the findings, and only
when all are stored take the new memory over; snapshot now and then. What a lost owner published
behind its last snapshot is judged again by the next owner to the same ids, which the bus and the
database store once.

Beside the blocks, and never within one: once a minute who went silent; now and then the vehicles
whose late points are to be settled (:mod:`~.settling`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import Bus, Message
from jiaoan.stores.positions import PARTITIONS, subject_of
from jiaoan.stores.tables import Overtaken, Table
from jiaoan.stream import findings, judging, memory
from jiaoan.stream.common import Common
from jiaoan.stream.judging import Judged, Told
from jiaoan.stream.late import LatePoints
from jiaoan.stream.ownership import Lease
from jiaoan.stream.reference import References
from jiaoan.stream.round import Round
from jiaoan.stream.snapshot import Snapshot, still

logger = logging.getLogger("jiaoan.stream")

T = TypeVar("T")
WAITING = 100  # blocks that are read ahead of what is judged
SNAPSHOT_EVERY_S = 2.0  # after a kill so much is judged again
SNAPSHOT_SHARE = 0.01  # of the time, at the most, that goes into making them
SILENCE_EVERY_S = 60.0


class Partition:
    """Work on partition ``number`` while ``lease`` holds."""

    def __init__(
        self,
        number: int,
        lease: Lease,
        bus: Bus,
        snapshots: Table,
        references: References,
        common: Common,
        rounds: Round,
        clock: Clock,
        tracks: Path,
        desk: asyncio.Semaphore,
    ) -> None:
        self.number, self.lease = number, lease
        self._common, self._round = common, rounds
        self._bus, self._tracks, self._desk = bus, tracks, desk
        self._snapshot = Snapshot(snapshots, lease, lambda data: memory.decode(data)[1])
        self._references, self._clock = references, clock
        self._memory = memory.Memory()
        self.turn = asyncio.Lock()  # blocks, a look at silences, a settlement: one at a time
        self.waiting: list[Message] = []
        self._judged = asyncio.Event()
        self._lost = asyncio.Event()
        self._changed = False
        self.told = 0

    @property
    def holds(self) -> bool:
        return self.lease.holds and not self._lost.is_set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set (then with a last snapshot) or ``Overtaken`` is raised."""
        await self._begin()
        logger.info("%s goes on behind message %d", self.lease.key, self._memory.sequence)
        self._late = LatePoints(
            self.number, self._memory, self.turn, self.tell, self._bus, self._tracks,
            self._references, self._clock, self._desk,
        )  # fmt: skip
        self._common.join(self.number, self._memory)
        self._round.join(self)
        try:
            await self._work(stop)
        finally:
            async with self.turn:  # whatever step it is in has ended
                self._round.leave(self)
                self._common.leave(self.number)

    async def _work(self, stop: asyncio.Event) -> None:
        reading = asyncio.create_task(self._read(), name=f"partition {self.number}")
        saving = asyncio.create_task(self._save_now_and_then())
        listening = asyncio.create_task(self._tell_silences())
        settling = asyncio.create_task(self._late.run())
        stopping = asyncio.create_task(stop.wait())
        losing = asyncio.create_task(self._lost.wait())
        tasks = {reading, saving, listening, settling, stopping, losing}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done - {stopping, losing}:
            task.result()
        if self._lost.is_set():
            raise Overtaken(self.lease.key)
        await self._save()

    async def _begin(self) -> None:
        data = await self._snapshot.read()
        if data is not None:
            self._memory, _ = memory.decode(data)
        await self._snapshot.write(memory.encode(self._memory, self._snapshot.owner))

    async def _read(self) -> None:
        subject, after = subject_of(self.number), self._memory.sequence
        async for messages in self._bus.read_several(subject, after=after, batch=WAITING):
            self.waiting += messages
            self._round.call()
            while len(self.waiting) >= WAITING:
                self._judged.clear()
                await self._judged.wait()

    def took(self, messages: Sequence[Message], judged: Judged, late: Mapping[int, int]) -> None:
        """Blocks that waited are judged and told; ``late`` are those of its vehicles."""
        judging.remember(self._memory, judged, late, messages[-1].sequence)
        del self.waiting[: len(messages)]
        self._judged.set()
        self._late.note(list(late))
        self._changed = True

    def lose(self) -> None:
        """The lease ended before all was told: nothing more is written."""
        self._lost.set()

    async def tell(self, told: Sequence[Told]) -> None:
        """Store findings: all at once, but those of a vehicle one after the other."""
        chains: dict[int, list[Told]] = {}
        for each in told:
            chains.setdefault(each.vehicle, []).append(each)
        stored = await asyncio.gather(*(self._tell_chain(chain) for chain in chains.values()))
        if stored:
            self._memory.mark(self._now_ms(), min(stored))
        self.told += len(told)

    async def _tell_chain(self, chain: Sequence[Told]) -> int:
        """The sequence at which the first is stored."""
        subject = findings.subject_of(self.number)
        return min(
            [
                await self._still(
                    partial(self._bus.publish, subject, each.data, message_id=each.id)
                )
                for each in chain
            ]
        )

    def _now_ms(self) -> int:
        return round(self._clock.now().timestamp() * 1000)

    async def _tell_silences(self) -> None:
        while True:
            await asyncio.sleep(SILENCE_EVERY_S)
            async with self.turn:
                await self._look_for_silences()

    async def _look_for_silences(self) -> None:
        newest = await self._still(lambda: self._bus.latest(subject_of(self.number)))
        if newest is not None and newest.sequence > self._memory.sequence:
            return  # who seems silent may have spoken: it is not read yet
        now = self._clock.now()
        part = self._common.part(self.number)
        found = judging.silences(part, self._references, self._now_ms())
        vehicles = self._references.vehicles
        await self.tell(
            [
                Told(
                    each.vehicle,
                    each.id,
                    findings.encode_driven(each, vehicles.get(each.vehicle), now),
                )
                for each in found
            ]
        )
        judging.remember_silences(part, found)
        self._memory.hearing, self._memory.silent = part.hearing, part.silent
        self._changed = True

    async def _still(self, ask: Callable[[], Awaitable[T]]) -> T:
        return await still(self.lease, ask)

    async def _save_now_and_then(self) -> None:
        wait = SNAPSHOT_EVERY_S
        await asyncio.sleep(wait * self.number / PARTITIONS)  # not all at one moment
        while True:
            await asyncio.sleep(wait)
            if self._changed:
                data, spent_s = await asyncio.to_thread(self._encode, self._copied())
                wait = max(SNAPSHOT_EVERY_S, spent_s / SNAPSHOT_SHARE)
                await self._snapshot.write(data)

    def _copied(self) -> memory.Memory:
        if self._lost.is_set():
            raise Overtaken(self.lease.key)  # what is remembered was not told
        self._changed = False
        return self._common.part(self.number)

    def _encode(self, copied: memory.Memory) -> tuple[bytes, float]:
        """The snapshot, and what it cost: large ones are written less often."""
        began = time.thread_time()
        data = memory.encode(copied, self._snapshot.owner)
        return data, time.thread_time() - began

    async def _save(self) -> None:
        data, _ = self._encode(self._copied())
        await self._snapshot.write(data)
