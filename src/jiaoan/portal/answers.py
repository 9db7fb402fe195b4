"""How a page answers a write that was refused: the sentence stays, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors


def attempt(request: HttpRequest, act: Callable[[], object], done: str = "") -> dict[str, str]:
    """Do ``act``; say ``done`` when it went well. Returns the field errors, empty when none.

    What is not possible now is said in a message; scope's refusals are not caught here.
    """
    try:
        act()
    except FieldErrors as refused:
        return {name: str(text) for name, text in refused.errors.items()}
    except Blocked as blocked:
        messages.error(request, str(blocked.sentence))
        return {}
    except TransitionRefused:
        messages.error(
            request, _("This item is no longer in that state. The page shows how it stands now.")
        )
        return {}
    if done:
        messages.success(request, done)
    return {}
