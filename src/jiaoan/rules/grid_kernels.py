"""The jitted passes of :mod:`jiaoan.rules.grid`, which tells how they work and owns the layout.

Whole numbers everywhere but in the distance. Every function is compiled for its one signature when
this module is imported, or loaded from numba's cache on disk.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from jiaoan.rules.shapes import DEEP, INSIDE

Words = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Int: TypeAlias = int | np.integer
Floats = npt.NDArray[np.float64]

TILE = 17  # a tile is 2**17 microdegrees wide, 0.131 degrees
ORIGIN = 1 << 28  # added to a coordinate so that tile numbers are never negative
EMPTY = 0  # place of the empty record in a pool
SORTED_FROM = 256  # points in a batch that are worth sorting by tile
SCRATCH = 6  # words of working memory for a point
STRETCH = 512  # points whose records are fetched together
FAR = 1 << 29  # farther east and north than any point

_W, _L, _F, _B = "int32[::1]", "int64[::1]", "float64[:,::1]", "boolean[::1]"


@njit(f"{_W}({_W}, int64)", cache=True, nogil=True)
def _grown(array: Words, need: Int) -> Words:
    if need <= len(array):
        return array
    bigger = np.empty(max(need, 2 * len(array)), np.int32)
    bigger[: len(array)] = array
    return bigger


@njit("int64(int64[::1], int64, int64)", cache=True, nogil=True)
def _toggle(toggles: Longs, count: Int, y: Int) -> int:
    """Add ``y``, or take it out again: two edges of one chain meet there and cancel."""
    for t in range(count):
        if toggles[t] == y:
            toggles[t] = toggles[count - 1]
            return int(count - 1)
    toggles[count] = y
    return int(count + 1)


@njit(f"boolean({_W}, int64, int64, int64)", cache=True, nogil=True)
def _same(words: Words, one: Int, two: Int, length: Int) -> bool:
    for i in range(length):  # noqa: SIM110 - numba compiles no generator
        if words[one + i] != words[two + i]:
            return False
    return True


@njit(f"{_W}(int64, {_W}, {_W}, {_W}, {_W}, {_W}, {_W})", cache=True, nogil=True)
def _packed(
    cells: Int,
    head: Words,
    deeps: Words,
    nears: Words,
    lengths: Words,
    items: Words,
    entries: Words,
) -> Words:
    """Cells first, each the place of its record; equal records without entries are kept once."""
    total = cells + 1
    for cell in range(cells):
        total += 1 + deeps[cell] + lengths[cell]
    out = np.zeros(total, np.int32)
    known = np.zeros(1024, np.int32)
    at = cells + 1  # the empty record stands at ``cells``
    for cell in range(cells):
        if head[cell] < 0:
            out[cell] = cells
            continue
        start = at
        out[at] = deeps[cell] | (nears[cell] << 16)
        at += 1
        mixed = np.int64(17)
        item = head[cell]
        while item >= 0:
            value = items[2 * item]
            if value & 1 == 0:
                out[at] = value >> 1
                at += 1
                mixed = (mixed * 31 + (value >> 1)) & 0x3FFFFFFF
            item = items[2 * item + 1]
        if nears[cell] == 0:
            other = known[mixed & 1023]
            if other and _same(out, other, start, at - start):
                out[cell] = other
                at = start
                continue
            known[mixed & 1023] = start
        item = head[cell]
        while item >= 0:
            value = items[2 * item]
            if value & 1:
                entry = value >> 1
                for word in range(entries[entry]):
                    out[at] = entries[entry + 1 + word]
                    at += 1
            item = items[2 * item + 1]
        out[cell] = start
    return out[:at].copy()


@njit(f"int64({_W}, int64, {_W}, {_W}, int64, int64)", cache=True, nogil=True)
def _linked(items: Words, used: Int, head: Words, tail: Words, cell: Int, value: Int) -> int:
    """Put ``value`` at the end of the cell's list; answers the number of items."""
    items[2 * used] = value
    items[2 * used + 1] = -1
    if head[cell] < 0:
        head[cell] = used
    else:
        items[2 * tail[cell] + 1] = used
    tail[cell] = used
    return int(used + 1)


