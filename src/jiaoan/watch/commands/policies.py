"""What may be said to a terminal, as sentences beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json
from jiaoan.kernel.clock import LOCAL
from jiaoan.ledger.errors import FieldErrors
from jiaoan.watch.commands import figures
from jiaoan.watch.commands.kinds import PARAMETERS
from jiaoan.watch.uploads.kinds import MediaEvent, MediaType

LONGEST_TEXT = 1000
"""Octets of GBK: one package of 0x8300 holds them (808 allows 1024 in two)."""


def problem_of_text(text: str) -> str | Promise:
    """What is wrong with a text for a terminal; empty when nothing is."""
    if not text.strip():
        return _("Write what the driver is to read or hear.")
    if strange := strange_letters(text):
        return _("Terminals know no %(letters)s (GBK): write it in another way.") % {
            "letters": " ".join(strange)
        }
    if len(text.encode("gbk")) > LONGEST_TEXT:
        return _("At most 500 Chinese characters; the driver is driving: be short.")
    return ""


def strange_letters(text: str) -> list[str]:
    """Letters that a terminal cannot show, five at most."""
    return sorted({letter for letter in text if not _in_gbk(letter)})[:5]


def _in_gbk(letter: str) -> bool:
    try:
        letter.encode("gbk")
    except UnicodeEncodeError:
        return False
    return letter >= " " or letter in "\r\n"


def checked_parameters(typed: Mapping[str, str]) -> dict[str, int]:
    """Figures typed for parameters (decimal id → figure); :class:`FieldErrors` by id."""
    errors: dict[str, str | Promise] = {}
    found: dict[str, int] = {}
    for name, text in typed.items():
        one = PARAMETERS.get(int(name)) if name.isdecimal() and len(name) < 10 else None
        if one is None:
            errors[name] = _("This parameter is not set from here.")
        elif not text.strip().isdecimal() or not one.least <= int(text) <= one.most:
            errors[name] = _("A whole number from %(least)s to %(most)s.") % {
                "least": one.least,
                "most": one.most,
            }
        else:
            found[name] = int(text)
    if not typed:
        errors["parameters"] = _("Fill in what is to be set.")
    if errors:
        raise FieldErrors(errors)
    return found


CANNOT_TELL_AREAS = ("2011", "2013")
"""Editions of 808 without 0x8608; where nobody wrote the edition down, the terminal is asked."""


@dataclass(frozen=True)
class WantedArea:
    """An area for a terminal as typed: a place, when its terminal gives alarm (empty = as is usual
    for the place), whether the driver hears it, and the limit of speed at night (empty = as by
    day)."""

    place: str
    alarm: str = ""
    to_driver: bool = True
    night: str = ""


def checked_night(typed: str, limit: int | None) -> int | None:
    """The limit of speed at night (808-2019); ``None`` = as by day. :class:`FieldErrors`
    (``night``)."""
    if not typed.strip():
        return None
    if limit is None:
        raise FieldErrors({"night": _("The place has no limit of speed for this vehicle by day.")})
    if not typed.strip().isdecimal() or not 1 <= int(typed) <= limit:
        raise FieldErrors(
            {"night": _("A whole number from %(least)s to %(most)s.") % {"least": 1, "most": limit}}
        )
    return int(typed)


def checked_track(interval: str, minutes: str) -> dict[str, Json]:
    """Arguments of a tracking, from seconds between reports and minutes in all as typed;
    :class:`FieldErrors` (``interval``, ``minutes``)."""
    limits = figures.TRACKING
    errors: dict[str, str | Promise] = {}
    found: dict[str, int] = {}
    for name, typed, least, most in (
        ("interval", interval, limits.least_s, limits.most_s),
        ("minutes", minutes, 1, limits.longest_minutes),
    ):
        if not typed.strip().isdecimal() or not least <= int(typed) <= most:
            errors[name] = _("A whole number from %(least)s to %(most)s.") % {
                "least": least,
                "most": most,
            }
        else:
            found[name] = int(typed)
    if not errors and found["interval"] > found["minutes"] * 60:
        errors["interval"] = _("It would never report: the interval is longer than the tracking.")
    elif not errors and found["minutes"] * 60 > found["interval"] * limits.most_reports:
        errors["minutes"] = _(
            "That is more than %(most)s reports: track for a shorter time, or less often."
        ) % {"most": limits.most_reports}
    if errors:
        raise FieldErrors(errors)
    return {"interval_s": found["interval"], "validity_s": found["minutes"] * 60}


MOST_CHANNEL, MOST_PHOTOS = 127, 10


@dataclass(frozen=True)
class StoredMedia:
    """Media in the memory of a terminal as they are asked for, as typed: times are local, as a
    browser writes them; without both any time."""

    type: str = "0"
    camera: str = "0"
    event: str = "0"
    start: str = ""
    end: str = ""


def checked_media(wanted: StoredMedia, now: datetime) -> dict[str, Json]:
    """The arguments of 0x8802 and 0x8803; :class:`FieldErrors` by field."""
    errors: dict[str, str | Promise] = {}
    found: dict[str, Json] = {}
    for name, values in (("type", MediaType.values), ("event", MediaEvent.values)):
        typed = getattr(wanted, name)
        if not typed.isdecimal() or int(typed) not in values:
            errors[name] = _("Choose one of the list.")
        else:
            found[name] = int(typed)
    channel = wanted.camera.strip() or "0"
    if not channel.isdecimal() or int(channel) > MOST_CHANNEL:
        errors["camera"] = _("A whole number from %(least)s to %(most)s.") % {
            "least": 0,
            "most": MOST_CHANNEL,
        }
    else:
        found["channel"] = int(channel)
    start, end = _typed_moment(wanted.start), _typed_moment(wanted.end)
    if wanted.start.strip() or wanted.end.strip():
        if start is None or end is None:
            errors["start"] = _("Write both times, or none for any time.")
        elif end < start:
            errors["start"] = _("The end lies before the beginning.")
        elif start > now:
            errors["start"] = _("This time has not come yet.")
        else:
            found |= {"start": start.isoformat(), "end": end.isoformat()}
    if errors:
        raise FieldErrors(errors)
    return found


def _typed_moment(typed: str) -> datetime | None:
    try:
        return datetime.fromisoformat(typed.strip()).replace(tzinfo=LOCAL)
    except ValueError:
        return None


def checked_photo(channel: str, count: str) -> dict[str, int]:
    """Camera and number of pictures as typed; :class:`FieldErrors` for what is neither."""
    errors: dict[str, str | Promise] = {}
    found: dict[str, int] = {}
    for name, typed, most in (("channel", channel, MOST_CHANNEL), ("count", count, MOST_PHOTOS)):
        if not typed.strip().isdecimal() or not 1 <= int(typed) <= most:
            errors[name] = _("A whole number from %(least)s to %(most)s.") % {
                "least": 1,
                "most": most,
            }
        else:
            found[name] = int(typed)
    if errors:
        raise FieldErrors(errors)
    return found
