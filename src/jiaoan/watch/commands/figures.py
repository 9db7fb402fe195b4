"""How long a command may wait for its terminal. No text gives these figures: 局定, unverified [U].

The bus keeps commands for one day, so none may wait longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from jiaoan.watch.commands.kinds import CommandKind

# A text that comes hours late may send a driver the wrong way.
_MINUTES = {
    CommandKind.TEXT: 30,
    CommandKind.LOCATE: 5,
    CommandKind.READ: 60,
    CommandKind.SET: 23 * 60,
    CommandKind.ATTACHMENT: 23 * 60,
    # A picture of later is not the picture that was wanted.
    CommandKind.PHOTO: 10,
    # What is stored stays, so these may wait; the page that asked is looked at within the hour.
    CommandKind.SEARCH: 60,
    CommandKind.FETCH_MEDIA: 60,
    CommandKind.FETCH_MEDIUM: 60,
    # Who wants to see a vehicle closely wants it now.
    CommandKind.TRACK: 10,
    CommandKind.UNTRACK: 60,
    # What a terminal holds lasts, so it is told whenever it comes back.
    CommandKind.SET_AREA: 23 * 60,
    CommandKind.DELETE_AREA: 23 * 60,
    CommandKind.ASK_AREAS: 60,
}
CONNECTED = timedelta(seconds=15)
"""Not sent after this, the terminal is not connected."""
NEWS = timedelta(minutes=3)
"""News of a sending or an answer may come this much after the command's end: the gateway waits up
to a minute and a half for the last answer."""


@dataclass(frozen=True)
class TrackFigures:
    """Limits of a temporary tracking 临时跟踪, all [U]: the message itself takes every interval up
    to 65535 s and any validity. Seconds and minutes."""

    least_s: int = 1
    most_s: int = 300
    longest_minutes: int = 240
    most_reports: int = 3600
    """Of one tracking: each costs the carrier's data volume and a place in the store."""


TRACKING = TrackFigures()


@dataclass(frozen=True)
class AreaFigures:
    """Limits of areas in terminals, all [U] but the width, for which a route has one octet."""

    most_corners: int = 100
    """The message takes 65535; terminals do not, and 100 fit into one package."""
    overspeed_s: int = 10
    """A speed above the limit counts after so long."""
    widest_m: int = 255


AREAS = AreaFigures()


def validity(kind: CommandKind) -> timedelta:
    """How long a command of this kind waits for its terminal."""
    minutes = getattr(settings, "WATCH_COMMAND_MINUTES", {}).get(kind.value, _MINUTES[kind])
    return timedelta(minutes=min(float(minutes), 23 * 60))
