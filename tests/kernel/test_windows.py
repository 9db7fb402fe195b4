from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaoan.kernel.windows import (
    FIRST_YEAR,
    LAST_YEAR,
    Every,
    Window,
    day_zh,
    window_after,
    window_at,
    window_of,
    windows_of,
)

DAYS = st.dates(date(1901, 1, 1), date(2198, 12, 31))
ANY = st.sampled_from(list(Every))
COUNTS_2024 = {
    Every.DAY: 366,
    Every.WEEK: 52,
    Every.TEN_DAYS: 36,
    Every.HALF_MONTH: 24,
    Every.TWO_WEEKS: 26,
    Every.MONTH: 12,
    Every.TWO_MONTHS: 6,
    Every.QUARTER: 4,
    Every.HALF_YEAR: 2,
    Every.YEAR: 1,
    Every.TERM: 2,
}


@given(ANY, DAYS)
def test_it_finds_the_one_window_of_a_day(every: Every, day: date) -> None:
    window = window_at(every, day)
    assert day in window
    assert window.start - timedelta(days=1) not in window
    assert window.end + timedelta(days=1) not in window
    years = range(day.year - 1, day.year + 2)
    assert [w for year in years for w in windows_of(every, year) if day in w] == [window]


@given(ANY, st.integers(FIRST_YEAR, LAST_YEAR - 1))
def test_it_leaves_no_gap_within_or_between_years(every: Every, year: int) -> None:
    windows = [*windows_of(every, year), *windows_of(every, year + 1)]
    for before, after in pairwise(windows):
        assert after.start - before.end == timedelta(days=1)
        assert window_after(before) == after
    assert len({w.key for w in windows}) == len({w.label_zh for w in windows}) == len(windows)


@pytest.mark.parametrize("every", list(Every))
def test_it_counts_the_windows_of_a_leap_year(every: Every) -> None:
    assert len(windows_of(every, 2024)) == COUNTS_2024[every]


@pytest.mark.parametrize(
    ("every", "day", "start", "end", "key", "label"),
    [
        (Every.DAY, "2024-02-29", "2024-02-29", "2024-02-29", "2024-02-29", "2024年2月29日"),
        (
            Every.WEEK,
            "2024-12-31",
            "2024-12-30",
            "2025-01-05",
            "2025W01",
            "2025年第1周（12月30日至1月5日）",
        ),
        (
            Every.TWO_WEEKS,
            "2024-01-10",
            "2024-01-01",
            "2024-01-14",
            "2024F01",
            "2024年第1—2周（1月1日至1月14日）",
        ),
        (
            Every.TWO_WEEKS,
            "2027-01-01",
            "2026-12-28",
            "2027-01-03",
            "2026F27",
            "2026年第53周（12月28日至1月3日）",
        ),
        (Every.TEN_DAYS, "2024-02-29", "2024-02-21", "2024-02-29", "2024-02-X3", "2024年2月下旬"),
        (Every.TEN_DAYS, "2024-01-20", "2024-01-11", "2024-01-20", "2024-01-X2", "2024年1月中旬"),
        (
            Every.HALF_MONTH,
            "2024-04-16",
            "2024-04-16",
            "2024-04-30",
            "2024-04-H2",
            "2024年4月下半月",
        ),
        (Every.MONTH, "2023-02-10", "2023-02-01", "2023-02-28", "2023-02", "2023年2月"),
        (Every.TWO_MONTHS, "2024-12-31", "2024-11-01", "2024-12-31", "2024B6", "2024年11—12月"),
        (Every.QUARTER, "2024-04-01", "2024-04-01", "2024-06-30", "2024Q2", "2024年第二季度"),
        (Every.HALF_YEAR, "2024-06-30", "2024-01-01", "2024-06-30", "2024H1", "2024年上半年"),
        (Every.HALF_YEAR, "2024-07-01", "2024-07-01", "2024-12-31", "2024H2", "2024年下半年"),
        (Every.YEAR, "2024-12-31", "2024-01-01", "2024-12-31", "2024", "2024年"),
        (Every.TERM, "2025-01-31", "2024-09-01", "2025-01-31", "2024T2", "2024年秋季学期"),
        (Every.TERM, "2024-08-31", "2024-02-01", "2024-08-31", "2024T1", "2024年春季学期"),
    ],
)
def test_it_names_a_window(
    every: Every, day: str, start: str, end: str, key: str, label: str
) -> None:
    window = window_at(every, date.fromisoformat(day))
    assert (str(window.start), str(window.end)) == (start, end)
    assert (window.key, window.label_zh) == (key, label)


@pytest.mark.parametrize(
    ("every", "day", "label"),
    [
        (Every.DAY, "2024-04-08", "8 Apr 2024"),
        (Every.WEEK, "2024-12-31", "week 1 of 2025 (30 Dec to 5 Jan)"),
        (Every.TWO_WEEKS, "2024-04-08", "weeks 15 to 16 of 2024 (8 Apr to 21 Apr)"),
        (Every.TEN_DAYS, "2024-02-25", "21 to 29 Feb 2024"),
        (Every.HALF_MONTH, "2024-04-16", "16 to 30 Apr 2024"),
        (Every.MONTH, "2023-02-10", "Feb 2023"),
        (Every.TWO_MONTHS, "2024-12-31", "Nov to Dec 2024"),
        (Every.QUARTER, "2024-04-01", "Q2 2024"),
        (Every.HALF_YEAR, "2024-07-01", "second half of 2024"),
        (Every.YEAR, "2024-12-31", "2024"),
        (Every.TERM, "2025-01-31", "autumn term 2024"),
    ],
)
def test_it_names_a_window_in_english(every: Every, day: str, label: str) -> None:
    assert window_at(every, date.fromisoformat(day)).label_en == label


@pytest.mark.parametrize("every", Every)
def test_a_window_is_known_again_by_its_key(every: Every) -> None:
    windows = windows_of(every, 2024)
    assert len({w.label_en for w in windows}) == len(windows)
    for window in windows:
        found = window_of(window.key, window.start, window.end)
        assert (found, found.every) == (window, every)


def test_a_window_of_free_dates_has_no_period() -> None:
    start, end = date(2024, 1, 1), date(2024, 3, 31)
    for key in ("D2024-03-31", "2024-01-01..2024-03-31", ""):
        assert window_of(key, start, end).every is None
    assert window_of("", start, end).label_en == "1 Jan 2024 to 31 Mar 2024"


def test_it_takes_a_span_of_free_dates() -> None:
    span = Window(date(2024, 1, 1), date(2024, 3, 31))
    assert (span.days, span.key, span.label_zh) == (
        91,
        "2024-01-01..2024-03-31",
        "2024年1月1日至2024年3月31日",
    )
    with pytest.raises(ValueError, match="free dates"):
        window_after(span)


def test_it_refuses_a_window_that_ends_before_it_starts() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Window(date(2024, 4, 2), date(2024, 4, 1))


def test_it_refuses_a_year_out_of_reach() -> None:
    for year in (FIRST_YEAR - 1, LAST_YEAR + 1):
        with pytest.raises(ValueError, match="outside"):
            windows_of(Every.MONTH, year)


def test_it_says_every_period_in_chinese() -> None:
    assert len({every.label_zh for every in Every}) == 11
    assert Every.HALF_YEAR.label_zh == "每半年"
    assert day_zh(date(2024, 4, 9)) == "2024年4月9日"
