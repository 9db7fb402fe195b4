"""A packed grid of cells over whole microdegrees: :class:`Shapes` for many fences, fast and exact.

Theory of operation
-------------------
The earth is cut into *tiles* of 2**17 microdegrees (0.131 degrees). A tile that any outline comes
near is cut into 1, 4, 16 ... *cells*, about four for each edge in it; the directory names each
tile's words in one pool. A cell's *record* lists the outlines that hold the whole cell, deeper than
their reach, and one *near entry* for each outline whose edge comes within its reach of the cell.
So most points need no geometry at all, and memory grows with the number of edges, not with the
area: a whole country fits.

A near entry holds what decides exactly for any point of the cell: *chains*, runs of the outline's
edges that come within reach of the cell; and the parity of all its other edges. The ray from a
point to the east crosses an edge that does not touch the cell if that edge lies to the east and
``low <= y < high``. Over the rows of one cell that is a parity for its southmost row and some rows
at which it turns (*toggles*); where two such edges meet, their toggles cancel, so that the chain
that leaves the cell and comes back leaves one or two. All products fit 64 bits.

Layout of a tile's words (32 bits): the cells row by row from the south-west, each the place of its
record within the tile; then the records: ``deep | near << 16``, the deep outlines' numbers, and
for each near outline ``2 * number + parity``, ``toggles | chains << 16``, the toggles, and for each
chain its number of edges and its corners. Equal records without near outlines are kept once.
The pool's first word is the record of the points outside of all tiles: 0.

An edit rebuilds only the tiles of the outlines that changed: words are added behind the others, a
new directory names them, and what was there before stays whole for whoever still uses it. When
half of the pool is no longer named, the rest is copied together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules import grid_kernels as kernels
from jiaoan.rules.grid_kernels import ORIGIN, TILE
from jiaoan.rules.shapes import SCALES, Ints, Outline, Sides, padding

FINEST: Final = TILE - 6  # cells are not smaller than 2**11 microdegrees, 0.2 km
CELLS_FOR_AN_EDGE: Final = 4
MOST_IN_A_TILE: Final = 32_767  # what half a word counts
KEPT_SCRATCH: Final = 1 << 22  # words of working memory that are kept for the next batch: 16 MB
_MOST_NUMBERS = 1 << 29
_NONE = np.empty(0, np.int32)

Tile = tuple[int, int]


@dataclass(frozen=True)
class Memory:
    """Octets held, and how they are used."""

    tiles: int
    words: int
    named_words: int
    octets: int


class GridShapes:
    """:class:`jiaoan.rules.shapes.Shapes` over a packed grid. Never changed once made."""

    _first: npt.NDArray[np.int64]  # outline → its first corner, and the number of all corners
    _vertices: npt.NDArray[np.int32]
    _ends: npt.NDArray[np.bool_]
    _pool: npt.NDArray[np.int32]
    _filled: int  # words of the pool that are ours
    _lent: bool  # whether a successor has written behind them

    def __init__(
        self,
        outlines: Sequence[Outline | None],
        reaches: Sequence[float],
        before: GridShapes | None = None,
        *,
        finest: int = FINEST,
    ) -> None:
        if len(outlines) >= _MOST_NUMBERS:
            raise ValueError("too many outlines")
        self._finest = finest
        self._all = tuple(zip(outlines, map(float, reaches), strict=True))
        self.reaches = np.array([reach for _, reach in self._all], dtype=np.float64)
        self._squares = self.reaches * self.reaches
        self._scratch: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]] = []
        self._corners(before)
        changed = self._place(before)
        self._build(before, changed)
        self._index()

    def replaced(self, outlines: Sequence[Outline | None], reaches: Sequence[float]) -> GridShapes:
        return GridShapes(outlines, reaches, self, finest=self._finest)

    def sides(self, lat: Ints, lon: Ints) -> Sides:
        count = len(lat)
        # Taken, not shared: another thread that asks meanwhile makes its own.
        scratch, pairs = self._scratch.pop() if self._scratch else (_NONE, _NONE)
        if len(scratch) < kernels.SCRATCH * count:
            scratch = np.empty(kernels.SCRATCH * count, np.int32)
        starts, found, pairs = kernels.sides(
            np.ascontiguousarray(lat, dtype=np.int32),
            np.ascontiguousarray(lon, dtype=np.int32),
            self._directory,
            *self._window,
            self._pool,
            self._squares,
            SCALES,
            scratch,
            pairs,
        )
        if not self._scratch and len(scratch) + len(pairs) < KEPT_SCRATCH:
            self._scratch.append((scratch, pairs))
        return Sides(starts, found[: starts[-1]])

    def memory(self) -> Memory:
        arrays = (self._pool, self._directory, self._first, self._vertices, self._ends)
        return Memory(
            tiles=len(self._tiles),
            words=self._filled,
            named_words=sum(length for _, length, _ in self._tiles.values()),
            octets=sum(array.nbytes for array in arrays),
        )

    def _corners(self, before: GridShapes | None) -> None:
        """All corners in one array; an edit of one outline copies 8 octets for each corner."""
        areas = [area for area, _ in self._all]
        if before is not None and [id(one) for one, _ in before._all] == list(map(id, areas)):
            self._first, self._vertices, self._ends = before._first, before._vertices, before._ends
            return
        counts = [0 if area is None else len(area.vertices) for area in areas]
        self._first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        real = [area for area in areas if area is not None]
        none, never = np.empty((0, 2), np.int32), np.empty(0, np.bool_)
        self._vertices = np.concatenate([none, *(area.vertices for area in real)])
        self._ends = np.concatenate([never, *(area.ends for area in real)])

    def _place(self, before: GridShapes | None) -> set[Tile]:
        """Which outlines reach which tile; answers the tiles whose outlines changed."""
        old = before._all if before else ()
        new = self._all
        self._reached: dict[Tile, dict[int, int]] = dict(before._reached) if before else {}
        self._spans: dict[int, list[Tile]] = dict(before._spans) if before else {}
        self._pads = np.zeros((2, len(new)), np.int64)
        if before is not None:
            kept = min(len(old), len(new))
            self._pads[:, :kept] = before._pads[:, :kept]
        changed: dict[Tile, dict[int, int]] = {}  # the new forms of entries of ``_reached``
        for number in range(max(len(old), len(new))):
            was = old[number] if number < len(old) else (None, 0.0)
            now = new[number] if number < len(new) else (None, 0.0)
            if was[0] is now[0] and was[1] == now[1]:
                continue
            for tile in self._spans.pop(number, []):
                self._mine(changed, tile).pop(number, None)
            area, reach = now
            if area is None:
                continue
            _, south, _, north = area.box
            px, py = padding(reach, south, north)
            self._pads[:, number] = px, py
            rows = kernels.spread(area.vertices, area.ends, px, py).tolist()
            self._spans[number] = [(x, y) for x, y, _ in rows]
            for x, y, edges in rows:
                self._mine(changed, (x, y))[number] = edges
        self._reached |= changed
        for tile, numbers in changed.items():
            if not numbers:
                del self._reached[tile]
        return set(changed)

    def _mine(self, changed: dict[Tile, dict[int, int]], tile: Tile) -> dict[int, int]:
        """The tile's outlines as they will be: a copy, for ``before`` still uses its own."""
        if tile not in changed:
            changed[tile] = dict(self._reached.get(tile, ()))
        return changed[tile]

    def _build(self, before: GridShapes | None, changed: set[Tile]) -> None:
        """Words of the changed tiles, behind those that are there."""
        self._tiles: dict[Tile, tuple[int, int, int]] = dict(before._tiles) if before else {}
        made: list[npt.NDArray[np.int32]] = []
        filled = before._filled if before else 1
        for tile in sorted(changed):
            self._tiles.pop(tile, None)
            if tile not in self._reached:
                continue
            words, shift = self._tile(tile)
            if len(words) == 2 and not words[1]:
                continue
            self._tiles[tile] = (filled, len(words), shift)
            made.append(words)
            filled += len(words)
        named = sum(length for _, length, _ in self._tiles.values())
        old = before._pool[: before._filled] if before else np.zeros(1, np.int32)
        if filled > 2 * named + 65_536:
            self._compact(np.concatenate([old, *made]))
            return
        if before is not None and before._room(filled):
            # Behind what ``before`` names: it does not look there.
            self._pool = before._pool
            before._lent = True
        else:
            self._pool = np.empty(filled + filled // 4 + 1024, np.int32)
            self._pool[: len(old)] = old
        at = len(old)
        for words in made:
            self._pool[at : at + len(words)] = words
            at += len(words)
        self._filled, self._lent = filled, False

    def _room(self, filled: int) -> bool:
        """Whether a successor may write behind our words: only one may."""
        return not self._lent and filled <= len(self._pool)

    def _compact(self, pool: npt.NDArray[np.int32]) -> None:
        parts, at = [pool[:1]], 1
        for tile, (start, length, shift) in sorted(self._tiles.items()):
            parts.append(pool[start : start + length])
            self._tiles[tile] = (at, length, shift)
            at += length
        self._pool = np.concatenate([*parts, np.empty(at // 4 + 1024, np.int32)])
        self._filled, self._lent = at, False

    def _tile(self, tile: Tile) -> tuple[npt.NDArray[np.int32], int]:
        reached = sorted(self._reached[tile].items())
        numbers = [number for number, _ in reached]
        if len(numbers) > MOST_IN_A_TILE:
            raise ValueError(f"{len(numbers)} outlines in one place, at most {MOST_IN_A_TILE}")
        edges = sum(near for _, near in reached)
        if not edges:
            return np.array([2, 0, len(numbers), *numbers], np.int32), TILE
        shift = TILE
        while shift > self._finest and (1 << 2 * (TILE - shift)) < CELLS_FOR_AN_EDGE * edges:
            shift -= 1
        words = kernels.build(
            (tile[0] << TILE) - ORIGIN,
            (tile[1] << TILE) - ORIGIN,
            shift,
            np.array(numbers, np.int32),
            np.array([near for _, near in reached], np.int32),
            self._pads[0],
            self._pads[1],
            self._first,
            self._vertices,
            self._ends,
        )
        return words, shift

    def _index(self) -> None:
        """The directory: for each tile of the box around all, ``place << 5 | shift`` or -1."""
        if not self._tiles:
            self._window, self._directory = (0, 0, 0, 0), np.empty(0, np.int64)
            return
        xs, ys = {x for x, _ in self._tiles}, {y for _, y in self._tiles}
        x0, y0, wide, high = min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1
        self._window = (x0, y0, wide, high)
        self._directory = np.full(wide * high, -1, np.int64)
        for (x, y), (start, _, shift) in self._tiles.items():
            self._directory[(y - y0) * wide + x - x0] = start << 5 | shift
