"""We as superior 上级平台: one port for all subordinates, one seat for each."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Sequence
from pathlib import Path

from jiaoan.gateway.platform.business import Business
from jiaoan.gateway.platform.door import first_header, first_message, first_octets
from jiaoan.gateway.platform.history import tell_tallies
from jiaoan.gateway.platform.intake import Intake
from jiaoan.gateway.platform.keeping import Log, Unmatched
from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.gateway.platform.others import Teller, Who
from jiaoan.gateway.platform.publishing import Port, Publisher
from jiaoan.gateway.platform.rows import POSITION_IDS
from jiaoan.gateway.platform.settings import Subordinate, SuperiorSide
from jiaoan.gateway.platform.sockets import Sockets
from jiaoan.gateway.platform.vehicles import Vehicles
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.tables import Overtaken
from jiaoan.wire.jt809 import Edition, Header, Message, build_frame
from jiaoan.wire.jt809.line import MAIN, Confirmed, Received, Refused
from jiaoan.wire.jt809.links import LoginAnswer, LoginResult
from jiaoan.wire.jt809.management import Tally
from jiaoan.wire.jt809.pair import EXPECTED, NOTICES, Happened
from jiaoan.wire.jt809.pair import Superior as Pair

logger = logging.getLogger("jiaoan.platform")
_LOAD_S = 10.0


class Seat:
    """One subordinate."""

    def __init__(self, known: Subordinate, house: Superior) -> None:
        self.name, terms = known.name, known.entry.terms
        self.pair = Pair(known.entry, house.clock, _new_code, house.limits.times)
        self.sockets = Sockets(known.name, self.pair, self.take, house.limits, house.metrics)
        self._metrics = house.metrics
        self._clock, self._limits = house.clock, house.limits
        self.intake = Intake(
            known.name,
            terms.access_code,
            house.vehicles,
            house.publisher,
            house.unmatched,
            house.log,
            house.clock,
            house.limits,
            house.metrics,
        )
        self.business = Business(
            "superior",
            known.name,
            terms,
            lambda: self.sockets,
            house.vehicles.knows,
            house.bus,
            house.publisher,
            house.log,
            house.clock,
            house.limits,
            house.metrics,
        )

    async def take(self, happened: Sequence[Happened]) -> None:
        """Store positions, pass the rest on, in the order of the link."""
        positions: list[Received] = []
        for one in happened:
            match one.event:
                case Confirmed(mark):
                    self.business.confirmed(mark)
                case Refused(reason, octets):
                    await self.business.refused(reason, octets, one.link)
                case Received(message, _) as received:
                    self._count(message)
                    if message.sub_type in POSITION_IDS:
                        positions.append(received)
                    elif isinstance(message.content, Tally):
                        self._tally(message.content)
                    elif message.message_id not in EXPECTED:
                        await self.business.take(received)
        if positions:
            await self.intake.store(positions)

    def _tally(self, said: Tally) -> None:
        """0x1101: how many positions the subordinate says it sent; what we stored stands beside
        it, for people to see."""
        self._metrics.told_sent_now[self.name] = said.dynamic_info_total
        logger.info(
            "%s sent %d positions from %s to %s; %d were stored from it since our start",
            self.name, said.dynamic_info_total, said.start_time, said.end_time,
            self.intake.positions,
        )  # fmt: skip

    async def tell_tallies(self) -> None:
        """0x9101, in both editions."""
        await tell_tallies(
            0x9101, self.name, lambda: self.intake.positions, self.sockets,
            self.pair.entry.terms.edition, self._clock, self._limits,
        )  # fmt: skip

    def _count(self, message: Message) -> None:
        self._metrics.messages[f"0x{message.sub_type or message.message_id:04x}"] += 1
        self._metrics.tolerated.update(map(str, message.tolerated))
        if message.message_id in NOTICES:
            logger.warning("%s says 0x%04x: %s", self.name, message.message_id, message.content)

    def target(self) -> tuple[str, int] | None:
        address = self.pair.calls_back
        return (address.host, address.port) if address else None


class Superior:
    """The listening side; made in a running event loop."""

    def __init__(
        self,
        side: SuperiorSide,
        bus: Port,
        folder: Path,
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        self.side, self.bus, self.clock = side, bus, clock
        self.limits, self.metrics = limits or Limits(), Metrics()
        self.vehicles = Vehicles(self.metrics)
        self.publisher = Publisher(bus, self.limits, self.metrics)
        self.log = Log(folder, self.limits.kept_octets, clock, self.metrics)
        self.unmatched = Unmatched(folder, self.limits.unmatched_octets, clock)
        self.seats = {
            known.entry.terms.access_code: Seat(known, self) for known in side.subordinates
        }
        self.strangers = Teller(Who("superior", "", 0, ""), self.publisher, clock, self.limits)
        self._callers = 0
        self._server: asyncio.Server | None = None
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> int:
        """Learn the vehicles, then listen; the port. ``OSError`` where it cannot be had."""
        try:
            async with asyncio.timeout(_LOAD_S):
                await self.vehicles.load(self.bus)
        except TimeoutError:
            logger.warning("vehicles are still being read; positions of others are kept apart")
        for seat in self.seats.values():
            await seat.intake.recall(self.bus)
        listen = self.side.listen
        self._server = await asyncio.start_server(self._welcome, listen.host, listen.port)
        port = int(self._server.sockets[0].getsockname()[1])
        self.metrics.address = f"{listen.host}:{port}"
        self.tasks = [
            asyncio.create_task(self.vehicles.follow(self.bus)),
            asyncio.create_task(self.strangers.count()),
        ]
        for seat in self.seats.values():
            self.tasks.append(asyncio.create_task(seat.sockets.keep(seat.target)))
            self.tasks.append(asyncio.create_task(seat.business.obey()))
            self.tasks.append(asyncio.create_task(seat.business.others.count()))
            self.tasks.append(asyncio.create_task(seat.tell_tallies()))
            self.tasks.append(asyncio.create_task(self._note(seat)))
        logger.info("superior on %s for %d platforms", self.metrics.address, len(self.seats))
        return port

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for seat in self.seats.values():
            await seat.sockets.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for seat in self.seats.values():
            with contextlib.suppress(BusUnavailable, Overtaken):
                await seat.intake.note()

    async def _note(self, seat: Seat) -> None:
        while True:
            await asyncio.sleep(self.limits.note_s)
            try:
                await seat.intake.note()
            except BusUnavailable as gone:
                logger.debug("%s: the place is noted later: %s", seat.name, gone)
            except Overtaken:
                logger.error("%s: another process takes its positions too", seat.name)
                await seat.intake.recall(self.bus)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A caller shows its access code with its first frame."""
        self.metrics.callers += 1
        peer = writer.get_extra_info("peername")
        host = str(peer[0]) if peer else "?"
        if self._callers >= self.limits.callers:
            await self._turn_away(writer, "too_many", host)
            return
        self._callers += 1
        try:
            first = await first_octets(reader, self.limits)
        finally:
            self._callers -= 1
        header = first_header(first)
        if header is None:
            reason = "noise" if first else "no_login"
            await self._turn_away(writer, reason, host, first)
            return
        seat = self.seats.get(header.access_code)
        if seat is None:
            await self._refuse(writer, header, host, first)
            return
        knock = first_message(first, seat.pair.entry.terms)
        if isinstance(knock, str):
            await self._turn_away(writer, "unreadable", host, first, seat, knock)
            return
        result = seat.pair.login_result(knock[0], knock[1].access_code, host)
        if result is not LoginResult.OK:
            self._answer(writer, seat, result)
            await self._turn_away(writer, result.name.lower(), host, first, seat)
            return
        seat.pair.peer = host
        await seat.sockets.serve(MAIN.name, reader, writer, first)

    def _answer(self, writer: asyncio.StreamWriter, seat: Seat, result: LoginResult) -> None:
        terms = seat.pair.entry.terms
        timed = terms.edition is Edition.V2019
        answer = Message(0x1002, LoginAnswer(result, 0)).build(terms.edition)
        head = Header(
            0, 1, 0x1002, terms.access_code, terms.version, terms.key != 0, terms.key,
            self.clock.now() if timed else None, timed,
        )  # fmt: skip
        writer.write(build_frame(head, answer, terms.profile.cipher))

    async def _refuse(
        self, writer: asyncio.StreamWriter, header: Header, host: str, first: bytes
    ) -> None:
        """An access code that nobody has: answered in the form of the question."""
        answer = Message(0x1002, LoginAnswer(LoginResult.WRONG_ACCESS_CODE, 0))
        edition = Edition.V2019 if header.timed else Edition.V2011
        head = Header(
            0, 1, 0x1002, header.access_code, header.version, time=self.clock.now(),
            timed=header.timed,
        )  # fmt: skip
        writer.write(build_frame(head, answer.build(edition)))
        logger.warning("%s came with the unknown access code %d", host, header.access_code)
        await self._turn_away(writer, "unknown_access_code", host, first)

    async def _turn_away(
        self,
        writer: asyncio.StreamWriter,
        reason: str,
        host: str,
        octets: bytes = b"",
        seat: Seat | None = None,
        detail: str = "",
    ) -> None:
        """``seat`` is the one that the caller asked for; who said nothing is only counted."""
        self.metrics.callers_refused[reason] += 1
        logger.info("the caller from %s is turned away: %s", host, reason)
        writer.close()
        if not octets:
            return
        if seat is not None:
            await seat.business.turned_away(reason, host, octets, detail)
            return
        self.log.keep(reason, host, octets)
        await self.strangers.turned_away(reason, host, octets)


def _new_code() -> int:
    return secrets.randbelow(0xFFFFFFFF) + 1
