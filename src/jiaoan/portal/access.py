"""What stands before every page: log-in, then the verb. Rows are checked where they are read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from jiaoan.scope import require

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def page(verb: str) -> Callable[[View[P]], View[P]]:
    """A page for people who hold ``verb``: others are sent to log in, or refused with a fact."""

    def guard(view: View[P]) -> View[P]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            require(request.user, verb)
            return view(request, *args, **kwargs)

        return guarded

    return guard
