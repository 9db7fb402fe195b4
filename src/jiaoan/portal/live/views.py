"""Streams that pages open."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from jiaoan.portal.live.access import Circle, circle, hears
from jiaoan.portal.live.hub import Client, hub


def _respond(client: Client, *, shows: Circle | None, now_ms: int) -> HttpResponseBase:
    stream = hub().stream(
        client, hello={"now": now_ms}, shows=shows.shows if shows is not None else None
    )
    response = StreamingHttpResponse(stream, content_type="text/event-stream; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache, no-transform"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def open_stream(request: HttpRequest, verb: str, *, positions: bool) -> HttpResponseBase:
    """A stream for the logged-in person who holds ``verb``; others get what a page would say."""
    user = await request.auser()
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    found = await sync_to_async(circle)(user, verb)
    client = Client(await sync_to_async(hears)(user))
    now_ms = int(request.clock.now().timestamp() * 1000)  # type: ignore[attr-defined]
    return _respond(client, shows=found if positions else None, now_ms=now_ms)


@require_safe
async def alarms(request: HttpRequest) -> HttpResponseBase:
    """``hello``, then ``alarm`` and ``ledger`` events as they happen."""
    return await open_stream(request, "desk.view", positions=False)
