"""Which vehicles and which events a person's stream may carry; asked once, when it begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jiaoan.portal.live.hub import Event
from jiaoan.registry.models import Vehicle
from jiaoan.scope import organisations_in_reach, reach, require, restrict


@dataclass(frozen=True)
class Circle:
    """Ids that a stream may carry; ``None`` means all of them."""

    vehicles: frozenset[int] | None
    organisations: frozenset[int] | None

    def shows(self, vehicle: int) -> bool:
        return self.vehicles is None or vehicle in self.vehicles


def circle(actor: object, verb: str) -> Circle:
    """What ``actor`` reaches with ``verb``; raises ``scope.Refused`` when that is nothing."""
    require(actor, verb)
    return _circle(actor, verb)


def _circle(actor: object, verb: str) -> Circle:
    found = reach(actor, verb)
    if found.everything:
        return Circle(None, None)
    if found.nothing:
        return Circle(frozenset(), frozenset())
    ids = restrict(Vehicle.objects.all(), actor, verb).values_list("pk", flat=True)
    return Circle(frozenset(ids), organisations_in_reach(actor, verb))


def hears(actor: object) -> Callable[[str, Event], bool]:
    """A filter for events: alarms by vehicle, ledger events by organisation.

    An event that names neither goes only to those who reach everything.
    """
    alarms, duties = _circle(actor, "alarm.view"), _circle(actor, "ledger.view")

    def wants(kind: str, event: Event) -> bool:
        if kind == "alarm":
            vehicle = event.get("vehicle")
            return alarms.vehicles is None or vehicle in alarms.vehicles
        if kind == "ledger":
            organisation = event.get("organisation")
            return duties.organisations is None or organisation in duties.organisations
        return False

    return wants
