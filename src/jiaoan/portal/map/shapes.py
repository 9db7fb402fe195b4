"""Rows as the values that the browser draws: GeoJSON in WGS-84 and short vehicle records."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext as _

from jiaoan.kernel.plates import PlateColour, display
from jiaoan.registry.models import Place, Vehicle
from jiaoan.registry.place_words import rule_sentence
from jiaoan.tracks.reading import Reading

BASE_MAP = Path("map") / "base.geojson"

Value = dict[str, object]


def place_feature(place: Place) -> Value:
    return {
        "type": "Feature",
        "id": place.pk,
        "geometry": place.ground(),
        "properties": {
            "kind": place.kind,
            "rule": rule_sentence(place, len(place.bound.all())),
            "name": place.name,
            "label": f"{place.name}",
            "buffer_m": place.buffer_m,
            "confirmed": bool(place.figures_confirmed_by),
            "source": place.source,
        },
    }


def vehicle_record(vehicle: Vehicle) -> Value:
    """What the list and the marks need; the drawer asks for more."""
    colour = next((one for one in PlateColour if one == vehicle.plate_colour), None)
    return {
        "id": vehicle.pk,
        "plate": display(vehicle.plate),
        "find": vehicle.plate,
        "colour": colour.char_zh if colour else "",
        "kind": vehicle.kind,
        "outside": vehicle.outside,
        "owner": vehicle.owner_name,
    }


def collection(features: Iterable[Value]) -> Value:
    return {"type": "FeatureCollection", "features": list(features)}


def base_map(data_dir: Path) -> Value:
    """Roads and water of this installation (``map/base.geojson`` in the data directory).

    Empty when the administrator has brought none in: the map then shows the district line alone.
    """
    path = data_dir / BASE_MAP
    if not path.exists():
        return collection([])
    found: Value = json.loads(path.read_text(encoding="utf-8"))
    return found


def summary(found: Reading) -> str:
    """How many positions a day's way has, and how many gaps lie between them."""
    if not found.points:
        return _("No position on this day")
    gaps = sum(1 for gap in found.gaps if gap.before and gap.after)
    return _("%(points)d positions, %(gaps)d gaps") % {"points": len(found.points), "gaps": gaps}
