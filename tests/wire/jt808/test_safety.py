"""Active-safety items: their dialects are told apart by length and count, nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.wire.jt808 import AlarmSign, Dialect, Edition, ExtraItem, Form
from jiaoan.wire.jt808.describe import extra
from jiaoan.wire.jt808.safety import (
    Adas,
    AlarmPlace,
    BlindSpot,
    Dsm,
    SafetyItem,
    Tyre,
    Tyres,
    read_alarm,
)

from .bodies import tables
from .helpers import MOMENT

PLACE = AlarmPlace(
    53, 35, 29_370_000, 113_120_000, MOMENT, 0x401, AlarmSign("T000001", MOMENT, 1, 2)
)
ADAS = Adas(31, 1, 1, 2, 50, 12, 0, 0, 0, PLACE)
TABLES = {0x64: Adas, 0x65: Dsm, 0x66: Tyres, 0x67: BlindSpot}


@pytest.mark.parametrize(
    ("dialect", "lengths"),
    [
        (Dialect.JIANGSU, (47, 47, 41, 41)),
        (Dialect.GUANGDONG, (71, 71, 65, 65)),
        (Dialect.HEILONGJIANG, (69, 69, 63, 63)),
    ],
)
def test_the_lengths_are_those_of_the_texts(dialect: Dialect, lengths: tuple[int, ...]) -> None:
    form = Form(Edition.V2013, dialect)
    alarms = (
        ADAS,
        Dsm(1, 1, 2, 1, 5, bytes(4), PLACE),
        Tyres(1, 1, PLACE, ()),
        BlindSpot(1, 1, 1, PLACE),
    )
    assert tuple(len(one.build(form)) for one in alarms) == lengths
    for item_id, one in zip(SafetyItem, alarms, strict=True):
        assert read_alarm(item_id, one.build(form)) == (one, dialect)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_it_reads_back_every_alarm(data: st.DataObject) -> None:
    dialect = data.draw(st.sampled_from(Dialect))
    item_id = data.draw(st.sampled_from(SafetyItem))
    form = Form(Edition.V2013, dialect)
    one = data.draw(tables(TABLES[item_id], form))
    assert read_alarm(item_id, one.build(form)) == (one, dialect)


def test_a_tyre_item_that_fits_two_lengths_is_told_by_its_count() -> None:
    """41 + 9 x 6 = 65 + 10 x 3: the octet that counts the tyres decides."""
    tyre = Tyre(1, 2, 230, 35, 90)
    jiangsu = Tyres(1, 1, PLACE, (tyre,) * 6)
    guangdong = Tyres(1, 1, PLACE, (tyre,) * 3)
    one = jiangsu.build(Form(Edition.V2013, Dialect.JIANGSU))
    other = guangdong.build(Form(Edition.V2013, Dialect.GUANGDONG))
    assert len(one) == len(other) == 95
    assert read_alarm(0x66, one) == (jiangsu, Dialect.JIANGSU)
    assert read_alarm(0x66, other) == (guangdong, Dialect.GUANGDONG)


@pytest.mark.parametrize(("item_id", "length"), [(0x64, 46), (0x66, 49), (0x67, 4), (0x70, 47)])
def test_what_fits_no_table_stays_octets(item_id: int, length: int) -> None:
    """The ids are used by others too: lock vendors, and a peer's tests with 40 + 9n octets."""
    assert read_alarm(item_id, bytes(length)) is None
    assert set(extra(ExtraItem(item_id, bytes(length)))) == {"id", "length", "hex"}


def test_it_says_where_and_which() -> None:
    facts = extra(ExtraItem(0x64, ADAS.build()))
    assert facts["alarm_type"] == 1
    assert (facts["latitude"], facts["longitude"]) == (29.37, 113.12)
    assert facts["time"] == "2024-04-08T06:40:00+08:00"
    assert facts["alarm_sign"] == {
        "terminal_id": "T000001",
        "time": "2024-04-08T06:40:00+08:00",
        "sequence": 1,
        "attachments": 2,
        "reserved": 0,
    }
