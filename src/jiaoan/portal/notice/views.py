"""文件拆解台: upload a notice, judge what the reader proposes, publish."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaoan.journal import files
from jiaoan.ledger import actions, queries
from jiaoan.ledger.errors import FieldErrors
from jiaoan.ledger.models import IntakeDraft, Plan
from jiaoan.org.queries import official_units
from jiaoan.portal.access import page
from jiaoan.portal.answers import attempt
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.ledger.export import answer, division_sheet, download, drafts_of
from jiaoan.portal.notice import desk
from jiaoan.scope import can, require

Errors = dict[str, str]


@require_http_methods(["GET", "HEAD", "POST"])
@page("notice.view")
def notices(request: HttpRequest) -> HttpResponse:
    """The list of plans; a POST is a file to read."""
    errors: Errors = {}
    if request.method == "POST":
        require(request.user, "notice.import")
        upload = request.FILES.get("file")
        if upload is None:
            errors = {"file": _("Choose the file of the notice first (.txt or .docx).")}
        else:
            try:
                plan = actions.import_notice(
                    asker(request), clock(request), data=upload.read(), filename=upload.name or ""
                )
            except FieldErrors as refused:
                errors = {name: str(text) for name, text in refused.errors.items()}
            else:
                return redirect(desk.first_look(plan))
    context = {
        "section": "notice",
        "errors": errors,
        "plans": [desk.plan_line(plan) for plan in queries.plans(request.user)],
        "may_import": can(request.user, "notice.import"),
    }
    return render(request, "portal/notice/list.html", context, status=422 if errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page("notice.view")
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Document left, drafts right; a POST settles names, judges sentences, or publishes."""
    plan = queries.plan(request.user, pk)
    errors: Errors = {}
    if request.method == "POST":
        verb = _VERBS.get(request.POST.get("verb", ""))
        if verb is None:
            raise Http404
        errors = verb(request, plan)
        if not errors:
            plan.refresh_from_db()
            return (
                redirect("ledger")
                if _just_published(request, plan)
                else redirect(_back(request, pk))
            )
    context = desk.page_context(request, plan, errors)
    return render(request, "portal/notice/desk.html", context, status=422 if errors else 200)


def _just_published(request: HttpRequest, plan: Plan) -> bool:
    return request.POST.get("verb") == "publish" and plan.is_published


def _back(request: HttpRequest, pk: int, place: str = "") -> str:
    """The same view of the same notice; only known words of the address are taken over."""
    kept = {k: request.POST[k] for k in ("show", "clause") if request.POST.get(k)}
    query = f"?{urlencode(kept)}" if kept else ""
    return f"{reverse('notice', args=[pk])}{query}{place}"


def _clear(request: HttpRequest, plan: Plan) -> Errors:
    return attempt(
        request,
        lambda: actions.accept_undoubted(asker(request), clock(request), plan),
        _("All drafts without questions are accepted."),
    )


def _settle(request: HttpRequest, plan: Plan) -> Errors:
    asked = request.POST.get("unit", "")
    name = get_object_or_404(plan.unit_names, pk=int(asked) if asked.isdecimal() else 0)
    chosen = [int(v) for v in request.POST.getlist("organisation") if v.isdecimal()]
    meant = list(official_units(request.user).filter(pk__in=chosen))
    return attempt(
        request, lambda: actions.settle_unit(asker(request), clock(request), name, meant)
    )


def _judge(request: HttpRequest, plan: Plan) -> Errors:
    numbers = [int(v) for v in request.POST.getlist("sentence") if v.isdecimal()]
    reason = request.POST.get("reason", "")
    return attempt(
        request,
        lambda: actions.judge_sentences(
            asker(request), clock(request), plan, numbers, reason=reason
        ),
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
    "publish": _publish,
}


@require_POST
@page("notice.confirm")
def draft(request: HttpRequest, pk: int, draft: int) -> HttpResponse:
    """One draft: accept with answers, reject with a reason, edit, or take back."""
    plan = queries.plan(request.user, pk)
    row = get_object_or_404(plan.drafts, pk=draft)
    verb = _DRAFT_VERBS.get(request.POST.get("verb", ""))
    if verb is None:
        raise Http404
    errors = verb(request, row)
    if not errors:
        return redirect(_back(request, pk, f"#d{row.pk}"))
    context = desk.page_context(request, plan, errors, failed=row)
    return render(request, "portal/notice/desk.html", context, status=422)


def _accept(request: HttpRequest, row: IntakeDraft) -> Errors:
    answers: dict[int, actions.Answer] = {}
    for place in range(len(row.doubts)):
        choice = request.POST.get(f"doubt-{place}", "")
        other = request.POST.get(f"other-{place}", "")
        if choice == "other" or (other.strip() and not choice):
            answers[place] = actions.Answer(None, other)
        elif choice.isdecimal():
            answers[place] = actions.Answer(int(choice))
    return attempt(
        request, lambda: actions.accept_draft(asker(request), clock(request), row, answers)
    )


def _reject(request: HttpRequest, row: IntakeDraft) -> Errors:
    reason = request.POST.get("reason", "")
    return attempt(
        request, lambda: actions.reject_draft(asker(request), clock(request), row, reason=reason)
    )


def _take_back(request: HttpRequest, row: IntakeDraft) -> Errors:
    return attempt(request, lambda: actions.take_back_draft(asker(request), clock(request), row))


def _edit(request: HttpRequest, row: IntakeDraft) -> Errors:
    def names(key: str) -> tuple[str, ...]:
        typed = request.POST.get(key, "").replace("，", "、").replace(",", "、")
        return tuple(part.strip() for part in typed.split("、") if part.strip())

    edit = actions.DraftEdit(
        title=request.POST.get("title", ""),
        lead_units=names("lead_units"),
        coop_units=names("coop_units"),
        subject=request.POST.get("subject", ""),
        condition=request.POST.get("condition", "all"),
        every=request.POST.get("every", ""),
        min_count=request.POST.get("min_count", ""),
        deadline=request.POST.get("deadline", ""),
        activity=request.POST.get("activity", ""),
        evidence=names("evidence"),
    )
    return attempt(request, lambda: actions.edit_draft(asker(request), clock(request), row, edit))


_DRAFT_VERBS: dict[str, Callable[[HttpRequest, IntakeDraft], Errors]] = {
    "accept": _accept,
    "reject": _reject,
    "take_back": _take_back,
    "edit": _edit,
}


@require_safe
@page("notice.view")
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """任务分解表 as Excel or Word."""
    plan = queries.plan(request.user, pk)
    sheet = division_sheet(plan, drafts_of(plan), maker=request.user, made_at=clock(request).now())
    return answer(sheet, request.GET.get("as", "docx"))


@require_safe
@page("notice.view")
def original(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it was handed in, checked against its hash."""
    kept = queries.plan(request.user, pk).original
    return download(files.read(kept), kept.name, kept.content_type)