@njit(f"int32[:,::1](int32[:,::1], {_B}, int64, int64)", cache=True, nogil=True)
def spread(vertices: Words, ends: Flags, pad_x: Int, pad_y: Int) -> Words:
    """Tiles that one outline reaches, as rows (x, y, edges near; 0 = deep inside)."""
    x0, y0 = np.int64(vertices[0, 0]), np.int64(vertices[0, 1])
    x9, y9 = x0, y0
    for v in range(len(vertices)):
        x0, x9 = min(x0, np.int64(vertices[v, 0])), max(x9, np.int64(vertices[v, 0]))
        y0, y9 = min(y0, np.int64(vertices[v, 1])), max(y9, np.int64(vertices[v, 1]))
    x0, x9 = (x0 - pad_x + ORIGIN) >> TILE, (x9 + pad_x + ORIGIN) >> TILE
    y0, y9 = (y0 - pad_y + ORIGIN) >> TILE, (y9 + pad_y + ORIGIN) >> TILE
    wide, high = x9 - x0 + 1, y9 - y0 + 1
    near = np.zeros((high, wide), np.int32)
    for v in range(len(vertices) - 1):
        if ends[v]:
            continue
        ax, ay = np.int64(vertices[v, 0]), np.int64(vertices[v, 1])
        bx, by = np.int64(vertices[v + 1, 0]), np.int64(vertices[v + 1, 1])
        i0 = ((min(ax, bx) - pad_x + ORIGIN) >> TILE) - x0
        i9 = ((max(ax, bx) + pad_x + ORIGIN) >> TILE) - x0
        j0 = ((min(ay, by) - pad_y + ORIGIN) >> TILE) - y0
        j9 = ((max(ay, by) + pad_y + ORIGIN) >> TILE) - y0
        for j in range(j0, j9 + 1):
            for i in range(i0, i9 + 1):
                near[j, i] += 1
    found = np.empty((wide * high, 3), np.int32)
    count = 0
    for j in range(high):
        inside = -1  # of the run of tiles without an edge: unknown
        py = ((y0 + j) << TILE) - ORIGIN
        for i in range(wide):
            if near[j, i]:
                inside = -1
            else:
                if inside < 0:
                    px = ((x0 + i) << TILE) - ORIGIN
                    inside = 0
                    for v in range(len(vertices) - 1):
                        if ends[v]:
                            continue
                        ay, by = np.int64(vertices[v, 1]), np.int64(vertices[v + 1, 1])
                        if (ay > py) == (by > py):
                            continue
                        ax, bx = np.int64(vertices[v, 0]), np.int64(vertices[v + 1, 0])
                        cross = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
                        inside ^= (cross > 0) == (by > ay)
                if inside == 0:
                    continue
            found[count, 0], found[count, 1], found[count, 2] = x0 + i, y0 + j, near[j, i]
            count += 1
    return found[:count].copy()


