"""Two papers are laid beside each other clause by clause, by what they say and not by number."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.notices import read
from jiaoan.notices.compare import Change, ChangedField, ChangeKind, Comparison, compare
from notice_support import DATA

NOTICE = (DATA / "2024-yunxi.txt").read_text("utf-8")
OLD = read(NOTICE)
CLAUSES = [
    "加强客运安全。每季度至少检查1次客运企业，6月底前完成安全带整治。（运输股牵头，执法大队配合）",
    "加强危货监管。年底前建成电子围栏系统，电子运单使用率达到95%。（安全股牵头，运输股配合）",
    "整治超限超载。每周不少于2次联合执法。（执法大队牵头，公路中心配合）",
    "开展平安工地建设。每半年考核一次在建项目。（基建股牵头，质监站配合）",
    "加强水上交通安全。汛期来临前完成渡口渡船检查。（水运股牵头，海事所配合）",
]


def plan(clauses: list[str], year: int = 2024) -> str:
    numbered = "\n".join(f"{n}. {clause}" for n, clause in enumerate(clauses, start=1))
    return f"江北区交通运输局{year}年安全生产工作要点\n一、重点任务\n{numbered}\n"


def between(before: list[str], after: list[str], year: int = 2025) -> Comparison:
    return compare(read(plan(before)), read(plan(after, year)))


def kinds(found: Comparison) -> list[str]:
    return [change.kind.value for change in found.changes]


def fields(change: Change) -> set[ChangedField]:
    return {one.field for one in change.fields}


def test_it_finds_nothing_where_nothing_changed() -> None:
    found = compare(OLD, OLD)
    assert {change.kind for change in found.changes} == {ChangeKind.SAME}
    assert len(found.changes) == len(OLD.items)
    assert not found.report_dates_changed


def test_it_takes_the_same_plan_a_year_later_for_the_same() -> None:
    found = compare(OLD, read(NOTICE.replace("2024", "2025")))
    assert {change.kind for change in found.changes} == {ChangeKind.SAME}
    assert not found.report_dates_changed


def test_it_matches_by_content_where_every_number_moved() -> None:
    found = between(
        CLAUSES, ["开展打非治违专项行动，严查黑车。（执法大队牵头，法规股配合）", *CLAUSES]
    )
    assert kinds(found) == ["new", "same", "same", "same", "same", "same"]
    assert found.changes[1].old is not None
    assert found.changes[1].new is not None
    assert (found.changes[1].old.path, found.changes[1].new.path) == (("一", "1"), ("一", "2"))


def test_it_says_which_clause_was_dropped_and_where() -> None:
    found = between(CLAUSES, [*CLAUSES[:2], *CLAUSES[3:]])
    assert kinds(found) == ["same", "same", "dropped", "same", "same"]
    assert found.of(ChangeKind.DROPPED)[0].old is not None


def test_it_tells_a_moved_clause_from_those_it_passed() -> None:
    found = between(CLAUSES, [CLAUSES[4], *CLAUSES[:4]])
    assert kinds(found) == ["moved", "same", "same", "same", "same"]
    assert found.changes[0].moved


def test_it_names_the_fields_that_changed() -> None:
    after = [
        CLAUSES[0].replace("每季度", "每月").replace("6月底", "9月底"),
        CLAUSES[1].replace("95%", "98%").replace("运输股配合", "运输股、执法大队配合"),
        CLAUSES[2].replace("执法大队牵头", "法规股牵头"),
        CLAUSES[3].replace("每半年考核一次在建项目", "每半年考核一次在建项目，结果与信用评价挂钩"),
        CLAUSES[4].replace("加强水上交通安全", "严管水上交通安全"),
    ]
    found = between(CLAUSES, after)
    assert kinds(found) == ["changed"] * 5
    said = [fields(change) - {ChangedField.TEXT} for change in found.changes]
    assert said == [
        {ChangedField.RECURRENCES, ChangedField.DEADLINES},
        {ChangedField.TARGETS, ChangedField.COOP_UNITS},
        {ChangedField.LEAD_UNITS},
        set(),
        {ChangedField.TITLE},
    ]
    assert fields(found.changes[3]) == {ChangedField.TEXT}
    days = next(f for f in found.changes[0].fields if f.field is ChangedField.DEADLINES)
    assert (days.before, days.after) == (("2024-06-30",), ("2025-09-30",))


def test_a_dropped_prefix_is_no_change_of_units() -> None:
    found = between(CLAUSES[:2], [CLAUSES[0].replace("运输股", "局运输股"), CLAUSES[1]])
    assert kinds(found) == ["same", "same"]


def test_it_names_the_clause_that_a_new_one_was_cut_from() -> None:
    whole = CLAUSES[0].replace("6月底前完成安全带整治", "") + CLAUSES[3]
    joined = re.sub(r"（[^）]*）开展", "开展", whole)
    found = between([joined, *CLAUSES[1:3]], [CLAUSES[0], CLAUSES[3], *CLAUSES[1:3]])
    new = found.of(ChangeKind.NEW)
    assert len(new) == 1
    assert new[0].nearest is not None
    assert new[0].nearest.path == ("一", "1")


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(len(CLAUSES))), st.integers(2020, 2030))
def test_every_clause_stands_in_the_comparison_once(order: list[int], year: int) -> None:
    found = between(CLAUSES, [CLAUSES[i] for i in order], year)
    olds = [change.old.path for change in found.changes if change.old]
    news = [change.new.path for change in found.changes if change.new]
    assert len(olds) == len(news) == len(CLAUSES)
    assert len(set(olds)) == len(set(news)) == len(CLAUSES)
    assert all(change.kind in (ChangeKind.SAME, ChangeKind.MOVED) for change in found.changes)
