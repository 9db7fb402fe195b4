"""Data carried through: recorder, CAN bus, passthrough, compressed data, public keys."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from jiaoan.wire.errors import BodyError, BodyFault
from jiaoan.wire.jt808.columns import Digits, Octets
from jiaoan.wire.jt808.table import U8, U16, U32, Items, Row, Table
from jiaoan.wire.tables import FixedOctets, LongOctets

GZIP_MOST = 1 << 20
"""Unpacked octets of one 0x0901 at most: a packed megabyte of zeros is a thousand octets."""
_GZIP = 16 + zlib.MAX_WBITS


class PassthroughType(IntEnum):
    """Types of 0x0900 and 0x8900; 0xF0-0xFF are the vendors', two of them T/JSATL 12's."""

    GNSS_DETAIL = 0x00
    IC_CARD = 0x0B
    SERIAL_1 = 0x41
    SERIAL_2 = 0x42
    PERIPHERAL_STATUS = 0xF7
    PERIPHERAL_INFO = 0xF8


@dataclass(frozen=True, slots=True)
class RecorderUpload(Table):
    """0x0700 行驶记录数据上传: a command octet and its GB/T 19056 block."""

    reply_serial: U16
    command: U8
    data: Octets = b""


@dataclass(frozen=True, slots=True)
class RecorderCommand(Table):
    """0x8700 行驶记录数据采集命令, and 0x8701 行驶记录参数下传命令: a GB/T 19056 block follows."""

    command: U8
    data: Octets = b""


@dataclass(frozen=True, slots=True)
class CanFrame(Table):
    """One frame of 0x0705: bits of ``can_id`` 31 channel, 30 extended, 29 averaged, 0-28 the id."""

    can_id: U32
    data: Annotated[bytes, FixedOctets(8)]


@dataclass(frozen=True, slots=True)
class CanUpload(Table):
    """0x0705 (2013) CAN总线数据上传: the receive time of the first frame, hhmmss and
    milliseconds, as ten digits."""

    count: U16
    time: Annotated[str, Digits(5)]
    frames: Annotated[tuple[CanFrame, ...], Items(None, Row(CanFrame))]


@dataclass(frozen=True, slots=True)
class Passthrough(Table):
    """0x0900 数据上行透传 and 0x8900 数据下行透传."""

    passthrough_type: U8
    content: Octets = b""


@dataclass(frozen=True, slots=True)
class Compressed(Table):
    """0x0901 数据压缩上报: kept as it came; :meth:`unpacked` opens it within a bound."""

    data: Annotated[bytes, LongOctets(4)]

    def unpacked(self, most: int = GZIP_MOST) -> bytes:
        """The octets inside; :class:`.BodyError` where it is no whole GZIP or opens beyond
        ``most``."""
        opener = zlib.decompressobj(_GZIP)
        try:
            inside = opener.decompress(self.data, most + 1)
        except zlib.error as wrong:
            raise BodyError("data", f"no GZIP: {wrong}", self.data, BodyFault.BAD_VALUE) from wrong
        if len(inside) > most:
            reason = f"opens to more than {most} octets"
            raise BodyError("data", reason, self.data, BodyFault.BAD_VALUE)
        if not opener.eof:
            raise BodyError("data", "the GZIP ends too early", self.data)
        return inside


@dataclass(frozen=True, slots=True)
class PublicKey(Table):
    """0x0A00 终端RSA公钥 and 0x8A00 平台RSA公钥: RSA-1024, exponent and modulus."""

    rsa_e: U32
    rsa_n: Annotated[bytes, FixedOctets(128)]
