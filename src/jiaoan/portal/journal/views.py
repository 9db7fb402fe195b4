"""Facts newest first, one object's facts, and the chain recomputed on demand."""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.journal import chain
from jiaoan.journal.queries import facts
from jiaoan.portal.access import page
from jiaoan.portal.components import Empty

ROWS = 50


@require_safe
@page("journal.view")
def journal(request: HttpRequest) -> HttpResponse:
    """All facts, or those about one object (``?about=ledger.occurrence:12``) or of one kind."""
    return render(request, "portal/journal/journal.html", _context(request))


@require_POST
@page("journal.view")
def verification(request: HttpRequest) -> HttpResponse:
    """Walk the whole chain now, as ``jiaoan verify`` does, and show what it found."""
    context = _context(request)
    context |= {"verified": True, "problems": chain.verify(settings.JOURNAL_HEAD)}
    return render(request, "portal/journal/journal.html", context)


def _context(request: HttpRequest) -> dict[str, object]:
    about, kind = request.GET.get("about", "")[:80], request.GET.get("kind", "")[:60]
    found = facts(request.user).order_by("-id")
    if about:
        found = found.filter(obj=about)
    if kind:
        found = found.filter(kind=kind)
    kept = list(chain.kept_heads(settings.JOURNAL_HEAD))
    query = urlencode({key: value for key, value in (("about", about), ("kind", kind)) if value})
    return {
        "section": "journal",
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "query": f"{query}&" if query else "",
        "about": about,
        "kind": kind,
        "head": chain.head(),
        "kept_head": kept[-1] if kept else None,
        "empty": Empty(
            title=_("No facts here"),
            text=_("Every act in the system leaves a fact; take the filter away to see them all."),
        ),
    }
