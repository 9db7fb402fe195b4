"""One step of judging for all partitions of a process: what has come for each, at once.

A step costs more than fifty positions whatever is in it, so there is one for all, and no sooner
than :data:`EVERY_S` after the last one. Each partition still goes its own way through trouble: one
whose lease was lost, or that is being settled, is left out, and what waits for it waits on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final, Protocol

from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable, Message
from jiaoan.stores.positions import Positions, partition_of
from jiaoan.stores.tables import Overtaken
from jiaoan.stream import blocks, judging
from jiaoan.stream.common import Common
from jiaoan.stream.judging import Judged, Told
from jiaoan.stream.reference import References
from jiaoan.stream.snapshot import RETRY_S

EVERY_S: Final = 0.02
LARGEST_STEP: Final = 4 << 20  # octets of blocks: some 30,000 positions, a tenth of a second


class Member(Protocol):
    """A partition that is judged. ``waiting`` are blocks in their order, ``turn`` keeps others out
    while they are judged."""

    number: int
    turn: asyncio.Lock

    @property
    def waiting(self) -> Sequence[Message]: ...
    @property
    def holds(self) -> bool: ...
    async def tell(self, told: Sequence[Told]) -> None: ...
    def took(
        self, messages: Sequence[Message], judged: Judged, late: Mapping[int, int]
    ) -> None: ...
    def lose(self) -> None: ...


class Round:
    """Judges for its members by turns; one task of the process."""

    def __init__(self, common: Common, references: References, clock: Clock) -> None:
        self._common, self._references, self._clock = common, references, clock
        self._members: list[Member] = []
        self._called = asyncio.Event()

    def join(self, member: Member) -> None:
        self._members.append(member)
        self.call()

    def leave(self, member: Member) -> None:
        self._members.remove(member)

    def call(self) -> None:
        """Something waits."""
        self._called.set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._called.wait()
            self._called.clear()
            rested = loop.time() + EVERY_S
            await self._step()
            await asyncio.sleep(max(0.0, rested - loop.time()))

    async def _step(self) -> None:
        async with AsyncExitStack() as turns:
            share: list[tuple[Member, Sequence[Message]]] = []
            for member, messages in self._share():
                await turns.enter_async_context(member.turn)
                if member in self._members:  # it may have left while its turn was awaited
                    share.append((member, messages))
            if share:
                await self._judge(share)

    def _share(self) -> list[tuple[Member, Sequence[Message]]]:
        """Whose turn it is and with what; who had to wait is the first of the next step."""
        share, later = [], []
        octets = 0
        for member in self._members:
            if not member.waiting:
                continue
            if member.turn.locked() or not member.holds or octets > LARGEST_STEP:
                later.append(member)
                continue
            messages = _up_to(LARGEST_STEP // 4, member.waiting)
            octets += sum(len(message.data) for message in messages)
            share.append((member, messages))
        if later:
            self._members.sort(key=lambda member: member not in later)
            self.call()
        return share

    async def _judge(self, share: Sequence[tuple[Member, Sequence[Message]]]) -> None:
        """The blocks of all members of the step: told, and only then remembered."""
        positions, cards = blocks.joined([each for _, messages in share for each in messages])
        if not await self._know(positions, [member for member, _ in share]):
            return  # what waits stays where it is, for whoever owns the partitions next
        places = self._common.look_at_places()
        judged = judging.judge(
            self._common, self._references, places, positions, cards, self._clock.now()
        )
        told: dict[int, list[Told]] = {}
        for each in judged.told:
            told.setdefault(partition_of(each.vehicle), []).append(each)
        answers = await asyncio.gather(
            *(member.tell(told.get(member.number, ())) for member, _ in share),
            return_exceptions=True,
        )
        # No await from here on: a snapshot sees all of the blocks or nothing of them.
        judging.take(self._common, judged)
        for (member, messages), answer in zip(share, answers, strict=True):
            if isinstance(answer, Overtaken):
                member.lose()  # and leaves with all that is remembered of it
            elif answer is not None:
                raise answer
            else:
                member.took(messages, judged, _of(member.number, judged.late))
        if any(member.waiting for member, _ in share):
            self.call()

    async def _know(self, positions: Positions, members: Sequence[Member]) -> bool:
        """Whether the references reach to those who speak; false when no lease holds any more."""
        vehicles = set(positions["vehicle"].tolist())
        while vehicles.difference(self._references.vehicles):  # "-" goes through all references
            try:
                await self._references.catch_up()
                break
            except BusUnavailable:
                if not any(member.holds for member in members):
                    return False
                await asyncio.sleep(RETRY_S)
        return True


def _up_to(octets: int, messages: Sequence[Message]) -> Sequence[Message]:
    """The first messages that are not more than ``octets``, and at least one."""
    for count, message in enumerate(messages):
        octets -= len(message.data)
        if octets < 0:
            return messages[: max(count, 1)]
    return messages[:]


def _of(number: int, late: Mapping[int, int]) -> Mapping[int, int]:
    return {vehicle: at for vehicle, at in late.items() if partition_of(vehicle) == number}
