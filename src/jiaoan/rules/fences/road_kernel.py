"""The jitted search for points that drive across a road: of many pieces the nearest one."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from jiaoan.rules.fences.roads import BLOCK

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MOVING: Final = 50  # 0.1 km/h: from here on a terminal's direction is more than noise [U]
ACROSS_DEG: Final = 45.0


@njit(cache=True, nogil=True)
def _to_box(box: Floats, x: float, y: float) -> float:
    """Squared metres from a point to a box."""
    dx = max(box[0] - x, x - box[2], 0.0)
    dy = max(box[1] - y, y - box[3], 0.0)
    return float(dx * dx + dy * dy)


@njit(cache=True, nogil=True)
def _to_piece(corners: Floats, piece: int, x: float, y: float) -> float:
    """Squared metres from a point to a piece."""
    wx, wy = corners[piece + 1, 0] - corners[piece, 0], corners[piece + 1, 1] - corners[piece, 1]
    ox, oy = x - corners[piece, 0], y - corners[piece, 1]
    share, length = ox * wx + oy * wy, wx * wx + wy * wy
    share = 0.0 if share <= 0.0 else (1.0 if share >= length else share / length)
    dx, dy = ox - share * wx, oy - share * wy
    return float(dx * dx + dy * dy)


@njit(
    "void(int64[:, ::1], float64[::1], float64[:, ::1], float64[:, ::1], float64[::1],"
    " boolean[::1])",
    cache=True,
    nogil=True,
)
def across(
    points: Ints, scale: Floats, corners: Floats, boxes: Floats, bearings: Floats, found: Bools
) -> None:
    """Set ``found`` where the direction is more than :data:`ACROSS_DEG` off the nearest piece.

    ``points``: longitude, latitude (microdegrees), direction (degrees), speed (0.1 km/h).
    ``scale``: metres of a microdegree east and north. Piece ``i`` runs from ``corners[i]`` to the
    next one (metres) at ``bearings[i]``; ``boxes`` (west, south, east, north) hold :data:`BLOCK`
    pieces each. Of pieces that are equally near the first one counts.
    """
    for row in range(len(points)):
        direction = points[row, 2]
        if points[row, 3] < MOVING or direction <= 0 or direction >= 360:
            continue
        x, y = points[row, 0] * scale[0], points[row, 1] * scale[1]
        nearest, least = 0, np.inf
        # The block whose box is nearest first: then few others can hold a nearer piece.
        begin, close = 0, np.inf
        for block in range(len(boxes)):
            apart = _to_box(boxes[block], x, y)
            if apart < close:
                begin, close = block, apart
        for turn in range(-1, len(boxes)):
            block = begin if turn < 0 else turn
            if turn == begin or (turn >= 0 and _to_box(boxes[block], x, y) > least):
                continue
            for piece in range(block * BLOCK, min(block * BLOCK + BLOCK, len(bearings))):
                apart = _to_piece(corners, piece, x, y)
                if apart < least or (apart == least and piece < nearest):
                    nearest, least = piece, apart
        off = abs((direction - bearings[nearest] + 90.0) % 180.0 - 90.0)
        found[row] = off > ACROSS_DEG
