"""Flags, escapes and CRC: octets to frames and back."""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from jiaoan.wire.jt809.cipher import Cipher
from jiaoan.wire.jt809.header import LONG, SHORT, Edition, Header, looks_timed
from jiaoan.wire.jt809.tolerance import ALL, NONE, Tolerance

_FLAGS = re.compile(rb"[\x5b\x5d]")
LONGEST = 1 << 20
"""Octets between two flags at most: room for a photograph. What grows beyond is given up."""
_CRC = 2
_ESCAPES = {b"\x5b": b"\x5a\x01", b"\x5a": b"\x5a\x02", b"\x5d": b"\x5e\x01", b"\x5e": b"\x5e\x02"}
_PAIR = re.compile(rb"[\x5a\x5e][\x01\x02]")
_UNDONE = {pair: plain for plain, pair in _ESCAPES.items()}


class Fault(StrEnum):
    """Why octets are no frame."""

    NOISE = "noise"
    """Octets outside of flags."""
    CUT = "cut"
    """Another frame began, or the link ended, before the end flag."""
    OVERLONG = "overlong"
    TOO_SHORT = "too_short"
    BAD_ESCAPE = "bad_escape"
    BAD_CHECKSUM = "bad_checksum"
    LENGTH_MISMATCH = "length_mismatch"
    NO_CIPHER = "no_cipher"
    """The body is encrypted and the link has no constants to read it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One sound frame: CRC right, declared length true. ``body`` is decrypted, ``raw`` is what
    stood between the flags, escapes included."""

    header: Header
    body: bytes
    raw: bytes
    tolerated: tuple[Tolerance, ...] = ()


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Octets that are no frame. ``header`` is given where one could be read; it is not to be
    trusted where the CRC is wrong."""

    fault: Fault
    raw: bytes
    header: Header | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What both sides of a link agreed on beforehand.

    ``edition`` ``None`` is for tools that read frames of nobody knows whom: the header's form is
    guessed from the octets, on a link it is set.
    """

    edition: Edition | None = None
    cipher: Cipher | None = None
    allowed: Set[Tolerance] = ALL

    @classmethod
    def strict(cls, edition: Edition, cipher: Cipher | None = None) -> Profile:
        return cls(edition, cipher, NONE)


def checksum(octets: bytes) -> int:
    """CRC-16 with polynomial 0x1021 from 0xffff, not reflected ("CCITT-FALSE").

    >>> hex(checksum(b"123456789"))
    '0x29b1'
    """
    return crc_hqx(octets, 0xFFFF)


def escape(octets: bytes) -> bytes:
    """5b, 5a, 5d and 5e as pairs; 5a and 5e first, so that no escape is escaped again.

    >>> escape(bytes.fromhex("5b005a005d005e")).hex()
    '5a01005a02005e01005e02'
    """
    for plain in (b"\x5a", b"\x5b", b"\x5e", b"\x5d"):
        octets = octets.replace(plain, _ESCAPES[plain])
    return octets


def unescape(octets: bytes) -> tuple[bytes, bool]:
    """Escapes undone in one pass from left to right, and whether a bare 5a or 5e was met: one
    that neither 01 nor 02 follows. It stands for itself."""
    signs = octets.count(b"\x5a") + octets.count(b"\x5e")
    if not signs:
        return octets, False
    undone, pairs = _PAIR.subn(lambda pair: _UNDONE[pair[0]], octets)
    return undone, pairs < signs


def build_frame(header: Header, body: bytes, cipher: Cipher | None = None) -> bytes:
    """A whole frame with flags; the body is encrypted where the header says so.

    :class:`.EncodeError` where a value has no room; ``ValueError`` for a header that asks for a
    cipher that was not given.
    """
    if header.encrypted:
        if cipher is None:
            raise ValueError("the header says encrypted, but the link has no cipher")
        body = cipher.apply(body, header.key)
    content = header.build(len(body)) + body
    return b"\x5b" + escape(content + checksum(content).to_bytes(2, "big")) + b"\x5d"


def judge(raw: bytes, profile: Profile) -> Frame | BadFrame:
    """What stands between two flags as a frame, or as the first thing that is wrong with it."""
    undone, bare = unescape(raw)
    if bare and Tolerance.BARE_ESCAPE not in profile.allowed:
        return BadFrame(Fault.BAD_ESCAPE, raw)
    frame = _judge(undone, raw, profile, (Tolerance.BARE_ESCAPE,) if bare else ())
    if isinstance(frame, Frame) or undone == raw or Tolerance.UNESCAPED not in profile.allowed:
        return frame
    as_it_is = _judge(raw, raw, profile, (Tolerance.UNESCAPED,))
    return as_it_is if isinstance(as_it_is, Frame) else frame


