"""The ground of ``bench/run fence``: polygons of our own and points, the same at every run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from jiaoan.rules.shapes import MICRO, Outline, from_area

WEST, SOUTH, SPAN = 112.5, 28.5, 2.0  # degrees
CORNERS = 200


def polygons(count: int, seed: int = 808) -> list[Outline]:
    """``count`` star-shaped polygons of about 200 corners; a point lies in about three of 1,000.

    The radius swings slowly (a lobed shape, as districts have) and jumps a little from corner to
    corner, so that edges go in all directions. Those that cross themselves after rounding are
    drawn again: a product refuses them.
    """
    random = np.random.default_rng(seed)
    made: list[Outline] = []
    while len(made) < count:
        corners = int(random.integers(CORNERS * 9 // 10, CORNERS * 11 // 10 + 1))
        turn = np.sort(random.uniform(0, 2 * np.pi, corners))
        lobes = sum(
            random.uniform(0, 0.12) * np.sin(wave * turn + random.uniform(0, 6.3))
            for wave in range(2, 6)
        )
        radius = random.uniform(0.03, 0.09) * (1 + lobes + random.uniform(-0.02, 0.02, corners))
        centre = random.uniform(0.1, SPAN - 0.1, 2) + np.array([WEST, SOUTH])
        ring = centre + np.column_stack([np.cos(turn), np.sin(turn)]) * radius[:, None]
        area = shapely.Polygon(np.rint(ring * MICRO) / MICRO)
        if area.is_valid:
            made.append(from_area(area))
    return made


def points(count: int, seed: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Latitudes and longitudes in microdegrees, even over the square, in no order."""
    random = np.random.default_rng(seed)
    lat = random.integers(int(SOUTH * MICRO), int((SOUTH + SPAN) * MICRO), count, dtype=np.int32)
    lon = random.integers(int(WEST * MICRO), int((WEST + SPAN) * MICRO), count, dtype=np.int32)
    return lat, lon
