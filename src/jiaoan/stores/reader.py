"""Reading a subject in order, without gaps, for ever.

A reader is an ephemeral pull consumer without broker acknowledgements, started behind the last
sequence the caller knows (scale.md 2). Its consumer sequence must count up by one: a gap, a
missed heartbeat, an ended consumer or a restarted server makes a new consumer behind the last
message that was handed out. The caller sees each message once and in order, or waits.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import nats.errors
import nats.js.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from jiaoan.stores.address import BusUnavailable
from jiaoan.stores.link import Link

logger = logging.getLogger("jiaoan.bus")

HEARTBEAT: Final = 1.0
MISSED: Final = 3 * HEARTBEAT
REQUEST_LIFE: Final = 30.0
FORGET_AFTER: Final = 60.0
RETRY: Final = 0.1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Message:
    """One stored message: ``sequence`` counts within its stream, ``stored_at`` is aware UTC."""

    subject: str
    data: bytes
    sequence: int
    stored_at: datetime


class _Session:
    """One consumer from its making until the first irregularity."""

    def __init__(self, link: Link, stream: str, batch: int) -> None:
        self._link, self._stream, self._batch = link, stream, batch
        self._queue: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._release = link.on_change(lambda: self._queue.put_nowait(None))
        self._inbox = link.client.new_inbox()
        self._subscription: Subscription | None = None
        self._consumer, self._counted, self._asked, self._behind = "", 0, 0, 0

    async def open(self, subject: str, after: int) -> None:
        link = self._link
        info = await link.ask(link.js.stream_info(self._stream))
        if info.state.last_seq < after:
            raise LookupError(
                f"{self._stream} ends at {info.state.last_seq} but was read up to {after} before: "
                "the bus's data was replaced; remove what was derived from it, or restore it"
            )
        self._subscription = await link.ask(link.client.subscribe(self._inbox, cb=self._take))
        made = await link.ask(
            link.js.add_consumer(
                self._stream,
                ConsumerConfig(
                    deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=after + 1,
                    ack_policy=AckPolicy.NONE,
                    filter_subject=subject,
                    mem_storage=True,
                    num_replicas=1,
                    inactive_threshold=FORGET_AFTER,
                ),
            )
        )
        self._consumer = str(made.name)
        await self._ask_for_more()

    async def _take(self, message: Msg) -> None:
        self._queue.put_nowait(message)

    async def _ask_for_more(self) -> None:
        request = {
            "batch": self._batch,
            "expires": int(REQUEST_LIFE * 1e9),
            "idle_heartbeat": int(HEARTBEAT * 1e9),
        }
        self._asked = self._batch
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}"
        await self._link.ask(
            self._link.client.publish(subject, json.dumps(request).encode(), reply=self._inbox)
        )

    async def several(self, most: int) -> tuple[list[Message], bool]:
        """What is stored, waiting for the first; false when a new session must be made."""
        found: list[Message] = []
        while len(found) < most and (not found or self._behind or not self._queue.empty()):
            got = await self._next()
            if got is None:
                return found, False
            status = (got.headers or {}).get("Status") if not got.data else None
            if status is None:
                message = await self._message(got)
                if message is None:
                    return found, False
                found.append(message)
            elif status == "408" or (status == "409" and "Batch" in str(got.headers)):
                await self._ask_for_more()
            elif status != "100":
                return found, False
        return found, True

    async def _next(self) -> Msg | None:
        try:
            return self._queue.get_nowait()
        except asyncio.QueueEmpty:
            pass
        try:
            async with asyncio.timeout(MISSED):
                return await self._queue.get()
        except TimeoutError:
            return None

    async def _message(self, got: Msg) -> Message | None:
        # $JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time ns>.<pending>,
        # with domain and account before the stream where those are in use.
        fields = got.reply.split(".")
        sequence, counted, stored_ns, behind = (int(each) for each in fields[-4:])
        if counted != self._counted + 1:
            logger.warning("%s: gap before %d; reading again", self._stream, sequence)
            return None
        self._counted, self._behind = counted, behind
        self._asked -= 1
        if self._asked == 0:
            await self._ask_for_more()
        stored_at = _EPOCH + timedelta(microseconds=stored_ns // 1000)
        return Message(got.subject, got.data, sequence, stored_at)

    async def close(self) -> None:
        self._release()
        if self._link.client.is_closed:
            return
        try:
            if self._subscription is not None:
                await self._subscription.unsubscribe()
            if self._consumer:
                await self._link.ask(self._link.js.delete_consumer(self._stream, self._consumer))
        except (BusUnavailable, nats.errors.Error) as error:
            # The server forgets an idle ephemeral consumer by itself after FORGET_AFTER.
            logger.debug("consumer left behind: %r", error)


async def read(
    link: Link, stream: str, subject: str, *, after: int, batch: int
) -> AsyncIterator[Message]:
    """The messages of :func:`read_several` one by one."""
    async for messages in read_several(link, stream, subject, after=after, batch=batch):
        for message in messages:
            yield message


async def read_several(
    link: Link, stream: str, subject: str, *, after: int, batch: int, every_s: float = 0
) -> AsyncIterator[list[Message]]:
    """Messages of ``subject`` with sequences above ``after``: each time what has come since, at
    least one and at most ``batch``; no sooner than ``every_s`` after the last time, unless those
    were ``batch``. Ends only when the bus is closed.

    Raises ``LookupError`` when the stream no longer reaches ``after`` (its data was replaced).
    """
    loop = asyncio.get_running_loop()
    last = after
    while not link.client.is_closed:
        session = _Session(link, stream, batch)
        try:
            await session.open(subject, last)
            whole = True
            while whole:
                found, whole = await session.several(batch)
                if found:
                    last = found[-1].sequence
                    rested = loop.time() + every_s
                    yield found
                    if len(found) < batch:
                        await asyncio.sleep(rested - loop.time())
        except (BusUnavailable, nats.errors.Error, nats.js.errors.NotFoundError) as error:
            if not link.client.is_closed:
                logger.debug("%s cannot be read now: %s", subject, error)
                await asyncio.sleep(RETRY)
        finally:
            await session.close()
