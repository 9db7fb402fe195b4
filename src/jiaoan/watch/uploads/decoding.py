"""What an upload says, field by field, as far as the protocols tell; the rest stays octets.

Identity cards and certificates are shown without their middle: who needs them whole has the octets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models import Choices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from jiaoan.kernel.clock import local
from jiaoan.watch.models import Upload
from jiaoan.watch.uploads.kinds import MediaEvent, MediaType, PassedType, UploadKind
from jiaoan.wire.errors import BodyError
from jiaoan.wire.jt808 import DriverCard2011, Edition, Form, Reading
from jiaoan.wire.jt808.data import CanUpload, Compressed, Passthrough
from jiaoan.wire.jt808.driver import CARD_IN, Card, read_driver

if TYPE_CHECKING:
    from jiaoan.wire.jt809.exchange import Driver2011, Driver2019, DriverAnswer2019

_HEAD = 64
"""Octets that are shown in hexadecimal; the file has them all."""
_CAN_SHOWN = 8
_READINGS: Final[dict[int, str | Promise]] = {
    0: pgettext_lazy("reading of a card", "read"),
    1: pgettext_lazy("reading of a card", "key check failed"),
    2: pgettext_lazy("reading of a card", "card locked"),
    3: pgettext_lazy("reading of a card", "card pulled out"),
    4: pgettext_lazy("reading of a card", "data wrong"),
}
_UNREADABLE = gettext_lazy("This cannot be read: %(reason)s. The octets are kept as they came.")


@dataclass(frozen=True)
class Field:
    """One line of an upload."""

    label: str
    value: str


def fields_of(upload: Upload, content: bytes | None) -> list[Field]:
    """The fields of an upload whose octets are ``content`` (``None`` = the store has lost them)."""
    if upload.more:
        return [Field(_("Further unknown messages of this day"), str(upload.more))]
    if content is None:
        return [Field("", _("The file is not in the store: tell the administrator."))]
    reader = _READERS.get(UploadKind(upload.kind))
    try:
        return reader(upload, content) if reader else _octets(content)
    except BodyError as wrong:
        return [Field("", str(_UNREADABLE) % {"reason": str(wrong)}), *_octets(content)]


def waybill_octets(upload: Upload, content: bytes) -> bytes:
    """The waybill itself: 809 puts a length, in 2019 also its source, in front."""
    if not upload.platform:
        return content
    # All of JT/T 809 comes with it: only for who asks, not for every start of the pages.
    from jiaoan.wire.jt809.exchange import WaybillAnswer2019, WaybillText

    answer = (upload.message, upload.edition) == (0x120B, "2019")
    read = WaybillAnswer2019.parse(content) if answer else WaybillText.parse(content)
    return read.waybill.encode("gb18030")


def printable(octets: bytes) -> str | None:
    """Octets as text, where they are one: UTF-8 is tried and then GBK."""
    for coding in ("utf-8", "gb18030"):
        try:
            text = octets.rstrip(b"\0").decode(coding)
        except UnicodeDecodeError:
            continue
        if all(letter.isprintable() or letter in "\r\n\t" for letter in text):
            return text
    return None


def _octets(content: bytes) -> list[Field]:
    shown = content[:_HEAD].hex(" ") + (" …" if len(content) > _HEAD else "")
    return [Field(pgettext("upload", "Octets"), shown)] if content else []


def _text_or_octets(label: str, content: bytes) -> list[Field]:
    text = printable(content)
    return [Field(label, text)] if text else _octets(content)


def _waybill(upload: Upload, content: bytes) -> list[Field]:
    return _text_or_octets(_("Waybill"), waybill_octets(upload, content))


def _card(upload: Upload, content: bytes) -> list[Field]:
    if upload.platform:
        return _platform_card(upload, content)
    form = Form(Edition(upload.edition)) if upload.edition else Form()
    card = read_driver(content, Reading(form))
    if isinstance(card, DriverCard2011):
        return _who(card.driver_name, card.qualification_code, card.issuer, card.driver_identity)
    state = _("Card put in") if card.card_status == CARD_IN else _("Card taken out")
    found = [Field(pgettext("upload", "Card"), state)]
    if card.read_result is not None:
        word = _READINGS.get(card.read_result, str(card.read_result))
        found.append(Field(pgettext("upload", "Reading"), str(word)))
    return found + (_said(card.card) if card.card else [])


def _platform_card(upload: Upload, content: bytes) -> list[Field]:
    from jiaoan.wire.jt809.exchange import Driver2011, Driver2019, DriverAnswer2019

    tables: dict[tuple[int, str], type[Driver2011 | Driver2019 | DriverAnswer2019]] = {
        (0x120A, "2011"): Driver2011,
        (0x120C, "2011"): Driver2011,
        (0x120A, "2019"): DriverAnswer2019,
        (0x120C, "2019"): Driver2019,
    }
    table = tables.get((upload.message, upload.edition))
    return _octets(content) if table is None else _driver(table.parse(content))


def _said(card: Card) -> list[Field]:
    until = card.valid_until
    day = f"{until[:4]}-{until[4:6]}-{until[6:]}" if len(until) == 8 else until
    found = _who(card.driver_name, card.qualification_code, card.issuer, card.driver_identity or "")
    return [*found, Field(pgettext("upload", "Valid until"), day)]


def _driver(driver: Driver2011 | Driver2019 | DriverAnswer2019) -> list[Field]:
    found = _who(driver.driver_name, driver.certificate, driver.issuer, driver.driver_id)
    until: datetime | None = getattr(driver, "valid_until", None)
    return found + (
        [Field(pgettext("upload", "Valid until"), f"{local(until):%Y-%m-%d}")] if until else []
    )


def _who(name: str, certificate: str, issuer: str, identity: str) -> list[Field]:
    said = (
        (_("Driver"), name),
        (_("Certificate of qualification"), _hidden(certificate)),
        (pgettext("upload", "Identity card"), _hidden(identity)),
        (pgettext("upload", "Issued by"), issuer),
    )
    return [Field(label, value) for label, value in said if value]


def _hidden(number: str) -> str:
    """``430602********0011``; short ones as they are."""
    return number if len(number) < 12 else f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"


def _medium(upload: Upload, content: bytes) -> list[Field]:
    media = upload.media or {}
    found = [
        Field(pgettext("upload", "Medium"), f"{word(MediaType, media.get('type'))}"),
        Field(_("Number"), str(media.get("id", "–"))),
        Field(_("Camera"), str(media.get("channel", "–"))),
        Field(pgettext("upload", "Why"), word(MediaEvent, media.get("event"))),
    ]
    place = media.get("place")
    if isinstance(place, dict) and place.get("fixed"):
        lat, lon = int(place["lat"]) / 1e6, int(place["lon"]) / 1e6
        found.append(Field(pgettext("upload", "Where"), f"{lat:.5f}, {lon:.5f}"))
        found.append(Field(_("Speed"), f"{int(place.get('speed', 0)) / 10:g} km/h"))
    return found


def _can(upload: Upload, content: bytes) -> list[Field]:
    body = CanUpload.parse(content)
    digits = body.time
    at = f"{digits[:2]}:{digits[2:4]}:{digits[4:6]}.{digits[6:]}"
    found = [
        Field(pgettext("upload", "First frame at"), at),
        Field(pgettext("upload", "Frames"), str(len(body.frames))),
    ]
    return found + [
        Field(f"0x{one.can_id & 0x1FFFFFFF:08X}", one.data.hex(" "))
        for one in body.frames[:_CAN_SHOWN]
    ]


def _passed(upload: Upload, content: bytes) -> list[Field]:
    body = Passthrough.parse(content)
    kind = word(PassedType, body.passthrough_type)
    if kind.isdecimal():
        kind = f"0x{body.passthrough_type:02X}"
    return [
        Field(pgettext("upload", "Of"), kind),
        *_text_or_octets(pgettext("upload", "Content"), body.content),
    ]


def _compressed(upload: Upload, content: bytes) -> list[Field]:
    inside = Compressed.parse(content).unpacked()
    size = _("%(packed)s octets, %(inside)s unpacked") % {
        "packed": len(content) - 4,
        "inside": len(inside),
    }
    return [
        Field(pgettext("upload", "Size"), size),
        *_text_or_octets(pgettext("upload", "Content"), inside),
    ]


def word(choices: type[Choices], value: object) -> str:
    """The word of a number; a number that the standard does not name as it is."""
    known = {choice.value: str(choice.label) for choice in choices}
    return known.get(value, "–" if value is None else str(value))


_READERS: Final[dict[UploadKind, Callable[[Upload, bytes], list[Field]]]] = {
    UploadKind.WAYBILL: _waybill,
    UploadKind.CARD: _card,
    UploadKind.MEDIUM: _medium,
    UploadKind.MEDIA_EVENT: _medium,
    UploadKind.CAN: _can,
    UploadKind.PASSTHROUGH: _passed,
    UploadKind.COMPRESSED: _compressed,
}
