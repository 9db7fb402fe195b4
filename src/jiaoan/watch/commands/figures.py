"""How long a command may wait for its terminal. No text gives these figures: 局定, unverified [U].

The bus keeps commands for one day, so none may wait longer.
"""

from __future__ import annotations

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
}
CONNECTED = timedelta(seconds=15)
"""Not sent after this, the terminal is not connected."""
NEWS = timedelta(minutes=3)
"""News of a sending or an answer may come this much after the command's end: the gateway waits up
to a minute and a half for the last answer."""


def validity(kind: CommandKind) -> timedelta:
    """How long a command of this kind waits for its terminal."""
    minutes = getattr(settings, "WATCH_COMMAND_MINUTES", {}).get(kind.value, _MINUTES[kind])
    return timedelta(minutes=min(float(minutes), 23 * 60))
