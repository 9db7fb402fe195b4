"""The compiled pass of :mod:`jiaoan.wire.jt808.jitted`, which tells what it is for.

One look at each octet: it is unescaped, added to the checksum and laid down until the next flag;
then the header and the 28 octets are read at their places. Importing this module compiles, or
loads from numba's cache on disk; each function has one signature. The octets given are read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numba import boolean, from_dtype, int64, njit, types, uint8, void

from jiaoan.wire.jt808.framing import FLAG
from jiaoan.wire.jt808.header import MAX_BODY
from jiaoan.wire.jt808.jitted import LETTERS, PHONE, Octets, Rows
from jiaoan.wire.jt808.location import SHIFTED, SOUTH, WEST
from jiaoan.wire.jt808.positions import NO_MILEAGE

Int: TypeAlias = int | np.integer
_U = np.uint64
"""An unsigned place costs no look at whether it counts from the end."""

_ESCAPE, _ESCAPED_ESCAPE, _ESCAPED_FLAG = 0x7D, 0x01, 0x02
_LOCATION = 0x0200
# Of the attributes of the header: reserved bit 15, package information, encryption; none is plain.
_ODD, _BIT_14 = 0xBC00, 0x4000
# Places in the header and in the body (table 23); what differs in 2019 is said where it is read.
_ID, _ATTRIBUTES, _PROTOCOL = 0, 2, 4
_ALARM, _STATUS, _LATITUDE, _LONGITUDE, _ALTITUDE, _SPEED, _DIRECTION, _TIME = (
    0, 4, 8, 12, 16, 18, 20, 22,
)  # fmt: skip
_BASE = 28
_MILEAGE = 0x01
_POLE, _DATE_LINE = 90_000_000, 180_000_000
_DAYS_TO_2000 = 10_957  # from 1970
_DAY_MS, _AHEAD_MS = 86_400_000, 28_800_000

_IN = types.Array(uint8, 1, "C", readonly=True)
_OUT = types.Array(uint8, 1, "C")
_ROWS = types.Array(from_dtype(LETTERS), 1, "C")


@njit(int64(_OUT, int64), cache=True, nogil=True)
def _u16(octets: Octets, at: Int) -> Int:
    return np.int64(octets[at]) << 8 | np.int64(octets[at + 1])


@njit(int64(_OUT, int64), cache=True, nogil=True)
def _u32(octets: Octets, at: Int) -> Int:
    return _u16(octets, at) << 16 | _u16(octets, at + 2)


@njit(int64(_OUT, int64), cache=True, nogil=True)
def _bcd(octets: Octets, at: Int) -> Int:
    """Two digits of BCD; 100, too much for every part of a time, where one is no digit."""
    high, low = np.int64(octets[at]) >> 4, np.int64(octets[at]) & 15
    return high * 10 + low if high < 10 and low < 10 else 100


@njit(int64(int64, int64), cache=True, nogil=True)
def _days_of(year: Int, month: Int) -> int:
    """Days of a month of 2000 to 2099, where every fourth year is a leap year."""
    if month == 2:
        return 29 if year & 3 == 0 else 28
    return 30 + ((month + (month >> 3)) & 1)


@njit(int64(_OUT, int64), cache=True, nogil=True)
def _time_ms(octets: Octets, at: Int) -> Int:
    """BCD[6] at GMT+8 as UTC milliseconds, or -1; the same rules as ``fields.time_ms``."""
    year, month, day = _bcd(octets, at), _bcd(octets, at + 1), _bcd(octets, at + 2)
    hour, minute, second = _bcd(octets, at + 3), _bcd(octets, at + 4), _bcd(octets, at + 5)
    if year > 99 or month < 1 or month > 12 or hour > 23 or minute > 59 or second > 59:
        return -1
    if day < 1 or day > _days_of(year, month):
        return -1
    days = _DAYS_TO_2000 + 365 * year + ((year + 3) >> 2) + day - 1
    # Days before a month of a common year: 31, 28, then the calendar's rhythm from March on.
    if month > 2:
        days += (153 * (month - 3) + 2) // 5 + 59 + (year & 3 == 0)
    elif month == 2:
        days += 31
    return days * _DAY_MS - _AHEAD_MS + ((hour * 60 + minute) * 60 + second) * 1000


@njit(int64(_OUT, int64, int64), cache=True, nogil=True)
def _mileage_of(octets: Octets, at: Int, end: Int) -> Int:
    """The first 0x01 item of four octets; the same walk as ``positions._mileage``."""
    while at + 2 <= end:
        length = np.int64(octets[at + 1])
        if octets[at] == _MILEAGE and length == 4 and at + 6 <= end:
            return _u32(octets, at + 2)
        at += 2 + length
    return NO_MILEAGE


@njit(void(_OUT, int64, int64, _ROWS, int64), cache=True, nogil=True)
def _phone(octets: Octets, at: Int, end: Int, rows: Rows, n: Int) -> None:
    """Digits (hexadecimal ones too) without leading zeros; 0x00 behind."""
    letters = rows[n].terminal
    filled = 0
    for place in range(at, end):
        octet = np.int64(octets[_U(place)])
        high, low = octet >> 4, octet & 15
        if high or filled:
            letters[_U(filled)] = high + 48 + 39 * (high > 9)
            filled += 1
        if low or filled:
            letters[_U(filled)] = low + 48 + 39 * (low > 9)
            filled += 1
    for place in range(filled, PHONE):
        letters[_U(place)] = 0


@njit(boolean(_OUT, int64, int64, _ROWS, int64), cache=True, nogil=True)
def _read(octets: Octets, at: Int, end: Int, rows: Rows, n: Int) -> bool:
    """Header, body and checksum octet at ``at:end`` into row ``n``; whether they are plain."""
    if end - at < 12 + _BASE + 1 or _u16(octets, at + _ID) != _LOCATION:
        return False
    attributes = _u16(octets, at + _ATTRIBUTES)
    new = (attributes & _BIT_14) != 0
    phone = at + (5 if new else 4)
    body = at + (17 if new else 12)
    body_end = end - 1
    length = body_end - body
    if attributes & _ODD or length != attributes & MAX_BODY or length < _BASE:
        return False
    lat, lon = _u32(octets, body + _LATITUDE), _u32(octets, body + _LONGITUDE)
    if lat > _POLE or lon > _DATE_LINE:
        return False
    row = rows[n]
    status = _u32(octets, body + _STATUS)
    row.body, row.body_end = body, body_end
    row.time_ms = _time_ms(octets, body + _TIME)
    row.raw_lat = -lat if status & SOUTH else lat
    row.raw_lon = -lon if status & WEST else lon
    row.alarm, row.status = _u32(octets, body + _ALARM), status
    row.mileage = _mileage_of(octets, body + _BASE, body_end)
    row.speed = _u16(octets, body + _SPEED)
    row.direction = _u16(octets, body + _DIRECTION)
    row.altitude = np.int16(_u16(octets, body + _ALTITUDE))
    row.serial = _u16(octets, body - 2)
    row.datum = 1 if status & SHIFTED else 0
    row.source = 0
    row.version = 1 if new else 0
    row.protocol = octets[at + _PROTOCOL] if new else 1
    _phone(octets, phone, body - 2, rows, n)
    return True


@njit(void(_ROWS, int64), cache=True, nogil=True)
def _clear(rows: Rows, n: Int) -> None:
    row = rows[n]
    row.body, row.body_end, row.time_ms = 0, 0, 0
    row.raw_lat, row.raw_lon, row.alarm, row.status, row.mileage = 0, 0, 0, 0, 0
    row.speed, row.direction, row.altitude, row.serial = 0, 0, 0, 0
    row.datum, row.source, row.version, row.protocol = 0, 0, 0, 0
    for place in range(PHONE):
        row.terminal[place] = 0


# libc's own search looks at many octets at once; addresses travel as numbers.
_memchr: Callable[..., int] = types.ExternalFunction(
    "memchr", types.uintp(types.uintp, types.intc, types.uintp)
)
_PLACED = types.UniTuple(int64, 2)(_IN, int64, _OUT, int64)  # type: ignore[no-untyped-call]
_COPIED = int64(_IN, int64, int64, _OUT, int64)


@njit(_COPIED, cache=True, nogil=True)
def _copy(octets: Octets, at: Int, end: Int, content: Octets, to: Int) -> Int:
    """Lay down octets without escapes: where they end in ``content``, or -1 (checksum wrong)."""
    size = end - at
    left = np.uint8(0)
    for n in range(size):
        octet = octets[_U(at) + _U(n)]
        left ^= octet
        content[_U(to) + _U(n)] = octet
    return to + size if left == 0 else -1


@njit(_COPIED, cache=True, nogil=True)
def _undo(octets: Octets, at: Int, end: Int, content: Octets, to: Int) -> Int:
    """The same with escapes undone; -1 also where one of them is none."""
    left = 0
    sound = True
    while at < end:
        octet = octets[_U(at)]
        at += 1
        if octet == _ESCAPE:
            # What ends here has lost its last octet: no escape either way.
            following = octets[at] if at < end else np.uint8(0)
            at += 1
            if following == _ESCAPED_FLAG:
                octet = np.uint8(FLAG)
            elif following != _ESCAPED_ESCAPE:
                sound = False
                at -= 1
        left ^= octet
        content[_U(to)] = octet
        to += 1
    return to if sound and left == 0 else -1


@njit(_PLACED, cache=True, nogil=True)
def _unescape(octets: Octets, at: Int, content: Octets, to: Int) -> tuple[Int, Int]:
    """Lay down what stands before the next flag: the flag's place, and the end in ``content``.

    The second is -1 where an escape or the checksum is wrong; the first the size without a flag.
    """
    first = octets.ctypes.data + at
    found = _memchr(first, np.int32(FLAG), len(octets) - at)
    if not found:
        return len(octets), -1
    size = np.int64(found - first)
    if _memchr(first, np.int32(_ESCAPE), size):
        return at + size, _undo(octets, at, at + size, content, to)
    return at + size, _copy(octets, at, at + size, content, to)


@njit(int64(_IN, _OUT, _ROWS), cache=True, nogil=True)
def decode(octets: Octets, content: Octets, rows: Rows) -> int:
    """Fill ``rows`` (room for as many as there are flags) and ``content`` (room for all octets)
    with everything between two flags of ``octets``; how many rows that were."""
    size = len(octets)
    start: Int = 0
    while start < size and octets[start] != FLAG:
        start += 1
    start += 1
    found = 0
    filled: Int = 0
    while start < size:
        end, stop = _unescape(octets, start, content, filled)
        if end == size:
            break
        if end > start:
            row = rows[found]
            row.start, row.end = start, end
            row.plain = stop >= 0 and _read(content, filled, stop, rows, found)
            if row.plain:
                filled = stop
            else:
                _clear(rows, found)
            found += 1
        start = end + 1
    return found
