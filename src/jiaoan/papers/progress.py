"""推进情况报告: the progress report that a notice asks for on its report dates.

The caller gives figures, never sentences about figures: each number is a
:class:`~jiaoan.papers.official.Figure` with the address of the list that makes it, and the
sentences are put together here. Figures that contradict each other are refused
(:class:`FiguresContradict`), because a report is signed and numbers that do not add up cannot be
explained afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from jiaoan.kernel.clock import local
from jiaoan.kernel.windows import Window, day_zh, short_day_zh
from jiaoan.papers.official import Figure, Imprint, Letterhead, OfficialDocument, Part, Parts

LISTED_IN_TEXT = 12  # longer lists go to the attachment and the text names their number only
_NUMERALS = "〇一二三四五六七八九"
_NUMBERED = re.compile("^[一二三四五六七八九十]+、")


class FiguresContradict(ValueError):
    """Parts that do not add up to their whole; ``str()`` says which."""


@dataclass(frozen=True)
class Counts:
    """应完成 = 已销号 + 待核查 + 办理中 + 逾期, each with its list."""

    expected: Figure
    closed: Figure
    waiting: Figure
    working: Figure
    overdue: Figure

    def parts(self) -> tuple[Figure, ...]:
        return (self.closed, self.waiting, self.working, self.overdue)


@dataclass(frozen=True)
class ClauseProgress:
    """One duty or clause: where it stands in the notice, and how far it is.

    ``part`` is the heading of the part (``一、牢固树立安全发展理念``), ``source`` the chip
    (``要点 一·2``), ``remarks`` further paragraphs, e.g. evidence that the system made.
    """

    part: str
    source: str
    task: str
    counts: Counts
    remarks: Sequence[Parts] = ()


@dataclass(frozen=True)
class OverdueItem:
    """One occurrence that is late: by ``days``, on the report's date."""

    task: str
    source: str
    owner: str
    due: date
    days: int
    url: str = ""


@dataclass(frozen=True)
class NextItem:
    """What falls due in the next period: ``count`` occurrences of one duty."""

    task: str
    source: str
    owner: str
    due: date
    count: Figure


@dataclass(frozen=True)
class EvidenceItem:
    """One piece of evidence; happened and uploaded are two dates and are never merged."""

    title: str
    source: str
    happened_on: date
    uploaded_at: datetime
    sha256: str
    url: str = ""


@dataclass(frozen=True)
class ProgressReport:
    """Everything a progress report is made from.

    ``coverage``: ``(clauses in the ledger, clauses of the notice)``. ``journal_seq`` and
    ``journal_hash``: the head of the sealed journal when the figures were read.
    """

    issuer: str
    title: str
    addressee: str
    plan_title: str
    plan_number: str
    report_date: date
    period: Window
    totals: Counts
    coverage: tuple[Figure, Figure]
    clauses: Sequence[ClauseProgress]
    overdue: Sequence[OverdueItem]
    upcoming: Sequence[NextItem]
    next_report: date | None
    evidence: Sequence[EvidenceItem]
    journal_seq: int
    journal_hash: str
    made_by: str
    made_at: datetime
    next_report_advice: str = ""
    sample: bool = False
    letterhead: Letterhead | None = None
    imprint: Imprint | None = None


def progress_report(report: ProgressReport) -> bytes:
    """The report as .docx in official layout; :class:`FiguresContradict` if it cannot be true."""
    check(report)
    paper = OfficialDocument(
        title=report.title.replace("\n", ""),
        issuer=report.issuer,
        made_at=report.made_at,
        sample=report.sample,
    )
    if report.letterhead:
        paper.letterhead(report.letterhead)
    paper.title(report.title)
    paper.addressee(report.addressee)
    number = f"（{report.plan_number}）" if report.plan_number else ""
    start, end = day_zh(report.period.start), day_zh(report.period.end)
    paper.body(
        [f"按照《{report.plan_title}》{number}要求，现将{start}至{end}要点工作推进情况报告如下。"]
    )
    _overall(paper, report)
    _by_clause(paper, report)
    _problems(paper, report)
    _next_steps(paper, report)
    paper.body(["特此报告。"])
    names = ["分条款推进情况表", "逾期事项清单", "证明材料清单"]
    paper.attachment_note(names)
    paper.signature(report.issuer, report.report_date)
    _attachments(paper, report, names)
    if report.imprint:
        paper.imprint(report.imprint)
    return paper.to_bytes()


