"""All partitions of a process judged in one step say and remember what each alone would."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaoan.kernel.clock import FixedClock
from jiaoan.stores.bus import BusUnavailable, Message
from jiaoan.stores.positions import Positions, pack, partition_of
from jiaoan.stores.tables import Overtaken
from jiaoan.stream import memory, round
from jiaoan.stream.common import Common
from jiaoan.stream.judging import Judged, Told, remember
from jiaoan.stream.reference import References
from jiaoan.stream.round import Round
from rules.driving.tracks import at, fleets, quick_book, track
from rules.test_fence_pass import FENCES
from rules.test_fence_pass import tracks as place_tracks
from stream.world import NOW, World, draw_places, references_of

NUMBERS = (1, 2, 3, 4)


@dataclass
class Member:
    """A partition without a bus: what it is told, and its memory."""

    number: int
    memory: memory.Memory = field(default_factory=memory.Memory)
    waiting: list[Message] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)  # blocks of each step
    lost: bool = False
    holds: bool = True
    refuses: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tell(self, told: Sequence[Told]) -> None:
        if self.refuses:
            raise Overtaken("lease")
        self.told += told

    def took(self, messages: Sequence[Message], judged: Judged, late: Mapping[int, int]) -> None:
        remember(self.memory, judged, late, messages[-1].sequence)
        del self.waiting[: len(messages)]
        self.steps.append(len(messages))

    def lose(self) -> None:
        self.lost = True


@dataclass
class Process:
    references: References

    def __post_init__(self) -> None:
        self.common = Common(self.references)
        self.round = Round(self.common, self.references, FixedClock(NOW))
        self.members: dict[int, Member] = {}

    def join(self, number: int, said: memory.Memory | None = None) -> Member:
        member = self.members[number] = Member(number, said or memory.Memory())
        self.common.join(number, member.memory)
        self.round.join(member)
        return member

    def leave(self, number: int) -> None:
        self.round.leave(self.members.pop(number))
        self.common.leave(number)

    def take_over(self, number: int) -> None:
        """Another owner, in the same process, goes on from what a snapshot says."""
        said, _ = memory.decode(memory.encode(self.common.part(number), "me"))
        told = self.members[number].told
        self.leave(number)
        self.join(number, said).told = told

    async def step(self) -> None:
        await self.round._step()


def block(rows: Positions, sequence: int) -> Message:
    data = pack(rows, [b""] * len(rows))
    return Message("positions.00", data, sequence, datetime(2026, 1, 1, tzinfo=UTC))


async def _nothing() -> None:
    """There is no bus to learn references from."""


def references() -> References:
    made = references_of(quick_book(18))
    made.catch_up = _nothing  # type: ignore[method-assign]
    return made


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_judged_together_is_what_each_would_say_alone(data: st.DataObject) -> None:
    """Drivers and places, blocks of any size in any order, and owners that change between."""
    known = references()
    chosen = st.lists(st.sampled_from(FENCES), unique_by=lambda fence: fence.place_id)
    draw_places(known, data.draw(chosen))
    rows = data.draw(st.one_of(place_tracks(), fleets(vehicles=4).map(lambda drawn: drawn[0])))
    rows["vehicle"] += 16 * (rows["vehicle"] > 2) - 2 * (rows["vehicle"] > 2)  # two in a partition
    rows = rows[data.draw(st.permutations(range(len(rows))))] if data.draw(st.booleans()) else rows
    together, alone = Process(known), {number: World(known) for number in NUMBERS}
    for number in NUMBERS:
        alone[number].look_at_places()
        together.join(number)
    for sequence, row in enumerate(data.draw(st.lists(st.integers(1, 9), max_size=12)), 1):
        piece, rows = rows[:row], rows[row:]
        for number in NUMBERS:
            mine = piece[partition_of(piece["vehicle"]) == number]
            if len(mine):
                alone[number].hear(mine)
                alone[number].memory.sequence = sequence
                together.members[number].waiting.append(block(mine, sequence))
        if data.draw(st.booleans()):
            asyncio.run(together.step())
            if data.draw(st.booleans()):
                draw_places(known, data.draw(chosen))
                for world in alone.values():
                    world.look_at_places()
            together.take_over(data.draw(st.sampled_from(NUMBERS)))
    asyncio.run(together.step())
    for number, member in together.members.items():
        world = alone[number]
        assert {each.id: each.data for each in member.told} == world.stored
        assert memory.encode(together.common.part(number), "") == memory.encode(world.memory, "")


def test_whoever_lost_its_lease_takes_nothing_and_stops_nobody() -> None:
    process = Process(references())
    kept, lost = process.join(2), process.join(4)
    lost.refuses = True
    for number in (2, 4):
        process.members[number].waiting.append(block(speeding(number), 7))
    asyncio.run(process.step())
    assert (kept.memory.sequence, kept.waiting, kept.lost) == (7, [], False)
    assert (lost.memory.sequence, len(lost.waiting), lost.lost) == (0, 1, True)
    process.leave(4)
    again = process.join(4)  # the next owner begins with what was stored, and tells it
    again.waiting.append(block(speeding(4), 7))
    asyncio.run(process.step())
    assert len(again.told) == len(kept.told) > 0


def test_whoever_is_being_settled_waits_and_goes_first_then() -> None:
    process = Process(references())
    first, second = process.join(2), process.join(4)

    async def run() -> None:
        first.waiting.append(block(speeding(2), 1))
        second.waiting.append(block(speeding(4), 1))
        async with second.turn:
            await process.step()
            assert (first.steps, second.steps) == ([1], [])
        assert process.round._called.is_set(), "it comes back for who had to wait"
        assert process.round._members[0] is second
        await process.step()
        assert second.steps == [1]

    asyncio.run(run())


def test_whoever_leaves_while_its_turn_is_awaited_leaves_nothing_behind() -> None:
    process = Process(references())
    member = process.join(2)
    member.waiting.append(block(speeding(2), 1))

    async def leave() -> None:
        async with member.turn:
            process.leave(2)

    async def run() -> None:
        async with member.turn:
            leaving = asyncio.create_task(leave())
            await asyncio.sleep(0)
        await process.step()  # the turn is free, and promised to who leaves
        await leaving

    asyncio.run(run())
    assert (member.steps, member.told) == ([], [])
    assert len(process.common.driving) == 0


def test_a_large_backlog_is_judged_in_steps_that_let_others_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = block(speeding(2), 1)
    monkeypatch.setattr(round, "LARGEST_STEP", 8 * len(one.data))
    process = Process(references())
    behind, live = process.join(2), process.join(4)
    behind.waiting += [block(speeding(2, hour), hour + 1) for hour in range(5)]
    live.waiting.append(block(speeding(4), 1))
    asyncio.run(process.step())
    assert (behind.steps, live.steps) == ([2], [1])
    assert process.round._called.is_set()
    asyncio.run(process.step())
    asyncio.run(process.step())
    assert (behind.steps, behind.memory.sequence) == ([2, 2, 1], 5)
    assert behind.told
    assert live.told


def test_without_a_bus_what_waits_is_kept_for_the_next_owner() -> None:
    known = references()

    async def gone() -> None:
        member.holds = False
        raise BusUnavailable("no bus")

    known.catch_up = gone  # type: ignore[method-assign]
    process = Process(known)
    member = process.join(2)
    member.waiting.append(block(speeding(2), 1))
    asyncio.run(process.step())
    assert (member.memory.sequence, len(member.waiting), member.told) == (0, 1, [])


def speeding(vehicle: int, hour: int = 0) -> Positions:
    """Ten minutes at 130 km/h."""
    begin = at("2024-04-08T10:00") + hour * 3_600_000
    return track([(begin + 10_000 * n, 361.0 * n, 130) for n in range(60)], vehicle=vehicle)
