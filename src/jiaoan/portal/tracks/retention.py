"""轨迹保留: how long positions are kept, what goes next, what went, and what is held for a case."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Empty
from jiaoan.scope import can
from jiaoan.tracks import holds
from jiaoan.tracks.keeping import Keeping, keeping
from jiaoan.tracks.retention import LAW, PeriodRefused, confirmed_by
from jiaoan.watch.models import TrackHold

ROWS = 50


@require_safe
@page(holds.SEEN)
def show(request: HttpRequest) -> HttpResponse:
    return _show(request)


@require_POST
@page(holds.VERB)
def hold(request: HttpRequest) -> HttpResponse:
    """Keep a vehicle's days; what is wrong is said beside its field, and nothing typed is lost."""
    said = {name: request.POST.get(name, "") for name in ("plate", "first", "last", "reason")}
    try:
        made = holds.hold(asker(request), clock(request), **said)
    except FieldErrors as wrong:
        return _show(request, errors=wrong.errors, status=422)
    messages.success(
        request, _("%(plate)s is held: these days are not removed.") % {"plate": made.vehicle}
    )
    return redirect("track_retention")


@require_POST
@page(holds.VERB)
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let them go again, with a reason."""
    reason = request.POST.get("reason", "")
    try:
        holds.release(asker(request), clock(request), pk, reason=reason)
    except TrackHold.DoesNotExist:
        raise Http404 from None
    except FieldErrors as wrong:
        return _show(request, errors=wrong.errors, releasing=pk, status=422)
    except Blocked as blocked:
        messages.warning(request, str(blocked))
        return redirect("track_retention")
    messages.success(request, _("Released; what is over goes with the next removal."))
    return redirect("track_retention")


def _show(
    request: HttpRequest,
    *,
    errors: dict[str, str | Promise] | None = None,
    releasing: int = 0,
    status: int = 200,
) -> HttpResponse:
    found: Keeping | None = None
    refused = ""
    try:
        found = keeping(request.user, settings.DATA_DIR, clock(request).today())
    except PeriodRefused as wrong:
        refused = str(wrong)
    shown = Paginator(holds.holds(request.user), ROWS).get_page(request.GET.get("page"))
    context = {
        "section": "map",
        "found": found,
        "refused": refused,
        "law": LAW,
        "confirmed_by": confirmed_by(),
        "holds": shown,
        "may_hold": can(request.user, holds.VERB),
        "errors": errors or {},
        "releasing": releasing,
        "typed": request.POST,
        "no_holds": Empty(
            _("Nothing is held"), _("A hold keeps the days of a vehicle for a case.")
        ),
        "none_over": Empty(_("Nothing is over"), _("No day in the store is older than its time.")),
        "none_removed": Empty(
            _("Nothing was removed yet"), _("Each day that loses positions leaves a fact.")
        ),
    }
    return render(request, "portal/tracks/retention.html", context, status=status)
