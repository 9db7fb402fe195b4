"""Who drives and what is carried: driver card 0x0702 and 0x8702, waybill 0x0701."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from jiaoan.wire.errors import BodyError, BodyFault
from jiaoan.wire.jt808.columns import Digits, FixedText, Moment, Text8
from jiaoan.wire.jt808.commands import Empty
from jiaoan.wire.jt808.forms import PLAIN, Edition, Form, Reading
from jiaoan.wire.jt808.table import BYTE, SINCE_2019, U8, Cursor, OnlyIf, Table
from jiaoan.wire.jt808.tolerance import Tolerance
from jiaoan.wire.tables import LongOctets

CARD_IN, CARD_OUT = 1, 2


@dataclass(frozen=True, slots=True)
class Waybill(Table):
    """0x0701 电子运单上报: the content is opaque in 808; its agreed form is the platform's."""

    content: Annotated[bytes, LongOctets(4)]


@dataclass(frozen=True, slots=True)
class AskDriver(Empty):
    """0x8702 (2013) 上报驾驶员身份信息请求."""


@dataclass(frozen=True, slots=True)
class Card(Table):
    """What a driver's card says; valid until YYYYMMDD. The identity card is 2019's."""

    driver_name: Text8
    qualification_code: Annotated[str, FixedText(20)]
    issuer: Text8
    valid_until: Annotated[str, Digits(4)]
    driver_identity: Annotated[str | None, FixedText(20), SINCE_2019] = None


@dataclass(frozen=True, slots=True)
class _Head(Table):
    card_status: U8
    time: Moment
    read_result: Annotated[U8 | None, OnlyIf("card_status", CARD_IN)] = None


@dataclass(frozen=True, slots=True)
class DriverCard:
    """0x0702 驾驶员身份信息采集上报 since 2013.

    ``card_status`` 1 card in (on duty), 2 card out. ``read_result``, only with a card in: 0 ok,
    1 key check failed, 2 locked, 3 pulled out, 4 data error. ``card``, only with result 0.
    """

    card_status: int
    time: Moment
    read_result: int | None = None
    card: Card | None = None

    @classmethod
    def parse(cls, octets: bytes, reading: Reading | None = None) -> DriverCard:
        cursor = Cursor(octets, Reading() if reading is None else reading)
        head = _Head.read(cursor)
        result, card = head.read_result, None
        if head.card_status != CARD_IN and cursor.left:
            # Libraries' own terminals fill in all fields with status 2.
            cursor.reading.tolerate(
                Tolerance.CARD_FIELDS_WITHOUT_CARD,
                BodyError("card_status", "no card, but its fields", octets, BodyFault.TRAILING),
            )
            result = cursor.uint(1, "read_result")
        if result == 0:
            card = Card.read(cursor)
        cursor.end(cls.__name__)
        return cls(head.card_status, head.time, result, card)

    def build(self, form: Form = PLAIN) -> bytes:
        head = _Head(self.card_status, self.time)
        if self.card_status == CARD_IN:
            octets = replace(head, read_result=self.read_result).build(form)
        else:
            octets = head.build(form)
            if self.read_result is not None:
                octets += BYTE.write(self.read_result, "read_result", form)
        return octets + (self.card.build(form) if self.card else b"")


@dataclass(frozen=True, slots=True)
class DriverCard2011(Table):
    """0x0702 in 808-2011: no status, time or expiry, another width of the certificate."""

    driver_name: Text8
    driver_identity: Annotated[str, FixedText(20)]
    qualification_code: Annotated[str, FixedText(40)]
    issuer: Text8


def read_driver(octets: bytes, reading: Reading | None = None) -> DriverCard | DriverCard2011:
    """0x0702 in the table of its edition. A name is never one or two octets long, so a first octet
    of 1 or 2 is the status of the later form; any other is the length of a name of 2011."""
    reading = Reading() if reading is None else reading
    later = octets[:1] in (b"\x01", b"\x02")
    if later or not octets:
        return DriverCard.parse(octets, reading)
    if reading.form.edition is not Edition.V2011:
        reading.tolerate(
            Tolerance.OTHER_EDITION,
            BodyError(
                "card_status", f"{octets[0]} is neither 1 nor 2", octets, BodyFault.BAD_VALUE
            ),
        )
    return DriverCard2011.parse(octets, reading)
