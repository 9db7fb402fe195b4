"""The request as our middleware left it: who asks, and the clock. For pages behind ``page()``."""

from __future__ import annotations

from django.http import HttpRequest

from jiaoan.kernel.clock import Clock
from jiaoan.org.models import User


def asker(request: HttpRequest) -> User:
    """The person who is logged in; ``page()`` has sent everybody else away."""
    assert isinstance(request.user, User)
    return request.user


def clock(request: HttpRequest) -> Clock:
    found: Clock = request.clock  # type: ignore[attr-defined]
    return found
