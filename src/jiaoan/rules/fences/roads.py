"""Which road a vehicle is on 道路类别, as far as the drawn roads tell it.

A road section 路段 is an area or, better, a corridor along the road's middle. A corridor says
nothing of a vehicle that drives across it: over a bridge, under one, or through a crossing. So a
moving point counts for a corridor only when its direction lies within 45° of the corridor's, either
way [U]. A point that stands, or whose terminal tells no direction (0 is what such a terminal
sends), counts wherever it is inside.

Of the roads that a point is on, corridors tell more than areas (an expressway through a town drawn
as an area of urban roads); where two of the same sort tell different classes, none is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving import columns as c
from jiaoan.rules.shapes import Line, drawn, metres_per_microdegree

Floats = npt.NDArray[np.float64]
KIND: Final = "road"  # the kind of place that is a road section


BLOCK: Final = 16
"""So many pieces of an axis share a box: a road is long, a point is near one stretch of it."""


class RoadClass(StrEnum):
    """公路技术等级 and 城市道路. In the law of hazmat and school-bus speeds only the first is a
    高速公路; a 城市快速路 is none.
    """

    UNKNOWN = ""
    EXPRESSWAY = "expressway"  # 高速公路
    CLASS_1 = "class_1"  # 一级公路
    CLASS_2 = "class_2"
    CLASS_3 = "class_3"
    CLASS_4 = "class_4"
    UNCLASSED = "unclassed"  # 等外公路
    URBAN_EXPRESS = "urban_express"  # 城市快速路
    URBAN = "urban"  # 城市道路

    @property
    def code(self) -> int:
        """What the driving rules call it; 0 = not known."""
        if self is RoadClass.UNKNOWN:
            return 0
        return c.EXPRESSWAY if self is RoadClass.EXPRESSWAY else c.OTHER_ROAD


@dataclass(frozen=True, eq=False)
class Road:
    """A road section: its class, and the middle of its corridor if it was drawn as one."""

    grade: RoadClass = RoadClass.UNKNOWN
    axis: Line | None = None

    @cached_property
    def scale(self) -> Floats:
        """Metres of a microdegree to the east and to the north, at the middle of the road."""
        assert self.axis is not None
        per_lat, per_lon = metres_per_microdegree((self.axis.box[1] + self.axis.box[3]) / 2e6)
        return np.array([float(per_lon), float(per_lat)])

    @cached_property
    def corners(self) -> Floats:
        """Of the axis, in metres (east, north)."""
        assert self.axis is not None
        return np.asarray(self.axis.vertices * self.scale, np.float64)

    @cached_property
    def boxes(self) -> Floats:
        """West, south, east, north (metres) of each :data:`BLOCK` pieces of the axis."""
        parts = [self.corners[at : at + BLOCK + 1] for at in range(0, len(self.corners) - 1, BLOCK)]
        return np.array([[*part.min(axis=0), *part.max(axis=0)] for part in parts], np.float64)

    @cached_property
    def bearings(self) -> Floats:
        """Degrees clockwise from north of each piece of the axis."""
        way = np.diff(self.corners, axis=0)
        return np.asarray(np.degrees(np.arctan2(way[:, 0], way[:, 1])), np.float64)


def road_of(said: Mapping[str, object]) -> Road | None:
    """The road that a place is, as ``ref.place.*`` says it; ``None`` for any other kind of place.

    Raises ``ValueError`` with the field when the class is none of :class:`RoadClass`.
    """
    if said.get("kind") != KIND:
        return None
    name = str(said.get("road_class") or "")
    if name not in set(RoadClass):
        raise ValueError(f"road_class: {name!r} is no class of road")
    axis = None
    if said.get("shape") == "corridor":
        geometry = said.get("geometry")
        found = drawn("line", geometry if isinstance(geometry, Mapping) else {}, None)
        axis = found if isinstance(found, Line) else None
    return Road(RoadClass(name), axis)
