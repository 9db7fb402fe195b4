"""Windows: the stretches of days in which a recurring duty is counted.

A notice says "每季度至少一次"; the ledger needs the days from and to. Windows are calendar windows
(quarter = calendar quarter), they touch without a gap, and both ends belong to them.

Two periods have no calendar form that everybody shares, so ours is said here:

* ``week`` is the ISO week (Monday to Sunday); ``two_weeks`` joins ISO weeks 1+2, 3+4 and so on,
  and in a year with 53 weeks the last one stands alone, which never lets a duty rest longer
  than two weeks.
* ``term`` 学期 is 1 February to 31 August and 1 September to 31 January: schools set their own
  dates, so the vacation is counted with the term before it.

>>> window = window_at(Every.QUARTER, date(2024, 5, 20))
>>> window.key, window.label_zh, window.label_en, str(window.end)
('2024Q2', '2024年第二季度', 'Q2 2024', '2024-06-30')
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

_DAY = timedelta(days=1)
# Outside these years the calendar arithmetic would leave what ``date`` can hold.
FIRST_YEAR, LAST_YEAR = 1900, 2199


class Every(StrEnum):
    """How often a duty comes round 频次."""

    DAY = "day"
    WEEK = "week"
    TEN_DAYS = "ten_days"
    HALF_MONTH = "half_month"
    TWO_WEEKS = "two_weeks"
    MONTH = "month"
    TWO_MONTHS = "two_months"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"
    TERM = "term"

    @property
    def label_zh(self) -> str:
        """The word of the trade: 每季度."""
        return _EVERY_ZH[self]


_EVERY_ZH = {
    Every.DAY: "每日",
    Every.WEEK: "每周",
    Every.TEN_DAYS: "每旬",
    Every.HALF_MONTH: "每半月",
    Every.TWO_WEEKS: "每两周",
    Every.MONTH: "每月",
    Every.TWO_MONTHS: "每两个月",
    Every.QUARTER: "每季度",
    Every.HALF_YEAR: "每半年",
    Every.YEAR: "每年",
    Every.TERM: "每学期",
}
_MONTHS_IN = {
    Every.MONTH: 1,
    Every.TWO_MONTHS: 2,
    Every.QUARTER: 3,
    Every.HALF_YEAR: 6,
    Every.YEAR: 12,
}
_NUMERALS = "一二三四"
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, order=True)
class Window:
    """Days ``start`` to ``end``, both inside. ``every`` is ``None`` for a span of free dates."""

    start: date
    end: date
    every: Every | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"window ends {self.end} before it starts {self.start}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    @property
    def days(self) -> int:
        """How many days, both ends counted."""
        return (self.end - self.start).days + 1

    @property
    def key(self) -> str:
        """Short and unique among all windows: ``2024Q2``, ``2024-04``, ``2024W15``."""
        return _key(self)

    @property
    def label_zh(self) -> str:
        """As a clerk writes it: ``2024年第二季度``."""
        return _label_zh(self)

    @property
    def label_en(self) -> str:
        """For who reads English: ``Q2 2024``."""
        return _label_en(self)


@lru_cache(maxsize=256)
def windows_of(every: Every, year: int) -> tuple[Window, ...]:
    """All windows of ``year``, in order, without gap.

    Weeks and fortnights belong to their ISO year, the autumn term to the year in which it starts;
    so the windows of one year touch those of the next for every period.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"year {year} is outside {FIRST_YEAR} to {LAST_YEAR}")
    return tuple(
        Window(start, after - _DAY, every)
        for start, after in pairwise([*_starts(every, year), _starts(every, year + 1)[0]])
    )


def window_at(every: Every, day: date) -> Window:
    """The window that holds ``day``."""
    for year in (day.year, day.year - 1, day.year + 1):
        if FIRST_YEAR <= year <= LAST_YEAR:
            for window in windows_of(every, year):
                if day in window:
                    return window
    raise ValueError(f"no {every} window holds {day}")


def window_of(key: str, start: date, end: date) -> Window:
    """The window of these days that has this key; a span of free dates where no period has it."""
    named = (Window(start, end, every) for every in Every)
    return next((window for window in named if window.key == key), Window(start, end))


def window_after(window: Window) -> Window:
    """The next window of the same period."""
    if window.every is None:
        raise ValueError("a span of free dates has no next window")
    return window_at(window.every, window.end + _DAY)


