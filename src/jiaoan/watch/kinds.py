"""Kinds of alarms and of dispositions 处置, with their words."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AlarmKind(models.TextChoices):
    """What an alarm is about: a lead of the rule ``hazmat.filing``, or a rule of the stream.

    The words of the driving rules are those of :data:`jiaoan.rules.driving.law.TITLES`; a test
    holds them equal in both languages.
    """

    UNFILED = "unfiled", _("Outside hazmat vehicle entered unfiled")
    FILING_EXPIRED = "filing_expired", _("Outside hazmat vehicle entered, filing expired")
    WAYBILL_MISMATCH = "waybill_mismatch", _("Waybill does not match")
    WAYBILL_MISSING = "waybill_missing", _("Entered without waybill")

    OVERSPEED = "overspeed", _("Overspeed")
    CONTINUOUS = "continuous", _("Continuous driving too long")
    NIGHT = "night", _("Night driving too long")
    DAY_TOTAL = "day_total", _("Driving too long in 24 hours")
    WEEK_TOTAL = "week_total", _("Driving too long in 7 days")
    SMALL_HOURS = "small_hours", _("Coach running between 02:00 and 05:00")
    HAZMAT_BAN = "hazmat_ban", _("Hazmat vehicle in banned hours")
    SCHOOL_HOURS = "school_hours", _("School bus outside its hours")
    OFFLINE = "offline", _("Vehicle off line")
    DISPLACED = "displaced", _("Moved while off line")
    STAY = "stay", _("Long stay")
    DRIFT = "drift", _("Position drift")
    INVALID = "invalid", _("Invalid data")
    FROZEN = "frozen", _("Frozen coordinates")
    MISMATCH = "mismatch", _("Speed does not match the way")
    MILEAGE = "mileage", _("Mileage runs backwards")
    CLOCK = "clock", _("Terminal clock off")
    CLONED = "cloned", _("Suspected cloned plate")
    TOGETHER = "together", _("Two hazmat vehicles too long together")

    FORBIDDEN = "forbidden", _("In a forbidden zone")
    OFF_ROUTE = "off_route", _("Off its route")
    CROSSED = "crossed", _("Crossed a gate line")
    PLACE_STAY = "place_stay", _("Stayed too long in a place")


LEADS = frozenset(
    {
        AlarmKind.UNFILED,
        AlarmKind.FILING_EXPIRED,
        AlarmKind.WAYBILL_MISMATCH,
        AlarmKind.WAYBILL_MISSING,
    }
)
"""Leads of ``hazmat``, about papers; the others are findings of the stream."""


class Severity(models.TextChoices):
    """How grave an alarm is taken, gravest first; no official text grades single alarms [U]."""

    MAJOR = "major", pgettext_lazy("severity", "Major")
    HIGH = "high", pgettext_lazy("severity", "High")
    NORMAL = "normal", pgettext_lazy("severity", "Normal")
    LOW = "low", pgettext_lazy("severity", "Low")


class DispositionKind(models.TextChoices):
    """What a person did about it; the order is that of the keys on the desk."""

    PHONE = "phone", _("Verified by telephone")
    TEXT = "text", _("Text sent to the terminal")
    ROAD = "road", _("Handed to road check")
    FILING = "filing", _("Filing to be made up")
    FALSE_ALARM = "false_alarm", _("Judged a false alarm")
    NOTE = "note", _("Note")
    ASK = "ask", _("Enterprise asked to answer")
    TAKE_BACK = "take_back", _("Request to the enterprise taken back")
    UPHOLD_APPEAL = "uphold_appeal", _("Appeal upheld")
    REJECT_APPEAL = "reject_appeal", _("Appeal rejected")
    CLOSE = "close", _("Closed loop")
    CONFIRM_FALSE = "confirm_false", _("False alarm confirmed")
    REJECT_FALSE = "reject_false", _("False alarm rejected")
    REOPEN = "reopen", _("Reopened")
