"""What is reported upwards, and our kinds of alarms as those of JT/T 809."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import pgettext_lazy

from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.supervision.states import HandlingResult, WarnType


class ReportKind(models.TextChoices):
    ALARM = "alarm", pgettext_lazy("report to a superior platform", "Alarm")
    RESULT = "result", pgettext_lazy("report to a superior platform", "Result of handling")


_HOURS, _DATA = WarnType.FATIGUE, WarnType.DATA
_TYPES: Final[Mapping[AlarmKind, WarnType]] = {
    AlarmKind.OVERSPEED: WarnType.OVERSPEED,
    AlarmKind.CONTINUOUS: _HOURS,
    AlarmKind.NIGHT: _HOURS,
    AlarmKind.DAY_TOTAL: WarnType.TOO_LONG,
    AlarmKind.WEEK_TOTAL: WarnType.TOO_LONG,
    AlarmKind.SMALL_HOURS: WarnType.RULE_BREAK,
    AlarmKind.HAZMAT_BAN: WarnType.RULE_BREAK,
    AlarmKind.SCHOOL_HOURS: WarnType.RULE_BREAK,
    AlarmKind.DISPLACED: WarnType.MOVED,
    AlarmKind.DRIFT: _DATA,
    AlarmKind.INVALID: _DATA,
    AlarmKind.FROZEN: _DATA,
    AlarmKind.MISMATCH: _DATA,
    AlarmKind.MILEAGE: _DATA,
    AlarmKind.CLOCK: _DATA,
    AlarmKind.FORBIDDEN: WarnType.ENTERED,
    AlarmKind.OFF_ROUTE: WarnType.OFF_ROUTE,
    AlarmKind.CROSSED: WarnType.BOUNDARY,
}
_FIRST_OF_2019 = WarnType.RULE_BREAK


def warn_type(kind: AlarmKind, edition: str) -> WarnType:
    """The type of 809 that means the same; 其他 of the edition where it has none."""
    found = _TYPES.get(kind)
    if edition == "2011":
        return WarnType.OTHER if found is None or found >= _FIRST_OF_2019 else found
    return WarnType.OTHER_2019 if found is None else found


RESULTS: Final[Mapping[str, HandlingResult]] = {
    "watch.closed": HandlingResult.FINISHED,
    "watch.false_confirmed": HandlingResult.NOT_NEEDED,
    "watch.appeal_upheld": HandlingResult.NOT_NEEDED,
    "watch.reopened": HandlingResult.IN_HAND,
}
"""Which facts about an alarm are a result of handling, and which one."""
