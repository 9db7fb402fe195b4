"""Rows as the values that the browser draws: GeoJSON in WGS-84 and short vehicle records."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.utils.translation import gettext as _

from jiaoan.kernel.clock import local
from jiaoan.kernel.plates import PlateColour, display
from jiaoan.registry.models import Place, Vehicle
from jiaoan.registry.place_words import rule_sentence
from jiaoan.stores.tracks import Point

GAP = timedelta(minutes=3)  # a longer silence is drawn as a gap, not as a road
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


@dataclass(frozen=True)
class Track:
    """A day's way: parts without a silence between them, and the silences."""

    features: list[Value]
    points: int
    gaps: int

    @property
    def summary(self) -> str:
        if not self.points:
            return _("No position on this day")
        return _("%(points)d positions, %(gaps)d gaps") % {
            "points": self.points,
            "gaps": self.gaps,
        }


def track(points: list[Point]) -> Track:
    """Lines of fixed positions; a silence longer than :data:`GAP` becomes a dashed line.

    Positions without a satellite fix are left out: they do not say where the vehicle was.
    """
    fixed = [point for point in points if point.fixed]
    features: list[Value] = []
    part: list[Point] = []
    gaps = 0
    for point in fixed:
        if part and point.time - part[-1].time > GAP:
            features += _line("way", part)
            features += _line("gap", [part[-1], point])
            gaps += 1
            part = []
        part.append(point)
    features += _line("way", part)
    features += [_stop("start", fixed[0]), _stop("end", fixed[-1])] if fixed else []
    return Track(features, len(fixed), gaps)


def _line(kind: str, points: list[Point]) -> list[Value]:
    if len(points) < 2:
        return []
    return [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": [[point.lon, point.lat] for point in points],
            },
            "properties": {
                "kind": kind,
                "from": f"{local(points[0].time):%H:%M:%S}",
                "to": f"{local(points[-1].time):%H:%M:%S}",
                "top": max(point.speed_kmh for point in points),
            },
        }
    ]


def _stop(kind: str, point: Point) -> Value:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [point.lon, point.lat]},
        "properties": {"kind": kind, "at": f"{local(point.time):%H:%M:%S}"},
    }
