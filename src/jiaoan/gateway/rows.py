"""Positions of the wire as rows of the packed array that goes on the bus."""

from __future__ import annotations

from typing import Protocol

from jiaoan.kernel.coords import Datum, to_wgs84
from jiaoan.stores.positions import GCJ02, V2013, V2019, WGS84
from jiaoan.wire.jt808 import Position, Version

NO_COORDINATE = -(2**31)
"""Stands for a latitude or longitude beyond the globe; the octets keep what was sent."""


class Placed(Protocol):
    """Signed microdegrees in the sender's datum, and whether that is the shifted one."""

    @property
    def latitude(self) -> int: ...
    @property
    def longitude(self) -> int: ...
    @property
    def shifted(self) -> bool: ...


def in_wgs84(position: Placed) -> tuple[int, int]:
    """Latitude and longitude in WGS-84 microdegrees, converted here once and nowhere else."""
    if abs(position.latitude) > 90_000_000 or abs(position.longitude) > 180_000_000:
        return NO_COORDINATE, NO_COORDINATE
    if not position.shifted:
        return position.latitude, position.longitude
    lat, lon = to_wgs84(position.latitude / 1e6, position.longitude / 1e6, Datum.GCJ02)
    return round(lat * 1e6), round(lon * 1e6)


def _as_sent(microdegrees: int) -> int:
    return microdegrees if abs(microdegrees) < 2**31 else NO_COORDINATE


def row(position: Position, vehicle: int, received_ms: int) -> tuple[object, ...]:
    """One row in the order of ``stores.positions.DTYPE``."""
    lat, lon = in_wgs84(position)
    return (
        vehicle,
        position.terminal.encode(),
        position.time_ms,
        received_ms,
        lat,
        lon,
        _as_sent(position.latitude),
        _as_sent(position.longitude),
        GCJ02 if position.shifted else WGS84,
        position.speed,
        position.direction,
        position.altitude,
        position.alarm,
        position.status,
        position.mileage,
        position.source,
        V2019 if position.version is Version.V2019 else V2013,
        position.serial,
    )
