"""查岗与平台间报文: what superiors ask at the desk, answered in time; alarms that others report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Empty, Light, Tone, moment_light
from jiaoan.portal.courses import course_of
from jiaoan.portal.hazmat.fields import Text
from jiaoan.scope import can
from jiaoan.watch.models import Post
from jiaoan.watch.posts import actions, queries
from jiaoan.watch.posts.states import PostKind, PostState
from jiaoan.watch.reported.queries import reported as reported_alarms

_ROWS = 50


@dataclass(frozen=True)
class Line:
    """One item with the light of its deadline."""

    item: Post
    light: Light


def light_of(item: Post, now: datetime) -> Light:
    if item.status is PostState.DONE:
        late = item.kind == PostKind.QUERY and item.overdue(now)
        return Light(Tone.LATE if late else Tone.DONE, _("answered late") if late else "")
    return moment_light(item.deadline, now)


@require_safe
@page("alarm.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Those that wait by deadline, or those that are answered."""
    done, now = request.GET.get("state") == "done", clock(request).now()
    found = queries.answered(request.user) if done else queries.waiting(request.user)
    current = Paginator(found, _ROWS).get_page(request.GET.get("page"))
    context = {
        "section": "alarm",
        "page": current,
        "lines": [Line(one, light_of(one, now)) for one in current.object_list],
        "waiting": queries.waiting(request.user).count(),
        "done": done,
        "query": "state=done&" if done else "",
        "empty": Empty(
            title=_("No post queries here"),
            text=_("Superior platforms ask over JT/T 809 whether somebody is at the desk."),
        ),
    }
    return render(request, "portal/supervision/posts.html", context)


@require_safe
@page("alarm.view")
def item(request: HttpRequest, pk: int) -> HttpResponse:
    return _item(request, get_object_or_404(queries.posts(request.user), pk=pk))


def _item(
    request: HttpRequest,
    found: Post,
    *,
    errors: dict[str, Text] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = clock(request).now()
    context = {
        "section": "alarm",
        "item": found,
        "light": light_of(found, now),
        "overdue": found.kind == PostKind.QUERY and found.overdue(now),
        "timeline": course_of(queries.facts_of(found)),
        "may_answer": found.status is PostState.OPEN and can(request.user, "alarm.handle"),
        "typed": request.POST,
        "errors": errors or {},
    }
    return render(request, "portal/supervision/post.html", context, status=status)


@require_POST
@page("alarm.handle")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """0x1301 in words, or 0x1302: read."""
    found = get_object_or_404(queries.posts(request.user), pk=pk)
    try:
        actions.answer(asker(request), clock(request), found, text=request.POST.get("text", ""))
    except FieldErrors as bad:
        return _item(request, found, errors=dict(bad.errors), status=422)
    except Blocked as blocked:
        return _item(request, found, errors={"text": blocked.sentence}, status=409)
    except TransitionRefused:
        sentence = _("This is answered already. Look at it again.")
        return _item(request, found, errors={"text": sentence}, status=409)
    messages.success(request, _("Answered; it goes to the superior platform at once."))
    return redirect("post", found.pk)


@require_safe
@page("alarm.view")
def reported(request: HttpRequest) -> HttpResponse:
    """0x1402: alarms that subordinate platforms report, with what they say became of them."""
    current = Paginator(reported_alarms(request.user), _ROWS).get_page(request.GET.get("page"))
    context = {
        "section": "alarm",
        "page": current,
        "query": "",
        "empty": Empty(
            title=_("No reported alarms here"),
            text=_("Subordinate platforms report alarms of their vehicles over JT/T 809."),
        ),
    }
    return render(request, "portal/supervision/reported.html", context)