@njit(
    f"{_W}(int64, int64, int64, {_W}, {_W}, {_L}, {_L}, {_L}, int32[:,::1], {_B})",
    cache=True,
    nogil=True,
)
def build(
    x0: Int,
    y0: Int,
    shift: Int,
    numbers: Words,
    edges_near: Words,
    pad_x: Longs,
    pad_y: Longs,
    first: Longs,
    vertices: Words,
    ends: Flags,
) -> Words:
    """One tile's words: ``2**(17 - shift)`` cells a side, over the outlines ``numbers``.

    ``edges_near`` are what :func:`spread` counted for each: 0 = the tile lies deep inside.
    ``pad_x``, ``pad_y`` and ``first`` are indexed by the outline's number; an outline's corners
    are ``first[k]:first[k + 1]`` of ``vertices``.
    """
    side, size, width = 1 << TILE, 1 << shift, 1 << (TILE - shift)
    cells = width * width
    x9, y9 = x0 + side - 1, y0 + side - 1
    head = np.full(cells, -1, np.int32)
    tail = np.full(cells, -1, np.int32)
    deeps = np.zeros(cells, np.int32)
    nears = np.zeros(cells, np.int32)
    lengths = np.zeros(cells, np.int32)  # words of the cell's near entries
    items = np.empty(4 * cells + 64, np.int32)  # value, next; value = 2 outline, or 2 entry + 1
    used = 0
    entries = np.empty(1024, np.int32)  # length, then the words of a near entry
    filled = 0
    pairs = np.empty(1024, np.int32)  # cell, edge
    begin = np.empty(cells + 1, np.int32)
    for n in range(len(numbers)):
        k = numbers[n]
        if edges_near[n] == 0:
            items = _grown(items, 2 * (used + cells))
            for cell in range(cells):
                used = _linked(items, used, head, tail, cell, 2 * k)
                deeps[cell] += 1
            continue
        v0, v9 = first[k], first[k + 1]
        px, py = pad_x[k], pad_y[k]
        mine = np.empty(v9 - v0, np.int32)  # edges that meet the tile, or lie right of it
        found = 0
        count = 0
        for e in range(v9 - v0 - 1):
            if ends[v0 + e]:
                continue
            ax, ay = np.int64(vertices[v0 + e, 0]), np.int64(vertices[v0 + e, 1])
            bx, by = np.int64(vertices[v0 + e + 1, 0]), np.int64(vertices[v0 + e + 1, 1])
            low, high = min(ay, by), max(ay, by)
            left, right = min(ax, bx), max(ax, bx)
            if high < y0 - py or low > y9 + py or right < x0 - px:
                continue
            mine[found] = e
            found += 1
            if left > x9 + px:
                continue
            for j in range(
                (max(low - py, y0) - y0) >> shift, ((min(high + py, y9) - y0) >> shift) + 1
            ):
                south, north = y0 + j * size - py, y0 + (j + 1) * size - 1 + py
                xa, xb = left, right
                if low < south or high > north:
                    slope = (bx - ax) / (by - ay)
                    one = ax + slope * (max(low, south) - ay)
                    two = ax + slope * (min(high, north) - ay)
                    xa = max(left, np.int64(np.floor(min(one, two))) - 1)
                    xb = min(right, np.int64(np.ceil(max(one, two))) + 1)
                if xb + px < x0 or xa - px > x9:
                    continue
                i0 = (max(xa - px, x0) - x0) >> shift
                i9 = (min(xb + px, x9) - x0) >> shift
                pairs = _grown(pairs, 2 * (count + i9 - i0 + 1))
                for i in range(i0, i9 + 1):
                    pairs[2 * count] = j * width + i
                    pairs[2 * count + 1] = e
                    count += 1
        # Edges by cell, in their order.
        begin[:] = 0
        for p in range(count):
            begin[pairs[2 * p] + 1] += 1
        for cell in range(cells):
            begin[cell + 1] += begin[cell]
        edges = np.empty(count, np.int32)
        place = begin[:cells].copy()
        for p in range(count):
            cell = pairs[2 * p]
            edges[place[cell]] = pairs[2 * p + 1]
            place[cell] += 1
        row_edges = np.empty(found, np.int32)
        toggles = np.empty(2 * found, np.int64)
        for j in range(width):
            south = y0 + j * size
            north = south + size - 1
            in_row = 0
            for m in range(found):
                e = mine[m]
                ay, by = np.int64(vertices[v0 + e, 1]), np.int64(vertices[v0 + e + 1, 1])
                if min(ay, by) <= north and max(ay, by) > south:
                    row_edges[in_row] = e
                    in_row += 1
            state = -1  # of the run of cells without an edge: unknown
            for i in range(width):
                cell = j * width + i
                a, b = begin[cell], begin[cell + 1]
                if a == b and state >= 0:
                    pass
                else:
                    edge_x = x0 + i * size if a == b else x0 + (i + 1) * size - 1
                    parity = 0
                    toggled = 0
                    c = a
                    for m in range(in_row):
                        e = row_edges[m]
                        while c < b and edges[c] < e:
                            c += 1
                        if c < b and edges[c] == e:
                            continue
                        ax, ay = np.int64(vertices[v0 + e, 0]), np.int64(vertices[v0 + e, 1])
                        bx = np.int64(vertices[v0 + e + 1, 0])
                        by = np.int64(vertices[v0 + e + 1, 1])
                        if ay > by:
                            ax, ay, bx, by = bx, by, ax, ay
                        y = max(ay, south)
                        if (bx - ax) * (y - ay) - (by - ay) * (edge_x - ax) <= 0:
                            continue  # left of the cell
                        if ay <= south:
                            parity ^= 1
                        else:
                            toggled = _toggle(toggles, toggled, ay)
                        if by <= north:
                            toggled = _toggle(toggles, toggled, by)
                    if a == b:
                        state = parity
                if a == b:
                    if state == 0:
                        continue
                    value = 2 * k
                    deeps[cell] += 1
                else:
                    state = -1
                    spans = (toggled + 1) // 2
                    words = 2 + 4 * (b - a + spans)
                    entries = _grown(entries, filled + 1 + words)
                    value = 2 * filled + 1
                    entries[filled] = words
                    entries[filled + 1] = 2 * k + parity
                    entries[filled + 2] = (b - a) | (spans << 16)
                    filled += 3
                    for c in range(a, b):
                        e = v0 + edges[c]
                        entries[filled] = vertices[e, 0]
                        entries[filled + 1] = vertices[e, 1]
                        entries[filled + 2] = vertices[e + 1, 0]
                        entries[filled + 3] = vertices[e + 1, 1]
                        filled += 4
                    toggles[:toggled].sort()
                    for t in range(0, toggled, 2):
                        entries[filled] = entries[filled + 2] = FAR
                        entries[filled + 1] = toggles[t]
                        entries[filled + 3] = toggles[t + 1] if t + 1 < toggled else FAR
                        filled += 4
                    nears[cell] += 1
                    lengths[cell] += words
                items = _grown(items, 2 * (used + 1))
                used = _linked(items, used, head, tail, cell, value)
    return _packed(cells, head, deeps, nears, lengths, items, entries)