def _judge(
    octets: bytes, raw: bytes, profile: Profile, tolerated: tuple[Tolerance, ...]
) -> Frame | BadFrame:
    if len(octets) < SHORT + _CRC:
        return BadFrame(Fault.TOO_SHORT, raw)
    timed, bent = _timed(octets, profile)
    if len(octets) < (LONG if timed else SHORT) + _CRC:
        return BadFrame(Fault.TOO_SHORT, raw)
    header = Header.parse(octets, timed=timed)
    if checksum(octets[:-_CRC]) != int.from_bytes(octets[-_CRC:], "big"):
        return BadFrame(Fault.BAD_CHECKSUM, raw, header)
    if header.length != len(octets) + 2:
        return BadFrame(Fault.LENGTH_MISMATCH, raw, header)
    body = octets[header.octets : -_CRC]
    if header.encrypted:
        if profile.cipher is None:
            return BadFrame(Fault.NO_CIPHER, raw, header)
        body = profile.cipher.apply(body, header.key)
    return Frame(header, body, raw, tolerated + bent)


def _timed(octets: bytes, profile: Profile) -> tuple[bool, tuple[Tolerance, ...]]:
    """Whether the header has a send time, and the tolerance that this needed."""
    if profile.edition is Edition.V2011:
        return False, ()
    looks = looks_timed(octets[:-_CRC])
    if profile.edition is None or looks:
        return looks, ()
    if Tolerance.HEADER_WITHOUT_TIME in profile.allowed and not _some_time(octets):
        return False, (Tolerance.HEADER_WITHOUT_TIME,)
    return True, ()


def _some_time(octets: bytes) -> bool:
    """Whether there is room for a time whose first four octets are zero: an odd moment, but none
    that a body would begin with."""
    return len(octets) >= LONG + _CRC and not any(octets[SHORT : SHORT + 4])


class FrameReader:
    """Takes octets in any portions, gives frames and bad frames in their order.

    Memory is bounded by :data:`LONGEST` whatever comes in. ``counts`` holds how many of each
    :class:`Fault` and :class:`.Tolerance` were seen, and ``frames`` the good ones.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.frames = 0
        self.counts: Counter[Fault | Tolerance] = Counter()
        self._pending = bytearray()
        self._inside = self._skipping = False

    def receive(self, data: bytes) -> list[Frame | BadFrame]:
        """Everything that ``data`` completes, in order."""
        found: list[Frame | BadFrame] = []
        at = 0
        for flag in _FLAGS.finditer(data):
            self._keep(data[at : flag.start()], found)
            if flag[0] == b"\x5b":
                self._begin(found)
            else:
                self._end(found)
            at = flag.end()
        self._keep(data[at:], found)
        self._count(found)
        return found

    def end(self) -> list[Frame | BadFrame]:
        """The link has ended: what still waited is noise or a cut frame."""
        found: list[Frame | BadFrame] = []
        self._drop(found)
        self._inside = self._skipping = False
        self._count(found)
        return found

    def _begin(self, found: list[Frame | BadFrame]) -> None:
        self._drop(found)
        self._inside, self._skipping = True, False

    def _end(self, found: list[Frame | BadFrame]) -> None:
        if self._inside and not self._skipping:
            raw = bytes(self._pending)
            self._pending.clear()
            found.append(judge(raw, self.profile))
        else:
            self._drop(found)
        self._inside = self._skipping = False

    def _drop(self, found: list[Frame | BadFrame]) -> None:
        if self._pending:
            fault = Fault.CUT if self._inside else Fault.NOISE
            found.append(BadFrame(fault, bytes(self._pending)))
            self._pending.clear()

    def _keep(self, part: bytes, found: list[Frame | BadFrame]) -> None:
        if self._skipping or not part:
            return
        self._pending += part[: LONGEST + 1 - len(self._pending)]
        if len(self._pending) > LONGEST:
            fault = Fault.OVERLONG if self._inside else Fault.NOISE
            found.append(BadFrame(fault, bytes(self._pending[:LONGEST])))
            self._pending.clear()
            self._skipping = True

    def _count(self, found: list[Frame | BadFrame]) -> None:
        for one in found:
            if isinstance(one, BadFrame):
                self.counts[one.fault] += 1
            else:
                self.frames += 1
                self.counts.update(one.tolerated)
