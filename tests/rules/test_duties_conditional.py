"""The rate in brackets replaces the general one: items 3 and 6 of the 2024 notice."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from jiaoan.kernel.windows import Every
from jiaoan.rules.duties import (
    Conditional,
    DutySpec,
    Partial,
    Planned,
    Rate,
    SubjectFlag,
    frequency_for,
    occurrence_windows,
    planned_for,
)

QUARTERLY = DutySpec(Every.QUARTER, 1, None, date(2024, 1, 1), date(2024, 12, 31), 2024)
MONTHLY = Conditional(Rate(Every.MONTH), frozenset({"hazmat", "accident_prone"}))
HAZMAT = SubjectFlag("hazmat", "危货运输企业", date(2015, 3, 1))
QUARTERS = ["2024Q1", "2024Q2", "2024Q3", "2024Q4"]


def prone(since: str, until: str | None = None) -> SubjectFlag:
    return SubjectFlag(
        "accident_prone",
        "事故多发企业",
        date.fromisoformat(since),
        date.fromisoformat(until) if until else None,
        "12个月内发生3起事故",
    )


def keys(planned: tuple[Planned, ...]) -> list[str]:
    return [item.window.key for item in planned]


def test_an_ordinary_firm_owes_the_quarters() -> None:
    assert planned_for(QUARTERLY, [], MONTHLY) == occurrence_windows(QUARTERLY)
    assert planned_for(QUARTERLY, [HAZMAT], None) == occurrence_windows(QUARTERLY)
    other = SubjectFlag("coach", "客运企业", date(2015, 1, 1))
    assert keys(planned_for(QUARTERLY, [other], MONTHLY)) == QUARTERS


def test_a_hazmat_firm_owes_twelve_months_and_no_quarter() -> None:
    planned = planned_for(QUARTERLY, [HAZMAT], MONTHLY)
    assert keys(planned) == [f"2024-{month:02}" for month in range(1, 13)]
    assert planned[0].reason == (
        "自2015年3月1日起列为危货运输企业，按每月至少1次，不再适用每季度至少1次"
    )


def test_a_firm_that_becomes_accident_prone_on_20_may_owes_from_june() -> None:
    planned = planned_for(QUARTERLY, [prone("2024-05-20")], MONTHLY)
    assert keys(planned) == [
        "2024Q1",
        "2024-06",
        "2024-07",
        "2024-08",
        "2024-09",
        "2024-10",
        "2024-11",
        "2024-12",
    ]
    assert planned[1].due == date(2024, 6, 30)
    assert planned[1].reason == (
        "自2024年5月20日起列为事故多发企业（12个月内发生3起事故），按每月至少1次，不再适用每季度至少1次"
    )


def test_under_the_other_setting_it_owes_may_too() -> None:
    planned = planned_for(QUARTERLY, [prone("2024-05-20")], MONTHLY, partial=Partial.OWED)
    assert keys(planned)[:3] == ["2024Q1", "2024-05", "2024-06"]


def test_from_the_first_day_of_a_month_that_month_is_owed() -> None:
    assert keys(planned_for(QUARTERLY, [prone("2024-05-01")], MONTHLY))[:3] == [
        "2024Q1",
        "2024-05",
        "2024-06",
    ]


def test_a_flag_too_late_for_a_month_leaves_the_quarter() -> None:
    planned = planned_for(QUARTERLY, [prone("2024-06-02")], MONTHLY)
    assert keys(planned)[:3] == ["2024Q1", "2024Q2", "2024-07"]


def test_a_firm_that_recovers_goes_back_with_the_next_quarter() -> None:
    planned = planned_for(QUARTERLY, [prone("2024-05-20", "2024-08-10")], MONTHLY)
    # July and August began under the flag and answer the third quarter.
    assert keys(planned) == ["2024Q1", "2024-06", "2024-07", "2024-08", "2024Q4"]


def test_a_flag_inside_one_month_changes_nothing() -> None:
    assert keys(planned_for(QUARTERLY, [prone("2024-05-03", "2024-05-30")], MONTHLY)) == QUARTERS


def test_a_flag_of_last_year_holds_from_january() -> None:
    assert keys(planned_for(QUARTERLY, [prone("2023-11-05")], MONTHLY))[0] == "2024-01"


def test_a_flag_in_december_begins_next_year() -> None:
    assert keys(planned_for(QUARTERLY, [prone("2024-12-05")], MONTHLY)) == QUARTERS
    next_year = DutySpec(Every.QUARTER, 1, None, date(2025, 1, 1), date(2025, 12, 31), 2025)
    assert keys(planned_for(next_year, [prone("2024-12-05")], MONTHLY))[0] == "2025-01"


def test_a_drill_without_general_rate_is_owed_by_the_named_firms_only() -> None:
    as_required = DutySpec(None, 1, None, date(2024, 1, 1), date(2024, 12, 31), 2024)
    half_yearly = Conditional(Rate(Every.HALF_YEAR), frozenset({"hazmat", "accident_prone"}))
    assert planned_for(as_required, [], half_yearly) == ()
    planned = planned_for(as_required, [HAZMAT], half_yearly)
    assert keys(planned) == ["2024H1", "2024H2"]
    assert "一般企业无固定频次" in planned[0].reason


def test_a_week_over_the_end_of_a_month_answers_neither_month() -> None:
    monthly = DutySpec(Every.MONTH, 1, None, date(2024, 1, 1), date(2024, 12, 31), 2024)
    weekly = Conditional(Rate(Every.WEEK), frozenset({"accident_prone"}))
    planned = planned_for(monthly, [prone("2024-05-27", "2024-06-02")], weekly)
    assert "2024W22" in keys(planned)
    assert {"2024-05", "2024-06"} <= set(keys(planned))


def test_a_week_over_new_year_counts_for_a_flag_from_january() -> None:
    year = DutySpec(Every.MONTH, 1, None, date(2025, 1, 1), date(2025, 12, 31), 2025)
    weekly = Conditional(Rate(Every.WEEK), frozenset({"accident_prone"}))
    assert keys(planned_for(year, [prone("2025-01-01")], weekly))[0] == "2025W01"


def test_it_says_which_rate_holds_on_a_day() -> None:
    flags = [prone("2024-05-20", "2024-08-10")]
    general = Rate(Every.QUARTER)
    assert frequency_for(flags, general, MONTHLY, date(2024, 5, 19)).rate == general
    during = frequency_for(flags, general, MONTHLY, date(2024, 5, 20))
    assert during.rate == Rate(Every.MONTH)
    assert "事故多发企业" in during.reason
    assert frequency_for(flags, general, MONTHLY, date(2024, 8, 10)).rate == Rate(Every.MONTH)
    assert frequency_for(flags, general, MONTHLY, date(2024, 8, 11)).rate == general
    assert frequency_for([], None, MONTHLY, date(2024, 1, 1)).reason == "按要求组织，无固定频次"


@given(
    st.dates(date(2023, 6, 1), date(2025, 3, 1)),
    st.one_of(st.none(), st.integers(0, 500)),
)
def test_every_quarter_stays_answered_and_none_twice(since: date, length: int | None) -> None:
    until = None if length is None else date.fromordinal(since.toordinal() + length)
    flag = SubjectFlag("accident_prone", "事故多发企业", since, until)
    planned = planned_for(QUARTERLY, [flag], MONTHLY)
    for quarter in occurrence_windows(QUARTERLY):
        inside = [p.window for p in planned if p.window.start in quarter.window]
        assert inside
        assert (quarter.window in inside) == (len(inside) == 1 and inside[0].days > 31)
    starts = [p.window.start for p in planned]
    assert starts == sorted(starts)
