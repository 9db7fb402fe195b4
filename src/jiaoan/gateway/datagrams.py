"""JT/T 808 over UDP: one datagram is one or more whole frames; a link is an address and a terminal.

A datagram that is cut or that holds no frame costs itself only. There is no connection, so a link
ends by silence, by a newer log-in elsewhere, or after a refusal; the next datagram begins a new
one, which has to authenticate like every other. While the queues are full datagrams are dropped
and not answered: the terminal, which waits for its answer, sends again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, cast

from jiaoan.gateway.connection import House
from jiaoan.gateway.session import Session
from jiaoan.gateway.states import LinkState
from jiaoan.wire.jt808 import BadFrame, Frame, FrameReader, Header

Address = tuple[str, int]


class Datagrams(asyncio.DatagramProtocol):
    """The UDP socket: finds the link of each datagram, or makes it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.links: dict[tuple[Address, str], DatagramLink] = {}
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own class does not say so of itself.
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int] | tuple[str, int, int]) -> None:
        house, address = self.house, (addr[0], addr[1])
        now = asyncio.get_running_loop().time()
        house.metrics.octets += len(data)
        house.metrics.datagrams += 1
        if house.metrics.paused_now or house.stopping:
            house.metrics.datagrams_dropped["queues_full"] += 1
            return
        if not house.doors.access.address(address[0]):
            house.metrics.datagrams_dropped["address_blocked"] += 1
            return
        reader = FrameReader()
        found = [*reader.receive(data), *reader.end()]
        if not house.doors.spare(address[0], max(1, len(found)), now):
            house.metrics.datagrams_dropped["flood"] += 1
            return
        house.metrics.count(found)
        self._share(address, found, now)
        house.relieve()

    def _share(self, address: Address, found: Sequence[Frame | BadFrame], now: float) -> None:
        """The frames of one datagram to the links of the terminals that they name."""
        by_terminal: dict[str, list[Frame | BadFrame]] = {}
        for one in found:
            terminal = one.header.terminal if one.header else ""
            by_terminal.setdefault(terminal, []).append(one)
        for terminal, frames in by_terminal.items():
            link = self._link(address, terminal)
            if link is not None and any(isinstance(one, Frame) for one in frames):
                link.take(frames, now)
            else:
                self._keep(address, terminal, frames, link)

    def _keep(
        self,
        address: Address,
        terminal: str,
        frames: Sequence[Frame | BadFrame],
        link: DatagramLink | None,
    ) -> None:
        """Octets without a sound frame make no link; a link that is there answers them."""
        if link is not None and link.session.state is LinkState.LIVE:
            link.take(frames, link.heard)
            return
        for one in frames:
            if isinstance(one, BadFrame):
                peer = f"udp {address[0]}:{address[1]}"
                self.house.around.quarantine.keep(one.fault, peer, terminal, one.raw)

    def _link(self, address: Address, terminal: str) -> DatagramLink | None:
        known = self.links.get((address, terminal))
        if known is not None:
            return known
        if len(self.house.links) >= self.house.limits.connections:
            self.house.metrics.links_refused += 1
            return None
        return DatagramLink(self, address, terminal)

    def open(self, link: DatagramLink) -> None:
        """From its first sound frame on a link counts."""
        self.links[link.key] = link
        self.house.links.add(link)
        self.house.metrics.links += 1

    def forget(self, link: DatagramLink) -> None:
        self.links.pop(link.key, None)
        self.house.links.remove(link)


class DatagramLink:
    """A :class:`jiaoan.gateway.links.Link` over UDP."""

    number: Final = None
    __slots__ = ("_opened", "_owner", "_refused_at", "_serial", "heard", "key", "session")

    def __init__(self, owner: Datagrams, address: Address, terminal: str) -> None:
        self._owner, self.key = owner, (address, terminal)
        self.heard = self._opened = asyncio.get_running_loop().time()
        self._refused_at: float | None = None
        self._serial = 0
        self.session = Session(owner.house.around, self, f"udp {address[0]}:{address[1]}")

    def take(self, found: Sequence[Frame | BadFrame], now: float) -> None:
        if self.key not in self._owner.links:
            self._owner.open(self)
        self.heard = now
        taps = self._owner.house.taps
        if taps.wanted:
            taps.up(self.session, found)
        self.write(self.session.handle(found))

    def stored(self, headers: Sequence[Header]) -> None:
        self.write(self.session.acknowledge(headers))

    def write(self, octets: bytes) -> None:
        """Each frame travels in a datagram of its own."""
        transport = self._owner.transport
        if not octets or transport is None or transport.is_closing():
            return
        if self._owner.house.taps.wanted:
            self._owner.house.taps.down(self.session, octets)
        for part in octets.split(b"\x7e"):
            if part:
                transport.sendto(b"\x7e" + part + b"\x7e", self.key[0])

    def take_serials(self, count: int) -> int:
        first, self._serial = self._serial, (self._serial + count) & 0xFFFF
        return first

    def recheck(self) -> None:
        self.session.recheck()

    def resume(self) -> None:
        self.heard = asyncio.get_running_loop().time()

    def close(self, reason: str) -> None:
        if self.session.state is not LinkState.ENDED:
            self._owner.house.metrics.closed[reason] += 1
            self.session.end()
        self._owner.forget(self)

    def check(self, now: float) -> None:
        limits, state = self._owner.house.limits, self.session.state
        if state is LinkState.REFUSED:
            self._refused_at = now if self._refused_at is None else self._refused_at
            if now - self._refused_at >= limits.grace_s:
                self.close("refused")
            return
        self._refused_at = None
        if state is LinkState.NEW and now - self._opened >= limits.login_s:
            self.close("no_login")
        elif now - self.heard >= limits.idle_s:
            self.close("idle")
