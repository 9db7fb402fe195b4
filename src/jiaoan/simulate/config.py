"""The fleet as JSON, checked: every mistake names the field and what is wanted there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path


class ConfigRefused(ValueError):
    """The fleet file cannot be used; the text names the field and why."""


@dataclass(frozen=True)
class Misbehaviour:
    """How often, of each report (0-1), and how long a lost link stays lost (seconds)."""

    noise: float = 0.0
    bad_checksum: float = 0.0
    shared_flag: float = 0.0
    repeat: float = 0.0
    late: float = 0.0
    lost_link: float = 0.0
    half_frame: float = 0.0
    offline_s: tuple[float, float] = (5.0, 30.0)


@dataclass(frozen=True)
class VehiclePlan:
    """One vehicle of the fleet."""

    phone: str
    plate: str
    plate_colour: int
    route: tuple[tuple[float, float], ...]
    auth_code: str | None = None
    version: str = "2013"
    speed_kmh: float = 50.0
    interval_s: float = 10.0
    loop: bool = True
    start_after_s: float = 0.0
    driver: str = ""
    """Name on the card that is put in after each log-in; none is put in without one."""
    waybill: str = ""
    """Text of the waybill (电子运单) that is reported after each log-in."""
    alarms: float = 0.0
    """How often, of each report (0-1), it carries an alarm of active safety with a picture."""
    rush_kmh: float = 0.0
    """It drives so fast for the last ``rush_s`` of each ``rush_every_s`` seconds."""
    rush_every_s: float = 0.0
    rush_s: float = 0.0
    away_s: float = 0.0
    """It was on the road so long before, without a link: those reports come as backfill."""


@dataclass(frozen=True)
class FleetConfig:
    """Where the fleet reports to, who belongs to it, and how it misbehaves."""

    host: str
    port: int
    vehicles: tuple[VehiclePlan, ...]
    misbehave: Misbehaviour = field(default_factory=Misbehaviour)
    seed: int = 1


def load(path: Path) -> FleetConfig:
    """Read a fleet file; :class:`ConfigRefused` with a sentence."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as wrong:
        raise ConfigRefused(f"{path} cannot be read: {wrong.strerror}") from wrong
    except ValueError as wrong:
        raise ConfigRefused(f"{path} is not JSON: {wrong}") from wrong
    return parse(value)


def parse(value: object) -> FleetConfig:
    """A fleet from decoded JSON; :class:`ConfigRefused` with a sentence."""
    top = _mapping(value, "fleet", {one.name for one in fields(FleetConfig)})
    vehicles = top.get("vehicles")
    if not isinstance(vehicles, Sequence) or isinstance(vehicles, str) or not vehicles:
        raise ConfigRefused("vehicles: a list with at least one vehicle is wanted")
    return FleetConfig(
        host=str(top.get("host", "127.0.0.1")),
        port=int(_number(top.get("port"), "port", 1, 65535)),
        vehicles=tuple(_vehicle(one, f"vehicles[{n}]") for n, one in enumerate(vehicles)),
        misbehave=_misbehaviour(top.get("misbehave", {})),
        seed=int(_number(top.get("seed", 1), "seed", 0, 2**63)),
    )


def _mapping(value: object, where: str, known: set[str]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ConfigRefused(f"{where}: an object is wanted")
    unknown = sorted(set(value) - known)
    if unknown:
        raise ConfigRefused(f"{where}: unknown field {unknown[0]!r}; known are {sorted(known)}")
    return value


def _number(value: object, where: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigRefused(f"{where}: a number is wanted, not {value!r}")
    if not least <= value <= most:
        raise ConfigRefused(f"{where}: {value} is not between {least} and {most}")
    return value


def _vehicle(value: object, where: str) -> VehiclePlan:
    one = _mapping(value, where, {each.name for each in fields(VehiclePlan)})
    phone = str(one.get("phone", ""))
    version = str(one.get("version") or "2013")
    if version not in ("2011", "2013", "2019"):
        raise ConfigRefused(f"{where}.version: 2011, 2013 or 2019 is wanted, not {version!r}")
    if not phone.isdecimal() or len(phone) > (20 if version == "2019" else 12):
        raise ConfigRefused(f"{where}.phone: {phone!r} is no phone of {version}")
    code = one.get("auth_code")
    return VehiclePlan(
        phone=phone,
        plate=str(one.get("plate", "")),
        plate_colour=int(_number(one.get("plate_colour", 2), f"{where}.plate_colour", 0, 255)),
        route=_route(one.get("route"), f"{where}.route"),
        auth_code=None if code is None else str(code),
        version=version,
        speed_kmh=_number(one.get("speed_kmh", 50), f"{where}.speed_kmh", 0, 300),
        interval_s=_number(one.get("interval_s", 10), f"{where}.interval_s", 0.01, 86400),
        loop=bool(one.get("loop", True)),
        start_after_s=_number(one.get("start_after_s", 0), f"{where}.start_after_s", 0, 86400),
        driver=str(one.get("driver", "")),
        waybill=str(one.get("waybill", "")),
        alarms=_number(one.get("alarms", 0), f"{where}.alarms", 0, 1),
        **_rush(one, where),
        away_s=_number(one.get("away_s", 0), f"{where}.away_s", 0, 86400),
    )


def _rush(one: Mapping[str, object], where: str) -> dict[str, float]:
    kmh = _number(one.get("rush_kmh", 0), f"{where}.rush_kmh", 0, 300)
    every = _number(one.get("rush_every_s", 0), f"{where}.rush_every_s", 0, 86400)
    lasts = _number(one.get("rush_s", 0), f"{where}.rush_s", 0, every)
    return {"rush_kmh": kmh, "rush_every_s": every, "rush_s": lasts}


def _route(value: object, where: str) -> tuple[tuple[float, float], ...]:
    if not isinstance(value, list) or not value:
        raise ConfigRefused(f"{where}: a list of [latitude, longitude] is wanted")
    points = []
    for number, pair in enumerate(value):
        if not isinstance(pair, list) or len(pair) != 2:
            raise ConfigRefused(f"{where}[{number}]: [latitude, longitude] is wanted")
        lat = _number(pair[0], f"{where}[{number}] latitude", -90, 90)
        points.append((lat, _number(pair[1], f"{where}[{number}] longitude", -180, 180)))
    return tuple(points)


def _misbehaviour(value: object) -> Misbehaviour:
    one = _mapping(value, "misbehave", {each.name for each in fields(Misbehaviour)})
    span = one.get("offline_s", [5, 30])
    if not isinstance(span, list) or len(span) != 2:
        raise ConfigRefused("misbehave.offline_s: [shortest, longest] in seconds is wanted")
    ends = [_number(end, "misbehave.offline_s", 0, 86400) for end in span]
    rates = {
        name: _number(rate, f"misbehave.{name}", 0, 1)
        for name, rate in one.items()
        if name != "offline_s"
    }
    return Misbehaviour(**rates, offline_s=(min(ends), max(ends)))
