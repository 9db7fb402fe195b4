"""The work calendar: which days are worked, by the official list of each year.

The State Council's office publishes the holidays and the moved working days 调休 of one year at a
time. Lists come from two places, the second wins day by day:

1. the kept library ``chinese_calendar``, the one import outside the standard library in this
   room. It is loaded when the first question is asked, so that a process which never asks (the
   gateway, the stream) does not carry it, and it is pure data: no network, no clock;
2. a list that the administrator has loaded, given to :class:`WorkCalendar`.

A year in neither of them is not published 未公布: only weekends count as days off, and a screen
that shows such a date says so (:meth:`WorkCalendar.published`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

_DAY = timedelta(days=1)
_SATURDAY = 5
_NAMES_ZH = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


@dataclass(frozen=True)
class ListedDay:
    """A day that a published list names: worked or not, and for which holiday ``name_zh``."""

    workday: bool
    name_zh: str


@cache
def _library() -> Mapping[date, ListedDay]:
    """The days of the kept library. A missing package is a broken installation, so it raises."""
    from chinese_calendar.constants import holidays, workdays

    listed = {day: ListedDay(False, _NAMES_ZH.get(name, name)) for day, name in holidays.items()}
    listed |= {day: ListedDay(True, _NAMES_ZH.get(name, name)) for day, name in workdays.items()}
    return MappingProxyType(listed)


@cache
def _library_years() -> frozenset[int]:
    """Years with a whole list. A list may reach into the neighbouring December or January, so a
    year counts only when its own National Day stands in it."""
    return frozenset(day.year for day in _library() if (day.month, day.day) == (10, 1))


@dataclass(frozen=True)
class WorkCalendar:
    """Working days by the published lists; ``loaded`` is the administrator's own list."""

    loaded: Mapping[date, ListedDay] = field(default_factory=dict)

    def published(self, year: int) -> bool:
        """Whether an official list is known for ``year``; ``False`` means weekends only 未公布."""
        return year in _library_years() or any(day.year == year for day in self.loaded)

    def is_workday(self, day: date) -> bool:
        listed = self._listed(day)
        return listed.workday if listed else day.weekday() < _SATURDAY

    def holiday_name(self, day: date) -> str | None:
        """The statutory holiday that makes ``day`` free; ``None`` for plain weekends, workdays."""
        listed = self._listed(day)
        return listed.name_zh if listed and not listed.workday else None

    def made_up_for(self, day: date) -> str | None:
        """The holiday for which this weekend day is worked 调休上班, or ``None``."""
        listed = self._listed(day)
        return listed.name_zh if listed and listed.workday else None

    def next_workday(self, day: date) -> date:
        """The first working day after ``day``."""
        return self.add_workdays(day, 1)

    def previous_workday(self, day: date) -> date:
        """The last working day before ``day``."""
        return self.add_workdays(day, -1)

    def on_or_after(self, day: date) -> date:
        """``day`` itself if worked, else the first working day after it."""
        return day if self.is_workday(day) else self.next_workday(day)

    def on_or_before(self, day: date) -> date:
        """``day`` itself if worked, else the last working day before it."""
        return day if self.is_workday(day) else self.previous_workday(day)

    def add_workdays(self, day: date, n: int) -> date:
        """The ``n``-th working day after ``day`` (before it when ``n`` is negative).

        The day of the event itself is not counted, as 行政处罚法 a. 85 and the procedure laws
        count; ``n = 0`` gives ``day`` back.
        """
        step = _DAY if n > 0 else -_DAY
        left = abs(n)
        while left:
            day += step
            left -= self.is_workday(day)
        return day

    def workdays_between(self, after: date, until: date) -> int:
        """Working days later than ``after`` up to and with ``until``; 0 when none are left."""
        span = range(1, (until - after).days + 1)
        return sum(self.is_workday(after + _DAY * n) for n in span)

    def _listed(self, day: date) -> ListedDay | None:
        return self.loaded.get(day) or _library().get(day)
