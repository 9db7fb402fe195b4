"""Values that the component partials show: small, frozen, and free of rows.

Pages make these from what ``queries`` answered and hand them to the tags of
``templatetags/ja.py``; the partials in ``templates/portal/components`` know nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

Text = str | Promise

NEAR_DAYS = 7  # design: near means seven days or fewer, unless a setting says otherwise


class Tone(StrEnum):
    """State of time 灯: what a light, a counter or a year cell may say."""

    OK = "ok"
    NEAR = "near"
    LATE = "late"
    IDLE = "idle"
    DONE = "done"


@dataclass(frozen=True)
class Light:
    """A round light: always a word, and days where there are any."""

    tone: Tone
    text: Text


def due_light(
    due: date,
    today: date,
    *,
    done: bool = False,
    opens: date | None = None,
    near_days: int = NEAR_DAYS,
) -> Light:
    """The light of something due on ``due`` (local day, inclusive).

    ``opens`` is the first day of its window: before it nothing has begun.
    """
    left = (due - today).days
    if done:
        return Light(Tone.DONE, pgettext("light", "Closed"))
    if opens is not None and today < opens:
        return Light(Tone.IDLE, pgettext("light", "Not begun"))
    if left < 0:
        return Light(
            Tone.LATE, ngettext("%(n)d day overdue", "%(n)d days overdue", -left) % {"n": -left}
        )
    if left == 0:
        return Light(Tone.NEAR, pgettext("light", "Due today"))
    text = ngettext("%(n)d day left", "%(n)d days left", left) % {"n": left}
    return Light(Tone.NEAR if left <= near_days else Tone.OK, text)


def moment_light(due: datetime, now: datetime, *, done: bool = False) -> Light:
    """The light of a limit within the day (response times): seconds, minutes, then hours."""
    if done:
        return Light(Tone.DONE, pgettext("light", "Done"))
    seconds = round((due - now).total_seconds())
    amount = _amount(abs(seconds))
    if seconds < 0:
        return Light(Tone.LATE, _("%(amount)s late") % {"amount": amount})
    return Light(Tone.NEAR, _("%(amount)s left") % {"amount": amount})


def _amount(seconds: int) -> str:
    if seconds < 60:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    if seconds < 5400:
        minutes = seconds // 60
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = seconds // 3600
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


class RiskGrade(IntEnum):
    """Grade of danger 风险等级: red, orange, yellow, blue."""

    MAJOR = 1
    CONSIDERABLE = 2
    ORDINARY = 3
    LOW = 4

    @property
    def label(self) -> Text:
        return _RISK_LABELS[self]


_RISK_LABELS: dict[RiskGrade, Text] = {
    RiskGrade.MAJOR: pgettext_lazy("risk grade", "Major"),
    RiskGrade.CONSIDERABLE: pgettext_lazy("risk grade", "Considerable"),
    RiskGrade.ORDINARY: pgettext_lazy("risk grade", "Ordinary"),
    RiskGrade.LOW: pgettext_lazy("risk grade", "Low"),
}


@dataclass(frozen=True)
class Clause:
    """Chip of the source clause 来源条款, e.g. 要点 二·7; it opens the sentence."""

    label: Text
    url: str = ""


@dataclass(frozen=True)
class Counter:
    """A figure that opens the list which makes it. ``value`` None means 未接入, never 0."""

    label: Text
    value: int | str | None
    url: str
    note: Text = ""
    unit: Text = ""
    tone: Tone | None = None
    light: Tone | None = None


@dataclass(frozen=True)
class Task:
    """A work card on the desk 待办."""

    title: Text
    url: str
    light: Light
    clause: Clause | None = None
    who: Text = ""

    @property
    def late(self) -> bool:
        return self.light.tone is Tone.LATE


@dataclass(frozen=True)
class Evidence:
    """A piece of evidence: when it took place and when it came in are two times."""

    title: Text
    happened: date | None
    uploaded: datetime
    short_hash: str
    url: str = ""
    kind: Text = ""
    extra: Sequence[tuple[Text, Text]] = ()


@dataclass(frozen=True)
class TimelineEntry:
    """Who, when, what 时间轴; ``fact`` is the number in the journal once sealed."""

    text: Text
    at: datetime
    who: Text = ""
    by_system: bool = False
    late: bool = False
    fact: int | None = None
    url: str = ""
    note: Text = ""


class Verdict(StrEnum):
    """One line of an explanation."""

    YES = "yes"
    NO = "no"
    ASK = "ask"


@dataclass(frozen=True)
class Check:
    """An input with its limit beside the value."""

    text: Text
    value: Text
    verdict: Verdict = Verdict.YES
    unverified: bool = False


@dataclass(frozen=True)
class Why:
    """Why the system said what it said: rule and version, inputs, law, journal number.

    ``clauses`` are further clauses, each with whether it is unverified 未核实.
    """

    title: Text
    rule: Text
    version: str
    checks: Sequence[Check] = ()
    law: Text = ""
    fact: int | None = None
    rows: Sequence[tuple[Text, Text]] = ()
    url: str = ""
    clauses: Sequence[tuple[Text, bool]] = ()


@dataclass(frozen=True)
class YearCell:
    """A window in the year strip 年条: ``month`` 1-12, ``span`` months wide."""

    month: int
    span: int
    tone: Tone | None
    text: Text
    url: str = ""
    label: Text = ""

    @property
    def css(self) -> str:
        names = {None: "none", Tone.OK: "run"}
        tone = names.get(self.tone, str(self.tone))
        return f"ja-cell--{tone} ja-c{self.month} ja-s{self.span}"


@dataclass(frozen=True)
class Countdown:
    """The deadline clock 时限钟: days as the largest figure, the share of the window gone."""

    due: date
    today: date
    lines: Sequence[Text]
    opens: date | None = None

    @property
    def days(self) -> int:
        return abs((self.due - self.today).days)

    @property
    def tone(self) -> Tone:
        left = (self.due - self.today).days
        if left < 0:
            return Tone.LATE
        return Tone.NEAR if left <= NEAR_DAYS else Tone.OK

    @property
    def prefix(self) -> str:
        return (
            pgettext("before days", "overdue")
            if self.tone is Tone.LATE
            else pgettext("before days", "left")
        )

    @property
    def gone(self) -> int:
        """Width of the bar in the 300 units of its drawing."""
        if self.opens is None or self.due <= self.opens:
            return 300 if self.tone is Tone.LATE else 0
        share = (self.today - self.opens).days / (self.due - self.opens).days
        return round(300 * min(1.0, max(0.0, share)))


class Action(NamedTuple):
    """A link drawn as a button or as plain text."""

    label: Text
    url: str
    primary: bool = False


@dataclass(frozen=True)
class Empty:
    """An empty page teaches: what belongs here, a first act, a sample."""

    title: Text
    text: Text = ""
    actions: Sequence[Action] = field(default_factory=tuple)


@dataclass(frozen=True)
class Crumb:
    """A step of the path above the title."""

    label: Text
    url: str = ""
