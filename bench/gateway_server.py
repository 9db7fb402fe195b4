"""The product's gateway in front of a bus that stores nothing: decoding and answering alone.

``python -m bench.gateway_server TERMINALS WORDS…``: the gateway's own main with its own words, and
only the bus replaced. "Stored" is said at once, which is a lie that must stay in a bench: what it
measures is named "without durability". Its register knows ``TERMINALS`` terminals
(:func:`bench.gateway_fleet.reference`).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import numpy as np

from bench.gateway_fleet import phone_of, reference
from jiaoan.gateway import main as gateway
from jiaoan.gateway import server
from jiaoan.gateway.lanes import ASK
from jiaoan.gateway.publisher import Publisher
from jiaoan.stores.reader import Message
from jiaoan.stores.tables import Entry

_REFERENCE = "ref.terminal."


class NothingTable:
    """No claims: there are no commands."""

    async def get(self, key: str) -> Entry | None:
        return None

    async def put(self, key: str, value: bytes, *, revision: int) -> int:
        return revision + 1


class NothingBus:
    """Says "stored" and keeps nothing; reading gives the register and then waits for ever."""

    def __init__(self, terminals: int) -> None:
        self._terminals = terminals

    async def publish(self, subject: str, data: bytes, *, message_id: str) -> int:
        return 1

    async def tell(self, subject: str, data: bytes) -> None:
        return None

    async def hear(
        self, subject: str, take: Callable[[str, bytes], None]
    ) -> Callable[[], Awaitable[None]]:
        async def end() -> None:
            return None

        return end

    async def table(self, name: str, *, lifetime_s: float | None = None) -> NothingTable:
        return NothingTable()

    def _reference(self, number: int) -> Message:
        subject = _REFERENCE + phone_of(number)
        return Message(subject, reference(number), number + 1, datetime.now(UTC))

    async def latest(self, subject: str) -> Message | None:
        return self._reference(self._terminals - 1) if subject.startswith(_REFERENCE) else None

    async def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]:
        if subject.startswith(_REFERENCE):
            for number in range(after, self._terminals):
                yield self._reference(number)
        await asyncio.Event().wait()

    async def close(self) -> None:
        return None


class AtOnce(Publisher):
    """Answers what was laid on the trays in the same turn, and publishes nothing."""

    def gathered(self) -> None:
        trays = self.trays
        laid = np.flatnonzero(trays.reports).tolist()
        if not laid:
            return
        rows = trays.asks.view(np.uint8).reshape(*trays.asks.shape, ASK.itemsize)
        lying = [rows[each, : trays.reports[each]] for each in laid]
        asks = np.concatenate(lying).reshape(-1).view(ASK)
        trays.reports[:] = trays.weights[:] = 0
        self._metrics.published += len(asks)
        self.depth -= len(asks)  # the reactor adds them when all are laid
        self.stored(asks)


def main(words: list[str]) -> int:
    bus = NothingBus(int(words[0]))

    async def connected(url: str) -> NothingBus:
        return bus

    server.Publisher = AtOnce  # type: ignore[attr-defined]
    gateway._connected = connected  # type: ignore[assignment]
    return gateway.main([*words[1:], "--bus", "none"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
