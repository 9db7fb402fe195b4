"""我的报警: the list, one request with its answer, and the same page behind a carrier's link."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from jiaoan.journal import files
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.appeals.lights import answer_light
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Light
from jiaoan.portal.hazmat.fields import Text
from jiaoan.portal.ledger.export import download
from jiaoan.portal.watch.why import why_of
from jiaoan.scope import Actor
from jiaoan.watch import figures
from jiaoan.watch.appeals import actions, queries
from jiaoan.watch.appeals.actions import LARGEST, MOST_FILES, Upload, link_holder
from jiaoan.watch.models import AnswerFile, AnswerRequest
from jiaoan.watch.models.appeal import AnswerKind

_PAST = 50


@dataclass(frozen=True)
class Line:
    asked: AnswerRequest
    light: Light


@require_safe
@page("alarm.answer")
def listing(request: HttpRequest) -> HttpResponse:
    """What waits for an answer, soonest first; below it what was answered."""
    now = clock(request).now()
    context = {
        "waiting": [Line(one, answer_light(one, now)) for one in queries.waiting(request.user)],
        "past": [Line(one, answer_light(one, now)) for one in queries.past(request.user)[:_PAST]],
        "organisation": asker(request).organisation,
    }
    return render(request, "portal/appeals/list.html", context)


@require_http_methods(["GET", "POST"])
@page("alarm.answer")
def item(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.of_enterprise(request.user), pk=pk)
    return _item(request, asker(request), found)


@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Without an account: the link is the right to see and answer this one request."""
    found = queries.by_token(token)
    if found is None:
        sentence = _("This link is not valid. Ask the bureau for a new one.")
        return _sentence(request, sentence, 404)
    return _item(request, link_holder(found), found)


def _item(request: HttpRequest, actor: Actor, asked: AnswerRequest) -> HttpResponse:
    if request.method != "POST":
        return _show(request, asked)
    errors: dict[str, Text] = {}
    try:
        errors = _take(request, actor, asked)
    except (Blocked, TransitionRefused) as refused:
        asked.refresh_from_db()
        sentence = (
            refused.sentence
            if isinstance(refused, Blocked)
            else _("The alarm was dealt with in the meantime; no answer is needed any more.")
        )
        return _show(request, asked, {"blocked": sentence}, 409)
    if errors:
        return _show(request, asked, errors, 422)
    messages.success(request, _("Answered; the bureau sees it at once."))
    return redirect(request.path)


def _take(request: HttpRequest, actor: Actor, asked: AnswerRequest) -> dict[str, Text]:
    """Files first: what is good stays, whatever is wrong with the rest."""
    uploads = [
        Upload(one.name or "file", one.content_type or "", one.read())
        for one in request.FILES.getlist("files")
    ]
    errors: dict[str, Text] = {}
    if uploads:
        try:
            actions.attach(actor, clock(request), asked, uploads)
        except FieldErrors as bad:
            errors = dict(bad.errors)
    if errors:
        return errors
    try:
        actions.answer(
            actor,
            clock(request),
            asked,
            kind=request.POST.get("kind", ""),
            text=request.POST.get("text", ""),
        )
    except FieldErrors as bad:
        return dict(bad.errors)
    return {}


def _show(
    request: HttpRequest,
    asked: AnswerRequest,
    errors: dict[str, Text] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = clock(request).now()
    context = {
        "asked": asked,
        "alarm": asked.alarm,
        "why": why_of(asked.alarm, request.user),
        "light": answer_light(asked, now),
        "overdue": asked.overdue(now),
        "limit": figures.answer(),
        "kinds": AnswerKind.choices,
        "typed": request.POST,
        "errors": errors or {},
        "files": asked.files.select_related("attachment"),
        "decision": asked.alarm.dispositions.filter(
            kind__in=("uphold_appeal", "reject_appeal"), happened_at__gte=asked.asked_at
        ).last()
        if asked.decision
        else None,
        "most_files": MOST_FILES,
        "largest_mb": LARGEST // 1024 // 1024,
    }
    return render(request, "portal/appeals/item.html", context, status=status)


def _sentence(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    return render(request, "portal/appeals/closed.html", {"sentence": sentence}, status=status)


@require_safe
@page("alarm.answer")
def own_file(request: HttpRequest, pk: int) -> HttpResponse:
    return _file(get_object_or_404(queries.files(request.user, "alarm.answer"), pk=pk))


@require_safe
@page("alarm.handle")
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """The same file for the desk."""
    return _file(get_object_or_404(queries.files(request.user, "alarm.handle"), pk=pk))


def _file(found: AnswerFile) -> HttpResponse:
    """A file of the enterprise, checked against its hash when it is read; never shown in place."""
    kept = found.attachment
    return download(files.read(kept), kept.name, "application/octet-stream")
