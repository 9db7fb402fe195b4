"""交办: one press sends the duties of a published document out, and the page says to whom."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from jiaoan.ledger import actions, queries
from jiaoan.ledger.queries import Filter
from jiaoan.portal.access import page
from jiaoan.portal.answers import attempt
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.ledger import shown


@require_http_methods(["GET", "HEAD", "POST"])
@page("ledger.assign")
def assignment(request: HttpRequest, pk: int) -> HttpResponse:
    """What each section and unit gets; a POST gives it out, a second one changes nothing."""
    plan = queries.plan(request.user, pk)
    if request.method == "POST":
        already = plan.assigned_at is not None
        attempt(request, lambda: actions.assign_plan(asker(request), clock(request), plan))
        if already:
            messages.info(request, _("Given out before; nothing was done twice."))
        return redirect("notice_assignment", pk=pk)
    home = plan.under.plan_id if plan.under else plan.pk
    document = plan.pk if plan.under_id else None
    found = queries.shares(request.user, plan)
    offices = [share for share in found if not share.is_firm]
    firms = [share for share in found if share.is_firm]

    def row(share: queries.Share) -> dict[str, object]:
        by = Filter(organisation=share.organisation.pk, document=document)
        return {"share": share, "url": shown.list_url(home, by)}

    context = {
        "section": "notice",
        "plan": plan,
        "home": home,
        "offices": [row(share) for share in offices],
        "firms": [row(share) for share in firms],
        "windows": sum(share.windows for share in found),
        "begun": sum(share.begun for share in found),
        "unanswered": [
            {"duty": duty, "clause": shown.duty_chip(duty)}
            for duty in queries.unanswered(request.user, plan)
        ],
    }
    return render(request, "portal/notice/assignment.html", context)
