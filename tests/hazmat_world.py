"""Objects of hazmat and watch for the matrix: one stay with its alarm, filing and link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hazmat.factory import SYSTEM, finding, typed_filing, typed_waybill
from jiaoan.flows.actions import run_pending
from jiaoan.hazmat import actions
from jiaoan.hazmat.models import Filing, FilingInvite, Trip
from jiaoan.kernel.clock import clock_from_environment
from jiaoan.watch.models import Alarm
from portal.matrix import World

# Requests of the matrix live on the clock of the process, so their forms and links do too.
NOW = clock_from_environment()


def trip_of(world: World) -> Trip:
    """An outside vehicle that belongs to the home firm entered unfiled; its alarm is open."""
    vehicle = world.vehicle("鄂B9K307")
    if not vehicle.outside:
        vehicle.outside = True
        vehicle.save(update_fields=["outside"])
        at = world.clock.now() - timedelta(minutes=1)
        actions.handle_finding(SYSTEM, world.clock, finding(vehicle, at=at))
        run_pending(world.clock)
    return Trip.objects.get(vehicle=vehicle)


def alarm_of(world: World) -> Alarm:
    return Alarm.objects.get(subject=trip_of(world).subject)


def _valid() -> dict[str, str]:
    today = NOW.today()
    later = (today + timedelta(days=300)).isoformat()
    return {
        "valid_from": today.isoformat(),
        "valid_to": today.isoformat(),
        "inspection_valid_to": later,
        "insurance_valid_to": later,
        "tank_inspection_valid_to": later,
        "licence_valid_to": later,
        "driver_valid_to": later,
        "escort_valid_to": later,
    }


def filing_form(_world: World) -> Mapping[str, object]:
    return typed_filing(**_valid())


def waybill_form(_world: World) -> Mapping[str, object]:
    return typed_waybill(start_date=NOW.today().isoformat())


def filing_of(world: World) -> Filing:
    """A filing of the home carrier that waits for approval."""
    found = Filing.objects.filter(plate="赣G20916").first()
    typed = typed_filing(plate="赣G20916", **_valid())
    return found or actions.apply(SYSTEM, NOW, typed, carrier=world.place("carrier"))


def invite_of(_world: World) -> FilingInvite:
    found = FilingInvite.objects.filter(plate="豫R36150").first()
    return found or actions.invite(SYSTEM, NOW, plate="豫R36150", plate_colour=2)
