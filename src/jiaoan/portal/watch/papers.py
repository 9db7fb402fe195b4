"""Driver and waybill of a vehicle, and orders about it, asked of the subordinate platform that has
it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from jiaoan.ledger.errors import FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.supervision.shared import chosen, subordinates
from jiaoan.portal.watch.commands import terminal_page, vehicle_of
from jiaoan.watch.posts import actions, orders
from jiaoan.watch.posts.policies import WantedOrder
from jiaoan.watch.posts.states import PostKind


@require_POST
@page("alarm.handle")
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """驾驶员身份识别信息 (0x920A), 电子运单 (0x920B); errors are shown on the terminal's page."""
    vehicle, platforms = vehicle_of(request, pk, "alarm.handle"), subordinates()
    code, said = chosen(request.POST.get("platform", ""), platforms), request.POST.get("papers", "")
    kind = PostKind(said) if said in PostKind.values else PostKind.QUERY
    wanted = actions.Wanted(platforms.get(code, ""), code, "", kind=kind)
    key = request.POST.get("key", "")[:32]
    try:
        actions.ask_papers(asker(request), clock(request), vehicle, wanted, key=key)
    except FieldErrors as bad:
        errors = {f"papers_{name}": why for name, why in bad.errors.items()}
        return terminal_page(request, vehicle, errors, 422)
    messages.success(request, _("Asked; it goes to the subordinate platform at once."))
    return redirect("vehicle_terminal", vehicle.pk)


@require_POST
@page("alarm.handle")
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """车辆监管: text (0x9503), photograph (0x9502), listening in (0x9501), record (0x9504), static
    data (0x9601); errors are shown on the terminal's page."""
    vehicle, platforms = vehicle_of(request, pk, "alarm.handle"), subordinates()
    typed = request.POST.dict()
    code, said = chosen(typed.get("platform", ""), platforms), typed.get("order", "")
    kind = PostKind(said) if said in PostKind.values else PostKind.QUERY
    fields = {name.removeprefix("order_"): value for name, value in typed.items()}
    wanted = WantedOrder(platforms.get(code, ""), code, kind, fields)
    try:
        orders.give(asker(request), clock(request), vehicle, wanted, key=typed.get("key", "")[:32])
    except FieldErrors as bad:
        errors = {f"order_{name}": why for name, why in bad.errors.items()}
        return terminal_page(request, vehicle, errors, 422)
    messages.success(request, _("Asked; it goes to the subordinate platform at once."))
    return redirect("vehicle_terminal", vehicle.pk)
