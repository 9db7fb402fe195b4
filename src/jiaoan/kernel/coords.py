"""Coordinates: WGS-84 inside, GCJ-02 and BD-09 at the edge, and distance.

Everything stored is WGS-84 (CGCS2000 agrees with it within metres); each source says its datum and
is converted once, before any rule sees it. GCJ-02 has no published definition: the series below is
the one the mapping community uses for the national offset on the Krassovsky 1940 ellipsoid, so a
converted point is good to about a metre against real map services, not to the centimetre. The
way back has no closed form and is found by iteration; it returns what went in to 1e-9 degrees
(0.1 mm).

Latitude and longitude are decimal degrees, latitude first.
"""

from __future__ import annotations

from enum import StrEnum
from math import asin, atan2, cos, hypot, isfinite, pi, radians, sin, sqrt

# Krassovsky 1940: semi-major axis in metres and first eccentricity squared.
_A = 6378245.0
_EE = 0.00669342162296594323
_BD_PI = pi * 3000.0 / 180.0
EARTH_RADIUS_M = 6371008.8  # mean radius (2a + b) / 3 of WGS-84


class Datum(StrEnum):
    """The datum of a source of coordinates."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def to_wgs84(lat: float, lon: float, datum: Datum) -> tuple[float, float]:
    """A point of ``datum`` as WGS-84 ``(lat, lon)``; ``ValueError`` for what is no coordinate."""
    check(lat, lon)
    if datum is Datum.WGS84:
        return lat, lon
    if datum is Datum.BD09:
        lat, lon = _gcj_from_bd(lat, lon)
    return _wgs_from_gcj(lat, lon)


def from_wgs84(lat: float, lon: float, datum: Datum) -> tuple[float, float]:
    """A WGS-84 point as ``(lat, lon)`` of ``datum``."""
    check(lat, lon)
    if datum is Datum.WGS84:
        return lat, lon
    lat, lon = _gcj_from_wgs(lat, lon)
    return _bd_from_gcj(lat, lon) if datum is Datum.BD09 else (lat, lon)


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Metres along the great circle of a sphere: within 0.6 % of the ellipsoid anywhere."""
    check(lat1, lon1)
    check(lat2, lon2)
    phi1, phi2 = radians(lat1), radians(lat2)
    a = sin((phi2 - phi1) / 2) ** 2
    a += cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(a)))


def check(lat: float, lon: float) -> None:
    """``ValueError`` with a sentence unless both are finite and in range."""
    if not (isfinite(lat) and -90 <= lat <= 90):
        raise ValueError(f"纬度 {lat} 超出 -90 至 90 度，请核对是否与经度填反。")
    if not (isfinite(lon) and -180 <= lon <= 180):
        raise ValueError(f"经度 {lon} 超出 -180 至 180 度，请核对。")


def offset_applies(lat: float, lon: float) -> bool:
    """Whether the GCJ-02 offset is used here: the rectangle of the community formula."""
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def _gcj_from_wgs(lat: float, lon: float) -> tuple[float, float]:
    if not offset_applies(lat, lon):
        return lat, lon
    d_lat, d_lon = _offset(lat, lon)
    return lat + d_lat, lon + d_lon


def _wgs_from_gcj(lat: float, lon: float) -> tuple[float, float]:
    """Fixed point of ``wgs = gcj - offset(wgs)``; the offset changes by less than 1 % of a step,
    so ten rounds reach double precision."""
    if not offset_applies(lat, lon):
        return lat, lon
    wgs_lat, wgs_lon = lat, lon
    for _ in range(10):
        d_lat, d_lon = _offset(wgs_lat, wgs_lon)
        wgs_lat, wgs_lon = lat - d_lat, lon - d_lon
    return wgs_lat, wgs_lon


def _offset(lat: float, lon: float) -> tuple[float, float]:
    """The offset of GCJ-02 against WGS-84 in degrees."""
    x, y = lon - 105.0, lat - 35.0
    ripple = 20.0 * (sin(6.0 * x * pi) + sin(2.0 * x * pi))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (ripple + 20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (ripple + 20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = radians(lat)
    w = 1 - _EE * sin(phi) ** 2
    d_lat = north * 180.0 / (_A * (1 - _EE) / (w * sqrt(w)) * pi)
    d_lon = east * 180.0 / (_A / sqrt(w) * cos(phi) * pi)
    return d_lat, d_lon


def _bd_from_gcj(lat: float, lon: float) -> tuple[float, float]:
    z = hypot(lon, lat) + 0.00002 * sin(lat * _BD_PI)
    theta = atan2(lat, lon) + 0.000003 * cos(lon * _BD_PI)
    return z * sin(theta) + 0.006, z * cos(theta) + 0.0065


def _gcj_from_bd(lat: float, lon: float) -> tuple[float, float]:
    """Inverse of :func:`_bd_from_gcj` by the same iteration (the printed inverse is 0.5 m off)."""
    gcj_lat, gcj_lon = lat - 0.006, lon - 0.0065
    for _ in range(10):
        there_lat, there_lon = _bd_from_gcj(gcj_lat, gcj_lon)
        gcj_lat, gcj_lon = gcj_lat + lat - there_lat, gcj_lon + lon - there_lon
    return gcj_lat, gcj_lon
