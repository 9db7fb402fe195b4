"""A picture of the plan laid out as the values of ``papers.progress``: no figure is made here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from jiaoan.kernel.windows import short_day_zh
from jiaoan.kernel.workdays import WorkCalendar
from jiaoan.ledger.models import Clause, Duty, DutyRole, Evidence, Occurrence
from jiaoan.ledger.queries import Counts, Filter
from jiaoan.ledger.queries.report import DutyCount, Picture
from jiaoan.ledger.wording import condition_words
from jiaoan.papers import progress as paper
from jiaoan.papers.official import Figure, Parts
from jiaoan.rules.duties import REPORT_DAY, advice

ListUrl = Callable[[Filter], str]
"""The absolute address of the ledger list that a filter makes."""
ItemUrl = Callable[[Occurrence], str]


def paper_counts(numbers: Counts, by: Filter, url: ListUrl) -> paper.Counts:
    """Five figures, each linked to exactly the list that makes it."""

    def figure(label: str, value: int, group: str) -> Figure:
        return Figure(label, value, "项", url(replace(by, group=group)))

    return paper.Counts(
        expected=figure("应完成", numbers.owed, "owed"),
        closed=figure("已销号", numbers.closed, "closed"),
        waiting=figure("待核查", numbers.checking, "checking"),
        working=figure("办理中", numbers.running, "running"),
        overdue=figure("逾期", numbers.late, "late"),
    )


def paper_report(
    picture: Picture,
    *,
    issuer: str,
    addressee: str,
    made_by: str,
    made_at: datetime,
    sample: bool,
    list_url: ListUrl,
    item_url: ItemUrl,
) -> paper.ProgressReport:
    """The values of the Word file. ``issuer`` and ``addressee`` are names as printed."""
    plan, day = picture.plan, picture.report_date
    titles = part_titles(list(plan.clauses.all()))
    tip = advice(picture.next_report, WorkCalendar(), REPORT_DAY) if picture.next_report else None
    return paper.ProgressReport(
        issuer=issuer,
        title=f"关于{plan.year}年安全生产工作要点\n推进情况的报告（{short_day_zh(day)}）",
        addressee=addressee,
        plan_title=plan.title,
        plan_number=plan.doc_number,
        report_date=day,
        period=picture.period,
        totals=paper_counts(picture.totals, Filter(), list_url),
        coverage=(
            Figure("已列入台账条款", picture.clauses_covered, "条"),
            Figure("要点条款", picture.clauses_total, "条"),
        ),
        clauses=[_clause(item, titles, list_url) for item in picture.duties],
        overdue=[_late(item, picture.today, item_url) for item in picture.late],
        upcoming=_upcoming(picture, list_url),
        next_report=picture.next_report,
        next_report_advice=tip.sentence_zh if tip else "",
        evidence=[_evidence(item, item_url) for item in picture.evidence],
        journal_seq=picture.head.seq if picture.head else 0,
        journal_hash=picture.head.hash if picture.head else "",
        made_by=made_by,
        made_at=made_at,
        sample=sample,
    )


def part_title(clause: Clause, titles: dict[str, str]) -> str:
    """The heading of the first-level part that a clause stands in."""
    if not clause.path:
        return "通知正文"
    first = str(clause.path[0])
    return titles.get(first, first)


def part_titles(clauses: list[Clause]) -> dict[str, str]:
    """``一`` → ``一、牢固树立安全发展理念`` as printed, numbered once."""
    found: dict[str, str] = {}
    for clause in clauses:
        if len(clause.path) == 1:
            words = clause.title.strip().rstrip("。")
            label = clause.path[0]
            found[label] = words if words.startswith(label) else f"{label}、{words}"
    return found


def _clause(item: DutyCount, titles: dict[str, str], url: ListUrl) -> paper.ClauseProgress:
    duty = item.duty
    by = Filter(duty=duty.pk)
    return paper.ClauseProgress(
        part=part_title(duty.clause, titles),
        source=duty.source,
        task=title_of(duty),
        counts=paper_counts(item.counts, by, url),
        remarks=_remarks(item, url(by)),
    )


def _remarks(item: DutyCount, url: str) -> list[Parts]:
    """Evidence that the system itself made: how much was adopted, how much still waits."""
    if not item.adopted and not item.offers:
        return []
    return [
        [
            "系统自证：平台形成可作证据的记录",
            Figure("系统自证", item.adopted + item.offers, "条", url),
            "，已采用",
            Figure("已采用", item.adopted, "条", url),
            "。",
        ]
    ]


def title_of(duty: Duty) -> str:
    """A duty as a list names it; a stricter one says for whom it replaces the general one."""
    words = condition_words(duty.condition) if duty.replaces_id else ""
    return f"{duty.title}（{words}）" if words else duty.title


def _leads(duty: Duty) -> str:
    units = duty.units.all()
    leading = [u.organisation.label for u in units if u.role != DutyRole.COOP]
    return "、".join(leading[:3]) + ("等" if len(leading) > 3 else "")


def _late(item: Occurrence, today: date, url: ItemUrl) -> paper.OverdueItem:
    return paper.OverdueItem(
        task=title_of(item.duty),
        source=item.duty.clause.label,
        owner=item.organisation.label,
        due=item.due,
        days=(today - item.due).days,
        url=url(item),
    )


def _upcoming(picture: Picture, url: ListUrl) -> list[paper.NextItem]:
    """One line for each duty and due day, with how many occurrences fall due then."""
    known = {item.duty.pk: item.duty for item in picture.duties}
    groups: dict[tuple[date, int], int] = {}
    for item in picture.upcoming:
        key = (item.due, item.duty_id)
        groups[key] = groups.get(key, 0) + 1
    return [
        paper.NextItem(
            task=title_of(known[duty]),
            source=known[duty].clause.label,
            owner=_leads(known[duty]) or "各有关单位",
            due=due,
            count=Figure("应办", n, "项", url(Filter(duty=duty, due_from=due, due_to=due))),
        )
        for (due, duty), n in sorted(groups.items())
        if duty in known
    ]


def _evidence(item: Evidence, url: ItemUrl) -> paper.EvidenceItem:
    digest = item.attachment.sha256 if item.attachment else ""
    if not digest and item.offer:
        digest = item.offer.fact.hash
    return paper.EvidenceItem(
        title=item.title,
        source=item.occurrence.duty.clause.label,
        happened_on=item.happened_on,
        uploaded_at=item.added_at,
        sha256=digest,
        url=url(item.occurrence),
    )
