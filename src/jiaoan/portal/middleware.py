"""What every request gets: the clock, and a clean answer with a fact when scope refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.utils import translation

from jiaoan.journal.actions import record
from jiaoan.kernel.clock import Clock, clock_from_environment
from jiaoan.scope import Refused, SystemActor

_ANONYMOUS = SystemActor("anonymous", frozenset())


class PortalMiddleware:
    """Works for sync and async views alike, so streams stay on the event loop."""

    async_capable = True
    sync_capable = True

    def __init__(
        self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
    ) -> None:
        self.get_response = get_response
        self.clock: Clock = clock_from_environment()
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        request.clock = self.clock  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """403 with a sentence, and a fact that names who tried what (walk-through 7)."""
        if not isinstance(error, Refused):
            return None
        actor = request.user if request.user.is_authenticated else _ANONYMOUS
        record(
            "scope.refused",
            actor=actor,
            obj=error.obj or error.verb,
            clock=self.clock,
            payload={"verb": error.verb, "method": request.method or ""},
        )
        return render(request, "403.html", status=403)


class LanguageMiddleware(LocaleMiddleware):
    """Chinese unless the person chose otherwise: what a browser asks for by itself is not heard."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = chosen in dict(settings.LANGUAGES)
        translation.activate(chosen if known else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()
