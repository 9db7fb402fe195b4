"""The ways to act on an alarm 处置方式, with the sentences to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from jiaoan.portal.watch.commands import SENTENCES
from jiaoan.watch.kinds import LEADS, AlarmKind, DispositionKind
from jiaoan.watch.models import Alarm
from jiaoan.watch.states import AlarmState


@dataclass(frozen=True)
class Choice:
    """One of the ways to act, with its key and a sentence to begin with."""

    key: int
    kind: DispositionKind
    title: str | Promise
    hint: str | Promise
    sentence: str | Promise


_CALL_UNFILED = gettext_lazy(
    "Called the carrier's dispatcher: told them that the vehicle entered without a valid "
    "filing, asked for the filing within 30 minutes."
)
_CALL = gettext_lazy(
    "Called the dispatcher of the firm: told them what the system found, asked them to reach the "
    "driver at once and to report back within 30 minutes."
)
TEXTS: Mapping[AlarmKind, tuple[str, ...]] = {
    AlarmKind.OVERSPEED: (SENTENCES[2], SENTENCES[4]),
    **dict.fromkeys(
        (AlarmKind.CONTINUOUS, AlarmKind.NIGHT, AlarmKind.DAY_TOTAL, AlarmKind.WEEK_TOTAL),
        (SENTENCES[3], SENTENCES[4]),
    ),
    **dict.fromkeys((AlarmKind.FORBIDDEN, AlarmKind.HAZMAT_BAN), (SENTENCES[1], SENTENCES[4])),
    **dict.fromkeys(LEADS, SENTENCES),
}
"""What to begin a text with, by what the alarm is about."""


def texts_of(alarm: Alarm) -> tuple[str, ...]:
    """Those of its kind; other kinds have nothing to tell a driver but to call back."""
    return TEXTS.get(AlarmKind(alarm.kind), SENTENCES[4:])


def choices_of(alarm: Alarm) -> tuple[Choice, ...]:
    """The ways to act on an alarm that waits; a filing is made up for a lead of ``hazmat`` only."""
    asked = alarm.status is AlarmState.ANSWER  # calls are noted, but nothing is judged
    if not asked and alarm.status not in (AlarmState.PENDING, AlarmState.HANDLING):
        return ()
    kind = AlarmKind(alarm.kind)
    lead = kind in LEADS
    choices = (
        Choice(
            1,
            DispositionKind.PHONE,
            gettext_lazy("Verify by telephone"),
            gettext_lazy("Dispatcher of the carrier, driver"),
            _CALL_UNFILED if lead else _CALL,
        ),
        Choice(
            2,
            DispositionKind.TEXT,
            gettext_lazy("Text to the terminal"),
            gettext_lazy("Shown and spoken in the cab"),
            texts_of(alarm)[0],
        ),
        Choice(
            3,
            DispositionKind.ROAD,
            gettext_lazy("Hand to road check"),
            gettext_lazy("Enforcement team checks on the road"),
            gettext_lazy("Handed to the enforcement team to check papers on the road."),
        ),
        Choice(
            4,
            DispositionKind.FILING,
            gettext_lazy("Make up the filing"),
            gettext_lazy("Makes a filing link for the carrier's phone"),
            gettext_lazy("Sent the filing link to the carrier; unloading waits for the approval."),
        ),
        Choice(
            5,
            DispositionKind.FALSE_ALARM,
            gettext_lazy("Judge a false alarm"),
            gettext_lazy("With the reason; another person reviews it"),
            "",
        ),
    )
    left_out = set() if lead else {DispositionKind.FILING}
    if asked:
        left_out.add(DispositionKind.FALSE_ALARM)
    return tuple(one for one in choices if one.kind not in left_out)
