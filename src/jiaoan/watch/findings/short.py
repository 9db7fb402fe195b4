"""A finding in one short figure for the queue, and as a number to tell the graver of two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import Rule


@dataclass(frozen=True)
class Short:
    """``text`` is the same in every language; ``amount`` grows with the gravity."""

    text: str
    amount: int


def short(finding: Finding) -> Short:
    """Speed and limit, time driven, way: what the trade names a finding by; empty for the others.

    ``78/60`` is km/h and its limit, ``4:12`` hours and minutes, ``18.4 km`` or ``232 m`` a way.
    """
    maker = _MAKERS.get(finding.rule)
    return maker(finding) if maker else Short("", 0)


def off_route(record: Mapping[str, object]) -> Short:
    """How far a vehicle was off its route, by the message of a fence; empty for other ones."""
    inputs = record.get("inputs")
    said = inputs.get("farthest_m") if isinstance(inputs, Mapping) else None
    if not isinstance(said, (int, float)):
        return Short("", 0)
    return Short(f"{said / 1000:.1f} km" if said >= 1000 else f"{said:.0f} m", round(said))


def _speed(finding: Finding) -> Short:
    peak, limit = finding.values["peak_speed"], finding.limits["limit_milli"]
    text = f"{peak / 10:.0f}/{limit / 1000:g}" if limit else f"{peak / 10:.0f}"
    return Short(text, peak * 100 - limit)


def _time(name: str) -> Callable[[Finding], Short]:
    def made(finding: Finding) -> Short:
        seconds = finding.values[name]
        return Short(f"{seconds // 3600}:{seconds // 60 % 60:02d}", seconds)

    return made


def _way(finding: Finding) -> Short:
    metres = finding.values["way_m"]
    return Short(f"{metres / 1000:.1f} km", metres)


_MAKERS: Final[Mapping[Rule, Callable[[Finding], Short]]] = {
    Rule.OVERSPEED: _speed,
    Rule.CONTINUOUS: _time("driven_s"),
    Rule.NIGHT: _time("driven_s"),
    Rule.DAY_TOTAL: _time("driven_s"),
    Rule.WEEK_TOTAL: _time("driven_s"),
    Rule.OFFLINE: _time("silent_s"),
    Rule.DISPLACED: _way,
    Rule.STAY: _time("stood_s"),
    Rule.DRIFT: _way,
    Rule.CLONED: _way,
    Rule.TOGETHER: _time("together_s"),
}
