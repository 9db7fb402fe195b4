"""From a frame to its message and back: envelope, sub id, data."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from jiaoan.wire.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt809.catalogue import (
    CATALOGUE,
    DIRECT,
    MANAGEMENT,
    SOURCE_FIRST,
    WITHOUT_PLATE,
    has_plate,
)
from jiaoan.wire.jt809.framing import Frame
from jiaoan.wire.jt809.header import Edition
from jiaoan.wire.jt809.posts import Source
from jiaoan.wire.jt809.table import Cursor, FixedText, Table
from jiaoan.wire.jt809.tolerance import ALL, Tolerance

_VEHICLE = 22
_PLATE = FixedText(21)
_HEAD = Struct(">HI")
_SOURCE_HEAD = Struct(">HHII")
_LAYOUT = frozenset({Tolerance.TRAILING_OCTETS})


@dataclass(frozen=True, slots=True)
class Raw:
    """Data of an id that is not in the catalogue (1078 over 809 among them): kept, not guessed."""

    octets: bytes

    def build(self) -> bytes:
        return self.octets


Content = Table | Raw


class EnvelopeError(BodyError):
    """An envelope whose length does not fit its data; what was read of it is kept."""

    def __init__(self, reason: str, octets: bytes, sub_type: int, length: int) -> None:
        super().__init__("data_length", reason, octets, BodyFault.OVERRUN)
        self.sub_type, self.length = sub_type, length


class Envelope(NamedTuple):
    """A body taken apart as far as its data. ``length`` is the declared one."""

    data: bytes
    sub_type: int | None = None
    length: int | None = None
    plate: str | None = None
    plate_color: int | None = None
    source: Source | None = None
    tolerated: tuple[Tolerance, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``sub_type`` is ``None`` for messages of the links, ``plate`` for those that
    are not about a vehicle; ``source`` is given where it stands outside of the data."""

    message_id: int
    content: Content
    sub_type: int | None = None
    plate: str | None = None
    plate_color: int | None = None
    source: Source | None = None
    tolerated: tuple[Tolerance, ...] = field(default=(), compare=False)

    @classmethod
    def of(
        cls,
        sub_type: int,
        content: Content,
        plate: str | None = None,
        plate_color: int | None = None,
        *,
        source: Source | None = None,
    ) -> Message:
        """A business message; its message id follows from the sub id."""
        return cls(family_of(sub_type), content, sub_type, plate, plate_color, source)

    def build(self, edition: Edition) -> bytes:
        """The body; :class:`.EncodeError` where something is missing or has no room."""
        data = self.content.build()
        if self.sub_type is None:
            return data
        return self._vehicle(edition) + self._head(len(data), edition) + data

    def _vehicle(self, edition: Edition) -> bytes:
        if self.plate is None:
            if has_plate(self.message_id, edition) and self.sub_type not in WITHOUT_PLATE:
                raise EncodeError("plate", "is missing")
            return b""
        if self.plate_color is None or not 0 <= self.plate_color <= 0xFF:
            raise EncodeError("plate_color", f"{self.plate_color} is no colour")
        return _PLATE.write(self.plate, "plate", None) + bytes([self.plate_color])

    def _head(self, length: int, edition: Edition) -> bytes:
        sub_type = self.sub_type or 0
        if self.source is None:
            return _HEAD.pack(sub_type, length)
        if edition is not Edition.V2019 or sub_type not in SOURCE_FIRST:
            raise EncodeError("source", "has no place before the length")
        return _SOURCE_HEAD.pack(
            sub_type, self.source.source_type, self.source.source_serial, length
        )


def family_of(sub_type: int) -> int:
    """The message id that carries a sub id: 0x1202 stands in 0x1200; 0x1102 is its own."""
    return sub_type if sub_type in MANAGEMENT else sub_type & 0xFF00


def parse(frame: Frame, edition: Edition, allowed: Set[Tolerance] = ALL) -> Message:
    """The message of a sound frame; :class:`.BodyError` where its body does not follow its table:
    the message is refused, the link goes on."""
    message_id = frame.header.message_id
    envelope = open_envelope(message_id, frame.body, edition, allowed)
    key = message_id if envelope.sub_type is None else envelope.sub_type
    content, bent = read_content(key, envelope.data, edition, allowed)
    return Message(
        message_id,
        content,
        envelope.sub_type,
        envelope.plate,
        envelope.plate_color,
        envelope.source,
        frame.tolerated + envelope.tolerated + bent,
    )


