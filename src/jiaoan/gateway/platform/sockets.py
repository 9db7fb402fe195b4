"""The sockets of one pair of links: octets in and out, time, and nothing of what they mean."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence

from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.wire.jt809.line import Ended, Live, Refused
from jiaoan.wire.jt809.pair import Happened, Pair

logger = logging.getLogger("jiaoan.platform")
Take = Callable[[Sequence[Happened]], Awaitable[None]]


class Sockets:
    """Runs one :class:`Pair`. ``take`` gets what happened and may wait (for the bus): nothing more
    is read from that link, and what was answered on it is not written, before it returns."""

    def __init__(self, name: str, pair: Pair, take: Take, limits: Limits, metrics: Metrics) -> None:
        self.name, self.pair = name, pair
        self._take, self._limits, self._metrics = take, limits, metrics
        self._writers: dict[str, asyncio.StreamWriter] = {}
        self._busy: set[str] = set()
        self.ended = {"main": 0, "sub": 0}
        """How often each link came to its end."""
        self._ending: set[asyncio.Event] = set()

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def serve(
        self,
        link: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        first: bytes = b"",
    ) -> None:
        """Carry one connection of ``link`` to its end. A newer one of the same link ends it."""
        older = self._writers.get(link)
        if older is not None:
            logger.warning("%s: the %s link comes anew; the older one is closed", self.name, link)
            self._metrics.ended["taken_over"] += 1
            older.transport.abort()
            await self._tell(link, self.pair.lost(link, self.now))
        self._writers[link] = writer
        self.pair.connected(link, self.now)
        try:
            await self._carry(link, reader, writer, first)
        except (ConnectionError, TimeoutError) as broken:
            logger.info("%s: the %s link broke: %s", self.name, link, broken)
        finally:
            if self._writers.get(link) is writer:
                del self._writers[link]
                self._busy.discard(link)
                await self._tell(link, self.pair.lost(link, self.now))
            writer.close()

    async def _carry(
        self, link: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes
    ) -> None:
        self.flush()
        while self._writers.get(link) is writer:
            if data:
                self._busy.add(link)
                try:
                    await self._tell(link, self.pair.receive(link, data, self.now))
                finally:
                    self._busy.discard(link)
                self.flush()
                if self.pair.line(link).down:
                    await writer.drain()
                    return
                await writer.drain()
            data = await reader.read(self._limits.read_octets)
            if not data:
                return

    async def _tell(self, link: str, happened: Sequence[Happened]) -> None:
        for one in happened:
            self._note(one)
        if happened:
            await self._take(happened)
        self.flush()

    def _note(self, one: Happened) -> None:
        match one.event:
            case Live():
                self._metrics.logins[f"{self.name}/{one.link}"] += 1
                logger.info("%s: the %s link is live", self.name, one.link)
            case Ended(reason, _, result):
                self._metrics.ended[reason] += 1
                logger.info("%s: the %s link ended: %s %s", self.name, one.link, reason, result)
                self.ended[one.link] += 1
                for event in self._ending:
                    event.set()
            case Refused(reason, _):
                self._metrics.refused[reason.partition(":")[0]] += 1

    def flush(self) -> None:
        """Write out what is to be written, except on links whose last octets are being stored."""
        for link in ("main", "sub"):
            writer = self._writers.get(link)
            if writer is None or link in self._busy:
                continue
            octets = self.pair.line(link).take()
            if not octets or writer.is_closing():
                continue
            writer.write(octets)
            if writer.transport.get_write_buffer_size() > self._limits.unread_octets:
                logger.warning("%s: the %s link is not read by the peer", self.name, link)
                self._metrics.ended["does_not_read"] += 1
                writer.transport.abort()

    @contextlib.contextmanager
    def ending(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever a link ends."""
        event = asyncio.Event()
        self._ending.add(event)
        try:
            yield event
        finally:
            self._ending.discard(event)

    async def drained(self) -> None:
        """Wait until the peer takes what was written."""
        for writer in tuple(self._writers.values()):
            if not writer.is_closing():
                with contextlib.suppress(ConnectionError):
                    await writer.drain()

    async def keep(self, call: Callable[[], tuple[str, int] | None]) -> None:
        """For ever: time-outs, keep-alives, and opening the link that is wanted at ``call()``."""
        calling: asyncio.Task[None] | None = None
        try:
            while True:
                await self._tick()
                link = self.pair.wanted(self.now)
                target = call() if link else None
                if link and target and (calling is None or calling.done()):
                    calling = asyncio.create_task(self._call(link, *target))
                await asyncio.sleep(self._limits.tick_s)
        finally:
            if calling is not None:
                calling.cancel()
                await asyncio.gather(calling, return_exceptions=True)

    async def _tick(self) -> None:
        for one in self.pair.tick(self.now):
            await self._tell(one.link, [one])
            if isinstance(one.event, Ended):
                self._abort(one.link)
        self.flush()
        for link in ("main", "sub"):
            self._metrics.links_now[f"{self.name}/{link}"] = str(self.pair.line(link).state)

    def _abort(self, link: str) -> None:
        writer = self._writers.get(link)
        if writer is not None:
            writer.transport.abort()

    async def _call(self, link: str, host: str, port: int) -> None:
        try:
            async with asyncio.timeout(self._limits.connect_s):
                reader, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as wrong:
            logger.info("%s: %s:%d cannot be reached: %s", self.name, host, port, wrong)
            self._metrics.ended["unreachable"] += 1
            self.pair.failed(self.now)
            self.flush()
            return
        await self.serve(link, reader, writer)

    async def close(self) -> None:
        """Log out where that is ours to do, and let the sockets go."""
        self.pair.close(self.now)
        self._busy.clear()
        self.flush()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self.drained()
        for link in tuple(self._writers):
            self._writers[link].close()
