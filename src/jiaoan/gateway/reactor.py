"""The sockets of all TCP terminals, read, decoded and answered in batches.

Theory of operation
-------------------
*A turn.* All links' sockets stand in one epoll of our own. When something came, a compiled pass
reads every ready socket once and decodes what it gave while that is still in the core's cache.
Nearly all that terminals send are plain 0x0200 reports of a link that is live; octets that are
nothing else go the *fast way*: rows for the bus, by partition, without a Python object for a frame.
Everything else goes, whole, the way that is written in Python (:class:`~.connection.Connection`,
:class:`~.session.Session`): other messages, log-ins, bad or tolerated frames, GCJ-02, a terminal
that says another phone, all while somebody looks on. So the fast way decides nothing that is not
plain, and the tests hold both ways together octet by octet.

*Rhythm.* After a turn the sockets rest for :data:`GATHER_S`, so that a busy gateway takes many
links in one turn; an idle one is woken by the first octet. A turn is bounded by its octets.

*Answers.* When the bus has stored a block, a compiled pass builds its 0x8001 and sends those of
one link together. A socket that does not take them all leaves the rest to its connection, which
keeps the order, and cuts a link that does not read.

*Without numba* (or epoll) every link is read by the event loop, and all goes the slow way.
"""

from __future__ import annotations

import asyncio
import os
import select
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from jiaoan.gateway.flood import Doors, Tally
from jiaoan.gateway.lanes import Lanes, Rows
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.publisher import Publisher
from jiaoan.kernel.clock import Clock
from jiaoan.wire.jt808.jitted import LETTERS

if TYPE_CHECKING:
    from jiaoan.gateway.connection import Connection
    from jiaoan.gateway.tap import Taps

GATHER_S: Final = 0.005
TURN: Final = 256 * 1024
"""Octets after which a turn ends, so that everybody else has theirs."""
SLAB: Final = 128 * 1024
"""Room for octets that wait for the slow way."""
_MOST_SPANS: Final = 1024
_SETTLE: Final = 256
"""So many frames of an address are told to the doors at once; fewer with the sweep."""
OWED, SLOW, CLOSED, ODD = range(4)

EVENT: Final = np.dtype(
    {
        "names": ["events", "number"],
        "formats": ["<u4", "<i4"],
        # The kernel's struct is packed on this processor and on no other.
        "offsets": [0, 4 if os.uname().machine == "x86_64" else 8],
        "itemsize": 12 if os.uname().machine == "x86_64" else 16,
    }
)
SPAN: Final = np.dtype(
    [
        ("number", "<i8"),
        ("start", "<i8"),  # in the slab
        ("end", "<i8"),
        ("way", "u1"),  # what is to be done
    ],
    align=True,
)
"""What one socket gave, where Python has to look at it."""


class House(Protocol):
    """What the reading of sockets needs of the gateway."""

    limits: Limits
    metrics: Metrics
    lanes: Lanes
    doors: Doors
    taps: Taps
    publisher: Publisher
    clock: Clock

    def relieve(self) -> None: ...
    def keep_to_the_day(self) -> None:
        """Look whether a new day has changed who may be here."""


class Reader(Protocol):
    """Reads the sockets of connections and hands them what came."""

    def watch(self, connection: Connection) -> None: ...
    def rest(self, connection: Connection) -> None:
        """Do not read this one until it is watched again."""

    def forget(self, connection: Connection) -> None: ...
    def pause(self) -> None:
        """Read nothing until :meth:`resume`."""

    def resume(self) -> None: ...
    def settle(self) -> None:
        """Tell the doors of the frames that were only counted."""

    def close(self) -> None: ...


def reader(house: House) -> Reader:
    """The compiled one where it can be had."""
    if os.environ.get("JIAOAN_NUMBA", "1") == "0" or not hasattr(select, "epoll"):
        return PlainReader(house)
    try:
        from jiaoan.gateway import reactor_kernels
    except ImportError:  # numba is not installed, or its LLVM does not run here
        return PlainReader(house)
    return Reactor(house, reactor_kernels)