def check(report: ProgressReport) -> None:
    """Refuse figures that contradict each other."""
    for where, counts in [("全部", report.totals), *((c.source, c.counts) for c in report.clauses)]:
        whole, parts = _number(counts.expected), [_number(part) for part in counts.parts()]
        if sum(parts) != whole:
            shown = "、".join(f"{p.label}{p.text}" for p in counts.parts())
            raise FiguresContradict(
                f"{where}：{shown}，合计 {sum(parts)}，与{counts.expected.label}"
                f"{counts.expected.text}不符。请重新取数。"
            )
    if report.clauses:
        _check_sum(report)
    listed, late = len(report.overdue), _number(report.totals.overdue)
    if listed != late:
        raise FiguresContradict(f"逾期清单 {listed} 条，逾期数 {late}，两者不符。请重新取数。")


def _check_sum(report: ProgressReport) -> None:
    wholes = (report.totals.expected, *report.totals.parts())
    columns = zip(*((c.counts.expected, *c.counts.parts()) for c in report.clauses), strict=True)
    for whole, column in zip(wholes, columns, strict=True):
        added = sum(_number(figure) for figure in column)
        if added != _number(whole):
            raise FiguresContradict(
                f"各条款{whole.label}合计 {added}，总体{whole.label} {whole.value}，"
                "两者不符。请重新取数。"
            )


def percent(part: Figure, whole: Figure) -> Figure | None:
    """``part`` of ``whole`` with one decimal, linked like ``part``; ``None`` of nothing."""
    if not _number(whole):
        return None
    share = Decimal(_number(part)) * 100 / _number(whole)
    rounded = share.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Figure(f"{part.label}率", str(rounded), "%", part.url)


def _overall(paper: OfficialDocument, report: ProgressReport) -> None:
    paper.heading("一、总体情况")
    totals, day = report.totals, short_day_zh(report.report_date)
    covered, clauses = report.coverage
    if _number(totals.expected):
        sentence: list[Part] = [f"截至{day}，本期应完成事项", totals.expected]
        for part in totals.parts():
            sentence += [f"，{part.label}", part]
        rate = percent(totals.closed, totals.expected)
        sentence += ["，销号率", rate] if rate else []
        paper.body([*sentence, "。"])
    else:
        paper.body([f"截至{day}，本期无应完成事项。"])
    share = percent(covered, clauses)
    tail: list[Part] = ["，条款覆盖率", share] if share else []
    paper.body(["要点共有条款", clauses, "，已列入任务台账", covered, *tail, "。"])


def _by_clause(paper: OfficialDocument, report: ProgressReport) -> None:
    paper.heading("二、分条款推进情况")
    if not report.clauses:
        paper.body(["本期没有列入统计的条款。"])
    part, number = None, 0
    for clause in report.clauses:
        if clause.part != part:
            part, number = clause.part, number + 1
            paper.heading(f"（{numeral(number)}）{_bare_heading(part)}", level=2)
        paper.body(list(_clause_sentence(clause)))
        for remark in clause.remarks:
            paper.body(remark)


def _clause_sentence(clause: ClauseProgress) -> Iterator[Part]:
    counts = clause.counts
    yield f"{clause.task}（{clause.source.replace(' ', '')}）："
    if not _number(counts.expected):
        yield "本期无应完成事项。"
        return
    yield counts.expected.label
    yield counts.expected
    for figure in counts.parts():
        if figure is counts.closed or _number(figure):
            yield f"，{figure.label}"
            yield figure
    yield "。"


def _problems(paper: OfficialDocument, report: ProgressReport) -> None:
    paper.heading("三、存在问题")
    day = short_day_zh(report.report_date)
    if not report.overdue:
        paper.body([f"截至{day}，任务台账无逾期事项。"])
        return
    paper.body([f"截至{day}，逾期未销号事项", report.totals.overdue, "，清单见附件2。其中："])
    for number, item in enumerate(report.overdue[:LISTED_IN_TEXT], 1):
        owed = Figure("逾期天数", item.days, "天", item.url)
        source = item.source.replace(" ", "")
        lead = (
            f"{number}. {item.owner}：{item.task}（{source}），{short_day_zh(item.due)}到期，逾期"
        )
        paper.body([lead, owed, "。"])


