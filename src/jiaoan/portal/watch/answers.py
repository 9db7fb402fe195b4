"""Asking the enterprise, taking the request back, deciding its appeal."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from jiaoan.portal.access import page
from jiaoan.portal.watch.views import with_note
from jiaoan.watch.appeals import actions


@require_POST
@page("alarm.handle")
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    return with_note(
        request,
        pk,
        lambda user, clock, alarm, note: actions.ask(user, clock, alarm, question=note),
    )


@require_POST
@page("alarm.handle")
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    return with_note(
        request,
        pk,
        lambda user, clock, alarm, note: actions.take_back(user, clock, alarm, note=note),
    )


@require_POST
@page("alarm.handle")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """A press without a choice rejects nothing and upholds nothing: the button carries it."""
    uphold = request.POST.get("uphold") == "yes"
    return with_note(
        request,
        pk,
        lambda user, clock, alarm, note: actions.decide(
            user, clock, alarm, uphold=uphold, note=note
        ),
    )
