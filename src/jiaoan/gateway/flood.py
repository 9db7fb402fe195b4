"""Bounds on how fast and how many: frames of a link, connections of an address."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from jiaoan.gateway.access import Access
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics


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
    """Who may connect: the lists, and how many and how fast from one address."""

    limits: Limits
    metrics: Metrics
    access: Access
    _open: Counter[str] = field(default_factory=Counter)
    _rates: dict[str, Bucket] = field(default_factory=dict)

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

    def leave(self, address: str) -> None:
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]
            # Who comes back at once keeps its bucket; the table stays bounded all the same.
            if len(self._rates) > 10_000:
                self._rates = {one: self._rates[one] for one in self._open if one in self._rates}
