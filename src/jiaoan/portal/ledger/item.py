"""事项办理页: one occurrence, its sentence, report-back, evidence, check, and time line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from jiaoan.journal import files
from jiaoan.ledger import actions, policies, queries
from jiaoan.ledger.actions.work import fields_of, report_draft
from jiaoan.ledger.models import DutyUnit, Occurrence
from jiaoan.ledger.report import title_of
from jiaoan.ledger.states import OPEN
from jiaoan.ledger.states import OccurrenceState as S
from jiaoan.portal import components as c
from jiaoan.portal.access import page
from jiaoan.portal.answers import attempt
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.ledger import shown, words
from jiaoan.portal.ledger.export import download
from jiaoan.scope import can

Errors = dict[str, str]


@require_http_methods(["GET", "HEAD", "POST"])
@page("ledger.view")
def occurrence(request: HttpRequest, pk: int) -> HttpResponse:
    item = queries.occurrence(request.user, pk)
    errors: Errors = {}
    if request.method == "POST":
        verb = _VERBS.get(request.POST.get("verb", ""))
        if verb is None:
            raise Http404
        errors = verb(request, item)
        if not errors:
            return redirect("occurrence", pk=pk)
        item = queries.occurrence(request.user, pk)
    context = _context(request, item, errors)
    return render(request, "portal/ledger/item.html", context, status=422 if errors else 200)


# ------------------------------------------------------------------ writes


def _sign(request: HttpRequest, item: Occurrence) -> Errors:
    done = _("Signed for “%(title)s”.") % {"title": item.duty.title}
    return attempt(request, lambda: actions.sign_for(asker(request), clock(request), item), done)


def _form(request: HttpRequest, item: Occurrence) -> actions.ReportForm:
    figures = {f.key: request.POST.get(f.key, "") for f in fields_of(item)}
    return actions.ReportForm(
        request.POST.get("text", ""), request.POST.get("happened_on", ""), figures
    )


def _save(request: HttpRequest, item: Occurrence) -> Errors:
    """Text first, then files: a file that is refused takes nothing else with it."""
    form = _form(request, item)
    errors = attempt(
        request,
        lambda: actions.save_report_draft(asker(request), clock(request), item, form),
        _("Draft saved."),
    )
    return errors | _keep_files(request, item)


def _keep_files(request: HttpRequest, item: Occurrence) -> Errors:
    uploads = [
        actions.Upload(one.name or "file", one.content_type or "", one.read())
        for one in request.FILES.getlist("files")
    ]
    if not uploads:
        return {}
    day = request.POST.get("evidence_on", "")
    return attempt(
        request,
        lambda: actions.add_evidence(
            asker(request), clock(request), item, uploads, happened_on=day
        ),
    )


def _submit(request: HttpRequest, item: Occurrence) -> Errors:
    form = _form(request, item)
    errors = attempt(
        request, lambda: actions.save_report_draft(asker(request), clock(request), item, form)
    )
    errors |= _keep_files(request, item)
    if errors:
        return errors
    return attempt(
        request,
        lambda: actions.report_back(asker(request), clock(request), item, form),
        _("Reported back; the safety section checks next."),
    )


def _adopt(request: HttpRequest, item: Occurrence) -> Errors:
    asked = request.POST.get("offer", "")
    offer = get_object_or_404(item.offers, pk=int(asked) if asked.isdecimal() else 0)
    return attempt(
        request,
        lambda: actions.adopt_offer(asker(request), clock(request), offer),
        _("Adopted as evidence."),
    )


def _check(request: HttpRequest, item: Occurrence) -> Errors:
    note = request.POST.get("note", "")
    return attempt(
        request,
        lambda: actions.check(asker(request), clock(request), item, note=note),
        _("Check passed; it can be closed now."),
    )


def _with_reason(act: Callable[..., object]) -> Callable[[HttpRequest, Occurrence], Errors]:
    def verb(request: HttpRequest, item: Occurrence) -> Errors:
        reason = request.POST.get("reason", "")
        return attempt(request, lambda: act(asker(request), clock(request), item, reason=reason))

    return verb


def _close(request: HttpRequest, item: Occurrence) -> Errors:
    return attempt(
        request, lambda: actions.close(asker(request), clock(request), item), _("Closed.")
    )


def _extend(request: HttpRequest, item: Occurrence) -> Errors:
    until, reason = request.POST.get("until", ""), request.POST.get("extend_reason", "")
    errors = attempt(
        request,
        lambda: actions.ask_extension(
            asker(request), clock(request), item, until=until, reason=reason
        ),
    )
    return {"extend_reason" if k == "reason" else k: v for k, v in errors.items()}


def _decide(request: HttpRequest, item: Occurrence) -> Errors:
    open_one = get_object_or_404(item.extensions, granted=None)
    granted, note = request.POST.get("granted") == "1", request.POST.get("note", "")
    return attempt(
        request,
        lambda: actions.decide_extension(
            asker(request), clock(request), open_one, granted=granted, note=note
        ),
    )


def _urge(request: HttpRequest, item: Occurrence) -> Errors:
    return attempt(
        request, lambda: actions.urge(asker(request), clock(request), item), _("Urged once.")
    )


_VERBS: dict[str, Callable[[HttpRequest, Occurrence], Errors]] = {
    "sign": _sign,
    "save": _save,
    "submit": _submit,
    "adopt": _adopt,
    "check": _check,
    "return": _with_reason(actions.return_report),
    "close": _close,
    "reopen": _with_reason(actions.reopen),
    "waive": _with_reason(actions.waive),
    "extend": _extend,
    "decide": _decide,
    "urge": _urge,
}


# ------------------------------------------------------------------ the page


def _context(request: HttpRequest, item: Occurrence, errors: Errors) -> dict[str, object]:
    today: date = clock(request).today()
    duty, user = item.duty, request.user
    facts = queries.timeline(item)
    extension = item.extensions.filter(granted=None).first()
    may_report = policies.may_act(user, "ledger.report", item)
    return {
        "section": "ledger",
        "item": item,
        "duty": duty,
        "title": title_of(duty),
        "window": words.window(item),
        "errors": errors,
        "state": item.status.label,
        "clause": shown.duty_chip(duty),
        "attached": [
            one
            for one in queries.attached_to(user, duty.plan).filter(under=duty.clause_id)
            if one.under_duty_id in (None, duty.pk)
        ],
        "may_attach": can(user, "notice.import") and duty.document_id is None,
        "frequency": words.frequency_line(duty),
        "for_whom": words.condition(duty.condition),
        "leads": [u.organisation for u in _units(item) if u.role != "coop"],
        "coops": [u.organisation for u in _units(item) if u.role == "coop"],
        "clock": None
        if item.status in (S.CLOSED, S.WAIVED)
        else c.Countdown(item.due, today, _clock_lines(item), item.starts),
        "steps": _steps(item),
        "fields": _fields(request, item, errors),
        "form": _typed(request, item, errors),
        "may_sign": item.status in (S.TO_SIGN, S.NOT_STARTED)
        and policies.may_act(user, "ledger.sign", item),
        "may_report": may_report and item.status in (S.TO_REPORT, S.RETURNED),
        "may_extend": may_report and item.status in OPEN and extension is None,
        "may_check": can(user, "ledger.check") and item.status is S.TO_CHECK,
        "may_return": can(user, "ledger.check") and item.status in (S.TO_CHECK, S.CHECKED),
        "may_close": can(user, "ledger.close") and item.status is S.CHECKED,
        "may_reopen": can(user, "ledger.close") and item.status is S.CLOSED,
        "may_decide": can(user, "ledger.close") and extension is not None,
        "may_urge": can(user, "ledger.urge") and item.status in OPEN,
        "urged_today": item.urges.filter(day=today).count(),
        "urge_limit": policies.urges_per_day(),
        "two_persons": policies.two_persons_close(),
        "extension": extension,
        "reports": [
            (one, shown.figures_shown(duty.activity, one.figures))
            for one in item.reports.exclude(submitted_at=None).select_related("author")
        ],
        "offers": item.offers.filter(adopted_at=None).select_related("fact"),
        "evidence": [
            shown.evidence(one) for one in item.evidence.select_related("attachment", "offer__fact")
        ],
        "timeline": shown.timeline(facts),
        "siblings": _siblings(request, item, today),
        "today": today,
    }


def _units(item: Occurrence) -> list[DutyUnit]:
    return list(item.duty.units.select_related("organisation"))


def _clock_lines(item: Occurrence) -> list[str]:
    lines = [_("Window %(window)s") % {"window": words.window(item)}]
    if item.due != item.ends:
        lines.append(_("Extended to %(day)s") % {"day": item.due.isoformat()})
    else:
        lines.append(_("Due %(day)s") % {"day": item.due.isoformat()})
    return lines


# Which step a state waits for: sign for, report back, check, close.
_STEPS = ({S.NOT_STARTED, S.TO_SIGN}, {S.TO_REPORT, S.RETURNED}, {S.TO_CHECK}, {S.CHECKED})


def _steps(item: Occurrence) -> list[tuple[int, str, str]]:
    """Number, word and class of each step; those before the one that waits are done."""
    steps = [_("Sign for"), _("Report back"), _("Check"), _("Close")]
    waits = next((n for n, states in enumerate(_STEPS) if item.status in states), 4)
    return [
        (n + 1, word, "is-done" if n < waits else "is-on" if n == waits else "")
        for n, word in enumerate(steps)
    ]


def _typed(request: HttpRequest, item: Occurrence, errors: Errors) -> dict[str, str]:
    """What the form shows: what was just typed, else the draft, else nothing."""
    if errors and request.method == "POST":
        return {key: str(value) for key, value in request.POST.items()}
    draft = report_draft(item)
    if draft is None:
        last = item.reports.order_by("-number").first()
        if last is None:
            return {}
        day = last.happened_on.isoformat() if last.happened_on else ""
        return {**{k: str(v) for k, v in last.figures.items()}, "text": last.text,
                "happened_on": day}  # fmt: skip
    return {**{k: str(v) for k, v in draft.figures.items()}, "text": draft.text}


def _fields(request: HttpRequest, item: Occurrence, errors: Errors) -> list[dict[str, object]]:
    typed = _typed(request, item, errors)
    return [
        {
            "key": f.key,
            "label": f.label,
            "required": f.required,
            "number": f.whole_number,
            "value": typed.get(f.key, ""),
            "error": errors.get(f.key, ""),
        }
        for f in fields_of(item)
    ]


def _siblings(request: HttpRequest, item: Occurrence, today: date) -> list[dict[str, object]]:
    return [
        {
            "label": words.window(one),
            "url": reverse("occurrence", args=[one.pk]),
            "light": shown.light(one, today),
            "current": one.pk == item.pk,
        }
        for one in queries.siblings(request.user, item)
    ]


@require_safe
@page("ledger.view")
def evidence_file(request: HttpRequest, pk: int) -> HttpResponse:
    """An evidence file, checked against its hash when it is read."""
    found = queries.evidence_of(request.user, pk)
    if found.attachment is None:
        raise Http404
    kept = found.attachment
    return download(files.read(kept), kept.name, kept.content_type or "application/octet-stream")