def open_envelope(
    message_id: int, body: bytes, edition: Edition, allowed: Set[Tolerance] = ALL
) -> Envelope:
    """Plate, colour, sub id and data of a body, as far as its family has them."""
    if message_id in DIRECT:
        return Envelope(body)
    if message_id in MANAGEMENT:
        return _management(message_id, body, edition, allowed)
    first = has_plate(message_id, edition)
    plated = first if _fits(message_id, body, first) else first ^ _fits(message_id, body, not first)
    cursor = Cursor(body, allowed)
    plate = colour = None
    if plated:
        plate = _PLATE.read(cursor, "plate")
        colour = cursor.uint(1, "plate_color")
    sub_type = cursor.uint(2, "sub_type")
    if plated != first and sub_type not in WITHOUT_PLATE:
        rule = Tolerance.PLATE_IN_2019_ALARM if plated else Tolerance.NO_PLATE
        error = BodyError("plate", "is there" if plated else "is missing", body)
        cursor.tolerate(rule, error)
    source = _source_before_length(cursor, sub_type, edition)
    return _data(cursor, sub_type, plate, colour, source)


def _fits(message_id: int, body: bytes, plated: bool) -> bool:
    """Whether a sub id of this message's family stands where it would with or without a plate."""
    at = _VEHICLE if plated else 0
    return len(body) >= at + _HEAD.size and body[at] == message_id >> 8


def _management(
    message_id: int, body: bytes, edition: Edition, allowed: Set[Tolerance]
) -> Envelope:
    if len(body) >= _HEAD.size:
        sub_type, length = _HEAD.unpack_from(body)
        if sub_type == message_id and length == len(body) - _HEAD.size:
            return Envelope(body[_HEAD.size :], sub_type, length)
    if message_id != 0x9101 or edition is Edition.V2019:
        rule = Tolerance.NO_SUB_ID
        if rule not in allowed:
            raise BodyError("sub_type", "is missing", body)
        return Envelope(body, tolerated=(rule,))
    return Envelope(body)


def _source_before_length(cursor: Cursor, sub_type: int, edition: Edition) -> Source | None:
    """2019: 0x1205 and 0x1206 have their source before the length, which is 0 then."""
    if sub_type not in SOURCE_FIRST or edition is not Edition.V2019 or cursor.left != 10:
        return None
    behind = cursor.octets[cursor.at :]
    if int.from_bytes(behind[:4], "big") == 6:
        return None
    return Source.read(cursor)


def _data(
    cursor: Cursor, sub_type: int, plate: str | None, colour: int | None, source: Source | None
) -> Envelope:
    length = cursor.uint(4, "data_length")
    if length > cursor.left:
        reason = f"{length} octets are claimed, {cursor.left} are there"
        raise EnvelopeError(reason, cursor.octets, sub_type, length)
    data = cursor.take(length, "data")
    cursor.end("data")
    return Envelope(data, sub_type, length, plate, colour, source, tuple(cursor.noted))


def read_content(
    key: int, data: bytes, edition: Edition, allowed: Set[Tolerance] = ALL
) -> tuple[Content, tuple[Tolerance, ...]]:
    """The data of a message or sub id by the first table that fits it octet for octet.

    Its own edition comes first, then the other edition's tables; where none fits exactly, the
    first may have octets left over. :class:`.BodyError` says why it does not follow the first.
    """
    own = CATALOGUE[edition].get(key, ())
    other = Edition.V2011 if edition is Edition.V2019 else Edition.V2019
    foreign = CATALOGUE[other].get(key, ()) if Tolerance.OTHER_EDITION in allowed else ()
    if not own and not foreign:
        return Raw(data), ()
    errors: list[BodyError] = []
    for table in own + foreign:
        bent = () if table in own else (Tolerance.OTHER_EDITION,)
        try:
            return _read(table, data, allowed - _LAYOUT, bent)
        except BodyError as wrong:
            errors.append(wrong)
    if Tolerance.TRAILING_OCTETS in allowed and own:
        for table in own:
            try:
                return _read(table, data, allowed, ())
            except BodyError as wrong:
                errors.append(wrong)
    raise errors[0]


def _read(
    table: type[Table], data: bytes, allowed: Set[Tolerance], bent: tuple[Tolerance, ...]
) -> tuple[Content, tuple[Tolerance, ...]]:
    cursor = Cursor(data, allowed)
    content = table.read(cursor)
    cursor.end(table.__name__)
    return content, bent + tuple(cursor.noted)
