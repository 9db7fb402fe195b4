"""JT/T 809-2011 and 809-2019, platform to platform, sans-IO.

Theory of operation
-------------------
1. :class:`FrameReader` is fed octets as they come and gives :class:`Frame` or :class:`BadFrame`
   values in their order. What the two sides agreed on beforehand is the :class:`Profile` of the
   link: edition (the header does not say it), cipher, tolerances.
2. :func:`parse` turns a frame into one :class:`Message`: family, sub id, vehicle, and its data as
   a frozen table, or raises :class:`BodyError`: the message is refused, the link goes on. An id
   that is not in the catalogue becomes :class:`Raw`.
3. ``Message.build`` and :func:`build_frame` are the way back.
4. ``convert`` turns positions of 808 into those of 809 and back; ``link`` holds the two links
   between platforms as state machines for both roles; ``describe`` shows a frame as JSON.

Every tolerance is named in :class:`Tolerance`, reported on what it was used for, and has a test.
"""

from jiaoan.wire.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt809.cipher import Cipher
from jiaoan.wire.jt809.framing import BadFrame, Fault, Frame, FrameReader, Profile, build_frame
from jiaoan.wire.jt809.header import Edition, Header
from jiaoan.wire.jt809.messages import Message, Raw, parse
from jiaoan.wire.jt809.tolerance import Tolerance

__all__ = [
    "BadFrame",
    "BodyError",
    "BodyFault",
    "Cipher",
    "Edition",
    "EncodeError",
    "Fault",
    "Frame",
    "FrameReader",
    "Header",
    "Message",
    "Profile",
    "Raw",
    "Tolerance",
    "build_frame",
    "parse",
]
