"""The attachment port: sockets around :mod:`jiaoan.gateway.attachments.upload`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from jiaoan.gateway.attachments.store import Store
from jiaoan.gateway.attachments.upload import Around, Files, Upload
from jiaoan.gateway.commands.command import Command
from jiaoan.gateway.flood import Doors
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.quarantine import Quarantine
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable
from jiaoan.wire.jt808 import AttachmentReader

logger = logging.getLogger("jiaoan.gateway")
_PORTION = 64 * 1024
_RETRY_S = 0.5


class Sink(Protocol):
    """The part of the bus that is needed here."""

    async def publish(self, subject: str, data: bytes, *, message_id: str) -> int: ...


class AttachmentPort:
    """Listens, and gives each link its :class:`Upload`."""

    def __init__(
        self,
        bus: Sink,
        store: Store,
        *,
        limits: Limits,
        metrics: Metrics,
        quarantine: Quarantine,
        clock: Clock,
        doors: Doors,
        expected: Callable[[str], Command | None],
    ) -> None:
        self._bus, self._limits, self._metrics, self._doors = bus, limits, metrics, doors
        self._files = Files(store, limits)
        self._expected = expected
        self._around = Around(
            self._files, limits, metrics, quarantine, clock, expected, self._publish
        )
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int, *, shared: bool) -> int:
        """The port. ``OSError`` where it is in use."""
        self._files.store.clear_abandoned()
        self._server = await asyncio.start_server(
            self._accepted, host, port, reuse_port=shared or None
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """End all links; unfinished files are given up, the terminals send them again."""
        if self._server:
            self._server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)
        self._files.forget(lambda _: None)

    def sweep(self) -> None:
        """Give up files of commands that are over."""
        self._files.forget(self._expected)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        peer = writer.get_extra_info("peername")
        address = peer[0] if peer else ""
        now = asyncio.get_running_loop().time()
        if len(self._links) >= self._limits.attachment_links or not self._doors.enter(address, now):
            self._metrics.attachments["links_refused"] += 1
            writer.transport.abort()
            return
        self._links.add(task)
        self._metrics.attachments["links"] += 1
        try:
            await self._serve(reader, writer, f"{address}:{peer[1]}" if peer else "?")
        except TimeoutError:
            self._metrics.attachments["links_idle"] += 1
        except OSError:
            self._metrics.attachments["links_cut"] += 1
        except asyncio.CancelledError:
            # By stop() alone; the task ends here, and asyncio's streams want it to end quietly.
            self._metrics.attachments["links_stopped"] += 1
        finally:
            self._links.discard(task)
            self._doors.leave(address)
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str
    ) -> None:
        upload, octets = Upload(self._around, peer), AttachmentReader()
        while not upload.refused:
            limits = self._limits
            async with asyncio.timeout(limits.idle_s if upload.announced else limits.login_s):
                data = await reader.read(_PORTION)
            found = octets.receive(data) if data else octets.end()
            for event in found:
                answer = await upload.handle(event)
                if answer:
                    writer.write(answer)
            async with asyncio.timeout(limits.idle_s):
                await writer.drain()
            if not data:
                return

    async def _publish(self, subject: str, data: bytes, message_id: str) -> None:
        """Until the bus has it: the terminal waits, and its link ends before it is told a lie."""
        while True:
            try:
                await self._bus.publish(subject, data, message_id=message_id)
                return
            except BusUnavailable as gone:
                logger.debug("files wait for the bus: %s", gone)
                await asyncio.sleep(_RETRY_S)
