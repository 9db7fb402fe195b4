"""The bus: durable, ordered subjects over NATS JetStream, as thin as it can be.

``publish`` returns only after the server has synced the message to disk, and refuses a server
that does not itself report ``sync_always`` (asked anew of every server process, so also after a
restart). A publish is at least once: say the same ``message_id`` again after
:class:`BusUnavailable` and it is stored once, within the stream's duplicate window.

=================  =========  ======================================================
``positions.NN``   POSITIONS  packed blocks (:mod:`jiaoan.stores.positions`), two days
``findings.NN``    FINDINGS   one JSON object each, message id = finding id, 30 days
``down.TERMINAL``  DOWN       commands to terminals, one JSON object each, one day
``platform.>``     PLATFORM   what other platforms say (``up``) and are told (``down.CODE``), a week
``ref.>``          REF        one value kept for each subject, for ever
``events.>``       EVENTS     live push, one hour
=================  =========  ======================================================

``findings.command`` and ``findings.attachment`` carry what terminals answered and the files they
sent. :meth:`Bus.tell` and :meth:`Bus.hear` are for what only matters now: nothing is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from nats.aio.msg import Msg
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from jiaoan.stores.address import BusFull, BusUnavailable, NotDurable
from jiaoan.stores.link import Link
from jiaoan.stores.reader import Message, read, read_several
from jiaoan.stores.server import MAX_PAYLOAD
from jiaoan.stores.tables import Table

__all__ = ["Bus", "BusFull", "BusUnavailable", "Message", "NotDurable", "stream_of"]

DAY: Final = 86400.0
PREPARE_TIMEOUT: Final = 20.0
LARGEST: Final = MAX_PAYLOAD - 4096  # room for subject and headers


@dataclass(frozen=True)
class _Kind:
    """One stream: subjects, age and duplicate window in seconds, share of the server's store."""

    subjects: str
    age: float
    share: float
    window: float
    per_subject: int = -1


# The duplicate window of findings must exceed snapshot interval + take-over (scale.md 2), that of
# positions the longest stall after which the gateway says a batch again.
STREAMS: Final = {
    "POSITIONS": _Kind("positions.*", 2 * DAY, 0.70, 600),
    "FINDINGS": _Kind("findings.*", 30 * DAY, 0.10, 3600),
    "DOWN": _Kind("down.*", DAY, 0.03, 3600),
    "PLATFORM": _Kind("platform.>", 7 * DAY, 0.02, 3600),
    "REF": _Kind("ref.>", 0, 0.05, 120, per_subject=1),
    "EVENTS": _Kind("events.>", DAY / 24, 0.05, 120),
}


def stream_of(subject: str) -> str:
    """The stream that keeps ``subject``; ``ValueError`` for a subject of no stream."""
    name = subject.partition(".")[0].upper()
    if name not in STREAMS:
        raise ValueError(f"no stream keeps the subject {subject!r}")
    return name


def _not_stored(subject: str) -> None:
    if subject.partition(".")[0].upper() in STREAMS:
        raise ValueError(f"{subject!r} is kept by a stream: publish it")


