"""查岗与平台间报文: what superiors ask at our desk, and what we ask at the desks of others."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaoan.kernel.clock import at_local
from jiaoan.ledger.errors import FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Empty
from jiaoan.portal.hazmat.fields import Group, Shown, Spec, Text
from jiaoan.portal.supervision.shared import (
    ROWS,
    Item,
    Page,
    chosen,
    lines,
    platform_id_of,
    platform_spec,
    subordinates,
)
from jiaoan.scope import can
from jiaoan.watch.models import Post
from jiaoan.watch.posts import actions, orders, queries
from jiaoan.watch.posts.kinds import BY_HAND, RESULTS
from jiaoan.watch.posts.states import PostKind


@require_safe
@page("alarm.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Those that wait by deadline, or those that are answered; and how subordinates answered this
    month."""
    done, now = request.GET.get("state") == "done", clock(request).now()
    found = queries.answered(request.user) if done else queries.open_posts(request.user)
    current = Paginator(found, ROWS).get_page(request.GET.get("page"))
    month = at_local(clock(request).today().replace(day=1))
    context = {
        "section": "alarm",
        "page": current,
        "lines": lines(current.object_list, now),
        "waiting": queries.open_posts(request.user).count(),
        "tallies": queries.tallies(request.user, month, now),
        "may_ask": can(request.user, "alarm.handle") and bool(subordinates()),
        "done": done,
        "query": "state=done&" if done else "",
        "empty": Empty(
            title=_("No post queries here"),
            text=_("Superior platforms ask over JT/T 809 whether somebody is at the desk."),
        ),
    }
    return render(request, "portal/supervision/posts.html", context)


def _more(_request: HttpRequest, found: Item) -> dict[str, object]:
    """The results that an order may be answered with."""
    kind = PostKind(found.kind) if isinstance(found, Post) else PostKind.QUERY
    words = RESULTS.get(kind, {})
    return {"results": [(value, words[value]) for value in BY_HAND.get(kind, ())]}


_PAGE = Page("portal/supervision/post.html", "text", _more)


@require_safe
@page("alarm.view")
def item(request: HttpRequest, pk: int) -> HttpResponse:
    return _PAGE.show(request, get_object_or_404(queries.posts(request.user), pk=pk))


@require_POST
@page("alarm.handle")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """0x1301 in words, 0x1302: read, or how an order about a vehicle went."""
    found = get_object_or_404(queries.posts(request.user), pk=pk)
    text, result = request.POST.get("text", ""), request.POST.get("result", "")

    def act() -> object:
        if found.is_order:
            return orders.answer(asker(request), clock(request), found, result=result)
        return actions.answer(asker(request), clock(request), found, text=text)

    return _PAGE.answer(request, found, act, "post")


def _specs(platforms: dict[int, str], kind: PostKind) -> tuple[Spec, ...]:
    query = kind is PostKind.QUERY
    specs = (
        platform_spec(platforms),
        Spec("text", _("Question") if query else _("Message"), required=True),
    )
    seconds = Spec("seconds", _("Seconds to answer in"), "number", True)
    return (*specs, seconds) if query else specs


def _begun(kind: PostKind) -> dict[str, str]:
    """An empty form; a query begins with the usual question."""
    question = _("Who is at the desk? Write your name and the number of vehicles on line.")
    return {
        "text": question if kind is PostKind.QUERY else "",
        "seconds": str(actions.answer_seconds()),
        "key": uuid.uuid4().hex,
    }


@require_http_methods(["GET", "POST"])
@page("alarm.handle")
def new(request: HttpRequest) -> HttpResponse:
    """0x9301: ask a subordinate platform whether somebody is at its desk; 0x9302: tell it
    something."""
    message = request.GET.get("kind") == PostKind.MESSAGE
    kind, platforms = PostKind.MESSAGE if message else PostKind.QUERY, subordinates()
    typed = request.POST.dict() if request.method == "POST" else _begun(kind)
    errors: dict[str, Text] = {}
    if request.method == "POST":
        code = chosen(typed.get("platform", ""), platforms)
        text, seconds = typed.get("text", ""), typed.get("seconds", "")
        wanted = actions.Wanted(
            platforms.get(code, ""), code, text, seconds, kind, platform_id_of(code)
        )
        try:
            made = actions.ask(
                asker(request), clock(request), wanted, key=typed.get("key", "")[:32]
            )
        except FieldErrors as bad:
            errors = dict(bad.errors)
        else:
            messages.success(request, _("Asked; it goes to the subordinate platform at once."))
            return redirect("post", made.pk)
    fields = tuple(
        Shown(spec, typed.get(spec.name, ""), errors.get(spec.name, ""))
        for spec in _specs(platforms, kind)
    )
    context = {
        "section": "alarm",
        "groups": [Group(str(kind.label), fields)],
        "errors": errors,
        "platforms": platforms,
        "message": message,
        "minutes": round(actions.default_span().total_seconds() / 60),
        "key": typed.get("key", ""),
    }
    status = 422 if errors else 200
    return render(request, "portal/supervision/post_new.html", context, status=status)
