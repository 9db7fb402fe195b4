"""One connection to the bus server: loss is noticed at once, and durability is proven, not hoped.

nats-py leaves a request that was under way when the link broke to run into its time-out; here it
fails in that moment, so that a restarted server costs milliseconds and not seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import PubAck

from jiaoan.stores import server
from jiaoan.stores.address import Address, BusFull, BusUnavailable, NotDurable
from jiaoan.stores.posts import REQUEST_TIMEOUT, Posts

logger = logging.getLogger("jiaoan.bus")

T = TypeVar("T")
CONNECT_TIMEOUT: Final = 5.0
# JetStream error codes that mean "no room": 10023 insufficient resources, 10047 storage
# resources exceeded, 10077 store failed (maximum bytes or messages exceeded).
_FULL: Final = frozenset({10023, 10047, 10077})


def _look_at(task: asyncio.Future[T]) -> None:
    """An answer that came when nobody waited any more is no error of the program."""
    if not task.cancelled():
        task.exception()


async def _given_up(task: asyncio.Future[None]) -> None:
    """Cancel until it has ended: before Python 3.12 ``wait_for`` loses a cancellation that comes
    in the moment in which a connection is refused, and nats-py goes on for ever."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
    _look_at(task)


def _refusal(error: nats.js.errors.APIError) -> BusUnavailable:
    if error.err_code in _FULL:
        return BusFull(f"the bus is full: {error.description}")
    return BusUnavailable(f"the bus refuses: {error.description or error!r}")


class Link:
    """A live connection with JetStream; make it with :meth:`connect`."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.client = Client()
        self.js: JetStreamContext = self.client.jetstream(timeout=REQUEST_TIMEOUT)
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wakers: set[Callable[[], None]] = set()
        self._posts = Posts(self.client)
        self._proven = ""
        self._proving = asyncio.Lock()

    @classmethod
    async def connect(cls, url: str, name: str) -> Link:
        """Raises :class:`BusUnavailable` when no server answers within five seconds."""
        link = cls(Address.parse(url))
        connecting = asyncio.ensure_future(
            link.client.connect(
                list(link.address.servers),
                name=name,
                connect_timeout=2,
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.05,  # type: ignore[arg-type]  # seconds, floats work
                ping_interval=2,
                max_outstanding_pings=2,
                disconnected_cb=link._on_lost,
                reconnected_cb=link._on_back,
                error_cb=link._on_trouble,
            )
        )
        try:
            await asyncio.wait({connecting}, timeout=CONNECT_TIMEOUT)
            if not connecting.done():
                raise TimeoutError
            connecting.result()
        except (OSError, nats.errors.Error, TimeoutError) as error:
            raise BusUnavailable(f"the bus at {url} gives no answer ({error!r})") from error
        finally:
            if not link.client.is_connected:
                await _given_up(connecting)
                with contextlib.suppress(AssertionError):  # of a client that had not begun
                    await link.client.close()
        return link

    async def _on_lost(self) -> None:
        if not self.client.is_closed:
            logger.warning("the link to the bus is lost; reconnecting")
        if not self._lost.done():
            self._lost.set_result(None)
        self._posts.lost()
        self._wake()

    async def _on_back(self) -> None:
        logger.warning("the link to the bus is back")
        self._lost = asyncio.get_running_loop().create_future()
        self._wake()

    async def _on_trouble(self, error: Exception) -> None:
        logger.debug("bus client: %r", error)

    def _wake(self) -> None:
        for wake in tuple(self._wakers):
            wake()

    def on_change(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake`` whenever the link is lost or back; returns what ends that."""
        self._wakers.add(wake)
        return lambda: self._wakers.discard(wake)

    async def ask(self, request: Coroutine[Any, Any, T]) -> T:
        """Await ``request``; :class:`BusUnavailable` when the link is or gets lost meanwhile.

        Errors of the server's store come out as :class:`BusFull` or :class:`BusUnavailable`;
        "not found" and refused compare-and-set come out as nats-py raises them.
        """
        if not self.client.is_connected or self._lost.done():
            request.close()
            raise BusUnavailable("the link to the bus is lost")
        task = asyncio.ensure_future(request)
        task.add_done_callback(_look_at)
        waited: set[asyncio.Future[Any]] = {task, self._lost}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise BusUnavailable("the link to the bus was lost before the answer came")
            return task.result()
        except (nats.js.errors.NotFoundError, nats.js.errors.KeyWrongLastSequenceError):
            raise
        except nats.js.errors.APIError as error:
            raise _refusal(error) from error
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise BusUnavailable(f"the bus gives no answer ({error!r})") from error
        finally:
            task.cancel()

    async def post(self, subject: str, data: bytes, headers: dict[str, str]) -> PubAck:
        """What the server says to a message for a stream; errors as of :meth:`ask`.

        Many go out at once, so they share what :meth:`ask` makes anew for each request.
        """
        if not self.client.is_connected or self._lost.done():
            raise BusUnavailable("the link to the bus is lost")
        try:
            return await self._posts.send(subject, data, headers)
        except nats.js.errors.APIError as error:
            raise _refusal(error) from error
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise BusUnavailable(f"the bus gives no answer ({error!r})") from error

    async def prove(self) -> None:
        """Raise :class:`NotDurable` unless the server now connected reports ``sync_always``.

        Asked once for each server process: another process has another id.
        """
        if self._server_id() == self._proven:
            return
        async with self._proving:
            while self._server_id() != self._proven:
                self._proven = await self._asked_server()

    def _server_id(self) -> str:
        # nats-py keeps the INFO of the connected server but offers no public name for its id.
        return str(self.client._server_info.get("server_id", ""))

    async def _asked_server(self) -> str:
        wanted = self._server_id()
        reports = await self.reports()
        for report in reports:
            if not report.sync_always:
                raise NotDurable(
                    "the bus server does not report sync_always: its "
                    "acknowledgement would not mean that a power cut loses nothing; set "
                    "sync_interval: always in its configuration"
                )
        if wanted not in {report.server_id for report in reports}:
            await self._still_with(wanted)
            raise NotDurable("the monitor named in the bus address is another server's")
        return wanted

    async def _still_with(self, server_id: str) -> None:
        """Raise :class:`BusUnavailable` where the server went away while its monitor was asked."""
        await self.ask(self.client.flush(REQUEST_TIMEOUT))  # type: ignore[arg-type]  # floats work
        if self._server_id() != server_id:
            raise BusUnavailable("the bus was started again while it was asked")

    async def reports(self) -> list[server.Report]:
        """What each server named as monitor says of itself."""
        if not self.address.monitors:
            raise NotDurable(
                "the bus address names no monitor (…?monitor=127.0.0.1:8222), so the server "
                "cannot prove that it syncs every message"
            )
        try:
            return [await asyncio.to_thread(server.report, at) for at in self.address.monitors]
        except server.ServerProblem as problem:
            raise BusUnavailable(str(problem)) from problem

    async def close(self) -> None:
        await self.client.close()
