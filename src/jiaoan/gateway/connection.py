"""One TCP link: octets to the reader, answers to the transport. Every received octet comes by."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from jiaoan.gateway.flood import Bucket, Doors
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.links import Links
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.session import Session, Surroundings
from jiaoan.gateway.states import LinkState
from jiaoan.gateway.tap import Taps
from jiaoan.wire.jt808 import BadFrame, Frame, FrameReader, Header


class House(Protocol):
    """What a link needs of the gateway."""

    limits: Limits
    metrics: Metrics
    around: Surroundings
    links: Links
    doors: Doors
    taps: Taps
    slab: memoryview
    stopping: bool

    def relieve(self) -> None:
        """Stop reading sockets where the queues are full."""


class Connection(asyncio.BufferedProtocol):
    """A :class:`jiaoan.gateway.links.Link` over TCP."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._opened = self.heard = asyncio.get_running_loop().time()
        self._refused_at: float | None = None
        self._reading = True
        self._address = ""
        self._held_until = 0.0
        self._bucket = Bucket(house.limits.frames_burst)
        self.session = Session(house.around, self, "")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.session.peer = f"{peer[0]}:{peer[1]}" if peer else "?"
        address = peer[0] if peer else ""
        local = transport.get_extra_info("sockname")
        self.session.local = local[0] if local else ""
        house = self._house
        house.metrics.links += 1
        room = len(house.links) < house.limits.connections and not house.stopping
        if not room or not house.doors.enter(address, self._opened):
            house.metrics.links_refused += 1
            self.session.end()
            transport.abort()
            return
        self._address = address
        house.links.add(self)
        if house.metrics.paused_now:
            self.pause()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._house.slab

    def buffer_updated(self, nbytes: int) -> None:
        self.heard = asyncio.get_running_loop().time()
        self._house.metrics.octets += nbytes
        self._take(self._reader.receive(bytes(self._house.slab[:nbytes])))

    def _take(self, found: Sequence[Frame | BadFrame]) -> None:
        if not found:
            return
        house = self._house
        house.metrics.count(found)
        if house.taps.wanted:
            house.taps.up(self.session, found)
        self.write(self.session.handle(found))
        house.relieve()
        if not self._bucket.take(len(found), house.limits.frames_per_s, self.heard):
            self._hold()

    def _hold(self) -> None:
        """More frames a second than a terminal may send: it is read again when its time has come.

        What it sent is taken and what it sends further waits in its own buffers: nothing is lost.
        """
        rate = self._house.limits.frames_per_s
        self._held_until = self.heard + self._bucket.owed / rate
        self._house.metrics.held_back += 1
        if self._reading and self._transport and not self._transport.is_closing():
            self._transport.pause_reading()

    def stored(self, headers: Sequence[Header]) -> None:
        """The bus has these reports on disk: only now the terminal may forget them."""
        self.write(self.session.acknowledge(headers))

    def write(self, octets: bytes) -> None:
        if not octets or self._transport is None or self._transport.is_closing():
            return
        if self._house.taps.wanted:
            self._house.taps.down(self.session, octets)
        self._transport.write(octets)
        if self._transport.get_write_buffer_size() > self._house.limits.unread_octets:
            self._house.metrics.closed["does_not_read"] += 1
            self._transport.abort()

    def pause(self) -> None:
        open_ = self._transport is not None and not self._transport.is_closing()
        if self._reading and not self._held_until and open_ and self._transport:
            self._transport.pause_reading()
        self._reading = False

    def resume(self) -> None:
        self._reading = True
        if not self._held_until:
            self._read_again()

    def _read_again(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()
        # What could not be read while we did not listen is not the terminal's silence.
        self.heard = asyncio.get_running_loop().time()

    def close(self, reason: str) -> None:
        """Send what was written, then close."""
        if self._transport and not self._transport.is_closing():
            self._house.metrics.closed[reason] += 1
            self.session.end()
            self._transport.close()

    def check(self, now: float) -> None:
        """Close the link where one of its times has run out; read on where a hold has."""
        limits, state = self._house.limits, self.session.state
        if self._held_until and now >= self._held_until:
            self._held_until = 0.0
            if self._reading:
                self._read_again()
        if state is LinkState.REFUSED:
            self._refused_at = now if self._refused_at is None else self._refused_at
            if now - self._refused_at >= limits.grace_s:
                self.close("refused")
        else:
            self._refused_at = None
        if not self._reading or self._held_until:
            return
        if state is LinkState.NEW and now - self._opened >= limits.login_s:
            self.close("no_login")
        elif now - self.heard >= limits.idle_s:
            self.close("idle")

    def connection_lost(self, exc: Exception | None) -> None:
        if self.session.state is not LinkState.ENDED:
            self._take(self._reader.end())
            self._house.metrics.closed["by_terminal"] += 1
        self.session.end()
        if self in self._house.links.all:
            self._house.links.remove(self)
            self._house.doors.leave(self._address)
