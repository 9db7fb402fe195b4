"""Kinds of uploads, and why media were made."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UploadKind(models.TextChoices):
    WAYBILL = "waybill", _("Electronic waybill from the terminal")
    CARD = "card", _("Driver card")
    RECORDER = "recorder", _("Record of the driving recorder")
    MEDIUM = "medium", _("Picture, sound or video")
    MEDIA_EVENT = "media_event", _("Notice of a medium")
    CAN = "can", _("CAN bus data")
    PASSTHROUGH = "passthrough", _("Data passed through")
    COMPRESSED = "compressed", _("Compressed data")
    OTHER = "other", pgettext_lazy("message of a terminal", "Other message")
    UNKNOWN = "unknown", pgettext_lazy("message of a terminal", "Unknown message")


MESSAGES: dict[int, UploadKind] = {
    0x0701: UploadKind.WAYBILL,
    0x0702: UploadKind.CARD,
    0x0705: UploadKind.CAN,
    0x0800: UploadKind.MEDIA_EVENT,
    0x0801: UploadKind.MEDIUM,
    0x0900: UploadKind.PASSTHROUGH,
    0x0901: UploadKind.COMPRESSED,
}
"""Messages of 808 by their kind; what the gateway keeps besides is :attr:`UploadKind.OTHER`, or
:attr:`UploadKind.UNKNOWN` where it has no table of 808 and is answered with "unsupported"."""

PAPERS: dict[int, UploadKind] = {
    0x120A: UploadKind.CARD,
    0x120B: UploadKind.WAYBILL,
    0x120C: UploadKind.CARD,
    0x120D: UploadKind.WAYBILL,
}
"""Messages of 809 by their kind: driver and waybill of a vehicle, answered or told unasked."""

ANSWERS: dict[int, UploadKind] = {0x1502: UploadKind.MEDIUM, 0x1504: UploadKind.RECORDER}
"""Answers of 809 whose content is kept: a picture, a record of the driving recorder."""

EVIDENCE = frozenset({UploadKind.WAYBILL, UploadKind.CARD, UploadKind.MEDIUM, UploadKind.RECORDER})
"""What proves something: it stays, and a fact of the journal holds its hash. The rest is telemetry
of the terminal: it is shown for some weeks and then removed."""


class MediaEvent(models.IntegerChoices):
    """事件项编码 of 0x0800 and 0x0801 (JT/T 808)."""

    ORDERED = 0, pgettext_lazy("event of a medium", "ordered from here")
    TIMED = 1, pgettext_lazy("event of a medium", "by the clock")
    ROBBERY = 2, pgettext_lazy("event of a medium", "robbery alarm")
    COLLISION = 3, pgettext_lazy("event of a medium", "collision or rollover")
    DOOR_OPENED = 4, pgettext_lazy("event of a medium", "door opened")
    DOOR_CLOSED = 5, pgettext_lazy("event of a medium", "door closed")
    DRIVING_OFF = 6, pgettext_lazy("event of a medium", "door shut, 20 km/h passed")
    DISTANCE = 7, pgettext_lazy("event of a medium", "by distance")


class MediaType(models.IntegerChoices):
    """多媒体类型 of 0x0800 and its relatives."""

    IMAGE = 0, pgettext_lazy("type of a medium", "picture")
    AUDIO = 1, pgettext_lazy("type of a medium", "sound")
    VIDEO = 2, pgettext_lazy("type of a medium", "video")


class PassedType(models.IntegerChoices):
    """透传消息类型 of 0x0900; 0xF7 and 0xF8 are those of T/JSATL 12."""

    GNSS_DETAIL = 0x00, pgettext_lazy("data passed through", "details of the GNSS module")
    IC_CARD = 0x0B, pgettext_lazy("data passed through", "IC card of the road transport licence")
    SERIAL_1 = 0x41, pgettext_lazy("data passed through", "serial port 1")
    SERIAL_2 = 0x42, pgettext_lazy("data passed through", "serial port 2")
    PERIPHERAL_STATUS = 0xF7, pgettext_lazy("data passed through", "state of the peripherals")
    PERIPHERAL_INFO = 0xF8, pgettext_lazy("data passed through", "the peripherals themselves")
