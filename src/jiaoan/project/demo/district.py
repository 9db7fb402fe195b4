"""Making the district: organisations, people, firms, 450 vehicles, places. Same actions as life."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.crypto import get_random_string

from jiaoan.journal.actions import Json
from jiaoan.kernel.clock import Clock
from jiaoan.kernel.plates import PlateColour
from jiaoan.org.actions import add_organisation, add_person
from jiaoan.org.models import Organisation, OrganisationKind, User
from jiaoan.project.demo import cast, geography
from jiaoan.registry import actions as registry
from jiaoan.registry.models import Enterprise, Permit, Place, Practitioner, Terminal, Vehicle
from jiaoan.scope import SystemActor

MAKER = SystemActor("demo", frozenset({"org.manage", "registry.manage"}))
HAZMAT_VEHICLES = 450
SEED = 20240408


@dataclass
class District:
    """What was made, for the later steps of the demonstration."""

    bureau: Organisation
    organisations: dict[str, Organisation] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    firms: list[Enterprise] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    local: list[Vehicle] = field(default_factory=list)
    outside: list[Vehicle] = field(default_factory=list)


def make_district(clock: Clock) -> District:
    chance = random.Random(SEED)
    bureau = _organisation(clock, cast.BUREAU, OrganisationKind.BUREAU, None, 0)
    district = District(bureau, {cast.BUREAU: bureau})
    _offices(district, clock)
    _firms(district, clock, chance)
    _people(district, clock, chance)
    _places(district, clock)
    _local_fleet(district, clock, chance)
    _outside_fleet(district, clock)
    return district


def _organisation(
    clock: Clock, name: str, kind: OrganisationKind, parent: Organisation | None, sort: int
) -> Organisation:
    return add_organisation(MAKER, clock, name=name, kind=kind, parent=parent, sort=sort)


def _offices(district: District, clock: Clock) -> None:
    offices = [(name, OrganisationKind.SECTION) for name in cast.SECTIONS]
    offices += [(name, OrganisationKind.UNIT) for name in cast.UNITS]
    for sort, (name, kind) in enumerate(offices, start=1):
        district.organisations[name] = _organisation(clock, name, kind, district.bureau, sort)


def _firms(district: District, clock: Clock, chance: random.Random) -> None:
    names = [*cast.FIRMS, *cast.PASSENGER_FIRMS]
    for number, name in enumerate(names, start=1):
        organisation = _organisation(clock, name, OrganisationKind.ENTERPRISE, None, 100 + number)
        district.organisations[name] = organisation
        hazmat = name in cast.FIRMS
        firm = registry.add_enterprise(
            MAKER,
            clock,
            organisation=organisation,
            credit_code=f"91430{number:03d}MA{chance.randrange(10**8):08d}",
            hazmat=hazmat,
            passenger=not hazmat,
            contact_name=_person_name(chance),
            contact_phone=f"0700-{chance.randrange(10**7):07d}",
            licence_number=f"示意{number:06d}",
        )
        if hazmat:
            district.firms.append(firm)
            Permit.objects.create(
                enterprise=firm,
                number=firm.licence_number,
                kind="道路危险货物运输经营许可",
                goods_classes=["2", "3", "8"],
                valid_from=date(2022, 1, 1),
                valid_to=clock.today() + timedelta(days=20 + 60 * number),
            )
    name = cast.OUTSIDE_CARRIER
    district.organisations[name] = _organisation(
        clock, name, OrganisationKind.OUTSIDE_CARRIER, None, 900
    )


def new_password() -> str:
    """Twelve characters that nobody misreads from a screen."""
    return get_random_string(12, "abcdefghjkmnpqrstuvwxyz23456789")


def _people(district: District, clock: Clock, chance: random.Random) -> None:
    """The printed log-ins, and reporters for every other office and firm, who cannot log in."""
    named = {account.place for account in (*cast.ACCOUNTS, *cast.OFFICERS)}
    others = [
        cast.Account(f"firm{number}", "enterprise", _person_name(chance), "安全经理", name)
        for number, name in enumerate((*cast.FIRMS, *cast.PASSENGER_FIRMS), start=1)
        if name not in named
    ]
    for account in (*cast.ACCOUNTS, *cast.OFFICERS, *others):
        printed = account in cast.ACCOUNTS
        password = new_password() if printed else None
        district.users[account.username] = add_person(
            MAKER,
            clock,
            username=account.username,
            password=password,
            display_name=account.name,
            organisation=district.organisations[account.place],
            role=account.role,
            title=account.title,
            leads=account.role in ("section_head", "leader"),
        )
        if password:
            district.passwords[account.username] = password


def _person_name(chance: random.Random) -> str:
    return chance.choice(cast.FAMILY_NAMES) + chance.choice(cast.GIVEN_NAMES)


def _places(district: District, clock: Clock) -> None:
    line = f"{cast.BUREAU[:3]}界"
    wanted: list[tuple[str, str, dict[str, Json], int | None]]
    wanted = [(line, "district", geography.polygon(geography.OUTLINE), None)]
    wanted += [
        (name, "park", geography.box(site, 0.35), None)
        for name, site in geography.PARK_SITES.items()
    ]
    wanted += [
        (name, "plant", geography.box(site, 0.3), 7200)
        for name, site in geography.PLANT_SITES.items()
    ]
    wanted.append(
        ("水源保护禁行区", "forbidden", geography.box(geography.FORBIDDEN_SITE, 0.8), None)
    )
    for name, kind, geometry, dwell_s in wanted:
        district.places[name] = registry.add_place(
            MAKER,
            clock,
            name=name,
            kind=kind,
            geometry=geometry,
            dwell_s=dwell_s,
            vehicle_kinds=["hazmat"],
            source="示意，非真实边界",
            valid_from=date(2024, 1, 1),
        )


def _local_fleet(district: District, clock: Clock, chance: random.Random) -> None:
    for number in range(HAZMAT_VEHICLES):
        firm = district.firms[number % len(district.firms)]
        vehicle = registry.add_vehicle(
            MAKER,
            clock,
            plate=f"湘F{30001 + number * 7:05d}",
            plate_colour=PlateColour.YELLOW,
            kind="hazmat",
            enterprise=firm,
            tank_number=f"GT{number + 1:04d}",
            transport_certificate=f"示意运{number + 1:05d}",
            certificate_valid_to=clock.today() + timedelta(days=chance.randrange(5, 700)),
            inspection_valid_to=clock.today() + timedelta(days=chance.randrange(5, 360)),
            valid_from=date(2022, 1, 1),
        )
        _terminal(clock, vehicle, f"1390000{number:04d}", "2019" if number % 3 == 0 else "2013")
        district.local.append(vehicle)
        for kind in ("driver", "escort"):
            Practitioner.objects.create(
                name=_person_name(chance),
                kind=kind,
                certificate=f"示意{kind[0].upper()}{number + 1:05d}",
                certificate_valid_to=clock.today() + timedelta(days=chance.randrange(10, 1400)),
                enterprise=firm,
            )


# The first five are filed, the sixth comes over the line unfiled, the last waits outside unfiled
# for whoever wants to drive it in (``./run --check`` does).
OUTSIDE_PLATES = (
    "鄂B5A713",
    "赣G20916",
    "豫R36150",
    "皖H71208",
    "鄂B8C265",
    "鄂B9K307",
    "鄂B3D519",
)
FILED, DRIVEN = 5, 6


def _outside_fleet(district: District, clock: Clock) -> None:
    for number, plate in enumerate(OUTSIDE_PLATES):
        vehicle = registry.add_vehicle(
            MAKER,
            clock,
            plate=plate,
            plate_colour=PlateColour.YELLOW,
            kind="hazmat",
            outside=True,
            carrier_name=cast.OUTSIDE_CARRIER,
            carrier_phone="0711-0000000",
            tank_number=f"WG{number + 1:03d}",
        )
        _terminal(clock, vehicle, f"1391000{number:04d}", "2019" if number % 2 else "2013")
        district.outside.append(vehicle)


def _terminal(clock: Clock, vehicle: Vehicle, phone: str, protocol: str) -> Terminal:
    return registry.add_terminal(MAKER, clock, vehicle=vehicle, phone=phone, protocol=protocol)
