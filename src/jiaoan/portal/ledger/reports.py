"""推进情况报告: choose a report date, see the figures, make the Word file."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from jiaoan.journal import files
from jiaoan.kernel.workdays import WorkCalendar
from jiaoan.ledger import actions, queries
from jiaoan.ledger.models import Occurrence, Plan, ProgressReport
from jiaoan.ledger.queries import Filter
from jiaoan.ledger.queries.report import picture
from jiaoan.ledger.report import title_of
from jiaoan.portal import components as c
from jiaoan.portal.access import page
from jiaoan.portal.answers import attempt
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.ledger import shown
from jiaoan.portal.ledger.export import download
from jiaoan.portal.ledger.views import chosen_plan
from jiaoan.rules.duties import REPORT_DAY, advice
from jiaoan.scope import restrict


@require_http_methods(["GET", "HEAD", "POST"])
@page("paper.make")
def reports(request: HttpRequest) -> HttpResponse:
    plan = chosen_plan(request)
    if plan is None:
        nothing = c.Empty(
            _("No plan has been published yet"), _("A report needs a plan with report dates.")
        )
        return render(
            request, "portal/ledger/none.html", {"nothing": nothing, "section": "reports"}
        )
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = _make(request, plan)
        if not errors:
            day = request.POST.get("day", "")
            return redirect(f"{reverse('reports')}?plan={plan.pk}&day={day}")
    return render(
        request,
        "portal/ledger/reports.html",
        _context(request, plan, errors),
        status=422 if errors else 200,
    )


def _make(request: HttpRequest, plan: Plan) -> dict[str, str]:
    day = _day(request.POST.get("day", ""))
    if day is None:
        return {"day": _("Choose one of the report dates of the notice.")}

    def list_url(by: Filter) -> str:
        return request.build_absolute_uri(shown.list_url(plan.pk, by))

    def item_url(item: Occurrence) -> str:
        return request.build_absolute_uri(reverse("occurrence", args=[item.pk]))

    return attempt(
        request,
        lambda: actions.make_progress_report(
            asker(request), clock(request), plan, day, list_url=list_url, item_url=item_url
        ),
        _("The report is made and kept below."),
    )


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _context(request: HttpRequest, plan: Plan, errors: dict[str, str]) -> dict[str, object]:
    today: date = clock(request).today()
    days = [row.day for row in plan.report_dates.all()]
    asked = _day(request.GET.get("day", "") or request.POST.get("day", ""))
    ahead = [day for day in days if day >= today]
    day = asked if asked in days else (ahead[0] if ahead else days[-1] if days else None)
    context: dict[str, object] = {
        "section": "reports",
        "plan": plan,
        "days": days,
        "day": day,
        "today": today,
        "errors": errors,
        "made": queries.reports(request.user, plan),
    }
    if day is not None:
        found = picture(request.user, plan, day, today)
        tip = advice(day, WorkCalendar(), REPORT_DAY)
        context |= {
            "picture": found,
            "counters": _counters(plan, found.totals),
            "rows": [
                {
                    "title": title_of(one.duty),
                    "clause": shown.duty_chip(one.duty),
                    "counts": one.counts,
                    "system": one.adopted + one.offers,
                    "urls": {
                        group: shown.list_url(plan.pk, Filter(duty=one.duty.pk, group=group))
                        for group in ("owed", "closed", "checking", "running", "late")
                    },
                }
                for one in found.duties
            ],
            "advice": shown.advice_words(tip),
        }
    return context


def _counters(plan: Plan, n: queries.Counts) -> list[c.Counter]:
    labels = {
        "owed": _("Owed"),
        "closed": _("Closed"),
        "checking": _("To check"),
        "running": _("In hand"),
        "late": _("Overdue"),
    }
    return [
        c.Counter(label, getattr(n, group), shown.list_url(plan.pk, Filter(group=group)))
        for group, label in labels.items()
    ]


@require_safe
@page("paper.make")
def report_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The Word file as it was made, checked against its hash."""
    found = restrict(ProgressReport.objects.all(), request.user, "paper.make")
    made = get_object_or_404(found.select_related("attachment"), pk=pk)
    return download(files.read(made.attachment), made.attachment.name, made.attachment.content_type)
