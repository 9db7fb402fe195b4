"""Golden cases by hand: the 2024 notice, year ends, leap days, firms that come and go."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaoan.kernel.windows import Every, windows_of
from jiaoan.rules.duties import (
    DutySpec,
    Partial,
    Planned,
    occurrence_windows,
    report_windows,
)


def d(text: str) -> date:
    return date.fromisoformat(text)


def spec(
    every: Every | None = None,
    deadline: str | None = None,
    *,
    starts: str = "2024-01-01",
    ends: str = "2024-12-31",
    year: int = 2024,
    min_count: int = 1,
) -> DutySpec:
    return DutySpec(every, min_count, d(deadline) if deadline else None, d(starts), d(ends), year)


def keys(planned: tuple[Planned, ...]) -> list[str]:
    return [item.window.key for item in planned]


def dues(planned: tuple[Planned, ...]) -> list[str]:
    return [str(item.due) for item in planned]


def test_a_quarterly_duty_has_the_four_quarters() -> None:
    planned = occurrence_windows(spec(Every.QUARTER, min_count=2))
    assert keys(planned) == ["2024Q1", "2024Q2", "2024Q3", "2024Q4"]
    assert dues(planned) == ["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"]
    assert {item.min_count for item in planned} == {2}
    assert planned[0].reason == "每季度至少2次"


@pytest.mark.parametrize(
    ("every", "count", "first_due", "last_due"),
    [
        (Every.MONTH, 12, "2024-01-31", "2024-12-31"),
        (Every.HALF_YEAR, 2, "2024-06-30", "2024-12-31"),
        (Every.YEAR, 1, "2024-12-31", "2024-12-31"),
        (Every.TEN_DAYS, 36, "2024-01-10", "2024-12-31"),
        (Every.WEEK, 52, "2024-01-07", "2024-12-29"),
        (Every.TERM, 2, "2024-08-31", "2025-01-31"),
        (Every.DAY, 366, "2024-01-01", "2024-12-31"),
    ],
)
def test_a_whole_year_owes_every_window(
    every: Every, count: int, first_due: str, last_due: str
) -> None:
    planned = occurrence_windows(spec(every))
    assert len(planned) == count
    assert (dues(planned)[0], dues(planned)[-1]) == (first_due, last_due)


def test_february_ends_on_the_leap_day_only_in_a_leap_year() -> None:
    assert dues(occurrence_windows(spec(Every.MONTH)))[1] == "2024-02-29"
    common = spec(Every.MONTH, starts="2023-01-01", ends="2023-12-31", year=2023)
    assert dues(occurrence_windows(common))[1] == "2023-02-28"


def test_iso_weeks_over_new_year_are_owed_once() -> None:
    weeks_2020 = spec(Every.WEEK, starts="2020-01-01", ends="2020-12-31", year=2020)
    weeks_2021 = spec(Every.WEEK, starts="2021-01-01", ends="2021-12-31", year=2021)
    both = occurrence_windows(weeks_2020) + occurrence_windows(weeks_2021)
    assert len(both) == 53 + 52
    assert both[0].window.start == d("2019-12-30")
    assert both[52].due == d("2021-01-03")
    assert all(b.window.start - a.due == timedelta(days=1) for a, b in pairwise(both))


def test_a_firm_registered_inside_a_quarter_owes_from_the_next_one() -> None:
    late = spec(Every.QUARTER, starts="2024-05-20")
    assert keys(occurrence_windows(late)) == ["2024Q3", "2024Q4"]
    assert keys(occurrence_windows(late, partial=Partial.OWED)) == ["2024Q2", "2024Q3", "2024Q4"]


@pytest.mark.parametrize(("starts", "first"), [("2024-04-01", "2024Q2"), ("2024-04-02", "2024Q3")])
def test_the_first_day_of_a_window_is_still_whole(starts: str, first: str) -> None:
    assert keys(occurrence_windows(spec(Every.QUARTER, starts=starts)))[0] == first


def test_a_firm_that_leaves_inside_a_quarter_owes_it_no_longer() -> None:
    left = spec(Every.QUARTER, ends="2024-08-10")
    assert keys(occurrence_windows(left)) == ["2024Q1", "2024Q2"]
    owed = occurrence_windows(left, partial=Partial.OWED)
    assert (keys(owed)[-1], dues(owed)[-1]) == ("2024Q3", "2024-08-10")
    assert keys(occurrence_windows(spec(Every.QUARTER, ends="2024-09-30")))[-1] == "2024Q3"


def test_a_firm_of_four_weeks_owes_no_quarter() -> None:
    short = spec(Every.QUARTER, starts="2024-05-06", ends="2024-06-02")
    assert occurrence_windows(short) == ()
    assert keys(occurrence_windows(short, partial=Partial.OWED)) == ["2024Q2"]


def test_a_dated_duty_runs_from_the_start_of_the_plan_to_its_deadline() -> None:
    (plan,) = occurrence_windows(spec(deadline="2024-03-31"))
    assert (plan.window.start, plan.window.end, plan.due) == (
        d("2024-01-01"),
        d("2024-03-31"),
        d("2024-03-31"),
    )
    assert plan.window.key == "2024-01-01..2024-03-31"
    assert plan.reason == "2024年3月31日前完成"


def test_a_dated_duty_may_lie_beyond_the_plans_year() -> None:
    assert dues(occurrence_windows(spec(deadline="2026-12-31"))) == ["2026-12-31"]


def test_a_firm_registered_after_the_deadline_does_not_owe_it() -> None:
    assert occurrence_windows(spec(deadline="2024-03-31", starts="2024-04-01")) == ()
    assert dues(occurrence_windows(spec(deadline="2024-03-31", starts="2024-03-31"))) == [
        "2024-03-31"
    ]


def test_a_standing_duty_has_no_window() -> None:
    assert occurrence_windows(spec()) == ()


def test_a_count_within_the_year_and_a_deadline_go_together() -> None:
    assert dues(occurrence_windows(spec(Every.YEAR, "2024-10-31"))) == ["2024-10-31"]
    assert dues(occurrence_windows(spec(Every.QUARTER, "2024-08-15"))) == [
        "2024-03-31",
        "2024-06-30",
        "2024-08-15",
    ]
    assert dues(occurrence_windows(spec(Every.QUARTER, "2024-06-30")))[-1] == "2024-06-30"


def test_the_four_report_dates_cut_the_year_into_periods() -> None:
    dates = [d("2024-06-10"), d("2024-04-10"), d("2024-12-10"), d("2024-09-10"), d("2024-04-10")]
    planned = report_windows(dates, d("2024-01-01"))
    assert dues(planned) == ["2024-04-10", "2024-06-10", "2024-09-10", "2024-12-10"]
    assert [str(item.window.start) for item in planned] == [
        "2024-01-01",
        "2024-04-11",
        "2024-06-11",
        "2024-09-11",
    ]
    assert report_windows(dates, d("2024-09-11"))[0].due == d("2024-12-10")


def test_it_refuses_a_spec_that_contradicts_itself() -> None:
    with pytest.raises(ValueError, match="次数 0"):
        spec(Every.MONTH, min_count=0)
    with pytest.raises(ValueError, match="晚于"):
        spec(Every.MONTH, starts="2024-05-02", ends="2024-05-01")


@given(
    st.sampled_from(list(Every)),
    st.dates(date(2024, 1, 1), date(2024, 12, 31)),
    st.dates(date(2024, 1, 1), date(2024, 12, 31)),
    st.sampled_from(list(Partial)),
)
def test_every_window_it_plans_is_one_of_the_year_and_touches_the_obligation(
    every: Every, one: date, other: date, partial: Partial
) -> None:
    starts, ends = sorted((one, other))
    planned = occurrence_windows(DutySpec(every, 1, None, starts, ends, 2024), partial=partial)
    known = windows_of(every, 2024)
    assert all(item.window in known for item in planned)
    assert len(set(keys(planned))) == len(planned)
    assert all(item.window.start <= ends and item.due >= starts for item in planned)
    if partial is Partial.OWED:
        missed = set(known) - {item.window for item in planned}
        assert not any(w.start <= ends and starts <= w.end for w in missed)
