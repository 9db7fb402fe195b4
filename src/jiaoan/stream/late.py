"""The late points of one partition, settled beside its blocks: see :mod:`~.settling`."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import Bus, BusUnavailable, Message
from jiaoan.stores.positions import DriverCard, Positions, concatenated
from jiaoan.stream import backtrack, findings, settling
from jiaoan.stream.judging import Told
from jiaoan.stream.memory import Memory
from jiaoan.stream.reference import References
from jiaoan.stream.settling import Case, Settled, Story

logger = logging.getLogger("jiaoan.stream")

EVERY_S: Final = 10.0
LONGEST_LOOKS: Final = 6  # a vehicle whose late points do not end is settled all the same
TRIES: Final = 60  # a track that does not reach the last point is asked for so often
AHEAD_MS: Final = 600_000  # a point that counts is stamped at most so much later than it came

Tell = Callable[[Sequence[Told]], Awaitable[None]]


class LatePoints:
    """Settles what ``memory.late`` names; ``turn`` keeps blocks out while an answer is taken.

    ``desk`` lets the partitions of a process read tracks back one vehicle at a time: after an
    outage every vehicle has late points, and the live ones come first.
    """

    def __init__(
        self,
        number: int,
        memory: Memory,
        turn: asyncio.Lock,
        tell: Tell,
        bus: Bus,
        root: Path,
        references: References,
        clock: Clock,
        desk: asyncio.Semaphore,
    ) -> None:
        self._desk = desk
        self._number, self._memory, self._turn, self._tell = number, memory, turn, tell
        self._bus, self._root, self._references, self._clock = bus, root, references, clock
        self._came: Counter[int] = Counter()  # blocks with late points of a vehicle
        self._looked: dict[int, tuple[int, int]] = {}  # vehicle → those at the last look, looks
        self._tries: Counter[int] = Counter()
        self.settled = 0

    def note(self, vehicles: Sequence[int]) -> None:
        """A block with late points of these vehicles was taken over."""
        self._came.update(vehicles)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            due = self._due()
            if not due:
                continue
            try:
                await self._round(due)
            except (BusUnavailable, backtrack.Behind) as error:
                logger.warning("late points of partition %d wait: %s", self._number, error)
            except OSError as error:
                logger.error("late points of partition %d wait: %s", self._number, error)

    def _due(self) -> list[int]:
        """Vehicles of which no late points came since the last look, or for a long time."""
        due = []
        looked: dict[int, tuple[int, int]] = {}
        for vehicle in self._memory.late:
            came, looks = self._looked.get(vehicle, (-1, 0))
            looked[vehicle] = (self._came[vehicle], looks + 1)
            if came == self._came[vehicle] or looks >= LONGEST_LOOKS:
                due.append(vehicle)
        self._looked = looked
        return due

    async def _round(self, due: Sequence[int]) -> None:
        async with self._turn:
            found = [Case.of(self._memory, vehicle) for vehicle in due]
            upto, withdrawn = self._memory.sequence, dict(self._memory.withdrawn)
        cases = [case for case in found if case is not None]
        if not cases:
            return
        fresh, cards = await backtrack.unsealed(self._bus, self._root, self._number, upto, due)
        messages = await self._told(min(case.since_ms for case in cases))
        told = settling.stories(messages, due, withdrawn)
        for case in cases:
            mine = fresh[fresh["vehicle"] == case.vehicle]
            async with self._desk:
                answer = await asyncio.to_thread(
                    self._answer, case, mine, cards, told[case.vehicle]
                )
            if answer is None:
                self._tried(case.vehicle)
            else:
                await self._take(case, answer)

    async def _told(self, since_ms: int) -> list[Message]:
        """The findings of the partition that were stored from that moment on."""
        subject = findings.subject_of(self._number)
        newest = await self._bus.latest(subject)
        after = self._memory.findings_since(since_ms - AHEAD_MS)
        messages: list[Message] = []
        if newest is None or newest.sequence <= after:
            return messages
        async for message in self._bus.read(subject, after=after, batch=500):
            messages.append(message)
            if message.sequence >= newest.sequence:
                break
        return messages

    def _answer(
        self, case: Case, fresh: Positions, said: Sequence[DriverCard], story: Story
    ) -> Settled | None:
        def read(first: int, last: int) -> Positions:
            times = fresh["time_ms"]
            sealed = backtrack.sealed(self._root, case.vehicle, first, last)
            return concatenated([sealed, fresh[(times >= first) & (times <= last)]])

        cards = backtrack.cards(self._root, case.vehicle, case.cards_until_ms, said)
        return settling.settled(case, self._references, case.track(read), cards, story)

    def _tried(self, vehicle: int) -> None:
        self._tries[vehicle] += 1
        if self._tries[vehicle] >= TRIES:
            logger.error(
                "late points of vehicle %d are not settled: its track lacks its last point", vehicle
            )
            self._memory.late.pop(vehicle, None)
            del self._tries[vehicle]

    async def _take(self, case: Case, answer: Settled) -> None:
        async with self._turn:
            if not case.holds(self._memory):
                return  # it spoke meanwhile: the next look asks again
            now = self._clock.now()
            await self._tell(
                [
                    Told(
                        case.vehicle,
                        each.message_id,
                        each.encode(self._references, case.vehicle, now),
                    )
                    for each in answer.corrections
                ]
            )
            settling.take(self._memory, case, answer)
            self._looked.pop(case.vehicle, None)
            self._tries.pop(case.vehicle, None)
            self.settled += 1
