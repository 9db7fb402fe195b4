"""What the pure rules refuse about a place, in the language of the screen.

``rules`` speak English and know no screen; here stands the sentence for each of theirs. One that is
not in the table is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import gettext as _

_Say = Callable[[re.Match[str]], str]


def _table() -> list[tuple[str, _Say]]:
    return [
        (r"coordinates must be longitude, latitude.*\(found (.*)\)", lambda m: _(
            "Write longitude first, then latitude, in degrees, latitude from -85 to 85 "
            "(found %(found)s).") % {"found": m[1]}),
        (r"reaches half round", lambda _m: _(
            "It reaches half round the earth. A fence over 180 degrees is drawn as two.")),
        (r"must be a Polygon or MultiPolygon", lambda _m: _("It must be an area.")),
        (r"not GeoJSON \((.*)\)", lambda m: _("It cannot be read: %(why)s") % {"why": m[1]}),
        (r"every coordinate must be a number", lambda _m: _("Every coordinate must be a number.")),
        (r"(\d+) corners are more than (\d+)", lambda m: _(
            "%(count)s corners are more than %(most)s; simplify it first.")
            % {"count": m[1], "most": m[2]}),
        (r"must be 1 metre or more", lambda _m: _("A radius is 1 metre or more.")),
        (r"must be 2 metres or more", lambda _m: _("A width is 2 metres or more.")),
        (r"a line needs two", lambda _m: _("A line needs two different points or more.")),
        (r"too small to have an area", lambda _m: _("It is too small to have an area.")),
        (r"is drawn as a (\w+)", lambda m: _("This shape is drawn as a %(kind)s.")
            % {"kind": m[1]}),
        (r"needs its metres", lambda _m: _("A circle needs its radius, a corridor its width.")),
        (r"(Self-intersection|Ring Self-intersection)", lambda _m: _(
            "Its edge crosses itself (Self-intersection).")),
        (r"Too few points", lambda _m: _("It needs three different corners or more.")),
        (r"is no time of day|is no time from", lambda _m: _(
            "Write the time as 07:00, from 00:00 to 24:00.")),
        (r"must differ from the beginning", lambda _m: _(
            "The end must differ from the beginning; the whole day is 00:00 to 24:00.")),
        (r"begins at 23:59 at the latest", lambda _m: _(
            "Hours begin at 23:59 at the latest; 24:00 is only an end.")),
        (r"from 1 \(Monday\) to 7", lambda _m: _("Weekdays are 1 (Monday) to 7 (Sunday).")),
        (r"lies before the first day", lambda _m: _("The last day lies before the first.")),
        (r"is no day; write it", lambda _m: _("Write the day as 2024-04-08.")),
    ]  # fmt: skip


def in_words(refused: ValueError) -> tuple[str, str]:
    """The field that the rule names ("" = none), and the sentence."""
    text = str(refused)
    field, colon, rest = text.partition(": ")
    if not (colon and re.fullmatch(r"[a-z_]+", field)):
        field, rest = "", text
    for pattern, say in _table():
        if match := re.search(pattern, rest):
            return field, say(match)
    return field, rest
