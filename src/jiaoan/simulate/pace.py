"""How fast a vehicle drives and how far it came, as functions of the seconds since it departed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """``speed_kmh``, but the last ``rush_s`` of each ``every_s`` seconds at ``rush_kmh``.

    >>> pace = Pace(36.0, rush_kmh=72.0, every_s=100.0, rush_s=20.0)
    >>> pace.speed(79.0), pace.speed(80.0), pace.metres(100.0), pace.metres(190.0)
    (36.0, 72.0, 1200.0, 2200.0)
    """

    speed_kmh: float
    rush_kmh: float = 0.0
    every_s: float = 0.0
    rush_s: float = 0.0

    def speed(self, elapsed_s: float) -> float:
        return self.rush_kmh if self._rushed(elapsed_s)[1] else self.speed_kmh

    def metres(self, elapsed_s: float) -> float:
        more = self._rushed(elapsed_s)[0] * (self.rush_kmh - self.speed_kmh)
        return (elapsed_s * self.speed_kmh + more) / 3.6

    def _rushed(self, elapsed_s: float) -> tuple[float, bool]:
        """Seconds driven in a rush so far, and whether it rushes now."""
        if not self.every_s:
            return 0.0, False
        whole, rest = divmod(elapsed_s, self.every_s)
        now = rest - (self.every_s - self.rush_s)
        return whole * self.rush_s + max(now, 0.0), now >= 0
