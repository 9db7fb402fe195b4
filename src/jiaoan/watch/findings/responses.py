"""What follows from a finding, by its rule: an alarm or a record only, how grave, within what time.

One table as shipped, changed row by row by the bureau (:class:`jiaoan.watch.models.Response`). All
of it is 局定 [U]: no official text says which finding must be an alarm, nor within what time it has
to be answered (domain 4.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from jiaoan.rules.driving.law import IDS, Rule, severity
from jiaoan.watch import figures, models
from jiaoan.watch.kinds import AlarmKind, Severity

_RECORD_ONLY: Final = frozenset({Rule.OFFLINE, Rule.DRIFT, Rule.INVALID, Rule.MILEAGE, Rule.CLOCK})
_KINDS: Final[Mapping[str, AlarmKind]] = {
    **{name: AlarmKind[rule.name] for rule, name in IDS.items()},
    "fence.forbidden": AlarmKind.FORBIDDEN,
    "fence.off_route": AlarmKind.OFF_ROUTE,
    "fence.cross": AlarmKind.CROSSED,
    "fence.stay": AlarmKind.PLACE_STAY,
}
_FENCE_SEVERITY: Final[Mapping[str, Severity]] = {
    "fence.forbidden": Severity.HIGH,
    "fence.off_route": Severity.NORMAL,
    "fence.cross": Severity.LOW,
    "fence.stay": Severity.NORMAL,
}
# A gate that is crossed is a count, not a lead, unless the bureau says otherwise.
_FENCE_RECORD_ONLY: Final = frozenset({"fence.cross"})
_LASTING: Final = frozenset(
    IDS[rule]
    for rule in (
        Rule.OVERSPEED, Rule.CONTINUOUS, Rule.NIGHT, Rule.SMALL_HOURS, Rule.HAZMAT_BAN,
        Rule.SCHOOL_HOURS, Rule.OFFLINE, Rule.STAY, Rule.FROZEN, Rule.MISMATCH,
    )
) | {"fence.forbidden", "fence.off_route", "fence.stay"}  # fmt: skip


@dataclass(frozen=True)
class Response:
    """A row of the table; ``verified`` false is shown as 未核实."""

    rule: str
    kind: AlarmKind
    raises: bool
    severity: Severity
    respond: timedelta
    finish: timedelta
    verified: bool = False
    confirmed_by: str = ""

    @property
    def minutes(self) -> int:
        return int(self.respond.total_seconds() // 60)

    @property
    def hours(self) -> int:
        return int(self.finish.total_seconds() // 3600)


def lasts(rule: str) -> bool:
    """Whether findings of this rule have an end that is told later."""
    return rule in _LASTING


def kind_of(rule: str) -> AlarmKind:
    """Raises ``KeyError`` for a rule that no release knew."""
    return _KINDS[rule]


def shipped(rule: str) -> Response:
    """The row as it comes with the product."""
    if rule in _FENCE_SEVERITY:
        grave, raises = _FENCE_SEVERITY[rule], rule not in _FENCE_RECORD_ONLY
    else:
        known = next(each for each, name in IDS.items() if name == rule)
        grave, raises = Severity(severity(known)), known not in _RECORD_ONLY
    return Response(
        rule,
        kind_of(rule),
        raises,
        grave,
        figures.first_response().span,
        figures.handling().span,
    )


def response(rule: str) -> Response:
    """The row that holds now."""
    row = models.Response.objects.filter(rule=rule).first()
    return shipped(rule) if row is None else _of(row)


def table() -> list[Response]:
    """All rows that hold now, alarms first, grave ones first."""
    rows = {row.rule: row for row in models.Response.objects.all()}
    found = [_of(rows[rule]) if rule in rows else shipped(rule) for rule in _KINDS]
    grades = list(Severity)
    return sorted(found, key=lambda one: (not one.raises, grades.index(one.severity)))


def _of(row: models.Response) -> Response:
    return Response(
        row.rule,
        kind_of(row.rule),
        row.raises,
        Severity(row.severity),
        timedelta(minutes=row.respond_minutes),
        timedelta(hours=row.finish_hours),
        bool(row.confirmed_by),
        row.confirmed_by,
    )
