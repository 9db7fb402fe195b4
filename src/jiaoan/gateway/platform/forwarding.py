"""Positions of the bus to one superior: in order, none left out, from where it was left off.

Theory of operation
-------------------
One link carries all: the main one, or the sub link while that is down (back only when nothing is
under way, so that the order stays). ``_sent`` holds the blocks that were sent and not confirmed. A
keep-alive with the sequence of the last sent block as its mark is said every half second; its
answer proves that all before it was read, so the kept sequence moves there. When the link ends,
reading begins anew behind the kept sequence. A position that is older than two minutes goes as
back-fill. The kept sequence is written by compare-and-set: two
forwarders for one superior stop each other instead of sending everything twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from jiaoan.gateway.platform import rows
from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.gateway.platform.publishing import Port
from jiaoan.gateway.platform.sockets import Sockets
from jiaoan.gateway.platform.vehicles import Vehicle, Vehicles
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.bus import Message as Stored
from jiaoan.stores.positions import NotPositions, unpack
from jiaoan.stores.tables import Entry, Overtaken, Table
from jiaoan.wire.jt809 import BodyError, EncodeError, Message
from jiaoan.wire.jt809.exchange import Register2011, Register2019
from jiaoan.wire.jt809.header import Edition
from jiaoan.wire.jt809.line import Line, Terms
from jiaoan.wire.jt809.location import Carried, GnssBlock
from jiaoan.wire.jt809.posts import GapRequest, GapRequestShort

logger = logging.getLogger("jiaoan.platform")
SUBJECT = "positions.*"
TABLE = "platform_forwarding"


class Forwarder:
    """For one superior."""

    def __init__(
        self,
        name: str,
        terms: Terms,
        platform_id: str,
        sockets: Sockets,
        vehicles: Vehicles,
        bus: Port,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._name, self._terms, self._platform_id = name, terms, platform_id
        self._sockets, self._vehicles, self._bus = sockets, vehicles, bus
        self._clock, self._limits, self._metrics = clock, limits, metrics
        self._sent: deque[int] = deque()
        self._confirmed = 0
        self._moved = asyncio.Event()
        self._asked = 0
        self._carrier: Line | None = None
        self._revision = 0
        self._introduced: set[int] = set()
        self.positions = 0
        """Positions that were sent, those of repetitions too."""
        self.remembered: deque[_Sent] = deque(maxlen=limits.remembered_blocks)
        self._again: deque[int] = deque()

    def confirmed(self, mark: int) -> None:
        """The superior has read everything up to this sequence of the bus."""
        if mark > self._confirmed:
            self._confirmed = mark
            self._metrics.confirmed_now[self._name] = mark
            while self._sent and self._sent[0] <= mark:
                self._sent.popleft()
        self._moved.set()

    def again(self, asked: GapRequest | GapRequestShort) -> int:
        """0x9303: the superior misses positions: blocks of these serials, or since this time, are
        sent again as back-fill, as far as they are remembered and still on the bus; how many."""
        if isinstance(asked, GapRequest) and asked.missing_sub_type not in rows.POSITION_IDS:
            return 0
        found = [one.sequence for one in self.remembered if one.is_asked(asked)]
        logger.warning("%s misses positions: %d blocks are sent again", self._name, len(found))
        waiting = set(self._again)
        self._again.extend(number for number in found if number not in waiting)
        return len(found)

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                table = await self._bus.table(TABLE)
                await self._begin(table)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._keep(table))
                    group.create_task(self._ask())
                    group.create_task(self._forward())
            except* BusUnavailable as gone:
                logger.warning("%s: forwarding waits for the bus: %s", self._name, gone.exceptions)
                await asyncio.sleep(self._limits.retry_longest_s)
            except* Overtaken:
                logger.error("%s: somebody else forwards to this superior too", self._name)
                await asyncio.sleep(10 * self._limits.retry_longest_s)

    async def _begin(self, table: Table) -> None:
        """From the kept sequence; the first time from now on."""
        entry = await table.get(self._key)
        if entry is None:
            last = await self._bus.latest(SUBJECT)
            value = str(last.sequence if last else 0).encode()
            entry = Entry(value, await table.put(self._key, value, revision=0))
        self._confirmed, self._revision = int(entry.value), entry.revision
        self._metrics.confirmed_now[self._name] = self._confirmed
        self._sent.clear()

    @property
    def _key(self) -> str:
        return str(self._terms.access_code)

    async def _keep(self, table: Table) -> None:
        """Write the confirmed sequence down when it moved."""
        kept = self._confirmed
        while True:
            await self._moved.wait()
            self._moved.clear()
            if self._confirmed != kept:
                kept = self._confirmed
                self._revision = await table.put(
                    self._key, str(kept).encode(), revision=self._revision
                )

    async def _ask(self) -> None:
        """Ask for confirmation while something is unconfirmed, one question at a time."""
        while True:
            await asyncio.sleep(self._limits.confirm_s)
            line = self._carrier
            if line is not None and line.live and self._sent and self._asked <= self._confirmed:
                self._asked = self._sent[-1]
                line.keep_alive(self._sockets.now, mark=self._asked)
                self._sockets.flush()

    async def _forward(self) -> None:
        while True:
            line = await self._line()
            self._sent.clear()
            self._introduced.clear()
            self._asked = 0
            self._carrier = line
            try:
                await self._carry(line)
            except LookupError as replaced:
                logger.error("%s: the bus was replaced: %s", self._name, replaced)
                self._confirmed = 0
                self._moved.set()
            finally:
                self._carrier = None

    async def _line(self) -> Line:
        """The link that carries our business now: the proper one, else the other."""
        pair = self._sockets.pair
        while True:
            for line in (pair.proper, pair.other):
                if line.live:
                    return line
            await asyncio.sleep(self._limits.tick_s)

    async def _carry(self, line: Line) -> None:
        """Send on one link until it ends, or until the proper one can take over in good order."""
        link = line.kind.name
        ended = self._sockets.ended[link]
        with self._sockets.ending() as ending:
            blocks = _Blocks(self._bus.read(SUBJECT, after=self._confirmed))
            try:
                while self._sockets.ended[link] == ended and line.live:
                    if not self._room(line):
                        await asyncio.sleep(self._limits.tick_s / 10)
                        continue
                    if self._over(line):
                        return
                    if self._again:
                        await self._send_again(line, self._again.popleft())
                        continue
                    stored = await blocks.next(ending, self._limits.tick_s)
                    ending.clear()
                    if stored is not None and self._sockets.ended[link] == ended and line.live:
                        self._look_for_gap(stored.sequence)
                        self._send(line, stored)
                        self._sockets.flush()
                        await self._sockets.drained()
            finally:
                await blocks.close()

    async def _send_again(self, line: Line, sequence: int) -> None:
        """One block that was asked for; one that the bus no longer has is counted."""
        reading = self._bus.read(SUBJECT, after=sequence - 1)
        try:
            async with asyncio.timeout(self._limits.retry_longest_s):
                stored = await anext(reading)
        except TimeoutError:
            stored = None
        finally:
            if isinstance(reading, AsyncGenerator):
                await reading.aclose()
        if stored is None or stored.sequence != sequence:
            self._metrics.not_sent["expired_blocks"] += 1
            return
        self._say(line, stored, again=True)
        self._metrics.sent_again += 1
        self._sockets.flush()
        await self._sockets.drained()

    def _look_for_gap(self, sequence: int) -> None:
        """The bus keeps positions for two days: what an outage outlived is gone, and is told."""
        before = self._sent[-1] if self._sent else self._confirmed
        if sequence > before + 1:
            self._metrics.not_sent["expired_blocks"] += sequence - before - 1
            logger.error(
                "%s: %d blocks are no longer on the bus and were never sent",
                self._name, sequence - before - 1,
            )  # fmt: skip

    def _room(self, line: Line) -> bool:
        """Whether more may be sent: few enough is unconfirmed, or nothing while we want to go
        back to the proper link."""
        if line is not self._sockets.pair.proper and self._sockets.pair.proper.live:
            return not self._sent
        return len(self._sent) < self._limits.unconfirmed_blocks

    def _over(self, line: Line) -> bool:
        proper = self._sockets.pair.proper
        return line is not proper and proper.live

    def _send(self, line: Line, stored: Stored) -> None:
        """Send one block, and remember it until it is confirmed."""
        self._say(line, stored)
        self._sent.append(stored.sequence)

    def _say(self, line: Line, stored: Stored, *, again: bool = False) -> None:
        """The messages of one block; one that cannot be read is counted and passed over."""
        serials: list[int] = []
        try:
            array, octets = unpack(stored.data)
        except NotPositions as wrong:
            logger.error("%s %d is passed over: %s", stored.subject, stored.sequence, wrong)
            self._metrics.not_sent["damaged"] += 1
        else:
            values, names = array.tolist(), array.dtype.names or ()
            serials += [
                line.send(message, self._sockets.now)
                for message in self._messages(values, names, octets, again=again)
            ]
        if serials:
            first, last = serials[0], serials[-1]
            self.remembered.append(_Sent(first, last, stored.sequence, self._clock.now()))

    def _messages(
        self,
        values: list[tuple[object, ...]],
        names: tuple[str, ...],
        octets: Sequence[bytes],
        *,
        again: bool,
    ) -> Iterator[Message]:
        """The messages of one block: each vehicle's positions in their order; ``again`` all of
        them as back-fill."""
        old = rows.milliseconds(self._clock.now()) - 1000 * self._limits.live_s
        filling: dict[int, list[GnssBlock | Carried]] = {}
        for value, body in zip(values, octets, strict=True):
            one = dict(zip(names, value, strict=True))
            vehicle, content = self._content(one, body)
            if vehicle is None or content is None:
                continue
            yield from self._introduction(vehicle)
            if again or rows.is_backfill(_int(one["source"])) or _int(one["time_ms"]) < old:
                filling.setdefault(vehicle.id, []).append(content)
                continue
            if vehicle.id in filling:
                yield from self._fill(vehicle, filling.pop(vehicle.id))
            self._metrics.sent_live += 1
            self.positions += 1
            yield rows.live_message(content, vehicle.plate, vehicle.colour)
        for number, contents in filling.items():
            known = self._vehicles.of(number)
            if known is not None:
                yield from self._fill(known, contents)

    def _fill(self, vehicle: Vehicle, contents: list[GnssBlock | Carried]) -> Iterator[Message]:
        self._metrics.sent_backfill += len(contents)
        self.positions += len(contents)
        yield from rows.backfill_messages(contents, vehicle.plate, vehicle.colour)

    def _content(
        self, one: dict[str, object], body: bytes
    ) -> tuple[Vehicle | None, GnssBlock | Carried | None]:
        if one["terminal"] == f"809-{self._terms.access_code}".encode():
            self._metrics.not_sent["came_from_there"] += 1
            return None, None
        vehicle = self._vehicles.of(_int(one["vehicle"]))
        if vehicle is None:
            self._metrics.not_sent["unknown_vehicle"] += 1
            return None, None
        try:
            content = rows.content_of(body, _int(one["version"]), self._terms.edition)
            content.build()
        except (BodyError, EncodeError) as wrong:
            logger.error("%s: a position of %s cannot be sent: %s", self._name, vehicle.id, wrong)
            self._metrics.not_sent["no_location"] += 1
            return vehicle, None
        return vehicle, content

    def _introduction(self, vehicle: Vehicle) -> Iterator[Message]:
        """0x1201 before the first position of a vehicle after each login."""
        if vehicle.id in self._introduced:
            return
        self._introduced.add(vehicle.id)
        if self._terms.edition is Edition.V2011:
            content: Register2011 | Register2019 = Register2011(
                self._platform_id, "", "", "", vehicle.phone[-12:]
            )
        else:
            content = Register2019(self._platform_id, "", "", "", "", vehicle.phone[-13:])
        yield Message.of(0x1201, content, vehicle.plate, vehicle.colour)


class _Sent(NamedTuple):
    """One block that was sent: the serials of its frames on the link."""

    first: int
    last: int
    sequence: int
    at: datetime

    def is_asked(self, asked: GapRequest | GapRequestShort) -> bool:
        """By serials, or by time where both are zero."""
        if asked.first_serial or asked.last_serial:
            return self.first <= asked.last_serial and self.last >= asked.first_serial
        return asked.time is not None and self.at >= asked.time


class _Blocks:
    """Blocks of the bus one by one, without giving up the reading when there is none yet."""

    def __init__(self, reading: AsyncIterator[Stored]) -> None:
        self._reading = reading
        self._coming: asyncio.Future[Stored] | None = None

    async def next(self, ending: asyncio.Event, wait_s: float) -> Stored | None:
        """The next block, or ``None`` when a link ended or after ``wait_s``."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(anext(self._reading))
        ended = asyncio.ensure_future(ending.wait())
        waited: set[asyncio.Future[Any]] = {self._coming, ended}
        await asyncio.wait(waited, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not self._coming.done():
            return None
        block, self._coming = self._coming.result(), None
        return block

    async def close(self) -> None:
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)
        elif isinstance(self._reading, AsyncGenerator):
            await self._reading.aclose()


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
