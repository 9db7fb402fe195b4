"""Rows of the ledger as the values that components show."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from jiaoan.journal.models import Fact
from jiaoan.ledger.activities import FIELDS, Activity
from jiaoan.ledger.models import Duty, Evidence, Occurrence
from jiaoan.ledger.queries import Filter
from jiaoan.ledger.queries.strip import Cell, DutyRow
from jiaoan.ledger.report import title_of
from jiaoan.ledger.states import OccurrenceState
from jiaoan.org.models import User
from jiaoan.portal import components as c
from jiaoan.portal.ledger.words import window, window_words
from jiaoan.portal.names import reads_english
from jiaoan.portal.templatetags.ja import colon
from jiaoan.rules.duties import Advice


def duty_chip(duty: Duty) -> c.Clause:
    """The chip opens the sentence of the duty, highlighted, in the document that it stands in.

    A duty of a second document says its place there behind the clause that it carries out.
    """
    number = duty.sentence.number
    url = f"{reverse('notice', args=[duty.sentence.plan_id])}?s={number}#s{number}"
    return c.Clause(duty.source, url)


def light(item: Occurrence, today: date) -> c.Light:
    """The light of one occurrence: what waits for the checker still shows its days."""
    if item.status is OccurrenceState.WAIVED:
        return c.Light(c.Tone.IDLE, _("Waived"))
    done = item.status is OccurrenceState.CLOSED
    return c.due_light(item.due, today, done=done, opens=item.starts)


def advice_words(tip: Advice | None) -> str:
    """A word about a due day that is not worked; empty where there is none."""
    if tip is None:
        return ""
    return tip.sentence_en if reads_english() else tip.sentence_zh


def titled(title: str, item: Occurrence) -> str:
    """The title of a duty with the window of ``item``."""
    inside = window(item)
    return f"{title} ({inside})" if reads_english() else f"{title}（{inside}）"


def task(item: Occurrence, today: date) -> c.Task:
    return c.Task(
        titled(title_of(item.duty), item),
        reverse("occurrence", args=[item.pk]),
        light(item, today),
        c.Clause(item.duty.clause.label),
        item.organisation.name,
    )


def list_url(plan: int, by: Filter, **more: str) -> str:
    """The address of the ledger list that a filter makes."""
    query = {"plan": str(plan), "view": "list", **by.to_query(), **more}
    return f"{reverse('ledger')}?{urlencode(query)}"


def year_cells(row: DutyRow, plan: int, today: date) -> list[c.YearCell]:
    """A cell is as wide as its window, in months; short windows of one month share a cell."""
    return [_cell(row.duty, cell, plan, today) for cell in row.cells if cell.total]


def _cell(duty: Duty, cell: Cell, plan: int, today: date) -> c.YearCell:
    first = cell.starts.month if cell.starts.year == cell.due.year else 1
    last = max(cell.due.month, first)
    if cell.starts.day > 1 and last > first:
        # A window that begins within a month leaves that month's cell to the window before it.
        first += 1
    by = Filter(duty=duty.pk, due_from=cell.due, due_to=cell.due)
    done = cell.closed == cell.total
    short = last == first
    if done:
        tone: c.Tone | None = c.Tone.DONE
        text = str(cell.total) if short else f"{cell.closed}/{cell.total}"
    elif cell.late:
        tone, text = c.Tone.LATE, _("%(n)s short") % {"n": cell.late}
    elif cell.starts > today:
        tone = c.Tone.IDLE
        text = str(cell.total) if short else f"{cell.closed}/{cell.total}"
    else:
        near = (cell.due - today).days <= c.NEAR_DAYS
        tone = c.Tone.NEAR if near else c.Tone.OK
        text = f"{cell.closed}/{cell.total}"
    label = window_words(cell.label, cell.key, cell.starts, cell.ends)
    label = f"{label}{colon()}{cell.closed}/{cell.total}"
    return c.YearCell(first, last - first + 1, tone, text, list_url(plan, by), label)


def evidence(item: Evidence) -> c.Evidence:
    if item.attachment is not None:
        return c.Evidence(
            item.title,
            item.happened_on,
            item.attachment.uploaded_at,
            item.attachment.short_hash,
            reverse("evidence_file", args=[item.pk]),
        )
    assert item.offer is not None
    return c.Evidence(
        item.title,
        item.happened_on,
        item.added_at,
        item.offer.fact.short_hash,
        item.offer.url,
        _("From the system"),
    )


def timeline(facts: list[Fact]) -> list[c.TimelineEntry]:
    """Who, when, what; names are looked up once for all facts."""
    ids = {int(f.actor[5:]) for f in facts if f.actor.startswith("user:")}
    names = {user.pk: user.name for user in User.objects.filter(pk__in=ids)}
    return [_entry(fact, names) for fact in facts]


def _entry(fact: Fact, names: dict[int, str]) -> c.TimelineEntry:
    by_person = fact.actor.startswith("user:")
    who = names.get(int(fact.actor[5:]), "") if by_person else _("System")
    note = str(fact.payload.get("reason", ""))
    return c.TimelineEntry(
        fact_words(fact), fact.recorded_at, who, by_system=not by_person, fact=fact.seq, note=note
    )


def fact_words(fact: Fact) -> str:
    """A fact of an occurrence in the words of the trade."""
    words = {
        "ledger.occurrences_made": _("Windows of the year made and assigned"),
        "ledger.assigned": _("Window begun, assigned"),
        "ledger.signed": _("Signed for"),
        "ledger.reported": _("Reported back"),
        "ledger.returned": _("Returned for supplement"),
        "ledger.checked": _("Check passed"),
        "ledger.closed": _("Closed"),
        "ledger.reopened": _("Opened again"),
        "ledger.waived": _("Waived"),
        "ledger.restored": _("Owed again"),
        "ledger.urged": _("Urged"),
        "ledger.evidence_added": _("Evidence uploaded"),
        "ledger.evidence_offered": _("The system offers evidence"),
        "ledger.evidence_adopted": _("Evidence of the system adopted"),
        "ledger.extension_asked": _("Extension asked for"),
        "ledger.extension_granted": _("Extension granted"),
        "ledger.extension_refused": _("Extension refused"),
    }
    return words.get(fact.kind, fact.kind)


def figures_shown(activity: str, figures: dict[str, object]) -> list[tuple[str, str]]:
    """The figures of a report-back by label, in the order of the form."""
    return [
        (str(field.label), str(figures[field.key]))
        for field in FIELDS[Activity(activity)]
        if figures.get(field.key) not in (None, "")
    ]
