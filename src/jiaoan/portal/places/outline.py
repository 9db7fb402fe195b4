"""A place as a small drawing in the list: its form in a box, north up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians

from jiaoan.registry.models import Place

WIDTH, HEIGHT, EDGE = 72, 48, 4
MOST = 400  # corners that are worth drawing at this size


@dataclass(frozen=True)
class Drawing:
    path: str
    open: bool


def drawing_of(place: Place) -> Drawing:
    """SVG path of the ground in a box of 72 by 48."""
    ground = place.ground()
    parts = list(_parts(ground["coordinates"]))
    points = [point for part in parts for point in part]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    squeeze = cos(radians((south + north) / 2))
    wide, high = max((east - west) * squeeze, 1e-7), max(north - south, 1e-7)
    scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)
    left, top = (WIDTH - wide * scale) / 2, (HEIGHT - high * scale) / 2
    closed = ground["type"] != "LineString"
    path = ""
    for part in parts:
        step = max(1, len(part) // MOST)
        path += "M" + "L".join(
            f"{left + (x - west) * squeeze * scale:.1f} {top + (north - y) * scale:.1f}"
            for x, y in part[::step]
        )
        path += "Z" if closed else ""
    return Drawing(path, not closed)


def _parts(said: object) -> Iterator[list[tuple[float, float]]]:
    """The lists of points somewhere in GeoJSON coordinates."""
    assert isinstance(said, list)
    if isinstance(said[0][0], int | float):
        yield [(float(x), float(y)) for x, y, *_ in said]
    else:
        for one in said:
            yield from _parts(one)
