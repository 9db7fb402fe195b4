"""督办: what superiors ask us and we ask of subordinates, by deadline; answering; asking."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaoan.kernel.clock import LOCAL, local
from jiaoan.kernel.plates import PlateRefused, parse_plate
from jiaoan.ledger.errors import FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Empty
from jiaoan.portal.hazmat.fields import PLATE_COLOURS, Group, Shown, Spec, Text
from jiaoan.portal.supervision.shared import (
    ROWS,
    Item,
    Page,
    chosen,
    lines,
    platform_spec,
    subordinates,
)
from jiaoan.scope import can
from jiaoan.watch.models import Supervision
from jiaoan.watch.supervision import actions, queries
from jiaoan.watch.supervision.states import HandlingResult, Level, WarnType


@require_safe
@page("alarm.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Those that wait by deadline, or those that are done."""
    done = request.GET.get("state") == "done"
    now = clock(request).now()
    shown = Paginator(queries.by_deadline(request.user, done=done), ROWS)
    current = shown.get_page(request.GET.get("page"))
    context = {
        "section": "alarm",
        "page": current,
        "lines": lines(current.object_list, now),
        "counts": queries.counts(request.user, now),
        "done": done,
        "query": "state=done&" if done else "",
        "may_ask": can(request.user, "alarm.handle") and bool(subordinates()),
        "empty": Empty(
            title=_("No supervision items here"),
            text=_("They come from superior platforms over JT/T 809, or are sent from here."),
        ),
    }
    return render(request, "portal/supervision/list.html", context)


@require_safe
@page("alarm.view")
def item(request: HttpRequest, pk: int) -> HttpResponse:
    return _PAGE.show(request, get_object_or_404(queries.supervisions(request.user), pk=pk))


def _more(request: HttpRequest, found: Item) -> dict[str, object]:
    assert isinstance(found, Supervision)
    return {
        "answers": queries.answers(request.user, found),
        "results": HandlingResult.choices,
        "chosen": request.POST.get("result", ""),
    }


_PAGE = Page("portal/supervision/item.html", "note", _more)


@require_POST
@page("alarm.handle")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """0x1401: in hand, done, not needed, later; with what was done."""
    found = get_object_or_404(queries.supervisions(request.user), pk=pk)
    result, note = request.POST.get("result", ""), request.POST.get("note", "")

    def act() -> object:
        return actions.answer(asker(request), clock(request), found, result=result, note=note)

    return _PAGE.answer(request, found, act, "supervision")


def _specs(platforms: dict[int, str]) -> tuple[Spec, ...]:
    return (
        platform_spec(platforms),
        Spec("plate", _("Plate"), required=True),
        Spec("plate_colour", _("Plate colour"), "select", True, choices=PLATE_COLOURS),
        Spec(
            "warn_type",
            _("Kind of alarm"),
            "select",
            True,
            choices=tuple((str(value), label) for value, label in WarnType.choices),
        ),
        Spec(
            "level",
            _("Level of supervision"),
            "select",
            True,
            choices=tuple((str(value), label) for value, label in Level.choices),
        ),
        Spec("happened_at", _("When the alarm happened"), "datetime-local", True),
        Spec("deadline", _("Answer due by"), "datetime-local", True),
        Spec("tel", _("Telephone for questions"), "tel"),
        Spec("email", _("Mail for questions"), "email"),
        Spec("text", _("Note of our own, not sent")),
    )


@require_http_methods(["GET", "POST"])
@page("alarm.handle")
def new(request: HttpRequest) -> HttpResponse:
    """0x9401: ask a subordinate platform to handle an alarm of one of its vehicles."""
    platforms = subordinates()
    now = clock(request).now()
    begun = {
        "plate_colour": "2",
        "level": str(Level.NORMAL.value),
        "happened_at": f"{local(now):%Y-%m-%dT%H:%M}",
        "deadline": f"{local(now + actions.default_span()):%Y-%m-%dT%H:%M}",
    }
    typed = request.POST.dict() if request.method == "POST" else begun
    errors: dict[str, Text] = {}
    if request.method == "POST":
        try:
            made = actions.request(asker(request), clock(request), _wanted(typed, platforms))
        except FieldErrors as bad:
            errors = dict(bad.errors)
        else:
            messages.success(request, _("Asked; it goes to the subordinate platform at once."))
            return redirect("supervision", made.pk)
    fields = tuple(
        Shown(spec, typed.get(spec.name, ""), errors.get(spec.name, ""))
        for spec in _specs(platforms)
    )
    context = {
        "section": "alarm",
        "groups": [Group(_("Supervision request"), fields)],
        "errors": errors,
        "platforms": platforms,
        "hours": round(actions.default_span().total_seconds() / 3600),
    }
    return render(request, "portal/supervision/new.html", context, status=422 if errors else 200)


def _wanted(typed: dict[str, str], platforms: dict[int, str]) -> actions.Wanted:
    known = chosen(typed.get("platform", ""), platforms)
    return actions.Wanted(
        platform=platforms.get(known, ""),
        access_code=known,
        plate=_number(typed.get("plate", "")),
        plate_colour=int(typed["plate_colour"]) if typed.get("plate_colour", "").isdecimal() else 0,
        warn_type=typed.get("warn_type", ""),
        level=typed.get("level", ""),
        happened_at=_moment(typed.get("happened_at", "")),
        deadline=_moment(typed.get("deadline", "")),
        text=typed.get("text", "")[:500],
        tel=typed.get("tel", ""),
        email=typed.get("email", ""),
    )


def _number(typed: str) -> str:
    try:
        return parse_plate(typed).number
    except PlateRefused:
        return ""


def _moment(typed: str) -> datetime | None:
    """A local time as a browser writes it; ``None`` for anything else."""
    try:
        return datetime.fromisoformat(typed.strip()).replace(tzinfo=LOCAL)
    except ValueError:
        return None
