"""Windows, frequencies, classes and filters of the ledger in both languages of the page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from jiaoan.kernel.windows import Every, window_at
from jiaoan.kernel.workdays import WorkCalendar
from jiaoan.ledger.models import IntakeDraft, Occurrence
from jiaoan.ledger.obliged import CLASSES
from jiaoan.ledger.queries import Filter
from jiaoan.ledger.wording import SUBJECTS, condition_words, frequency_words
from jiaoan.portal.ledger import words
from jiaoan.portal.ledger.export import ledger_sheet
from jiaoan.portal.ledger.shown import advice_words, titled
from jiaoan.portal.notice.division import By
from jiaoan.rules.duties import REPORT_DAY, advice
from ledger.factory import duty, make_bureau, published

DRAFTS = [
    (IntakeDraft(every="quarter", min_count=1), "1 time each quarter"),
    (IntakeDraft(every="month", min_count=2, per_person=True),
     "2 times each month for each person"),
    (IntakeDraft(deadline=date(2024, 3, 31)), "by 31 Mar"),
    (IntakeDraft(every="year", min_count=1, deadline=date(2024, 11, 5)),
     "1 time each year, by 5 Nov"),
    (IntakeDraft(), "all year round"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "english"), DRAFTS)
def test_it_says_how_often_as_papers_do_and_in_english(row: IntakeDraft, english: str) -> None:
    with override("zh-hans"):
        assert words.frequency_line(row) == frequency_words(row)
    with override("en"):
        assert words.frequency_line(row) == english


def test_it_names_subjects_and_classes_as_papers_do_and_in_english() -> None:
    with override("zh-hans"):
        assert {name: words.subject(name) for name in words.SUBJECTS} == SUBJECTS
        assert {name: str(said) for name, said in words.CLASSES.items()} == CLASSES
        both = "accident_prone_or_hazmat"
        assert words.condition(both) == condition_words(both)
    with override("en"):
        assert all(words.subject(name).isascii() for name in SUBJECTS)
        assert words.condition(both) == "Accident-prone enterprises, Hazmat carriers"
        assert (words.condition("all"), words.subject("other")) == ("", "other")


def test_it_names_a_window_as_kept_or_in_english() -> None:
    made = window_at(Every.QUARTER, date(2024, 5, 20))
    kept = Occurrence(
        window_key=made.key, window_label=made.label_zh, starts=made.start, ends=made.end
    )
    with override("zh-hans"):
        assert titled("任务", kept) == "任务（2024年第二季度）"
    with override("en"):
        assert titled("任务", kept) == "任务 (Q2 2024)"
    dated = Occurrence(
        window_key="D2024-03-31", window_label="", starts=date(2024, 1, 1), ends=date(2024, 3, 31)
    )
    with override("en"):
        assert words.window(dated) == "1 Jan 2024 to 31 Mar 2024"


@pytest.mark.django_db
def test_pages_of_the_ledger_are_english_for_who_reads_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bureau = make_bureau()
    monkeypatch.setattr("jiaoan.portal.middleware.clock_from_environment", lambda: bureau.clock)
    plan = published(bureau)
    reported = plan.duties.get(is_progress_report=True)
    meeting = duty(plan, "召开安全专题会议")
    window = meeting.occurrences.first()
    assert window is not None
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(bureau.clerk, backend="django.contrib.auth.backends.ModelBackend")

    def page(url: str) -> str:
        return client.get(url).content.decode()

    n = plan.report_dates.count()
    with override("en"):
        said = words.frequency_line(meeting)
        title = words.window(window)
        assert words.frequency(reported) == [f"{n} report date{'s' if n > 1 else ''}"]
    strip = page(f"{reverse('ledger')}?only=all")
    listed = page(f"{reverse('ledger')}?view=list&duty={meeting.pk}&group=owed&due_to=2024-12-31")
    item = page(reverse("occurrence", args=[window.pk]))
    notice = page(f"{reverse('notice', args=[plan.pk])}?show=all")
    for shown, word in (
        (strip, f"{n} report date"), (strip, said), (strip, f'title="{title}: '),
        (listed, title), (listed, "duty 召开安全专题会议, group Owed, due until 2024-12-31"),
        (item, f"<span>{title} · "), (item, said), (item, f"Window {title}"), (notice, said),
    ):  # fmt: skip
        assert word in shown, word
    for shown in (strip, listed, item, notice):
        for word in (window.window_label, frequency_words(meeting), frequency_words(reported)):
            assert word not in shown


def test_it_says_a_word_about_a_holiday_in_both_languages() -> None:
    tip = advice(date(2024, 6, 10), WorkCalendar(), REPORT_DAY)
    assert tip is not None
    with override("zh-hans"):
        assert advice_words(tip) == tip.sentence_zh
    with override("en"):
        assert advice_words(tip) == tip.sentence_en
        assert advice_words(None) == ""


def test_it_says_what_narrows_the_division_in_both_languages() -> None:
    with override("zh-hans"):
        assert By("一", "办公室", "open").words == "部分 一，单位 办公室，状态 未判读"
        assert By().words == "全部"
    with override("en"):
        assert By("一", "办公室").words == "part 一, unit 办公室"
        assert By().words == "all"


@pytest.mark.django_db
def test_it_says_a_filter_in_both_languages() -> None:
    plan = published(make_bureau())
    by = Filter(section="一", group="late", state="to_sign", due_from=date(2024, 4, 1), text="会")
    with override("zh-hans"):
        said = words.filter_words(plan, by)
        assert said == "条款 一，类别 逾期，状态 待签收，期限自 2024-04-01，含“会”"
        assert words.filter_words(plan, Filter()) == "全部"
        assert words.filter_words(plan, Filter(duty=0, document=9**9)) == "配套文件 无"
    with override("en"):
        said = words.filter_words(plan, by)
        assert said == "clause 一, group Overdue, state To sign for, due from 2024-04-01, with “会”"
        assert words.filter_words(plan, Filter()) == "all"
        assert words.filter_words(plan, Filter(organisation=9**9)) == "unit none"
        now = datetime(2024, 4, 8, tzinfo=UTC)
        paper = ledger_sheet([], plan, by, now.date(), maker=None, made_at=now)
        assert paper.footer.filter == "条款 一，类别 逾期，状态 待签收，期限自 2024-04-01，含“会”"