@njit("int64(int64, int64, int64, int64, int64, int64)", cache=True, nogil=True)
def _tile(lat: Int, lon: Int, tile_x: Int, tile_y: Int, wide: Int, high: Int) -> int:
    """The place in the directory, or the number of places in it: nowhere."""
    x, y = ((lon + ORIGIN) >> TILE) - tile_x, ((lat + ORIGIN) >> TILE) - tile_y
    return int(y * wide + x if 0 <= x < wide and 0 <= y < high else wide * high)


@njit(f"boolean(int64, int64, int64, int64, {_W}, float64, {_F})", cache=True, nogil=True)
def _farther(
    px: Int, py: Int, edges: Int, at: Int, pool: Words, square: float, scales: Floats
) -> bool:
    """Whether the edges at ``at`` are all farther than the root of ``square``.

    The same sums in the same order as :func:`jiaoan.rules.shapes.squared_distances`.
    """
    band = (py + 90_000_000) // 10_000
    sx, sy = scales[band, 0], scales[band, 1]
    for _ in range(edges):
        ax, ay = (np.int64(pool[at]) - px) * sx, (np.int64(pool[at + 1]) - py) * sy
        bx, by = (np.int64(pool[at + 2]) - px) * sx, (np.int64(pool[at + 3]) - py) * sy
        at += 4
        dx, dy = bx - ax, by - ay
        length, along = dx * dx + dy * dy, -(ax * dx + ay * dy)
        if along <= 0:
            away = ax * ax + ay * ay
        elif along >= length:
            away = bx * bx + by * by
        else:
            side = ax * dy - ay * dx
            away = side * side / length
        if away <= square:
            return False
    return True


