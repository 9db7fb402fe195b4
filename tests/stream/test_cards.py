from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jiaoan.rules.driving.cards import driver_number
from jiaoan.stores.positions import V2013, V2019, DriverCard
from jiaoan.stream.cards import card_of
from jiaoan.wire.jt808 import DriverCard as Body
from jiaoan.wire.jt808 import DriverCard2011, Edition, Form
from jiaoan.wire.jt808.driver import Card

AT = datetime(2024, 4, 7, 23, 0, tzinfo=UTC)  # 7 o'clock of the 8th in China
NUMBER = "430602198001010011"


def event(body: Body | DriverCard2011, edition: Edition = Edition.V2013) -> DriverCard:
    version = V2019 if edition is Edition.V2019 else V2013
    at = int(AT.timestamp() * 1000)
    return DriverCard(3, 7, "13912345678", at, at, version, body.build(Form(edition)))


def card(until: str = "20240408", number: str = NUMBER) -> Card:
    return Card("张三", number, "岳阳", until)


@pytest.mark.parametrize(
    ("body", "qualified"),
    [
        (Body(1, AT, 0, card()), True),  # the last day of the certificate, local
        (Body(1, AT, 0, card("20240407")), False),
        (Body(1, AT, 0, card("00000000")), True),
        (DriverCard2011("张三", "430602198001010011", NUMBER, "岳阳"), True),
    ],
)
def test_it_names_the_driver_of_a_card_that_was_read(
    body: Body | DriverCard2011, qualified: bool
) -> None:
    found = card_of(event(body))
    assert found is not None
    assert (found.before_row, found.vehicle, found.driver) == (3, 7, driver_number(NUMBER))
    assert found.qualified is qualified


def test_it_reads_the_form_of_2019() -> None:
    body = Body(1, AT, 0, replace(card(), driver_identity="430602198001010011"))
    assert card_of(event(body, Edition.V2019)) is not None


@pytest.mark.parametrize(
    "body", [Body(2, AT), Body(1, AT, 3), Body(1, AT, 0, card(number="")), Body(1, AT, 1)]
)
def test_it_takes_no_event_where_nobody_is_named(body: Body) -> None:
    assert card_of(event(body)) is None


def test_it_takes_no_event_from_octets_that_are_no_card() -> None:
    assert card_of(event(Body(1, AT, 0, card()))._replace(octets=b"\x01\x24")) is None
