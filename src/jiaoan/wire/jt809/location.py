"""Positions: the block of 2011 and the carried 808 body of 2019."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from jiaoan.kernel.clock import LOCAL
from jiaoan.wire.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt808.describe import describe_location
from jiaoan.wire.jt808.location import BASE, SHIFTED, SOUTH, WEST, Location
from jiaoan.wire.jt809.table import (
    U8,
    U16,
    U32,
    Column,
    Cursor,
    FixedOctets,
    FixedText,
    Items,
    Json,
    LongOctets,
    Row,
    Shown,
    Table,
    UInt,
    shown_time,
)

SHORT_LOCATION = BASE.size
"""Octets of an 808 location without extra items."""


class BlockTime(Column[datetime | None]):
    """Day, month, year (WORD), hour, minute, second as plain numbers, day first, at GMT+8."""

    def read(self, cursor: Cursor, name: str) -> datetime | None:
        octets = cursor.take(7, name)
        year = octets[2] << 8 | octets[3]
        try:
            day = datetime(year, octets[1], octets[0], tzinfo=LOCAL)
            return day.replace(hour=octets[4], minute=octets[5], second=octets[6])
        except ValueError:
            return None

    def write(self, value: datetime | None, name: str, form: None) -> bytes:
        if value is None:
            return bytes(7)
        if value.tzinfo is None:
            raise EncodeError(name, "has no time zone")
        there = value.astimezone(LOCAL)
        date = bytes([there.day, there.month]) + there.year.to_bytes(2, "big")
        return date + bytes([there.hour, there.minute, there.second])


_DEEPEST = 1000


class Metres(Column[int]):
    """Altitude, a WORD: the last thousand below 65,536 are heights below the sea, as in 808."""

    def read(self, cursor: Cursor, name: str) -> int:
        value = cursor.uint(2, name)
        return value - 0x10000 if value >= 0x10000 - _DEEPEST else value

    def write(self, value: int, name: str, form: None) -> bytes:
        if not -_DEEPEST <= value < 0x10000 - _DEEPEST:
            raise EncodeError(name, f"{value} does not fit a WORD")
        return (value & 0xFFFF).to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class GnssBlock(Table):
    """The 36 octets of 2011: longitude before latitude, whole km/h, status before alarm.

    ``raw_longitude`` and ``raw_latitude`` are magnitudes in microdegrees in the datum that
    ``position_encrypted`` tells (1: altered by the approved plug-in); the signs are in ``status``.
    """

    position_encrypted: U8
    time: Annotated[datetime | None, BlockTime()]
    raw_longitude: U32
    raw_latitude: U32
    speed_kmh: U16
    recorder_speed_kmh: U16
    mileage_km: U32
    direction_deg: U16
    altitude_m: Annotated[int, Metres()]
    status: U32
    alarm: U32

    def show(self) -> dict[str, Json]:
        return {
            "position_encrypted": self.position_encrypted,
            "time": shown_time(self.time),
            "longitude": (-1 if self.status & WEST else 1) * self.raw_longitude / 1e6,
            "latitude": (-1 if self.status & SOUTH else 1) * self.raw_latitude / 1e6,
            "speed_kmh": self.speed_kmh,
            "recorder_speed_kmh": self.recorder_speed_kmh,
            "mileage_km": self.mileage_km,
            "direction_deg": self.direction_deg,
            "altitude_m": self.altitude_m,
            "status": self.status,
            "alarm": self.alarm,
        }


class CarriedBody(LongOctets, Shown[bytes]):
    """The 0x0200 body of 808 that 2019 carries whole; its fields are shown."""

    def show(self, value: bytes, name: str) -> dict[str, Json]:
        return {"gnss_length": len(value)} | show_location(value)


class ShortBody(FixedOctets, Shown[bytes]):
    """The 28 fixed octets of an 808 location."""

    def show(self, value: bytes, name: str) -> dict[str, Json]:
        return {"position": show_location(value)}


@dataclass(frozen=True, slots=True)
class Carried(Table):
    """2019: an 808 location as the terminal sent it, and what up to three platforms add."""

    position_encrypted: U8
    gnss: Annotated[bytes, CarriedBody(4)]
    platform_1: Annotated[str, FixedText(11)] = ""
    platform_alarm_1: U32 = 0
    platform_2: Annotated[str, FixedText(11)] = ""
    platform_alarm_2: U32 = 0
    platform_3: Annotated[str, FixedText(11)] = ""
    platform_alarm_3: U32 = 0

    def location(self) -> Location:
        """The location inside; :class:`.BodyError` where it is too short to be one."""
        return read_location(self.gnss)


@dataclass(frozen=True, slots=True)
class Realtime2011(Table):
    """0x1202, 0x9202 实时上传车辆定位信息 in 2011."""

    block: Annotated[GnssBlock, Row(GnssBlock)]


@dataclass(frozen=True, slots=True)
class Backfill2011(Table):
    """0x1203, 0x9203 车辆定位信息自动补报 in 2011: one to five blocks."""

    items: Annotated[tuple[GnssBlock, ...], Items(UInt(1), Row(GnssBlock))]


@dataclass(frozen=True, slots=True)
class Backfill2019(Table):
    """0x1203, 0x9203 in 2019."""

    items: Annotated[tuple[Carried, ...], Items(UInt(1), Row(Carried))]


MOST_BACKFILLED = 5


def read_location(octets: bytes) -> Location:
    """An 808 location body; :class:`.BodyError` where it is too short to be one."""
    try:
        return Location.parse(octets)
    except BodyError as wrong:
        raise BodyError("gnss", wrong.reason, octets, BodyFault.TOO_SHORT) from wrong


def show_location(octets: bytes) -> dict[str, Json]:
    """The fields of an 808 location body in the JSON form; nothing for an empty one."""
    if not octets:
        return {}
    try:
        one = read_location(octets)
    except BodyError as wrong:
        return {"gnss_error": wrong.reason, "gnss_hex": octets.hex()}
    return dict(describe_location(one))


def shifted(status: int) -> bool:
    """Status bit 5: coordinates altered by the approved plug-in."""
    return bool(status & SHIFTED)
