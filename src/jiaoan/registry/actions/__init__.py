"""Every write of master data. A change of a terminal or place also queues its new reference."""

from jiaoan.registry.actions.master import (
    add_enterprise,
    add_terminal,
    add_vehicle,
    flag_accident_prone,
)
from jiaoan.registry.actions.places import (
    PlaceRefused,
    add_place,
    change_place,
    check_place,
    close_place,
    import_places,
)

__all__ = [
    "PlaceRefused",
    "add_enterprise",
    "add_place",
    "add_terminal",
    "add_vehicle",
    "change_place",
    "check_place",
    "close_place",
    "flag_accident_prone",
    "import_places",
]
