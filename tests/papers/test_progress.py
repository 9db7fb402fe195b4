from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jiaoan.papers.official import Figure
from jiaoan.papers.progress import (
    LISTED_IN_TEXT,
    FiguresContradict,
    ProgressReport,
    numeral,
    percent,
    progress_report,
)
from papers.opening import all_text, links, printed, text_of
from papers.samples import CLAUSES, JOURNAL_HASH, SITE, counts, report, signed_report


def refused(broken: ProgressReport) -> str:
    with pytest.raises(FiguresContradict) as refusal:
        progress_report(broken)
    return str(refusal.value)


def test_it_tells_the_four_sections_in_their_order() -> None:
    text = all_text(progress_report(report()))
    pieces = [
        "2024年全区交通运输安全生产工作要点",
        "4月推进情况报告",
        "局领导：",
        "（云岭交发〔2024〕30号）要求，现将2024年1月1日至2024年4月10日",
        "一、总体情况",
        "截至4月10日，本期应完成事项49件，已销号43件，待核查2件，办理中3件，逾期1件，销号率87.8%。",
        "要点共有条款18条，已列入任务台账17条，条款覆盖率94.4%。",
        "二、分条款推进情况",
        "（一）牢固树立安全发展理念",
        "主要负责同志召开安全专题会议（要点一·2）：应完成1件，已销号1件。",
        "应完成44件，已销号41件，待核查2件，逾期1件。",
        "（二）部署开展",
        "（三）强化安全科技支撑",
        "应完成3件，已销号0件，办理中3件。",
        "本期系统记录外籍危货车入区7次，均已闭环。",
        "三、存在问题",
        "1. 云岭顺泽危险化学品运输有限公司：危货企业主要负责人带队排查重大风险隐患（要点一·3），"
        "3月31日到期，逾期10天。",
        "四、下一步安排",
        "下一报告日为2024年6月10日（报告日6月10日为法定假日（端午节），文件未载顺延，请按6月7日安排）。",
        "1. 4月30日前，危货企业：",
        "特此报告。",
        "附件：1. 分条款推进情况表",
        "云岭区交通运输局安全监督股",
        "2024年4月10日",
        "一季度安全专题会议纪要.docx",
        "ab12cd34ef56",
        f"日志封存至第1204871号，SHA-256：{JOURNAL_HASH}",
    ]
    place = 0
    for piece in pieces:
        assert piece in text[place:], piece
        place = text.index(piece, place)


def test_every_figure_links_to_the_list_that_makes_it() -> None:
    found = links(progress_report(report()))
    totals = report().totals
    for figure in (totals.expected, *totals.parts()):
        assert (figure.text, figure.url) in found
    for clause in CLAUSES:
        assert (clause.counts.expected.text, clause.counts.expected.url) in found
        # once in the text with its unit, once in the table without
        assert (str(clause.counts.closed.value), clause.counts.closed.url) in found
    assert ("87.8%", totals.closed.url) in found
    assert ("7次", SITE + "stays") in found
    assert ("10天", SITE + "occurrence/412") in found
    assert ("14件", SITE + "?duty=3&window=2024-04") in found
    assert all(url.startswith("http://") for _, url in found)


def test_a_changed_figure_changes_the_report_everywhere() -> None:
    one, two = counts("duty=2", 1, 0, 0, 0), counts("duty=2", 6, 0, 0, 0)
    clauses = tuple(replace(c, counts=two) if c.counts == one else c for c in CLAUSES)
    changed = replace(report(), clauses=clauses, totals=counts("all=1", 48, 2, 3, 1))
    text = all_text(progress_report(changed))
    assert "应完成事项54件，已销号48件" in text
    assert "应完成6件，已销号6件" in text
    assert "49件" not in text
    assert "43件" not in text


def test_it_refuses_parts_that_do_not_add_up() -> None:
    totals = replace(report().totals, expected=Figure("应完成", 50, "件"))
    assert "合计 49，与应完成50件不符" in refused(replace(report(), totals=totals))


