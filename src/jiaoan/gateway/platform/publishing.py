"""Publishing to the bus until it is stored: the caller waits, and with it the link it reads."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.stores.bus import BusUnavailable, Message
from jiaoan.stores.tables import Table

logger = logging.getLogger("jiaoan.platform")
UP = "platform.up"


class Port(Protocol):
    """What is needed of the bus."""

    async def publish(self, subject: str, data: bytes, *, message_id: str) -> int: ...
    def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]: ...
    async def latest(self, subject: str) -> Message | None: ...
    async def table(self, name: str, *, lifetime_s: float | None = None) -> Table: ...


def down(access_code: int) -> str:
    """Subject of what the platform with this access code is to be told."""
    return f"platform.down.{access_code}"


class Publisher:
    """Says a message again with the same id until the bus says that it is stored."""

    def __init__(self, bus: Port, limits: Limits, metrics: Metrics) -> None:
        self._bus, self._limits, self._metrics = bus, limits, metrics
        self._failing = 0

    async def publish(self, subject: str, data: bytes, message_id: str) -> int:
        wait = self._limits.retry_first_s
        failed = False
        while True:
            try:
                async with asyncio.timeout(self._limits.publish_timeout_s):
                    sequence = await self._bus.publish(subject, data, message_id=message_id)
            except (BusUnavailable, TimeoutError) as gone:
                self._fail(gone, first=not failed)
                failed = True
                await asyncio.sleep(wait)
                wait = min(wait * 2, self._limits.retry_longest_s)
            else:
                self._work(failed)
                return sequence

    async def up(self, value: Mapping[str, object], message_id: str) -> None:
        """Tell the worker something that people have to act on."""
        data = json.dumps(value, ensure_ascii=False).encode()
        await self.publish(UP, data, message_id)

    def _fail(self, gone: Exception, *, first: bool) -> None:
        self._metrics.publish_failures += 1
        self._metrics.bus = str(gone) or "the bus gives no answer"
        if first:
            self._failing += 1
            if self._failing == 1:
                logger.error("nothing is read or confirmed until the bus stores again: %r", gone)

    def _work(self, failed: bool) -> None:
        if failed:
            self._failing -= 1
            if not self._failing:
                self._metrics.bus = "ok"
                logger.warning("the bus stores again")
