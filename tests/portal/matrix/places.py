"""Fences and places: seen by who sees the register, drawn by the safety section."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.files.uploadedfile import SimpleUploadedFile

from jiaoan.registry.actions import add_place
from jiaoan.registry.models import Place
from jiaoan.scope import SystemActor
from portal.matrix import Row, World

SEE = ("safety_clerk", "section_head", "leader", "administrator", "enterprise")
DRAW = ("safety_clerk", "administrator")
NOT_DRAW = ("section_head", "leader", "enterprise", "outside_carrier")
SQUARE = [[113.0, 29.0], [113.1, 29.0], [113.1, 29.1], [113.0, 29.1], [113.0, 29.0]]
_SETTER = SystemActor("matrix", frozenset({"place.manage"}))


def place(world: World) -> Mapping[str, object]:
    made = Place.objects.first() or add_place(
        _SETTER,
        world.clock,
        name="示意停车场",
        kind="park",
        geometry={"type": "Polygon", "coordinates": [SQUARE]},
    )
    return {"pk": made.pk}


def typed(**changes: object) -> dict[str, object]:
    return {
        "name": "东湖隧道", "kind": "forbidden", "role": "forbidden", "shape": "polygon",
        "coordinates": "\n".join(f"{x},{y}" for x, y in SQUARE), "datum": "wgs84",
        "vehicle_kinds": ["hazmat"], "buffer_m": "50", "consecutive": "2",
        "h-TOTAL_FORMS": "1", "h-INITIAL_FORMS": "0", "h-0-start": "07:00", "h-0-end": "09:00",
        **changes,
    }  # fmt: skip


def file(_world: World) -> Mapping[str, object]:
    body = b'{"type": "Point", "coordinates": [113, 29]}'
    return {
        "file": SimpleUploadedFile("a.geojson", body), "datum": "wgs84", "kind": "park",
        "lines_as": "corridor", "size_m": "500",
    }  # fmt: skip


ROWS = [
    Row("places", allowed=SEE, denied=("outside_carrier",), kwargs=lambda w: place(w) and {}),
    Row("places_around", allowed=SEE, denied=("outside_carrier",)),
    Row("places_base", allowed=SEE, denied=("outside_carrier",)),
    Row("places_export", allowed=SEE, denied=("outside_carrier",)),
    Row("place_new", allowed=DRAW, denied=NOT_DRAW),
    Row("place_new", "POST", DRAW, NOT_DRAW, data=lambda _w: typed()),
    Row("places_import", allowed=DRAW, denied=NOT_DRAW),
    Row("places_import", "POST", DRAW, NOT_DRAW, data=file),
    Row("place", allowed=SEE, denied=("outside_carrier",), kwargs=place),
    Row("place", "POST", DRAW, NOT_DRAW, kwargs=place, data=lambda _w: typed()),
    Row(
        "place_close",
        "POST",
        DRAW,
        NOT_DRAW,
        status=302,
        kwargs=place,
        data=lambda _w: {"last_day": "2024-12-31"},
    ),
]
