"""The message header (808-2013 clause 4.4.3, 808-2019 clause 4.4.3) in its two layouts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jiaoan.wire.errors import EncodeError
from jiaoan.wire.jt808.tolerance import Tolerance

MAX_BODY = 0x3FF
_PACKAGED = 1 << 13
_BIT_14 = 1 << 14
_BIT_15 = 1 << 15


class Version(StrEnum):
    """The edition whose header layout a frame has (2011 shares the layout of 2013)."""

    V2013 = "2013"
    V2019 = "2019"

    @property
    def phone_octets(self) -> int:
        return 10 if self is Version.V2019 else 6

    @property
    def header_octets(self) -> int:
        """Length of the header without package information."""
        return 17 if self is Version.V2019 else 12


@dataclass(frozen=True, slots=True)
class Package:
    """Package information of a sub-packaged message; ``index`` counts from 1."""

    total: int
    index: int


@dataclass(frozen=True, slots=True)
class Header:
    """One header; ``phone`` keeps the digits as sent, leading zeros and hexadecimal nibbles too."""

    message_id: int
    version: Version
    phone: str
    serial: int
    body_length: int = 0
    encryption: int = 0
    protocol_version: int = 1
    bit_14: bool = False
    bit_15: bool = False
    package: Package | None = None

    @property
    def terminal(self) -> str:
        """The phone without leading zeros, as terminals are matched; empty if it is all zeros."""
        return self.phone.lstrip("0")

    @property
    def octets(self) -> int:
        return self.version.header_octets + (4 if self.package else 0)

    def answer(self, message_id: int, serial: int) -> Header:
        """The header of an answer: same version, same phone octets, same bit 14, own serial."""
        return Header(
            message_id,
            self.version,
            self.phone,
            serial,
            protocol_version=self.protocol_version,
            bit_14=self.bit_14,
        )

    @classmethod
    def new(
        cls, message_id: int, version: Version, phone: str, serial: int, protocol_version: int = 1
    ) -> Header:
        """A header by the book: phone padded with zeros, bit 14 set for 2019 and only there."""
        digits = phone.rjust(version.phone_octets * 2, "0")
        return cls(
            message_id,
            version,
            digits,
            serial,
            protocol_version=protocol_version,
            bit_14=version is Version.V2019,
        )

    def build(self, body_length: int) -> bytes:
        """Header octets for a body of ``body_length``; :class:`EncodeError` where it cannot be."""
        if not 0 <= body_length <= MAX_BODY:
            raise EncodeError("body", f"{body_length} octets; one package holds {MAX_BODY}")
        attributes = body_length | (self.encryption & 7) << 10
        attributes |= _PACKAGED if self.package else 0
        attributes |= _BIT_14 if self.bit_14 else 0
        attributes |= _BIT_15 if self.bit_15 else 0
        octets = self.message_id.to_bytes(2, "big") + attributes.to_bytes(2, "big")
        if self.version is Version.V2019:
            octets += bytes([self.protocol_version])
        octets += self._phone_octets() + self.serial.to_bytes(2, "big")
        if self.package:
            octets += self.package.total.to_bytes(2, "big") + self.package.index.to_bytes(2, "big")
        return octets

    def _phone_octets(self) -> bytes:
        width = self.version.phone_octets
        try:
            octets = bytes.fromhex(self.phone)
        except ValueError as wrong:
            raise EncodeError("phone", f"{self.phone!r} is not a row of digits") from wrong
        if len(octets) != width:
            raise EncodeError("phone", f"{len(self.phone)} digits, the header holds {2 * width}")
        return octets


def declared_length(octets: bytes) -> int:
    """The body length that the attributes of ``octets`` (at least 4) declare."""
    return (octets[2] << 8 | octets[3]) & MAX_BODY


def read_header(octets: bytes, version: Version) -> Header | None:
    """The header at the front of ``octets`` read in the layout of ``version``.

    ``None`` where there are fewer octets than the layout needs.
    """
    attributes = octets[2] << 8 | octets[3]
    size = version.header_octets
    package = None
    if len(octets) < size + (4 if attributes & _PACKAGED else 0):
        return None
    if attributes & _PACKAGED:
        tail = octets[size : size + 4]
        package = Package(tail[0] << 8 | tail[1], tail[2] << 8 | tail[3])
    start = 5 if version is Version.V2019 else 4
    return Header(
        octets[0] << 8 | octets[1],
        version,
        octets[start : size - 2].hex(),
        octets[size - 2] << 8 | octets[size - 1],
        attributes & MAX_BODY,
        attributes >> 10 & 7,
        octets[4] if version is Version.V2019 else 1,
        bool(attributes & _BIT_14),
        bool(attributes & _BIT_15),
        package,
    )


def choose_header(octets: bytes, *, spare: int = 0) -> tuple[Header | None, Tolerance | None]:
    """The header whose layout agrees with the declared body length, and how far it was bent.

    Bit 14 names the layout, but a few terminals set it on 2013 frames or leave it out on 2019
    ones. The two layouts differ by five octets, so at most one agrees with the declared length;
    where only the other one does, it is taken. Where neither does, the layout of bit 14 is given
    (the caller sees that the length does not agree); ``None`` where its octets are missing.
    ``octets`` is header and body, ``spare`` octets of it belong to neither.
    """
    bit_14 = bool(octets[2] & 0x40)
    first, second = Version.V2013, Version.V2019
    if bit_14:
        first, second = second, first
    named = read_header(octets, first)
    if named and named.octets + named.body_length + spare == len(octets):
        return named, None
    other = read_header(octets, second)
    if other and other.octets + other.body_length + spare == len(octets):
        return other, Tolerance.BIT_14_ON_2013 if bit_14 else Tolerance.NO_BIT_14_ON_2019
    return named, None