def _starts(every: Every, year: int) -> list[date]:
    """First days of the windows of ``year``."""
    if every in _MONTHS_IN:
        return [date(year, month, 1) for month in range(1, 13, _MONTHS_IN[every])]
    match every:
        case Every.DAY:
            first = date(year, 1, 1)
            return [first + _DAY * n for n in range((date(year + 1, 1, 1) - first).days)]
        case Every.WEEK | Every.TWO_WEEKS:
            first, following = (
                date.fromisocalendar(year, 1, 1),
                date.fromisocalendar(year + 1, 1, 1),
            )
            step = 7 if every is Every.WEEK else 14
            return [first + _DAY * n for n in range(0, (following - first).days, step)]
        case Every.TEN_DAYS:
            return [date(year, month, day) for month in range(1, 13) for day in (1, 11, 21)]
        case Every.HALF_MONTH:
            return [date(year, month, day) for month in range(1, 13) for day in (1, 16)]
        case _:
            return [date(year, 2, 1), date(year, 9, 1)]


def _key(window: Window) -> str:
    start = window.start
    iso = start.isocalendar()
    match window.every:
        case None:
            return f"{start}..{window.end}"
        case Every.DAY:
            return start.isoformat()
        case Every.WEEK:
            return f"{iso.year}W{iso.week:02}"
        case Every.TWO_WEEKS:
            return f"{iso.year}F{(iso.week + 1) // 2:02}"
        case Every.TEN_DAYS:
            return f"{start:%Y-%m}-X{start.day // 10 + 1}"
        case Every.HALF_MONTH:
            return f"{start:%Y-%m}-H{start.day // 15 + 1}"
        case Every.MONTH:
            return f"{start:%Y-%m}"
        case Every.TWO_MONTHS:
            return f"{start.year}B{start.month // 2 + 1}"
        case Every.QUARTER:
            return f"{start.year}Q{start.month // 3 + 1}"
        case Every.HALF_YEAR:
            return f"{start.year}H{start.month // 6 + 1}"
        case Every.YEAR:
            return f"{start.year}"
        case Every.TERM:
            return f"{start.year}T{1 if start.month == 2 else 2}"


def _label_zh(window: Window) -> str:
    start, end = window.start, window.end
    year, month = f"{start.year}年", f"{start.year}年{start.month}月"
    match window.every:
        case None:
            return f"{day_zh(start)}至{day_zh(end)}"
        case Every.DAY:
            return day_zh(start)
        case Every.WEEK | Every.TWO_WEEKS:
            iso = start.isocalendar()
            last = end.isocalendar().week
            weeks = f"{iso.week}" if last == iso.week else f"{iso.week}—{last}"
            return f"{iso.year}年第{weeks}周（{short_day_zh(start)}至{short_day_zh(end)}）"
        case Every.TEN_DAYS:
            return f"{month}{'上中下'[start.day // 10]}旬"
        case Every.HALF_MONTH:
            return f"{month}{'上下'[start.day // 15]}半月"
        case Every.MONTH:
            return month
        case Every.TWO_MONTHS:
            return f"{year}{start.month}—{end.month}月"
        case Every.QUARTER:
            return f"{year}第{_NUMERALS[start.month // 3]}季度"
        case Every.HALF_YEAR:
            return f"{year}{'上下'[start.month // 6]}半年"
        case Every.YEAR:
            return year
        case Every.TERM:
            return f"{year}{'春' if start.month == 2 else '秋'}季学期"


def _label_en(window: Window) -> str:
    start, end, year = window.start, window.end, window.start.year
    first, last = _MONTHS_EN[start.month - 1], _MONTHS_EN[end.month - 1]
    match window.every:
        case None:
            return f"{day_en(start)} to {day_en(end)}"
        case Every.DAY:
            return day_en(start)
        case Every.WEEK | Every.TWO_WEEKS:
            iso, until = start.isocalendar(), end.isocalendar().week
            weeks = f"week {iso.week}" if until == iso.week else f"weeks {iso.week} to {until}"
            return f"{weeks} of {iso.year} ({short_day_en(start)} to {short_day_en(end)})"
        case Every.TEN_DAYS | Every.HALF_MONTH:
            return f"{start.day} to {end.day} {first} {year}"
        case Every.MONTH:
            return f"{first} {year}"
        case Every.TWO_MONTHS:
            return f"{first} to {last} {year}"
        case Every.QUARTER:
            return f"Q{start.month // 3 + 1} {year}"
        case Every.HALF_YEAR:
            return f"{'first' if start.month == 1 else 'second'} half of {year}"
        case Every.YEAR:
            return f"{year}"
        case Every.TERM:
            return f"{'spring' if start.month == 2 else 'autumn'} term {year}"


def day_zh(day: date) -> str:
    """``2024年4月10日``: no leading zeros (GB/T 9704-2012 7.3.5.4)."""
    return f"{day.year}年{day.month}月{day.day}日"


def short_day_zh(day: date) -> str:
    """``4月10日``."""
    return f"{day.month}月{day.day}日"


def day_en(day: date) -> str:
    """``10 Apr 2024``."""
    return f"{short_day_en(day)} {day.year}"


def short_day_en(day: date) -> str:
    """``10 Apr``."""
    return f"{day.day} {_MONTHS_EN[day.month - 1]}"
