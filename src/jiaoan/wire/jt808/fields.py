"""Field types of JT/T 808 clause 4.2: BCD, GBK text with padding, BCD time in GMT+8."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from jiaoan.kernel.clock import LOCAL
from jiaoan.wire.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.tables import gbk

NO_TIME = -1
TIME_OCTETS = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_AHEAD_MS = 8 * 3_600_000


def text(octets: bytes, field: str) -> str:
    """A STRING field: GBK, padding 0x00 stripped on both sides.

    808-2019 pads the terminal model in front, 808-2013 behind, 808-2011 ends every STRING with
    0x00; senders mix them, so both sides are stripped everywhere.
    """
    trimmed = octets.strip(b"\x00")
    try:
        return trimmed.decode("gbk")
    except UnicodeDecodeError as wrong:
        reason = f"octet {wrong.start} is not GBK text"
        raise BodyError(field, reason, octets, BodyFault.BAD_TEXT) from wrong


def fixed_text(value: str, length: int, field: str, *, front: bool = False) -> bytes:
    """``value`` as GBK, padded with 0x00 to ``length`` octets (in front where asked)."""
    octets = gbk(value, field)
    if len(octets) > length:
        raise EncodeError(field, f"{len(octets)} octets do not fit into {length}")
    return octets.rjust(length, b"\x00") if front else octets.ljust(length, b"\x00")


@lru_cache(maxsize=4096)
def _minute(octets: bytes) -> int | None:
    """UTC milliseconds of YYMMDDhhmm in BCD at GMT+8, or ``None`` where no such minute exists."""
    digits = octets.hex()
    if not digits.isdecimal():
        return None
    year, month, day, hour, minute = (int(digits[i : i + 2]) for i in range(0, 10, 2))
    try:
        moment = datetime(2000 + year, month, day, hour, minute, tzinfo=LOCAL)
    except ValueError:
        return None
    return (moment - _EPOCH) // _MILLISECOND


def time_ms(octets: bytes) -> int:
    """BCD[6] YYMMDDhhmmss at GMT+8 as UTC milliseconds; :data:`NO_TIME` where it is impossible.

    An all-zero time is what terminals send before their first fix; it falls out as month 0.
    """
    minute = _minute(octets[:5])
    second = octets[5]
    if minute is None or second > 0x59 or second & 0x0F > 9:
        return NO_TIME
    return minute + ((second >> 4) * 10 + (second & 0x0F)) * 1000


def utc_ms(octets: bytes) -> int:
    """BCD[6] in UTC as UTC milliseconds; :data:`NO_TIME` where it is impossible."""
    there = time_ms(octets)
    return there if there == NO_TIME else there + _AHEAD_MS


def moment(milliseconds: int) -> datetime | None:
    """UTC milliseconds as an aware moment; ``None`` for :data:`NO_TIME`."""
    if milliseconds == NO_TIME:
        return None
    return _EPOCH + timedelta(milliseconds=milliseconds)


def bcd_time(value: datetime | None) -> bytes:
    """An aware moment as BCD[6] at GMT+8; ``None`` as six zero octets ("no time")."""
    return _bcd(value, LOCAL)


def bcd_utc(value: datetime | None) -> bytes:
    """An aware moment as BCD[6] in UTC; ``None`` as six zero octets."""
    return _bcd(value, UTC)


def _bcd(value: datetime | None, zone: tzinfo) -> bytes:
    if value is None:
        return bytes(TIME_OCTETS)
    if value.tzinfo is None:
        raise EncodeError("time", "has no time zone")
    there = value.astimezone(zone)
    if not 2000 <= there.year <= 2099:
        raise EncodeError("time", f"year {there.year} does not fit two digits of 20xx")
    return bytes.fromhex(there.strftime("%y%m%d%H%M%S"))
