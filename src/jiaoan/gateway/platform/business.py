"""What platforms tell each other besides positions: up to the worker, and down from it.

Theory of operation
-------------------
Supervision requests 督办 and their answers, post queries 查岗, messages and alarm reports are told
on ``platform.up`` as one JSON object each (:mod:`jiaoan.gateway.platform.told`); the worker makes
work items of them. The rest is kept in the log, and told as it is, within bounds
(:mod:`jiaoan.gateway.platform.others`), so that a person sees it; a few questions the link answers
by itself (:mod:`jiaoan.gateway.platform.replies`). What the worker wants to have said stands on
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
from jiaoan.gateway.platform.others import Teller, Who, Why
from jiaoan.gateway.platform.publishing import Port, Publisher, down
from jiaoan.gateway.platform.replies import Knows, reply_of
from jiaoan.gateway.platform.sockets import Sockets
from jiaoan.gateway.platform.told import told
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.bus import Message as Stored
from jiaoan.stores.tables import Entry, Overtaken
from jiaoan.wire.jt809 import EncodeError, Message
from jiaoan.wire.jt809.exchange import SourceAnswer
from jiaoan.wire.jt809.line import Received, Terms

logger = logging.getLogger("jiaoan.platform")
TABLE = "platform_orders"
_ROUTINE = frozenset({0x1103, 0x9103, 0x1201, 0x9201})
"""What each login brings many of and nobody needs to look at, where it tells nothing strange."""


class Business:
    """For one other platform. ``role`` is ours towards it: ``superior`` or ``subordinate``."""

    def __init__(
        self,
        role: str,
        name: str,
        terms: Terms,
        sockets: Callable[[], Sockets],
        knows: Knows,
        bus: Port,
        publisher: Publisher,
        log: Log,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._knows = knows
        self.role, self.name, self.terms = role, name, terms
        self._sockets, self._bus, self._publisher = sockets, bus, publisher
        self._log, self._clock, self._limits, self._metrics = log, clock, limits, metrics
        who = Who(role, name, terms.access_code, terms.edition.value)
        self.others = Teller(who, publisher, clock, limits)
        self._receipts: dict[int, asyncio.Event] = {}
        self._asked = 0

    async def take(self, one: Received) -> None:
        """A business message that is no position."""
        value = told(one, self.role, self._clock.now())
        if value is None:
            await self._other(one)
            return
        moment = self._clock.now()
        message_id = f"{self.name}-{value['kind']}-{one.serial}-{moment.timestamp():.6f}"
        await self._publisher.up(
            self._envelope() | value | {"received_at": moment.isoformat()}, message_id
        )

    async def _other(self, one: Received) -> None:
        """Answered by the link where it can; kept, and told within bounds."""
        message, word = one.message, _word(one.message)
        self._log.keep("message", self.name, one.body, sub_type=word, plate=message.plate)
        result = None
        reply = reply_of(one, self.role, self.terms.edition, self._knows)
        if reply is not None:
            answer, result = reply
            self._sockets().pair.send(answer, self._sockets().now)
        if self._is_routine(one, result):
            return
        about: dict[str, object] = {
            "message_id": message.message_id,
            "message": message.sub_type or message.message_id,
            "plate": message.plate,
            "plate_colour": message.plate_color,
            "serial": one.serial,
            "result": result,
        }
        why = Why.NO_PROCEDURE if reply is None else Why.ANSWERED
        await self.others.tell(why, word, one.body, about)

    def _is_routine(self, one: Received, result: int | None) -> bool:
        """0x1201 of a vehicle that is known here, 0x9201 that registered one of ours."""
        message, content = one.message, one.message.content
        if message.sub_type == 0x9201:
            return isinstance(content, SourceAnswer) and content.result in (0, 1)
        if message.sub_type == 0x1201:
            return self._knows(message.plate or "", message.plate_color or 0)
        return message.sub_type in _ROUTINE

    async def refused(self, reason: str, octets: bytes, link: str) -> None:
        """Octets of this link that could not be read."""
        self._log.keep(reason, self.name, octets, link=link)
        fault = reason.partition(":")[0]
        await self.others.tell(Why.UNREADABLE, fault, octets, {"detail": reason})

    async def turned_away(self, reason: str, host: str, octets: bytes, detail: str) -> None:
        """Somebody from ``host`` who gave this platform's access code was not let in."""
        self._log.keep(reason, host, octets)
        await self.others.turned_away(reason, host, octets, detail)

    def _envelope(self) -> dict[str, object]:
        return self.others.who.envelope()

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
