"""The broadcaster: reads positions and events from the bus, one for each process (event loop)."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.conf import settings

from jiaoan.portal.live.positions import Fix, LastKnown
from jiaoan.stores.bus import Bus, BusUnavailable, Message
from jiaoan.stores.positions import NotPositions, unpack

logger = logging.getLogger("jiaoan.live")

LIFETIME: Final = 240.0  # rights are asked again this often
BEAT: Final = 15.0  # shorter than the idle time of every proxy
PUSH_EVERY: Final = 1.0
QUEUE: Final = 100
CATCH_UP: Final = 2000  # messages read back when the process starts: where everybody was
RETRY: Final = 1.0
RECONNECT_MS: Final = 300

Event = Mapping[str, object]


@dataclass(eq=False)
class Client:
    """One open page. ``wants`` decides which events it may hear of."""

    wants: Callable[[str, Event], bool]
    events: deque[tuple[str, Event]] = field(default_factory=lambda: deque(maxlen=QUEUE))
    wake: asyncio.Event = field(default_factory=asyncio.Event)


def frame(kind: str, data: str) -> str:
    """One server-sent event; ``data`` is one line of JSON."""
    return f"event: {kind}\ndata: {data}\n\n"


class Hub:
    """Use in one event loop only; get it from :func:`hub`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.known = LastKnown()
        self.connected = False
        self.clients: set[Client] = set()
        self._task: asyncio.Task[None] | None = None
        self._bus: Bus | None = None
        self._ending = False

    # ------------------------------------------------------------ life

    def start(self) -> None:
        """Begin to read; nothing when it reads already. Never waits for the bus."""
        if self._ending or (self._task is not None and not self._task.done()):
            return
        if self._task is None:
            _tell_at_signals(self)
        self._task = asyncio.create_task(self._run(), name="live hub")
        self._task.add_done_callback(_report)

    def end(self) -> None:
        """Let every stream finish now: the server waits for open streams before it goes."""
        self._ending = True
        for client in self.clients:
            client.wake.set()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self._read_all()
                except* (BusUnavailable, LookupError) as trouble:
                    logger.warning("live push waits for the bus: %s", trouble.exceptions[0])
                    self._say(connected=False)
                await asyncio.sleep(RETRY)
        finally:
            if self._bus is not None:
                await self._bus.close()
                self._bus = None

    async def _read_all(self) -> None:
        if self._bus is None:
            self._bus = await Bus.connect(self.url, name="portal-live")
        last = await self._bus.latest("positions.*")
        events = await self._bus.latest("events.>")
        self._say(connected=True)
        async with asyncio.TaskGroup() as group:
            start = max(0, last.sequence - CATCH_UP) if last else 0
            group.create_task(_alone(self._positions(self._bus, start)))
            group.create_task(_alone(self._events(self._bus, events.sequence if events else 0)))

    async def _positions(self, bus: Bus, after: int) -> None:
        async for message in bus.read("positions.*", after=after, batch=500):
            try:
                block, _octets = unpack(message.data)
            except NotPositions as damage:
                logger.error("position block %d is left out: %s", message.sequence, damage)
                continue
            self.known.take(block)

    async def _events(self, bus: Bus, after: int) -> None:
        async for message in bus.read("events.>", after=after):
            self.publish(message.subject.removeprefix("events."), _event_of(message))

    # ------------------------------------------------------------ pages

    def publish(self, kind: str, event: Event) -> None:
        """Hand an event to every page that may hear of it, at once."""
        for client in self.clients:
            if client.wants(kind, event):
                client.events.append((kind, event))
                client.wake.set()

    def _say(self, *, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            for client in self.clients:
                client.events.append(("status", {"connected": connected}))
                client.wake.set()

    async def stream(
        self,
        client: Client,
        *,
        hello: Event,
        shows: Callable[[int], bool] | None = None,
        lifetime: float = LIFETIME,
    ) -> AsyncIterator[str]:
        """What one page gets. ``shows`` = may this page see that vehicle; None = no positions."""
        self.start()
        self.clients.add(client)
        loop = asyncio.get_running_loop()
        ends, sent_at, pushed_at, seen = loop.time() + lifetime, loop.time(), 0.0, 0
        try:
            yield f"retry: {RECONNECT_MS}\n\n"
            yield frame("hello", json.dumps({**hello, "connected": self.connected}))
            while not self._ending and loop.time() < ends:
                due = pushed_at + PUSH_EVERY - loop.time()
                if shows is not None and due <= 0:
                    # The stamp is taken first: what changes meanwhile is sent the next time.
                    stamp, fixes = self.known.stamp, self.known.since(seen)
                    text = _shown(fixes, shows)
                    pushed_at, seen, due = loop.time(), stamp, PUSH_EVERY
                    if text:
                        sent_at = loop.time()
                        yield frame("positions", text)
                while client.events:
                    kind, event = client.events.popleft()
                    sent_at = loop.time()
                    yield frame(kind, json.dumps(event))
                if loop.time() - sent_at > BEAT:
                    sent_at = loop.time()
                    yield ": beat\n\n"
                await _wait(client, due if shows is not None else PUSH_EVERY)
        finally:
            self.clients.discard(client)


def _shown(fixes: list[Fix], shows: Callable[[int], bool]) -> str:
    parts = [fix.json for fix in fixes if shows(fix.vehicle)]
    return f"[{','.join(parts)}]" if parts else ""


async def _wait(client: Client, seconds: float) -> None:
    # asyncio.timeout, never wait_for: on Python 3.11 wait_for can lose a cancellation that comes
    # with an item, and the stream of a page that has gone would live for ever.
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await client.wake.wait()
    except TimeoutError:
        return
    client.wake.clear()


async def _alone(reader: Coroutine[Any, Any, None]) -> None:
    """A reader never ends by itself; when it does, the bus was closed under it."""
    await reader
    raise BusUnavailable("the reader ended")


def _report(task: asyncio.Task[None]) -> None:
    """An error nobody foresaw: said at once; the next page that opens starts the reader again."""
    if not task.cancelled() and task.exception() is not None:
        logger.error("live push ended", exc_info=task.exception())


def _event_of(message: Message) -> Event:
    try:
        found = json.loads(message.data)
    except ValueError:
        logger.error("event %d on %s is no JSON", message.sequence, message.subject)
        return {}
    return found if isinstance(found, dict) else {}


# ---------------------------------------------------------------- one for each loop

_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()
_latest: Hub | None = None


def hub() -> Hub:
    """The hub of the running loop, made when first asked for."""
    global _latest
    loop = asyncio.get_running_loop()
    found = _hubs.get(loop)
    if found is None:
        found = _hubs[loop] = _latest = Hub(settings.BUS_URL)
    return found


def last_known() -> LastKnown:
    """Positions for pages that are made in a thread; empty before the first stream."""
    return _latest.known if _latest is not None else LastKnown()


def _tell_at_signals(found: Hub) -> None:
    """End streams when the process is told to stop, before the server waits for them."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        previous = signal.getsignal(number)

        def ending(got: int, at: FrameType | None, previous: Any = previous) -> None:
            loop.call_soon_threadsafe(found.end)
            if callable(previous):
                previous(got, at)

        # A process whose signal does nothing special keeps it so: its own end is end enough.
        if callable(previous) and previous is not signal.default_int_handler:
            signal.signal(number, ending)
