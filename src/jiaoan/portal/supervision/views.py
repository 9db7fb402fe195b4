"""督办: what superiors ask us and we ask of subordinates, by deadline; answering; asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaoan.kernel.clock import LOCAL, local
from jiaoan.kernel.plates import PlateRefused, parse_plate
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import (
    Empty,
    Light,
    TimelineEntry,
    Tone,
    due_light,
    moment_light,
)
from jiaoan.portal.courses import course_of
from jiaoan.portal.hazmat.fields import COLOURS, Group, Shown, Spec, Text
from jiaoan.scope import can
from jiaoan.watch.models import Supervision
from jiaoan.watch.supervision import actions, queries
from jiaoan.watch.supervision.states import (
    Direction,
    HandlingResult,
    Level,
    SupervisionState,
    WarnType,
)

_ROWS = 50


@dataclass(frozen=True)
class Line:
    """One item with the light of its deadline."""

    item: Supervision
    light: Light


def _light(item: Supervision, now: datetime) -> Light:
    if item.status is SupervisionState.DONE:
        return Light(Tone.DONE, str(item.status.label))
    if abs(item.deadline - now) > timedelta(days=2):
        return due_light(local(item.deadline).date(), local(now).date())
    return moment_light(item.deadline, now)


@require_safe
@page("alarm.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Those that wait by deadline, or those that are done."""
    done = request.GET.get("state") == "done"
    now = clock(request).now()
    shown = Paginator(queries.by_deadline(request.user, done=done), _ROWS)
    current = shown.get_page(request.GET.get("page"))
    context = {
        "section": "alarm",
        "page": current,
        "lines": [Line(one, _light(one, now)) for one in current.object_list],
        "counts": queries.counts(request.user, now),
        "done": done,
        "query": "state=done&" if done else "",
        "may_ask": can(request.user, "alarm.handle") and bool(_platforms()),
        "empty": Empty(
            title=_("No supervision items here"),
            text=_("They come from superior platforms over JT/T 809, or are sent from here."),
        ),
    }
    return render(request, "portal/supervision/list.html", context)


@require_safe
@page("alarm.view")
def item(request: HttpRequest, pk: int) -> HttpResponse:
    return _item(request, get_object_or_404(queries.supervisions(request.user), pk=pk))


def _item(
    request: HttpRequest,
    found: Supervision,
    *,
    errors: dict[str, Text] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = clock(request).now()
    waits = found.status is not SupervisionState.DONE
    context = {
        "section": "alarm",
        "item": found,
        "light": _light(found, now),
        "overdue": found.overdue(now),
        "answers": queries.answers(request.user, found),
        "timeline": _course(found),
        "may_answer": waits
        and found.direction == Direction.RECEIVED
        and can(request.user, "alarm.handle"),
        "results": HandlingResult.choices,
        "chosen": request.POST.get("result", ""),
        "typed": request.POST,
        "errors": errors or {},
    }
    return render(request, "portal/supervision/item.html", context, status=status)


def _course(found: Supervision) -> list[TimelineEntry]:
    return course_of(queries.facts_of(found))


@require_POST
@page("alarm.handle")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """0x1401: in hand, done, not needed, later; with what was done."""
    found = get_object_or_404(queries.supervisions(request.user), pk=pk)
    try:
        actions.answer(
            asker(request),
            clock(request),
            found,
            result=request.POST.get("result", ""),
            note=request.POST.get("note", ""),
        )
    except FieldErrors as bad:
        return _item(request, found, errors=bad.errors, status=422)
    except Blocked as blocked:
        return _item(request, found, errors={"note": blocked.sentence}, status=409)
    except TransitionRefused:
        sentence = _("This is answered already. Look at it again.")
        return _item(request, found, errors={"note": sentence}, status=409)
    messages.success(request, _("Answered; it goes to the superior platform at once."))
    return redirect("supervision", found.pk)


def _platforms() -> dict[int, str]:
    """The subordinates that the settings of the links name: access code → name."""
    # All of JT/T 809 comes with it: only for who asks, not for every start of the pages.
    from jiaoan.gateway.platform.settings import FILE, BadSettings, load

    path = Path(settings.DATA_DIR) / FILE
    try:
        side = load(path).superior if path.is_file() else None
    except BadSettings:
        # The process of the links tells what is wrong with the file; nobody can be asked.
        return {}
    return {one.entry.terms.access_code: one.name for one in side.subordinates} if side else {}


def _specs(platforms: dict[int, str]) -> tuple[Spec, ...]:
    return (
        Spec(
            "platform",
            _("Subordinate platform"),
            "select",
            True,
            choices=tuple((str(code), name) for code, name in platforms.items()),
        ),
        Spec("plate", _("Plate"), required=True),
        Spec("plate_colour", _("Plate colour"), "select", True, choices=COLOURS),
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
    platforms = _platforms()
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
    code = typed.get("platform", "")
    known = int(code) if code.isdecimal() and int(code) in platforms else 0
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
