"""Kinds of commands, and the parameters that may be set from here."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CommandKind(models.TextChoices):
    """The values are those of the gateway's ``CommandKind``; the numbers are those of 808."""

    TEXT = "text", _("Text to the driver")
    LOCATE = "locate", _("Roll call")
    READ = "read", _("Read parameters")
    SET = "set", _("Set parameters")
    ATTACHMENT = "attachment", _("Fetch attachments of an alarm")
    PHOTO = "photo", _("Take pictures")
    SEARCH = "search", _("Search stored media")
    FETCH_MEDIA = "fetch_media", _("Fetch stored media")
    FETCH_MEDIUM = "fetch_medium", _("Fetch one stored medium")
    TRACK = "track", _("Temporary tracking")
    UNTRACK = "untrack", _("End of temporary tracking")
    SET_AREA = "set_area", _("Area sent to the terminal")
    DELETE_AREA = "delete_area", _("Area taken away from the terminal")
    ASK_AREAS = "ask_areas", _("Question which areas it holds")


class AreaShape(models.TextChoices):
    """What an area is for a terminal; the values are those of the gateway."""

    CIRCLE = "circle", _("Circle")
    RECTANGLE = "rectangle", _("Rectangle")
    POLYGON = "polygon", _("Polygon")
    ROUTE = "route", pgettext_lazy("of a terminal", "Route")


class AreaAlarm(models.TextChoices):
    """When the terminal itself gives an alarm about an area."""

    ENTER = "enter", _("on entering")
    LEAVE = "leave", _("on leaving")
    BOTH = "both", _("on entering and on leaving")
    NONE = "none", _("neither; only its limit of speed")

    @property
    def told(self) -> list[str]:
        """As the gateway takes it."""
        return {"both": ["enter", "leave"], "none": []}.get(self.value, [self.value])


@dataclass(frozen=True)
class Parameter:
    """One parameter of 0x8103 that may be set: its name, unit and sane range."""

    number: int
    title: str | Promise
    unit: str
    least: int
    most: int


# Only figures that cannot cut a terminal off: addresses, ports, passwords and phones are not here.
PARAMETERS: dict[int, Parameter] = {
    one.number: one
    for one in (
        Parameter(0x0029, _("Interval of reports"), "s", 5, 300),
        Parameter(0x0055, _("Highest speed"), "km/h", 20, 120),
        Parameter(0x0056, _("Overspeed counts after"), "s", 1, 600),
        Parameter(0x0057, _("Longest driving without rest"), "s", 3600, 14_400),
        Parameter(0x0058, pgettext_lazy("limit", "Longest driving in a day"), "s", 3600, 57_600),
        Parameter(0x0059, _("Shortest rest"), "s", 1200, 14_400),
        Parameter(0x005A, _("Longest parking"), "s", 600, 86_400),
    )
}


# Titles of what a terminal tells besides; the rest is shown by its number.
TOLD: dict[int, str | Promise] = {
    0x0001: _("Interval of heartbeats, s"),
    0x0013: _("Address of the main platform"),
    0x0017: _("Address of the backup platform"),
    0x0018: _("TCP port of the platform"),
    0x0020: _("Strategy of reports (0 time, 1 distance, 2 both)"),
    0x0080: _("Odometer, 0.1 km"),
    0x0083: _("Plate as the terminal has it"),
    0x0084: _("Plate colour as the terminal has it"),
}
