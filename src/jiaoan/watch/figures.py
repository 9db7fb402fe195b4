"""Time limits of the desk. No official text gives them (domain 4.3): 局定, unverified [U]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from jiaoan.kernel.clock import at_local
from jiaoan.kernel.workdays import WorkCalendar


@dataclass(frozen=True)
class Limit:
    """A limit with its standing; ``verified`` false is shown as 未核实."""

    span: timedelta
    verified: bool = False

    @property
    def minutes(self) -> int:
        return int(self.span.total_seconds() // 60)

    @property
    def hours(self) -> int:
        return self.minutes // 60


def first_response() -> Limit:
    """首次响应时限, default 5 minutes [U]."""
    return Limit(timedelta(minutes=float(getattr(settings, "WATCH_FIRST_RESPONSE_MINUTES", 5))))


def handling() -> Limit:
    """办结时限, default 24 hours [U]."""
    return Limit(timedelta(hours=float(getattr(settings, "WATCH_HANDLING_HOURS", 24))))


@dataclass(frozen=True)
class AnswerLimit:
    """企业申诉时限 in working days. The day on which the enterprise is asked does not count."""

    workdays: int
    verified: bool = False

    def until(self, asked: date) -> datetime:
        """The end of the last working day, as an aware moment."""
        last = WorkCalendar().add_workdays(asked, self.workdays)
        return at_local(last + timedelta(days=1)) - timedelta(seconds=1)


def answer() -> AnswerLimit:
    """企业申诉时限, default 3 working days [U]."""
    return AnswerLimit(int(getattr(settings, "WATCH_ANSWER_WORKDAYS", 3)))
