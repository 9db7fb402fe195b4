"""Driving findings as the stream tells them, for the tests of watch, worker and portal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jiaoan.registry.models import Vehicle
from jiaoan.rules.driving.findings import Finding, Key
from jiaoan.rules.driving.law import Rule


def overspeed(
    vehicle: Vehicle, at: datetime, *, peak: int = 780, limit: int = 60_000, over_s: int = 31
) -> Finding:
    """The beginning: over the limit for ``over_s`` seconds from ``at`` on, ``peak`` 0.1 km/h."""
    begin = _ms(at)
    certain = begin + over_s * 1000
    return Finding(
        rule=Rule.OVERSPEED,
        phase="begun",
        vehicle=vehicle.pk,
        kind=vehicle.kind,
        driver=0,
        first=Key(begin, 29_489_500, 113_168_000, 0, 3),
        deciding=Key(certain, 29_489_900, 113_174_000, 0, 3),
        end_ms=certain,
        values={
            "peak_speed": peak, "peak_at_ms": certain, "points": 4, "limit_source": 3,
            "over_s": over_s,
        },
        limits={"limit_milli": limit},
    )  # fmt: skip


def end_of(begun: Finding, seconds: int, *, peak: int = 812) -> Finding:
    """The same over after so many seconds."""
    end = begun.first.time_ms + seconds * 1000
    values = {**begun.values, "peak_speed": peak, "points": 19, "over_s": seconds}
    return replace(
        begun,
        phase="ended",
        end_ms=end,
        values=values,
        deciding=replace(begun.first, time_ms=end + 70_000),
    )


def continuous(vehicle: Vehicle, at: datetime) -> Finding:
    """4 hours and 30 seconds since ``at``, with a stand of eight minutes."""
    begin = _ms(at)
    end = begin + 14_430_000
    return Finding(
        Rule.CONTINUOUS, "begun", vehicle.pk, vehicle.kind, 0,
        Key(begin, 29_489_500, 113_168_000, 0, 3), Key(end, 29_589_500, 113_268_000, 0, 3), end,
        {"driven_s": 14_430, "paused_s": 480}, {"limit_s": 14_400},
    )  # fmt: skip


def invalid(vehicle: Vehicle, at: datetime) -> Finding:
    """A row without a time, with a speed beyond the national range."""
    key = Key(-1, 0, 0, 0, 3)
    return Finding(
        Rule.INVALID, "begun", vehicle.pk, vehicle.kind, 0, key, key, _ms(at),
        {"fields": 4, "all_fields": 4}, {},
    )  # fmt: skip


def message(
    vehicle: Vehicle, finding: Finding, *, correction: str = "", judged_after_s: float = 0.4
) -> bytes:
    """The envelope on ``findings.NN``."""
    decided = finding.deciding.time_ms if finding.deciding.time_ms > 0 else finding.end_ms
    certain = _moment(decided)
    body: dict[str, object] = {
        "id": finding.id,
        "rule": finding.rule_id,
        "version": finding.version,
        "kind": finding.phase,
        "begun_id": finding.begun_id,
        "vehicle_id": vehicle.pk,
        "plate": vehicle.plate,
        "plate_colour": vehicle.plate_colour,
        "terminal": "13900000001",
        "outside": vehicle.outside,
        "place_id": 0,
        "place_name": "",
        "place_kind": "",
        "place_version": 0,
        "happened_at": _moment(finding.first.time_ms).isoformat(),
        "certain_at": certain.isoformat(),
        "ended_at": _moment(finding.end_ms).isoformat() if finding.phase == "ended" else None,
        "received_at": (certain + timedelta(seconds=0.3)).isoformat(),
        "judged_at": (certain + timedelta(seconds=judged_after_s)).isoformat(),
        "first_position": finding.first_key,
        "finding": finding.as_json(),
    }
    if correction:
        body["correction"] = correction
    return json.dumps(body, ensure_ascii=False).encode()


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
