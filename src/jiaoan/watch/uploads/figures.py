"""How long telemetry of terminals is shown. No text gives this figure: 局定, unverified [U]."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

_DAYS = 30


def telemetry_kept() -> timedelta:
    """The time after which CAN data, passed-through data and the like are removed."""
    return timedelta(days=max(1.0, float(getattr(settings, "WATCH_TELEMETRY_DAYS", _DAYS))))
