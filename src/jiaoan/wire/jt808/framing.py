"""Flags, escapes and checksum (808 clause 4.4): octets to frames and back.

A reader ends each candidate in one of two ways, :class:`Frame` or :class:`BadFrame`; octets
after the last flag are "need more" and wait in a bounded buffer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jiaoan.wire.jt808.header import MAX_BODY, Header, choose_header
from jiaoan.wire.jt808.tolerance import Tolerance, ToleranceLog

FLAG = 0x7E
_FLAG = b"\x7e"
_ESCAPE = 0x7D
_SHORTEST = 13
"""A 2013 header and a checksum."""
LONGEST = 2 * (17 + 4 + MAX_BODY + 1)
"""The longest candidate there can be: 2019 header with package information, full body, checksum,
every octet escaped. A candidate that grows beyond it is given up at once."""


class Fault(StrEnum):
    """Why a candidate is no frame."""

    NOISE = "noise"
    """Octets before the first flag."""
    CUT = "cut"
    """The link ended before the closing flag."""
    OVERLONG = "overlong"
    TOO_SHORT = "too_short"
    BAD_ESCAPE = "bad_escape"
    BAD_CHECKSUM = "bad_checksum"
    LENGTH_MISMATCH = "length_mismatch"
    BAD_BLOCK = "bad_block"
    """A data block of the attachment link without a readable name, or too long to be one."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One sound frame: checksum right, declared length true. ``raw`` is what stood between the
    flags, escapes included."""

    header: Header
    body: bytes
    raw: bytes
    tolerated: tuple[Tolerance, ...] = ()


@dataclass(frozen=True, slots=True)
class BadFrame:
    """One candidate that is no frame, with its octets (at most :data:`LONGEST`).

    ``header`` is given where one could be read; it is not to be trusted, since the checksum that
    covers it may be what is wrong.
    """

    fault: Fault
    raw: bytes
    header: Header | None = None


def checksum(octets: bytes) -> int:
    """XOR of all octets.

    >>> hex(checksum(bytes.fromhex("307e087d55")))
    '0x6e'
    """
    # Folding halves of one large integer is several times faster than a loop over octets.
    size = len(octets)
    value = int.from_bytes(octets, "big")
    while size > 1:
        half = size // 2
        value = (value >> (half * 8)) ^ (value & ((1 << (half * 8)) - 1))
        size -= half
    return value


def escape(octets: bytes) -> bytes:
    """0x7d -> 7d 01 and 0x7e -> 7d 02 (in this order, so that no escape is escaped again).

    >>> escape(bytes.fromhex("307e087d55")).hex()
    '307d02087d0155'
    """
    return octets.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def unescape(octets: bytes) -> tuple[bytes, bool] | None:
    """Escapes undone in one pass from left to right; ``None`` where 0x7d is followed by neither.

    The flag of the answer tells that the last octet was a bare 0x7d, which stands for itself:
    terminals that forget to escape the checksum send that.
    """
    if _ESCAPE not in octets:
        return octets, False
    parts = octets.split(b"\x7d")
    bare = parts[-1] == b""
    last = len(parts) - 1
    out = bytearray(parts[0])
    for position, part in enumerate(parts[1:], start=1):
        if part[:1] == b"\x01":
            out.append(0x7D)
        elif part[:1] == b"\x02":
            out.append(0x7E)
        elif bare and position == last:
            out.append(0x7D)
        else:
            return None
        out += part[1:]
    return bytes(out), bare


def build_frame(header: Header, body: bytes) -> bytes:
    """A whole frame with flags; :class:`.EncodeError` where a value has no room."""
    content = header.build(len(body)) + body
    return _FLAG + escape(content + bytes([checksum(content)])) + _FLAG


def judge(raw: bytes) -> Frame | BadFrame:
    """What stands between two flags as a frame, or as the first thing that is wrong with it."""
    undone = unescape(raw)
    if undone is None:
        return BadFrame(Fault.BAD_ESCAPE, raw)
    octets, bare = undone
    if len(octets) < _SHORTEST:
        return _shortened(octets, raw)
    left = checksum(octets)
    if left:
        return _swallowed(octets, left, raw)
    header, bent = choose_header(octets, spare=1)
    if header is None:
        return BadFrame(Fault.TOO_SHORT, raw)
    if header.octets + header.body_length + 1 != len(octets):
        return BadFrame(Fault.LENGTH_MISMATCH, raw, header)
    tolerated = (Tolerance.BARE_7D_CHECKSUM,) if bare else ()
    return Frame(header, octets[header.octets : -1], raw, tolerated + ((bent,) if bent else ()))


def _shortened(octets: bytes, raw: bytes) -> Frame | BadFrame:
    """Too few octets for header and checksum: only a swallowed checksum can save it."""
    if len(octets) == _SHORTEST - 1:
        saved = _swallowed(octets, checksum(octets), raw)
        if isinstance(saved, Frame):
            return saved
    return BadFrame(Fault.TOO_SHORT, raw)


def _swallowed(octets: bytes, left: int, raw: bytes) -> Frame | BadFrame:
    """The checksum does not agree: either it is wrong, or it was a bare 0x7e taken for the flag.

    The second needs both proofs: all octets together give 0x7e, and the declared length leaves
    no room for a checksum.
    """
    if left == FLAG:
        header, bent = choose_header(octets)
        if header and header.octets + header.body_length == len(octets):
            tolerated = (Tolerance.BARE_7E_CHECKSUM,) + ((bent,) if bent else ())
            return Frame(header, octets[header.octets :], raw, tolerated)
    header, _ = choose_header(octets, spare=1)
    if header and header.octets + header.body_length + 1 != len(octets):
        header = None
    return BadFrame(Fault.BAD_CHECKSUM, raw, header)


_STRICTLY: Mapping[Tolerance, Fault] = {
    Tolerance.BARE_7D_CHECKSUM: Fault.BAD_ESCAPE,
    Tolerance.BARE_7E_CHECKSUM: Fault.BAD_CHECKSUM,
    Tolerance.BIT_14_ON_2013: Fault.LENGTH_MISMATCH,
    Tolerance.NO_BIT_14_ON_2019: Fault.LENGTH_MISMATCH,
    Tolerance.UNESCAPED_DUMP: Fault.BAD_ESCAPE,
}
"""What each tolerated frame is for a strict reader."""


def strictly(found: Frame | BadFrame) -> Frame | BadFrame:
    """The same, where nothing is tolerated."""
    if isinstance(found, Frame) and found.tolerated:
        return BadFrame(_STRICTLY[found.tolerated[0]], found.raw, found.header)
    return found


def _judge_strictly(raw: bytes) -> Frame | BadFrame:
    return strictly(judge(raw))


def judge_dump(octets: bytes) -> Frame | None:
    """A frame whose escapes are already undone, as logs show it, without its flags.

    For single dumps only: on a link a bare 0x7e is a flag. Checksum and declared length must
    both agree; ``None`` where they do not.
    """
    if len(octets) < _SHORTEST or checksum(octets):
        return None
    header, bent = choose_header(octets, spare=1)
    if header is None or header.octets + header.body_length + 1 != len(octets):
        return None
    tolerated = (Tolerance.UNESCAPED_DUMP,) + ((bent,) if bent else ())
    return Frame(header, octets[header.octets : -1], octets, tolerated)


class FrameReader:
    """Takes octets in any portions, gives frames and bad frames in their order.

    Memory is bounded by :data:`LONGEST` whatever comes in. ``counts`` holds how many of each
    :class:`Fault` and :class:`.Tolerance` were seen, ``log`` their last octets too, and ``frames``
    how many good ones. A ``strict`` reader tolerates nothing.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.frames = 0
        self.log: ToleranceLog[Fault | Tolerance] = ToleranceLog()
        self._judge = _judge_strictly if strict else judge
        self._pending = bytearray()
        self._synchronised = False
        self._skipping = False

    @property
    def counts(self) -> Counter[Fault | Tolerance]:
        return self.log.counts

    @property
    def idle(self) -> bool:
        """Nothing waits: what comes next may begin a frame with a flag of its own."""
        return not self._pending and not self._skipping

    def receive(self, data: bytes) -> list[Frame | BadFrame]:
        """Everything that ``data`` completes, in order."""
        found: list[Frame | BadFrame] = []
        *closed, rest = data.split(_FLAG)
        for part in closed:
            self._close(part, found)
        self._keep(rest, found)
        self._count(found)
        return found

    def end(self) -> list[Frame | BadFrame]:
        """The link has ended: what still waited is noise or a cut frame."""
        found: list[Frame | BadFrame] = []
        if self._pending:
            found.append(BadFrame(self._fault(Fault.CUT), bytes(self._pending)))
        self._pending.clear()
        self._synchronised = self._skipping = False
        self._count(found)
        return found

    def _close(self, part: bytes, found: list[Frame | BadFrame]) -> None:
        self._keep(part, found)
        # Nothing between two flags is what every boundary looks like, so it is not an event.
        if self._pending:
            raw = bytes(self._pending)
            found.append(self._judge(raw) if self._synchronised else BadFrame(Fault.NOISE, raw))
            self._pending.clear()
        self._synchronised, self._skipping = True, False

    def _keep(self, part: bytes, found: list[Frame | BadFrame]) -> None:
        if self._skipping:
            return
        self._pending += part[: LONGEST + 1 - len(self._pending)]
        if len(self._pending) > LONGEST:
            found.append(BadFrame(self._fault(Fault.OVERLONG), bytes(self._pending[:LONGEST])))
            self._pending.clear()
            self._skipping = True

    def _fault(self, synchronised: Fault) -> Fault:
        return synchronised if self._synchronised else Fault.NOISE

    def _count(self, found: list[Frame | BadFrame]) -> None:
        for one in found:
            if isinstance(one, BadFrame):
                self.log.note((one.fault,), one.raw)
            else:
                self.frames += 1
                if one.tolerated:
                    self.log.note(one.tolerated, one.raw)
