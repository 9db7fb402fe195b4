"""References ``ref.>`` kept in memory: read from the beginning, then followed for ever.

No gateway asks a database. ``registry`` publishes each change, and the last value of each subject
stays on the bus, so reading from the beginning gives the whole register. One that cannot be read is
counted, named in the log, and leaves the old entry.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

from jiaoan.stores.bus import BusUnavailable, Message

logger = logging.getLogger("jiaoan.gateway")
_AGAIN_S = 1.0
Value = Mapping[str, object]


class Source(Protocol):
    """The part of the bus that is needed here."""

    def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]: ...
    async def latest(self, subject: str) -> Message | None: ...


class Counting(Protocol):
    """Where references that cannot be read are counted."""

    bad_references: int


class Following:
    """One subject (wildcards allowed). ``apply`` takes subject and value, ``None`` where it was
    deleted; it may raise ``KeyError``, ``TypeError`` and ``ValueError``. ``clear`` forgets all."""

    def __init__(
        self,
        subject: str,
        apply: Callable[[str, Value | None], None],
        clear: Callable[[], None],
        metrics: Counting,
    ) -> None:
        self._subject, self._apply, self._clear, self._metrics = subject, apply, clear, metrics
        self._last = 0

    def take(self, subject: str, data: bytes) -> None:
        """One message of the bus."""
        try:
            value = json.loads(data)
            if not isinstance(value, dict):
                raise ValueError("not an object")
            self._apply(subject, None if value.get("deleted") else value)
        except (KeyError, TypeError, ValueError) as wrong:
            reason = f"the field {wrong} is missing" if isinstance(wrong, KeyError) else wrong
            self._metrics.bad_references += 1
            logger.error("the reference %s cannot be read and is left out: %s", subject, reason)

    async def load(self, bus: Source) -> None:
        """Read all that is there now; ``BusUnavailable`` when the bus is gone."""
        last = await bus.latest(self._subject)
        if last is None or last.sequence <= self._last:
            return
        async for message in bus.read(self._subject, after=self._last):
            self._read(message)
            if message.sequence >= last.sequence:
                return

    async def follow(self, bus: Source) -> None:
        """Take every later change, for ever."""
        while True:
            try:
                async for message in bus.read(self._subject, after=self._last):
                    self._read(message)
                return
            except BusUnavailable as gone:
                logger.warning("references wait for the bus: %s", gone)
                await asyncio.sleep(_AGAIN_S)
            except LookupError as replaced:
                logger.warning("the bus was replaced, references are read anew: %s", replaced)
                self._last = 0
                self._clear()

    def _read(self, message: Message) -> None:
        self.take(message.subject, message.data)
        self._last = message.sequence
