"""规则: the list, one rule with its figures, and the decisions about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.rules import shown
from jiaoan.portal.rules.shown import COMMON_ID, Text
from jiaoan.registry.models import VehicleKind
from jiaoan.registry.queries import every_place
from jiaoan.rules.driving.law import BY_ID, Rule, version_of
from jiaoan.rules.fences.values import VERSION as FENCE_VERSION
from jiaoan.scope import can
from jiaoan.watch.models.rehearsal import RehearsalKind
from jiaoan.watch.rehearsal.queries import rehearsals
from jiaoan.watch.rules import actions, catalogue, queries
from jiaoan.watch.rules.values import typed_of, words_of

MANAGE = "rule.manage"


@require_safe
@page("rule.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Every rule with its state; the fence rules have their figures with each place."""
    today, held = clock(request).today(), queries.standing()
    context = {
        "section": "rules",
        "lines": [shown.line_of(rule, held, today) for rule in Rule],
        "common": COMMON_ID,
        "common_title": shown.title_of(COMMON_ID),
        "common_does": shown.does_of(COMMON_ID),
        "common_count": len(catalogue.COMMON),
        "fences": catalogue.FENCES,
        "fence_version": FENCE_VERSION,
        "places": every_place(request.user).count() if can(request.user, "registry.view") else 0,
        "version": held.version,
    }
    return render(request, "portal/rules/list.html", context)


@require_safe
@page("rule.view")
def detail(request: HttpRequest, rule: str) -> HttpResponse:
    return detail_of(request, rule)


def detail_of(
    request: HttpRequest,
    rule: str,
    *,
    errors: Mapping[str, Text] | None = None,
    about: str = "",
    status: int = 200,
) -> HttpResponse:
    """``about`` names the figure (or ``switch``) whose small form the errors belong to."""
    if not shown.known(rule):
        raise Http404
    today, held = clock(request).today(), queries.standing()
    wrong = errors or {}
    names = shown.names_of(rule)
    typed = request.POST.dict() if not about else {}
    if request.method != "POST":
        typed = _rehearsed(request, rule)
    context = {
        "section": "rules",
        "rule": rule,
        "title": shown.title_of(rule),
        "does": shown.does_of(rule),
        "common": rule == COMMON_ID,
        "rule_version": "" if rule == COMMON_ID else version_of(BY_ID[rule]),
        "theory": "" if rule == COMMON_ID else catalogue.theory_of(BY_ID[rule]),
        "clauses": shown.clauses_of(rule, today),
        "on": rule not in held.off,
        "version": held.version,
        "figures": shown.figures_of(rule, held, today, typed, {} if about else wrong),
        "errors": wrong,
        "about": about,
        "typed": request.POST,
        "tomorrow": actions.tomorrow(clock(request)).isoformat(),
        "today": today.isoformat(),
        "may_manage": can(request.user, MANAGE),
        "rehearsed_kinds": VehicleKind.choices,
        "rehearsed_kind": request.POST.get("rehearse_kind", ""),
        "first_day": typed.get("first_day", (today - timedelta(days=7)).isoformat()),
        "last_day": typed.get("last_day", (today - timedelta(days=1)).isoformat()),
        "decisions": [
            (one, words_of(one.subject, one.value) if one.value is not None else "",
             catalogue.LABELS.get(one.subject, ""))
            for one in queries.decisions(request.user, rule, *names)[:50]
        ],
    }  # fmt: skip
    return render(request, "portal/rules/rule.html", context, status=status)


def _rehearsed(request: HttpRequest, rule: str) -> dict[str, str]:
    """The figures of the rehearsal that ``?from=`` names, as the boxes write them."""
    wanted = request.GET.get("from", "")
    if not wanted.isdecimal() or len(wanted) > 17:
        return {}
    found = rehearsals(request.user).filter(kind=RehearsalKind.RULE, subject=rule, pk=wanted)
    asked = found.first()
    known = shown.names_of(rule)
    proposal = asked.proposal if asked is not None else {}
    return {name: typed_of(name, int(value)) for name, value in proposal.items() if name in known}


def _seen(request: HttpRequest) -> int:
    typed = request.POST.get("version", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else -1


@require_POST
@page(MANAGE)
def figures(request: HttpRequest, rule: str) -> HttpResponse:
    """Changed figures from a day on."""
    if not shown.known(rule):
        raise Http404
    names = shown.names_of(rule)
    typed = {name: request.POST[name] for name in names if name in request.POST}
    day = request.POST.get("valid_from", "")
    try:
        made = actions.change_figures(
            asker(request),
            clock(request),
            typed,
            valid_from=day,
            note=request.POST.get("note", ""),
            seen_version=_seen(request),
        )
    except FieldErrors as bad:
        return detail_of(request, rule, errors=bad.errors, status=422)
    except Blocked as blocked:
        return detail_of(request, rule, errors={"note": blocked.sentence}, status=409)
    told = _("%(n)s figures hold from %(day)s on.") % {"n": len(made), "day": day}
    messages.success(request, told)
    return redirect("rule", rule)


@require_POST
@page(MANAGE)
def confirm(request: HttpRequest, rule: str) -> HttpResponse:
    name = request.POST.get("figure", "")
    if not shown.known(rule) or name not in shown.names_of(rule):
        raise Http404
    try:
        actions.confirm(
            asker(request),
            clock(request),
            name,
            confirmed_by=request.POST.get("confirmed_by", ""),
            confirmed_on=request.POST.get("confirmed_on", ""),
            note=request.POST.get("note", ""),
            seen_version=_seen(request),
        )
    except FieldErrors as bad:
        return detail_of(request, rule, errors=bad.errors, about=name, status=422)
    except Blocked as blocked:
        errors = {"note": blocked.sentence}
        return detail_of(request, rule, errors=errors, about=name, status=409)
    messages.success(request, _("Confirmed; it is no longer shown as unverified."))
    return redirect("rule", rule)


@require_POST
@page(MANAGE)
def withdraw(request: HttpRequest, rule: str) -> HttpResponse:
    wanted = request.POST.get("change", "")
    if not shown.known(rule):
        raise Http404
    found = queries.decisions(request.user, *shown.names_of(rule))
    change = get_object_or_404(found, version=int(wanted) if wanted.isdecimal() else 0)
    about = f"withdraw-{change.version}"  # as Pending.about
    try:
        actions.withdraw(
            asker(request),
            clock(request),
            change,
            note=request.POST.get("note", ""),
            seen_version=_seen(request),
        )
    except FieldErrors as bad:
        return detail_of(request, rule, errors=bad.errors, about=about, status=422)
    except Blocked as blocked:
        errors = {"note": blocked.sentence}
        return detail_of(request, rule, errors=errors, about=about, status=409)
    messages.success(request, _("Withdrawn; the figure before holds on."))
    return redirect("rule", rule)


@require_POST
@page(MANAGE)
def switch(request: HttpRequest, rule: str) -> HttpResponse:
    """On or off for everybody, at once."""
    if rule not in BY_ID:
        raise Http404
    on = request.POST.get("on") == "yes"
    try:
        actions.switch(
            asker(request),
            clock(request),
            rule,
            on=on,
            note=request.POST.get("note", ""),
            seen_version=_seen(request),
        )
    except FieldErrors as bad:
        return detail_of(request, rule, errors=bad.errors, about="switch", status=422)
    except Blocked as blocked:
        errors = {"note": blocked.sentence}
        return detail_of(request, rule, errors=errors, about="switch", status=409)
    messages.success(request, _("Switched on.") if on else _("Switched off."))
    return redirect("rule", rule)
