"""Bounds on how fast and how many: frames of a link or an address, connections of an address."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from jiaoan.gateway.access import Access
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics

_ADDRESSES = 10_000
"""How many addresses are remembered for their rates."""


class Bucket:
    """A token bucket that may go into debt: what came at once is taken, then it is waited for."""

    __slots__ = ("_at", "_left", "_room")

    def __init__(self, room: float) -> None:
        self._room = self._left = room
        self._at = 0.0

    @property
    def owed(self) -> float:
        """How many more were taken than there was room for."""
        return max(0.0, -self._left)

    def take(self, count: int, rate: float, now: float) -> bool:
        """Take ``count``; whether there was room. ``rate`` is what comes back in a second."""
        if self._at:
            self._left = min(self._room, self._left + (now - self._at) * rate)
        self._at = now
        self._left -= count
        return self._left >= 0


@dataclass
class Doors:
    """Who may connect and send: the lists, and how many and how fast from one address.

    Frames of an address are counted over TCP and UDP together. What came over TCP is taken and
    makes a debt (:meth:`frames`, :meth:`owed_s`): its links are read again when the debt is paid.
    A datagram cannot be held back, so one for which there is no room costs nothing and is dropped
    (:meth:`spare`).
    """

    limits: Limits
    metrics: Metrics
    access: Access
    _open: Counter[str] = field(default_factory=Counter)
    _rates: dict[str, Bucket] = field(default_factory=dict)
    _frames: dict[str, Bucket] = field(default_factory=dict)

    def enter(self, address: str, now: float) -> bool:
        """Whether this address may open one more connection; it is counted if so."""
        why = self._why_not(address, now)
        if why:
            self.metrics.refused[why] += 1
            return False
        self._open[address] += 1
        return True

    def _why_not(self, address: str, now: float) -> str:
        if not self.access.address(address):
            return "address_blocked"
        if self._open[address] >= self.limits.connections_per_address:
            return "address_connections"
        bucket = self._rates.setdefault(address, Bucket(self.limits.connects_burst))
        if not bucket.take(1, self.limits.connects_per_s, now):
            # An attempt that is refused costs nothing: else a storm would keep itself out for ever.
            bucket.take(-1, self.limits.connects_per_s, now)
            return "address_rate"
        return ""

    def frames(self, address: str, count: int, now: float) -> bool:
        """``count`` frames came from this address over TCP: whether it may send on at once.

        ``now`` is steady seconds. After ``False`` wait :meth:`owed_s`.
        """
        rate = self.limits.address_frames_per_s
        return self._frames_of(address).take(count, rate, now)

    def owed_s(self, address: str) -> float:
        """Seconds, from the last :meth:`frames` on, until the address is out of its debt."""
        bucket = self._frames.get(address)
        return bucket.owed / self.limits.address_frames_per_s if bucket else 0.0

    def spare(self, address: str, count: int, now: float) -> bool:
        """Take ``count`` frames only where there is room for them."""
        bucket, rate = self._frames_of(address), self.limits.address_frames_per_s
        if bucket.take(count, rate, now):
            return True
        bucket.take(-count, rate, now)
        return False

    def _frames_of(self, address: str) -> Bucket:
        bucket = self._frames.get(address)
        if bucket is None:
            if len(self._frames) >= _ADDRESSES:
                # The one that was seen first goes: it begins anew with its whole burst.
                del self._frames[next(iter(self._frames))]
            bucket = self._frames[address] = Bucket(self.limits.address_frames_burst)
        return bucket

    def leave(self, address: str) -> None:
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]
            # Who comes back at once keeps its bucket; the table stays bounded all the same.
            if len(self._rates) > _ADDRESSES:
                self._rates = {one: self._rates[one] for one in self._open if one in self._rates}


class Tally:
    """Frames that compiled code counts by address, until :class:`Doors` is told of them."""

    def __init__(self) -> None:
        self.counts = np.zeros(1024, np.int64)
        """By the number of an address."""
        self._numbers: dict[str, int] = {}
        self._links: Counter[str] = Counter()
        self._free = list(range(len(self.counts)))

    def enter(self, address: str) -> int:
        """The number under which the frames of a new link from here are counted."""
        self._links[address] += 1
        if address not in self._numbers:
            if not self._free:
                self._free = list(range(len(self.counts), 2 * len(self.counts)))
                self.counts = np.concatenate([self.counts, np.zeros_like(self.counts)])
            self._numbers[address] = self._free.pop()
        return self._numbers[address]

    def leave(self, address: str) -> None:
        self._links[address] -= 1
        if not self._links[address]:
            del self._links[address]
            number = self._numbers.pop(address)
            self.counts[number] = 0
            self._free.append(number)

    def take(self, least: int) -> list[tuple[str, int]]:
        """The addresses with so many frames and more, and how many; counted anew from here on."""
        reached = np.flatnonzero(self.counts >= least)
        if not len(reached):
            return []
        found = [(one, int(self.counts[n])) for one, n in self._numbers.items()]
        self.counts[reached] = 0
        return [(address, count) for address, count in found if count >= least]
