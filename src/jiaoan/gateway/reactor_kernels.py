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
from numba import boolean, float64, from_dtype, int64, njit, types, uint8, uint32, uint64, void

from jiaoan.gateway.lanes import ASK, LANE, PARTIAL, Rows
from jiaoan.gateway.reactor import CLOSED, EVENT, ODD, OWED, SLOW, SPAN
from jiaoan.gateway.trays import LETTERED, ROOM
from jiaoan.stores.positions import PARTITIONS
from jiaoan.wire.jt808.framing import FLAG
from jiaoan.wire.jt808.jitted import LETTERS, PHONE, Octets
from jiaoan.wire.jt808.jitted_kernels import Row, frame, read_all
from jiaoan.wire.words import WORD, Int, copy, octet_at, put_octet, put_u16, word_at

Ints: TypeAlias = npt.NDArray[np.int64]
Lengths: TypeAlias = npt.NDArray[np.uint32]

_U = np.uint64
"""An unsigned place costs no look at whether it counts from the end."""
_READ = ROOM - PARTIAL
"""Octets taken from one socket in one turn."""
ANSWER_ROOM = 64
"""No 0x8001 is longer, however many of its octets are escaped, with a word behind it."""
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
_EVENTS = _table(EVENT)
_LANE, _ASK, _LETTERED = from_dtype(LANE), from_dtype(ASK), from_dtype(LETTERS)
_TRAYS, _ASKED = types.Array(from_dtype(LETTERED), 2, "C"), types.Array(_ASK, 2, "C")
_SIZES, _BODIES = types.Array(uint32, 2, "C"), types.Array(uint8, 2, "C")
_FOUND, _GOT, _REPORTS, _MOST = range(4)
_ANSWERED = types.UniTuple(int64, 2)(_LANES, _ASKS, _OCTETS, _SPANS)  # type: ignore[no-untyped-call]


@njit(int64(int64, _EVENTS, int64), cache=True, nogil=True)
def ready(epoll: int, events: Rows, most: int) -> Int:
    """How many sockets, of at most so many, have something: they stand in ``events``."""
    return _epoll_wait(np.int32(epoll), events.ctypes.data, np.int32(most), np.int32(0))


@njit(boolean(_LANE, _LETTERED), cache=True, nogil=True, forceinline=True)
def _is_its_own(lane: Row, row: Row) -> Int:
    """A plain WGS-84 report of the terminal that is live on this link."""
    if not row.plain or row.datum == _GCJ02:
        return False
    ours, its, rest = _U(lane.terminal.ctypes.data), _U(row.terminal.ctypes.data), _U(PHONE - WORD)
    return (
        word_at(ours) == word_at(its)
        and word_at(ours + _U(WORD)) == word_at(its + _U(WORD))
        and word_at(ours + rest) == word_at(its + rest)
    )


@njit(boolean(_LANE, uint64, uint64), cache=True, nogil=True, forceinline=True)
def _keep_rest(lane: Row, start: Int, end: Int) -> bool:
    """Keep what stands behind the last whole frame, with its opening flag, for the next turn."""
    last = end - _U(1)
    while octet_at(last) != FLAG:
        last -= _U(1)
    size = np.int64(end - last)
    if size > PARTIAL:
        return False
    lane.partial_size = 0
    if size > 1:
        for place in range(size):
            lane.partial[place] = octet_at(last + _U(place))
        lane.partial_size = size
    return True


@njit(int64(_LANE, _OCTETS, int64, int64, _OCTETS, _ROWS), cache=True, nogil=True, forceinline=True)
def _plain(lane: Row, slab: Octets, start: int, end: int, content: Octets, rows: Rows) -> int:
    """How many plain reports of its own a link sent, decoded to ``rows``; -1 if it sent anything
    else too. What is not a whole frame yet is kept."""
    base = _U(slab.ctypes.data)
    at, stop = base + _U(start), base + _U(end)
    if not lane.fast or octet_at(at) != FLAG:
        return -1
    found = read_all(at, stop, _U(content.ctypes.data), rows)
    for n in range(found):
        if not _is_its_own(lane, rows[_U(n)]):
            return -1
    return found if _keep_rest(lane, at, stop) else -1


