"""Coaches, school buses and roads of the demonstration: what the driving rules ask of papers.

One coach has no service and one school bus no hours, so that the list of profiles to complete is
not empty. The expressway is one that nobody drives on; the ring of the park is an urban road.
"""

from __future__ import annotations

from datetime import date

from jiaoan.journal.actions import Json
from jiaoan.kernel.clock import Clock
from jiaoan.kernel.plates import PlateColour
from jiaoan.project.demo import cast, geography
from jiaoan.project.demo.district import MAKER, District
from jiaoan.project.demo.geography import Point
from jiaoan.registry import actions as registry
from jiaoan.registry.models import Enterprise, Vehicle

SINCE = date(2024, 1, 1)
SOURCE = "示意，非真实道路"
COACHES: tuple[dict[str, Json], ...] = (
    {"service": "long-distance", "one_way_km": 820, "speed_limit_kmh": 90},
    {"service": "relay", "one_way_km": 1040, "speed_limit_kmh": 95},
    {"service": "commuter", "one_way_km": 36},
    {"service": "customised", "one_way_km": 240, "speed_limit_kmh": 90},
    {"service": "airport-rail", "one_way_km": 110},
    {},
)
SCHOOL_BUSES: tuple[dict[str, Json], ...] = (
    {"school_hours": [[390, 480], [960, 1050]], "speed_limit_kmh": 60},
    {},
)


def make_passenger_fleet(district: District, clock: Clock) -> None:
    """After the firms: their coaches, two school buses, and the roads."""
    firms = [
        Enterprise.objects.get(organisation=district.organisations[name])
        for name in cast.PASSENGER_FIRMS
    ]
    for number, profile in enumerate(COACHES):
        _vehicle(clock, firms[number % 2], f"湘F{60001 + number * 7}", "coach", profile)
    buses = [
        _vehicle(clock, firms[0], f"湘F{70001 + number * 7}", "school_bus", profile)
        for number, profile in enumerate(SCHOOL_BUSES)
    ]
    _road(district, clock, "临江绕城高速", geography.BYPASS, "expressway", {"hazmat": 80, "": 100})
    _road(district, clock, "园区环路", geography.RING, "urban", {})
    district.places["一号校车线路"] = registry.add_place(
        MAKER,
        clock,
        name="一号校车线路",
        kind="road",
        role="route",
        shape="corridor",
        size_m=60,
        geometry=_line(geography.SOUTH),
        bound=buses[:1],
        source=SOURCE,
        valid_from=SINCE,
    )


def _vehicle(
    clock: Clock, firm: Enterprise, plate: str, kind: str, profile: dict[str, Json]
) -> Vehicle:
    return registry.add_vehicle(
        MAKER,
        clock,
        plate=plate,
        plate_colour=PlateColour.YELLOW,
        kind=kind,
        enterprise=firm,
        valid_from=SINCE,
        **profile,
    )


def _road(
    district: District,
    clock: Clock,
    name: str,
    line: tuple[Point, ...],
    grade: str,
    limits: dict[str, Json],
) -> None:
    district.places[name] = registry.add_place(
        MAKER,
        clock,
        name=name,
        kind="road",
        road_class=grade,
        shape="corridor",
        size_m=50,
        geometry=_line(line),
        limits_kmh=limits,
        source=SOURCE,
        valid_from=SINCE,
    )


def _line(points: tuple[Point, ...]) -> dict[str, Json]:
    corners: list[Json] = [[lon, lat] for lon, lat in points]
    return {"type": "LineString", "coordinates": corners}