class Bus:
    """A connection to the bus; make it with :meth:`connect`, use it in one event loop."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @classmethod
    async def connect(cls, url: str, *, name: str) -> Bus:
        """Connect as ``name``; later losses of the link are mended in the background.

        ``url`` is what :meth:`jiaoan.stores.server.Plan.url` says. Raises
        :class:`BusUnavailable` when no server answers within five seconds.
        """
        return cls(await Link.connect(url, name))

    async def prepare(self) -> None:
        """Make or verify the streams; every process may call it at its start.

        Raises :class:`NotDurable` unless the server itself reports ``sync_always``, and
        :class:`BusUnavailable` when the streams cannot be made within twenty seconds (a cluster
        refuses administration for some seconds after a restart).
        """
        deadline = asyncio.get_running_loop().time() + PREPARE_TIMEOUT
        while True:
            try:
                await self._prepare()
                return
            except (NotDurable, BusFull):
                raise
            except BusUnavailable:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.2)

    async def _prepare(self) -> None:
        await self._link.prove()
        room = min(report.max_store for report in await self._link.reports())
        # One behind the other: two that are made at once may be given the same room twice.
        for name, kind in STREAMS.items():
            await self._keep(name, kind, room)

    async def _keep(self, name: str, kind: _Kind, room: int) -> None:
        """Make the stream, or change it where it differs: each change waits for the disk."""
        config = StreamConfig(
            name=name,
            subjects=[kind.subjects],
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_age=kind.age,
            max_bytes=int(room * kind.share),
            max_msgs_per_subject=kind.per_subject,
            duplicate_window=kind.window,
            num_replicas=self._link.address.replicas,
        )
        try:
            there = (await self._link.ask(self._link.js.stream_info(name))).config.as_dict()
        except NotFoundError:
            await self._link.ask(self._link.js.add_stream(config))
            return
        if any(there.get(word) != value for word, value in config.as_dict().items()):
            await self._link.ask(self._link.js.update_stream(config))

    async def publish(self, subject: str, data: bytes, *, message_id: str) -> int:
        """Store ``data`` and return its stream sequence: it is on disk.

        Raises :class:`BusFull` when the store is full, ``ValueError`` when it is too large, and
        :class:`BusUnavailable` when it is not known to be stored. It may then still be stored
        later: say it again with the same id before anything that must come behind it.
        """
        if len(data) > LARGEST:
            raise ValueError(f"a message of {len(data)} octets is too large: at most {LARGEST}")
        await self._link.prove()
        headers = {"Nats-Msg-Id": message_id, "Nats-Expected-Stream": stream_of(subject)}
        return int((await self._link.post(subject, data, headers)).seq)

    def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]:
        """Every message of ``subject`` (wildcards allowed) behind stream sequence ``after``.

        In order and without gaps, at most ``batch`` ahead of the caller; waits for new ones and
        through outages of the bus; never ends before :meth:`close`. Raises ``LookupError`` when
        the stream does not reach ``after`` (the bus's data was replaced).
        """
        return read(self._link, stream_of(subject), subject, after=after, batch=batch)

    def read_several(
        self, subject: str, *, after: int, batch: int = 100, every_s: float = 0
    ) -> AsyncIterator[list[Message]]:
        """:meth:`read` for who works better on many: each time all that has come meanwhile, and
        no sooner than ``every_s`` after the last time, unless a whole ``batch`` had come."""
        return read_several(
            self._link, stream_of(subject), subject, after=after, batch=batch, every_s=every_s
        )

    async def latest(self, subject: str) -> Message | None:
        """The last message of ``subject`` (wildcards allowed), or ``None``."""
        try:
            found = await self._link.ask(self._link.js.get_last_msg(stream_of(subject), subject))
        except NotFoundError:
            return None
        stored_at = found.time or datetime.fromtimestamp(0, UTC)
        return Message(str(found.subject), found.data or b"", int(found.seq or 0), stored_at)

    async def table(self, name: str, *, lifetime_s: float | None = None) -> Table:
        """Small values by key with compare-and-set, see :mod:`jiaoan.stores.tables`."""
        return await Table.open(self._link, name, lifetime_s=lifetime_s)

    async def tell(self, subject: str, data: bytes) -> None:
        """Say something to whoever listens now; stored nowhere, lost while the link is lost.

        ``ValueError`` for a subject that a stream keeps: that is what :meth:`publish` is for.
        """
        _not_stored(subject)
        await self._link.ask(self._link.client.publish(subject, data))

    async def hear(
        self, subject: str, take: Callable[[str, bytes], None]
    ) -> Callable[[], Awaitable[None]]:
        """Call ``take`` with subject and data of all that is told from now on, through outages.

        Returns what ends it. ``subject`` may have wildcards.
        """
        _not_stored(subject)

        async def heard(message: Msg) -> None:
            take(message.subject, message.data)

        listening = await self._link.ask(self._link.client.subscribe(subject, cb=heard))
        return listening.unsubscribe

    async def close(self) -> None:
        """End the connection; readers end, requests under way fail."""
        await self._link.close()
