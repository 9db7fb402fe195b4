"""Registration 0x0100 in its three layouts and authentication 0x0102 in its two."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from jiaoan.wire.jt808.errors import BodyError, EncodeError
from jiaoan.wire.jt808.fields import fixed_text, free_text, text
from jiaoan.wire.jt808.header import Version

# JT/T 415 names 1-4 and 9, JT/T 697.7 adds 5 and 91-94; 0 is "not plated yet".
LEGAL_COLOURS = frozenset({0, 1, 2, 3, 4, 5, 9, 91, 92, 93, 94})
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
# One Chinese character and then letters or digits, with what special plates end in (GA 36).
_PLATE = re.compile(r"[一-鿿][A-Z][A-Z0-9]{4,6}[挂学警港澳领使应急]{0,2}", re.IGNORECASE)


class RegisterLayout(StrEnum):
    """Which table the body of 0x0100 follows."""

    V2011 = "2011"
    V2013 = "2013"
    V2019 = "2019"


_WIDTHS = {
    RegisterLayout.V2011: (5, 8, 7),
    RegisterLayout.V2013: (5, 20, 7),
    RegisterLayout.V2019: (11, 30, 30),
}
"""Octets of maker id, terminal model and terminal id."""


@dataclass(frozen=True, slots=True)
class Register:
    """0x0100. ``plate`` is the VIN when ``plate_colour`` is 0."""

    province: int
    city: int
    maker: str
    model: str
    terminal_id: str
    plate_colour: int
    plate: str
    layout: RegisterLayout = RegisterLayout.V2013

    @classmethod
    def parse(cls, octets: bytes, version: Version) -> Register:
        """Read in the layout of the header; 2011 and 2013 are told apart by their content."""
        if version is Version.V2019:
            return cls._read(octets, RegisterLayout.V2019)
        return cls._read(octets, _older_layout(octets))

    @classmethod
    def _read(cls, octets: bytes, layout: RegisterLayout) -> Register:
        maker, model, terminal = _WIDTHS[layout]
        colour_at = _colour_offset(layout)
        if len(octets) <= colour_at:
            raise BodyError("register", f"{len(octets)} octets, {colour_at + 1} needed", octets)
        return cls(
            octets[0] << 8 | octets[1],
            octets[2] << 8 | octets[3],
            text(octets[4 : 4 + maker], "maker"),
            text(octets[4 + maker : 4 + maker + model], "model"),
            text(octets[colour_at - terminal : colour_at], "terminal_id"),
            octets[colour_at],
            text(octets[colour_at + 1 :], "plate"),
            layout,
        )

    def build(self) -> bytes:
        maker, model, terminal = _WIDTHS[self.layout]
        # 808-2019 pads the model in front, the earlier editions behind.
        front = self.layout is RegisterLayout.V2019
        octets = (
            self.province.to_bytes(2, "big")
            + self.city.to_bytes(2, "big")
            + fixed_text(self.maker, maker, "maker")
            + fixed_text(self.model, model, "model", front=front)
            + fixed_text(self.terminal_id, terminal, "terminal_id")
            + bytes([self.plate_colour])
            + free_text(self.plate, "plate")
        )
        # 808-2011 ends every STRING with 0x00.
        return octets + (b"\x00" if self.layout is RegisterLayout.V2011 else b"")


def _colour_offset(layout: RegisterLayout) -> int:
    return 4 + sum(_WIDTHS[layout])


def _older_layout(octets: bytes) -> RegisterLayout:
    """2011 or 2013: length alone cannot tell (a 2011 body with a VIN is as long as a 2013 one).

    Each layout is scored by its colour octet and by whether its tail reads as a plate or a VIN;
    where they tie, the longer body is 2013.
    """
    if len(octets) <= _colour_offset(RegisterLayout.V2013):
        return RegisterLayout.V2011
    older, newer = (_score(octets, one) for one in (RegisterLayout.V2011, RegisterLayout.V2013))
    return RegisterLayout.V2011 if older > newer else RegisterLayout.V2013


def _score(octets: bytes, layout: RegisterLayout) -> int:
    offset = _colour_offset(layout)
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
class Authenticate:
    """0x0102. 808-2019 adds IMEI and software version; before, the code is the whole body."""

    auth_code: str
    imei: str = ""
    software: str = ""
    version: Version = Version.V2013

    @classmethod
    def parse(cls, octets: bytes, version: Version) -> Authenticate:
        """Read in the layout of the header.

        A 2019 frame whose first octet is no length of a code carries the old body: it is read
        as that. The offset column of the 2019 text is misprinted; the order is code, IMEI,
        software.
        """
        if version is Version.V2019 and octets and octets[0] < len(octets):
            end = 1 + octets[0]
            return cls(
                text(octets[1:end], "auth_code"),
                text(octets[end : end + 15], "imei"),
                text(octets[end + 15 : end + 35], "software"),
                version,
            )
        return cls(text(octets, "auth_code"))

    def build(self) -> bytes:
        code = free_text(self.auth_code, "auth_code")
        if self.version is not Version.V2019:
            return code
        if len(code) > 255:
            raise EncodeError("auth_code", f"{len(code)} octets do not fit one length octet")
        imei = fixed_text(self.imei, 15, "imei")
        return bytes([len(code)]) + code + imei + fixed_text(self.software, 20, "software")
