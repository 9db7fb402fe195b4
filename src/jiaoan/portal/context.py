"""Values every template may use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from jiaoan.kernel.clock import local


def portal(request: HttpRequest) -> dict[str, object]:
    clock = getattr(request, "clock", None)
    if clock is None:
        return {"demo": settings.DEMO}
    now = local(clock.now())
    return {"demo": settings.DEMO, "now": now, "clock_offset": getattr(clock, "offset", None)}
