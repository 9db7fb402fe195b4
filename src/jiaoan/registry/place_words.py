"""The rule of a place as one text, shown before it is switched on and wherever it is listed."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from jiaoan.registry.models import Place, PlaceKind, PlaceRole, RoadClass, VehicleKind
from jiaoan.rules.hours import EVERY_DAY, Hours

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def rule_sentence(place: Place, bound_count: int) -> str:
    """What it does to whom and when: 危货车辆 07:00–09:00 不得进入东湖隧道。"""
    return " ".join(
        one
        for one in (
            _effect(place, bound_count), _road(place), _dwell(place), _limits(place),
            _validity(place), _confirmation(place), _law(place),
        )
        if one
    )  # fmt: skip


def _effect(place: Place, bound_count: int) -> str:
    words = {"who": _who(place.vehicle_kinds), "place": place.name, "when": when(place.hours)}
    if place.role == PlaceRole.FORBIDDEN:
        return _("%(who)s must not be in %(place)s (%(when)s).") % words
    if place.role == PlaceRole.ROUTE:
        text = ngettext(
            "%(count)d vehicle bound to it must not leave the route %(place)s (%(when)s).",
            "%(count)d vehicles bound to it must not leave the route %(place)s (%(when)s).",
            bound_count,
        )
        return text % {**words, "count": bound_count}
    if place.role == PlaceRole.GATE:
        side = {
            "right": pgettext("gate", "from left to right"),
            "left": pgettext("gate", "from right to left"),
        }.get(place.direction, pgettext("gate", "in both directions"))
        return _("Crossing %(place)s %(side)s is recorded for %(who)s (%(when)s).") % {
            **words,
            "side": side,
        }
    if place.role == PlaceRole.ROAD:
        return _("Who enters and leaves %(place)s is not recorded.") % words
    return _("Entering and leaving %(place)s is recorded for %(who)s.") % words


def _road(place: Place) -> str:
    if place.kind != PlaceKind.ROAD:
        return ""
    if not place.road_class and place.role != PlaceRole.ROAD:
        return ""
    if not place.road_class:
        return _("Its class of road is not known: no rule that asks for it judges here.")
    words = {"class": str(RoadClass(place.road_class).label)}
    if place.road_class == RoadClass.EXPRESSWAY:
        return _("It is an expressway: bans and limits of expressways hold on it.")
    return _("It is no expressway (%(class)s): limits of other roads hold on it.") % words


def _who(kinds: Sequence[str]) -> str:
    named = [str(VehicleKind(kind).label) for kind in kinds if kind in VehicleKind.values]
    return pgettext("list", ", ").join(named) if named else _("all vehicles")


def when(hours: Sequence[dict[str, object]]) -> str:
    """The hours in words: 07:00–09:00, Mon–Fri; from 2024-01-15 to 2024-02-25."""
    if not hours:
        return _("at all hours")
    return pgettext("windows", "; ").join(_window(Hours.parse(one)) for one in hours)


def _window(window: Hours) -> str:
    said = window.as_json()
    text = f"{said['from']}–{said['to']}"
    if window.over_midnight:
        text = _("%(from)s–%(to)s of the next day") % {"from": said["from"], "to": said["to"]}
    parts = [text]
    if window.weekdays != EVERY_DAY:
        names = [pgettext("weekday", _DAYS[day - 1]) for day in sorted(window.weekdays)]
        parts.append(pgettext("list", ", ").join(names))
    if window.first_day or window.last_day:
        parts.append(
            _("from %(first)s to %(last)s")
            % {"first": window.first_day or "…", "last": window.last_day or "…"}
        )
    return " ".join(parts)


def _dwell(place: Place) -> str:
    if place.dwell_s is None:
        return ""
    return _("A stay of more than %(minutes)g minutes is told.") % {"minutes": place.dwell_s / 60}


def _limits(place: Place) -> str:
    if not place.limits_kmh:
        return ""
    named = [
        f"{VehicleKind(kind).label if kind else pgettext('vehicles', 'others')} {limit:g} km/h"
        for kind, limit in sorted(place.limits_kmh.items(), reverse=True)
    ]
    return _("Speed limit: %(limits)s.") % {"limits": pgettext("list", ", ").join(named)}


def _validity(place: Place) -> str:
    if not place.valid_from and not place.valid_to:
        return ""
    return _("It holds from %(first)s to %(last)s, both days included.") % {
        "first": place.valid_from or "…",
        "last": place.valid_to or "…",
    }


def _confirmation(place: Place) -> str:
    if place.role == PlaceRole.ROAD:
        return ""
    text = _(
        "It counts from one point more than %(metres)d m across, or %(points)d in a row%(mark)s."
    )
    mark = "" if place.figures_confirmed_by else _(" (unverified)")
    return text % {"metres": place.buffer_m, "points": place.consecutive, "mark": mark}


def _law(place: Place) -> str:
    return _("Ground: %(law)s.") % {"law": place.law} if place.law else ""
