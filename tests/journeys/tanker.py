"""Rows for the journey of the unfiled tanker.

``python tests/journeys/tanker.py PASSWORD``, inside a system's environment, makes a bureau with
two clerks, an outside carrier, its tanker with a terminal, and the district's fence. Prints what
the terminal has to know as JSON.
"""

from __future__ import annotations

import json
import sys

WEST, SOUTH, SIZE = 113.2, 29.4, 0.1  # a square of our own drawing, degrees
PLATE = "鄂B9K307"
PHONE = "13910000005"


def make(password: str) -> None:
    from jiaoan.journal.actions import Json
    from jiaoan.kernel.clock import clock_from_environment
    from jiaoan.org.actions import add_organisation, add_person
    from jiaoan.org.models import OrganisationKind as K
    from jiaoan.registry.actions import add_place, add_terminal, add_vehicle
    from jiaoan.scope import SystemActor

    clock = clock_from_environment()
    maker = SystemActor("journey", frozenset({"org.manage", "registry.manage"}))
    bureau = add_organisation(
        maker, clock, name="临江区交通运输局", kind=K.BUREAU, parent=None, short_name="交通局"
    )
    safety = add_organisation(
        maker, clock, name="安全监督股", kind=K.SECTION, parent=bureau, short_name="安监股"
    )
    carrier = add_organisation(
        maker, clock, name="楚江危险品物流有限公司", kind=K.OUTSIDE_CARRIER, parent=None
    )
    for name, shown, role, place in (
        ("clerk", "李国梁", "safety_clerk", safety),
        ("officer", "彭建业", "safety_clerk", safety),
        ("carrier", "孙立平", "outside_carrier", carrier),
    ):
        add_person(
            maker, clock, username=name, password=password, display_name=shown,
            organisation=place, role=role,
        )  # fmt: skip
    tanker = add_vehicle(
        maker, clock, plate=PLATE, plate_colour=2, kind="hazmat", outside=True,
        carrier_name=carrier.name, carrier_phone="0714-6300000", tank_number="WG006",
    )  # fmt: skip
    terminal = add_terminal(maker, clock, vehicle=tanker, phone=PHONE, protocol="2013")
    east, north = WEST + SIZE, SOUTH + SIZE
    ring: list[Json] = [[WEST, SOUTH], [east, SOUTH], [east, north], [WEST, north], [WEST, SOUTH]]
    add_place(
        maker, clock, name="临江区界", kind="district", vehicle_kinds=["hazmat"],
        geometry={"type": "Polygon", "coordinates": [ring]}, source="示意，非真实边界",
    )  # fmt: skip
    print(json.dumps({"vehicle": tanker.pk, "auth_code": terminal.auth_code}))


if __name__ == "__main__":
    import django

    django.setup()
    make(sys.argv[1])
