"""JT/T 808-2011, 808-2013 and 808-2019, with T/JSATL 12 and the signalling of JT/T 1078, sans-IO.

Theory of operation
-------------------
1. :class:`FrameReader` is fed octets as they come and gives :class:`Frame` or :class:`BadFrame`
   values. The flag 0x7e is treated as a *separator*: whatever stands between two flags is one
   candidate. So shared flags, doubled flags, empty frames and cut frames need no state, and a bad
   candidate can never take its neighbour with it.
2. A frame with package information goes through :class:`Assembler`, which gives it back as a whole
   message, says which parts to ask for again, and what was given up.
3. :func:`parse_body` turns a good frame into one frozen body, or raises :class:`BodyError` with
   the field, the reason and the octets. An id we do not speak becomes :class:`Unknown`. What is
   remembered of a terminal is its :class:`Profile`.
4. :func:`decode_batch` is the fast way for what matters in volume: many frames to flat
   :class:`Position` values. It stands behind :class:`BatchDecoder`. Where octets of many frames
   lie end to end, :mod:`jiaoan.wire.jt808.jitted` reads the plain 0x0200 ones in one compiled pass
   and leaves the rest to this codec.
5. Every body has ``build``; :func:`build_frame` puts header, checksum, escapes and flags around,
   :func:`split_message` makes parts of what is too long.
6. :class:`AttachmentReader` reads the second link, where alarm files come.

Every tolerance is named in :class:`Tolerance`, reported, counted, and has a test.
"""

from jiaoan.wire.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt808.answers import (
    PlatformAnswer,
    RegisterAnswer,
    RegisterResult,
    Result,
    TerminalAnswer,
)
from jiaoan.wire.jt808.attachments import (
    AttachmentReader,
    Chunk,
    Extents,
    FileAnswer,
    FileInfo,
    FileList,
    FileSent,
    Gap,
    UploadOrder,
    build_block,
)
from jiaoan.wire.jt808.batch import BadItem, BatchKind, LocationBatch
from jiaoan.wire.jt808.commands import AskLocation, LocationAnswer, Resend, ServerTime
from jiaoan.wire.jt808.driver import DriverCard, DriverCard2011, Waybill
from jiaoan.wire.jt808.extras import ExtraItem
from jiaoan.wire.jt808.forms import Dialect, Edition, Form, Reading
from jiaoan.wire.jt808.framing import BadFrame, Fault, Frame, FrameReader, build_frame
from jiaoan.wire.jt808.header import Header, Package, Version
from jiaoan.wire.jt808.location import Location
from jiaoan.wire.jt808.login import Authenticate, Register
from jiaoan.wire.jt808.media import MediaAnswer, MediaNotice, MediaUpload, Shoot, ShootAnswer
from jiaoan.wire.jt808.messages import (
    Body,
    Heartbeat,
    MessageId,
    Unknown,
    editions_of,
    is_named,
    parse_body,
)
from jiaoan.wire.jt808.packages import (
    Assembler,
    Lost,
    Part,
    PartState,
    SentParts,
    Wanted,
    split_message,
)
from jiaoan.wire.jt808.parameters import Parameter, ParametersAnswer, SetParameters
from jiaoan.wire.jt808.positions import BatchDecoder, Position, Refused, Source, decode_batch
from jiaoan.wire.jt808.profile import Profile
from jiaoan.wire.jt808.safety import AlarmSign, SafetyAlarm
from jiaoan.wire.jt808.texts import TextMessage
from jiaoan.wire.jt808.tolerance import Tolerance, ToleranceLog

__all__ = [
    "AlarmSign",
    "AskLocation",
    "Assembler",
    "AttachmentReader",
    "Authenticate",
    "BadFrame",
    "BadItem",
    "BatchDecoder",
    "BatchKind",
    "Body",
    "BodyError",
    "BodyFault",
    "Chunk",
    "Dialect",
    "DriverCard",
    "DriverCard2011",
    "Edition",
    "EncodeError",
    "Extents",
    "ExtraItem",
    "Fault",
    "FileAnswer",
    "FileInfo",
    "FileList",
    "FileSent",
    "Form",
    "Frame",
    "FrameReader",
    "Gap",
    "Header",
    "Heartbeat",
    "Location",
    "LocationAnswer",
    "LocationBatch",
    "Lost",
    "MediaAnswer",
    "MediaNotice",
    "MediaUpload",
    "MessageId",
    "Package",
    "Parameter",
    "ParametersAnswer",
    "Part",
    "PartState",
    "PlatformAnswer",
    "Position",
    "Profile",
    "Reading",
    "Refused",
    "Register",
    "RegisterAnswer",
    "RegisterResult",
    "Resend",
    "Result",
    "SafetyAlarm",
    "SentParts",
    "ServerTime",
    "SetParameters",
    "Shoot",
    "ShootAnswer",
    "Source",
    "TerminalAnswer",
    "TextMessage",
    "Tolerance",
    "ToleranceLog",
    "Unknown",
    "UploadOrder",
    "Version",
    "Wanted",
    "Waybill",
    "build_block",
    "build_frame",
    "decode_batch",
    "editions_of",
    "is_named",
    "parse_body",
    "split_message",
]
