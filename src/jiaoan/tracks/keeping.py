"""What the page 轨迹保留 says: how long each kind is kept, what goes next, what went and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from jiaoan.journal.models import Fact
from jiaoan.journal.queries import facts
from jiaoan.registry.models import VehicleKind
from jiaoan.stores import retention as files
from jiaoan.tracks.actions import RETAINED
from jiaoan.tracks.retention import DayPlan, Period, periods, plan

SHOWN: Final = 30


@dataclass(frozen=True)
class Kept:
    """A kind of vehicle. ``first`` is the first day kept today; ``next_day`` the oldest day in the
    store from then on, which goes on ``goes_on``; both ``None`` where there is none.
    """

    period: Period
    first: date
    next_day: date | None
    goes_on: date | None

    @property
    def label(self) -> str:
        return str(VehicleKind(self.period.kind).label)


@dataclass(frozen=True)
class Keeping:
    """``over`` are the oldest :data:`SHOWN` days that hold what is over, ``more`` = there are
    others; ``removed`` the facts of the last removals, the newest first.
    """

    kinds: Sequence[Kept]
    over: Sequence[DayPlan]
    more: bool
    removed: Sequence[Fact]


def keeping(actor: object, data: Path, today: date) -> Keeping:
    """Reads notes beside the days that are over, no positions. Raises ``PeriodRefused``."""
    days = [day for day, _folder in files.days(data / "tracks")]
    over = list(islice(plan(data, today), SHOWN + 1))
    removed = facts(actor).filter(kind=RETAINED).order_by("-id")[:SHOWN]
    return Keeping(
        list(_kinds(days, today)), over[:SHOWN], len(over) > SHOWN, list(removed)
    )  # fmt: skip


def _kinds(days: Sequence[date], today: date) -> Iterator[Kept]:
    for period in periods().values():
        first = period.first_kept(today)
        oldest = next((day for day in days if day >= first), None)
        yield Kept(period, first, oldest, oldest and goes_on(period, oldest))


def goes_on(period: Period, day: date) -> date:
    """The first date on which the positions of ``day`` are over."""
    found = day + timedelta(days=28 * period.months)  # never later: no month is shorter
    while period.first_kept(found) <= day:
        found += timedelta(days=1)
    return found
