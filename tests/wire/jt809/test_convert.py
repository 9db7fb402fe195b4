"""Positions of 808 and 809: nothing is lost that the other form has room for."""

from __future__ import annotations

import pytest
from hypothesis import given

from jiaoan.wire.jt808 import ExtraItem, Location
from jiaoan.wire.jt809 import BodyError
from jiaoan.wire.jt809.convert import block_of, carried_location, carried_of, location_of
from jiaoan.wire.jt809.location import Carried, GnssBlock

from .helpers import MOMENT, tables_of

LOCATION = Location(
    alarm=0x101,
    status=0x0C0003,
    raw_latitude=24_123_456,
    raw_longitude=133_123_456,
    altitude=-45,
    speed=505,
    direction=90,
    time=MOMENT,
    extras=(
        ExtraItem(0x01, (1504).to_bytes(4, "big")),
        ExtraItem(0x03, (514).to_bytes(2, "big")),
        ExtraItem(0xE1, b"vendor"),
    ),
)


def test_it_makes_the_block_of_2011() -> None:
    block = block_of(LOCATION)
    assert block == GnssBlock(
        0, MOMENT, 133_123_456, 24_123_456, 51, 51, 150, 90, -45, 0x0C0003, 0x101
    )
    octets = block.build()
    assert octets[8:12] == (133_123_456).to_bytes(4, "big")
    assert octets[28:36] == (0x0C0003).to_bytes(4, "big") + (0x101).to_bytes(4, "big")


def test_the_way_back_keeps_what_the_block_has() -> None:
    back = location_of(block_of(LOCATION))
    assert (back.alarm, back.status, back.time) == (LOCATION.alarm, LOCATION.status, MOMENT)
    assert (back.latitude, back.longitude) == (LOCATION.latitude, LOCATION.longitude)
    assert (back.speed, back.altitude) == (510, -45)
    assert block_of(back) == block_of(LOCATION)


@given(tables_of(GnssBlock))
def test_a_block_becomes_a_location_that_can_be_built(block: GnssBlock) -> None:
    location = location_of(block)
    assert Location.parse(location.build()) == location
    assert location.shifted == bool(block.position_encrypted)


def test_the_octet_of_the_plug_in_decides_over_the_status_bit() -> None:
    body = LOCATION.build()
    carried = carried_of(body, LOCATION.status)
    assert carried == Carried(0, body)
    assert carried_location(carried) == LOCATION
    shifted = carried_location(Carried(1, body))
    assert shifted.shifted
    assert not LOCATION.shifted
    assert carried_of(shifted.build(), shifted.status).position_encrypted == 1


def test_an_empty_carriage_has_no_location() -> None:
    with pytest.raises(BodyError, match="gnss"):
        carried_location(Carried(1, b""))
