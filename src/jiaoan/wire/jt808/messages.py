"""Message ids, and from a frame to its body: one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from jiaoan.wire.jt808.answers import PlatformAnswer, RegisterAnswer, TerminalAnswer
from jiaoan.wire.jt808.batch import LocationBatch
from jiaoan.wire.jt808.framing import Frame
from jiaoan.wire.jt808.header import Version
from jiaoan.wire.jt808.location import Location
from jiaoan.wire.jt808.login import Authenticate, Register


class MessageId(IntEnum):
    """The messages that are spoken here."""

    TERMINAL_ANSWER = 0x0001
    HEARTBEAT = 0x0002
    REGISTER = 0x0100
    AUTHENTICATE = 0x0102
    LOCATION = 0x0200
    LOCATION_BATCH = 0x0704
    PLATFORM_ANSWER = 0x8001
    REGISTER_ANSWER = 0x8100


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """0x0002: empty by the text; some terminals append octets, which are kept."""

    octets: bytes = b""

    def build(self) -> bytes:
        return self.octets


@dataclass(frozen=True, slots=True)
class Unknown:
    """A body that cannot be read here: another id, a part of a sub-packaged message, or one that
    is encrypted. It is answered with "unsupported", and its octets are kept."""

    message_id: int
    octets: bytes
    reason: str

    def build(self) -> bytes:
        return self.octets


Body = (
    Heartbeat
    | Register
    | Authenticate
    | Location
    | LocationBatch
    | TerminalAnswer
    | PlatformAnswer
    | RegisterAnswer
    | Unknown
)

_READERS: dict[int, Callable[[bytes, Version], Body]] = {
    MessageId.TERMINAL_ANSWER: lambda octets, _: TerminalAnswer.parse(octets),
    MessageId.HEARTBEAT: lambda octets, _: Heartbeat(octets),
    MessageId.REGISTER: Register.parse,
    MessageId.AUTHENTICATE: Authenticate.parse,
    MessageId.LOCATION: lambda octets, _: Location.parse(octets),
    MessageId.LOCATION_BATCH: lambda octets, _: LocationBatch.parse(octets),
    MessageId.PLATFORM_ANSWER: lambda octets, _: PlatformAnswer.parse(octets),
    MessageId.REGISTER_ANSWER: lambda octets, _: RegisterAnswer.parse(octets),
}


def unreadable(frame: Frame) -> str | None:
    """Why no body can be read from this frame here; ``None`` where one can."""
    if frame.header.package:
        return "part of a sub-packaged message"
    if frame.header.encryption:
        return "encrypted"
    if frame.header.message_id not in _READERS:
        return "message not spoken here"
    return None


def parse_body(frame: Frame) -> Body:
    """The body of a sound frame; :class:`.BodyError` where it does not follow its table."""
    reason = unreadable(frame)
    if reason:
        return Unknown(frame.header.message_id, frame.body, reason)
    return _READERS[frame.header.message_id](frame.body, frame.header.version)
