"""Why a message between platforms is kept as it is, and the names of messages of JT/T 809."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Why(models.TextChoices):
    """The values are those of the gateway's ``Why``."""

    NO_PROCEDURE = "no_procedure", _("Nothing here acts on it")
    ANSWERED = "answered", _("Answered by the link")
    UNREADABLE = "unreadable", _("Cannot be read")
    TURNED_AWAY = "turned_away", _("Caller turned away")


NAMES: Final[Mapping[int, str | Promise]] = {
    0x1101: pgettext_lazy("message of 809", "Count of positions that were sent"),
    0x1102: pgettext_lazy("message of 809", "Report of the links"),
    0x1103: pgettext_lazy("message of 809", "Marks of serials, upwards"),
    0x1201: pgettext_lazy("message of 809", "Registration of a vehicle"),
    0x1205: pgettext_lazy("message of 809", "Answer to the start of an exchange"),
    0x1206: pgettext_lazy("message of 809", "Answer to the end of an exchange"),
    0x1207: pgettext_lazy("message of 809", "Request for the positions of a vehicle"),
    0x1208: pgettext_lazy("message of 809", "Request for positions cancelled"),
    0x1209: pgettext_lazy("message of 809", "Request for positions of a past time"),
    0x120A: pgettext_lazy("message of 809", "Answer: the driver"),
    0x120B: pgettext_lazy("message of 809", "Answer: the waybill"),
    0x120E: pgettext_lazy("message of 809", "Route of a vehicle"),
    0x1301: pgettext_lazy("message of 809", "Answer to a post query"),
    0x1302: pgettext_lazy("message of 809", "Answer to a message of a platform"),
    0x1303: pgettext_lazy("message of 809", "Request for missing messages, upwards"),
    0x1401: pgettext_lazy("message of 809", "Answer to a supervision request"),
    0x1411: pgettext_lazy("message of 809", "Answer to a supervision request, 2019"),
    0x1412: pgettext_lazy("message of 809", "Result of an alarm"),
    0x1413: pgettext_lazy("message of 809", "Supervision request that a subordinate made itself"),
    0x1501: pgettext_lazy("message of 809", "Answer: listening in"),
    0x1502: pgettext_lazy("message of 809", "Answer: photograph"),
    0x1503: pgettext_lazy("message of 809", "Answer: text to a vehicle"),
    0x1504: pgettext_lazy("message of 809", "Answer: record of the recorder"),
    0x1505: pgettext_lazy("message of 809", "Answer: emergency access"),
    0x1601: pgettext_lazy("message of 809", "Static data of a vehicle"),
    0x9101: pgettext_lazy("message of 809", "Count of positions that were received"),
    0x9103: pgettext_lazy("message of 809", "Marks of serials, downwards"),
    0x9201: pgettext_lazy("message of 809", "Answer to the registration of a vehicle"),
    0x9202: pgettext_lazy("message of 809", "Position of a vehicle of others"),
    0x9203: pgettext_lazy("message of 809", "Late positions of a vehicle of others"),
    0x9204: pgettext_lazy("message of 809", "Static data of a vehicle of others"),
    0x9205: pgettext_lazy("message of 809", "Start of an exchange of positions"),
    0x9206: pgettext_lazy("message of 809", "End of an exchange of positions"),
    0x9207: pgettext_lazy("message of 809", "Answer to a request for positions"),
    0x9208: pgettext_lazy("message of 809", "Answer to the cancelling of a request"),
    0x9209: pgettext_lazy("message of 809", "Answer to a request for past positions"),
    0x920C: pgettext_lazy("message of 809", "Request for the route of a vehicle"),
    0x920D: pgettext_lazy("message of 809", "Answer to the route of a vehicle"),
    0x9303: pgettext_lazy("message of 809", "Request for missing messages, downwards"),
    0x9501: pgettext_lazy("message of 809", "Request to listen in"),
    0x9502: pgettext_lazy("message of 809", "Request for a photograph"),
    0x9503: pgettext_lazy("message of 809", "Text to a vehicle"),
    0x9504: pgettext_lazy("message of 809", "Request for the record of the recorder"),
    0x9505: pgettext_lazy("message of 809", "Request for emergency access"),
    0x9601: pgettext_lazy("message of 809", "Request for static data"),
}
"""Business messages by sub id, as far as one may come to be kept as it is."""

REASONS: Final[Mapping[str, str | Promise]] = {
    "noise": pgettext_lazy("caller turned away", "what was said is no frame of 809"),
    "unreadable": pgettext_lazy("caller turned away", "the login cannot be read"),
    "unknown_access_code": pgettext_lazy("caller turned away", "unknown access code"),
    "wrong_address": pgettext_lazy("caller turned away", "address not admitted"),
    "wrong_access_code": pgettext_lazy("caller turned away", "wrong access code"),
    "not_registered": pgettext_lazy("caller turned away", "unknown user"),
    "wrong_password": pgettext_lazy("caller turned away", "wrong password"),
    "wrong_code": pgettext_lazy("caller turned away", "wrong code for the sub link"),
    "other": pgettext_lazy("caller turned away", "it did not begin with a login"),
    "other_2019": pgettext_lazy("caller turned away", "it did not begin with a login"),
}
"""Why a caller was turned away."""


def message_word(message: int) -> str:
    """``0x9205 Start of …``; what 809 does not name as its number alone."""
    name = NAMES.get(message)
    return f"0x{message:04X}" if name is None else f"0x{message:04X} {name}"
