"""The gateway: its sockets and parts, the times it looks after, and the way to a clean end."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from jiaoan.gateway import commands, links, tap
from jiaoan.gateway.access import FILE, Access, read_attachment_address
from jiaoan.gateway.attachments import AttachmentPort, Store
from jiaoan.gateway.commands.desk import Port as CommandsPort
from jiaoan.gateway.connection import Connection
from jiaoan.gateway.datagrams import Datagrams
from jiaoan.gateway.flood import Doors
from jiaoan.gateway.following import Source
from jiaoan.gateway.keeper import Keeper
from jiaoan.gateway.lanes import Lanes
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.links import Links
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.notes import Notes, Teller
from jiaoan.gateway.parts import Parts
from jiaoan.gateway.prometheus import exposition
from jiaoan.gateway.publisher import Publisher, Sink
from jiaoan.gateway.quarantine import Quarantine
from jiaoan.gateway.reactor import Reader, reader
from jiaoan.gateway.reference import Reference
from jiaoan.gateway.session import Session, Surroundings, steady_ms
from jiaoan.gateway.states import LinkState
from jiaoan.gateway.tap import Taps
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable
from jiaoan.wire.jt808 import SentParts

logger = logging.getLogger("jiaoan.gateway")
_SWEEP_S = 0.5
_LINE_S = 10.0
_LOAD_S = 10.0
_BACKLOG = 1024
_ACCEPT_AGAIN_S = 1.0
_HEAR_AGAIN_S = 1.0
_SAY_JUMP_S = 60.0


class Port(Sink, Source, Teller, CommandsPort, Protocol):
    """What the gateway needs of the bus."""

    async def hear(
        self, subject: str, take: Callable[[str, bytes], None]
    ) -> Callable[[], Awaitable[None]]: ...


class Gateway:
    """One address for TCP and UDP and all its links; made in a running event loop."""

    def __init__(
        self,
        bus: Port,
        *,
        folder: Path,
        clock: Clock,
        settings: Path | None = None,
        limits: Limits | None = None,
        stats_file: Path | None = None,
        files: Path | None = None,
        name: str = "gateway",
    ) -> None:
        """``folder`` keeps refused octets; ``settings`` is ``gateway.toml``, else that of the
        folder; ``files`` keeps what terminals send for alarms, nothing without it. Raises
        ``BadSettings``."""
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.stopping = False
        self.clock, self.lanes = clock, Lanes(self.limits)
        # A process that starts anew is another one: its claims and notes are not the old one's.
        self.label, self.name = name, f"{name}-{uuid.uuid4().hex[:8]}"
        self.reference = Reference(self.metrics, self._changed)
        self.access = Access(settings or folder / FILE, self.metrics)
        self.doors = Doors(self.limits, self.metrics, self.access)
        self.notes = Notes(bus, self.metrics)
        self.links = Links(self.notes, self.metrics, self.name)
        self.taps = Taps(self.notes, clock, self.name)
        self.publisher = Publisher(bus, self.limits, self.metrics, self._stored)
        self.reader: Reader = reader(self)
        self.commands = commands.Commands(bus, self.limits, self.metrics, clock, self.links)
        self._quarantine = Quarantine(folder, self.limits.quarantine_octets, clock, self.metrics)
        self.parts = Parts(self.limits, self.metrics, self._quarantine)
        store = Store(files) if files else None
        self.keeper = Keeper(bus, store, self.publisher.submit, self.limits, self.metrics, clock)
        self.around = Surroundings(
            reference=self.reference,
            metrics=self.metrics,
            quarantine=self._quarantine,
            clock=clock,
            submit=self.publisher.submit,
            admitted=self._admitted,
            answered=self.commands.answered,
            keep=self.keeper.take,
            access=self.access,
            parts=self.parts,
            sent=SentParts(),
        )
        self.attachments = (
            AttachmentPort(
                bus,
                store,
                limits=self.limits,
                metrics=self.metrics,
                quarantine=self._quarantine,
                clock=clock,
                doors=self.doors,
                expected=self.commands.expected,
            )
            if store
            else None
        )
        self._told_address = read_attachment_address(settings or folder / FILE)
        self._bus, self._stats_file, self._day = bus, stats_file, clock.today()
        self._server: socket.socket | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._jumped_at = 0.0

    async def start(
        self, host: str, port: int, *, attachment_port: int = 0, shared: bool = False
    ) -> int:
        """Learn the terminals, then listen; the port, which is a free one where 0 was asked.

        ``shared`` lets other gateway processes listen on the same ports. ``OSError`` where an
        address is in use, ``BusUnavailable`` where the bus is gone.
        """
        try:
            async with asyncio.timeout(_LOAD_S):
                await self.reference.load(self._bus)
        except TimeoutError:
            logger.warning("terminals are still being read; those not read yet are refused")
        loop = asyncio.get_running_loop()
        self._server = socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=_BACKLOG,
            reuse_port=shared,
        )
        self._server.setblocking(False)
        loop.add_reader(self._server, self._accept)
        port = int(self._server.getsockname()[1])
        try:
            self._datagrams, _ = await loop.create_datagram_endpoint(
                lambda: Datagrams(self), (host, port), reuse_port=shared or None
            )
        except OSError:
            self._listen_no_more()
            raise
        if self.attachments:
            await self._listen_for_files(host, attachment_port, shared=shared)
        self.metrics.address = f"{host}:{port}"
        self.publisher.start()
        self._tasks = [
            asyncio.create_task(self.reference.follow(self._bus)),
            asyncio.create_task(self.notes.run()),
            asyncio.create_task(self.commands.run()),
            asyncio.create_task(self._hear()),
            asyncio.create_task(self._sweep()),
        ]
        logger.info(
            "listening on %s, %d terminals known", self.metrics.address, len(self.reference)
        )
        return port

    async def _listen_for_files(self, host: str, port: int, *, shared: bool) -> None:
        assert self.attachments is not None
        port = await self.attachments.start(host, port, shared=shared and port > 0)
        self.metrics.attachment_address = f"{host}:{port}"

        def where(session: Session) -> tuple[str, int] | None:
            address = self._told_address or session.local or host
            # "Every address" is none that a terminal could connect to.
            return None if address in ("", "0.0.0.0", "::") else (address, port)

        self.commands.attachments = where

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
        self.stopping = True
        self._listen_no_more()
        self.reader.pause()
        await self.publisher.stop()
        await self.keeper.stop()
        if self.attachments:
            await self.attachments.stop()
        for link in self.links:
            link.close("stopped")
        self.reader.close()
        if self._datagrams:
            self._datagrams.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._quarantine.close()
        self._tell()

    def _listen_no_more(self) -> None:
        if self._server:
            asyncio.get_running_loop().remove_reader(self._server)
            self._server.close()
            self._server = None

    def _accept(self) -> None:
        """Take whoever waits at the door."""
        assert self._server is not None
        loop = asyncio.get_running_loop()
        for _ in range(_BACKLOG):
            try:
                its, peer = self._server.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as full:
                # Too many open files: whoever waits goes on waiting, and the log says why.
                logger.error("no connection can be taken for a second: %s", full)
                loop.remove_reader(self._server)
                loop.call_later(_ACCEPT_AGAIN_S, self._listen_again)
                return
            self.metrics.links += 1
            room = len(self.links) < self.limits.connections and not self.stopping
            if room and self.doors.enter(peer[0], loop.time()):
                its.setblocking(False)
                its.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Connection(self, its, peer[:2])
            else:
                self.metrics.links_refused += 1
                its.close()

    def _listen_again(self) -> None:
        if self._server:
            asyncio.get_running_loop().add_reader(self._server, self._accept)

    def relieve(self) -> None:
        """Stop reading where more waits than the limits allow."""
        if self.publisher.depth >= self.limits.queued_positions and not self.metrics.paused_now:
            self.metrics.paused_now = True
            self.metrics.pauses += 1
            logger.warning("%d positions wait: sockets are not read", self.publisher.depth)
            self.reader.pause()

    def _stored(self) -> None:
        half = self.limits.queued_positions // 2
        if self.metrics.paused_now and self.publisher.depth <= half and not self.stopping:
            self.metrics.paused_now = False
            logger.warning("sockets are read again")
            self.reader.resume()
            for one in self.links:
                one.resume()

    def _admitted(self, session: Session) -> None:
        # The outlet of a session is its link.
        self.links.admit(session.outlet)  # type: ignore[arg-type]

    async def _hear(self) -> None:
        """Listen to other processes and to lookers-on; the bus client mends itself later."""
        for subject, take in (
            (links.ADMITTED, self.links.heard),
            (tap.WANT, self.taps.heard),
        ):
            while True:
                try:
                    await self._bus.hear(subject, take)
                    break
                except BusUnavailable:
                    await asyncio.sleep(_HEAR_AGAIN_S)
        await asyncio.Event().wait()

    async def _sweep(self) -> None:
        """Time-outs every half second, the counters to the log every ten."""
        loop = asyncio.get_running_loop()
        told = loop.time()
        drift = self._drift()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = loop.time()
            drift = self._watch_clock(drift)
            if self.access.renew():
                self._put_out()
            self.keep_to_the_day()
            self.reader.settle()
            self.links.check(self.lanes.unsettled(now, self.limits.idle_s), now)
            self.parts.due(steady_ms())
            self.commands.sweep()
            self.keeper.sweep(now)
            self.taps.expire(now)
            if self.attachments:
                self.attachments.sweep()
            self._quarantine.flush()
            self._tell(log=now - told >= _LINE_S)
            told = now if now - told >= _LINE_S else told

    def keep_to_the_day(self) -> None:
        """Entries of the register begin and end with days."""
        if self._day != self.clock.today():
            self._day = self.clock.today()
            for link in self.links:
                link.recheck()

    def _changed(self, phone: str) -> None:
        """The register has other words on this terminal."""
        link = self.links.of(phone)
        if link:
            link.recheck()

    def _drift(self) -> float:
        """Wall clock against the steady one, in seconds: it stays the same while nobody sets it."""
        return self.clock.now().timestamp() - time.monotonic()

    def _watch_clock(self, before: float) -> float:
        """Say when the wall clock jumped. No time-out of a link or a batch rests on it."""
        now = self._drift()
        if self.metrics.clock != "ok" and time.monotonic() - self._jumped_at > _SAY_JUMP_S:
            self.metrics.clock = "ok"
        if abs(now - before) > self.limits.clock_jump_s:
            self._jumped_at = time.monotonic()
            self.metrics.clock_jumps += 1
            self.metrics.clock = f"jumped by {now - before:+.1f} s"
            logger.error("the clock jumped by %+.1f s: times of reception follow it", now - before)
        return now

    def _put_out(self) -> None:
        """New lists: whoever may not be here any more goes."""
        for link in self.links:
            address = link.session.peer.removeprefix("udp ").rpartition(":")[0]
            session = link.session
            blocked = session.state is LinkState.LIVE and session.terminal is not None
            if not self.access.address(address):
                link.close("address_blocked")
            elif blocked and session.terminal and not self.access.terminal(session.terminal.phone):
                link.close("terminal_blocked")

    def _tell(self, *, log: bool = True) -> None:
        metrics = self.metrics
        metrics.links_now, metrics.sessions_now = len(self.links), self.links.live
        metrics.queued_now, metrics.terminals_known = self.publisher.depth, len(self.reference)
        metrics.commands_now, metrics.uploads_now = len(self.commands), len(self.parts)
        if log:
            logger.info("gateway.metrics %s", metrics.line(), extra={"metrics": vars(metrics)})
        if self._stats_file:
            try:
                metrics.save(self._stats_file)
                exposition(metrics, self._stats_file.with_suffix(".prom"), self.label)
            except OSError as wrong:
                logger.error("counters cannot be written: %s", json.dumps(str(wrong)))
