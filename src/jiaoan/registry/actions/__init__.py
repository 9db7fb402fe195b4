"""Every write of master data; what the stream or gateway knows of it is queued as a reference."""

from jiaoan.registry.actions.master import (
    add_enterprise,
    add_terminal,
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
from jiaoan.registry.actions.terminal_limit import LimitRefused, take_terminal_limit
from jiaoan.registry.actions.vehicles import (
    ImportedVehicle,
    VehicleRefused,
    add_vehicle,
    change_vehicle,
    check_vehicle,
    import_vehicles,
)

__all__ = [
    "ImportedVehicle",
    "LimitRefused",
    "PlaceRefused",
    "VehicleRefused",
    "add_enterprise",
    "add_place",
    "add_terminal",
    "add_vehicle",
    "change_place",
    "change_vehicle",
    "check_place",
    "check_vehicle",
    "close_place",
    "flag_accident_prone",
    "import_places",
    "import_vehicles",
    "take_terminal_limit",
]
