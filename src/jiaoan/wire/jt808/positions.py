"""From many frames to flat positions: the way that carries the volume.

:func:`decode_batch` is the plain one and the oracle of the compiled one
(:mod:`jiaoan.wire.jt808.jitted`), which begins at the octets. Nothing here makes an object per
extra item.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

from jiaoan.wire.jt808.batch import HEAD, BadItem, BatchKind, split_items
from jiaoan.wire.jt808.extras import MILEAGE
from jiaoan.wire.jt808.fields import time_ms
from jiaoan.wire.jt808.framing import Frame
from jiaoan.wire.jt808.header import Version
from jiaoan.wire.jt808.location import BASE, SHIFTED, SOUTH, WEST, signed_altitude
from jiaoan.wire.jt808.messages import MessageId, unreadable

NO_MILEAGE = 0xFFFFFFFF


class Source(IntEnum):
    """How a position came."""

    LIVE = 0
    BATCH = 1
    BACKFILL = 2


class Position(NamedTuple):
    """One position; ``frame`` is the index of its frame in the batch.

    ``latitude`` and ``longitude`` are signed microdegrees in the sender's datum (``shifted``:
    GCJ-02), ``time_ms`` UTC milliseconds or -1, ``speed`` 0.1 km/h, ``altitude`` m, ``mileage``
    0.1 km or :data:`NO_MILEAGE`, ``octets`` the whole 0x0200 body.
    """

    frame: int
    terminal: str
    time_ms: int
    latitude: int
    longitude: int
    shifted: bool
    speed: int
    direction: int
    altitude: int
    alarm: int
    status: int
    mileage: int
    source: int
    version: Version
    serial: int
    octets: bytes


class Refused(NamedTuple):
    """A frame, or an item of one, that gives no position; ``frame`` as in :class:`Position`."""

    frame: int
    reason: str
    octets: bytes


class BatchDecoder(Protocol):
    """Frames to positions, in order; frames that carry no location are refused, never skipped."""

    def __call__(self, frames: Sequence[Frame]) -> list[Position | Refused]: ...


def decode_batch(frames: Sequence[Frame]) -> list[Position | Refused]:
    """Positions of 0x0200 and 0x0704 frames, in the order of frames and of items in them."""
    found: list[Position | Refused] = []
    for index, frame in enumerate(frames):
        reason = unreadable(frame)
        if reason:
            found.append(Refused(index, reason, frame.body))
        elif frame.header.message_id == MessageId.LOCATION:
            found.append(_position(index, frame, frame.body, Source.LIVE))
        elif frame.header.message_id == MessageId.LOCATION_BATCH:
            _items(index, frame, found)
        else:
            found.append(Refused(index, "carries no location", frame.body))
    return found


def _items(index: int, frame: Frame, found: list[Position | Refused]) -> None:
    body = frame.body
    if len(body) < HEAD:
        found.append(Refused(index, f"{len(body)} octets, {HEAD} are needed", body))
        return
    source = Source.BACKFILL if body[2] == BatchKind.BACKFILL else Source.BATCH
    for item in split_items(body):
        if isinstance(item, BadItem):
            found.append(Refused(index, item.reason, item.octets))
        else:
            found.append(_position(index, frame, item, source))


def _position(index: int, frame: Frame, octets: bytes, source: Source) -> Position | Refused:
    if len(octets) < BASE.size:
        return Refused(index, f"{len(octets)} octets, {BASE.size} are needed", octets)
    alarm, status, lat, lon, altitude, speed, direction, stamp = BASE.unpack_from(octets)
    header = frame.header
    return Position(
        index,
        header.terminal,
        time_ms(stamp),
        -lat if status & SOUTH else lat,
        -lon if status & WEST else lon,
        bool(status & SHIFTED),
        speed,
        direction,
        signed_altitude(altitude),
        alarm,
        status,
        _mileage(octets),
        source,
        header.version,
        header.serial,
        octets,
    )


def _mileage(octets: bytes) -> int:
    """The first 0x01 item of four octets; the walk is that of ``extras.read_extras``."""
    at, size = BASE.size, len(octets)
    while at + 2 <= size:
        length = octets[at + 1]
        if octets[at] == MILEAGE and length == 4 and at + 6 <= size:
            return int.from_bytes(octets[at + 2 : at + 6], "big")
        at += 2 + length
    return NO_MILEAGE