def test_it_refuses_clauses_that_do_not_add_up_to_the_whole() -> None:
    assert "各条款应完成合计 48" in refused(replace(report(), clauses=CLAUSES[1:]))
    moved = counts("all=1", 43, 3, 2, 1)
    assert "各条款待核查合计 2，总体待核查 3" in refused(replace(report(), totals=moved))


def test_it_refuses_an_overdue_list_of_another_length() -> None:
    assert "逾期清单 0 条，逾期数 1" in refused(replace(report(), overdue=()))


def test_it_refuses_a_count_that_is_no_whole_number() -> None:
    totals = replace(report().totals, closed=Figure("已销号", "43", "件"))
    assert "不是整数" in refused(replace(report(), totals=totals))


def test_a_period_without_anything_is_said_plainly() -> None:
    nothing = replace(
        report(),
        totals=counts("all=1", 0, 0, 0, 0),
        clauses=(),
        overdue=(),
        upcoming=(),
        evidence=(),
        next_report=None,
        sample=False,
    )
    text = all_text(progress_report(nothing))
    assert "本期无应完成事项。" in text
    assert "任务台账无逾期事项。" in text
    assert "至下一报告日没有新到期的事项。" in text
    assert "销号率" not in text
    assert text.count("\n无。") == 2


def test_a_long_list_goes_to_the_attachment() -> None:
    late = report().overdue[0]
    many = tuple(replace(late, owner=f"第{n}企业") for n in range(1, LISTED_IN_TEXT + 4))
    clauses = (replace(CLAUSES[0], counts=counts("x", 0, 0, 0, len(many))),)
    text = all_text(
        progress_report(
            replace(report(), overdue=many, clauses=clauses, totals=counts("x", 0, 0, 0, len(many)))
        )
    )
    assert f"{LISTED_IN_TEXT}. 第{LISTED_IN_TEXT}企业" in text
    assert f"{LISTED_IN_TEXT + 1}. " not in text
    assert text.count(f"第{LISTED_IN_TEXT + 3}企业") == 1


def test_a_sample_says_so_and_a_real_one_does_not(tmp_path: Path) -> None:
    from papers.opening import document

    marked = document(progress_report(report())).sections[0]
    assert "示意数据" in marked.header.paragraphs[0].text
    assert "示意数据" in marked.even_page_header.paragraphs[0].text
    real = document(progress_report(replace(report(), sample=False))).sections[0]
    assert "示意数据" not in real.header.paragraphs[0].text


def test_the_same_report_is_the_same_file() -> None:
    assert progress_report(signed_report()) == progress_report(signed_report())


@pytest.mark.slow
def test_a_page_of_the_real_report_keeps_to_the_22_lines(tmp_path: Path) -> None:
    pages = printed(progress_report(replace(report(), sample=False)), tmp_path)
    first = pages[0]
    body = [line[0].bottom for line in first[2:-1]]  # after the title, which is set larger
    pitch = 225 * 72 / 25.4 / 22
    places = [(bottom - body[0]) / pitch for bottom in body]
    assert len(body) > 12
    assert all(abs(place - round(place)) < 0.1 for place in places)
    assert round(places[-1]) <= 21 - 3  # two lines of title and a blank one before them
    assert text_of(first[-1]) == "—1—"
    assert "日志封存至第1204871号" in "".join(text_of(line) for line in pages[-1])


@pytest.mark.parametrize(
    ("closed", "expected", "shown"),
    [(1, 3, "33.3"), (2, 3, "66.7"), (1, 800, "0.1"), (7, 7, "100.0"), (0, 5, "0.0")],
)
def test_a_share_is_rounded_half_up_to_one_decimal(closed: int, expected: int, shown: str) -> None:
    share = percent(Figure("已销号", closed), Figure("应完成", expected))
    assert share is not None
    assert share.text == f"{shown}%"


def test_a_share_of_nothing_is_none() -> None:
    assert percent(Figure("已销号", 0), Figure("应完成", 0)) is None


def test_it_counts_in_chinese() -> None:
    assert [numeral(n) for n in (1, 10, 11, 20, 35)] == ["一", "十", "十一", "二十", "三十五"]
    with pytest.raises(ValueError):
        numeral(0)
    assert date(2024, 4, 10) == report().report_date