@njit(
    f"Tuple(({_L}, {_W}, {_W}))({_W}, {_W}, {_L}, int64, int64, int64, int64, {_W}, "
    f"float64[::1], {_F}, {_W}, {_W})",
    cache=True,
    nogil=True,
)
def sides(
    lat: Words,
    lon: Words,
    directory: Longs,
    tile_x: Int,
    tile_y: Int,
    wide: Int,
    high: Int,
    pool: Words,
    squares: Floats,
    scales: Floats,
    scratch: Words,
    pairs: Words,
) -> tuple[Longs, Words, Words]:
    """Starts, and pairs ``number << 2 | flags`` (and eight more words); see :class:`shapes.Sides`.

    A large batch is sorted by tile first, and then done in stretches: their records are looked up
    one after the other, which the processor overlaps, so that the judging finds them in its cache.
    ``scratch`` has room for ``SCRATCH`` words a point; ``pairs`` is grown and handed back: new
    memory for every batch would cost more than the judging.
    """
    n = len(lat)
    order = scratch[:n]  # the point's row
    xs, ys = scratch[n : 2 * n], scratch[2 * n : 3 * n]
    tiles = scratch[3 * n : 4 * n]
    counts, slots = scratch[4 * n : 5 * n], scratch[5 * n : 6 * n]  # by row
    nowhere = wide * high
    if n >= SORTED_FROM and nowhere < 8 * n:
        places = np.zeros(nowhere + 2, np.int32)
        for i in range(n):
            tiles[i] = _tile(lat[i], lon[i], tile_x, tile_y, wide, high)
            places[tiles[i] + 1] += 1
        for t in range(nowhere + 1):
            places[t + 1] += places[t]
        for i in range(n):
            o = places[tiles[i]]
            places[tiles[i]] = o + 1
            order[o], xs[o], ys[o] = i, lon[i], lat[i]
    else:
        for i in range(n):
            order[i], xs[i], ys[i] = i, lon[i], lat[i]
    used = 0  # of ``pairs``: number << 2 | flags, by point in sorted order
    records = np.empty(STRETCH, np.int64)
    slot, count = np.empty(STRETCH, np.int64), np.empty(STRETCH, np.int64)
    near = np.empty(2 * STRETCH, np.int64)  # point, place of its entry
    for begin in range(0, n, STRETCH):
        size = min(STRETCH, n - begin)
        room = 0
        entries = 0
        for s in range(size):
            px, py = xs[begin + s], ys[begin + s]
            records[s] = EMPTY
            tile = _tile(py, px, tile_x, tile_y, wide, high)
            if tile == nowhere:
                continue
            named = directory[tile]
            if named < 0:
                continue
            shift = named & 31
            base = named >> 5
            x = ((px + ORIGIN) & ((1 << TILE) - 1)) >> shift
            y = ((py + ORIGIN) & ((1 << TILE) - 1)) >> shift
            at = base + pool[base + (y << (TILE - shift)) + x]
            records[s] = at
            room += pool[at] & 0xFFFF
            entries += pool[at] >> 16
        pairs = _grown(pairs, used + room + entries + 8)
        if 2 * entries > len(near):
            near = np.empty(2 * entries, np.int64)
        entries = 0
        for s in range(size):
            at = records[s]
            deep = pool[at] & 0xFFFF
            many = pool[at] >> 16
            at += 1
            # The first eight at once, wanted or not: a loop of unknown length costs a misguess.
            for d in range(8):
                pairs[used + d] = pool[at + d] << 2 | INSIDE | DEEP
            for d in range(8, deep):
                pairs[used + d] = pool[at + d] << 2 | INSIDE | DEEP
            at += deep
            slot[s] = used
            count[s] = deep
            used += deep + many
            for _ in range(many):
                near[entries] = s
                near[entries + 1] = at
                entries += 2
                sizes = pool[at + 1]
                at += 2 + 4 * ((sizes & 0xFFFF) + (sizes >> 16))
        for m in range(0, entries, 2):
            s = near[m]
            at = near[m + 1]
            word, sizes = pool[at], pool[at + 1]
            at += 2
            edges = sizes & 0xFFFF
            px, py = np.int64(xs[begin + s]), np.int64(ys[begin + s])
            parity = word & 1
            edge = False
            for e in range(at, at + 4 * (edges + (sizes >> 16)), 4):
                ax, ay = np.int64(pool[e]), np.int64(pool[e + 1])
                bx, by = np.int64(pool[e + 2]), np.int64(pool[e + 3])
                cross = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
                parity ^= ((ay > py) != (by > py)) & ((cross > 0) == (by > ay))
                if cross == 0:
                    within = min(ax, bx) <= px <= max(ax, bx)
                    edge |= bool(within and min(ay, by) <= py <= max(ay, by))
            k = word >> 1
            inside = edge | (parity == 1)
            deep = not edge
            if deep and squares[k] > 0:
                deep = _farther(px, py, edges, at, pool, squares[k], scales)
            pairs[slot[s] + count[s]] = k << 2 | inside * INSIDE | deep * DEEP
            count[s] += inside | (not deep)
        for s in range(size):
            i = order[begin + s]
            slots[i] = slot[s]
            counts[i] = count[s]
    starts = np.empty(n + 1, np.int64)
    starts[0] = 0
    for i in range(n):
        starts[i + 1] = starts[i] + counts[i]
    in_order = np.empty(starts[n] + 8, np.int32)
    for i in range(n):
        at, to = slots[i], starts[i]
        for d in range(8):
            in_order[to + d] = pairs[at + d]
        for d in range(8, counts[i]):
            in_order[to + d] = pairs[at + d]
    return starts, in_order, pairs
