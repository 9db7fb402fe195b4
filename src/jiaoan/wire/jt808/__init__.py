"""JT/T 808-2013 and 808-2019 (and the registration body of 808-2011), sans-IO.

Theory of operation
-------------------
1. :class:`FrameReader` is fed octets as they come and gives :class:`Frame` or :class:`BadFrame`
   values. The flag 0x7e is treated as a *separator*: whatever stands between two flags is one
   candidate. So shared flags, doubled flags, empty frames and cut frames need no state, and a bad
   candidate can never take its neighbour with it.
2. :func:`parse_body` turns a good frame into one frozen body, or raises :class:`BodyError` with
   the field, the reason and the octets. An id we do not speak becomes :class:`Unknown`.
3. :func:`decode_batch` is the fast way for what matters in volume: many frames to flat
   :class:`Position` values. It stands behind :class:`BatchDecoder`, so that a compiled decoder
   can take its place.
4. Every body has ``build``; :func:`build_frame` puts header, checksum, escapes and flags around.

Every tolerance is named in :class:`Tolerance`, reported on the frame, and has a test.
"""

from jiaoan.wire.jt808.answers import PlatformAnswer, RegisterAnswer, Result, TerminalAnswer
from jiaoan.wire.jt808.batch import BadItem, BatchKind, LocationBatch
from jiaoan.wire.jt808.errors import BodyError, EncodeError
from jiaoan.wire.jt808.extras import ExtraItem
from jiaoan.wire.jt808.framing import BadFrame, Fault, Frame, FrameReader, build_frame
from jiaoan.wire.jt808.header import Header, Package, Tolerance, Version
from jiaoan.wire.jt808.location import Location
from jiaoan.wire.jt808.login import Authenticate, Register, RegisterLayout
from jiaoan.wire.jt808.messages import Body, Heartbeat, MessageId, Unknown, parse_body
from jiaoan.wire.jt808.positions import BatchDecoder, Position, Refused, Source, decode_batch

__all__ = [
    "Authenticate",
    "BadFrame",
    "BadItem",
    "BatchDecoder",
    "BatchKind",
    "Body",
    "BodyError",
    "EncodeError",
    "ExtraItem",
    "Fault",
    "Frame",
    "FrameReader",
    "Header",
    "Heartbeat",
    "Location",
    "LocationBatch",
    "MessageId",
    "Package",
    "PlatformAnswer",
    "Position",
    "Refused",
    "Register",
    "RegisterAnswer",
    "RegisterLayout",
    "Result",
    "Source",
    "TerminalAnswer",
    "Tolerance",
    "Unknown",
    "Version",
    "build_frame",
    "decode_batch",
    "parse_body",
]
