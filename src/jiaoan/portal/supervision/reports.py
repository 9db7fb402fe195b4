"""Alarms between platforms: those that subordinates report, and those that we report upwards."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jiaoan.portal.access import page
from jiaoan.portal.components import Empty
from jiaoan.portal.supervision.shared import ROWS
from jiaoan.watch.reported.queries import reported as reported_alarms
from jiaoan.watch.upward.queries import reports


@require_safe
@page("alarm.view")
def reported(request: HttpRequest) -> HttpResponse:
    """0x1402: alarms that subordinate platforms report, with what they say became of them; 0x9402
    and 0x9403: those that superiors pass on."""
    current = Paginator(reported_alarms(request.user), ROWS).get_page(request.GET.get("page"))
    context = {
        "section": "alarm",
        "page": current,
        "query": "",
        "empty": Empty(
            title=_("No reported alarms here"),
            text=_("Subordinate platforms report alarms of their vehicles over JT/T 809."),
        ),
    }
    return render(request, "portal/supervision/reported.html", context)


@require_safe
@page("alarm.view")
def upward(request: HttpRequest) -> HttpResponse:
    """Our reports of alarms and of their results, and whether the superior has read them."""
    current = Paginator(reports(request.user), ROWS).get_page(request.GET.get("page"))
    context = {
        "section": "alarm",
        "page": current,
        "query": "",
        "empty": Empty(
            title=_("Nothing was reported to superior platforms"),
            text=_(
                "Alarms are reported where the link of a superior platform says so: "
                "report_alarms in platform.json, off unless it is set."
            ),
        ),
    }
    return render(request, "portal/supervision/upward.html", context)
