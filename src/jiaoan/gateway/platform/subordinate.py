"""We as subordinate 下级平台 of one or several superiors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from jiaoan.gateway.platform.business import Business
from jiaoan.gateway.platform.door import first_message, first_octets
from jiaoan.gateway.platform.forwarding import Forwarder
from jiaoan.gateway.platform.history import LinkHistory, tell_tallies
from jiaoan.gateway.platform.keeping import Log
from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.gateway.platform.publishing import Port, Publisher
from jiaoan.gateway.platform.settings import Superior
from jiaoan.gateway.platform.sockets import Sockets
from jiaoan.gateway.platform.vehicles import Vehicles
from jiaoan.kernel.clock import Clock
from jiaoan.wire.jt809 import Edition, Message
from jiaoan.wire.jt809.line import MAIN, SUB, Confirmed, Ended, Live, Received, Refused
from jiaoan.wire.jt809.management import LinkReport, LinkReportRequest, Tally
from jiaoan.wire.jt809.pair import EXPECTED, NOTICES, Address, Happened
from jiaoan.wire.jt809.pair import Subordinate as Pair
from jiaoan.wire.jt809.posts import GapRequest, GapRequestShort

logger = logging.getLogger("jiaoan.platform")
_LOAD_S = 10.0


class Tie:
    """Our links to one superior."""

    def __init__(self, known: Superior, house: Subordinate, advertise: Address) -> None:
        self.known, self.name, terms = known, known.name, known.terms
        self.pair = Pair(terms, known.credentials, advertise, house.clock, house.limits.times)
        self.sockets = Sockets(known.name, self.pair, self.take, house.limits, house.metrics)
        self._log, self._metrics, self._limits = house.log, house.metrics, house.limits
        self._clock, self.history = house.clock, LinkHistory(house.clock)
        self.business = Business(
            "subordinate",
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
        self.forwarder = Forwarder(
            known.name,
            terms,
            known.platform_id,
            self.sockets,
            house.vehicles,
            house.bus,
            house.clock,
            house.limits,
            house.metrics,
        )

    async def take(self, happened: Sequence[Happened]) -> None:
        for one in happened:
            match one.event:
                case Live() if one.link == MAIN.name:
                    self.history.live()
                case Ended() if one.link == MAIN.name:
                    self.history.lost()
                case Confirmed(mark) if not self.business.confirmed(mark):
                    self.forwarder.confirmed(mark)
                case Refused(reason, octets):
                    await self.business.refused(reason, octets, one.link)
                case Received(message, _) as received:
                    word = f"0x{message.sub_type or message.message_id:04x}"
                    self._metrics.messages[word] += 1
                    self._metrics.tolerated.update(map(str, message.tolerated))
                    if message.message_id in NOTICES:
                        logger.warning("%s says %s: %s", self.name, word, message.content)
                    elif isinstance(message.content, Tally):
                        self._tally(message.content)
                    elif isinstance(message.content, LinkReportRequest):
                        self._report_links(message.content)
                    elif isinstance(message.content, GapRequest | GapRequestShort):
                        await self._resend(received, message.content)
                    elif message.message_id not in EXPECTED:
                        await self.business.take(received)

    def _tally(self, said: Tally) -> None:
        """0x9101: how many positions the superior counted. What it has read is known from its
        keep-alive answers; a count that differs is for people to see."""
        self._metrics.counted_there_now[self.name] = said.dynamic_info_total
        logger.info(
            "%s counted %d positions from %s to %s; %d live and %d back-filled were sent since our "
            "start",
            self.name, said.dynamic_info_total, said.start_time, said.end_time,
            self._metrics.sent_live, self._metrics.sent_backfill,
        )  # fmt: skip

    def _report_links(self, asked: LinkReportRequest) -> None:
        """0x1102 on 0x9102: how often and how long our main link was down, and how many blocks of
        positions were lost by it; as far as this process has seen."""
        now = self._clock.now()
        start, end = asked.start_time or now, asked.end_time or now
        disconnects, seconds = self.history.between(start, end)
        lost = min(self._metrics.not_sent["expired_blocks"], 0xFF)
        report = LinkReport(
            self.known.platform_id, asked.start_time, asked.end_time, lost, disconnects, seconds
        )
        self.sockets.pair.send(Message.of(0x1102, report), self.sockets.now)

    async def _resend(self, received: Received, asked: GapRequest | GapRequestShort) -> None:
        """0x9303; where nothing of it can be sent again, people are told what was asked."""
        if not self.forwarder.again(asked):
            await self.business.take(received)
            return
        self._log.keep("gap_request", self.name, received.body, sub_type="0x9303")

    async def tell_tallies(self) -> None:
        """0x1101 of 2019; 2011 has none."""
        edition = self.known.terms.edition
        if edition is Edition.V2019:
            await tell_tallies(
                0x1101, self.name, lambda: self.forwarder.positions, self.sockets, edition,
                self._clock, self._limits,
            )  # fmt: skip

    def target(self) -> tuple[str, int]:
        return self.known.address.host, self.known.address.port

    async def called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection to our sub-link port: it takes the place of the live one only with the
        right code."""
        first = await first_octets(reader, self._limits)
        knock = first_message(first, self.known.terms)
        why = knock if isinstance(knock, str) else ""
        if not isinstance(knock, str) and (self.pair.sub.down or self.pair.knows(knock[0])):
            await self.sockets.serve(SUB.name, reader, writer, first)
            return
        reason = "unreadable" if why else "wrong_code"
        self._metrics.callers_refused[reason] += 1
        writer.close()
        if first:
            peer = writer.get_extra_info("peername")
            host = str(peer[0]) if peer else "?"
            await self.business.turned_away(reason, host, first, why)


class Subordinate:
    """All superiors of this installation; made in a running event loop."""

    def __init__(
        self,
        superiors: Sequence[Superior],
        bus: Port,
        folder: Path,
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        self.superiors, self.bus, self.clock = superiors, bus, clock
        self.limits, self.metrics = limits or Limits(), Metrics()
        self.vehicles = Vehicles(self.metrics)
        self.publisher = Publisher(bus, self.limits, self.metrics)
        self.log = Log(folder, self.limits.kept_octets, clock, self.metrics)
        self.ties: list[Tie] = []
        self._servers: list[asyncio.Server] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Learn the vehicles, listen for the sub links, call. ``OSError`` where an address is
        taken."""
        try:
            async with asyncio.timeout(_LOAD_S):
                await self.vehicles.load(self.bus)
        except TimeoutError:
            logger.warning("vehicles are still being read")
        for known in self.superiors:
            await self._tie(known)
        self.metrics.address = ", ".join(f"{one.address.host}" for one in self.superiors)
        self.tasks.append(asyncio.create_task(self.vehicles.follow(self.bus)))

    async def _tie(self, known: Superior) -> None:
        ties: list[Tie] = []

        async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await ties[0].called(reader, writer)

        server = await asyncio.start_server(called, known.listen.host, known.listen.port)
        self._servers.append(server)
        # Port 0 takes a free one: that is the one to tell.
        port = int(server.sockets[0].getsockname()[1])
        told = known.advertise
        tie = Tie(known, self, Address(told.host, told.port or port))
        ties.append(tie)
        self.ties.append(tie)
        self.tasks += [
            asyncio.create_task(tie.sockets.keep(tie.target)),
            asyncio.create_task(tie.forwarder.run()),
            asyncio.create_task(tie.business.obey()),
            asyncio.create_task(tie.business.others.count()),
            asyncio.create_task(tie.tell_tallies()),
        ]

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        for tie in self.ties:
            await tie.sockets.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
