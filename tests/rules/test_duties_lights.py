from __future__ import annotations

from datetime import date

import pytest

from jiaoan.kernel.workdays import ListedDay, WorkCalendar
from jiaoan.rules.duties import REPORT_DAY, LightKind, Standing, advice, light

TODAY = date(2024, 6, 5)
CALENDAR = WorkCalendar()


@pytest.mark.parametrize(
    ("state", "due", "kind", "days", "word"),
    [
        (Standing.OPEN, "2024-06-30", LightKind.OK, 25, "还有 25 天"),
        (Standing.OPEN, "2024-06-13", LightKind.OK, 8, "还有 8 天"),
        (Standing.OPEN, "2024-06-12", LightKind.NEAR, 7, "还有 7 天"),
        (Standing.OPEN, "2024-06-06", LightKind.NEAR, 1, "还有 1 天"),
        (Standing.OPEN, "2024-06-05", LightKind.NEAR, 0, "今天到期"),
        (Standing.OPEN, "2024-06-04", LightKind.LATE, 1, "逾期 1 天"),
        (Standing.OPEN, "2024-05-31", LightKind.LATE, 5, "逾期 5 天"),
        (Standing.OPEN, "2025-01-31", LightKind.OK, 240, "还有 240 天"),
        (Standing.UPCOMING, "2024-09-30", LightKind.NONE, 117, "未开始"),
        (Standing.UPCOMING, "2024-06-04", LightKind.LATE, 1, "逾期 1 天"),
        (Standing.DONE, "2024-05-31", LightKind.DONE, 0, "已销号"),
        (Standing.EXEMPT, "2024-05-31", LightKind.NONE, 0, "免予办理"),
    ],
)
def test_a_light_has_its_word_and_its_days(
    state: Standing, due: str, kind: LightKind, days: int, word: str
) -> None:
    shown = light(state, date.fromisoformat(due), TODAY)
    assert (shown.kind, shown.days, shown.word_zh) == (kind, days, word)


def test_what_is_near_is_a_setting() -> None:
    due = date(2024, 6, 15)
    assert light(Standing.OPEN, due, TODAY).kind is LightKind.OK
    assert light(Standing.OPEN, due, TODAY, near_days=10).kind is LightKind.NEAR
    assert light(Standing.OPEN, TODAY, TODAY, near_days=0).kind is LightKind.NEAR


def test_the_june_report_date_is_a_festival_and_is_not_moved() -> None:
    word = advice(date(2024, 6, 10), CALENDAR, REPORT_DAY)
    assert word is not None
    assert word.by == date(2024, 6, 7)
    assert word.sentence_zh == "报告日6月10日为法定假日（端午节），文件未载顺延，请按6月7日安排"
    assert word.sentence_en == (
        "Report date 10 Jun is a public holiday (端午节) and the document does not move it: "
        "plan for 7 Jun"
    )


def test_a_quarter_that_ends_on_a_sunday_gets_the_friday() -> None:
    word = advice(date(2024, 6, 30), CALENDAR)
    assert word is not None
    assert (word.by, word.sentence_zh) == (
        date(2024, 6, 28),
        "期限6月30日为星期日，文件未载顺延，请按6月28日安排",
    )


def test_new_years_day_points_into_the_old_year() -> None:
    word = advice(date(2025, 1, 1), CALENDAR)
    assert word is not None
    assert word.sentence_zh.endswith("请按2024年12月31日安排")
    assert word.sentence_en.endswith("plan for 31 Dec 2024")


def test_a_worked_sunday_and_a_plain_workday_need_no_word() -> None:
    assert advice(date(2024, 4, 7), CALENDAR) is None
    assert advice(date(2024, 9, 10), CALENDAR) is None


def test_a_year_without_a_list_says_so_until_the_list_is_loaded() -> None:
    due = date(2035, 10, 1)
    word = advice(due, CALENDAR)
    assert word is not None
    assert (word.by, "2035年节假日安排未公布" in word.sentence_zh) == (due, True)
    sunday = advice(date(2035, 9, 30), CALENDAR)
    assert sunday is not None
    assert sunday.by == date(2035, 9, 28)
    assert "未公布" in sunday.sentence_zh
    assert "is a Sunday" in sunday.sentence_en
    assert "(the holidays of 2035 are not published" in sunday.sentence_en
    loaded = WorkCalendar(
        {due: ListedDay(False, "国庆节"), date(2035, 9, 30): ListedDay(True, "国庆节")}
    )
    word = advice(due, loaded)
    assert word is not None
    assert (word.by, "未公布" in word.sentence_zh) == (date(2035, 9, 30), False)
