"""Expected days are those of the State Council's lists for 2023 to 2025."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaoan.kernel import workdays
from jiaoan.kernel.workdays import ListedDay, WorkCalendar

CALENDAR = WorkCalendar()
DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("day", "worked", "holiday", "made_up"),
    [
        ("2024-06-10", False, "端午节", None),  # Monday
        ("2024-06-07", True, None, None),
        ("2024-06-08", False, None, None),  # plain Saturday before it
        ("2024-04-07", True, None, "清明节"),  # Sunday that is worked
        ("2024-02-09", True, None, None),  # eve of the festival, no day off in 2024
        ("2024-02-12", False, "春节", None),
        ("2024-10-12", True, None, "国庆节"),
        ("2024-12-31", True, None, None),
        ("2025-01-01", False, "元旦", None),
        ("2024-02-29", True, None, None),
    ],
)
def test_it_knows_the_official_list(
    day: str, worked: bool, holiday: str | None, made_up: str | None
) -> None:
    asked = date.fromisoformat(day)
    assert CALENDAR.published(asked.year)
    assert CALENDAR.is_workday(asked) is worked
    assert CALENDAR.holiday_name(asked) == holiday
    assert CALENDAR.made_up_for(asked) == made_up


def test_it_uses_weekends_only_where_no_list_is_published() -> None:
    assert not CALENDAR.published(2035)
    assert CALENDAR.is_workday(date(2035, 10, 1))
    assert CALENDAR.holiday_name(date(2035, 10, 1)) is None
    assert not CALENDAR.is_workday(date(2035, 10, 6))


def test_a_year_is_not_published_by_a_list_that_only_reaches_into_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A list of 2030 may name 1 January 2031; the year 2031 is not published by that.
    listed = {
        date(2030, 10, 1): ListedDay(False, "国庆节"),
        date(2031, 1, 1): ListedDay(False, "元旦"),
    }
    monkeypatch.setattr(workdays, "_library", lambda: listed)
    workdays._library_years.cache_clear()
    try:
        assert CALENDAR.published(2030)
        assert not CALENDAR.published(2031)
        assert not CALENDAR.is_workday(date(2031, 1, 1))
    finally:
        workdays._library_years.cache_clear()


def test_the_administrators_list_wins() -> None:
    loaded = WorkCalendar(
        {
            date(2035, 10, 1): ListedDay(False, "国庆节"),
            date(2035, 9, 30): ListedDay(True, "国庆节"),
            date(2024, 6, 7): ListedDay(False, "防汛停工"),
        }
    )
    assert loaded.published(2035)
    assert loaded.holiday_name(date(2035, 10, 1)) == "国庆节"
    assert loaded.is_workday(date(2035, 9, 30))  # a Sunday
    assert not loaded.is_workday(date(2024, 6, 7))
    assert loaded.holiday_name(date(2024, 6, 10)) == "端午节"


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        ("2024-06-07", 1, "2024-06-11"),  # over the weekend and the festival
        ("2024-04-03", 2, "2024-04-08"),  # Sunday 7 April is worked
        ("2024-02-09", 1, "2024-02-18"),  # Sunday 18 February is worked
        ("2024-12-30", 3, "2025-01-03"),  # year end
        ("2024-06-11", -1, "2024-06-07"),
        ("2024-06-10", 0, "2024-06-10"),
        ("2024-02-28", 1, "2024-02-29"),
    ],
)
def test_it_counts_working_days(start: str, n: int, expected: str) -> None:
    assert str(CALENDAR.add_workdays(date.fromisoformat(start), n)) == expected


def test_it_finds_the_neighbours_of_a_holiday() -> None:
    festival = date(2024, 6, 10)
    assert CALENDAR.next_workday(festival) == CALENDAR.on_or_after(festival) == date(2024, 6, 11)
    assert CALENDAR.previous_workday(festival) == CALENDAR.on_or_before(festival)
    assert CALENDAR.on_or_before(festival) == date(2024, 6, 7)
    assert CALENDAR.on_or_before(date(2024, 6, 7)) == date(2024, 6, 7)


@given(DAYS, st.integers(1, 40))
def test_it_counts_back_what_it_counted_on(day: date, n: int) -> None:
    later = CALENDAR.add_workdays(day, n)
    assert CALENDAR.is_workday(later)
    assert CALENDAR.workdays_between(day, later) == n
    assert CALENDAR.workdays_between(later, day) == 0
    assert CALENDAR.add_workdays(later, -n) <= day < later
    assert CALENDAR.add_workdays(later + timedelta(days=1), -1) == later


def test_it_does_not_load_the_library_before_it_is_asked() -> None:
    code = "import sys, jiaoan.kernel.workdays as w; w.WorkCalendar(); print(*sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "jiaoan.kernel.workdays" in out.split()
    assert "chinese_calendar" not in out.split()
