"""One owned partition: blocks of positions in, findings out, a snapshot every second.

Order of doing, which is the whole proof (scale.md 2): take the lease; read the snapshot; write it
back at once, which fences a former owner; read positions behind its sequence; judge the blocks
that have come, publish the findings, and only when all are stored take the new memory over;
snapshot now and then. What a lost owner published behind its last snapshot is judged again by the
next owner to the same ids, which the bus and the database store once.

Beside the blocks, and never within one: once a minute who went silent; now and then the vehicles
whose late points are to be settled (:mod:`~.settling`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from jiaoan.kernel.clock import Clock
from jiaoan.rules.fences import Fences, jitted
from jiaoan.stores.bus import Bus, Message
from jiaoan.stores.positions import Positions, subject_of
from jiaoan.stores.tables import Table
from jiaoan.stream import blocks, findings, judging, memory
from jiaoan.stream.judging import Told
from jiaoan.stream.late import LatePoints
from jiaoan.stream.ownership import Lease
from jiaoan.stream.reference import References
from jiaoan.stream.snapshot import Snapshot, still

logger = logging.getLogger("jiaoan.stream")

T = TypeVar("T")
JUDGE_EVERY_S = 0.05  # a step costs more than fifty positions: what comes meanwhile is one step
SNAPSHOT_EVERY_S = 1.0
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
        clock: Clock,
        tracks: Path,
        desk: asyncio.Semaphore,
    ) -> None:
        self.number, self.lease = number, lease
        self._bus, self._tracks, self._desk = bus, tracks, desk
        self._snapshot = Snapshot(snapshots, lease, lambda data: memory.decode(data)[1])
        self._references, self._clock = references, clock
        self._memory = memory.Memory()
        self._turn = asyncio.Lock()  # a block, a look at silences, a settlement: one at a time
        self._fences: Fences | None = None
        self._changed = False
        self.positions = self.told = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set (then with a last snapshot) or ``Overtaken`` is raised."""
        await self._begin()
        logger.info("%s goes on behind message %d", self.lease.key, self._memory.sequence)
        self._late = LatePoints(
            self.number, self._memory, self._turn, self._tell, self._bus, self._tracks,
            self._references, self._clock, self._desk,
        )  # fmt: skip
        reading = asyncio.create_task(self._read(), name=f"partition {self.number}")
        saving = asyncio.create_task(self._save_now_and_then())
        listening = asyncio.create_task(self._tell_silences())
        settling = asyncio.create_task(self._late.run())
        stopping = asyncio.create_task(stop.wait())
        tasks = {reading, saving, listening, settling, stopping}
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
        data = await self._snapshot.read()
        if data is not None:
            self._memory, _ = memory.decode(data)
        await self._save()

    async def _read(self) -> None:
        subject, after = subject_of(self.number), self._memory.sequence
        async for messages in self._bus.read_several(subject, after=after, every_s=JUDGE_EVERY_S):
            async with self._turn:
                await self._judge(messages)

    async def _judge(self, messages: Sequence[Message]) -> None:
        """All that has come at once: who is behind catches up in few large steps."""
        positions, cards = blocks.joined(messages)
        await self._know(positions)
        places = self._look_at_places()
        judged = judging.judge(
            self._memory, self._references, places, positions, cards, self._clock.now()
        )
        await self._tell(judged.told)
        # No await from here on: a snapshot sees all of the blocks or nothing of them.
        judging.remember(self._memory, judged, messages[-1].sequence)
        self._late.note(list(judged.late))
        self._changed = True
        self.positions += len(positions)

    async def _know(self, positions: Positions) -> None:
        vehicles = set(positions["vehicle"].tolist())
        if vehicles.difference(self._references.vehicles):  # "-" would go through all references
            await self._still(self._references.catch_up)

    def _look_at_places(self) -> Fences:
        """When places changed: take vehicles already inside a new one as inside, in silence."""
        places = self._references.fences
        if self._fences is not places:
            self._fences = places
            marks = self._references.marks()
            new = [place for place, mark in marks.items() if self._memory.places.get(place) != mark]
            adopted = jitted.adopt(places, self._memory.fences, new)
            if adopted is not None:
                self._memory.fences.take(adopted)
            self._memory.places = marks
        return places

    async def _tell(self, told: Sequence[Told]) -> None:
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
            async with self._turn:
                await self._look_for_silences()

    async def _look_for_silences(self) -> None:
        newest = await self._still(lambda: self._bus.latest(subject_of(self.number)))
        if newest is not None and newest.sequence > self._memory.sequence:
            return  # who seems silent may have spoken: it is not read yet
        now = self._clock.now()
        found = judging.silences(self._memory, self._references, self._now_ms())
        vehicles = self._references.vehicles
        await self._tell(
            [
                Told(
                    each.vehicle,
                    each.id,
                    findings.encode_driven(each, vehicles.get(each.vehicle), now),
                )
                for each in found
            ]
        )
        judging.remember_silences(self._memory, found)
        self._changed = True

    async def _still(self, ask: Callable[[], Awaitable[T]]) -> T:
        return await still(self.lease, ask)

    async def _save_now_and_then(self) -> None:
        wait = SNAPSHOT_EVERY_S
        while True:
            await asyncio.sleep(wait)
            if self._changed:
                data, spent_s = await asyncio.to_thread(self._encode, self._copied())
                wait = max(SNAPSHOT_EVERY_S, spent_s / SNAPSHOT_SHARE)
                await self._snapshot.write(data)

    def _copied(self) -> memory.Memory:
        self._changed = False
        return self._memory.copy()

    def _encode(self, copied: memory.Memory) -> tuple[bytes, float]:
        """The snapshot, and what it cost: large ones are written less often."""
        began = time.thread_time()
        data = memory.encode(copied, self._snapshot.owner)
        return data, time.thread_time() - began

    async def _save(self) -> None:
        data, _ = self._encode(self._copied())
        await self._snapshot.write(data)
