"""What goes down to the gateways when a vehicle is added."""

from __future__ import annotations

import pytest

from hazmat.factory import make_world
from jiaoan.journal.models import Outgoing
from jiaoan.registry.actions import add_vehicle
from jiaoan.registry.reference import everything, vehicle_subject, vehicle_value
from jiaoan.scope import SystemActor

pytestmark = pytest.mark.django_db
SETTER = SystemActor("test", frozenset({"registry.manage"}))


def test_a_vehicle_without_a_terminal_is_told_too() -> None:
    """Positions of a vehicle that only another platform forwards are matched by it."""
    world = make_world()
    made = add_vehicle(SETTER, world.clock, plate="鄂A12345", plate_colour=2, kind="truck")
    subject = vehicle_subject(made)
    (sent,) = Outgoing.objects.filter(topic=subject)
    assert sent.payload == vehicle_value(made)
    assert sent.payload["plate"] == "鄂A12345"
    assert dict(everything())[subject] == sent.payload
