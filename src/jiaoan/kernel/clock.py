"""One clock for all processes: real time plus an offset.

The offset (``JIAOAN_CLOCK_OFFSET`` seconds, set by ``./run --today``) lets a whole installation
live on another day. Everything inside is aware UTC; :data:`LOCAL` is used at the edge only.
Functions that need "now" take a :class:`Clock`, never call ``datetime.now`` themselves.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

# One fixed offset without summer time: all clocks of the field are GMT+8 (JT/T 808 clause 8).
LOCAL = timezone(timedelta(hours=8), "Asia/Shanghai")
OFFSET_VARIABLE = "JIAOAN_CLOCK_OFFSET"


class Clock(Protocol):
    """Anything that tells the time: ``now()`` is aware UTC, ``today()`` the local date."""

    def now(self) -> datetime: ...
    def today(self) -> date: ...


@dataclass(frozen=True)
class OffsetClock:
    """Real time plus a fixed offset."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def today(self) -> date:
        return self.now().astimezone(LOCAL).date()


@dataclass
class FixedClock:
    """A clock for tests that moves only when it is told to."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant

    def today(self) -> date:
        return self.instant.astimezone(LOCAL).date()

    def advance(self, by: timedelta) -> None:
        self.instant += by


def offset_for(today: date, real_now: datetime) -> timedelta:
    """Whole days between the real local date and ``today``: the time of day is kept."""
    return today - real_now.astimezone(LOCAL).date()


def clock_from_environment() -> OffsetClock:
    """The clock that this process was started with."""
    return OffsetClock(timedelta(seconds=float(os.environ.get(OFFSET_VARIABLE, "0"))))


def local(moment: datetime) -> datetime:
    """An aware moment as bureau time (GMT+8)."""
    return moment.astimezone(LOCAL)


def at_local(day: date, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """A wall-clock time of a local day as aware UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=LOCAL).astimezone(
        UTC
    )
