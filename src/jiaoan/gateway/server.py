"""Sockets: connections, time-outs, back-pressure and the way to a clean end."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.publisher import Publisher, Sink
from jiaoan.gateway.quarantine import Quarantine
from jiaoan.gateway.reference import Reference, Source, Terminal
from jiaoan.gateway.session import Session, Surroundings
from jiaoan.gateway.states import LinkState
from jiaoan.kernel.clock import Clock
from jiaoan.wire.jt808 import BadFrame, Frame, FrameReader, Header

logger = logging.getLogger("jiaoan.gateway")
_SWEEP_S = 0.5
_LINE_S = 10.0
_LOAD_S = 10.0
_SLAB = 16 * 1024


class Port(Sink, Source, Protocol):
    """What the gateway needs of the bus: publish, read, latest."""


class Gateway:
    """One listening socket and all its links; made in a running event loop."""

    def __init__(
        self,
        bus: Port,
        *,
        folder: Path,
        clock: Clock,
        limits: Limits | None = None,
        stats_file: Path | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.reference = Reference(self.metrics)
        self.links: set[Connection] = set()
        # All reads of one loop turn share one buffer: what is read is taken before the next.
        self.slab = memoryview(bytearray(_SLAB))
        self.publisher = Publisher(bus, self.limits, self.metrics, self._stored)
        self._quarantine = Quarantine(folder, self.limits.quarantine_octets, clock, self.metrics)
        self.around = Surroundings(
            reference=self.reference,
            metrics=self.metrics,
            quarantine=self._quarantine,
            clock=clock,
            submit=self.publisher.submit,
            admitted=self._admitted,
        )
        self._bus, self._stats_file = bus, stats_file
        self._by_terminal: dict[str, Session] = {}
        self._by_session: dict[Session, Connection] = {}
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self, host: str, port: int) -> int:
        """Learn the terminals, then listen; the port, which is a free one where 0 was asked.

        ``OSError`` where the address is in use, ``BusUnavailable`` where the bus is gone.
        """
        try:
            async with asyncio.timeout(_LOAD_S):
                await self.reference.load(self._bus)
        except TimeoutError:
            logger.warning("terminals are still being read; those not read yet are refused")
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), host, port, backlog=1024)
        port = int(self._server.sockets[0].getsockname()[1])
        self.metrics.address = f"{host}:{port}"
        self.publisher.start()
        self._tasks = [
            asyncio.create_task(self.reference.follow(self._bus)),
            asyncio.create_task(self._sweep()),
        ]
        logger.info(
            "listening on %s, %d terminals known", self.metrics.address, len(self.reference)
        )
        return port

    async def failure(self) -> None:
        """Return never, or raise what ended a part of the gateway that must not end."""
        done, _ = await asyncio.wait(
            [*self._tasks, *self.publisher.tasks], return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()
        raise RuntimeError("a part of the gateway ended by itself")

    async def stop(self) -> None:
        """No new links, nothing more read; store and answer what is queued; close."""
        self._stopping = True
        if self._server:
            self._server.close()
        for link in self.links:
            link.pause()
        await self.publisher.stop()
        for link in tuple(self.links):
            link.close("stopped")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._quarantine.close()
        self._tell()

    def opened(self, link: Connection) -> bool:
        """Whether there is room for one more link."""
        self.metrics.links += 1
        if len(self.links) >= self.limits.connections or self._stopping:
            self.metrics.links_refused += 1
            return False
        self.links.add(link)
        self._by_session[link.session] = link
        if self.metrics.paused_now:
            link.pause()
        return True

    def closed(self, link: Connection) -> None:
        self.links.discard(link)
        self._by_session.pop(link.session, None)
        phone = link.session.terminal.phone if link.session.terminal else ""
        if self._by_terminal.get(phone) is link.session:
            del self._by_terminal[phone]

    def take(self, link: Connection, found: Sequence[Frame | BadFrame]) -> None:
        """What a link's reader found: answer, and stop reading when the queues are full."""
        link.write(link.session.handle(found))
        if self.publisher.depth >= self.limits.queued_positions and not self.metrics.paused_now:
            self.metrics.paused_now = True
            self.metrics.pauses += 1
            logger.warning("%d positions wait: sockets are not read", self.publisher.depth)
            for one in self.links:
                one.pause()

    def _stored(self) -> None:
        half = self.limits.queued_positions // 2
        if self.metrics.paused_now and self.publisher.depth <= half and not self._stopping:
            self.metrics.paused_now = False
            logger.warning("sockets are read again")
            for one in self.links:
                one.resume()

    def _admitted(self, session: Session, terminal: Terminal) -> None:
        older = self._by_terminal.get(terminal.phone)
        self._by_terminal[terminal.phone] = session
        if older is None or older is session:
            return
        self.metrics.taken_over += 1
        logger.warning(
            "terminal %s comes anew from %s; its link from %s is closed",
            terminal.phone,
            session.peer,
            older.peer,
        )
        link = self._by_session.get(older)
        if link:
            link.close("taken_over")

    async def _sweep(self) -> None:
        """Time-outs every half second, the counters to the log every ten."""
        loop = asyncio.get_running_loop()
        told = loop.time()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = loop.time()
            for link in tuple(self.links):
                link.check(now)
            self._quarantine.flush()
            self._tell(log=now - told >= _LINE_S)
            told = now if now - told >= _LINE_S else told

    def _tell(self, *, log: bool = True) -> None:
        metrics = self.metrics
        metrics.links_now, metrics.sessions_now = len(self.links), len(self._by_terminal)
        metrics.queued_now, metrics.terminals_known = self.publisher.depth, len(self.reference)
        if log:
            logger.info("gateway.metrics %s", metrics.line())
        if self._stats_file:
            try:
                metrics.save(self._stats_file)
            except OSError as wrong:
                logger.error("counters cannot be written: %s", json.dumps(str(wrong)))


