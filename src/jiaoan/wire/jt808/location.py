"""Location report 0x0200."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from struct import error as StructError

from jiaoan.wire.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt808.extras import ExtraItem, build_extras, in_twos_complement, read_extras
from jiaoan.wire.jt808.fields import bcd_time, moment, time_ms
from jiaoan.wire.jt808.forms import PLAIN, Form, Reading
from jiaoan.wire.jt808.table import Column, Cursor
from jiaoan.wire.jt808.tolerance import Tolerance

# Time stands at octet 22; the printed offset of 21 in 2013 and 2019 is a misprint.
BASE = Struct(">IIIIHHH6s")
FIXED = 1 << 1
SOUTH = 1 << 2
WEST = 1 << 3
SHIFTED = 1 << 5


_DEEPEST = 1000


def table_altitude(octets: int) -> int:
    """Metres, unsigned by the table; the last thousand below 65,536 are heights below the sea."""
    return octets - 0x10000 if octets >= 0x10000 - _DEEPEST else octets


def signed_altitude(octets: int) -> int:
    """Metres in 16 signed bits, as positions are stored: the same up to 32,767 m and below the
    sea; what lies between is no height on earth, and its octets are kept."""
    return octets - 0x10000 if octets & 0x8000 else octets


@dataclass(frozen=True, slots=True)
class Location:
    """One report as the terminal sent it.

    ``raw_latitude`` and ``raw_longitude`` are magnitudes in microdegrees in the sender's datum;
    the sign comes only from ``status`` bits 2 and 3. ``altitude`` m, ``speed`` 0.1 km/h,
    ``direction`` degrees clockwise from north, ``time`` aware UTC at full seconds or ``None``
    for "no time". ``trailing`` is what followed the last whole extra item.
    """

    alarm: int
    status: int
    raw_latitude: int
    raw_longitude: int
    altitude: int
    speed: int
    direction: int
    time: datetime | None
    extras: tuple[ExtraItem, ...] = ()
    trailing: bytes = b""

    @property
    def latitude(self) -> int:
        """Signed microdegrees, north positive, in the sender's datum."""
        return -self.raw_latitude if self.status & SOUTH else self.raw_latitude

    @property
    def longitude(self) -> int:
        """Signed microdegrees, east positive, in the sender's datum."""
        return -self.raw_longitude if self.status & WEST else self.raw_longitude

    @property
    def fixed(self) -> bool:
        """Whether the coordinates are a fix; else they are the last known, or zero."""
        return bool(self.status & FIXED)

    @property
    def shifted(self) -> bool:
        """Status bit 5: altered by the approved plug-in (GCJ-02); else as measured (WGS-84)."""
        return bool(self.status & SHIFTED)

    @classmethod
    def parse(cls, octets: bytes, reading: Reading | None = None) -> Location:
        if len(octets) < BASE.size:
            raise BodyError("location", f"{len(octets)} octets, {BASE.size} are needed", octets)
        alarm, status, lat, lon, altitude, speed, direction, stamp = BASE.unpack_from(octets)
        extras, trailing = read_extras(octets[BASE.size :])
        if reading is not None:
            _judge(extras, trailing, octets, reading)
        return cls(
            alarm,
            status,
            lat,
            lon,
            table_altitude(altitude),
            speed,
            direction,
            moment(time_ms(stamp)),
            extras,
            trailing,
        )

    def build(self, form: Form = PLAIN) -> bytes:
        if not -_DEEPEST <= self.altitude < 0x10000 - _DEEPEST:
            raise EncodeError("altitude", f"{self.altitude} m does not fit")
        try:
            base = BASE.pack(
                self.alarm,
                self.status,
                self.raw_latitude,
                self.raw_longitude,
                self.altitude & 0xFFFF,
                self.speed,
                self.direction,
                bcd_time(self.time),
            )
        except StructError as wrong:
            raise EncodeError("location", str(wrong)) from wrong
        return base + build_extras(self.extras) + self.trailing


def _judge(extras: Sequence[ExtraItem], trailing: bytes, octets: bytes, reading: Reading) -> None:
    if trailing:
        reading.tolerate(
            Tolerance.EXTRAS_REMAINDER,
            BodyError("extras", "the last length runs past the end", octets, BodyFault.OVERRUN),
        )
    if any(map(in_twos_complement, extras)):
        reading.tolerate(
            Tolerance.TWOS_COMPLEMENT_TEMPERATURE,
            BodyError("extra 0x06", "beyond 1,000 degrees", octets, BodyFault.BAD_VALUE),
        )


class LocationColumn(Column[Location]):
    """A whole 0x0200 body to the end of a larger one."""

    def read(self, cursor: Cursor, name: str) -> Location:
        return Location.parse(cursor.rest(), cursor.reading)

    def write(self, value: Location, name: str, form: Form) -> bytes:
        return value.build(form)


class PlaceColumn(Column[Location]):
    """The 28 octets of a location without extra items."""

    def read(self, cursor: Cursor, name: str) -> Location:
        return Location.parse(cursor.take(BASE.size, name))

    def write(self, value: Location, name: str, form: Form) -> bytes:
        if value.extras or value.trailing:
            raise EncodeError(name, "has no room for extra items")
        return value.build(form)
