"""Time limits of the desk. No official text gives them (domain 4.3): 局定, unverified [U]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings


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
