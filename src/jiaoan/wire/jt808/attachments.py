"""Files of an active-safety alarm over their own TCP link: 0x9208, 0x1210-0x1212, 0x9212 and the
data blocks between them (T/JSATL 12 clause 4.6).

Theory of operation
-------------------
On this link stand 7e frames and data blocks, one after another, in any portions. A block begins
with 30 31 63 64, has a head of 62 octets and then its data, not escaped. :class:`AttachmentReader`
looks for either where a message can begin: at the start, and right behind a flag. Data are handed
on in the portions in which they come, each with its own offset, so memory is bounded however long a
block says it is. :class:`Extents` remembers which octets of one file have come, and says what
0x9212 has to ask for again.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Annotated

from jiaoan.wire.errors import BodyError, EncodeError
from jiaoan.wire.jt808.columns import FixedText, Text8
from jiaoan.wire.jt808.fields import fixed_text, text
from jiaoan.wire.jt808.framing import (
    LONGEST,
    BadFrame,
    Fault,
    Frame,
    judge,
    strictly,
)
from jiaoan.wire.jt808.safety import TERMINAL_ID, AlarmSign
from jiaoan.wire.jt808.table import BYTE, U8, U16, U32, Items, Row, Table
from jiaoan.wire.jt808.tolerance import Tolerance, ToleranceLog
from jiaoan.wire.tables import FixedOctets

MARKER = bytes.fromhex("30316364")
_FLAG = 0x7E
_HEAD = Struct(">4s50sII")
LONGEST_BLOCK = 1 << 24
"""A block that claims more than 16 MiB (the usual one has 64 KiB) is taken for noise."""


class FileType(IntEnum):
    """Types of files."""

    IMAGE = 0
    AUDIO = 1
    VIDEO = 2
    TEXT = 3
    OTHER = 4


@dataclass(frozen=True, slots=True)
class UploadOrder(Table):
    """0x9208 报警附件上传指令: where the files of one alarm go; answered with 0x0001."""

    server: Text8
    tcp_port: U16
    udp_port: U16
    alarm_sign: Annotated[AlarmSign, Row(AlarmSign)]
    alarm_number: Annotated[str, FixedText(32)]
    reserved: Annotated[bytes, FixedOctets(16)] = bytes(16)


@dataclass(frozen=True, slots=True)
class FileEntry(Table):
    """One file that 0x1210 announces; size in octets."""

    name: Text8
    size: U32


@dataclass(frozen=True, slots=True)
class FileList(Table):
    """0x1210 报警附件信息: ``info_type`` 0 normal, 1 sent again; answered with 0x8001."""

    terminal_id: Annotated[str, TERMINAL_ID]
    alarm_sign: Annotated[AlarmSign, Row(AlarmSign)]
    alarm_number: Annotated[str, FixedText(32)]
    info_type: U8
    files: Annotated[tuple[FileEntry, ...], Items(BYTE, Row(FileEntry), most=255)]


@dataclass(frozen=True, slots=True)
class FileInfo(Table):
    """0x1211 文件信息上传: a file begins; answered with 0x8001."""

    file_name: Text8
    file_type: U8
    file_size: U32


@dataclass(frozen=True, slots=True)
class FileSent(Table):
    """0x1212 文件上传完成: a file ends; answered with 0x9212."""

    file_name: Text8
    file_type: U8
    file_size: U32


@dataclass(frozen=True, slots=True)
class Gap(Table):
    """Octets of a file that have not come."""

    offset: U32
    length: U32


@dataclass(frozen=True, slots=True)
class FileAnswer(Table):
    """0x9212 文件上传完成应答: result 0 done, 1 these octets again."""

    file_name: Text8
    file_type: U8
    result: U8
    missing: Annotated[tuple[Gap, ...], Items(BYTE, Row(Gap), most=255)]

    @classmethod
    def on(cls, sent: FileSent, missing: tuple[Gap, ...]) -> FileAnswer:
        """The answer on 0x1212; gaps beyond 255 are asked for when these are filled."""
        return cls(sent.file_name, sent.file_type, int(bool(missing)), missing[:255])


@dataclass(frozen=True, slots=True)
class Chunk:
    """Octets of a file: ``data`` belongs at ``offset``. ``last`` where its block ends."""

    name: str
    offset: int
    data: bytes
    last: bool


def build_block(name: str, offset: int, data: bytes) -> bytes:
    """One data block; :class:`.EncodeError` where the name or the data have no room."""
    if len(data) > LONGEST_BLOCK:
        raise EncodeError("data", f"{len(data)} octets, at most {LONGEST_BLOCK}")
    return _HEAD.pack(MARKER, fixed_text(name, 50, "name"), offset, len(data)) + data


Event = Frame | BadFrame | Chunk


class AttachmentReader:
    """Takes octets in any portions, gives frames, bad frames and chunks of files in their order.

    At most :data:`.LONGEST` octets wait here. ``log`` counts faults and tolerances as
    :class:`.FrameReader` does.
    """

    def __init__(self, *, strict: bool = False, longest_block: int = LONGEST_BLOCK) -> None:
        self.log: ToleranceLog[Fault | Tolerance] = ToleranceLog()
        self._strict, self._longest = strict, longest_block
        self._pending = b""
        self._noise = bytearray()
        self._overlong = False
        self._name, self._offset, self._left = "", 0, 0

    def receive(self, data: bytes) -> list[Event]:
        """Everything that ``data`` completes, in order."""
        found: list[Event] = []
        octets, at = self._pending + data, 0
        while (end := self._step(octets, at, found)) is not None:
            at = end
        self._pending = octets[at:]
        self._count(found)
        return found

    def end(self) -> list[Event]:
        """The link has ended: what still waited is noise or cut."""
        found: list[Event] = []
        self._end_noise(found)
        if self._pending.strip(b"\x7e") or self._left:
            found.append(BadFrame(Fault.CUT, self._pending))
        self._pending, self._left, self._overlong = b"", 0, False
        self._count(found)
        return found

    def _step(self, octets: bytes, at: int, found: list[Event]) -> int | None:
        """Take one thing at ``at``; where it ends, or ``None`` where more octets are needed."""
        if at == len(octets):
            return None
        if self._left:
            return self._data(octets, at, found)
        if octets[at] == _FLAG:
            return self._flag(octets, at, found)
        if MARKER.startswith(octets[at : at + 4]):
            return self._head(octets, at, found)
        return self._skip(octets, at)

    def _flag(self, octets: bytes, at: int, found: list[Event]) -> int | None:
        """A flag: behind it stand another flag, a block, or a frame up to the next flag."""
        self._end_noise(found)
        self._overlong = False
        if at + 1 == len(octets):
            return None
        if octets[at + 1] == _FLAG:
            return at + 1
        if octets[at + 1 : at + 5] == MARKER:
            return at + 1
        end = octets.find(b"\x7e", at + 1, at + 2 + LONGEST)
        if end >= 0:
            one = judge(octets[at + 1 : end])
            found.append(strictly(one) if self._strict else one)
            # The closing flag may be the opening one of the next frame too.
            return end
        if len(octets) - at - 1 <= LONGEST:
            return None
        found.append(BadFrame(Fault.OVERLONG, octets[at + 1 : at + 1 + LONGEST]))
        self._overlong = True
        return at + 1 + LONGEST

    def _head(self, octets: bytes, at: int, found: list[Event]) -> int | None:
        if len(octets) < at + _HEAD.size:
            return None
        self._end_noise(found)
        head = octets[at : at + _HEAD.size]
        _, name, self._offset, length = _HEAD.unpack(head)
        try:
            self._name = text(name, "name")
        except BodyError:
            self._name = ""
        if not self._name or length > self._longest:
            found.append(BadFrame(Fault.BAD_BLOCK, head))
            return at + len(MARKER)
        self._left = length
        if not length:
            found.append(Chunk(self._name, self._offset, b"", last=True))
        return at + _HEAD.size

    def _data(self, octets: bytes, at: int, found: list[Event]) -> int:
        data = octets[at : at + self._left]
        self._left -= len(data)
        found.append(Chunk(self._name, self._offset, data, last=not self._left))
        self._offset += len(data)
        return at + len(data)

    def _skip(self, octets: bytes, at: int) -> int:
        """Neither frame nor block: to where the next one may begin."""
        ends = [octets.find(b"\x7e", at + 1), octets.find(MARKER[:1], at + 1)]
        end = min((one for one in ends if one >= 0), default=len(octets))
        if not self._overlong:
            self._noise += octets[at : min(end, at + LONGEST - len(self._noise))]
        return end

    def _end_noise(self, found: list[Event]) -> None:
        if self._noise:
            found.append(BadFrame(Fault.NOISE, bytes(self._noise)))
            self._noise.clear()

    def _count(self, found: list[Event]) -> None:
        for one in found:
            if isinstance(one, BadFrame):
                self.log.note((one.fault,), one.raw)
            elif isinstance(one, Frame) and one.tolerated:
                self.log.note(one.tolerated, one.raw)


class Extents:
    """Which octets of one file have come. ``most`` bounds how many separate stretches are
    remembered; a file in more pieces than that is asked for again where they were dropped."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._stretches: list[tuple[int, int]] = []

    def add(self, offset: int, length: int) -> None:
        """``length`` octets at ``offset`` are there; repeats and overlaps are welcome."""
        if not length:
            return
        start, end = offset, offset + length
        apart = []
        for one in self._stretches:
            if one[1] < start or one[0] > end:
                apart.append(one)
            else:
                start, end = min(start, one[0]), max(end, one[1])
        if len(apart) < self._most:
            insort(apart, (start, end))
        self._stretches = apart

    def missing(self, size: int) -> tuple[Gap, ...]:
        """What a file of ``size`` octets still lacks, in order."""
        gaps, at = [], 0
        for start, end in [*self._stretches, (size, size)]:
            if min(start, size) > at:
                gaps.append(Gap(at, min(start, size) - at))
            at = max(at, end)
        return tuple(gaps)
