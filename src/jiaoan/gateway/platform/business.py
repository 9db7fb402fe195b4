"""What platforms tell each other besides positions: up to the worker, and down from it.

Theory of operation
-------------------
A supervision request 督办 (0x9401) and its answer (0x1401) are published to ``platform.up`` as one
JSON object each; the worker makes work items of them. What the worker wants to have said stands
on ``platform.down.CODE``: it is sent as soon as a link is live, and its sending is told back on
``platform.up`` with link and serial. The place up to which orders were sent is kept on the bus;
a crash between the two says an order twice, never not at all.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from jiaoan.gateway.platform.keeping import Log
from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.gateway.platform.publishing import Port, Publisher, down
from jiaoan.gateway.platform.sockets import Sockets
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.bus import Message as Stored
from jiaoan.stores.tables import Entry, Overtaken
from jiaoan.wire.jt809 import Edition, EncodeError, Message
from jiaoan.wire.jt809.alarms import (
    SupervisionAnswer2011,
    SupervisionAnswer2019,
    SupervisionRequest,
    SupervisionRequest2019,
)
from jiaoan.wire.jt809.line import Received, Terms

logger = logging.getLogger("jiaoan.platform")
TABLE = "platform_orders"
Value = Mapping[str, object]


class BadOrder(ValueError):
    """An order of the worker that cannot be carried out: it is told back, not tried again."""


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

    async def take(self, one: Received) -> None:
        """A business message that is no position."""
        value = self._value(one)
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

    def _value(self, one: Received) -> dict[str, object] | None:
        message = one.message
        about: dict[str, object] = {
            "plate": message.plate,
            "plate_colour": message.plate_color,
            "serial": one.serial,
        }
        match message.content:
            case SupervisionRequest() | SupervisionRequest2019() as request:
                return about | {"kind": "supervision_request"} | _request(request)
            case SupervisionAnswer2011(number, result):
                return about | {
                    "kind": "supervision_answer", "number": number, "result": result,
                }  # fmt: skip
            case SupervisionAnswer2019(number, source_type, source_serial, result):
                return about | {
                    "kind": "supervision_answer",
                    "number": number,
                    "result": result,
                    "source_type": source_type,
                    "source_serial": source_serial,
                }
        return None

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

    async def _send(self, message: Message) -> tuple[str, int]:
        """Send as soon as a link is live, and wait until the octets are written out."""
        while True:
            sockets = self._sockets()
            sent = sockets.pair.send(message, sockets.now)
            if sent is not None:
                sockets.flush()
                await sockets.drained()
                if sockets.pair.line(sent[0]).live:
                    return sent
            await asyncio.sleep(self._limits.tick_s)

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


def _request(request: SupervisionRequest | SupervisionRequest2019) -> dict[str, object]:
    value: dict[str, object] = {
        "warn_type": request.warn_type,
        "warn_time": _iso(request.warn_time),
        "number": request.supervision_id,
        "deadline": _iso(request.supervision_end),
        "level": request.level,
        "supervisor": request.supervisor,
        "tel": request.tel,
        "email": request.email,
    }
    if isinstance(request, SupervisionRequest):
        return value | {"warn_source": request.warn_source}
    return value | {
        "source_platform": request.source_platform,
        "source_type": request.source_type,
        "source_serial": request.source_serial,
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def message_of(order: Value, terms: Terms) -> Message:
    """The message of an order; ``ValueError``, ``KeyError`` or ``TypeError`` for a bad one."""
    edition = terms.edition
    about: tuple[str | None, int | None] = (None, None)
    # Alarm messages of 2019 have no plate in front, unless the two sides agreed otherwise.
    if order.get("plate") is not None and (edition is Edition.V2011 or terms.plate_in_alarms):
        about = (str(order["plate"]), _int(order, "plate_colour"))
    match order["kind"]:
        case "supervision_answer":
            return Message.of(0x1401, _answer(order, edition), *about)
        case "supervision_request":
            return Message.of(0x9401, _asked(order), *about)
    raise BadOrder(f"unknown kind {order['kind']!r}")


def _answer(order: Value, edition: Edition) -> SupervisionAnswer2011 | SupervisionAnswer2019:
    number, result = _int(order, "number"), _int(order, "result")
    if edition is Edition.V2011:
        return SupervisionAnswer2011(number, result)
    # The request is the source where it did not name an alarm report itself.
    source = _int(order, "source_type") if order.get("source_type") else 0x9401
    serial = _int(order, "source_serial") if order.get("source_serial") else 0
    return SupervisionAnswer2019(number, source, serial, result)


def _asked(order: Value) -> SupervisionRequest:
    return SupervisionRequest(
        _int(order, "warn_source"),
        _int(order, "warn_type"),
        _moment(order, "warn_time"),
        _int(order, "number"),
        _moment(order, "deadline"),
        _int(order, "level"),
        str(order["supervisor"]),
        str(order["tel"]),
        str(order["email"]),
    )


def _int(order: Value, name: str) -> int:
    value = order[name]
    if not isinstance(value, int):
        raise BadOrder(f"{name} is no number")
    return value


def _moment(order: Value, name: str) -> datetime:
    moment = datetime.fromisoformat(str(order[name]))
    if moment.tzinfo is None:
        raise BadOrder(f"{name} has no time zone")
    return moment.astimezone(UTC)