class Connection(asyncio.BufferedProtocol):
    """One socket: octets to the reader, answers to the transport."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._opened = self._heard = asyncio.get_running_loop().time()
        self._refused_at: float | None = None
        self._reading = True
        self.session = Session(gateway.around, self, "")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.session.peer = f"{peer[0]}:{peer[1]}" if peer else "?"
        if not self._gateway.opened(self):
            transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._gateway.slab

    def buffer_updated(self, nbytes: int) -> None:
        self._heard = asyncio.get_running_loop().time()
        self._gateway.metrics.octets += nbytes
        self._take(self._reader.receive(bytes(self._gateway.slab[:nbytes])))

    def _take(self, found: Sequence[Frame | BadFrame]) -> None:
        if not found:
            return
        metrics = self._gateway.metrics
        for one in found:
            if isinstance(one, BadFrame):
                metrics.bad_frames[one.fault] += 1
            else:
                metrics.frames += 1
                if one.tolerated:
                    metrics.tolerated.update(one.tolerated)
        self._gateway.take(self, found)

    def stored(self, headers: Sequence[Header]) -> None:
        """The bus has these reports on disk: only now the terminal may forget them."""
        if self.session.state is not LinkState.ENDED:
            self.write(self.session.acknowledge(headers))

    def write(self, octets: bytes) -> None:
        if not octets or self._transport is None or self._transport.is_closing():
            return
        self._transport.write(octets)
        if self._transport.get_write_buffer_size() > self._gateway.limits.unread_octets:
            self._gateway.metrics.closed["does_not_read"] += 1
            self._transport.abort()

    def pause(self) -> None:
        if self._reading and self._transport and not self._transport.is_closing():
            self._transport.pause_reading()
        self._reading = False

    def resume(self) -> None:
        if not self._reading and self._transport and not self._transport.is_closing():
            self._transport.resume_reading()
        self._reading = True
        # What could not be read while we did not listen is not the terminal's silence.
        self._heard = asyncio.get_running_loop().time()

    def close(self, reason: str) -> None:
        """Send what was written, then close."""
        if self._transport and not self._transport.is_closing():
            self._gateway.metrics.closed[reason] += 1
            self.session.end()
            self._transport.close()

    def check(self, now: float) -> None:
        """Close the link where one of its times has run out."""
        limits, state = self._gateway.limits, self.session.state
        if state is LinkState.REFUSED:
            self._refused_at = now if self._refused_at is None else self._refused_at
            if now - self._refused_at >= limits.grace_s:
                self.close("refused")
        else:
            self._refused_at = None
        if not self._reading:
            return
        if state is LinkState.NEW and now - self._opened >= limits.login_s:
            self.close("no_login")
        elif now - self._heard >= limits.idle_s:
            self.close("idle")

    def connection_lost(self, exc: Exception | None) -> None:
        if self.session.state is not LinkState.ENDED:
            self._take(self._reader.end())
            self._gateway.metrics.closed["by_terminal"] += 1
        self.session.end()
        self._gateway.closed(self)
