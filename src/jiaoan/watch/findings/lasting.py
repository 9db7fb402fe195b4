"""Which places a finding needs that lasts in them: what ends it beside an exit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from jiaoan.registry.endings import Value
from jiaoan.registry.models import PlaceRole

_ROLES: Final[Mapping[str, frozenset[str]]] = {
    "fence.forbidden": frozenset({PlaceRole.FORBIDDEN.value}),
    "fence.stay": frozenset({PlaceRole.AREA.value, PlaceRole.FORBIDDEN.value}),
    "fence.off_route": frozenset({PlaceRole.ROUTE.value}),
}
RULES: Final = frozenset(_ROLES)


def needs(rule: str, vehicle: int, vehicle_kind: str) -> Callable[[Value], bool]:
    """Whether a version of its place still judges the vehicle by that rule.

    As :meth:`jiaoan.rules.fences.Fence.concerns`: a route its own vehicles, an area kinds.
    """

    def fits(place: Value) -> bool:
        if place["role"] not in _ROLES[rule]:
            return False
        if rule == "fence.off_route":
            return vehicle in _list(place["bound"])
        kinds = _list(place["vehicle_kinds"])
        return not kinds or vehicle_kind in kinds

    return fits


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
