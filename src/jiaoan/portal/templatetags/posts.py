"""``{% posts_waiting %}``: post queries 查岗 that wait, for every page where somebody sits."""

from __future__ import annotations

from django import template
from django.http import HttpRequest
from django.template import Context

from jiaoan.portal.asked import clock
from jiaoan.portal.supervision.shared import Line, lines
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
