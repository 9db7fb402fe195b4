"""A crossing of a fence as a drawing 入区点位: recorded points by their depth behind the line.

Left of the line is outside, then comes the buffer, then inside; down the page runs time. All of it
is made from the alarm's own record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT, EDGE = 302, 175, 24


@dataclass(frozen=True)
class SketchPoint:
    """A recorded position: ``x``/``y`` on the drawing, ``depth`` in metres behind the line."""

    number: int
    x: int
    y: int
    at: datetime
    speed_kmh: float
    depth: float | None
    hit: bool


@dataclass(frozen=True)
class Sketch:
    """``line`` and ``buffer`` are x positions; ``path`` joins the points. ``outward``: the vehicle
    left a route, so the buffer lies outside of the line, and the points outside are the hits.
    """

    points: tuple[SketchPoint, ...]
    line: int
    buffer: int
    buffer_m: float
    outward: bool = False

    @property
    def path(self) -> str:
        return "M" + "L".join(f"{point.x} {point.y}" for point in self.points)

    @property
    def deepest(self) -> float:
        """Metres behind the line; of a route that was left, off it."""
        sign = -1 if self.outward else 1
        depths = [point.depth * sign for point in self.points if point.depth is not None]
        return max(depths, default=0.0)

    @property
    def inside_width(self) -> int:
        return WIDTH - self.line

    @property
    def buffer_width(self) -> int:
        return abs(self.buffer - self.line)

    @property
    def buffer_begin(self) -> int:
        return min(self.buffer, self.line)


def sketch_of(record: Mapping[str, object]) -> Sketch | None:
    """The drawing of a record, a verdict's or a fence's; ``None`` when it holds no points."""
    inputs = record.get("inputs")
    entry = inputs.get("entry", inputs) if isinstance(inputs, Mapping) else None
    if not isinstance(entry, Mapping) or not entry.get("points"):
        return None
    rows = list(entry["points"])
    buffer_m = float(entry["buffer_m"])
    depths = [float(row["depth_m"]) for row in rows if row["depth_m"] is not None]
    outward = record.get("rule") == "fence.off_route"
    low = min([(-2.0 if outward else -1.5) * buffer_m, *depths])
    high = max([2.0 * buffer_m, *depths])

    def place(depth: float | None) -> int:
        share = ((low if depth is None else depth) - low) / (high - low)
        return round(EDGE + share * (WIDTH - 2 * EDGE))

    step = (HEIGHT - 2 * EDGE) / max(1, len(rows) - 1)
    points = tuple(
        SketchPoint(
            number,
            place(row["depth_m"]),
            round(EDGE + (number - 1) * step),
            datetime.fromisoformat(row["time"]),
            float(row["speed_kmh"]),
            row["depth_m"],
            bool(row["inside"]) is not outward,
        )
        for number, row in enumerate(rows, start=1)
    )
    edge = place(-buffer_m if outward else buffer_m)
    return Sketch(points, place(0.0), edge, buffer_m, outward)
