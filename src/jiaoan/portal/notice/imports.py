"""Getting a document in: the list of notices, and the second document of a clause."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from jiaoan.ledger import actions, queries
from jiaoan.ledger.actions.importing import PASTED, Under
from jiaoan.ledger.errors import AlreadyRead, Blocked, FieldErrors
from jiaoan.ledger.models import Clause, Plan
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.notice import desk
from jiaoan.portal.notice.document import clause_label, place_label
from jiaoan.scope import can, require

#: What the file field offers; the reader itself decides what it takes.
ACCEPT = ".txt,.docx,.pdf,.html,.htm,.xlsx"


@require_http_methods(["GET", "HEAD", "POST"])
@page("notice.view")
def notices(request: HttpRequest) -> HttpResponse:
    """The list of notices; a POST is a file or a pasted text to read."""
    context: dict[str, object] = {}
    if request.method == "POST":
        require(request.user, "notice.import")
        done = _take_in(request, None)
        if isinstance(done, HttpResponse):
            return done
        context = done
    found = list(queries.plans(request.user).select_related("under"))
    below: dict[int, list[dict[str, object]]] = {}
    for plan in found:
        if plan.under is not None:
            below.setdefault(plan.under.plan_id, []).append(desk.plan_line(plan))
    context |= {
        "section": "notice",
        "plans": [
            {**desk.plan_line(plan), "below": below.get(plan.pk, [])}
            for plan in found
            if plan.under is None
        ],
        "may_import": can(request.user, "notice.import"),
        "may_compare": sum(1 for plan in found if plan.under is None) > 1,
        "accept": ACCEPT,
    }
    status = 422 if context.get("errors") or context.get("known") else 200
    return render(request, "portal/notice/list.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@page("notice.import")
def attach(request: HttpRequest, pk: int) -> HttpResponse:
    """A second document 配套方案 for a clause of a published notice, perhaps for one duty there."""
    plan = get_object_or_404(queries.plans(request.user), pk=pk, state="published", under=None)
    clause = _clause(request, plan)
    context: dict[str, object] = {}
    if request.method == "POST":
        done: HttpResponse | dict[str, object]
        if clause is None:
            done = {"errors": {"clause": _("Choose the clause that the document carries out.")}}
        else:
            asked = desk.number(request.POST.get("duty", ""))
            duty = get_object_or_404(clause.duties, pk=asked) if asked else None
            done = _take_in(request, Under(clause, duty))
        if isinstance(done, HttpResponse):
            return done
        context = done
    clauses = [(c, clause_label(c)) for c in plan.clauses.all()]
    context |= {
        "section": "notice",
        "plan": plan,
        "clause": clause,
        "place": place_label(plan, clause) if clause else "",
        "title": clause_label(clause) if clause else "",
        "clauses": clauses,
        "duties": list(clause.duties.filter(document=None)) if clause else [],
        "duty": desk.number(request.POST.get("duty", "") or request.GET.get("duty", "")),
        "accept": ACCEPT,
    }
    status = 422 if context.get("errors") or context.get("known") else 200
    return render(request, "portal/notice/attach.html", context, status=status)


def _clause(request: HttpRequest, plan: Plan) -> Clause | None:
    asked = desk.number(request.POST.get("clause", "") or request.GET.get("clause", ""))
    return get_object_or_404(plan.clauses, pk=asked) if asked else None


def _take_in(request: HttpRequest, under: Under | None) -> HttpResponse | dict[str, object]:
    """Read what was handed in: the way to the new plan, or what the form has to say."""
    upload, pasted = request.FILES.get("file"), request.POST.get("text", "")
    if upload is not None:
        data, name = upload.read(), upload.name or ""
    elif pasted.strip():
        data, name = pasted.replace("\r\n", "\n").encode(), PASTED
    else:
        return {"errors": {"file": _("Choose the file of the notice, or paste its text.")}}
    try:
        plan = actions.import_notice(
            asker(request),
            clock(request),
            data=data,
            filename=name,
            under=under,
            again=request.POST.get("again") == "1",
        )
    except FieldErrors as refused:
        key = "text" if upload is None else "file"
        errors = {key if k == "file" else k: str(text) for k, text in refused.errors.items()}
        return {"errors": errors, "pasted": pasted}
    except Blocked as blocked:
        return {"errors": {"file": str(blocked.sentence)}, "pasted": pasted}
    except AlreadyRead as known:
        return {"known": known.plan, "name": name, "pasted": pasted}
    return redirect(desk.first_look(plan))
