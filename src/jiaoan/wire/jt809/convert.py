"""Positions of 808 as those of 809 and back.

2019 carries the 808 body as it is; 2011 has a block of its own: whole km/h, kilometres, numbers
instead of BCD, longitude first, status before alarm, and the plug-in bit of the status as an octet.
"""

from __future__ import annotations

from jiaoan.wire.jt808.extras import ExtraItem
from jiaoan.wire.jt808.location import SHIFTED, Location
from jiaoan.wire.jt809.location import Carried, GnssBlock, shifted

_MILEAGE, _RECORDER_SPEED = 0x01, 0x03


def block_of(location: Location) -> GnssBlock:
    """The block of 2011. Speed and mileage are rounded to whole units (half up); what the block
    has no room for (other extra items) is not in it."""
    return GnssBlock(
        position_encrypted=int(location.shifted),
        time=location.time,
        raw_longitude=location.raw_longitude,
        raw_latitude=location.raw_latitude,
        speed_kmh=_whole(location.speed),
        recorder_speed_kmh=_whole(_number(location, _RECORDER_SPEED, 2)),
        mileage_km=_whole(_number(location, _MILEAGE, 4)),
        direction_deg=location.direction,
        altitude_m=location.altitude,
        status=location.status,
        alarm=location.alarm,
    )


def location_of(block: GnssBlock) -> Location:
    """An 808 location of a block. The octet of the plug-in decides over bit 5 of the status."""
    status = block.status & ~SHIFTED | (SHIFTED if block.position_encrypted else 0)
    extras = [ExtraItem(_MILEAGE, _tenths(block.mileage_km, 4))]
    if block.recorder_speed_kmh:
        extras.append(ExtraItem(_RECORDER_SPEED, _tenths(block.recorder_speed_kmh, 2)))
    return Location(
        alarm=block.alarm,
        status=status,
        raw_latitude=block.raw_latitude,
        raw_longitude=block.raw_longitude,
        altitude=block.altitude_m,
        speed=min(block.speed_kmh * 10, 0xFFFF),
        direction=block.direction_deg,
        time=block.time,
        extras=tuple(extras),
    )


def carried_of(body: bytes, status: int, platform: str = "", alarm: int = 0) -> Carried:
    """The carriage of 2019 for an 808 body whose status word is ``status``; ``platform`` and its
    alarms are those of the platform that sends it."""
    return Carried(int(shifted(status)), body, platform, alarm)


def carried_location(carried: Carried) -> Location:
    """The 808 location inside; :class:`.BodyError` where there is none. The octet of the plug-in
    decides over bit 5 of the status."""
    one = carried.location()
    status = one.status & ~SHIFTED | (SHIFTED if carried.position_encrypted else 0)
    if status == one.status:
        return one
    return Location(
        one.alarm, status, one.raw_latitude, one.raw_longitude, one.altitude, one.speed,
        one.direction, one.time, one.extras, one.trailing,
    )  # fmt: skip


def _whole(tenths: int) -> int:
    return (tenths + 5) // 10


def _tenths(value: int, octets: int) -> bytes:
    return min(value * 10, (1 << 8 * octets) - 1).to_bytes(octets, "big")


def _number(location: Location, item_id: int, octets: int) -> int:
    """The first item of that id and length; 0 where there is none."""
    for item in location.extras:
        if item.id == item_id and len(item.octets) == octets:
            return int.from_bytes(item.octets, "big")
    return 0
