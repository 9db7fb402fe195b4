"""The vehicle register: seen by who sees the register (a firm its own), kept by who keeps it."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.files.uploadedfile import SimpleUploadedFile

from portal.matrix import Row, World

SEE = ("safety_clerk", "section_head", "leader", "administrator", "enterprise")
KEEP = ("administrator",)
NOT_KEEP = ("safety_clerk", "section_head", "leader", "enterprise", "outside_carrier")


def vehicle(world: World) -> Mapping[str, object]:
    return {"pk": world.vehicle().pk}


def typed(**changes: object) -> dict[str, object]:
    return {
        "plate": "湘F32718", "plate_colour": "2", "kind": "coach", "service": "relay",
        "one_way_km": "640", "speed_limit_kmh": "90", "school_days": ["1", "2", "3", "4", "5"],
        "version": "1", **changes,
    }  # fmt: skip


def file(_world: World) -> Mapping[str, object]:
    body = "号牌,号牌颜色,车辆类型\n湘F54321,黄,货车\n".encode()
    return {"file": SimpleUploadedFile("a.csv", body)}


ROWS = [
    Row("vehicles", allowed=SEE, denied=("outside_carrier",), kwargs=lambda w: vehicle(w) and {}),
    Row("vehicles_export", allowed=SEE, denied=("outside_carrier",)),
    Row("vehicles_template", allowed=SEE, denied=("outside_carrier",)),
    Row("vehicle_new", allowed=KEEP, denied=NOT_KEEP),
    Row("vehicle_new", "POST", KEEP, NOT_KEEP, status=302, data=lambda _w: typed()),
    Row("vehicles_import", allowed=KEEP, denied=NOT_KEEP),
    Row("vehicles_import", "POST", KEEP, NOT_KEEP, data=file),
    Row(
        "vehicle", allowed=SEE, denied=("outside_carrier",), elsewhere=("enterprise",),
        elsewhere_status=404, kwargs=vehicle,
    ),
    Row(
        "vehicle", "POST", KEEP, NOT_KEEP, elsewhere=("enterprise",), elsewhere_status=404,
        status=302, kwargs=vehicle, data=lambda _w: typed(),
    ),
]  # fmt: skip
