"""Batches to the bus: one queue and one batch in flight for each partition.

A batch is closed at 500 positions, at 256 KiB of octets or 20 ms after its first position. It is
said again with the same message id until the bus says that it is stored; nothing behind it is
sent before that, because a batch that overtakes another reorders its vehicles
(1 in 15 messages and 10 % of findings, measured on a cluster).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.rows import packed
from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.positions import PARTITIONS, partition_of, subject_of
from jiaoan.wire.jt808 import Header

logger = logging.getLogger("jiaoan.gateway")


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


class Publisher:
    """Takes reports, publishes them in order, tells those who asked, and then ``on_stored``."""

    def __init__(
        self, bus: Sink, limits: Limits, metrics: Metrics, on_stored: Callable[[], None]
    ) -> None:
        self._bus, self._limits, self._metrics, self._on_stored = bus, limits, metrics, on_stored
        self._name = uuid.uuid4().hex
        self._queues = [_Queue(limits) for _ in range(PARTITIONS)]
        self._failing: set[int] = set()
        self.tasks: list[asyncio.Task[None]] = []
        self.depth = 0
        """Positions taken and not yet stored."""

    def start(self) -> None:
        self.tasks = [asyncio.create_task(self._run(number)) for number in range(PARTITIONS)]

    def submit(self, report: Report) -> None:
        self.depth += len(report.rows)
        self._queues[partition_of(report.vehicle)].put(report)

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
        while True:
            batch = await queue.batch()
            count += 1
            await self._publish(number, batch, f"{self._name}-{number:02d}-{count}")
            self._tell(batch)

    async def _publish(self, number: int, batch: list[Report], message_id: str) -> None:
        rows = [row for report in batch for row in report.rows]
        data = packed(rows, [one for report in batch for one in report.octets])
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
                self._metrics.published += len(rows)
                return

    def _tell(self, batch: list[Report]) -> None:
        self.depth -= sum(len(report.rows) for report in batch)
        by_asker: dict[Asker, list[Header]] = {}
        for report in batch:
            by_asker.setdefault(report.asker, []).append(report.header)
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


class _Queue:
    """Reports of one partition in their order."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._reports: deque[Report] = deque()
        self._rows = 0
        self._filled = asyncio.Event()
        self._full = asyncio.Event()

    def put(self, report: Report) -> None:
        self._reports.append(report)
        self._rows += len(report.rows)
        self._filled.set()
        if self._rows >= self._limits.batch_positions:
            self._full.set()

    async def batch(self) -> list[Report]:
        """Wait for the first report, then for a full batch or the end of the batch's time."""
        await self._filled.wait()
        # The end of the time is the ordinary case: the batch goes out with what is there.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.batch_wait_s):
                await self._full.wait()
        return self._take()

    def _take(self) -> list[Report]:
        limits = self._limits
        taken: list[Report] = []
        rows = octets = 0
        while self._reports and rows < limits.batch_positions and octets < limits.batch_octets:
            report = self._reports.popleft()
            taken.append(report)
            rows += len(report.rows)
            octets += sum(map(len, report.octets))
        self._rows -= rows
        if not self._reports:
            self._filled.clear()
        if self._rows < limits.batch_positions:
            self._full.clear()
        return taken
