"""电子运单: the list, and entering one."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from jiaoan.hazmat import actions, queries
from jiaoan.ledger.errors import FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.components import Empty
from jiaoan.portal.hazmat import fields
from jiaoan.portal.hazmat.filings import ROWS, own_carrier
from jiaoan.scope import can


@require_safe
@page("filing.view")
def listing(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:40]
    query = urlencode({"q": text}) if text else ""
    return render(
        request,
        "portal/hazmat/waybills.html",
        {
            "section": "hazmat",
            "tab": "waybills",
            "page": Paginator(queries.waybills(request.user, text), ROWS).get_page(
                request.GET.get("page")
            ),
            "query": f"{query}&" if query else "",
            "text": text,
            "may_apply": can(request.user, "filing.apply"),
            "empty": Empty(
                title=_("No waybills here"),
                text=_("Carriers enter waybills before the vehicle starts."),
            ),
        },
    )


@require_http_methods(["GET", "POST"])
@page("filing.apply")
def new(request: HttpRequest) -> HttpResponse:
    clock = request.clock  # type: ignore[attr-defined]
    carrier = own_carrier(request.user)
    begun = {"plate_colour": "2", "start_date": str(clock.today())}
    begun["carrier_name"] = carrier.name if carrier else ""
    typed = request.POST.dict() if request.method == "POST" else begun
    errors: dict[str, fields.Text] = {}
    if request.method == "POST":
        try:
            actions.enter_waybill(request.user, clock, typed, carrier=carrier)  # type: ignore[arg-type]
        except FieldErrors as bad:
            errors = dict(bad.errors)
        else:
            messages.success(request, _("Waybill entered; it is matched with open stays at once."))
            return redirect("waybills")
    context = {
        "section": "hazmat",
        "groups": fields.groups(fields.WAYBILL, typed, errors),
        "errors": errors,
    }
    return render(request, "portal/hazmat/waybill_new.html", context, status=422 if errors else 200)
