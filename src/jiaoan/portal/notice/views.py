"""文件拆解台: judge what the reader proposes, publish."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from jiaoan.journal import files
from jiaoan.ledger import actions, queries
from jiaoan.ledger.models import Plan
from jiaoan.org.queries import official_units
from jiaoan.portal.access import page
from jiaoan.portal.answers import attempt
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.ledger.export import download
from jiaoan.portal.notice import desk

Errors = dict[str, str]


@require_http_methods(["GET", "HEAD", "POST"])
@page("notice.view")
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Document left, drafts right; a POST is an act on the whole document."""
    plan = queries.plan(request.user, pk)
    if request.method != "POST":
        return render(request, "portal/notice/desk.html", desk.page_context(request, plan))
    name = request.POST.get("verb", "")
    verb = _VERBS.get(name)
    if verb is None:
        raise Http404
    errors = verb(request, plan)
    if errors:
        return refused(request, plan, desk.Refusal(errors))
    plan.refresh_from_db()
    if name == "publish" and plan.is_published:
        return redirect("notice_assignment", pk=pk)
    return redirect(back(request, pk))


def refused(request: HttpRequest, plan: Plan, refusal: desk.Refusal) -> HttpResponse:
    """The page again with what was wrong; nothing typed is lost."""
    context = desk.page_context(request, plan, refusal)
    return render(request, "portal/notice/desk.html", context, status=422)


def back(request: HttpRequest, pk: int, place: str = "") -> str:
    """The same view of the same notice; only known words of the address are taken over."""
    kept = {k: request.POST[k] for k in ("show", "clause", "s") if request.POST.get(k)}
    query = f"?{urlencode(kept)}" if kept else ""
    return f"{reverse('notice', args=[pk])}{query}{place}"


def _clear(request: HttpRequest, plan: Plan) -> Errors:
    seen = desk.number(request.POST.get("count", ""))
    if seen is None:
        return {"count": _("Say how many you accept: open the question again.")}
    done = ngettext("%(n)s draft accepted.", "%(n)s drafts accepted.", seen) % {"n": seen}
    return attempt(
        request,
        lambda: actions.accept_undoubted(asker(request), clock(request), plan, expected=seen),
        done,
    )


def _settle(request: HttpRequest, plan: Plan) -> Errors:
    asked = desk.number(request.POST.get("unit", ""))
    name = get_object_or_404(plan.unit_names, pk=asked or 0)
    chosen = [int(v) for v in request.POST.getlist("organisation") if desk.number(v)]
    meant = list(official_units(request.user).filter(pk__in=chosen))
    outside = request.POST.get("outside") == "1"
    return attempt(
        request,
        lambda: actions.settle_unit(asker(request), clock(request), name, meant, outside=outside),
    )


def _judge(request: HttpRequest, plan: Plan) -> Errors:
    numbers = [int(v) for v in request.POST.getlist("sentence") if desk.number(v) is not None]
    reason = request.POST.get("reason", "")
    return attempt(
        request,
        lambda: actions.judge_sentences(
            asker(request), clock(request), plan, numbers, reason=reason
        ),
    )


def _sentence(request: HttpRequest, plan: Plan) -> int:
    asked = desk.number(request.POST.get("sentence", ""))
    return int(get_object_or_404(plan.sentences, number=-1 if asked is None else asked).pk)


def _add(request: HttpRequest, plan: Plan) -> Errors:
    sentence = plan.sentences.get(pk=_sentence(request, plan))
    title = request.POST.get("title", "")
    return attempt(
        request,
        lambda: actions.add_draft(asker(request), clock(request), plan, sentence, title=title),
    )


def _reopen(request: HttpRequest, plan: Plan) -> Errors:
    sentence = plan.sentences.get(pk=_sentence(request, plan))
    return attempt(
        request, lambda: actions.reopen_sentence(asker(request), clock(request), plan, sentence)
    )


def _undo(request: HttpRequest, plan: Plan) -> Errors:
    return attempt(
        request, lambda: actions.undo(asker(request), clock(request), plan), _("Undone.")
    )


def _publish(request: HttpRequest, plan: Plan) -> Errors:
    typed = request.POST.get("effective_from", "").strip()
    since: date | None = None
    if typed:
        try:
            since = date.fromisoformat(typed)
        except ValueError:
            return {"effective_from": _("Write the day as 2024-04-01.")}
    return attempt(
        request,
        lambda: actions.publish(asker(request), clock(request), plan, effective_from=since),
        _("Published: the duties stand in the ledger."),
    )


_VERBS: dict[str, Callable[[HttpRequest, Plan], Errors]] = {
    "accept_clear": _clear,
    "settle": _settle,
    "judge": _judge,
    "add": _add,
    "reopen": _reopen,
    "undo": _undo,
    "publish": _publish,
}


@require_safe
@page("notice.view")
def original(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it was handed in, checked against its hash."""
    kept = queries.plan(request.user, pk).original
    return download(files.read(kept), kept.name, kept.content_type)
