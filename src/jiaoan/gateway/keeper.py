"""What terminals send besides positions: stored first, then answered.

Theory of operation
-------------------
Whatever can be read (waybill 电子运单 0x0701, media 多媒体 0x0800 and 0x0801, passthrough 透传
0x0900, …) is told on ``findings.upload`` as one JSON object with its octets in hexadecimal. A
driver card 驾驶员身份 (0x0702) goes two ways: first with the positions, as a row of the block in
which those of its vehicle travel, so that the stream meets both in their order; when that is
stored, it is told like the others. Octets of media, and whatever is larger than the bus should
carry, lie in the store of files by their hash, and only the hash is told. The terminal is answered
when the bus has the message, and the disk the file: 0x0801 by 0x8800 with nothing missing, all
others by 0x8001. (808-2011 has part numbers inside 0x0801: each part is a message of its own, and
the last one gets 0x8800.)

Messages that 808 does not name (a vendor's own, reserved ids) are kept raw in the same way, so many
of a terminal and day (:mod:`jiaoan.gateway.unknown`), and then answered with "unsupported"; the
others get that answer at once and are counted.

A message that comes again has the same message id on the bus and changes nothing. What waits is
bounded, in messages and octets; beyond the bounds, and where the disk is full, the answer is
"failed" and nothing is kept: the terminal has it still and sends it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from jiaoan.gateway.attachments.store import Store
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.publisher import Report
from jiaoan.gateway.rows import in_wgs84
from jiaoan.gateway.unknown import Counted, Unknowns
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.positions import V2013, V2019, card_row
from jiaoan.wire.jt808 import (
    Body,
    DriverCard,
    DriverCard2011,
    Edition,
    FileInfo,
    FileList,
    FileSent,
    Frame,
    Header,
    Location,
    MediaAnswer,
    MediaNotice,
    MediaUpload,
    MessageId,
    Result,
    Unknown,
    Version,
    Waybill,
    is_named,
)

if TYPE_CHECKING:
    from jiaoan.gateway.session import Session

logger = logging.getLogger("jiaoan.gateway")
UP = "findings.upload"
INLINE: Final = 8192
"""Octets of a message that travel on the bus; more of them go into a file."""
_RETRY_S = 0.5
_DOWNWARD = 0x8000
# The second link's: what they announce does not come here.
_ELSEWHERE = (FileList, FileInfo, FileSent)
Json: TypeAlias = "str | int | bool | Mapping[str, Json] | None"


class Sink(Protocol):
    """The part of the bus that is needed here."""

    async def publish(self, subject: str, data: bytes, *, message_id: str) -> int: ...


@dataclass(frozen=True)
class Upload:
    """One message to keep: ``octets`` are its body, or what its body carries."""

    header: Header
    edition: Edition
    vehicle: int
    received_at: datetime
    octets: bytes
    happened_at: datetime | None = None
    media: Mapping[str, Json] | None = None
    own_answer: bytes | None = None
    """Body of 0x8800 where the message has an answer of its own."""
    unknown: bool = False
    """808 does not name it: it is kept, and answered with "unsupported"."""
    in_file: bool = False

    def told(self, digest: str) -> bytes:
        """The JSON object of :data:`UP`."""
        said: dict[str, Json] = {
            "message": self.header.message_id,
            "edition": self.edition.value,
            "terminal": self.header.terminal,
            "vehicle": self.vehicle,
            "serial": self.header.serial,
            "received_at": self.received_at.isoformat(),
            "happened_at": self.happened_at.isoformat() if self.happened_at else None,
            "size": len(self.octets),
            "sha256": digest,
            "octets": None if self.in_file else self.octets.hex(),
            "media": self.media,
            "unknown": self.unknown,
        }
        return json.dumps(said, ensure_ascii=False).encode()


@dataclass(frozen=True)
class _Behind:
    """Who waits for the block with a driver card: then the card itself is told and answered."""

    keep: Callable[[], None]

    def stored(self, headers: Sequence[Header]) -> None:
        self.keep()


class Keeper:
    """Takes messages of all sessions; a task for each that waits for disk and bus."""

    def __init__(
        self,
        bus: Sink,
        store: Store | None,
        submit: Callable[[Report], None],
        limits: Limits,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._bus, self._store, self._submit = bus, store, submit
        self._limits, self._metrics, self._clock = limits, metrics, clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._octets = 0
        self._unknown = Unknowns(limits, clock)
        self._telling: asyncio.Task[None] | None = None
        self._told_at = 0.0

    @property
    def waiting(self) -> int:
        """Messages that wait for disk and bus."""
        return len(self._tasks)

    def take(self, session: Session, frame: Frame, body: Body) -> str:
        """Keep this message and answer it then; why not, where nothing here keeps it."""
        assert session.terminal is not None, "nobody has logged in on this link"
        if isinstance(body, Unknown):
            return self._take_unknown(session, frame, body)
        if isinstance(body, _ELSEWHERE) or frame.header.message_id >= _DOWNWARD:
            return "nothing here keeps it"
        one = self._upload(session, frame, body, session.terminal.vehicle_id)
        if isinstance(body, DriverCard | DriverCard2011):
            self._card(session, frame, one)
        else:
            self._begin(session, one)
        return ""

    def _take_unknown(self, session: Session, frame: Frame, body: Unknown) -> str:
        """One that 808 names and that cannot be read (it is encrypted) is the quarantine's."""
        assert session.terminal is not None, "nobody has logged in on this link"
        terminal, vehicle = frame.header.terminal, session.terminal.vehicle_id
        if is_named(body.message_id):
            return body.reason
        self._metrics.refused[body.reason] += 1
        if self._unknown.admit(terminal, vehicle, len(body.octets)):
            self._begin(session, replace(self._upload(session, frame, body, vehicle), unknown=True))
        else:
            self._metrics.kept["unknown_counted"] += 1
            session.answer_kept(frame.header, Result.UNSUPPORTED, None)
        return ""

    def sweep(self, now: float) -> None:
        """Tell now and then how many unknown messages were not kept."""
        if now - self._told_at >= self._limits.unknown_told_s and self._telling is None:
            self._told_at = now
            self._tell_counts()

    def _tell_counts(self) -> None:
        if counted := self._unknown.counted():
            self._telling = asyncio.create_task(self._tell(counted))
            self._telling.add_done_callback(self._told)

    def _told(self, done: asyncio.Task[None]) -> None:
        self._telling = None
        if not done.cancelled() and done.exception() is not None:
            logger.error("counts of unknown messages were not told", exc_info=done.exception())

    async def _tell(self, counted: Sequence[Counted]) -> None:
        for one in counted:
            await self._say(*self._unknown.told(one))

    async def stop(self) -> None:
        """Give up what waits: it is not answered, so its terminals send it again."""
        if self._telling is None:
            self._tell_counts()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.stop_s):
                if self._telling is not None:
                    await self._telling
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _card(self, session: Session, frame: Frame, one: Upload) -> None:
        header, received = one.header, _milliseconds(one.received_at)
        row = card_row(
            one.vehicle,
            header.terminal,
            _milliseconds(one.happened_at) if one.happened_at else received,
            received,
            V2019 if header.version is Version.V2019 else V2013,
            header.serial,
        )
        behind = _Behind(lambda: self._begin(session, one))
        self._submit(Report(behind, header, one.vehicle, [row], [frame.body]))

    def _upload(self, session: Session, frame: Frame, body: Body, vehicle: int) -> Upload:
        assert session.profile is not None, "nobody has logged in on this link"
        form = session.profile.form_of(frame.header)
        plain = Upload(
            frame.header,
            form.edition,
            vehicle,
            self._clock.now(),
            frame.body,
            in_file=len(frame.body) > INLINE,
        )
        match body:
            case Waybill(content):
                return replace(plain, octets=content, in_file=len(content) > INLINE)
            case DriverCard(time=happened):
                return replace(plain, happened_at=happened)
            case MediaNotice():
                return replace(plain, media=_media(body, None))
            case MediaUpload(location=where, data=data):
                return replace(
                    plain,
                    octets=data,
                    in_file=True,
                    happened_at=where.time if where else None,
                    media=_media(body, where),
                    own_answer=MediaAnswer(frame.header.serial, body.media_id).build(form)
                    if body.part_number == body.part_total
                    else None,
                )
        return plain

    def _begin(self, session: Session, one: Upload) -> None:
        size = len(one.octets)
        room = (
            len(self._tasks) < self._limits.kept_waiting
            and self._octets + size <= self._limits.kept_octets
        )
        if not room or (one.in_file and self._store is None):
            self._fail(session, one, "no_room" if not room else "no_store")
            return
        self._octets += size
        task = asyncio.create_task(self._keep(session, one))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, size))

    def _ended(self, task: asyncio.Task[None], size: int) -> None:
        self._tasks.discard(task)
        self._octets -= size
        if not task.cancelled() and task.exception() is not None:
            self._metrics.kept["broken"] += 1
            logger.error("a message could not be kept", exc_info=task.exception())

    async def _keep(self, session: Session, one: Upload) -> None:
        try:
            digest = await asyncio.to_thread(self._digest, one)
        except OSError as wrong:
            logger.error("the disk takes no files of terminals: %s", wrong)
            self._fail(session, one, "disk")
            return
        await self._publish(one, digest)
        word = "unknown" if one.unknown else f"0x{one.header.message_id:04x}"
        self._metrics.kept[word] += 1
        own = (MessageId.MEDIA_ANSWER, one.own_answer) if one.own_answer is not None else None
        result = Result.UNSUPPORTED if one.unknown else Result.OK
        session.answer_kept(one.header, result, own)

    def _digest(self, one: Upload) -> str:
        """The hash of the octets; they are on disk where they go into a file. Blocks."""
        if not one.in_file or self._store is None:
            return hashlib.sha256(one.octets).hexdigest()
        incoming = self._store.begin(len(one.octets))
        try:
            incoming.write(0, one.octets)
            return self._store.finish(incoming)
        except OSError:
            incoming.drop()
            raise

    async def _publish(self, one: Upload, digest: str) -> None:
        header = one.header
        name = f"upload-{header.terminal}-{header.message_id:04x}-{header.serial}-{digest}"
        await self._say(one.told(digest), name)

    async def _say(self, data: bytes, name: str) -> None:
        while True:
            try:
                async with asyncio.timeout(self._limits.publish_timeout_s):
                    await self._bus.publish(UP, data, message_id=name)
                return
            except (BusUnavailable, TimeoutError) as gone:
                logger.debug("what terminals sent waits for the bus: %s", gone)
                await asyncio.sleep(_RETRY_S)

    def _fail(self, session: Session, one: Upload, why: str) -> None:
        self._metrics.kept[why] += 1
        session.answer_kept(one.header, Result.FAILED, None)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _media(body: MediaNotice | MediaUpload, where: Location | None) -> Mapping[str, Json]:
    said: dict[str, Json] = {
        "id": body.media_id,
        "type": body.media_type,
        "format": body.media_format,
        "event": body.event_code,
        "channel": body.channel_id,
    }
    if isinstance(body, MediaUpload) and body.part_total is not None:
        said |= {"part": body.part_number, "parts": body.part_total}
    if where is not None:
        lat, lon = in_wgs84(where)
        said["place"] = {"lat": lat, "lon": lon, "fixed": int(where.fixed), "speed": where.speed}
    return said
