"""Kinds of uploads, and why media were made."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UploadKind(models.TextChoices):
    WAYBILL = "waybill", _("Electronic waybill from the terminal")
    MEDIUM = "medium", _("Picture, sound or video")


MESSAGES: dict[int, UploadKind] = {0x0701: UploadKind.WAYBILL, 0x0801: UploadKind.MEDIUM}
"""Which messages of 808 become rows. The others (0x0800, 0x0900, …) stay on the bus for its thirty
days: nobody here reads them."""


class MediaEvent(models.IntegerChoices):
    """事件项编码 of 0x0801 (JT/T 808)."""

    ORDERED = 0, pgettext_lazy("event of a medium", "ordered from here")
    TIMED = 1, pgettext_lazy("event of a medium", "by the clock")
    ROBBERY = 2, pgettext_lazy("event of a medium", "robbery alarm")
    COLLISION = 3, pgettext_lazy("event of a medium", "collision or rollover")
    DOOR_OPENED = 4, pgettext_lazy("event of a medium", "door opened")
    DOOR_CLOSED = 5, pgettext_lazy("event of a medium", "door closed")
    DRIVING_OFF = 6, pgettext_lazy("event of a medium", "door shut, 20 km/h passed")
    DISTANCE = 7, pgettext_lazy("event of a medium", "by distance")
