"""试运行: the list, one rehearsal while it runs and when it is done, and starting one of a rule."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.kernel.plates import display
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.answers import attempt
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Empty
from jiaoan.portal.rehearsal import shown
from jiaoan.portal.rehearsal.sketch import geometry_of, sketch_of
from jiaoan.portal.rules import shown as rules_shown
from jiaoan.portal.rules.views import detail_of
from jiaoan.registry.models import PlaceKind
from jiaoan.registry.queries import every_place
from jiaoan.scope import can
from jiaoan.watch.models import Rehearsal, RehearsalFinding
from jiaoan.watch.models.rehearsal import Outcome, RehearsalKind
from jiaoan.watch.rehearsal import actions, queries
from jiaoan.watch.rehearsal.states import WAITING, RehearsalState
from jiaoan.watch.rules.actions import parse_figures
from jiaoan.watch.rules.queries import standing

ROWS = 50


@require_safe
@page("rule.view")
def listing(request: HttpRequest) -> HttpResponse:
    current = Paginator(queries.rehearsals(request.user), ROWS).get_page(request.GET.get("page"))
    context = {
        "section": "rules",
        "page": current,
        "query": "",
        "lines": [(one, shown.name_of(one), shown.light_of(one)) for one in current.object_list],
        "empty": Empty(
            title=_("Nothing was rehearsed yet"),
            text=_("Start one from a rule, or from a place before it is switched on."),
        ),
    }
    return render(request, "portal/rehearsal/list.html", context)


def _found(request: HttpRequest, pk: int) -> Rehearsal:
    return get_object_or_404(queries.rehearsals(request.user), pk=pk)


@require_safe
@page("rule.view")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Progress while it waits or runs; then counts, map and list."""
    asked = _found(request, pk)
    return render(request, "portal/rehearsal/rehearsal.html", _context(request, asked))


@require_safe
@page("rule.view")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The line of progress alone, asked again every two seconds; the whole page when it ended."""
    asked = _found(request, pk)
    answer = render(request, "portal/rehearsal/_progress.html", _progress(request, asked))
    if asked.status not in WAITING:
        answer["HX-Refresh"] = "true"
    return answer


def _progress(request: HttpRequest, asked: Rehearsal) -> dict[str, object]:
    verb = "place.manage" if asked.kind == RehearsalKind.PLACE else "rule.manage"
    manages = can(request.user, verb)
    return {
        "asked": asked,
        "name": shown.name_of(asked),
        "light": shown.light_of(asked),
        "waits": asked.status in WAITING,
        "may_cancel": manages and asked.status in WAITING,
        "may_repeat": manages and asked.status in (RehearsalState.BROKEN, RehearsalState.CANCELLED),
        "bar": round(3 * asked.percent),
    }


def chosen_of(request: HttpRequest) -> tuple[str, str]:
    """The outcome and the vehicle that the list shows; empty = all."""
    outcome, vehicle = request.GET.get("outcome", ""), request.GET.get("vehicle", "")
    return (
        outcome if outcome in Outcome.values else "",
        vehicle if vehicle.isdecimal() and len(vehicle) < 18 else "",
    )


def _context(request: HttpRequest, asked: Rehearsal) -> dict[str, object]:
    context = {
        "section": "rules",
        "proposed": shown.proposed_of(asked),
        "is_place": asked.kind == RehearsalKind.PLACE,
        "may_draw": can(request.user, "place.manage"),
        **_progress(request, asked),
    }
    if asked.status is not RehearsalState.DONE:
        return context
    every = list(queries.findings(request.user, asked))
    outcome, vehicle = chosen_of(request)
    listed = [
        one
        for one in every
        if (not outcome or one.outcome == outcome)
        and (not vehicle or one.vehicle_id == int(vehicle))
    ]
    current = Paginator(listed, ROWS).get_page(request.GET.get("page"))
    query = urlencode({k: v for k, v in (("outcome", outcome), ("vehicle", vehicle)) if v})
    return context | {
        "summary": asked.summary,
        "rules": shown.by_rule(asked.summary or {"by_rule": {}}),
        "vehicles": shown.by_vehicle(every),
        "outcomes": [(one, (asked.summary or {}).get(one.value, 0)) for one in Outcome],
        "outcome": outcome,
        "vehicle": vehicle,
        "page": current,
        "query": f"{query}&" if query else "",
        "lines": [
            (one, shown.title_of(one.rule), shown.sentence_of(one)) for one in current.object_list
        ],
        "sketch": _sketch(request, asked, listed),
        "rest": sum((asked.summary or {}).get(one.value, 0) for one in Outcome) - len(every),
    }


def _sketch(
    request: HttpRequest, asked: Rehearsal, listed: list[RehearsalFinding]
) -> object | None:
    place = geometry_of(asked.proposal) if asked.kind == RehearsalKind.PLACE else None
    districts = [one.ground() for one in every_place(request.user).filter(kind=PlaceKind.DISTRICT)]
    titles = {one.pk: f"{display(one.vehicle.plate)} {shown.sentence_of(one)}" for one in listed}
    return sketch_of(listed, place, districts, titles)


@require_POST
@page("rule.view")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    asked = _found(request, pk)
    attempt(request, lambda: actions.cancel(asker(request), clock(request), asked), _("Cancelled."))
    return redirect("rehearsal", pk)


@require_POST
@page("rule.view")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    asked = _found(request, pk)
    attempt(
        request,
        lambda: actions.again(asker(request), clock(request), asked),
        _("It begins anew as soon as the worker is free."),
    )
    return redirect("rehearsal", pk)


@require_POST
@page("rule.manage")
def ask_rule(request: HttpRequest, rule: str) -> HttpResponse:
    """The figures as they stand in the form of the rule, over the days below it."""
    if not rules_shown.known(rule):
        raise Http404
    names = rules_shown.names_of(rule)
    typed = {name: request.POST[name] for name in names if name in request.POST}
    errors: dict[str, object] = {}
    changed: Mapping[str, int] = {}
    try:
        changed = parse_figures(typed, standing(), clock(request).today())
    except FieldErrors as bad:
        errors |= bad.errors
    try:
        if not errors:
            made = actions.ask(
                asker(request),
                clock(request),
                RehearsalKind.RULE,
                subject=rule,
                title=rules_shown.chinese_title_of(rule),
                proposal=changed,
                wanted=wanted_of(request),
            )
            messages.success(request, _("It begins as soon as the worker is free."))
            return redirect("rehearsal", made.pk)
    except FieldErrors as bad:
        errors |= bad.errors
    except Blocked as blocked:
        errors["last_day"] = blocked.sentence
        return detail_of(request, rule, errors=errors, status=409)  # type: ignore[arg-type]
    return detail_of(request, rule, errors=errors, status=422)  # type: ignore[arg-type]


def wanted_of(request: HttpRequest) -> actions.Wanted:
    return actions.Wanted(
        request.POST.get("first_day", ""),
        request.POST.get("last_day", ""),
        request.POST.get("rehearse_kind", ""),
    )
