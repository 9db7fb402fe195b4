"""One TCP link: octets to its frames, answers to its socket; what is plain goes past it.

:mod:`jiaoan.gateway.reactor` reads the socket and takes plain reports of a live terminal itself;
everything else comes here, whole and in order.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from jiaoan.gateway.flood import Doors
from jiaoan.gateway.lanes import Lanes
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.links import Links
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.reactor import Reader
from jiaoan.gateway.session import Session, Surroundings
from jiaoan.gateway.states import LinkState
from jiaoan.gateway.tap import Taps
from jiaoan.wire.jt808 import BadFrame, Frame, FrameReader, Header

_READ = 16 * 1024


class House(Protocol):
    """What a link needs of the gateway."""

    limits: Limits
    metrics: Metrics
    around: Surroundings
    links: Links
    lanes: Lanes
    doors: Doors
    taps: Taps
    reader: Reader
    stopping: bool

    def relieve(self) -> None:
        """Stop reading sockets where the queues are full."""


class Connection:
    """A :class:`jiaoan.gateway.links.Link` over TCP; it owns ``its`` socket until its end."""

    def __init__(self, house: House, its: socket.socket, peer: tuple[str, int]) -> None:
        self._house, self._socket = house, its
        self.number = its.fileno()
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.time()
        self._frames = FrameReader()
        self._lane = house.lanes.open(self.number, self._opened)
        self._waiting = bytearray()
        self._closing_at: float | None = None
        self._refused_at: float | None = None
        self._held_until = 0.0
        self.address = peer[0]
        self.session = Session(house.around, self, f"{peer[0]}:{peer[1]}")
        self.session.local = its.getsockname()[0]
        house.links.add(self)
        house.reader.watch(self)

    @property
    def row(self) -> np.void:
        """What compiled code knows of this link."""
        return self._lane.row

    @property
    def heard(self) -> float:
        return float(self.row["heard"])

    @property
    def _open(self) -> bool:
        return self._closing_at is None

    def take_serials(self, count: int) -> int:
        return self._lane.take_serials(count)

    def read(self) -> None:
        """Read the socket once, and hear from the system what a batch could not tell."""
        try:
            octets = self._socket.recv(_READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            octets = b""
        if octets:
            now = self._loop.time()
            self.row["heard"] = now
            self._house.metrics.octets += len(octets)
            self.received(octets, now)
        else:
            self._ended()

    def received(self, octets: bytes, now: float) -> None:
        """What came, with what the lane held of a frame before it."""
        self._take(self._frames.receive(self._lane.take_partial() + octets), now)
        self._align()

    def _take(self, found: Sequence[Frame | BadFrame], now: float) -> None:
        if not found:
            return
        house = self._house
        house.metrics.count(found)
        if house.taps.wanted:
            house.taps.up(self.session, found)
        self.write(self.session.handle(found))
        if not self._open:
            return
        owed_s = house.lanes.take(self.number, len(found), now) / house.limits.frames_per_s
        if not house.doors.frames(self.address, len(found), now):
            owed_s = max(owed_s, house.doors.owed_s(self.address))
        if owed_s:
            self.hold(owed_s)

    def _align(self) -> None:
        """Whether plain reports may go the fast way from here on."""
        if not self._open:
            return
        live = self.session.state is LinkState.LIVE
        if live:
            self._refused_at = None
        self.row["settled"] = live and not self._held_until
        terminal = self.session.terminal
        if live and terminal and self._frames.idle:
            self._lane.admit(terminal.phone, terminal.vehicle_id)
        else:
            self.row["fast"] = False

    def recheck(self) -> None:
        self.session.recheck()
        self._align()

    def hold(self, owed_s: float) -> None:
        """More frames a second than this link or its address may send: it is read again later.

        What it sent is taken and what it sends further waits in its own buffers: nothing is lost.
        """
        if self._open:
            self._held_until = max(self._held_until, self._loop.time() + owed_s)
            self.row["settled"] = False
            self._house.metrics.held_back += 1
            self._house.reader.rest(self)

    def stored(self, headers: Sequence[Header]) -> None:
        """The bus has these reports on disk: only now the terminal may forget them."""
        self.write(self.session.acknowledge(headers))

    def write(self, octets: bytes) -> None:
        if octets and self._open:
            if self._house.taps.wanted:
                self._house.taps.down(self.session, octets)
            self.queue(octets)

    def queue(self, octets: bytes) -> None:
        """Send now what the socket takes, and the rest when it takes more."""
        if not self._open:
            return
        if self._waiting:
            self._waiting += octets
        else:
            sent = self._send(octets)
            if sent == len(octets):
                self.row["queued"] = False
                return
            self._waiting += octets[sent:]
            self.row["queued"] = True
            self._loop.add_writer(self.number, self._flush)
        if len(self._waiting) > self._house.limits.unread_octets:
            self._house.metrics.closed["does_not_read"] += 1
            self._lost()

    def _send(self, octets: bytes | bytearray) -> int:
        """How many octets the socket took. One that is broken ends when it is read."""
        try:
            return self._socket.send(octets)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            return len(octets)

    def _flush(self) -> None:
        del self._waiting[: self._send(self._waiting)]
        if self._waiting:
            return
        self._loop.remove_writer(self.number)
        self.row["queued"] = False
        if not self._open:
            self._lost()

    def resume(self) -> None:
        self.row["heard"] = self._loop.time()

    def close(self, reason: str) -> None:
        """Send what was written, then close."""
        if not self._open:
            return
        self._house.metrics.closed[reason] += 1
        self.session.end()
        self.row["fast"] = self.row["settled"] = False
        self._closing_at = self._loop.time()
        self._house.reader.rest(self)
        if not self._waiting:
            self._lost()

    def check(self, now: float) -> None:
        """Close the link where one of its times has run out; read on where a hold has."""
        limits, state = self._house.limits, self.session.state
        if self._closing_at is not None:
            if now - self._closing_at >= limits.grace_s:
                self._lost()  # it never took what was written last
            return
        if self._held_until and now >= self._held_until:
            self._held_until = 0.0
            self._align()
            self.resume()
            self._house.reader.watch(self)
        if state is LinkState.REFUSED:
            self._refused_at = now if self._refused_at is None else self._refused_at
            if now - self._refused_at >= limits.grace_s:
                self.close("refused")
                return
        else:
            self._refused_at = None
        # What could not be read while we did not listen is not the terminal's silence.
        if self._house.metrics.paused_now or self._house.stopping or self._held_until:
            return
        if state is LinkState.NEW and now - self._opened >= limits.login_s:
            self.close("no_login")
        elif now - self.heard >= limits.idle_s:
            self.close("idle")

    def _ended(self) -> None:
        """The terminal closed its end, or the network did: what waits is a cut frame."""
        now = self._loop.time()
        left = self._lane.take_partial()
        self._take([*(self._frames.receive(left) if left else ()), *self._frames.end()], now)
        if self._open:
            self._house.metrics.closed["by_terminal"] += 1
            self._lost()

    def _lost(self) -> None:
        """The end of the socket, once."""
        if self._socket.fileno() < 0:
            return
        self._closing_at = self._closing_at or self._loop.time()
        self.session.end()
        self._house.reader.forget(self)
        self._loop.remove_writer(self.number)
        self._lane.clear()
        self._socket.close()
        self._house.links.remove(self)
        self._house.doors.leave(self.address)
