"""Batches to the bus: one queue and one batch in flight for each partition.

A batch is closed at 500 positions, at 256 KiB of octets, with the turn that read its positions or
at most 2 ms after its first one. The next one of its partition, unless it is full, waits for the
next of the moments, 20 ms apart, at which those of all partitions go: what comes meanwhile gathers,
because many small ones cost the gateway, the bus and who reads them more than the wait does, and
many at once cost less than one after the other.
It is said again with the same message id until the bus says that it is stored; nothing behind it
is sent before that, because a batch that overtakes another reorders its vehicles
(1 in 15 messages and 10 % of findings, measured on a cluster).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from jiaoan.gateway.lanes import ASK
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.trays import Trays
from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.positions import (
    DTYPE,
    PARTITIONS,
    Positions,
    concatenated,
    pack_joined,
    partition_of,
    subject_of,
)
from jiaoan.wire.jt808 import Header

Table: TypeAlias = npt.NDArray[np.void]

logger = logging.getLogger("jiaoan.gateway")
_NO_ASKS: Table = np.zeros(0, ASK)


class Sink(Protocol):
    """The part of the bus that is needed here."""

    async def publish(self, subject: str, data: bytes, *, message_id: str) -> int: ...


class Asker(Protocol):
    """Who waits for the acknowledgement of a report."""

    def stored(self, headers: Sequence[Header]) -> None: ...


class Report(NamedTuple):
    """All positions of one frame: they travel in one batch, so one answer covers them."""

    asker: Asker
    header: Header
    vehicle: int
    rows: list[tuple[object, ...]]
    octets: list[bytes]

    @property
    def weight(self) -> int:
        """Octets of it."""
        return sum(map(len, self.octets))


class Block(NamedTuple):
    """What lay on a tray: plain reports of many links; ``asks`` says for each who asks."""

    asks: Table
    rows: Positions
    lengths: npt.NDArray[np.uint32]
    octets: bytes

    @property
    def weight(self) -> int:
        return len(self.octets)


class Publisher:
    """Takes reports, publishes them in order, tells those who asked, and then ``on_stored``."""

    def __init__(
        self, bus: Sink, limits: Limits, metrics: Metrics, on_stored: Callable[[], None]
    ) -> None:
        self._bus, self._limits, self._metrics, self._on_stored = bus, limits, metrics, on_stored
        self._name = uuid.uuid4().hex
        self.trays = Trays(limits)
        self.stored: Callable[[Table], None] = _nobody
        """Is told the asks of the blocks that are stored."""
        self._queues = [_Queue(limits, self.trays, number) for number in range(PARTITIONS)]
        self._timer: asyncio.TimerHandle | None = None
        self._failing: set[int] = set()
        self.tasks: list[asyncio.Task[None]] = []
        self.depth = 0
        """Positions taken and not yet stored."""

    def start(self) -> None:
        self.tasks = [asyncio.create_task(self._run(number)) for number in range(PARTITIONS)]

    def submit(self, report: Report) -> None:
        self.depth += len(report.rows)
        queue = self._queues[partition_of(report.vehicle)]
        queue.lift()  # what lies on the tray came before
        queue.put(report)
        self._arm()

    def gathered(self) -> None:
        """Reports were laid on the trays: full ones are lifted off."""
        for number in self.trays.full():
            self._queues[number].lift()

    def turn_over(self) -> None:
        """All that came together lies on the trays now."""
        for number in np.flatnonzero(self.trays.reports).tolist():
            self._queues[number].go()

    def _arm(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._limits.batch_wait_s, self._due)

    def _due(self) -> None:
        """The time of the first report that waits is over: all go that wait."""
        self._timer = None
        for queue in self._queues:
            queue.due()

    async def stop(self) -> None:
        """Give the queues the time that the limits allow, then let go what is not stored."""
        try:
            async with asyncio.timeout(self._limits.stop_s):
                while self.depth:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            logger.error("%d positions are not stored and not acknowledged", self.depth)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _run(self, number: int) -> None:
        queue, count = self._queues[number], 0
        loop, every = asyncio.get_running_loop(), self._limits.batch_every_s
        while True:
            batch = await queue.batch()
            count += 1
            rested = (loop.time() // every + 1) * every  # all partitions go at the same moments
            await self._publish(number, batch, f"{self._name}-{number:02d}-{count}")
            self._tell(batch)
            if not queue.full:
                await asyncio.sleep(rested - loop.time())

    async def _publish(self, number: int, batch: list[Report | Block], message_id: str) -> None:
        data, count = _packed(batch)
        wait = self._limits.retry_first_s
        while True:
            try:
                async with asyncio.timeout(self._limits.publish_timeout_s):
                    await self._bus.publish(subject_of(number), data, message_id=message_id)
            except (BusUnavailable, TimeoutError) as gone:
                self._failed(number, gone)
                await asyncio.sleep(wait)
                wait = min(wait * 2, self._limits.retry_longest_s)
            else:
                self._worked(number)
                self._metrics.batches += 1
                self._metrics.published += count
                return

    def _tell(self, batch: list[Report | Block]) -> None:
        self.depth -= sum(len(one.rows) for one in batch)
        by_asker: dict[Asker, list[Header]] = {}
        for one in batch:
            if isinstance(one, Block):
                self.stored(one.asks)
            else:
                by_asker.setdefault(one.asker, []).append(one.header)
        for asker, headers in by_asker.items():
            asker.stored(headers)
        self._on_stored()

    def _failed(self, number: int, gone: Exception) -> None:
        self._metrics.publish_failures += 1
        self._metrics.bus = str(gone) or "the bus gives no answer"
        if not self._failing:
            logger.error("nothing is acknowledged until the bus stores again: %r", gone)
        self._failing.add(number)

    def _worked(self, number: int) -> None:
        if number in self._failing:
            self._failing.discard(number)
            if not self._failing:
                self._metrics.bus = "ok"
                logger.warning("the bus stores again")


def _packed(batch: list[Report | Block]) -> tuple[bytes, int]:
    """The bus message of a batch, and how many rows it has."""
    blocks = [one if isinstance(one, Block) else _block(one) for one in batch]
    if len(blocks) == 1:
        _, rows, lengths, octets = blocks[0]
    else:
        rows = concatenated([each.rows for each in blocks])
        lengths = np.concatenate([each.lengths for each in blocks])
        octets = b"".join(each.octets for each in blocks)
    return pack_joined(rows, lengths, octets), len(rows)


def _block(one: Report) -> Block:
    lengths = np.array([len(each) for each in one.octets], np.uint32)
    return Block(_NO_ASKS, np.array(one.rows, DTYPE), lengths, b"".join(one.octets))


def _nobody(asks: Table) -> None:
    del asks


class _Queue:
    """Reports of one partition in their order; those on its tray came last."""

    def __init__(self, limits: Limits, trays: Trays, number: int) -> None:
        self._limits, self._trays, self._number = limits, trays, number
        self._waiting: deque[Report | Block] = deque()
        self._rows = 0
        self._ready = asyncio.Event()

    def put(self, one: Report | Block) -> None:
        self._waiting.append(one)
        self._rows += len(one.rows)
        if self.full:
            self._ready.set()

    def lift(self) -> None:
        """Take off what lies on the tray."""
        if self._laid:
            for laid in self._trays.lift(self._number):
                self.put(Block(*laid))

    @property
    def full(self) -> bool:
        """Whether a whole batch waits."""
        return self._rows >= self._limits.batch_positions

    @property
    def _laid(self) -> bool:
        return bool(self._trays.reports[self._number])

    def due(self) -> None:
        """What waits has waited long enough."""
        if self._waiting or self._laid:
            self.go()

    def go(self) -> None:
        """Let go what waits and what lies on the tray, as soon as its partition may."""
        self._ready.set()

    async def batch(self) -> list[Report | Block]:
        """Wait for a full batch, or for what is due."""
        while True:
            await self._ready.wait()
            self.lift()
            if self._waiting:
                return self._take()
            self._ready.clear()

    def _take(self) -> list[Report | Block]:
        limits = self._limits
        taken: list[Report | Block] = []
        rows = octets = 0
        while self._waiting and rows < limits.batch_positions and octets < limits.batch_octets:
            one = self._waiting.popleft()
            taken.append(one)
            rows += len(one.rows)
            octets += one.weight
        self._rows -= rows
        return taken
