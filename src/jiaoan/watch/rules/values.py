"""A figure as people write it: HH:MM, km/h, yes or no; and back to the integer of the rule."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from jiaoan.ledger.errors import FieldErrors
from jiaoan.rules.driving.settings import SOURCES

MOST: Final = 10_000_000
_UNITS: Final[dict[str, str | Promise]] = {
    "s": gettext_lazy("seconds"),
    "min": gettext_lazy("minutes"),
    "m": gettext_lazy("metres"),
    "km": "km",
    "km/h": "km/h",
    "0.1 km/h": "km/h",
    "%": "%",
    "points": gettext_lazy("points"),
    "minute of day": "",
    "0/1": "",
}


def unit_of(name: str) -> str | Promise:
    """The unit beside the box."""
    return _UNITS[SOURCES[name].unit]


def kind_of(name: str) -> str:
    """Which input a figure has: ``time``, ``yesno`` or ``number``."""
    return {"minute of day": "time", "0/1": "yesno"}.get(SOURCES[name].unit, "number")


def typed_of(name: str, value: int) -> str:
    """What stands in the box."""
    unit = SOURCES[name].unit
    if unit == "minute of day":
        return f"{value // 60:02d}:{value % 60:02d}"
    if unit == "0.1 km/h":
        return f"{value / 10:g}"
    return str(value)


def words_of(name: str, value: int) -> str:
    """The figure in a sentence, with its unit; long times in larger ones beside."""
    if SOURCES[name].unit == "0/1":
        return pgettext("figure", "yes") if value else pgettext("figure", "no")
    text = f"{typed_of(name, value)} {unit_of(name)}".strip()
    if SOURCES[name].unit == "s" and value >= 600 and value % 60 == 0:
        return f"{text} ({_larger(value // 60)})"
    if SOURCES[name].unit == "min" and value >= 120:
        return f"{text} ({_larger(value)})"
    return text


def _larger(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = []
    if hours:
        parts.append(_("%(n)s h") % {"n": hours})
    if rest:
        parts.append(_("%(n)s min") % {"n": rest})
    return " ".join(parts)


def parse(name: str, typed: str) -> int:
    """The integer of the rule. :class:`FieldErrors` names the figure."""
    text, unit = typed.strip().replace("：", ":"), SOURCES[name].unit
    if unit == "0/1":
        if text in ("0", "1"):
            return int(text)
        raise FieldErrors({name: _("Choose yes or no.")})
    if unit == "minute of day":
        return _minute(name, text)
    try:
        value = Decimal(text)
        whole = value * 10 if unit == "0.1 km/h" else value
        if whole.is_finite() and whole == whole.to_integral_value() and 0 <= whole <= MOST:
            return int(whole)
    except InvalidOperation:
        pass  # said below, with the same sentence
    if unit == "0.1 km/h":
        raise FieldErrors({name: _("Write a speed in km/h, one decimal at most, not below 0.")})
    raise FieldErrors(
        {name: _("Write a whole number of %(unit)s, not below 0.") % {"unit": unit_of(name)}}
    )


def _minute(name: str, text: str) -> int:
    hours, colon, minutes = text.partition(":")
    if colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2:
        value = int(hours) * 60 + int(minutes)
        if int(minutes) < 60 and value < 24 * 60:
            return value
    raise FieldErrors({name: _("Write a time of day as 22:00.")})
