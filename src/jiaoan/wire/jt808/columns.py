"""The other field types of JT/T 808 clause 4.2 as columns: text, octets, BCD numbers and times."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from jiaoan.wire.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt808.fields import (
    TIME_OCTETS,
    bcd_time,
    bcd_utc,
    fixed_text,
    moment,
    text,
    time_ms,
    utc_ms,
)
from jiaoan.wire.jt808.forms import Edition, Form
from jiaoan.wire.jt808.table import Column, Cursor, UInt
from jiaoan.wire.jt808.tolerance import Tolerance
from jiaoan.wire.tables import RestOctets, gbk


class _TextColumn(Column[str]):
    """Text that is tolerated with 0x00 around it where its own form has none there."""

    def judge(self, octets: bytes, cursor: Cursor, name: str) -> str:
        value = text(octets, name)
        if self.octets(value, name, cursor.reading.form) != octets:
            cursor.reading.tolerate(
                Tolerance.TEXT_PADDING,
                BodyError(
                    name,
                    "the 0x00 around it are not those of the table",
                    octets,
                    BodyFault.BAD_TEXT,
                ),
            )
        return value

    def octets(self, value: str, name: str, form: Form) -> bytes:
        raise NotImplementedError


class FixedText(_TextColumn):
    """GBK in a field of fixed width, padded with 0x00 behind, or in front."""

    def __init__(self, size: int, *, front: bool = False) -> None:
        self.size, self.front = size, front

    def octets(self, value: str, name: str, form: Form) -> bytes:
        return fixed_text(value, self.size, name, front=self.front)

    def read(self, cursor: Cursor, name: str) -> str:
        return self.judge(cursor.take(self.size, name), cursor, name)

    def write(self, value: str, name: str, form: Form) -> bytes:
        return self.octets(value, name, form)


class RestText(_TextColumn):
    """STRING to the end of the body: 808-2011 ends it with 0x00, the later editions do not."""

    def octets(self, value: str, name: str, form: Form) -> bytes:
        end = b"\x00" if form.edition is Edition.V2011 else b""
        return gbk(value, name) + end

    def read(self, cursor: Cursor, name: str) -> str:
        return self.judge(cursor.rest(), cursor, name)

    def write(self, value: str, name: str, form: Form) -> bytes:
        return self.octets(value, name, form)


class LongText(_TextColumn):
    """A length and so many octets of GBK."""

    def __init__(self, length_octets: int) -> None:
        self.length = UInt(length_octets)

    def octets(self, value: str, name: str, form: Form) -> bytes:
        return gbk(value, name)

    def read(self, cursor: Cursor, name: str) -> str:
        size = self.length.read(cursor, f"{name}.length")
        return self.judge(cursor.take(size, name, BodyFault.OVERRUN), cursor, name)

    def write(self, value: str, name: str, form: Form) -> bytes:
        octets = self.octets(value, name, form)
        return self.length.write(len(octets), f"{name}.length", form) + octets


class Digits(Column[str]):
    """BCD as a row of digits. Hexadecimal nibbles, which some senders have, are kept."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, cursor: Cursor, name: str) -> str:
        return cursor.take(self.size, name).hex()

    def write(self, value: str, name: str, form: Form) -> bytes:
        try:
            octets = bytes.fromhex(value)
        except ValueError as wrong:
            raise EncodeError(name, f"{value!r} is not a row of digits") from wrong
        if len(octets) != self.size or len(value) != 2 * self.size:
            raise EncodeError(name, f"{len(value)} digits, exactly {2 * self.size} are needed")
        return octets


class Time(Column[datetime | None]):
    """BCD[6] YYMMDDhhmmss at GMT+8; an impossible time is "no time"."""

    def read(self, cursor: Cursor, name: str) -> datetime | None:
        return moment(time_ms(cursor.take(TIME_OCTETS, name)))

    def write(self, value: datetime | None, name: str, form: Form) -> bytes:
        return bcd_time(value)


class UtcTime(Column[datetime | None]):
    """BCD[6] in UTC: 0x8004 alone, against GMT+8 everywhere else."""

    def read(self, cursor: Cursor, name: str) -> datetime | None:
        return moment(utc_ms(cursor.take(TIME_OCTETS, name)))

    def write(self, value: datetime | None, name: str, form: Form) -> bytes:
        return bcd_utc(value)


Text = Annotated[str, RestText()]
Text8 = Annotated[str, LongText(1)]
Text16 = Annotated[str, LongText(2)]
Octets = Annotated[bytes, RestOctets()]
Moment = Annotated[datetime | None, Time()]
Period = Annotated[str, Digits(6)]
"""An edge of a period of a fence. Its digits are kept: a daily period has a date of zeros."""
