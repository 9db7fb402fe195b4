"""Filings and waybills of the demonstration: the first outside vehicles have theirs."""

from __future__ import annotations

from datetime import timedelta

from jiaoan.hazmat.actions import filings, waybills
from jiaoan.kernel.clock import Clock
from jiaoan.project.demo.cast import OUTSIDE_CARRIER
from jiaoan.project.demo.district import FILED, District
from jiaoan.registry.models import Vehicle
from jiaoan.scope import SystemActor

WRITER = SystemActor("demo", frozenset({"filing.apply"}))
GOODS = (
    ("UN1203", "汽油", "3", "28.6"),
    ("UN1170", "乙醇溶液", "3", "26.0"),
    ("UN1830", "硫酸", "8", "30.2"),
    ("UN1075", "液化石油气", "2.1", "22.5"),
)


def file_outside_vehicles(district: District, clock: Clock) -> None:
    """The carrier files and writes waybills, the clerk approves; the others have nothing."""
    carrier, clerk = district.users["carrier"], district.users["clerk"]
    organisation = district.organisations[OUTSIDE_CARRIER]
    for number, vehicle in enumerate(district.outside[:FILED]):
        filing = filings.apply(
            carrier, clock, _filing(vehicle, number, clock), carrier=organisation
        )
        filings.approve(clerk, clock, filing)
        waybills.enter_waybill(
            carrier, clock, _waybill(vehicle, number, clock), carrier=organisation
        )


def write_local_waybills(district: District, clock: Clock, vehicles: int) -> None:
    """Most vehicles of the district that are on the road carry a waybill; every tenth has none."""
    for number, vehicle in enumerate(district.local[:vehicles]):
        if number % 10 == 9 or vehicle.enterprise is None:
            continue
        typed = _waybill(vehicle, 100 + number, clock) | {
            "carrier_name": vehicle.owner_name,
            "licence_number": vehicle.enterprise.licence_number,
        }
        waybills.enter_waybill(WRITER, clock, typed, carrier=vehicle.enterprise.organisation)


def _papers(vehicle: Vehicle, number: int) -> dict[str, str]:
    un, name, kind, quantity = GOODS[number % len(GOODS)]
    return {
        "carrier_name": OUTSIDE_CARRIER,
        "licence_number": "示意900001",
        "plate": vehicle.plate,
        "plate_colour": str(vehicle.plate_colour),
        "tank_number": vehicle.tank_number,
        "driver_name": "高建平",
        "driver_certificate": f"示意D9{number:04d}",
        "escort_name": "余志强",
        "escort_certificate": f"示意E9{number:04d}",
        "un": un,
        "goods_name": name,
        "goods_class": kind,
        "quantity": quantity,
    }


def _filing(vehicle: Vehicle, number: int, clock: Clock) -> dict[str, str]:
    today = clock.today()
    later = (today + timedelta(days=200)).isoformat()
    return _papers(vehicle, number) | {
        "credit_code": "91420000MA00000000",
        "licence_scope": "2类、3类、8类",
        "licence_valid_to": later,
        "home_authority": "示意市交通运输局",
        "contact_name": "孙立平",
        "contact_phone": "0711-0000000",
        "inspection_valid_to": later,
        "driver_valid_to": later,
        "escort_valid_to": later,
        "loading_firm": "示意石化装车站",
        "unloading_firm": "松林化工装卸区",
        "route": "临江大道—园区环路",
        "period": "days",
        "valid_from": today.isoformat(),
        "valid_to": (today + timedelta(days=20)).isoformat(),
        "promise": "on",
    }


def _waybill(vehicle: Vehicle, number: int, clock: Clock) -> dict[str, str]:
    return _papers(vehicle, number) | {
        "number": f"42{clock.today():%y%m%d}{number:06d}",
        "shipper": "示意石化销售公司",
        "consignee": "松林化工装卸区",
        "origin": "示意石化装车站",
        "destination": "松林化工装卸区",
        "start_date": clock.today().isoformat(),
    }
