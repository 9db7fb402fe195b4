"""What another platform says and no procedure here acts on: told to people, within bounds.

A message without a procedure, one that cannot be read, a caller who was turned away: each is told
with its octets, so many of a kind a day; the rest is counted, and the counts are told too. A
platform that says the same thing ten thousand times must fill neither the bus nor the desk; what is
only counted stands in the log with its octets as long as that has room.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.publishing import Publisher
from jiaoan.kernel.clock import Clock


class Why(StrEnum):
    """Why it is told as it stands."""

    NO_PROCEDURE = "no_procedure"
    """Read, and nobody here acts on it."""
    ANSWERED = "answered"
    """The link has answered it by itself; people may want to know."""
    UNREADABLE = "unreadable"
    """A frame or a body that does not follow its table."""
    TURNED_AWAY = "turned_away"
    """A caller who was not let in."""


@dataclass(frozen=True)
class More:
    """How many of a reason and day this process has only counted so far."""

    why: Why
    day: date
    count: int


@dataclass
class _Day:
    told: Counter[str] = field(default_factory=Counter)
    octets: int = 0
    more: Counter[Why] = field(default_factory=Counter)
    said: Counter[Why] = field(default_factory=Counter)


class Others:
    """The bounds for one other platform, or for all callers; at local midnight they begin anew."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self.run = uuid.uuid4().hex[:16]
        """Names the counts of this process: a later one begins at zero."""
        self._today, self._day = clock.today(), _Day()
        self._over: list[More] = []

    def admit(self, why: Why, kind: str, octets: int) -> bool:
        """Whether this one is told; else it is counted. ``kind`` is what makes two of them alike:
        the sub id, the fault, the address."""
        self._turn()
        day, limits, name = self._day, self._limits, f"{why}:{kind}"
        if (
            day.told[name] >= limits.others_of_a_kind
            or day.told.total() >= limits.others_per_day
            or day.octets + octets > limits.other_octets_per_day
        ):
            day.more[why] += 1
            return False
        day.told[name] += 1
        day.octets += octets
        return True

    def counted(self) -> list[More]:
        """The counts that rose since they were asked for last."""
        self._turn()
        found, self._over = self._over, []
        return found + self._risen()

    def _turn(self) -> None:
        today = self._clock.today()
        if today != self._today:
            self._over += self._risen()
            self._today, self._day = today, _Day()

    def _risen(self) -> list[More]:
        day = self._day
        risen = [More(why, self._today, n) for why, n in day.more.items() if n > day.said[why]]
        day.said.update({one.why: one.count - day.said[one.why] for one in risen})
        return risen


@dataclass(frozen=True)
class Who:
    """Who is at the other end, and what we are to him: ``superior`` or ``subordinate``. A caller
    of whom nothing is known has no name and the access code 0."""

    role: str
    name: str
    access_code: int
    edition: str

    def envelope(self) -> dict[str, object]:
        return {"role": self.role, "platform": self.name, "access_code": self.access_code}


class Teller:
    """Tells on ``platform.up`` what is within the bounds, and now and then the counts."""

    def __init__(self, who: Who, publisher: Publisher, clock: Clock, limits: Limits) -> None:
        self.who, self._publisher = who, publisher
        self._clock, self._limits = clock, limits
        self._bounds = Others(limits, clock)

    async def tell(self, why: Why, kind: str, octets: bytes, about: Mapping[str, object]) -> None:
        """One of them; returns when it is stored, at once where it is only counted."""
        if not self._bounds.admit(why, kind, len(octets)):
            return
        name = f"other-{uuid.uuid4().hex}"
        value = {
            **self.who.envelope(),
            **about,
            "kind": "other",
            "id": name,
            "why": why.value,
            "edition": self.who.edition,
            "octets": octets[: self._limits.other_octets].hex(),
            "size": len(octets),
            "received_at": self._clock.now().isoformat(),
        }
        await self._publisher.up(value, name)

    async def turned_away(self, reason: str, host: str, octets: bytes, detail: str = "") -> None:
        about = {"reason": reason, "detail": detail, "host": host}
        await self.tell(Why.TURNED_AWAY, f"{reason}:{host}", octets, about)

    async def count(self) -> None:
        """For ever: how many were only counted."""
        while True:
            await asyncio.sleep(self._limits.count_s)
            for one in self._bounds.counted():
                value = self.who.envelope() | {
                    "kind": "others_more",
                    "why": one.why.value,
                    "run": self._bounds.run,
                    "day": one.day.isoformat(),
                    "more": one.count,
                    "received_at": self._clock.now().isoformat(),
                }
                name = f"others-{self._bounds.run}-{one.why}-{one.day}-{one.count}"
                await self._publisher.up(value, name)
