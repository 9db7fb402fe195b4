"""Kinds of alarms and of dispositions 处置, with their words."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AlarmKind(models.TextChoices):
    """What an alarm is about. They are the leads of the rule ``hazmat.filing``."""

    UNFILED = "unfiled", _("Outside hazmat vehicle entered unfiled")
    FILING_EXPIRED = "filing_expired", _("Outside hazmat vehicle entered, filing expired")
    WAYBILL_MISMATCH = "waybill_mismatch", _("Waybill does not match")
    WAYBILL_MISSING = "waybill_missing", _("Entered without waybill")


class DispositionKind(models.TextChoices):
    """What a person did about it; the order is that of the keys on the desk."""

    PHONE = "phone", _("Verified by telephone")
    TEXT = "text", _("Text sent to the terminal")
    ROAD = "road", _("Handed to road check")
    FILING = "filing", _("Filing to be made up")
    FALSE_ALARM = "false_alarm", _("Judged a false alarm")
    NOTE = "note", _("Note")
    CLOSE = "close", _("Closed loop")
    CONFIRM_FALSE = "confirm_false", _("False alarm confirmed")
    REJECT_FALSE = "reject_false", _("False alarm rejected")
    REOPEN = "reopen", _("Reopened")
