"""Registration 0x0100 in its three layouts, authentication 0x0102 in its two, attributes 0x0107."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from jiaoan.wire.errors import BodyError, BodyFault
from jiaoan.wire.jt808.columns import Digits, FixedText, LongText, RestText, Text, Text8
from jiaoan.wire.jt808.commands import Empty
from jiaoan.wire.jt808.fields import text
from jiaoan.wire.jt808.forms import PLAIN, Edition, Form, Reading
from jiaoan.wire.jt808.table import SINCE_2019, U8, U16, ByForm, Column, Cursor, Table
from jiaoan.wire.jt808.tolerance import Tolerance

# JT/T 415 names 1-4 and 9, JT/T 697.7 adds 5 and 91-94; 0 is "not plated yet".
LEGAL_COLOURS = frozenset({0, 1, 2, 3, 4, 5, 9, 91, 92, 93, 94})
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
# One Chinese character and then letters or digits, with what special plates end in (GA 36).
_PLATE = re.compile(r"[一-鿿][A-Z][A-Z0-9]{4,6}[挂学警港澳领使应急]{0,2}", re.IGNORECASE)


class _Layout(Column[Edition]):
    """No octets: the edition that was read."""

    def read(self, cursor: Cursor, name: str) -> Edition:
        return cursor.reading.form.edition

    def write(self, value: Edition, name: str, form: Form) -> bytes:
        return b""


_MAKER = ByForm(FixedText(5), {Edition.V2019: FixedText(11)})
# 808-2019 pads the model in front, the earlier editions behind.
_MODEL = ByForm(
    FixedText(20), {Edition.V2011: FixedText(8), Edition.V2019: FixedText(30, front=True)}
)
_TERMINAL_ID = ByForm(FixedText(7), {Edition.V2019: FixedText(30)})
_COLOUR_AT = {Edition.V2011: 24, Edition.V2013: 36, Edition.V2019: 75}


@dataclass(frozen=True, slots=True)
class Register(Table):
    """0x0100. ``plate`` is the VIN when ``plate_colour`` is 0.

    ``layout`` is the edition that the octets show, and the one they are built in: it is what is
    learnt of a terminal.
    """

    province: U16
    city: U16
    maker: Annotated[str, _MAKER]
    model: Annotated[str, _MODEL]
    terminal_id: Annotated[str, _TERMINAL_ID]
    plate_colour: U8
    plate: Text
    layout: Annotated[Edition, _Layout()] = Edition.V2013

    @classmethod
    def parse(cls, octets: bytes, reading: Reading | None = None) -> Register:
        """Read in the layout of the form; 2011 and 2013 are told apart by their content."""
        reading = Reading() if reading is None else reading
        edition = reading.form.edition
        if edition is not Edition.V2019:
            edition = _older_layout(octets, edition)
        elif len(octets) <= _COLOUR_AT[edition]:
            reading.tolerate(
                Tolerance.OTHER_EDITION,
                BodyError("register", f"{len(octets)} octets, 76 are needed", octets),
            )
            edition = _older_layout(octets, edition)
        if len(octets) <= _COLOUR_AT[edition]:
            needed = _COLOUR_AT[edition] + 1
            raise BodyError("register", f"{len(octets)} octets, {needed} needed", octets)
        own = Reading(Form(edition, reading.form.dialect), reading.allowed, reading.noted)
        return cls.read(Cursor(octets, own))

    def build(self, form: Form = PLAIN) -> bytes:
        return Table.build(self, Form(self.layout, form.dialect))


def _older_layout(octets: bytes, known: Edition) -> Edition:
    """2011 or 2013: length alone cannot tell (a 2011 body with a VIN is as long as a 2013 one).

    Each layout is scored by its colour octet and by whether its tail reads as a plate or a VIN;
    where they tie, it is what the terminal is known for, and else 2013.
    """
    if len(octets) <= _COLOUR_AT[Edition.V2013]:
        return Edition.V2011
    older, newer = (_score(octets, one) for one in (Edition.V2011, Edition.V2013))
    tie = older == newer and known is Edition.V2011
    return Edition.V2011 if older > newer or tie else Edition.V2013


def _score(octets: bytes, layout: Edition) -> int:
    offset = _COLOUR_AT[layout]
    colour, tail = octets[offset], octets[offset + 1 :].strip(b"\x00")
    if colour not in LEGAL_COLOURS:
        return 0
    try:
        words = tail.decode("gbk")
    except UnicodeDecodeError:
        return 0
    kind = _VIN if colour == 0 else _PLATE
    if kind.fullmatch(words):
        return 3
    return 2 if words and words.isprintable() else 1


@dataclass(frozen=True, slots=True)
class Authenticate(Table):
    """0x0102. 808-2019 adds IMEI and software version; before, the code is the whole body.

    The offset column of the 2019 text is misprinted; the order is code, IMEI, software.
    """

    auth_code: Annotated[str, ByForm(RestText(), {Edition.V2019: LongText(1)})]
    imei: Annotated[str | None, FixedText(15), SINCE_2019] = None
    software: Annotated[str | None, FixedText(20), SINCE_2019] = None

    @classmethod
    def parse(cls, octets: bytes, reading: Reading | None = None) -> Authenticate:
        """In the layout of the form. A 2019 body whose first octet is no length of a code is the
        old body; one whose last fields are cut has them as far as they go."""
        reading = Reading() if reading is None else reading
        if reading.form.edition is not Edition.V2019:
            return cls.read(Cursor(octets, reading))
        if not octets or octets[0] >= len(octets):
            reading.tolerate(
                Tolerance.OTHER_EDITION,
                BodyError("auth_code", "its length runs past the end", octets, BodyFault.OVERRUN),
            )
            return cls(text(octets, "auth_code"))
        cursor = Cursor(octets, reading)
        if len(octets) >= 1 + octets[0] + 35:
            one = cls.read(cursor)
            cursor.end("Authenticate")
            return one
        reading.tolerate(
            Tolerance.CUT_TAIL,
            BodyError("software", f"{len(octets)} octets, {octets[0] + 36} needed", octets),
        )
        end = 1 + octets[0]
        return cls(
            text(octets[1:end], "auth_code"),
            text(octets[end : end + 15], "imei"),
            text(octets[end + 15 :], "software"),
        )


@dataclass(frozen=True, slots=True)
class AskAttributes(Empty):
    """0x8107 (2013) 查询终端属性."""


@dataclass(frozen=True, slots=True)
class Attributes(Table):
    """0x0107 (2013) 查询终端属性应答.

    The maker id keeps five octets in 2019: eleven are for 0x0100 alone. Bits of ``terminal_type``:
    0 passenger, 1 dangerous goods, 2 goods, 3 taxi, 6 disk recorder, 7 separate parts.
    """

    terminal_type: U16
    maker: Annotated[str, FixedText(5)]
    model: Annotated[str, ByForm(FixedText(20), {Edition.V2019: FixedText(30)})]
    terminal_id: Annotated[str, ByForm(FixedText(7), {Edition.V2019: FixedText(30)})]
    iccid: Annotated[str, Digits(10)]
    hardware: Text8
    firmware: Text8
    gnss_bits: U8
    network_bits: U8
