"""Driver cards 驾驶员身份 of the bus as events of the driving rules."""

from __future__ import annotations

from datetime import datetime

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules.driving.cards import Card, driver_number
from jiaoan.stores.positions import V2019, DriverCard
from jiaoan.wire.jt808 import BodyError, DriverCard2011, Edition, Form, Reading
from jiaoan.wire.jt808.driver import CARD_IN, read_driver

_READ_OK = 0


def card_of(one: DriverCard) -> Card | None:
    """The event of a card that was put in; ``None`` where none was, or where it names nobody.

    A driver is *qualified* when the card was read without error and its certificate holds on the
    local day of the event; where no day is told (808-2011, or zeros) what was read is believed. A
    card that could not be read names nobody: whoever drives on is still the driver before.
    """
    edition = Edition.V2019 if one.version == V2019 else Edition.V2013
    try:
        body = read_driver(one.octets, Reading(Form(edition)))
    except BodyError:
        return None
    if isinstance(body, DriverCard2011):
        number, qualified = body.qualification_code, True
    elif body.card_status != CARD_IN or body.read_result != _READ_OK or body.card is None:
        return None
    else:
        number, until = body.card.qualification_code, body.card.valid_until
        day = datetime.fromtimestamp(one.time_ms / 1e3, LOCAL)
        qualified = not until.strip("0") or until >= f"{day:%Y%m%d}"
    if not number.strip():
        return None
    return Card(one.before_row, one.vehicle, driver_number(number), one.time_ms, qualified)
