"""Orders that last 临时跟踪: how often a terminal reports for a while."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from jiaoan.kernel.clock import Clock
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker
from jiaoan.portal.watch.commands import do
from jiaoan.registry.models import Vehicle
from jiaoan.watch.commands import actions
from jiaoan.watch.models import Command


@require_POST
@page("command.send")
def track(request: HttpRequest, pk: int) -> HttpResponse:
    """0x8202: report more often for a while."""

    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        return actions.track(
            asker(request),
            clock,
            vehicle,
            interval=request.POST.get("interval", ""),
            minutes=request.POST.get("minutes", ""),
            key=request.POST.get("key", ""),
        )

    return do(request, pk, act)


@require_POST
@page("command.send")
def untrack(request: HttpRequest, pk: int) -> HttpResponse:
    """0x8202 with interval 0: back to its own rhythm at once."""

    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        return actions.untrack(asker(request), clock, vehicle, key=request.POST.get("key", ""))

    return do(request, pk, act)
