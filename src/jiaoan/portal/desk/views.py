"""工作台: what waits for me, soonest first; what I gave to others; the next report date."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from jiaoan.kernel.states import TransitionRefused
from jiaoan.kernel.workdays import WorkCalendar
from jiaoan.ledger import actions, queries
from jiaoan.ledger.errors import Blocked
from jiaoan.ledger.models import Extension, ReportDate
from jiaoan.ledger.queries import Filter
from jiaoan.ledger.report import title_of
from jiaoan.ledger.states import OPEN
from jiaoan.portal import components as c
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.ledger import shown
from jiaoan.rules.duties import REPORT_DAY, advice
from jiaoan.scope import can

CARDS, MORE = 5, 60
GIVEN = 12


@require_safe
@page("desk.view")
def desk(request: HttpRequest) -> HttpResponse:
    today: date = clock(request).today()
    context = {
        "section": "desk",
        "today": today,
        "next": _next_report(request, today),
        "columns": _columns(request, today),
        "given": _given(request, today),
        "reminders": _reminders(request, today),
        "may_urge": can(request.user, "ledger.urge"),
        "nothing": c.Empty(_("Nothing waits here"), _("What is assigned to you will stand here.")),
    }
    return render(request, "portal/desk/desk.html", context)


def _next_report(request: HttpRequest, today: date) -> dict[str, object] | None:
    """Days to the next report date, who reported already, and a word about holidays."""
    plan = queries.ledgers(request.user).first()
    if plan is None or not can(request.user, "ledger.view"):
        return None
    row = ReportDate.objects.filter(plan=plan, day__gte=today).order_by("day").first()
    duty = queries.duties(request.user, plan).filter(is_progress_report=True).first()
    if row is None or duty is None:
        return None
    before = ReportDate.objects.filter(plan=plan, day__lt=row.day).order_by("-day").first()
    by = Filter(duty=duty.pk, due_from=row.day, due_to=row.day)
    found = queries.occurrences(request.user, plan, today, by)
    open_states = [str(state) for state in OPEN]
    missing = found.filter(state__in=open_states).count()
    total = found.exclude(state="waived").count()
    tip = advice(row.day, WorkCalendar(), REPORT_DAY)
    opens = before.day if before else date(plan.year, 1, 1)
    return {
        "clock": c.Countdown(row.day, today, [_("Progress report")], opens),
        "day": row.day,
        "total": total,
        "reported": total - missing,
        "missing": missing,
        "all_url": shown.list_url(plan.pk, by),
        "advice": shown.advice_words(tip),
        "make_url": f"{reverse('reports')}?plan={plan.pk}&day={row.day.isoformat()}"
        if can(request.user, "paper.make")
        else "",
    }


def _columns(request: HttpRequest, today: date) -> list[dict[str, object]]:
    waiting = queries.desk(request.user)
    columns: list[dict[str, object]] = []
    for key, label, found in (
        ("sign", _("To sign for"), waiting.to_sign),
        ("report", _("To report back"), waiting.to_report),
        ("check", _("To check"), waiting.to_check),
    ):
        columns.append(
            {
                "key": key,
                "label": label,
                "count": found.count(),
                "tasks": [shown.task(item, today) for item in found[:CARDS]],
                "rest": [shown.task(item, today) for item in found[CARDS:MORE]],
            }
        )
    columns.append(
        {
            "key": "decide",
            "label": _("To decide"),
            "count": waiting.to_decide.count(),
            "tasks": [_extension(asked, today) for asked in waiting.to_decide[:CARDS]],
            "rest": [_extension(asked, today) for asked in waiting.to_decide[CARDS:MORE]],
        }
    )
    for column in columns:
        tasks = column["tasks"]
        assert isinstance(tasks, list)
        assert isinstance(column["count"], int)
        column["more"] = column["count"] - len(tasks)
    return columns


def _extension(asked: Extension, today: date) -> c.Task:
    item = asked.occurrence
    words = _("Extension to %(day)s: %(title)s") % {
        "day": asked.until.isoformat(),
        "title": title_of(item.duty),
    }
    return c.Task(
        words,
        reverse("occurrence", args=[item.pk]),
        shown.light(item, today),
        c.Clause(item.duty.clause.label),
        item.organisation.name,
    )


def _given(request: HttpRequest, today: date) -> dict[str, object] | None:
    if not can(request.user, "ledger.urge"):
        return None
    found = queries.given_windows(request.user, today)
    return {
        "count": len(found),
        "more": max(0, len(found) - GIVEN),
        "rows": [_given_row(one, today) for one in found[:GIVEN]],
    }


def _given_row(one: queries.GivenOut, today: date) -> dict[str, object]:
    plan = one.duty.plan_id
    by = Filter(duty=one.duty.pk, due_from=one.due, due_to=one.due)
    return {
        "one": one,
        "title": title_of(one.duty),
        "url": shown.list_url(plan, by),
        "clause": shown.duty_chip(one.duty),
        "done": one.total - one.open,
        "light": c.due_light(one.due, today),
    }


def _reminders(request: HttpRequest, today: date) -> list[dict[str, object]]:
    """What is late and what falls due within seven days, each opening its list."""
    plan = queries.ledgers(request.user).first()
    if plan is None or not can(request.user, "ledger.view"):
        return []
    week = today + timedelta(days=c.NEAR_DAYS)
    late, near = Filter(group="late"), Filter(group="running", due_to=week)
    lines = (
        (late, _("Overdue"), c.Tone.LATE),
        (near, _("Due within 7 days"), c.Tone.NEAR),
    )
    return [
        {
            "light": c.Light(tone, label),
            "url": shown.list_url(plan.pk, by),
            "count": queries.occurrences(request.user, plan, today, by).count(),
        }
        for by, label, tone in lines
    ]


@require_POST
@page("ledger.sign")
def sign_all(request: HttpRequest) -> HttpResponse:
    """Sign for everything that waits; one that was just taken does not stop the others."""
    signed = 0
    for item in queries.desk(request.user).to_sign:
        try:
            actions.sign_for(asker(request), clock(request), item)
        except (Blocked, TransitionRefused) as taken:
            messages.error(request, str(taken))
        else:
            signed += 1
    text = ngettext("Signed for %(n)s item.", "Signed for %(n)s items.", signed) % {"n": signed}
    messages.success(request, text)
    return redirect("desk")


@require_POST
@page("ledger.urge")
def urge(request: HttpRequest) -> HttpResponse:
    """Urge all who have not reported back in one window of a duty."""
    duty, due = request.POST.get("duty", ""), request.POST.get("due", "")
    found = queries.given_out(request.user, clock(request).today())
    by = Filter.from_query({"duty": duty, "due_from": due})
    if by.duty is None or by.due_from is None:
        raise Http404
    items = list(found.filter(duty_id=by.duty, due=by.due_from))
    if not items:
        raise Http404
    sent = 0
    for item in items:
        try:
            actions.urge(asker(request), clock(request), item)
        except (Blocked, TransitionRefused):
            continue  # urged often enough today, or just reported back: the number below says so
        sent += 1
    text = _("Urged %(sent)s of %(all)s; the others reached the limit of the day.")
    if sent == len(items):
        text = _("Urged %(sent)s.")
    messages.success(request, text % {"sent": sent, "all": len(items)})
    return redirect("desk")
