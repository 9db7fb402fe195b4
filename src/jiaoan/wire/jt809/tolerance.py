"""The tolerance policy: which deviations of peers are accepted. Each has one name and is counted
under it; a strict reader accepts none of them. ``docs/standards/jt809.md`` says where each was seen
and which test holds it."""

from __future__ import annotations

from enum import StrEnum


class Tolerance(StrEnum):
    """A named deviation that is accepted."""

    BARE_ESCAPE = "bare_escape"
    """0x5a or 0x5e followed by neither 01 nor 02 stands for itself."""
    UNESCAPED = "unescaped"
    """The octets between the flags were never escaped: length and CRC agree as they are."""
    HEADER_WITHOUT_TIME = "header_without_time"
    """A 2019 body behind a header of 2011, which has no send time."""
    PLATE_IN_2019_ALARM = "plate_in_2019_alarm"
    """A message of 0x1400/0x9400 in 2019 with the plate and colour that only 2011 has there."""
    NO_PLATE = "no_plate"
    """A message of a vehicle family without plate and colour."""
    NO_SUB_ID = "no_sub_id"
    """0x1101-0x1103 and 0x9101-0x9103 with their data at once, without sub id and length."""
    TRAILING_OCTETS = "trailing_octets"
    """Octets behind the last field, or behind the declared length of the data."""
    OTHER_EDITION = "other_edition"
    """The data fits the table of the other edition exactly, and its own not at all."""
    UTF8_TEXT = "utf8_text"
    """A text in UTF-8 where GBK is asked."""
    CUT_TEXT = "cut_text"
    """A text that was cut in the middle of a character."""
    MILLISECONDS = "milliseconds"
    """A time in milliseconds where seconds are asked."""


ALL: frozenset[Tolerance] = frozenset(Tolerance)
NONE: frozenset[Tolerance] = frozenset()
