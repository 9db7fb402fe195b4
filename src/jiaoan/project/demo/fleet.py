"""The fleet file for ``jiaoan simulate``: who drives where, and how badly terminals behave."""

from __future__ import annotations

from collections.abc import Sequence

from jiaoan.journal.actions import Json
from jiaoan.project.demo import geography
from jiaoan.project.demo.district import DRIVEN, FILED
from jiaoan.project.demo.geography import Point
from jiaoan.registry.models import Terminal, Vehicle

# A sixth of the firms' vehicles on the road at once keeps a two-core demonstration calm.
DRIVING = 75
_MISBEHAVIOUR: dict[str, Json] = {
    "noise": 0.01,
    "late": 0.02,
    "repeat": 0.02,
    "lost_link": 0.002,
    "bad_checksum": 0.01,
    "shared_flag": 0.05,
}


# What the rules of the road are there for: number of the local vehicle → what it does. Its limit is
# that of hazmat vehicles, 80 km/h where the class of the road is not known (a.46).
_OFFENCES: dict[int, dict[str, Json]] = {
    0: {"rush_kmh": 93, "rush_every_s": 240, "rush_s": 80, "interval_s": 10},
    1: {"away_s": 15_000},  # four hours and ten minutes without a rest, and without a link
    14: {"rush_kmh": 88, "rush_every_s": 420, "rush_s": 60, "interval_s": 10},
}


def fleet_config(
    local: Sequence[Vehicle], outside: Sequence[Vehicle], *, host: str, port: int
) -> dict[str, Json]:
    """A JSON value for ``simulate.run_fleet``; holds authentication codes, so keep it private."""
    terminals = {
        terminal.vehicle_id: terminal for terminal in Terminal.objects.select_related("vehicle")
    }
    vehicles: list[Json] = []
    for number, vehicle in enumerate(local[:DRIVING]):
        route = geography.LOCAL_ROUTES[number % len(geography.LOCAL_ROUTES)]
        shifted = _start_at(route, number // len(geography.LOCAL_ROUTES))
        entry = _entry(terminals[vehicle.pk], shifted, 38 + number % 5 * 6, 15, number % 15)
        vehicles.append(entry | _OFFENCES.get(number, {}))
    for number, vehicle in enumerate(outside[:FILED]):
        route = geography.OUTSIDE_ROUTES[number % len(geography.OUTSIDE_ROUTES)]
        vehicles.append(_entry(terminals[vehicle.pk], route, 56, 10, 5 + number * 40))
    for vehicle in outside[FILED:DRIVEN]:
        approach = _approach(geography.out_and_back(geography.WEST_TO_SONGLIN))
        vehicles.append(_entry(terminals[vehicle.pk], approach, 60, 5, 15))
    return {
        "host": host,
        "port": port,
        "vehicles": vehicles,
        "misbehave": _MISBEHAVIOUR,
        "seed": 20240408,
    }


def _entry(
    terminal: Terminal, route: Sequence[Point], speed_kmh: float, interval_s: int, after_s: int
) -> dict[str, Json]:
    return {
        "phone": terminal.phone,
        "auth_code": terminal.auth_code,
        "plate": terminal.vehicle.plate,
        "plate_colour": terminal.vehicle.plate_colour,
        "version": terminal.protocol,
        "route": [[lat, lon] for lon, lat in route],
        "speed_kmh": speed_kmh,
        "interval_s": interval_s,
        "loop": True,
        "start_after_s": after_s,
    }


def _start_at(route: Sequence[Point], step: int) -> tuple[Point, ...]:
    """A closed route begun at another corner, so that vehicles do not drive in one heap."""
    body = route[:-1]
    turn = step % len(body)
    return (*body[turn:], *body[:turn], body[turn])


def _approach(route: Sequence[Point]) -> tuple[Point, ...]:
    """The unfiled tanker starts about 800 m before the western line: a minute of waiting."""
    return ((113.164, 29.4895), *route[2:])
