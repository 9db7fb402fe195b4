"""Values every template may use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from jiaoan.kernel.clock import local

THEME_COOKIE = "ja_theme"
THEMES = ("light", "dark")
_HTML_LANGUAGES = {"zh-hans": "zh-CN", "en": "en"}


def portal(request: HttpRequest) -> dict[str, object]:
    """Demonstration mark, theme, language of the page, and the clock with its offset if any."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    values: dict[str, object] = {
        "demo": settings.DEMO,
        "theme": theme if theme in THEMES else "light",
        "html_lang": _HTML_LANGUAGES.get(get_language() or "", "zh-CN"),
    }
    clock = getattr(request, "clock", None)
    if clock is not None:
        values["now"] = local(clock.now())
        values["clock_offset"] = getattr(clock, "offset", None)
    return values
