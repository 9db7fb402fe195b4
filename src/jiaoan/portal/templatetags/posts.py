"""``{% posts_waiting %}``: post queries 查岗 that wait, for every page where somebody sits."""

from __future__ import annotations

from django import template
from django.http import HttpRequest
from django.template import Context

from jiaoan.portal.asked import clock
from jiaoan.portal.supervision.shared import Line, lines
from jiaoan.watch.others import queries as others
from jiaoan.watch.posts import queries

register = template.Library()
_MOST = 5


@register.inclusion_tag("portal/supervision/_waiting.html", takes_context=True)
def posts_waiting(context: Context) -> dict[str, list[Line]]:
    """The most urgent ones with their lights; nothing where none waits."""
    request = context["request"]
    assert isinstance(request, HttpRequest)
    now = clock(request).now()
    return {"lines": lines(list(queries.waiting(request.user)[:_MOST]), now)}


@register.simple_tag(takes_context=True)
def others_unseen(context: Context) -> str:
    """How many messages between platforms nobody has looked at, behind a space; empty for none."""
    request = context["request"]
    assert isinstance(request, HttpRequest)
    found = others.unseen(request.user).count()
    return f" {found}" if found else ""
