"""Run inside a stopped demonstration: adds vehicles by the product's own acts.

``python -m bench.more_vehicles FLEET TANKERS``: so many terminals of local tankers in all, and so
many outside tankers that nobody filed. Prints them as JSON:
``{"fleet": [terminal, …], "tankers": [terminal, …]}`` with phone, code, year and vehicle.
"""

from __future__ import annotations

import json
import sys

import django
from django.db import transaction

django.setup()

from jiaoan.kernel.clock import Clock, clock_from_environment  # noqa: E402
from jiaoan.kernel.plates import PlateColour  # noqa: E402
from jiaoan.registry import actions as registry  # noqa: E402
from jiaoan.registry.models import Enterprise, Terminal, Vehicle  # noqa: E402
from jiaoan.scope import SystemActor  # noqa: E402

MAKER = SystemActor("bench", frozenset({"registry.manage"}))
YELLOW = PlateColour.YELLOW


def main(fleet: int, tankers: int) -> int:
    clock = clock_from_environment()
    known = list(Terminal.objects.filter(vehicle__outside=False).select_related("vehicle"))
    with transaction.atomic():
        firm = Enterprise.objects.filter(hazmat=True).earliest("id")
        more = [_local(clock, firm, number) for number in range(fleet - len(known))]
        outside = [_outside(clock, number) for number in range(tankers)]
    told = {
        "fleet": [_told(terminal) for terminal in [*known, *more][:fleet]],
        "tankers": [_told(terminal) for terminal in outside],
    }
    print(json.dumps(told, ensure_ascii=False))
    return 0


def _local(clock: Clock, firm: Enterprise, number: int) -> Terminal:
    vehicle = registry.add_vehicle(
        MAKER,
        clock,
        plate=f"湘F{50001 + number:05d}",
        plate_colour=YELLOW,
        kind="hazmat",
        enterprise=firm,
    )
    return _terminal(clock, vehicle, f"1392{number:07d}", number)


def _outside(clock: Clock, number: int) -> Terminal:
    vehicle = registry.add_vehicle(
        MAKER,
        clock,
        plate=f"鄂B{60001 + number:05d}",
        plate_colour=YELLOW,
        kind="hazmat",
        outside=True,
        carrier_name="示意外地运输公司",
    )
    return _terminal(clock, vehicle, f"1393{number:07d}", number)


def _terminal(clock: Clock, vehicle: Vehicle, phone: str, number: int) -> Terminal:
    protocol = "2019" if number % 3 == 0 else "2013"
    return registry.add_terminal(MAKER, clock, vehicle=vehicle, phone=phone, protocol=protocol)


def _told(terminal: Terminal) -> dict[str, object]:
    return {
        "phone": terminal.phone,
        "code": terminal.auth_code,
        "year": int(terminal.protocol),
        "vehicle": terminal.vehicle_id,
    }


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
