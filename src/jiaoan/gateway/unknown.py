"""Messages that 808 does not name: so many are kept of a terminal and day, the rest is counted.

A vendor's heartbeat of its own may come every second for years: it must not fill the disk. Those
within the bounds are kept with all their octets; of the others the number is told.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import date

from jiaoan.gateway.limits import Limits
from jiaoan.kernel.clock import Clock


@dataclass
class _Day:
    """What a terminal has sent today; ``told`` of ``more`` is known outside."""

    vehicle: int
    kept: int = 0
    octets: int = 0
    more: int = 0
    told: int = 0


@dataclass(frozen=True)
class Counted:
    """How many unknown messages of a terminal and day were not kept by this process so far."""

    terminal: str
    vehicle: int
    day: date
    more: int


class Unknowns:
    """The bounds for all terminals of one process; at local midnight they begin anew."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self.run = uuid.uuid4().hex[:16]
        """Names the counts of this process: a later one begins at zero."""
        self._day = clock.today()
        self._seen: dict[str, _Day] = {}
        self._over: list[Counted] = []

    def admit(self, terminal: str, vehicle: int, octets: int) -> bool:
        """Whether this message is kept; else it is counted."""
        self._turn()
        seen = self._seen.setdefault(terminal, _Day(vehicle))
        limits = self._limits
        if (
            seen.kept >= limits.unknown_per_day
            or seen.octets + octets > limits.unknown_octets_per_day
        ):
            seen.more += 1
            return False
        seen.kept += 1
        seen.octets += octets
        return True

    def counted(self) -> list[Counted]:
        """The counts that rose since they were asked for last."""
        self._turn()
        found, self._over = self._over, []
        return found + self._risen()

    def _turn(self) -> None:
        today = self._clock.today()
        if today != self._day:
            self._over += self._risen()
            self._seen.clear()
            self._day = today

    def _risen(self) -> list[Counted]:
        risen = [(name, one) for name, one in self._seen.items() if one.more > one.told]
        for _, one in risen:
            one.told = one.more
        return [Counted(name, one.vehicle, self._day, one.more) for name, one in risen]

    def told(self, one: Counted) -> tuple[bytes, str]:
        """The JSON object for ``findings.upload``, and its message id."""
        said = {
            "terminal": one.terminal,
            "vehicle": one.vehicle,
            "received_at": self._clock.now().isoformat(),
            "run": self.run,
            "day": one.day.isoformat(),
            "more": one.more,
        }
        name = f"unknown-{one.terminal}-{self.run}-{one.day:%Y%m%d}-{one.more}"
        return json.dumps(said).encode(), name
