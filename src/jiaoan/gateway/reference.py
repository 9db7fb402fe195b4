"""What the gateway knows of terminals: the snapshot under ``ref.terminal.*`` kept in memory.

The gateway asks no database. ``registry`` publishes each change; the last value of each subject
stays on the bus, so reading from the beginning gives the whole register.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from jiaoan.gateway.metrics import Metrics
from jiaoan.stores.bus import BusUnavailable, Message

logger = logging.getLogger("jiaoan.gateway")
SUBJECT = "ref.terminal.*"


class Source(Protocol):
    """The part of the bus that is needed here."""

    def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]: ...
    async def latest(self, subject: str) -> Message | None: ...


@dataclass(frozen=True, slots=True)
class Terminal:
    """One registered terminal; both days of its validity belong to it."""

    phone: str
    auth_code: str
    vehicle_id: int
    plate: str
    valid_from: date | None = None
    valid_to: date | None = None
    protocol: str = ""
    """Edition of 808 by the register; empty where nobody wrote it down."""

    def holds_on(self, day: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


def read_terminal(data: bytes) -> Terminal | None:
    """One reference message; ``None`` for a tombstone, ``ValueError`` for what is neither."""
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    if value.get("deleted"):
        return None
    try:
        return Terminal(
            str(value["phone"]).lstrip("0"),
            str(value["auth_code"] or ""),
            int(value["vehicle_id"]),
            str(value["plate"]),
            _day(value.get("valid_from")),
            _day(value.get("valid_to")),
            str(value.get("protocol") or ""),
        )
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"a field is missing or of the wrong kind: {wrong}") from wrong


def _day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(str(value)[:10])


class Reference:
    """All terminals by phone without leading zeros; ``changed`` hears of each new word on one."""

    def __init__(
        self, metrics: Metrics, changed: Callable[[str], None] = lambda phone: None
    ) -> None:
        self._terminals: dict[str, Terminal] = {}
        self._metrics, self._changed = metrics, changed
        self._last = 0

    def __len__(self) -> int:
        return len(self._terminals)

    def find(self, phone: str, day: date) -> Terminal | None:
        """The terminal with this phone, if its entry holds on ``day``."""
        found = self._terminals.get(phone)
        return found if found and found.holds_on(day) else None

    def apply(self, subject: str, data: bytes) -> None:
        """Take one message; one that cannot be read is counted and leaves the old entry."""
        phone = subject.rpartition(".")[2]
        try:
            terminal = read_terminal(data)
        except ValueError as wrong:
            self._metrics.bad_references += 1
            logger.error("the reference %s cannot be read and is left out: %s", subject, wrong)
            return
        if terminal is None:
            self._terminals.pop(phone, None)
        else:
            self._terminals[phone] = terminal
        self._changed(phone)

    async def load(self, bus: Source) -> None:
        """Read all that is there now; ``BusUnavailable`` when the bus is gone."""
        last = await bus.latest(SUBJECT)
        if last is None or last.sequence <= self._last:
            return
        async for message in bus.read(SUBJECT, after=self._last):
            self._take(message)
            if message.sequence >= last.sequence:
                return

    async def follow(self, bus: Source) -> None:
        """Take every later change, for ever."""
        while True:
            try:
                async for message in bus.read(SUBJECT, after=self._last):
                    self._take(message)
                return
            except BusUnavailable as gone:
                logger.warning("references wait for the bus: %s", gone)
                await asyncio.sleep(1)
            except LookupError as replaced:
                logger.warning("the bus was replaced, references are read anew: %s", replaced)
                self._last = 0
                known, self._terminals = self._terminals, {}
                for phone in known:
                    self._changed(phone)

    def _take(self, message: Message) -> None:
        self.apply(message.subject, message.data)
        self._last = message.sequence
