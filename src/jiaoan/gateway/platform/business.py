"""What platforms tell each other besides positions: up to the worker, and down from it.

Theory of operation
-------------------
Supervision requests 督办 and their answers, post queries 查岗, messages and alarm reports are told
on ``platform.up`` as one JSON object each (:mod:`jiaoan.gateway.platform.told`); the worker makes
work items of them. The rest is kept in the log. What the worker wants to have said stands on
``platform.down.CODE``: it is sent as soon as a link is live, with a keep-alive behind it. The
answer to that proves that the other platform has read the order; where the link ends before, the
order is said again on the next one. Only then its sending is told back on ``platform.up`` with link
and serial, and the place up to which orders were sent is kept on the bus. So an outage or a crash
may say an order twice, never not at all; our own receivers know a repetition.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable

from jiaoan.gateway.platform.keeping import Log
from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.gateway.platform.orders import BadOrder, message_of
from jiaoan.gateway.platform.publishing import Port, Publisher, down
from jiaoan.gateway.platform.sockets import Sockets
from jiaoan.gateway.platform.told import told
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.bus import Message as Stored
from jiaoan.stores.tables import Entry, Overtaken
from jiaoan.wire.jt809 import EncodeError, Message
from jiaoan.wire.jt809.line import Received, Terms

logger = logging.getLogger("jiaoan.platform")
TABLE = "platform_orders"


class Business:
    """For one other platform. ``role`` is ours towards it: ``superior`` or ``subordinate``."""

    def __init__(
        self,
        role: str,
        name: str,
        terms: Terms,
        sockets: Callable[[], Sockets],
        bus: Port,
        publisher: Publisher,
        log: Log,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self.role, self.name, self.terms = role, name, terms
        self._sockets, self._bus, self._publisher = sockets, bus, publisher
        self._log, self._clock, self._limits, self._metrics = log, clock, limits, metrics
        self._receipts: dict[int, asyncio.Event] = {}
        self._asked = 0

    async def take(self, one: Received) -> None:
        """A business message that is no position."""
        value = told(one, self.role, self._clock.now())
        if value is None:
            data = one.message.content.build()
            self._log.keep(
                "message", self.name, data, sub_type=_word(one.message), plate=one.message.plate
            )
            return
        moment = self._clock.now()
        message_id = f"{self.name}-{value['kind']}-{one.serial}-{moment.timestamp():.6f}"
        await self._publisher.up(
            self._envelope() | value | {"received_at": moment.isoformat()}, message_id
        )

    def _envelope(self) -> dict[str, object]:
        return {"role": self.role, "platform": self.name, "access_code": self.terms.access_code}

    async def obey(self) -> None:
        """Carry out orders for ever, in their order."""
        while True:
            try:
                await self._obey()
            except (BusUnavailable, Overtaken) as gone:
                logger.warning("%s: orders wait for the bus: %s", self.name, gone)
                await asyncio.sleep(self._limits.retry_longest_s)
            except LookupError as replaced:
                logger.warning("%s: the bus was replaced: %s", self.name, replaced)
                await self._forget()

    async def _obey(self) -> None:
        table = await self._bus.table(TABLE)
        key = self._key
        entry = await table.get(key) or Entry(b"0", 0)
        revision = entry.revision
        async for stored in self._bus.read(down(self.terms.access_code), after=int(entry.value)):
            await self._carry_out(stored)
            place = str(stored.sequence).encode()
            revision = await table.put(key, place, revision=revision)

    async def _forget(self) -> None:
        table = await self._bus.table(TABLE)
        entry = await table.get(self._key)
        if entry is not None:
            await table.put(self._key, b"0", revision=entry.revision)

    @property
    def _key(self) -> str:
        return f"{self.role}-{self.terms.access_code}"

    async def _carry_out(self, stored: Stored) -> None:
        try:
            order = json.loads(stored.data)
            if not isinstance(order, dict):
                raise BadOrder("no JSON object")
            if order.get("role") != self.role:
                return
            message = message_of(order, self.terms)
            message.build(self.terms.edition)
        except (ValueError, KeyError, TypeError, EncodeError) as wrong:
            self._metrics.orders["refused"] += 1
            logger.error("%s: an order cannot be carried out: %s", self.name, wrong)
            await self._tell_back(stored, "order_refused", {"reason": str(wrong)})
            return
        link, serial = await self._send(message)
        self._metrics.orders[str(order["kind"])] += 1
        await self._tell_back(stored, "order_sent", {"link": link, "serial": serial})

    def confirmed(self, mark: int) -> bool:
        """The answer to a keep-alive of ours; whether ``mark`` is one of this business's."""
        if mark < 0 and (receipt := self._receipts.get(-mark)) is not None:
            receipt.set()
        return mark < 0

    async def _send(self, message: Message) -> tuple[str, int]:
        """Send as soon as a link is live, and again until the other platform has read it."""
        while True:
            sockets = self._sockets()
            ended = dict(sockets.ended)
            sent = sockets.pair.send(message, sockets.now)
            if sent is not None and await self._was_read(sockets, sent[0], ended[sent[0]]):
                return sent
            await asyncio.sleep(self._limits.tick_s)

    async def _was_read(self, sockets: Sockets, link: str, ended: int) -> bool:
        """Whether the keep-alive behind an order was answered before the link ended, for the
        ``ended``-th time. A platform that answers none while its link lives is taken at that."""
        self._asked += 1
        number, receipt = self._asked, asyncio.Event()
        self._receipts[number] = receipt
        until = sockets.now + self._limits.times.silent_s
        # Marks below zero are ours: those of positions are sequences of the bus.
        sockets.pair.line(link).keep_alive(sockets.now, mark=-number)
        sockets.flush()
        try:
            while sockets.ended[link] == ended:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._limits.tick_s):
                        await receipt.wait()
                if receipt.is_set():
                    return True
                if sockets.now > until:
                    self._metrics.orders["unconfirmed"] += 1
                    logger.warning("%s answers no keep-alive: an order may be lost", self.name)
                    return True
            return False
        finally:
            del self._receipts[number]

    async def _tell_back(self, stored: Stored, kind: str, more: dict[str, object]) -> None:
        try:
            order = json.loads(stored.data)
            number = order.get("order") if isinstance(order, dict) else None
        except ValueError:
            number = None
        value = self._envelope() | more | {
            "kind": kind, "order": number, "at": self._clock.now().isoformat(),
        }  # fmt: skip
        await self._publisher.up(value, f"{kind}-{self._key}-{stored.sequence}")


def _word(message: Message) -> str:
    return f"0x{message.sub_type or message.message_id:04x}"
