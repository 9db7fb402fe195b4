"""Tables that do not say what they must are refused when they are first used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest

from jiaoan.wire.jt808 import BodyError, Edition, EncodeError, Form, MessageId
from jiaoan.wire.jt808.messages import READERS
from jiaoan.wire.jt808.table import BYTE, SINCE_2019, U8, U16, IfBit, Items, Table, places


@dataclass(frozen=True, slots=True)
class NoColumn(Table):
    number: int


@dataclass(frozen=True, slots=True)
class NoDefault(Table):
    number: Annotated[U8, SINCE_2019]


@dataclass(frozen=True, slots=True)
class Flagged(Table):
    """A number where bit 3 of the flags says so, then a list."""

    flags: U8
    number: Annotated[U16 | None, IfBit("flags", 3)] = None
    items: Annotated[tuple[int, ...], Items(BYTE, BYTE, most=3)] = ()


def test_a_field_needs_a_column_and_one_that_may_be_absent_a_default() -> None:
    with pytest.raises(TypeError, match="one column"):
        places(NoColumn)
    with pytest.raises(TypeError, match="default"):
        places(NoDefault)


def test_every_table_of_every_message_is_sound() -> None:
    tables = [getattr(reader, "__self__", None) for reader in READERS.values()]
    sound = [places(one) for one in tables if isinstance(one, type) and issubclass(one, Table)]
    # Heartbeat, location, batch and driver card are written by hand.
    assert len(sound) == len(MessageId) - 4


def test_a_field_is_there_when_its_bit_is_set() -> None:
    assert Flagged.parse(bytes.fromhex("08000500")) == Flagged(8, 5)
    assert Flagged.parse(bytes.fromhex("000201ff")) == Flagged(0, None, (1, 0xFF))
    assert Flagged(8, 5, (7,)).build(Form(Edition.V2011)).hex() == "0800050107"


@pytest.mark.parametrize(
    ("one", "field"),
    [
        (Flagged(8), "number"),
        (Flagged(0, 5), "number"),
        (Flagged(8, 1 << 16), "number"),
        (Flagged(-1), "flags"),
        (Flagged(0, None, (1, 2, 3, 4)), "items"),
        (Flagged(0, None, (256,)), "items"),
    ],
)
def test_a_value_that_contradicts_the_table_is_named(one: Flagged, field: str) -> None:
    with pytest.raises(EncodeError) as wrong:
        one.build()
    assert wrong.value.field == field


@pytest.mark.parametrize(
    ("octets", "field", "fault"),
    [
        ("", "flags", "too_short"),
        ("0800", "number", "too_short"),
        ("000201", "items", "inner_length_overrun"),
        ("00", "items.count", "too_short"),
    ],
)
def test_octets_that_end_too_early_are_named(octets: str, field: str, fault: str) -> None:
    with pytest.raises(BodyError) as wrong:
        Flagged.parse(bytes.fromhex(octets))
    assert (wrong.value.field, wrong.value.fault) == (field, fault)
    assert wrong.value.octets == bytes.fromhex(octets)
