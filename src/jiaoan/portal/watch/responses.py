"""报警设置: which findings are alarms, how grave, and within what time they are answered."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.ledger.errors import FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.scope import can
from jiaoan.watch.findings import actions, responses
from jiaoan.watch.kinds import Severity


@require_safe
@page("alarm.view")
def table(request: HttpRequest) -> HttpResponse:
    """All rules with what follows from them; the safety section may change it."""
    return _table(request, "", {})


def _table(
    request: HttpRequest, rule: str, errors: dict[str, str | Promise], status: int = 200
) -> HttpResponse:
    context = {
        "section": "alarm",
        "responses": responses.table(),
        "severities": Severity.choices,
        "may_change": can(request.user, "alarm.handle"),
        "wrong": rule,
        "errors": errors,
        "typed": request.POST,
    }
    return render(request, "portal/watch/responses.html", context, status=status)


@require_POST
@page("alarm.handle")
def change(request: HttpRequest, rule: str) -> HttpResponse:
    """Change one row; what is wrong is said beside its field, and nothing typed is lost."""
    try:
        actions.set_response(
            asker(request),
            clock(request),
            rule,
            raises=request.POST.get("raises") == "yes",
            severity=request.POST.get("severity", ""),
            respond_minutes=_whole(request, "respond_minutes"),
            finish_hours=_whole(request, "finish_hours"),
            confirmed=bool(request.POST.get("confirmed")),
        )
    except FieldErrors as wrong:
        return _table(request, rule, wrong.errors, 422)
    messages.success(request, _("Written down; it holds for findings from now on."))
    return redirect("responses")


def _whole(request: HttpRequest, name: str) -> int:
    """A number as typed; what is none is 0, which the action refuses by its field."""
    typed = request.POST.get(name, "").strip()
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 8 else 0
