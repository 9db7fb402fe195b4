from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jiaoan.rules.driving.cards import driver_number
from jiaoan.stores.bus import Message
from jiaoan.stores.positions import V2019, card_row, pack
from jiaoan.stream.blocks import joined
from jiaoan.wire.jt808 import DriverCard, Edition, Form
from jiaoan.wire.jt808.driver import Card
from stream_district import NOW, block

AT = datetime.fromtimestamp(NOW / 1000, UTC)
NUMBER = "430602198001010011"


def stored(sequence: int, data: bytes) -> Message:
    return Message("positions.07", data, sequence, AT)


def with_card(vehicle: int) -> bytes:
    """A position, a driver card behind it, a position."""
    array = block((vehicle, 0, 0), (vehicle, 10, 0), (vehicle, 20, 0))
    array[1] = card_row(vehicle, "13900000007", NOW + 10_000, NOW + 10_000, V2019, 1)
    body = DriverCard(1, AT, 0, Card("张三", NUMBER, "岳阳", "20300101", NUMBER))
    return pack(array, [b"", body.build(Form(Edition.V2019)), b""])


def test_blocks_keep_their_order_and_the_places_of_their_cards() -> None:
    plain = block((7, -20, 0), (7, -10, 0))
    positions, cards = joined(
        [stored(1, pack(plain, [b"", b""])), stored(2, with_card(7)), stored(3, with_card(23))]
    )
    seconds = ((positions["time_ms"] - NOW) // 1000).tolist()
    assert seconds == [-20, -10, 0, 20, 0, 20]
    assert [(card.before_row, card.vehicle) for card in cards] == [(3, 7), (5, 23)]
    assert {card.driver for card in cards} == {driver_number(NUMBER)}


def test_a_damaged_block_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    good = pack(block((7, 0, 0)), [b""])
    damaged = good[:-1] + bytes([good[-1] ^ 1])
    positions, cards = joined([stored(1, good), stored(2, damaged), stored(3, good)])
    assert (len(positions), cards) == (2, [])
    assert "positions.07 2 is passed over" in caplog.text
    positions, cards = joined([stored(2, b"?")])
    assert (len(positions), cards) == (0, [])
