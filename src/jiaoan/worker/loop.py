"""The worker's loop: the bus on the event loop, the database in one thread of its own.

Theory of operation
-------------------
``read``     takes findings behind the checkpoint from the bus as they come.
``consume``  hands all that are read to :func:`steps.handle_findings` again and again, which commits
             some of them and the checkpoint together (:mod:`jiaoan.worker.batches`): a kill before
             the commit repeats them, a kill after it does not.
             ``platform.up`` (what other platforms say) is read one by one.
``follow``   every tenth of a second runs what follows from facts of the web, and wakes ``relay``.
``relay``    sends the outbox in order. A message is marked after the bus has stored it; a kill
             between the two sends it again with the same message id, and the bus keeps one.
``seal``     every second; ``due`` and ``keep_ledger`` every five.
``rehearse`` looks every second whether a rehearsal waits, and runs it in a process of its own.

``keep_tracks`` once a night, in a thread of its own, because writing a day anew takes its time.

The other database steps share one thread, so writers of this process never wait for each other. An
``OperationalError`` (lock, lost connection) closes the connection and tries again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import OperationalError, close_old_connections, connection

from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import Bus, BusFull, BusUnavailable
from jiaoan.watch.upward import actions as upward
from jiaoan.worker import batches, rehearsing, steps
from jiaoan.worker.batches import Found, found

T = TypeVar("T")
log = logging.getLogger("jiaoan.worker")

FOLLOW_S = 0.1
SEAL_S = 1.0
DUE_S = 5.0
PAUSE_S = 0.02  # between two transactions of a burst: for other writers
KEEP_S = 600.0
_RETRY_S = 0.5


class Worker:
    """One worker over one bus. ``run`` returns only by cancellation or a failure it must tell."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus, self._clock = bus, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        self._files = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tracks")
        self._stop = threading.Event()
        self._to_send = asyncio.Event()
        self._found: asyncio.Queue[Found] = asyncio.Queue(maxsize=batches.AHEAD)

    async def run(self) -> None:
        await self._database(upward.superiors)  # its code is loaded now, not by the first alarm
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read())
                group.create_task(self._consume())
                group.create_task(self._consume_platform())
                group.create_task(self._relay())
                group.create_task(self._every(FOLLOW_S, self._follow))
                group.create_task(self._every(SEAL_S, lambda: steps.seal(self._clock)))
                group.create_task(self._every(DUE_S, lambda: steps.due(self._clock)))
                group.create_task(self._every(DUE_S, lambda: steps.keep_ledger(self._clock)))
                group.create_task(self._keep_tracks())
                group.create_task(rehearsing.watch(self._database, self._clock))
        finally:
            # A step under way ends by itself; nothing is cut in the middle of a transaction.
            self._stop.set()
            for thread in (self._thread, self._files):
                thread.submit(connection.close)
                thread.shutdown(wait=True)

    async def _database(self, step: Callable[[], T]) -> T:
        """Run a step in the database thread, again when the database itself was in trouble."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await loop.run_in_executor(self._thread, _fresh, step)
            except OperationalError as error:
                log.warning("database: %s; trying again", error)
                await loop.run_in_executor(self._thread, connection.close)
                await asyncio.sleep(_RETRY_S)

    async def _read(self) -> None:
        after = await self._database(batches.checkpoint)
        log.info("reading findings behind %d", after)
        async for one in self._bus.read("findings.*", after=after):
            await self._found.put(found(one.subject, one.data, one.sequence, one.stored_at))

    async def _consume(self) -> None:
        waiting: list[Found] = []
        read_to = 0
        while True:
            if not waiting:
                waiting.append(await self._found.get())
            while len(waiting) < batches.AHEAD and not self._found.empty():
                waiting.append(self._found.get_nowait())
            read_to = max(read_to, waiting[-1].sequence)
            waiting = await self._database(
                lambda some=waiting, last=read_to: steps.handle_findings(  # type: ignore[misc]
                    some, last, self._clock
                )
            )
            self._to_send.set()
            await asyncio.sleep(PAUSE_S if waiting else 0)

    async def _consume_platform(self) -> None:
        after = await self._database(steps.platform_checkpoint)
        async for message in self._bus.read("platform.up", after=after):
            await self._database(
                lambda found=message: steps.handle_platform(  # type: ignore[misc]
                    found.data, found.sequence, found.stored_at, self._clock
                )
            )
            self._to_send.set()

    def _follow(self) -> None:
        steps.follow(self._clock)

    async def _every(self, seconds: float, step: Callable[[], object]) -> None:
        """Run ``step`` again and again; its own failure is logged and does not end the worker."""
        while True:
            try:
                await self._database(step)
            except Exception:
                log.exception("a periodic step failed")
            if seconds == FOLLOW_S:
                self._to_send.set()
            await asyncio.sleep(seconds)

    async def _keep_tracks(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(
                    self._files, _fresh, lambda: steps.keep_tracks(self._clock, self._stop)
                )
            except Exception:
                log.exception("positions whose time is over could not be removed; trying again")
            await asyncio.sleep(KEEP_S)

    async def _relay(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            while await self._send_some():
                pass

    async def _send_some(self) -> bool:
        """Send one batch; ``True`` when there may be more."""
        letters = await self._database(steps.letters)
        stored: list[int] = []
        trouble = ""
        for letter in letters:
            try:
                await self._bus.publish(letter.subject, letter.data, message_id=letter.message_id)
            except (BusUnavailable, BusFull) as error:
                trouble = str(error)
                break
            except ValueError as error:
                hopeless, why = [letter.pk], str(error)
                await self._database(
                    lambda ids=hopeless, text=why: steps.not_sent(  # type: ignore[misc]
                        ids, text, hopeless=True
                    )
                )
            else:
                stored.append(letter.pk)
        if stored:
            await self._database(lambda: steps.sent(stored))
        if trouble:
            waiting = [letter.pk for letter in letters[len(stored) :][:1]]
            await self._database(lambda: steps.not_sent(waiting, trouble))
            await asyncio.sleep(_RETRY_S)
            return True
        return bool(letters)


def _fresh(step: Callable[[], T]) -> T:
    close_old_connections()
    return step()
