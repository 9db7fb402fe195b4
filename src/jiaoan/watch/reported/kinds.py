"""Alarm types of JT/T 809 in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jiaoan.watch.supervision.states import WarnType


def warn_word(number: int) -> str:
    """The alarm type in words; one that the standard does not name as its number."""
    known = {choice.value: choice.label for choice in WarnType}
    if number in known:
        return str(known[number])
    shown = f"0x{number:04X}"
    if 0xA001 <= number <= 0xA0FF:
        return _("Alarm found by a platform, %(number)s") % {"number": shown}
    return shown