@njit(
    void(_LANE, int64, _ROWS, int64, _OCTETS, int64, int64, _INTS, _INTS,
         _table(LETTERED), types.Array(uint32, 1, "C"), _OCTETS, _ASKS),
    cache=True,
    nogil=True,
    forceinline=True,
)  # fmt: skip
def _lay(
    lane: Row,
    number: Int,
    rows: Rows,
    count: int,
    content: Octets,
    received_ms: int,
    tray: Int,
    reports: Ints,
    weights: Ints,
    positions: Rows,
    lengths: Lengths,
    octets: Octets,
    asks: Rows,
) -> None:
    """Lay the reports of a link down on its partition's tray, in their order."""
    source, target = _U(content.ctypes.data), _U(octets.ctypes.data)
    for n in range(count):
        row = rows[_U(n)]
        at = reports[tray]
        one, ask = positions[_U(at)], asks[_U(at)]
        one.vehicle = lane.vehicle
        copy(_U(row.terminal.ctypes.data), _U(PHONE), _U(one.terminal.ctypes.data))
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
        copy(source + _U(row.body), _U(size), target + _U(weights[tray]))
        lengths[_U(at)] = size
        reports[tray] = at + 1
        weights[tray] += size


@njit(
    int64(
        _EVENTS, int64, int64, boolean, _LANES, _OCTETS, _SPANS, _OCTETS, _ROWS, _INTS, _INTS,
        float64, float64, float64, int64,
        int64, int64, _INTS, _INTS, _TRAYS, _SIZES, _BODIES, _ASKED,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def receive(
    events: Rows,
    first: int,
    count: int,
    fast: bool,
    lanes: Rows,
    slab: Octets,
    spans: Rows,
    content: Octets,
    rows: Rows,
    told: Ints,
    tally: Ints,
    now: float,
    rate: float,
    burst: float,
    received_ms: int,
    most_reports: int,
    most_octets: int,
    reports: Ints,
    weights: Ints,
    positions: Rows,
    lengths: Lengths,
    octets: Octets,
    asks: Rows,
) -> int:
    """Read the sockets of ``events[first:count]`` once each; the first of them that was not read.

    What is wholly plain reports of the link's live terminal is laid on its partition's tray, taken
    from the link's bucket and counted in ``tally`` for its address. Everything else that Python has
    to look at is a span: octets for the slow way, an end, an oddity, a link that has to wait. It
    ends early where a tray is full or the slab has no room. ``told``: spans, octets, reports, and
    the most that is counted for one address.

    What a link's lane still held of an unfinished frame stands before what came now.
    """
    filled = 0
    told[:] = 0
    for n in range(first, count):
        number = np.int64(events[_U(n)].number)
        lane = lanes[_U(number)]
        tray = np.int64(lane.vehicle % PARTITIONS)
        is_full = reports[tray] >= most_reports or weights[tray] >= most_octets
        if is_full or filled + ROOM > len(slab):
            return n
        kept = np.int64(lane.partial_size)
        for place in range(kept):
            slab[filled + place] = lane.partial[place]
        got = _recv(np.int32(number), slab.ctypes.data + filled + kept, _READ, np.int32(0))
        span = spans[_U(told[_FOUND])]
        span.number, span.start, span.end = number, filled, filled
        if got <= 0:
            span.way = CLOSED if got == 0 else ODD
            told[_FOUND] += 1
            continue
        told[_GOT] += got
        lane.heard = now
        lane.partial_size = 0
        span.way, span.end = SLOW, filled + kept + got
        found = _plain(lane, slab, filled, span.end, content, rows) if fast else -1
        if found < 0:
            filled = span.end
            told[_FOUND] += 1
            continue
        _lay(
            lane, number, rows, found, content, received_ms, tray, reports, weights,
            positions[tray], lengths[tray], octets[tray], asks[tray],
        )  # fmt: skip
        told[_REPORTS] += found
        tally[lane.door] += found
        told[_MOST] = max(told[_MOST], tally[lane.door])
        lane.left = min(burst, lane.left + (now - lane.filled_at) * rate) - found
        lane.filled_at = now
        if lane.left < 0:
            span.way = OWED
            told[_FOUND] += 1
    return count


@njit(int64(uint8), cache=True, nogil=True, forceinline=True)
def _digit(letter: Int) -> Int:
    return np.int64(letter) - (48 if letter < 58 else 87)


@njit(uint64(_LANE, int64, uint64), cache=True, nogil=True, forceinline=True)
def _put_phone(lane: Row, width: int, to: Int) -> Int:
    """The phone as ``width`` octets of BCD, with zeros before it."""
    letters = lane.terminal
    digits = 0
    while digits < PHONE and letters[digits] != 0:
        digits += 1
    place = digits - 2 * width
    for _ in range(width):
        high = _digit(letters[place]) if place >= 0 else 0
        low = _digit(letters[place + 1]) if place + 1 >= 0 else 0
        put_octet(to, high << 4 | low)
        place += 2
        to += _U(1)
    return to


@njit(uint64(_LANE, _ASK, uint64), cache=True, nogil=True, forceinline=True)
def _put_header(lane: Row, ask: Row, to: Int) -> Int:
    """The header of a 0x8001 in the form of the question, up to its serial; where that stands."""
    new = ask.version == 1
    put_u16(to, _PLATFORM_ANSWER)
    put_u16(to + _U(2), 5 | (_BIT_14 if new else 0))
    if new:
        put_octet(to + _U(4), ask.protocol)
    return _put_phone(lane, 10 if new else 6, to + _U(5 if new else 4))


@njit(uint64(_LANE, _ASK, uint64, uint64, uint64), cache=True, nogil=True, forceinline=True)
def _put_answer(lane: Row, ask: Row, start: Int, at: Int, to: Int) -> Int:
    """The 0x8001 "ok" for one stored report behind the header at ``start:at``; where it ends."""
    put_u16(at, lane.serial)
    lane.serial = (lane.serial + 1) & 0xFFFF
    put_u16(at + _U(2), ask.serial)
    put_u16(at + _U(4), _LOCATION)
    put_octet(at + _U(6), _OK)
    return frame(start, at + _U(7), to)


@njit(_ANSWERED, cache=True, nogil=True)
def answer(lanes: Rows, asks: Rows, out: Octets, left: Rows) -> tuple[int, int]:
    """Answer stored reports, those of one link that follow each other in one send.

    How many are ``left``: octets of ``out`` that a socket did not take, for Python to send; and how
    many answers were made. Links that ended meanwhile are told nothing.
    """
    content = np.empty(ANSWER_ROOM, np.uint8)
    header = _U(content.ctypes.data)
    base = _U(out.ctypes.data)
    at = base
    remaining = 0
    made = 0
    n = 0
    while n < len(asks):
        of = asks[_U(n)]
        number, generation = np.int64(of.lane), of.generation
        lane = lanes[_U(number)]
        there = lane.generation == generation
        start = at
        body = _put_header(lane, of, header) if there else header
        while n < len(asks):
            ask = asks[_U(n)]
            if ask.lane != number or ask.generation != generation:
                break
            n += 1
            if there:
                if ask.version != of.version or ask.protocol != of.protocol:
                    of = ask
                    body = _put_header(lane, of, header)
                at = _put_answer(lane, ask, header, body, at)
                made += 1
        if not there:
            continue
        size = np.int64(at - start)
        sent = 0
        if not lane.queued:
            sent = max(0, _send(np.int32(number), start, size, np.int32(_NO_SIGNAL)))
        if sent < size:
            span = left[remaining]
            span.number, span.end = number, np.int64(at - base)
            span.start = span.end - size + sent
            remaining += 1
            lane.queued = True  # what comes behind on this link waits too
    return remaining, made
