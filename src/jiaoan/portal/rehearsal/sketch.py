"""Findings on a small map: the district line, the place in question, one mark for each finding.

Plain SVG, north up, so that it stands on paper and without script too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians

from jiaoan.rules.shapes import drawn
from jiaoan.watch.models import RehearsalFinding

WIDTH, HEIGHT, EDGE = 640, 420, 16
MOST = 600  # marks that can still be told apart
CORNERS = 400


@dataclass(frozen=True)
class Mark:
    pk: int
    x: float
    y: float
    outcome: str
    title: str


@dataclass(frozen=True)
class Outline:
    path: str
    kind: str  # "district", "place"


@dataclass(frozen=True)
class Sketch:
    marks: tuple[Mark, ...]
    outlines: tuple[Outline, ...]
    left_out: int
    bar_px: float
    bar_m: int

    @property
    def bar_text(self) -> str:
        return f"{self.bar_m // 1000} km" if self.bar_m >= 1000 else f"{self.bar_m} m"


@dataclass(frozen=True)
class _Frame:
    west: float
    north: float
    squeeze: float
    scale: float
    left: float
    top: float

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        x = self.left + (lon - self.west) * self.squeeze * self.scale
        return round(x, 1), round(self.top + (self.north - lat) * self.scale, 1)


def sketch_of(
    findings: Sequence[RehearsalFinding],
    place: Mapping[str, object] | None,
    districts: Iterable[Mapping[str, object]],
    titles: Mapping[int, str],
) -> Sketch | None:
    """``place`` and ``districts`` are GeoJSON geometries; ``None`` where nothing is to be drawn.

    The frame holds the findings and the place; the district line is drawn as far as it is in it.
    """
    shown = findings[:MOST]
    own = list(_rings(place["coordinates"])) if place else []
    points = [(one.lon, one.lat) for one in shown] + [point for ring in own for point in ring]
    if not points:
        return None
    frame = _frame(points)
    marks = tuple(
        Mark(one.pk, *frame.place(one.lon, one.lat), one.outcome, titles.get(one.pk, ""))
        for one in shown
    )
    outlines = [
        Outline(_path(frame, _rings(each["coordinates"])), "district") for each in districts
    ]
    if own:
        outlines.append(Outline(_path(frame, own), "place"))
    bar_px, bar_m = _bar(frame)
    return Sketch(marks, tuple(outlines), len(findings) - len(shown), bar_px, bar_m)


def geometry_of(value: Mapping[str, object]) -> Mapping[str, object] | None:
    """What a place's snapshot draws; ``None`` where it has no form."""
    geometry, size = value.get("geometry"), value.get("size_m")
    if not isinstance(geometry, Mapping):
        return None
    shape = str(value.get("shape") or "polygon")
    if shape == "polygon":
        return geometry
    return drawn(shape, geometry, None if size is None else float(str(size))).geojson()


def _frame(points: Sequence[tuple[float, float]]) -> _Frame:
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    squeeze = cos(radians((south + north) / 2))
    # Never closer than some 500 m across, so that one mark is not a whole country.
    wide, high = max((east - west) * squeeze, 0.005), max(north - south, 0.003)
    scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    return _Frame(
        middle_x - WIDTH / 2 / scale / squeeze, middle_y + HEIGHT / 2 / scale, squeeze, scale, 0, 0
    )


def _bar(frame: _Frame) -> tuple[float, int]:
    """A scale bar of a round length, at most a quarter of the width."""
    metre = frame.scale / 111_195
    for length in (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50):
        if length * metre <= WIDTH / 4:
            return round(length * metre, 1), length
    return round(50 * metre, 1), 50


def _rings(said: object) -> Iterable[list[tuple[float, float]]]:
    """The lists of points somewhere in GeoJSON coordinates; a point is a list of one."""
    assert isinstance(said, list | tuple)
    if isinstance(said[0], int | float):
        yield [(float(said[0]), float(said[1]))]
    elif isinstance(said[0][0], int | float):
        yield [(float(x), float(y)) for x, y, *_ in said]
    else:
        for one in said:
            yield from _rings(one)


def _path(frame: _Frame, rings: Iterable[list[tuple[float, float]]]) -> str:
    path = ""
    for ring in rings:
        step = max(1, len(ring) // CORNERS)
        places = (frame.place(x, y) for x, y in ring[::step])
        path += "M" + "L".join(f"{x} {y}" for x, y in places)
        path += "Z" if ring[0] == ring[-1] else ""
    return path
