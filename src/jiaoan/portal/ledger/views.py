"""任务台账: the year on one strip, the list behind every number, and its export."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jiaoan.ledger import queries
from jiaoan.ledger.models import Duty, Occurrence, Plan
from jiaoan.ledger.progress import coverage
from jiaoan.ledger.queries import Counts, Filter
from jiaoan.ledger.queries.lists import listed
from jiaoan.ledger.report import part_titles, title_of
from jiaoan.ledger.states import Group, OccurrenceState
from jiaoan.org.models import Organisation
from jiaoan.portal import components as c
from jiaoan.portal.access import page
from jiaoan.portal.asked import clock
from jiaoan.portal.ledger import export as paper
from jiaoan.portal.ledger import shown, words
from jiaoan.portal.templatetags.ja import comma
from jiaoan.scope import can

ROWS = (20, 50, 200)


@require_safe
@page("ledger.view")
def ledger(request: HttpRequest) -> HttpResponse:
    plan = chosen_plan(request)
    if plan is None:
        actions = [c.Action(_("Read a notice"), reverse("notices"), primary=True)]
        nothing = c.Empty(
            _("No plan has been published yet"),
            _("Duties stand here once a notice was taken apart and published."),
            actions if can(request.user, "notice.import") else (),
        )
        return render(request, "portal/ledger/none.html", {"nothing": nothing, "section": "ledger"})
    today = clock(request).today()
    by = Filter.from_query(request.GET.dict())
    context = _frame(request, plan, by, today)
    if request.GET.get("view") == "list":
        context |= _list(request, plan, by, today)
        return render(request, "portal/ledger/list.html", context)
    context |= _strip(request, plan, by, today)
    return render(request, "portal/ledger/strip.html", context)


def chosen_plan(request: HttpRequest) -> Plan | None:
    """The published plan of the address, else the newest."""
    found = queries.ledgers(request.user)
    asked = request.GET.get("plan", "") or request.POST.get("plan", "")
    if asked:
        if not asked.isascii() or not asked.isdecimal():
            raise Http404
        chosen = found.filter(pk=int(asked)).first()
        if chosen is None:
            raise Http404
        return chosen
    return found.first()


def _frame(request: HttpRequest, plan: Plan, by: Filter, today: date) -> dict[str, object]:
    """What strip and list share: tree, counters, filter words."""
    everything = queries.occurrences(request.user, plan, today, replace(by, group="", state=""))
    numbers = queries.counts(everything, today)
    reading = coverage(plan)
    return {
        "section": "ledger",
        "plan": plan,
        "today": today,
        "by": by,
        "tree": _tree(request, plan, by),
        "counters": _counters(plan, by, numbers, f"{reading.judged}/{reading.total}"),
        "filter_words": words.filter_words(plan, by),
        "hidden": {k: v for k, v in by.to_query().items() if k != "q"},
        "next_report": plan.report_dates.filter(day__gte=today).first(),
        "may_make": can(request.user, "paper.make"),
        "export_query": shown.list_url(plan.pk, by).partition("?")[2],
    }


def _tree(request: HttpRequest, plan: Plan, by: Filter) -> list[dict[str, object]]:
    """First-level parts with the number of their duties."""
    parts: dict[str, int] = {}
    second: dict[str, dict[int, int]] = {}
    for duty in queries.duties(request.user, plan):
        label = str(duty.clause.path[0]) if duty.clause.path else "通知正文"
        parts[label] = parts.get(label, 0) + 1
        if duty.document_id is not None:
            below = second.setdefault(label, {})
            below[duty.document_id] = below.get(duty.document_id, 0) + 1
    titles = part_titles(list(plan.clauses.all()))
    view = request.GET.get("view", "")
    rows: list[dict[str, object]] = [
        {
            "label": _("All clauses"),
            "count": sum(parts.values()),
            "url": _part_url(plan, replace(by, section="", clause=None, document=None), view),
            "current": not by.section and not by.document,
        }
    ]
    names = {one.pk: one.title for one in queries.attached_to(request.user, plan)}
    for label, count in parts.items():
        whole = replace(by, section=label, clause=None, document=None)
        rows.append(
            {
                "label": titles.get(label, label),
                "count": count,
                "url": _part_url(plan, whole, view),
                "current": by.section == label and not by.document,
            }
        )
        rows += [
            {
                "label": names.get(pk, _("Second document")),
                "count": n,
                "url": _part_url(plan, replace(whole, document=pk), view),
                "current": by.document == pk,
                "sub": True,
            }
            for pk, n in second.get(label, {}).items()
        ]
    return rows


def _part_url(plan: Plan, by: Filter, view: str) -> str:
    url = shown.list_url(plan.pk, by)
    return url if view == "list" else url.replace("view=list&", "").replace("&view=list", "")


def _counters(plan: Plan, by: Filter, n: Counts, judged: str) -> list[c.Counter]:
    def url(group: str) -> str:
        return shown.list_url(plan.pk, replace(by, group=group, state=""))

    tone = c.Tone
    return [
        c.Counter(_("Owed"), n.owed, url("owed"), _("begun this year")),
        c.Counter(_("Closed"), n.closed, url(Group.CLOSED), n.rate, light=tone.DONE),
        c.Counter(
            _("To check"),
            n.checking,
            url(Group.CHECKING),
            _("reported back"),
            tone=tone.NEAR if n.checking else None,
            light=tone.NEAR,
        ),
        c.Counter(_("In hand"), n.running, url(Group.RUNNING), _("not yet due"), light=tone.OK),
        c.Counter(
            _("Overdue"),
            n.late,
            url(Group.LATE),
            _("past the due day"),
            tone=tone.LATE if n.late else None,
            light=tone.LATE,
        ),
        c.Counter(
            _("Sentences judged"), judged, reverse("notice", args=[plan.pk]), _("of the notice")
        ),
    ]


def _strip(request: HttpRequest, plan: Plan, by: Filter, today: date) -> dict[str, object]:
    found = queries.occurrences(request.user, plan, today, by)
    duties = queries.duties(request.user, plan)
    if by.section:
        duties = duties.filter(clause__in=queries.section_clauses(plan, by.section))
    if by.document:
        duties = duties.filter(document_id=by.document)
    rows = queries.duty_rows(duties, found, today)
    timed = [row for row in rows if _timed(row.duty)]
    only = request.GET.get("only", "all" if by.document else "timed")
    kept = {
        "timed": timed,
        "late": [row for row in rows if row.late],
        "month": [row for row in rows if _due_this_month(row, today)],
        "all": rows,
    }
    chosen = only if only in kept else "timed"
    lines = [_line(row, plan, today) for row in kept[chosen] if row.cells or not by.narrows]
    return {
        "only": chosen,
        "chips": [
            (name, label, len(kept[name]))
            for name, label in (
                ("timed", _("Counted or dated")),
                ("late", _("With overdue")),
                ("month", _("Due this month")),
                ("all", _("All duties")),
            )
        ],
        "lines": lines,
        "standing": len(rows) - len(timed),
    }


def _timed(duty: Duty) -> bool:
    return bool(duty.every or duty.deadline or duty.is_progress_report)


def _due_this_month(row: queries.DutyRow, today: date) -> bool:
    return any(
        cell.total and (cell.due.year, cell.due.month) == (today.year, today.month)
        for cell in row.cells
    )


def _line(row: queries.DutyRow, plan: Plan, today: date) -> dict[str, object]:
    current = row.current(today)
    leads = [u.organisation.label for u in row.duty.units.all() if u.role != "coop"]
    due: c.Light | None = None
    if current:
        done = current.closed == current.total
        due = c.due_light(current.due, today, done=done, opens=current.starts)
    return {
        "duty": row.duty,
        "title": title_of(row.duty),
        "url": shown.list_url(plan.pk, Filter(duty=row.duty.pk)),
        "clause": shown.duty_chip(row.duty),
        "leads": leads[0] if leads else "",
        "lead_count": len(leads),
        "all_leads": comma().join(leads),
        "frequency": words.frequency(row.duty),
        "current": current,
        "light": due,
        "cells": shown.year_cells(row, plan.pk, today),
    }


def _list(request: HttpRequest, plan: Plan, by: Filter, today: date) -> dict[str, object]:
    found = listed(queries.occurrences(request.user, plan, today, by))
    asked = request.GET.get("rows", "")
    size = int(asked) if asked in {str(n) for n in ROWS} else ROWS[1]
    paged = Paginator(found, size).get_page(request.GET.get("page"))
    rows = [
        {
            "item": item,
            "title": title_of(item.duty),
            "window": words.window(item),
            "url": reverse("occurrence", args=[item.pk]),
            "clause": shown.duty_chip(item.duty),
            "state": OccurrenceState(item.state).label,
            "light": shown.light(item, today),
        }
        for item in paged.object_list
    ]
    return {
        "page": paged,
        "rows": rows,
        "owners": _owners(request, plan, today),
        "states": [(state.value, state.label) for state in OccurrenceState],
        "nothing": c.Empty(
            _("No item matches"),
            _("Take away one of the filters above."),
            [c.Action(_("Show all"), shown.list_url(plan.pk, Filter()))],
        ),
    }


def _owners(request: HttpRequest, plan: Plan, today: date) -> list[Organisation]:
    ids = queries.occurrences(request.user, plan, today).order_by().values("organisation_id")
    return list(Organisation.objects.filter(pk__in=ids))


@require_safe
@page("ledger.view")
def export(request: HttpRequest) -> HttpResponse:
    """What is seen is what comes out: the same filter, as Excel or Word."""
    plan = chosen_plan(request)
    if plan is None:
        raise Http404
    today = clock(request).today()
    by = Filter.from_query(request.GET.dict())
    found: list[Occurrence] = list(listed(queries.occurrences(request.user, plan, today, by)))
    sheet = paper.ledger_sheet(
        found,
        plan,
        by,
        today,
        maker=request.user,
        made_at=clock(request).now(),
    )
    return paper.answer(sheet, request.GET.get("as", "xlsx"))
