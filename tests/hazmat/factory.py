"""A small district for the tests of hazmat, watch, flows and worker."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jiaoan.hazmat import actions
from jiaoan.hazmat.findings import Finding, parse
from jiaoan.hazmat.models import Filing
from jiaoan.kernel.clock import FixedClock, at_local
from jiaoan.kernel.plates import PlateColour
from jiaoan.org.actions import add_organisation, add_person
from jiaoan.org.models import Organisation, OrganisationKind, User
from jiaoan.registry import actions as registry
from jiaoan.registry.models import Vehicle
from jiaoan.scope import SystemActor

DAY = datetime(2024, 4, 8, tzinfo=UTC).date()
SYSTEM = SystemActor(
    "test",
    frozenset(
        {"org.manage", "registry.manage", "hazmat.judge", "alarm.open", "filing.apply"}
        | {"filing.invite", "filing.view", "trip.view", "alarm.view", "ledger.offer"}
    ),
)


def clock_at(hour: int, minute: int, second: int = 0) -> FixedClock:
    return FixedClock(at_local(DAY, hour, minute, second))


@dataclass
class World:
    """Bureau, two clerks, a firm of the district, an outside carrier, and their vehicles."""

    clock: FixedClock
    bureau: Organisation
    clerk: User
    second_clerk: User
    firm: Organisation
    firm_user: User
    carrier: Organisation
    carrier_user: User
    tanker: Vehicle
    own_truck: Vehicle


def make_world() -> World:
    clock = clock_at(6, 0)

    def org(name: str, kind: OrganisationKind, parent: Organisation | None) -> Organisation:
        return add_organisation(SYSTEM, clock, name=name, kind=kind, parent=parent)

    def person(name: str, role: str, at: Organisation) -> User:
        return add_person(
            SYSTEM,
            clock,
            username=name,
            password="Zx9-quiet",
            display_name=name,
            organisation=at,
            role=role,
        )

    bureau = org("临江区交通运输局", OrganisationKind.BUREAU, None)
    safety = org("安全监督股", OrganisationKind.SECTION, bureau)
    firm = org("临江云帆危险货物运输有限公司", OrganisationKind.ENTERPRISE, None)
    carrier = org("楚江危险品物流有限公司", OrganisationKind.OUTSIDE_CARRIER, None)
    enterprise = registry.add_enterprise(
        SYSTEM, clock, organisation=firm, credit_code="91430001MA00000001", hazmat=True
    )
    return World(
        clock=clock,
        bureau=bureau,
        clerk=person("clerk", "safety_clerk", safety),
        second_clerk=person("second", "safety_clerk", safety),
        firm=firm,
        firm_user=person("firm", "enterprise", firm),
        carrier=carrier,
        carrier_user=person("carrier", "outside_carrier", carrier),
        tanker=registry.add_vehicle(
            SYSTEM,
            clock,
            plate="鄂B9K307",
            plate_colour=PlateColour.YELLOW,
            kind="hazmat",
            outside=True,
            carrier_name=carrier.name,
            tank_number="WG006",
        ),
        own_truck=registry.add_vehicle(
            SYSTEM,
            clock,
            plate="湘F30001",
            plate_colour=PlateColour.YELLOW,
            kind="hazmat",
            enterprise=enterprise,
            tank_number="GT0001",
        ),
    )


def finding_json(
    vehicle: Vehicle,
    *,
    rule: str = "fence.enter",
    at: datetime,
    salt: str = "",
    place_kind: str = "district",
    place_name: str = "临江区界",
) -> bytes:
    """A message as the stream publishes it: five points, the last one 86 m inside."""
    name = f"{rule}|1|{vehicle.pk}|{place_name}|{at.isoformat()}|{salt}"
    points = [
        {
            "key": f"p{number}",
            "time": (at - timedelta(seconds=5 * (4 - number))).isoformat(),
            "lat": 29.4895 + number * 0.0001,
            "lon": 113.168 + number * 0.0009,
            "speed_kmh": 52.0,
            "depth_m": depth,
            "inside": depth >= 0,
        }
        for number, depth in enumerate((-262.0, -175.0, -88.0, 12.0, 86.0))
    ]
    body = {
        "id": hashlib.sha256(name.encode()).hexdigest()[:32],
        "rule": rule,
        "version": "1",
        "kind": rule.partition(".")[2],
        "vehicle_id": vehicle.pk,
        "plate": vehicle.plate,
        "plate_colour": vehicle.plate_colour,
        "terminal": "13910000005",
        "outside": vehicle.outside,
        "place_id": 1,
        "place_name": place_name,
        "place_kind": place_kind,
        "place_version": 1,
        "happened_at": at.isoformat(),
        "received_at": (at + timedelta(milliseconds=300)).isoformat(),
        "judged_at": (at + timedelta(milliseconds=350)).isoformat(),
        "inputs": {
            "points": points,
            "buffer_m": 50,
            "consecutive": 2,
            "confirmed_by": "depth",
        },
        "first_position": "p0",
    }
    return json.dumps(body).encode()


def finding(vehicle: Vehicle, **wanted: object) -> Finding:
    return parse(finding_json(vehicle, **wanted))  # type: ignore[arg-type]


def typed_filing(**changes: str) -> dict[str, str]:
    """A filing as a carrier types it, good in every field."""
    return {
        "carrier_name": "楚江危险品物流有限公司",
        "credit_code": "91420200MA12345678",
        "licence_number": "鄂交运管许可420200001",
        "licence_valid_to": "2026-12-31",
        "home_authority": "黄石市交通运输局",
        "contact_name": "孙立平",
        "contact_phone": "0714-6300000",
        "plate": "鄂B·9K307",
        "plate_colour": "2",
        "transport_certificate": "420200012345",
        "trailer_plate": "",
        "tank_number": "WG006",
        "inspection_valid_to": "2024-12-31",
        "insurance_valid_to": "2024-12-31",
        "tank_inspection_valid_to": "2024-12-31",
        "terminal_provider": "楚天导航",
        "driver_name": "孙建平",
        "driver_certificate": "D4202001",
        "driver_valid_to": "2026-01-01",
        "escort_name": "李海波",
        "escort_certificate": "E4202002",
        "escort_valid_to": "2026-01-01",
        "un": "UN1203",
        "goods_name": "汽油",
        "goods_class": "3",
        "packing_group": "II",
        "quantity": "28.6",
        "loading_firm": "黄石油库",
        "unloading_firm": "松林化工装卸区",
        "route": "临江大道",
        "entry_gate": "西界",
        "exit_gate": "西界",
        "period": "single",
        "valid_from": "2024-04-08",
        "valid_to": "2024-04-09",
        "promise": "on",
        **changes,
    }


def typed_waybill(**changes: str) -> dict[str, str]:
    shared = [
        "carrier_name",
        "licence_number",
        "plate",
        "plate_colour",
        "transport_certificate",
        "trailer_plate",
        "tank_number",
        "driver_name",
        "driver_certificate",
        "escort_name",
        "escort_certificate",
        "un",
        "goods_name",
        "goods_class",
        "packing_group",
        "quantity",
    ]
    filing = typed_filing()
    return {
        **{name: filing[name] for name in shared},
        "number": "42020240408000317",
        "shipper": "黄石石化销售公司",
        "consignee": "松林化工有限公司",
        "loader": "黄石油库",
        "origin": "湖北黄石",
        "destination": "临江松林化工装卸区",
        "start_date": "2024-04-08",
        "dispatcher": "孙立平",
        "remarks": "",
        **changes,
    }


def approved_filing(world: World, **changes: str) -> Filing:
    filing = actions.apply(SYSTEM, world.clock, typed_filing(**changes), carrier=world.carrier)
    return actions.approve(world.clerk, world.clock, filing)
