"""Two hazmat vehicles too long together: one job for all partitions, beside the tracks.

It reads every position in the order of the stream and keeps those of hazmat vehicles that count.
A slice of time is judged when a position is received :data:`GRACE_S` after its end: so what is
judged goes by the stream alone, and a take-over that reads the same positions tells the same. A
report that comes later than that is left out of its slice. As in a partition, findings are stored
before the memory is, and the memory is a snapshot that fences a former owner.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.kernel.clock import Clock
from jiaoan.rules import fences
from jiaoan.rules.driving.findings import Finding, Key
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.together import Pair, Together
from jiaoan.stores.bus import Bus, Message
from jiaoan.stores.positions import NotPositions, Positions, concatenated, partition_of, unpack
from jiaoan.stores.tables import Table
from jiaoan.stream import findings
from jiaoan.stream.ownership import Lease
from jiaoan.stream.reference import References
from jiaoan.stream.snapshot import Snapshot, still

logger = logging.getLogger("jiaoan.stream")
Bools = npt.NDArray[np.bool_]

KEY: Final = "together"
GRACE_S: Final = 60
SAVE_EVERY_S: Final = 2.0
READ_EVERY_S: Final = 0.25  # nothing is judged sooner than GRACE_S later
FORM: Final = 1


@dataclass
class Slices:
    """Positions of hazmat vehicles in slices of time that are not over yet.

    ``open``: number of a slice → vehicle → its last report there and whether it lay in a place
    where vehicles may stand. ``heard_ms`` is the newest reception, ``closed`` the last slice that
    was judged.
    """

    slice_ms: int
    heard_ms: int = 0
    closed: int = 0
    open: dict[int, dict[int, tuple[Key, bool]]] = field(default_factory=dict)

    def add(self, positions: Positions, wanted: list[bool], known: list[bool]) -> None:
        """``wanted`` are the rows that count and are of hazmat vehicles."""
        rows = np.flatnonzero(np.asarray(wanted, np.bool_))
        names = ("vehicle", "time_ms", "lat", "lon", "alarm", "status")
        columns = [positions[name][rows].tolist() for name in names]
        for row, vehicle, *key in zip(rows.tolist(), *columns, strict=True):
            number = key[0] // self.slice_ms
            if number <= self.closed:
                continue
            there = self.open.setdefault(number, {})
            if vehicle not in there or there[vehicle][0].time_ms < key[0]:
                there[vehicle] = Key(*key), known[row]
        if len(positions):
            self.heard_ms = max(self.heard_ms, int(positions["received_ms"].max()))

    def over(self) -> list[int]:
        """Numbers of slices that are over, in order."""
        last = (self.heard_ms - GRACE_S * 1000) // self.slice_ms - 1
        return sorted(number for number in self.open if number <= last)

    def close(self, number: int) -> tuple[int, dict[int, Key], list[int]]:
        """(end in UTC ms, last report of each vehicle outside known places, all heard)."""
        there = self.open.pop(number)
        self.closed = number
        outside = {vehicle: key for vehicle, (key, known) in there.items() if not known}
        return (number + 1) * self.slice_ms, outside, sorted(there)


@dataclass
class Memory:
    """Everything up to and with stream ``sequence``."""

    sequence: int
    slices: Slices
    together: Together

    @classmethod
    def new(cls) -> Memory:
        together = Together()
        return cls(0, Slices(together.figures.slice_s * 1000), together)


def _row(key: Key) -> tuple[int, int, int, int, int]:
    # dataclasses.astuple copies deeply: a hundred times as long, for each vehicle at each snapshot.
    return key.time_ms, key.lat, key.lon, key.alarm, key.status


def encode(memory: Memory, owner: str) -> bytes:
    slices = memory.slices
    said = {
        "form": FORM,
        "owner": owner,
        "sequence": memory.sequence,
        "heard_ms": slices.heard_ms,
        "closed": slices.closed,
        "open": [
            [number, [[vehicle, _row(key), known] for vehicle, (key, known) in there.items()]]
            for number, there in slices.open.items()
        ],
        "pairs": [
            [*pair, [_row(each.first), each.since, each.last, each.slices, each.told]]
            for pair, each in memory.together.pairs.items()
        ],
    }
    return zlib.compress(json.dumps(said).encode(), 1)


def decode(data: bytes) -> tuple[Memory, str]:
    """Memory and owner; ``ValueError`` for a snapshot that this release does not read."""
    try:
        said = json.loads(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"the snapshot of pairs is damaged: {error}") from error
    if not isinstance(said, Mapping) or said.get("form") != FORM:
        raise ValueError("the snapshot of pairs was written by another release")
    memory = Memory.new()
    memory.sequence = int(said["sequence"])
    slices = memory.slices
    slices.heard_ms, slices.closed = int(said["heard_ms"]), int(said["closed"])
    slices.open = {
        int(number): {int(vehicle): (Key(*key), bool(known)) for vehicle, key, known in there}
        for number, there in said["open"]
    }
    memory.together.pairs = {
        (int(one), int(other)): Pair(Key(*first), *rest)
        for one, other, (first, *rest) in said["pairs"]
    }
    return memory, str(said["owner"])


def judge(memory: Memory, blocks: Sequence[Positions], references: References) -> list[Finding]:
    """Take blocks in, one after the other, and answer what the slices that are over then tell."""
    positions = concatenated(blocks)
    wanted, known = _looked_at(positions, references)
    found: list[Finding] = []
    begin = 0
    for block in blocks:
        rows = slice(begin, begin := begin + len(block))
        memory.slices.add(block, wanted[rows].tolist(), known[rows].tolist())
        found += _over(memory, references)
    return found


def _looked_at(positions: Positions, references: References) -> tuple[Bools, Bools]:
    """Which reports count, of vehicles that were hazmat ones at their moment; and which lie where
    such vehicles may stand."""
    counted, book = fences.counts(positions), references.book()
    vehicles = np.unique(positions["vehicle"][counted]).tolist()
    hazmat = [each for each in vehicles if book.kind_of(each) == "hazmat"]
    wanted = counted & np.isin(positions["vehicle"], hazmat)
    if book.moved:
        moved = np.isin(positions["vehicle"], [each for each in vehicles if each in book.moved])
        for row in np.flatnonzero(counted & moved).tolist():
            vehicle, time_ms = (int(positions[row][name]) for name in ("vehicle", "time_ms"))
            wanted[row] = book.kind_at(vehicle, time_ms) == "hazmat"
    known = np.zeros(len(positions), np.bool_)
    if wanted.any():
        rows = np.flatnonzero(wanted)
        places = references.fences
        sides = places.shapes.sides(positions["lat"][rows], positions["lon"][rows])
        standing = sides.inside & places.standing[sides.outlines]
        known[rows[sides.rows[standing]]] = True
    return wanted, known


def _over(memory: Memory, references: References) -> list[Finding]:
    book, found = references.book(), list[Finding]()
    for number in memory.slices.over():
        end, last, heard = memory.slices.close(number)
        found += [
            each
            for each in memory.together.slice(end, last, heard)
            if book.judges(each.vehicle, Rule.TOGETHER, each.first.time_ms)
        ]
    return found


class Pairs:
    """The job: works while ``lease`` holds."""

    def __init__(
        self, lease: Lease, bus: Bus, snapshots: Table, references: References, clock: Clock
    ) -> None:
        self._lease, self._bus = lease, bus
        self._snapshot = Snapshot(snapshots, lease, lambda data: decode(data)[1])
        self._references, self._clock = references, clock
        self._memory = Memory.new()
        self._turn = asyncio.Lock()
        self._due = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set (then with a last snapshot) or ``Overtaken`` is raised."""
        data = await self._snapshot.read()
        if data is not None:
            self._memory, _ = decode(data)
        await self._save()
        reading = asyncio.create_task(self._read(), name=KEY)
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            async with self._turn:  # a block that is judged is told before the last snapshot
                reading.cancel()
        finally:
            for task in (reading, stopping):
                task.cancel()
            await asyncio.gather(reading, stopping, return_exceptions=True)
        if not reading.cancelled():
            reading.result()
        await self._save()

    async def _read(self) -> None:
        loop, after = asyncio.get_running_loop(), self._memory.sequence
        async for messages in self._bus.read_several(
            "positions.*", after=after, every_s=READ_EVERY_S
        ):
            async with self._turn:
                await self._blocks(messages)
                if loop.time() >= self._due:
                    self._due = loop.time() + SAVE_EVERY_S
                    await self._save()

    async def _blocks(self, messages: Sequence[Message]) -> None:
        blocks: list[Positions] = []
        for message in messages:
            try:
                blocks.append(unpack(message.data)[0])
            except NotPositions as error:
                logger.debug("%s %d is passed over: %s", message.subject, message.sequence, error)
        if blocks:
            for each in judge(self._memory, blocks, self._references):
                await self._tell(each)
        self._memory.sequence = messages[-1].sequence

    async def _tell(self, finding: Finding) -> None:
        """Once each: a finding is on the bus of its vehicle's partition under its own id."""
        card = self._references.vehicles.get(finding.vehicle)
        data = findings.encode_driven(finding, card, self._clock.now())
        subject = findings.subject_of(partition_of(finding.vehicle))
        publish = partial(self._bus.publish, subject, data, message_id=finding.id)
        await still(self._lease, publish)

    async def _save(self) -> None:
        # Beside the loop, whose partitions go on; nothing changes the memory in this turn.
        data = await asyncio.to_thread(encode, self._memory, self._snapshot.owner)
        await self._snapshot.write(data)
