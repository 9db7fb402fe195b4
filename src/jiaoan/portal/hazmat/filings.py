"""备案: the list by state, one filing with its automatic checks, and the form for carriers."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaoan.hazmat import actions, queries
from jiaoan.hazmat.models import Filing
from jiaoan.hazmat.states import FilingState
from jiaoan.journal.queries import timeline
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import Organisation, User
from jiaoan.portal.access import page
from jiaoan.portal.components import Empty
from jiaoan.portal.courses import course_of
from jiaoan.portal.hazmat import checks, fields
from jiaoan.scope import can

ROWS = 50


def own_carrier(user: object) -> Organisation | None:
    """The firm a carrier's person files for; officials file for nobody."""
    organisation = user.organisation if isinstance(user, User) else None
    return organisation if organisation and not organisation.is_official else None


@require_safe
@page("filing.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Those that wait for approval come first, oldest on top; ``?state=`` shows one state."""
    wanted, text = request.GET.get("state", ""), request.GET.get("q", "")[:40]
    state = FilingState(wanted) if wanted in list(FilingState) else None
    found = queries.filings_in(request.user, state, text)
    counts = queries.filing_counts(request.user)
    query = urlencode({key: value for key, value in (("state", wanted), ("q", text)) if value})
    return render(
        request,
        "portal/hazmat/filings.html",
        {
            "section": "hazmat",
            "tab": "filings",
            "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
            "query": f"{query}&" if query else "",
            "states": [(one, counts[one]) for one in FilingState],
            "all_count": sum(counts.values()),
            "state": wanted,
            "text": text,
            "may_apply": can(request.user, "filing.apply"),
            "empty": Empty(
                title=_("No filings here"),
                text=_("A carrier files here, or by the link an officer sends from an alarm."),
            ),
        },
    )


@require_safe
@page("filing.view")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_object_or_404(queries.filings(request.user), pk=pk))


def _detail(
    request: HttpRequest, filing: Filing, *, error: object = "", status: int = 200
) -> HttpResponse:
    found = [checks.shown(one) for one in queries.checks_of(filing)]
    entries = course_of(timeline(filing))
    context = {
        "section": "hazmat",
        "filing": filing,
        "checks": found,
        "timeline": entries,
        "may_decide": can(request.user, "filing.approve") and filing.status is FilingState.APPLIED,
        "official": can(request.user, "filing.approve"),
        "error": error,
        "typed": request.POST,
        "trips": filing.trips.all() if can(request.user, "trip.view") else (),
    }
    return render(request, "portal/hazmat/filing.html", context, status=status)


@require_POST
@page("filing.approve")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, return with a reason, or refuse with a legal ground."""
    filing = get_object_or_404(queries.filings(request.user), pk=pk)
    user, clock, note = request.user, request.clock, request.POST.get("note", "")  # type: ignore[attr-defined]
    assert isinstance(user, User)
    act = request.POST.get("act", "")
    try:
        if act == "approve":
            actions.approve(user, clock, filing, note=note)
        elif act == "return":
            actions.return_(user, clock, filing, reason=note)
        else:
            ground = request.POST.get("legal_ground", "")
            actions.refuse(user, clock, filing, reason=note, legal_ground=ground)
    except FieldErrors as bad:
        return _detail(request, filing, error=next(iter(bad.errors.values())), status=422)
    except (Blocked, TransitionRefused) as refused:
        sentence = refused.sentence if isinstance(refused, Blocked) else _("Already decided.")
        return _detail(request, filing, error=sentence, status=409)
    messages.success(request, _("Decided; the carrier sees it at once."))
    return redirect("filing", filing.pk)


@require_http_methods(["GET", "POST"])
@page("filing.apply")
def new(request: HttpRequest) -> HttpResponse:
    """A carrier's own person files; every bad field is named and nothing typed is lost."""
    clock = request.clock  # type: ignore[attr-defined]
    carrier = own_carrier(request.user)
    typed = request.POST.dict() if request.method == "POST" else _prefilled(carrier, clock.today())
    errors: dict[str, object] = {}
    if request.method == "POST":
        try:
            filing = actions.apply(request.user, clock, typed, carrier=carrier)  # type: ignore[arg-type]
        except FieldErrors as bad:
            errors = dict(bad.errors)
        else:
            messages.success(request, _("Handed in; the bureau decides on it."))
            return redirect("filing", filing.pk)
    context = {
        "section": "hazmat",
        "groups": fields.groups(fields.FILING, typed, errors),  # type: ignore[arg-type]
        "promise": fields.shown(fields.PROMISE, typed, errors),  # type: ignore[arg-type]
        "errors": errors,
    }
    return render(request, "portal/hazmat/filing_new.html", context, status=422 if errors else 200)


def _prefilled(carrier: Organisation | None, today: object) -> dict[str, str]:
    return {
        "carrier_name": carrier.name if carrier else "",
        "plate_colour": "2",
        "valid_from": str(today),
        "valid_to": str(today),
    }
