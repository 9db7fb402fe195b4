"""其他报文: what other platforms say and nothing here acts on, with its octets."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Empty
from jiaoan.portal.supervision.shared import ROWS
from jiaoan.scope import can
from jiaoan.watch.others import actions, queries
from jiaoan.watch.others.kinds import Why

_SHOWN = 4096
"""Octets that are shown on the page."""


@require_safe
@page("alarm.view")
def listing(request: HttpRequest) -> HttpResponse:
    """The newest first, all of them or those of one reason."""
    said = request.GET.get("why", "")
    found = queries.messages(request.user)
    if said in Why.values:
        found = found.filter(why=said)
    newest = queries.unseen(request.user).order_by("-id").values_list("pk", flat=True).first()
    context = {
        "section": "alarm",
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "whys": Why.choices,
        "why": said,
        "query": f"why={said}&" if said in Why.values else "",
        "unseen": queries.unseen(request.user).count(),
        "newest": newest,
        "may_see": can(request.user, "alarm.handle"),
        "empty": Empty(
            title=_("No other messages here"),
            text=_("What platforms say and nothing here acts on stands here, with its octets."),
        ),
    }
    return render(request, "portal/supervision/others.html", context)


@require_safe
@page("alarm.view")
def item(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.messages(request.user), pk=pk)
    octets = bytes(found.octets or b"")
    context = {
        "section": "alarm",
        "item": found,
        "fields": queries.fields_of(found),
        "hex": octets[:_SHOWN].hex(" "),
        "hidden": max(found.size, len(octets)) - len(octets[:_SHOWN]),
    }
    return render(request, "portal/supervision/other.html", context)


@require_POST
@page("alarm.handle")
def see(request: HttpRequest) -> HttpResponse:
    """Looked at: all that were there when the page was made."""
    typed = request.POST.get("upto", "")
    upto = int(typed) if typed.isdecimal() and len(typed) < 19 else 0
    seen = actions.see(asker(request), clock(request), upto=upto)
    said = ngettext("%(count)d message marked as seen.", "%(count)d messages marked as seen.", seen)
    messages.success(request, said % {"count": seen})
    return redirect("platform_messages")
