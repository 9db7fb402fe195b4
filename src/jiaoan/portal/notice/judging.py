"""One draft: accept with answers, edit, split, merge, reject with a reason, or take back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jiaoan.ledger import actions, queries
from jiaoan.ledger.answering import names_of
from jiaoan.ledger.models import IntakeDraft
from jiaoan.portal.access import page
from jiaoan.portal.answers import attempt
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.notice import desk
from jiaoan.portal.notice.views import back, refused

Errors = dict[str, str]


@require_http_methods(["GET", "HEAD", "POST"])
@page("notice.confirm")
def draft(request: HttpRequest, pk: int, draft: int) -> HttpResponse:
    """A POST is an act on the draft. A GET leads to its card: whoever had to log in again in the
    middle of an act comes back here."""
    plan = queries.plan(request.user, pk)
    row = get_object_or_404(plan.drafts.select_related("clause", "sentence"), pk=draft)
    if request.method != "POST":
        number = row.sentence.number
        return redirect(f"{reverse('notice', args=[pk])}?show=sentence&s={number}#d{row.pk}")
    name = request.POST.get("verb", "")
    if name == "keep":
        actions.keep_typed(asker(request), clock(request), row, _typed(request))
        if request.POST.get("quiet"):
            return HttpResponse(status=204)
        return redirect(back(request, pk, f"#d{row.pk}"))
    verb = _VERBS.get(name)
    if verb is None:
        raise Http404
    errors = verb(request, row)
    if errors:
        row = plan.drafts.select_related("clause", "sentence").get(pk=draft)
        return refused(request, plan, desk.Refusal(errors, row, "" if name == "accept" else name))
    return redirect(back(request, pk, f"#d{row.pk}"))


def _typed(request: HttpRequest) -> Mapping[str, str]:
    """The fields of a card, without what steers the form."""
    steering = {"verb", "quiet", "csrfmiddlewaretoken", "show", "clause", "s"}
    fields = {key: str(request.POST[key]) for key in request.POST if key not in steering}
    if "piece" in fields:
        fields["pieces"] = ",".join(request.POST.getlist("piece"))
        del fields["piece"]
    return fields


def _accept(request: HttpRequest, row: IntakeDraft) -> Errors:
    answers: dict[int, actions.Answer] = {}
    for place in range(len(row.doubts)):
        choice = request.POST.get(f"doubt-{place}", "")
        other = request.POST.get(f"other-{place}", "")
        if choice == "other" or (other.strip() and not choice):
            answers[place] = actions.Answer(None, other)
        elif desk.number(choice) is not None:
            answers[place] = actions.Answer(int(choice), other)
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
        return tuple(names_of(request.POST.get(key, "")))

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


def _split(request: HttpRequest, row: IntakeDraft) -> Errors:
    second = [int(v) for v in request.POST.getlist("piece") if desk.number(v) is not None]
    titles = (request.POST.get("first", ""), request.POST.get("second", ""))
    return attempt(
        request,
        lambda: actions.split_draft(
            asker(request), clock(request), row, second=second, titles=titles
        ),
    )


def _merge(request: HttpRequest, row: IntakeDraft) -> Errors:
    asked = [int(v) for v in request.POST.getlist("other") if desk.number(v)]
    others = list(row.plan.drafts.filter(pk__in=asked).exclude(pk=row.pk))
    title = request.POST.get("merged", "")
    return attempt(
        request,
        lambda: actions.merge_drafts(asker(request), clock(request), row, others, title=title),
    )


def _drop(request: HttpRequest, row: IntakeDraft) -> Errors:
    actions.drop_typed(asker(request), row)
    return {}


_VERBS: dict[str, Callable[[HttpRequest, IntakeDraft], Errors]] = {
    "accept": _accept,
    "reject": _reject,
    "take_back": _take_back,
    "edit": _edit,
    "split": _split,
    "merge": _merge,
    "drop": _drop,
}
