"""Records of findings and what follows from them: the bureau and the firm look."""

from __future__ import annotations

from collections.abc import Mapping

from hazmat.factory import SYSTEM
from jiaoan.kernel.clock import clock_from_environment
from jiaoan.watch.findings import actions, messages
from jiaoan.watch.models import Finding
from portal.matrix import Row, World
from watch.told import message, overspeed

LOOKERS = ("safety_clerk", "section_head", "leader", "enterprise")
NOT = ("administrator", "outside_carrier")
NOT_HANDLERS = ("section_head", "leader", "enterprise", "administrator", "outside_carrier")


def finding_of(world: World) -> Finding:
    """A vehicle of the home firm drove too fast."""
    vehicle = world.vehicle()
    known = Finding.objects.filter(vehicle=vehicle).first()
    if known is not None:
        return known
    clock = clock_from_environment()
    told = messages.read(message(vehicle, overspeed(vehicle, world.clock.now())))
    return actions.take(SYSTEM, clock, told)


def one(world: World) -> Mapping[str, object]:
    return {"pk": finding_of(world).pk}


def rule(_world: World) -> Mapping[str, object]:
    return {"rule": "driving.overspeed"}


def figures(_world: World) -> Mapping[str, object]:
    return {"raises": "yes", "severity": "high", "respond_minutes": "5", "finish_hours": "24"}


ROWS = [
    Row("findings", allowed=LOOKERS, denied=NOT),
    Row("findings_export", allowed=LOOKERS, denied=NOT, kwargs=lambda _w: {"form": "xlsx"}),
    *(
        Row(
            name,
            allowed=LOOKERS,
            denied=NOT,
            elsewhere=("enterprise",),
            elsewhere_status=404,
            kwargs=one,
        )
        for name in ("finding", "finding_again", "finding_evidence")
    ),
    Row("responses", allowed=LOOKERS, denied=NOT),
    Row("response", "POST", ("safety_clerk",), NOT_HANDLERS, status=302, kwargs=rule, data=figures),
]
