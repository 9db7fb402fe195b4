"""Orders that last 临时跟踪、区域下发: how often a terminal reports for a while, and its areas."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.kernel.clock import Clock
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.watch import held
from jiaoan.portal.watch.commands import do, vehicle_of
from jiaoan.registry.models import Vehicle
from jiaoan.watch.commands import actions
from jiaoan.watch.commands.policies import WantedArea
from jiaoan.watch.commands.queries import terminal_of
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


@require_safe
@page("alarm.view")
def areas(request: HttpRequest, pk: int) -> HttpResponse:
    """What the terminal holds, fetched again when something happened to a command."""
    vehicle = vehicle_of(request, pk, "alarm.view")
    terminal = terminal_of(vehicle, clock(request).today())
    if terminal is None:
        raise Http404(_("No terminal of this vehicle is on record today."))
    return render(request, "portal/watch/_held.html", held.held(request, vehicle, terminal))


@require_POST
@page("command.send")
def area(request: HttpRequest, pk: int) -> HttpResponse:
    """0x8600, 0x8602, 0x8604 or 0x8606: a place of the bureau into the terminal."""
    said = request.POST
    wanted = WantedArea(
        place=said.get("place", ""),
        alarm=said.get("alarm", ""),
        to_driver=bool(said.get("to_driver")),
        night=said.get("night", ""),
    )

    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        key = said.get("key", "")
        return actions.set_area(asker(request), clock, vehicle, wanted=wanted, key=key)

    return do(request, pk, act)


@require_POST
@page("command.send")
def delete_area(request: HttpRequest, pk: int) -> HttpResponse:
    """0x8601, 0x8603, 0x8605 or 0x8607: one area that was sent from here, away again."""

    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        return actions.delete_area(
            asker(request),
            clock,
            vehicle,
            shape=request.POST.get("shape", ""),
            number=request.POST.get("number", ""),
            key=request.POST.get("key", ""),
        )

    return do(request, pk, act)


@require_POST
@page("command.send")
def ask_areas(request: HttpRequest, pk: int) -> HttpResponse:
    """0x8608: which areas of one shape does it hold?"""

    def act(request: HttpRequest, vehicle: Vehicle, clock: Clock) -> Command:
        shape, key = request.POST.get("shape", ""), request.POST.get("key", "")
        return actions.ask_areas(asker(request), clock, vehicle, shape=shape, key=key)

    return do(request, pk, act)
