"""The tolerance policy: which deviations are accepted. Each has one name, is counted under it, and
the octets it was seen in are kept; strict reading accepts none of them.

``docs/standards/jt808.md`` has a row for every rule: what is accepted, where it was seen, which
test holds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Generic, TypeVar

Rule = TypeVar("Rule", bound=StrEnum)


class Tolerance(StrEnum):
    """A named deviation that is accepted, and counted."""

    BARE_7D_CHECKSUM = "bare_7d_checksum"
    """The checksum is 0x7d and was not escaped (seen in captured frames)."""
    BARE_7E_CHECKSUM = "bare_7e_checksum"
    """The checksum is 0x7e and was not escaped: it looks like the closing flag."""
    BIT_14_ON_2013 = "bit_14_on_2013"
    """Attribute bit 14 is set, but only the 12-octet header fits the declared length."""
    NO_BIT_14_ON_2019 = "no_bit_14_on_2019"
    """Attribute bit 14 is clear, but only the 17-octet header fits the declared length."""
    UNESCAPED_DUMP = "unescaped_dump"
    """A line of a log holds a frame whose escapes are already undone (never on a link)."""
    SCATTERED_SERIALS = "scattered_serials"
    """The parts of a message do not have consecutive serials (the terminal counts other messages
    between them); they are put together when nothing else can explain them."""
    OTHER_EDITION = "other_edition"
    """The body fits the table of another edition or dialect exactly, and its own not at all."""
    TRAILING_OCTETS = "trailing_octets"
    """Octets follow the last field of the table (general answers, heartbeats)."""
    EXTRAS_REMAINDER = "extras_remainder"
    """What follows the last whole extra item of a location is no item (often one stray octet)."""
    WRONG_COUNT = "wrong_count"
    """A count is not the number of items that are there; the items decide."""
    BAD_ITEM = "bad_item"
    """One item of a batch is no location; its neighbours are read."""
    TEXT_PADDING = "text_padding"
    """0x00 stands around a text where the edition has none, or on its other side."""
    CUT_TAIL = "cut_tail"
    """The last fields of a 2019 authentication (IMEI, software) are shorter than the table."""
    CARD_FIELDS_WITHOUT_CARD = "card_fields_without_card"
    """0x0702 says that no card was read and carries the card's fields all the same."""
    ROUTE_WITHOUT_TIMES = "route_without_times"
    """0x8606 leaves out its times, since it is not limited by time (attribute bit 0)."""
    TWOS_COMPLEMENT_TEMPERATURE = "twos_complement_temperature"
    """0x06: a cabin temperature below zero in two's complement instead of sign and magnitude."""


COSMETIC = frozenset(
    {
        Tolerance.TEXT_PADDING,
        Tolerance.EXTRAS_REMAINDER,
        Tolerance.BAD_ITEM,
        Tolerance.ROUTE_WITHOUT_TIMES,
        Tolerance.TWOS_COMPLEMENT_TEMPERATURE,
    }
)
"""Deviations that do not speak against the layout in which they were met."""


class ToleranceLog(Generic[Rule]):
    """How often each rule was met, and the octets it was met in last (one sample a rule, so memory
    is bounded by the number of rules)."""

    def __init__(self) -> None:
        self.counts: Counter[Rule] = Counter()
        self.samples: dict[Rule, bytes] = {}

    def note(self, rules: Iterable[Rule], raw: bytes) -> None:
        for rule in rules:
            self.counts[rule] += 1
            self.samples[rule] = raw