def _next_steps(paper: OfficialDocument, report: ProgressReport) -> None:
    paper.heading("四、下一步安排")
    if report.next_report:
        advice = f"（{report.next_report_advice}）" if report.next_report_advice else ""
        paper.body([f"下一报告日为{day_zh(report.next_report)}{advice}。"])
    if not report.upcoming:
        paper.body(["至下一报告日没有新到期的事项。"])
        return
    paper.body(["至下一报告日到期的主要事项："])
    for number, item in enumerate(report.upcoming[:LISTED_IN_TEXT], 1):
        source = item.source.replace(" ", "")
        lead = f"{number}. {short_day_zh(item.due)}前，{item.owner}：{item.task}（{source}），"
        paper.body([lead, item.count, "。"])
    left = len(report.upcoming) - LISTED_IN_TEXT
    if left > 0:
        paper.body([f"其余{left}项按任务台账办理。"])


def _attachments(paper: OfficialDocument, report: ProgressReport, names: Sequence[str]) -> None:
    paper.appendix(1, names[0])
    heads = ("来源", "任务", "应完成", "已销号", "待核查", "办理中", "逾期")
    rows = [_count_row(c.source, c.task, c.counts) for c in report.clauses]
    rows.append(_count_row("合计", "", report.totals))
    paper.table(heads, rows, (24, 52, 16, 16, 16, 16, 16))
    paper.appendix(2, names[1])
    late = [
        (i.source, i.task, i.owner, day_zh(i.due), Figure("逾期天数", i.days, "天", i.url))
        for i in report.overdue
    ]
    _table_or_word(paper, ("来源", "任务", "承办单位", "期限", "逾期"), late, (24, 50, 36, 30, 16))
    paper.appendix(3, names[2])
    proofs = [
        (
            e.source,
            Figure("材料", e.title, "", e.url),
            day_zh(e.happened_on),
            local(e.uploaded_at).strftime("%Y-%m-%d %H:%M"),
            e.sha256[:12],
        )
        for e in report.evidence
    ]
    titles = ("来源", "材料", "发生日期", "上传时间", "摘要前12位")
    _table_or_word(paper, titles, proofs, (24, 44, 30, 30, 28))
    _how_made(paper, report)


def _count_row(source: str, task: str, counts: Counts) -> list[Part]:
    """Figures without their unit: the head of the column says what is counted."""
    return [source, task, *(replace(f, unit="") for f in (counts.expected, *counts.parts()))]


def _table_or_word(
    paper: OfficialDocument,
    heads: Sequence[str],
    rows: Sequence[Sequence[Part]],
    widths: Sequence[float],
) -> None:
    if rows:
        paper.table(heads, rows, widths)
    else:
        paper.body(["无。"])


def _how_made(paper: OfficialDocument, report: ProgressReport) -> None:
    made = local(report.made_at).strftime("%Y-%m-%d %H:%M:%S")
    paper.note(
        [
            f"生成说明：本报告由{report.made_by}于{made}从任务台账生成。文中数字由台账清单直接取得，"
            "在电子文件中可打开对应清单核对。"
        ]
    )
    paper.note([f"日志封存至第{report.journal_seq}号，SHA-256：{report.journal_hash}"])


def numeral(number: int) -> str:
    """1 → 一, 12 → 十二, 20 → 二十 (1 to 99)."""
    if not 1 <= number <= 99:
        raise ValueError(f"no heading number {number}")
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("" if tens == 1 else _NUMERALS[tens]) + "十"
    return head + (_NUMERALS[ones] if ones else "")


def _bare_heading(part: str) -> str:
    """``一、牢固树立安全发展理念。`` as it stands behind a number of our own."""
    return _NUMBERED.sub("", part).rstrip("。")


def _number(figure: Figure) -> int:
    if not isinstance(figure.value, int):
        raise FiguresContradict(f"{figure.label} {figure.value} 不是整数，不能汇总。")
    return figure.value