class PlainReader:
    """Each socket by the event loop."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._loop = asyncio.get_running_loop()
        self._watched: set[Connection] = set()
        self._paused = False

    def watch(self, connection: Connection) -> None:
        self._watched.add(connection)
        if not self._paused:
            self._loop.add_reader(connection.number, self._read, connection)

    def rest(self, connection: Connection) -> None:
        self._watched.discard(connection)
        self._loop.remove_reader(connection.number)

    forget = rest

    def pause(self) -> None:
        self._paused = True
        for one in self._watched:
            self._loop.remove_reader(one.number)

    def resume(self) -> None:
        self._paused = False
        for one in tuple(self._watched):
            self.watch(one)

    def settle(self) -> None:
        """Each frame is told at once."""

    def close(self) -> None:
        self.pause()
        self._watched.clear()

    def _read(self, connection: Connection) -> None:
        connection.read()
        self._house.relieve()


class Reactor:
    """One epoll, one slab, and the compiled passes over them."""

    def __init__(self, house: House, kernels: Any) -> None:
        self._house, self._kernels = house, kernels
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._watched: set[int] = set()
        self._tally = Tally()
        self._paused = False
        self._next: asyncio.TimerHandle | None = None
        self._events = np.zeros(_MOST_SPANS, EVENT)
        self._spans = np.zeros(_MOST_SPANS, SPAN)
        self._slab = np.zeros(SLAB, np.uint8)
        self._content = np.zeros(kernels.ROOM + kernels.WORD, np.uint8)
        self._rows = np.zeros(kernels.ROOM // 2, LETTERS)
        self._told = np.zeros(4, np.int64)
        self._most = _MOST_SPANS
        self._room_for_answers(_MOST_SPANS)
        self._loop.add_reader(self._epoll.fileno(), self._woken)
        house.publisher.stored = self.stored

    def watch(self, connection: Connection) -> None:
        if connection.number not in self._connections:
            self._connections[connection.number] = connection
            connection.row["door"] = self._tally.enter(connection.address)
        if connection.number not in self._watched:
            self._watched.add(connection.number)
            self._epoll.register(connection.number, select.EPOLLIN)

    def rest(self, connection: Connection) -> None:
        if connection.number in self._watched:
            self._watched.discard(connection.number)
            self._epoll.unregister(connection.number)

    def forget(self, connection: Connection) -> None:
        self.rest(connection)
        if self._connections.pop(connection.number, None):
            self._tally.leave(connection.address)

    def pause(self) -> None:
        self._paused = True
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
        if self._next:
            self._next.cancel()
            self._next = None

    def resume(self) -> None:
        self._paused = False
        self._loop.add_reader(self._epoll.fileno(), self._woken)

    def close(self) -> None:
        if not self._epoll.closed:
            self.pause()
            self._connections.clear()
            self._epoll.close()

    def _woken(self) -> None:
        self._loop.remove_reader(self._epoll.fileno())
        self._turn()

    def _turn(self) -> None:
        self._next = None
        asked = self._most
        count = self._kernels.ready(self._epoll.fileno(), self._events, asked)
        more = not self._read(count) or count == asked
        if self._paused:
            return
        if more:
            self._next = self._loop.call_later(0, self._turn)
        elif count:
            self._next = self._loop.call_later(GATHER_S, self._turn)
        else:
            self._loop.add_reader(self._epoll.fileno(), self._woken)

    def _read(self, count: int) -> bool:
        """Read so many ready sockets; False where a turn's octets did not suffice for all.

        A socket that is ready and not read costs the system a look: the next turn asks for as many
        as fill it, if they give what these gave.
        """
        if not count:
            return True
        house = self._house
        house.keep_to_the_day()
        now, received_ms = self._loop.time(), int(house.clock.now().timestamp() * 1000)
        first = octets = reports = most = 0
        while first < count and octets < TURN and not self._paused:
            first = self._receive(first, count, now, received_ms)
            found, got, laid, counted = self._told.tolist()
            octets, reports, most = octets + got, reports + laid, max(most, counted)
            house.publisher.gathered()
            if found:
                self._look_at(self._spans[:found], now)
        self._most = min(_MOST_SPANS, 1 + first * TURN // max(1, octets))
        self._count(octets, reports)
        if most >= _SETTLE:
            self._tell_doors(_SETTLE, now)
        house.relieve()
        return first == count

    def _receive(self, first: int, count: int, now: float, received_ms: int) -> int:
        house, limits, trays = self._house, self._house.limits, self._house.publisher.trays
        next_: int = self._kernels.receive(
            self._events, first, count, not house.taps.wanted, house.lanes.rows,
            self._slab, self._spans, self._content, self._rows, self._told, self._tally.counts,
            now, limits.frames_per_s, float(limits.frames_burst), received_ms,
            trays.most_reports, trays.most_octets, trays.reports, trays.weights,
            trays.positions, trays.lengths, trays.octets, trays.asks,
        )  # fmt: skip
        return next_

    def _look_at(self, spans: Rows, now: float) -> None:
        """What was not plain, and the links that sent too much."""
        for number, start, end, way in spans:
            # Handling one link may have ended another (a take-over).
            connection = self._connections.get(int(number))
            if connection is None:
                continue
            if way == OWED:
                owed = -float(connection.row["left"])
                connection.hold(owed / self._house.limits.frames_per_s)
            elif way == SLOW:
                connection.received(self._slab[start:end].tobytes(), now)
            else:
                connection.read()

    def _count(self, octets: int, reports: int) -> None:
        metrics, publisher = self._house.metrics, self._house.publisher
        metrics.octets += octets
        if reports:
            metrics.frames += reports
            metrics.positions += reports
            metrics.messages["0x0200"] += reports
            publisher.turn_over()
            publisher.depth += reports

    def settle(self) -> None:
        self._tell_doors(1, self._loop.time())

    def _tell_doors(self, least: int, now: float) -> None:
        """An address that sent more than it may is read again, on all its links, when it may."""
        doors = self._house.doors
        for address, count in self._tally.take(least):
            if not doors.frames(address, count, now):
                for one in tuple(self._connections.values()):
                    if one.address == address:
                        one.hold(doors.owed_s(address))

    def stored(self, asks: Rows) -> None:
        """The bus has these reports on disk: only now the terminals may forget them."""
        if len(asks) > len(self._left):
            self._room_for_answers(len(asks))
        left, made = self._kernels.answer(self._house.lanes.rows, asks, self._out, self._left)
        self._house.metrics.acked += made
        self._house.metrics.answers["ok"] += made
        for number, start, end, *_ in self._left[:left]:
            self._connections[int(number)].queue(self._out[start:end].tobytes())

    def _room_for_answers(self, asks: int) -> None:
        self._left = np.zeros(asks, SPAN)
        self._out = np.zeros(asks * self._kernels.ANSWER_ROOM, np.uint8)
