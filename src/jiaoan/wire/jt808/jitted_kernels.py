"""The compiled pass of :mod:`jiaoan.wire.jt808.jitted`, which tells what it is for.

One look at each octet: it is unescaped, added to the checksum and laid down until the next flag;
then the header and the 28 octets are read at their places. Importing this module compiles, or
loads from numba's cache on disk; each function has one signature. The octets given are read-only.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numba import boolean, from_dtype, int64, njit, types, uint8, uint64, void

from jiaoan.wire.jt808.framing import FLAG
from jiaoan.wire.jt808.header import MAX_BODY
from jiaoan.wire.jt808.jitted import LETTERS, PHONE, Octets, Rows
from jiaoan.wire.jt808.location import SHIFTED, SOUTH, WEST
from jiaoan.wire.jt808.positions import NO_MILEAGE
from jiaoan.wire.words import (
    WORD,
    Int,
    before,
    first,
    folded,
    matches,
    octet_at,
    put_octet,
    put_word,
    repeated,
    rest_at,
    u16_at,
    u32_at,
    word_at,
)

Row: TypeAlias = Any
"""One row by name, as compiled code sees it."""
_U = np.uint64  # an address; with a signed number numba would make it a fraction

_ESCAPE, _ESCAPED_ESCAPE, _ESCAPED_FLAG = 0x7D, 0x01, 0x02
_FLAGS, _ESCAPES = repeated(FLAG), repeated(_ESCAPE)
_LOCATION = 0x0200
# Of the attributes of the header: reserved bit 15, package information, encryption; none is plain.
_ODD, _BIT_14 = 0xBC00, 0x4000
# Places in the header and in the body (table 23); what differs in 2019 is said where it is read.
_ID, _ATTRIBUTES, _PROTOCOL = _U(0), _U(2), _U(4)
_ALARM, _STATUS, _LATITUDE, _LONGITUDE, _ALTITUDE, _SPEED, _DIRECTION, _TIME = map(
    _U, (0, 4, 8, 12, 16, 18, 20, 22)
)
_BASE = 28
_MILEAGE = 0x01
_POLE, _DATE_LINE = 90_000_000, 180_000_000
_DAYS_TO_2000 = 10_957  # from 1970
_DAY_MS, _AHEAD_MS = 86_400_000, 28_800_000

_ROW = from_dtype(LETTERS)
_IN = types.Array(uint8, 1, "C", readonly=True)
_OUT = types.Array(uint8, 1, "C")
_ROWS = types.Array(_ROW, 1, "C")
_PLACED = types.UniTuple(uint64, 2)(uint64, uint64, uint64)  # type: ignore[no-untyped-call]


@njit(int64(uint64), cache=True, nogil=True, forceinline=True)
def _bcd(at: Int) -> Int:
    """Two digits of BCD; 100, too much for every part of a time, where one is no digit."""
    octet = octet_at(at)
    high, low = octet >> 4, octet & 15
    return high * 10 + low if high < 10 and low < 10 else 100


@njit(int64(int64, int64), cache=True, nogil=True, forceinline=True)
def _days_of(year: Int, month: Int) -> Int:
    """Days of a month of 2000 to 2099, where every fourth year is a leap year."""
    if month == 2:
        return 29 if year & 3 == 0 else 28
    return 30 + ((month + (month >> 3)) & 1)


@njit(int64(uint64), cache=True, nogil=True, forceinline=True)
def _time_ms(at: Int) -> Int:
    """BCD[6] at GMT+8 as UTC milliseconds, or -1; the same rules as ``fields.time_ms``."""
    year, month, day = _bcd(at), _bcd(at + _U(1)), _bcd(at + _U(2))
    hour, minute, second = _bcd(at + _U(3)), _bcd(at + _U(4)), _bcd(at + _U(5))
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


@njit(int64(uint64, uint64), cache=True, nogil=True, forceinline=True)
def _mileage_of(at: Int, end: Int) -> Int:
    """The first 0x01 item of four octets; the same walk as ``positions._mileage``."""
    while at + _U(2) <= end:
        length = octet_at(at + _U(1))
        if octet_at(at) == _MILEAGE and length == 4 and at + _U(6) <= end:
            return u32_at(at + _U(2))
        at += _U(2) + _U(length)
    return NO_MILEAGE


@njit(void(uint64, uint64, _ROW), cache=True, nogil=True, forceinline=True)
def _phone(at: Int, end: Int, row: Row) -> None:
    """Digits (hexadecimal ones too) without leading zeros; 0x00 behind."""
    letters = row.terminal
    filled = 0
    while at < end:
        octet = octet_at(at)
        high, low = octet >> 4, octet & 15
        if high or filled:
            letters[_U(filled)] = high + 48 + 39 * (high > 9)
            filled += 1
        if low or filled:
            letters[_U(filled)] = low + 48 + 39 * (low > 9)
            filled += 1
        at += _U(1)
    for place in range(filled, PHONE):
        letters[_U(place)] = 0


@njit(boolean(uint64, uint64, _ROW), cache=True, nogil=True, forceinline=True)
def _read(at: Int, end: Int, row: Row) -> bool:
    """Header, body and checksum octet at ``at:end`` into ``row``; whether they are plain."""
    if end < at + _U(12 + _BASE + 1) or u16_at(at + _ID) != _LOCATION:
        return False
    attributes = u16_at(at + _ATTRIBUTES)
    new = (attributes & _BIT_14) != 0
    phone = at + _U(5 if new else 4)
    body = at + _U(17 if new else 12)
    body_end = end - _U(1)
    length = np.int64(body_end) - np.int64(body)
    if attributes & _ODD or length != attributes & MAX_BODY or length < _BASE:
        return False
    lat, lon = u32_at(body + _LATITUDE), u32_at(body + _LONGITUDE)
    if lat > _POLE or lon > _DATE_LINE:
        return False
    status = u32_at(body + _STATUS)
    row.body, row.body_end = body - at, body_end - at
    row.time_ms = _time_ms(body + _TIME)
    row.raw_lat = -lat if status & SOUTH else lat
    row.raw_lon = -lon if status & WEST else lon
    row.alarm, row.status = u32_at(body + _ALARM), status
    row.mileage = _mileage_of(body + _U(_BASE), body_end)
    row.speed = u16_at(body + _SPEED)
    row.direction = u16_at(body + _DIRECTION)
    row.altitude = np.int16(u16_at(body + _ALTITUDE))
    row.serial = u16_at(body - _U(2))
    row.datum = 1 if status & SHIFTED else 0
    row.source = 0
    row.version = 1 if new else 0
    row.protocol = octet_at(at + _PROTOCOL) if new else 1
    _phone(phone, body - _U(2), row)
    return True


@njit(void(_ROW), cache=True, nogil=True)
def _clear(row: Row) -> None:
    row.body, row.body_end, row.time_ms = 0, 0, 0
    row.raw_lat, row.raw_lon, row.alarm, row.status, row.mileage = 0, 0, 0, 0, 0
    row.speed, row.direction, row.altitude, row.serial = 0, 0, 0, 0
    row.datum, row.source, row.version, row.protocol = 0, 0, 0, 0
    for place in range(PHONE):
        row.terminal[place] = 0


@njit(_PLACED, cache=True, nogil=True, forceinline=True)
def unescape(at: Int, end: Int, to: Int) -> tuple[Int, Int]:
    """Lay down at ``to`` what stands before the next flag, escapes undone, a word at a time.

    The flag's address, or one from ``end`` on without one; and the address where what was laid
    ends, or 0 where an escape or the checksum is wrong. Up to 8 octets behind it are overwritten.
    """
    left: Int = _U(0)
    sound = True
    while at < end:
        word = word_at(at) if at + _U(WORD) <= end else rest_at(at, end)
        put_word(to, word)
        found = matches(word, _FLAGS) | matches(word, _ESCAPES)
        if not found:
            left ^= word
            at += _U(WORD)
            to += _U(WORD)
            continue
        count = first(found)
        left ^= before(word, count)
        at += count
        to += count
        if octet_at(at) == FLAG:
            return at, to if sound and folded(left) == 0 else _U(0)
        at += _U(1)
        # What ends here has lost its last octet: no escape either way.
        following = octet_at(at) if at < end else 0
        octet = _U(FLAG if following == _ESCAPED_FLAG else _ESCAPE)
        if following in (_ESCAPED_FLAG, _ESCAPED_ESCAPE):
            at += _U(1)
        else:
            sound = False
        left ^= octet
        put_octet(to, octet)
        to += _U(1)
    return at, _U(0)


@njit(uint64(uint64, uint64, uint64), cache=True, nogil=True, forceinline=True)
def frame(at: Int, end: Int, to: Int) -> Int:
    """Lay down at ``to`` the frame of the header and body at ``at:end``; where it ends.

    Up to 8 octets behind ``end`` are overwritten (the first is the checksum), and behind the frame.
    """
    left: Int = _U(0)
    for word in range(at, end, WORD):
        left ^= word_at(word) if word + _U(WORD) <= end else rest_at(word, end)
    put_octet(end, folded(left))
    end += _U(1)
    put_octet(to, FLAG)
    to += _U(1)
    while at < end:
        word = word_at(at)
        put_word(to, word)
        found = matches(word, _FLAGS) | matches(word, _ESCAPES)
        count = min(first(found) if found else _U(WORD), end - at)
        at += count
        to += count
        if found and at < end:
            put_octet(to, _ESCAPE)
            put_octet(to + _U(1), octet_at(at) - 0x7C)
            at += _U(1)
            to += _U(2)
    put_octet(to, FLAG)
    return to + _U(1)


@njit(int64(uint64, uint64, uint64, _ROWS), cache=True, nogil=True, forceinline=True)
def read_all(base: Int, end: Int, content: Int, rows: Rows) -> Int:
    """:func:`decode` of the octets at ``base:end``, with ``content`` at an address too."""
    start, to = base, content
    while start < end and octet_at(start) != FLAG:
        start += _U(1)
    start += _U(1)
    found = 0
    while start < end:
        flag, stop = unescape(start, end, to)
        if flag >= end:
            break
        if flag > start:
            row = rows[_U(found)]
            row.plain = stop > 0 and _read(to, stop, row)
            if row.plain:
                row.body += np.int64(to - content)
                row.body_end += np.int64(to - content)
                to = stop
            else:
                _clear(row)
            row.start, row.end = np.int64(start - base), np.int64(flag - base)
            found += 1
        start = flag + _U(1)
    return found


@njit(int64(_IN, _OUT, _ROWS), cache=True, nogil=True)
def decode(octets: Octets, content: Octets, rows: Rows) -> Int:
    """Fill ``rows`` (room for half as many as there are octets) and ``content`` (room for all of
    them and a word) with everything between two flags of ``octets``; how many rows that were."""
    base = _U(octets.ctypes.data)
    return read_all(base, base + _U(len(octets)), _U(content.ctypes.data), rows)
