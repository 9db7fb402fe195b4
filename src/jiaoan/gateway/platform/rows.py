"""Positions of 809 as rows of the packed array, and rows of the bus as messages of 809."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from jiaoan.kernel.coords import Datum, to_wgs84
from jiaoan.stores.positions import (
    BACKFILL,
    BLOCK_2011,
    DTYPE,
    GCJ02,
    NO_MILEAGE,
    NO_TIME,
    PLATFORM_BACKFILL,
    PLATFORM_LIVE,
    V2019,
    WGS84,
    Positions,
)
from jiaoan.wire.jt808 import Location
from jiaoan.wire.jt809 import BodyError, Edition, Message, Raw
from jiaoan.wire.jt809.convert import block_of, carried_location, carried_of, location_of
from jiaoan.wire.jt809.location import (
    MOST_BACKFILLED,
    Backfill2011,
    Backfill2019,
    Carried,
    GnssBlock,
    Realtime2011,
    read_location,
)
from jiaoan.wire.jt809.table import Table

NO_COORDINATE = -(2**31)
_MILEAGE = 0x01
LIVE_IDS, BACKFILL_IDS = frozenset({0x1202}), frozenset({0x1203})
POSITION_IDS = LIVE_IDS | BACKFILL_IDS


@dataclass(frozen=True, slots=True)
class Item:
    """One position of a message: the location and the octets as they came."""

    location: Location
    octets: bytes
    version: int


def items_of(message: Message) -> Iterator[Item | BodyError]:
    """The positions of 0x1202 and 0x1203; an item that is none costs only itself."""
    for content in _contents(message.content):
        if isinstance(content, GnssBlock):
            yield Item(location_of(content), content.build(), BLOCK_2011)
            continue
        try:
            yield Item(carried_location(content), content.gnss, V2019)
        except BodyError as wrong:
            yield wrong


def _contents(content: Table | Raw) -> tuple[GnssBlock | Carried, ...]:
    match content:
        case Realtime2011(block):
            return (block,)
        case Carried():
            return (content,)
        case Backfill2011(blocks):
            return blocks
        case Backfill2019(carried):
            return carried
    return ()


def row(
    item: Item, vehicle: int, terminal: str, received_ms: int, source: int, serial: int
) -> tuple[object, ...]:
    """One row in the order of ``stores.positions.DTYPE``."""
    one = item.location
    lat, lon = _in_wgs84(one)
    return (
        vehicle,
        terminal.encode(),
        milliseconds(one.time),
        received_ms,
        lat,
        lon,
        _as_sent(one.latitude),
        _as_sent(one.longitude),
        GCJ02 if one.shifted else WGS84,
        one.speed,
        one.direction,
        _sixteen_bits(one.altitude),
        one.alarm,
        one.status,
        _mileage(one),
        source,
        item.version,
        serial & 0xFFFF,
    )


def source_of(message: Message) -> int:
    return PLATFORM_BACKFILL if message.sub_type in BACKFILL_IDS else PLATFORM_LIVE


def milliseconds(time: datetime | None) -> int:
    return NO_TIME if time is None else int(time.timestamp() * 1000)


def array(rows: Sequence[tuple[object, ...]]) -> Positions:
    return np.array(list(rows), DTYPE)


def _in_wgs84(one: Location) -> tuple[int, int]:
    if abs(one.latitude) > 90_000_000 or abs(one.longitude) > 180_000_000:
        return NO_COORDINATE, NO_COORDINATE
    if not one.shifted:
        return one.latitude, one.longitude
    lat, lon = to_wgs84(one.latitude / 1e6, one.longitude / 1e6, Datum.GCJ02)
    return round(lat * 1e6), round(lon * 1e6)


def _sixteen_bits(metres: int) -> int:
    """Metres as they are stored: what lies above 32,767 is no height on earth."""
    word = metres & 0xFFFF
    return word - 0x10000 if word & 0x8000 else word


def _as_sent(microdegrees: int) -> int:
    return microdegrees if abs(microdegrees) < 2**31 else NO_COORDINATE


def _mileage(one: Location) -> int:
    for item in one.extras:
        if item.id == _MILEAGE and len(item.octets) == 4:
            return int.from_bytes(item.octets, "big")
    return NO_MILEAGE


def content_of(octets: bytes, version: int, edition: Edition) -> GnssBlock | Carried:
    """The octets of a row of the bus in the form of ``edition``; :class:`.BodyError` where they
    are no location."""
    if version == BLOCK_2011:
        block = GnssBlock.parse(octets)
        if edition is Edition.V2011:
            return block
        location = location_of(block)
        return carried_of(location.build(), location.status)
    location = read_location(octets)
    if edition is Edition.V2011:
        return block_of(location)
    return carried_of(octets, location.status)


def live_message(content: GnssBlock | Carried, plate: str, colour: int) -> Message:
    """0x1202."""
    data: Table = Realtime2011(content) if isinstance(content, GnssBlock) else content
    return Message.of(0x1202, data, plate, colour)


def backfill_messages(
    contents: Sequence[GnssBlock | Carried], plate: str, colour: int
) -> Iterator[Message]:
    """0x1203, five positions of one vehicle at most in each, in their order."""
    for start in range(0, len(contents), MOST_BACKFILLED):
        part = contents[start : start + MOST_BACKFILLED]
        blocks = tuple(one for one in part if isinstance(one, GnssBlock))
        carried = tuple(one for one in part if isinstance(one, Carried))
        data: Table = Backfill2011(blocks) if blocks else Backfill2019(carried)
        yield Message.of(0x1203, data, plate, colour)


def is_backfill(source: int) -> bool:
    """Whether a row of the bus was late already when it came."""
    return source in (BACKFILL, PLATFORM_BACKFILL)
