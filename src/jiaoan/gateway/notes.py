"""Notes between processes: told on the bus, stored nowhere, never waited for.

The paths that answer terminals must not wait for the bus, so a note is laid down here and a task
takes it away. Notes beyond the bound are dropped and counted: each of them only helps (a take-over
by another process, a frame for somebody who looks on), and none is what a terminal was promised.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Protocol

from jiaoan.gateway.metrics import Metrics
from jiaoan.stores.bus import BusUnavailable

logger = logging.getLogger("jiaoan.gateway")
BOUND = 10_000


class Teller(Protocol):
    """The part of the bus that is needed here."""

    async def tell(self, subject: str, data: bytes) -> None: ...


class Notes:
    """A bounded queue and the task that empties it."""

    def __init__(self, bus: Teller, metrics: Metrics) -> None:
        self._bus, self._metrics = bus, metrics
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._filled = asyncio.Event()

    def say(self, subject: str, data: bytes) -> None:
        if len(self._waiting) >= BOUND:
            self._metrics.notes_lost += 1
            return
        self._waiting.append((subject, data))
        self._filled.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._waiting:
                subject, data = self._waiting.popleft()
                try:
                    await self._bus.tell(subject, data)
                except BusUnavailable:
                    self._metrics.notes_lost += 1
