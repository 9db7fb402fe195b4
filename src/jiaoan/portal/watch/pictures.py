"""The pictures beside an alarm or a finding: crossing of a fence, way on the map, speed curve."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from jiaoan.kernel.clock import local
from jiaoan.portal.watch.sketch import sketch_of
from jiaoan.portal.watch.speed import speed_curve
from jiaoan.portal.watch.trace import trace_of
from jiaoan.portal.watch.why import driving_of
from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.watch.models import Alarm, Finding
from jiaoan.watch.rules.queries import standing


def pictures(data: Path, alarm: Alarm, told: Sequence[Finding]) -> dict[str, object]:
    """Those of an alarm: of the gravest of its findings, or of the verdict that opened it."""
    standing = [one for one in told if one.withdrawn_at is None] or list(told)
    if standing:
        return pictures_of(data, max(standing, key=lambda one: (one.amount, one.pk)))
    sketch = sketch_of(alarm.record)
    return {
        "sketch": sketch,
        "speed": speed_curve(
            data,
            alarm.vehicle_id,
            alarm.happened_at,
            sketch,
            silence=silence_on(alarm.happened_at),
        ),
        "pictured_at": alarm.happened_at,
    }


def pictures_of(data: Path, finding: Finding) -> dict[str, object]:
    """Those of one finding."""
    sketch = sketch_of(finding.record)
    begun, end = driving_of(finding.record), driving_of(finding.end)
    silence = silence_on(finding.happened_at)
    return {
        "sketch": sketch,
        "trace": trace_of(data, begun, end, silence) if begun else None,
        "speed": speed_curve(
            data,
            finding.vehicle_id,
            finding.happened_at,
            sketch,
            until=_until(finding),
            limit_kmh=limit_kmh(end or begun),
            silence=silence,
        ),
        "pictured_at": finding.happened_at,
        "pictured": finding,
    }


def silence_on(moment: datetime) -> timedelta:
    """A longer pause is a gap, by the figure of the driving rules that held on that day."""
    return timedelta(seconds=standing().on(local(moment).date()).gap_s)


def _until(finding: Finding) -> datetime:
    return max(finding.certain_at, finding.ended_at or finding.certain_at)


def limit_kmh(finding: Driving | None) -> float | None:
    """The speed limit that a finding was held against; ``None`` for rules without one."""
    milli = finding.limits.get("limit_milli", 0) if finding else 0
    return milli / 1000 or None
