"""The compiled part of :mod:`jiaoan.gateway.reactor`, which tells what it is for.

libc's ``epoll_wait``, ``recv`` and ``send`` are called as external symbols. Their errors are not
looked at here: whatever is not plain success is handed to Python, which asks the socket again and
gets the system's own words. Importing this module compiles, or loads from numba's cache on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import boolean, float64, from_dtype, int64, njit, types, uint8, uint32

from jiaoan.gateway.lanes import ASK, LANE, PARTIAL, Rows
from jiaoan.gateway.reactor import CLOSED, EVENT, FAST, ODD, SLOW, SPAN
from jiaoan.gateway.trays import LETTERED
from jiaoan.stores.positions import PARTITIONS
from jiaoan.wire.jt808.framing import FLAG
from jiaoan.wire.jt808.jitted import LETTERS, PHONE, Octets
from jiaoan.wire.jt808.jitted_kernels import Int, decode

Ints: TypeAlias = npt.NDArray[np.int64]
Lengths: TypeAlias = npt.NDArray[np.uint32]

_U = np.uint64
"""An unsigned place costs no look at whether it counts from the end."""
READ = 16 * 1024
"""Octets taken from one socket in one turn."""
ANSWER_ROOM = 64
"""No 0x8001 is longer, however many of its octets are escaped."""
_PLATFORM_ANSWER, _LOCATION, _OK = 0x8001, 0x0200, 0
_BIT_14 = 0x4000
_NO_SIGNAL = 0x4000
_GCJ02 = 1

# Addresses travel as numbers: a pointer and size_t are one word.
Call: TypeAlias = Callable[..., int]
_epoll_wait: Call = types.ExternalFunction(
    "epoll_wait", types.intc(types.intc, types.uintp, types.intc, types.intc)
)
_SHAPE = types.intp(types.intc, types.uintp, types.uintp, types.intc)
_recv: Call = types.ExternalFunction("recv", _SHAPE)
_send: Call = types.ExternalFunction("send", _SHAPE)

_OCTETS = types.Array(uint8, 1, "C")
_INTS = types.Array(int64, 1, "C")


def _table(dtype: np.dtype[np.void]) -> types.Array:
    return types.Array(from_dtype(dtype), 1, "C")


_LANES, _SPANS, _ROWS, _ASKS = _table(LANE), _table(SPAN), _table(LETTERS), _table(ASK)


_TRAYS = types.Array(from_dtype(LETTERED), 2, "C")


@njit(int64(int64, _table(EVENT), _LANES, _OCTETS, _SPANS, float64), cache=True, nogil=True)
def receive(epoll: int, events: Rows, lanes: Rows, slab: Octets, spans: Rows, now: float) -> int:
    """Read every socket that has something, once, into ``slab``; how many ``spans`` that gave.

    What a link's lane still held of an unfinished frame stands before what came now.
    """
    ready = _epoll_wait(np.int32(epoll), events.ctypes.data, np.int32(len(events)), np.int32(0))
    filled: Int = 0
    found = 0
    for n in range(ready):
        if filled + PARTIAL + READ > len(slab) or found == len(spans):
            break  # the rest is still ready in the next turn
        number = np.int64(events[n].number)
        lane = lanes[number]
        start = filled
        kept = np.int64(lane.partial_size)
        for place in range(kept):
            slab[filled + place] = lane.partial[place]
        got = _recv(np.int32(number), slab.ctypes.data + filled + kept, READ, np.int32(0))
        span = spans[found]
        span.number, span.start = number, start
        span.got = got
        if got > 0:
            lane.heard = now
            lane.partial_size = 0
            filled += kept + got
            span.way = SLOW
        else:
            span.way = CLOSED if got == 0 else ODD
        span.end = filled
        found += 1
    return found


@njit(int64(_OCTETS, int64, int64), cache=True, nogil=True)
def _flags(octets: Octets, start: int, end: int) -> int:
    count = 0
    for place in range(start, end):
        count += octets[_U(place)] == FLAG
    return count


@njit(boolean(_LANES, int64, _ROWS, int64, int64), cache=True, nogil=True)
def _is_its_own(lanes: Rows, number: int, rows: Rows, first: int, stop: int) -> bool:
    """All plain WGS-84 reports of the terminal that is live on this link."""
    terminal = lanes[number].terminal
    for n in range(first, stop):
        row = rows[n]
        if not row.plain or row.datum == _GCJ02:
            return False
        for place in range(PHONE):
            if row.terminal[place] != terminal[place]:
                return False
    return True


@njit(boolean(_LANES, int64, _OCTETS, int64, int64), cache=True, nogil=True)
def _keep_rest(lanes: Rows, number: int, slab: Octets, start: int, end: int) -> bool:
    """Keep what stands behind the last whole frame, with its opening flag, for the next turn."""
    last = end - 1
    while slab[last] != FLAG:
        last -= 1
    size = end - last
    if size > PARTIAL:
        return False
    lane = lanes[number]
    lane.partial_size = 0
    if size > 1:
        for place in range(size):
            lane.partial[place] = slab[last + place]
        lane.partial_size = size
    return True


@njit(
    int64(_LANES, _OCTETS, _SPANS, int64, _OCTETS, _ROWS, _INTS, _INTS, float64, float64, float64),
    cache=True,
    nogil=True,
)
def sort(
    lanes: Rows,
    slab: Octets,
    spans: Rows,
    count: int,
    content: Octets,
    rows: Rows,
    owners: Ints,
    tally: Ints,
    now: float,
    rate: float,
    burst: float,
) -> int:
    """Say which spans are wholly plain reports of their live terminal (``FAST``); how many reports.

    Those are decoded to ``rows`` with the number of their link in ``owners``; their frames are
    taken from the link's bucket, ``span.owed`` tells who has to wait, and ``tally`` counts them for
    their address.
    """
    filled = 0
    for n in range(count):
        span = spans[n]
        span.owed = False
        number = span.number
        lane = lanes[number]
        start, end = span.start, span.end
        if span.way != SLOW or not lane.fast or slab[start] != FLAG:
            continue
        if filled + _flags(slab, start, end) > len(rows):
            continue
        found = decode(slab[start:end], content[start:end], rows[filled:])
        if not _is_its_own(lanes, number, rows, filled, filled + found):
            continue
        if not _keep_rest(lanes, number, slab, start, end):
            continue
        for at in range(filled, filled + found):
            owners[at] = number
            rows[at].body += start
            rows[at].body_end += start
        filled += found
        lane.left = min(burst, lane.left + (now - lane.filled_at) * rate) - found
        lane.filled_at = now
        tally[lane.door] += found
        span.owed = lane.left < 0
        span.way = FAST
    return filled


@njit(
    int64(
        _LANES, _ROWS, _INTS, int64, int64, _OCTETS, int64,
        _INTS, _INTS, int64, _TRAYS, types.Array(uint32, 2, "C"), types.Array(uint8, 2, "C"),
        types.Array(from_dtype(ASK), 2, "C"),
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def lay(
    lanes: Rows,
    rows: Rows,
    owners: Ints,
    first: int,
    count: int,
    content: Octets,
    received_ms: int,
    reports: Ints,
    weights: Ints,
    most_octets: int,
    positions: Rows,
    lengths: Lengths,
    octets: Octets,
    asks: Rows,
) -> int:
    """Lay the reports from ``first`` on down on their partitions' trays, in their order.

    The first one that found its tray full, or ``count``.
    """
    for n in range(first, count):
        row, number = rows[n], owners[n]
        lane = lanes[number]
        tray = lane.vehicle % PARTITIONS
        at, to = reports[tray], weights[tray]
        if at == positions.shape[1] or to >= most_octets:
            return n
        one, ask = positions[tray, at], asks[tray, at]
        one.vehicle = lane.vehicle
        for place in range(PHONE):
            one.terminal[place] = row.terminal[place]
        one.time_ms, one.received_ms = row.time_ms, received_ms
        one.lat, one.lon = row.raw_lat, row.raw_lon
        one.raw_lat, one.raw_lon = row.raw_lat, row.raw_lon
        one.datum, one.speed, one.direction = row.datum, row.speed, row.direction
        one.altitude, one.alarm, one.status = row.altitude, row.alarm, row.status
        one.mileage, one.source = row.mileage, row.source
        one.version, one.serial = row.version, row.serial
        ask.lane, ask.generation = number, lane.generation
        ask.version, ask.protocol, ask.serial = row.version, row.protocol, row.serial
        size = row.body_end - row.body
        target, source = octets[tray], _U(row.body)
        for place in range(size):
            target[_U(to) + _U(place)] = content[source + _U(place)]
        lengths[tray, at] = size
        reports[tray] += 1
        weights[tray] += size
    return count


@njit(int64(_OCTETS, int64, int64), cache=True, nogil=True)
def _put16(out: Octets, at: Int, value: Int) -> Int:
    out[at] = (value >> 8) & 0xFF
    out[at + 1] = value & 0xFF
    return at + 2


@njit(int64(uint8), cache=True, nogil=True)
def _digit(letter: Int) -> Int:
    return np.int64(letter) - (48 if letter < 58 else 87)


@njit(int64(_LANES, int64, int64, _OCTETS, int64), cache=True, nogil=True)
def _put_phone(lanes: Rows, number: Int, width: int, out: Octets, at: Int) -> Int:
    """The phone as ``width`` octets of BCD, with zeros before it."""
    letters = lanes[number].terminal
    digits = 0
    while digits < PHONE and letters[digits] != 0:
        digits += 1
    place = digits - 2 * width
    for n in range(width):
        high = _digit(letters[place]) if place >= 0 else 0
        low = _digit(letters[place + 1]) if place + 1 >= 0 else 0
        out[at + n] = high << 4 | low
        place += 2
    return at + width


@njit(int64(_OCTETS, int64, _OCTETS, int64), cache=True, nogil=True)
def _frame(content: Octets, size: Int, out: Octets, at: Int) -> Int:
    """Checksum, escapes and flags around ``content``; where the frame ends in ``out``."""
    left = np.uint8(0)
    for n in range(size):
        left ^= content[n]
    content[size] = left
    to = _U(at)
    out[to] = FLAG
    to += _U(1)
    for n in range(size + 1):
        octet = content[n]
        if octet == 0x7D or octet == FLAG:
            out[to] = 0x7D
            to += _U(1)
            octet = np.uint8(octet - 0x7C)
        out[to] = octet
        to += _U(1)
    out[to] = FLAG
    return np.int64(to) + 1


@njit(int64(_LANES, _ASKS, int64, _OCTETS, _OCTETS, int64), cache=True, nogil=True)
def _answer(lanes: Rows, asks: Rows, n: int, content: Octets, out: Octets, at: Int) -> Int:
    """The 0x8001 "ok" for one stored report; where it ends in ``out``."""
    ask = asks[n]
    number = np.int64(ask.lane)
    lane = lanes[number]
    new = ask.version == 1
    size = _put16(content, 0, _PLATFORM_ANSWER)
    size = _put16(content, size, 5 | (_BIT_14 if new else 0))
    if new:
        content[size] = ask.protocol
        size += 1
    size = _put_phone(lanes, number, 10 if new else 6, content, size)
    size = _put16(content, size, np.int64(lane.serial))
    lane.serial = (lane.serial + 1) & 0xFFFF
    size = _put16(content, size, np.int64(ask.serial))
    size = _put16(content, size, _LOCATION)
    content[size] = _OK
    return _frame(content, size + 1, out, at)


@njit(int64(_LANES, _ASKS, _OCTETS, _SPANS, _INTS), cache=True, nogil=True)
def answer(lanes: Rows, asks: Rows, out: Octets, left: Rows, counts: Ints) -> int:
    """Answer stored reports, those of one link that follow each other in one send.

    How many ``left``: octets of ``out`` that a socket did not take, for Python to send. ``counts``
    has one element, the answers made. Links that ended meanwhile are told nothing.
    """
    content = np.empty(ANSWER_ROOM, np.uint8)
    at: Int = 0
    remaining = 0
    made = 0
    n = 0
    while n < len(asks):
        number = np.int64(asks[n].lane)
        generation = asks[n].generation
        lane = lanes[number]
        there = lane.generation == generation
        start = at
        while n < len(asks) and asks[n].lane == number and asks[n].generation == generation:
            if there:
                at = _answer(lanes, asks, n, content, out, at)
                made += 1
            n += 1
        if not there:
            continue
        sent = 0
        if not lane.queued:
            address = out.ctypes.data + start
            sent = max(0, _send(np.int32(number), address, at - start, np.int32(_NO_SIGNAL)))
        if sent < at - start:
            span = left[remaining]
            span.number, span.start, span.end = number, start + sent, at
            remaining += 1
            lane.queued = True  # what comes behind on this link waits too
    counts[0] = made
    return remaining
