"""The jitted pass over fences: the steps of :mod:`~.steps` over integer columns.

What is known of a vehicle and a place is a row of ``pairs``; those of a vehicle hang on each other
from ``heads[vehicle]`` by ``nexts``. Rows that are at their default again are taken off. Everything
is changed in place, so the caller hands in copies; nothing here allocates or looks at a clock.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from jiaoan.rules.fences import columns as c
from jiaoan.rules.fences.values import GATE_GAP_MS, KEPT_POINTS

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

ROOM: Final = 2  # events that one fence may make of one point
_jit = njit(cache=True, nogil=True)


@_jit
def _copy(into: Ints, at: int, source: Ints, start: int) -> None:
    """A key: time, latitude, longitude, alarm, status."""
    into[at] = source[start]
    into[at + 1] = source[start + 1]
    into[at + 2] = source[start + 2]
    into[at + 3] = source[start + 3]
    into[at + 4] = source[start + 4]


@_jit
def _clear(w: Ints, settled: int) -> None:
    w[:] = 0
    w[c.SETTLED] = settled
    w[c.TOLD] = c.NONE
    w[c.HIT] = c.NONE


@_jit
def _is_default(w: Ints) -> bool:
    """Outside, settled, nothing begun. A run or a visit has its key; so few columns tell."""
    return bool(
        w[c.INSIDE] == 0 and w[c.SETTLED] == 1 and w[c.RUN] == 0 and w[c.STAYED] == 0
        and w[c.NET] == 0 and w[c.TOLD] == c.NONE and w[c.HIT] == c.NONE
    )  # fmt: skip


@_jit
def _holds(f: Ints, t: int) -> bool:
    day = (t + c.LOCAL_MS) // c.DAY_MS
    return bool(f[c.F_FIRST_DAY] <= day <= f[c.F_LAST_DAY])


@_jit
def _opening(h: Ints, day: int) -> int:
    weekday = (day + 3) % 7 + 1
    if not h[c.H_WEEKDAYS] >> weekday & 1 or not h[c.H_FIRST_DAY] <= day <= h[c.H_LAST_DAY]:
        return c.NONE
    return int(day * c.DAY_MS + h[c.H_START] * 60_000 - c.LOCAL_MS)


@_jit
def _in_force(f: Ints, hours: Ints, t: int) -> int:
    """When it came into force that is in force at ``t``, or NONE."""
    if not _holds(f, t):
        return c.NONE
    if f[c.F_HOURS] == f[c.F_HOURS_END]:
        return 0
    day, rest = (t + c.LOCAL_MS) // c.DAY_MS, (t + c.LOCAL_MS) % c.DAY_MS
    found = c.NONE
    for number in range(f[c.F_HOURS], f[c.F_HOURS_END]):
        h = hours[number]
        start, end = h[c.H_START] * 60_000, h[c.H_END] * 60_000
        at = c.NONE
        if end <= start:  # over midnight
            if rest >= start:
                at = _opening(h, day)
            elif rest < end:
                at = _opening(h, day - 1)
        elif start <= rest < end:
            at = _opening(h, day)
        if at != c.NONE and (found == c.NONE or at < found):
            found = at
    return found


@_jit
def _tell(
    events: Ints, n: int, row: int, fence: int, kind: int, by: int, opened: int, side: int,
    first: Ints, at: int, recent: Ints, count: int, far: int,
) -> int:  # fmt: skip
    event = events[n]
    event[c.E_ROW], event[c.E_FENCE], event[c.E_KIND], event[c.E_BY] = row, fence, kind, by
    event[c.E_OPENED], event[c.E_SIDE], event[c.E_COUNT] = opened, side, count
    event[c.E_FAR] = far
    _copy(event, c.E_FIRST, first, at)
    for number in range(count):
        event[c.E_POINTS + number] = recent[number]
    return n + 1


@_jit
def _ended(event: Ints, w: Ints) -> None:
    """What an event ends."""
    _copy(event, c.E_STAY, w, c.S_KEY)
    event[c.E_STAYED], event[c.E_TOLD] = w[c.STAYED], w[c.TOLD]


@_jit
def _stays(
    f: Ints, hours: Ints, w: Ints, deep: bool, p: Ints, events: Ints, n: int, row: int,
    fence: int, recent: Ints, count: int,
) -> int:  # fmt: skip
    if w[c.RUN] or (deep and not w[c.SETTLED]):
        w[c.SETTLED] = 1 if w[c.SETTLED] or deep else 0
        w[c.RUN], w[c.HIT] = 0, c.NONE
        if w[c.INSIDE]:
            w[c.FAR] = 0
        w[c.R_KEY : c.R_KEY + 5] = 0
        w[c.H_KEY : c.H_KEY + 5] = 0
    if not w[c.INSIDE]:
        return n
    forbids, t = f[c.F_ROLE] == c.FORBIDDEN, p[c.MS]
    if not forbids and (f[c.F_DWELL_MS] < 0 or w[c.STAYED]):
        return n
    holds = _holds(f, t)
    if forbids:
        opened = _in_force(f, hours, t)
        if opened != c.NONE and opened != w[c.TOLD]:
            w[c.TOLD] = opened
            n = _tell(
                events, n, row, fence, c.FORBIDDEN_INSIDE, c.BY_HOURS, opened, 0, p, 0, recent,
                count, 0,
            )  # fmt: skip
    overdue = f[c.F_DWELL_MS] >= 0 and not w[c.STAYED] and t - w[c.S_KEY] > f[c.F_DWELL_MS]
    if overdue and holds:
        w[c.STAYED] = 1
        n = _tell(
            events, n, row, fence, c.STAYED_LONG, c.BY_DWELL, c.NONE, 0, w, c.S_KEY, recent, count,
            0,
        )  # fmt: skip
    return n


@_jit
def _over(
    w: Ints, by: int, events: Ints, n: int, row: int, fence: int, recent: Ints, count: int
) -> int:
    return _tell(
        events, n, row, fence, c.OFF_ROUTE_OVER, by, w[c.TOLD], 0, w, c.S_KEY, recent, count,
        w[c.FAR],
    )  # fmt: skip


@_jit
def _leaves_route(
    f: Ints, hours: Ints, w: Ints, deep: bool, t: int, by: int, events: Ints, n: int, row: int,
    fence: int, recent: Ints, count: int,
) -> int:  # fmt: skip
    opened, far = _in_force(f, hours, t), w[c.FAR]
    if opened == c.NONE:
        _clear(w, 1 if deep else 0)
        return n
    n = _tell(events, n, row, fence, c.OFF_ROUTE, by, opened, 0, w, c.R_KEY, recent, count, far)
    _ended(events[n - 1], w)
    _copy(w, c.S_KEY, w, c.R_KEY)
    w[c.INSIDE], w[c.SETTLED], w[c.RUN], w[c.STAYED] = 0, 1 if deep else 0, 0, 0
    w[c.NET], w[c.TOLD], w[c.HIT], w[c.FAR] = 0, opened, c.NONE, far
    w[c.R_KEY : c.R_KEY + 5] = 0
    w[c.H_KEY : c.H_KEY + 5] = 0
    return n


@_jit
def _step(
    f: Ints, hours: Ints, w: Ints, inside: bool, deep: bool, p: Ints, events: Ints, n: int,
    row: int, fence: int, recent: Ints, count: int,
) -> int:  # fmt: skip
    """An area: ``deep`` tells that the edge is farther than the buffer, on whichever side."""
    if inside == (w[c.INSIDE] == 1):
        return _stays(f, hours, w, deep, p, events, n, row, fence, recent, count)
    t, role = p[c.MS], f[c.F_ROLE]
    if w[c.RUN] == 0:
        _copy(w, c.R_KEY, p, 0)
        w[c.HIT] = c.NONE
        w[c.H_KEY : c.H_KEY + 5] = 0
    if inside and w[c.HIT] == c.NONE and role == c.FORBIDDEN:
        w[c.HIT] = _in_force(f, hours, t)
        if w[c.HIT] != c.NONE:
            _copy(w, c.H_KEY, p, 0)
    w[c.RUN] += 1
    if not deep and not (w[c.SETTLED] and w[c.RUN] >= f[c.F_CONSECUTIVE]):
        return n
    by = c.BY_DEPTH if deep else c.BY_CONSECUTIVE
    holds = _holds(f, t)
    if not inside:
        if role == c.ROUTE:
            return _leaves_route(f, hours, w, deep, t, by, events, n, row, fence, recent, count)
        if holds:
            n = _tell(events, n, row, fence, c.LEFT, by, c.NONE, 0, w, c.R_KEY, recent, count, 0)
            _ended(events[n - 1], w)
        _clear(w, 1 if deep else 0)
        return n
    hit = w[c.HIT]
    if role == c.ROUTE:
        if w[c.TOLD] != c.NONE:
            n = _over(w, by, events, n, row, fence, recent, count)
    elif holds:
        n = _tell(events, n, row, fence, c.ENTERED, by, c.NONE, 0, w, c.R_KEY, recent, count, 0)
    if holds and hit != c.NONE:
        n = _tell(
            events, n, row, fence, c.FORBIDDEN_INSIDE, by, hit, 0, w, c.H_KEY, recent, count, 0
        )
    _copy(w, c.S_KEY, w, c.R_KEY)
    w[c.INSIDE], w[c.SETTLED], w[c.RUN], w[c.STAYED] = 1, 1 if deep else 0, 0, 0
    w[c.NET], w[c.TOLD], w[c.HIT], w[c.FAR] = 0, hit, c.NONE, 0
    w[c.R_KEY : c.R_KEY + 5] = 0
    w[c.H_KEY : c.H_KEY + 5] = 0
    return n


@_jit
def _crossed(f: Ints, corners: Words, py: int, px: int, qy: int, qx: int) -> int:
    """As :meth:`jiaoan.rules.shapes.Line.crossed`."""
    if (
        max(px, qx) < f[c.F_WEST] or min(px, qx) > f[c.F_EAST]
        or max(py, qy) < f[c.F_SOUTH] or min(py, qy) > f[c.F_NORTH]
    ):  # fmt: skip
        return 0
    total = 0
    for at in range(f[c.F_CORNER], f[c.F_CORNER_END] - 1):
        ax, ay = np.int64(corners[at, 0]), np.int64(corners[at, 1])
        bx, by = np.int64(corners[at + 1, 0]), np.int64(corners[at + 1, 1])
        p_left = (bx - ax) * (py - ay) - (by - ay) * (px - ax) > 0
        q_left = (bx - ax) * (qy - ay) - (by - ay) * (qx - ax) > 0
        if p_left == q_left:
            continue
        a_left = (qx - px) * (ay - py) - (qy - py) * (ax - px) > 0
        b_left = (qx - px) * (by - py) - (qy - py) * (bx - px) > 0
        if a_left != b_left:
            total += 1 if p_left else -1
    return total


@_jit
def _away(ax: float, ay: float, bx: float, by: float) -> float:
    """Square metres from the origin to an edge."""
    dx, dy = bx - ax, by - ay
    length, along = dx * dx + dy * dy, -(ax * dx + ay * dy)
    if along <= 0:
        return ax * ax + ay * ay
    if along >= length:
        return bx * bx + by * by
    side = ax * dy - ay * dx
    return side * side / length


@_jit
def _nearest(
    corners: Words, ends: npt.NDArray[np.bool_], first: int, last: int, scales: Floats, py: int,
    px: int,
) -> float:  # fmt: skip
    """As :func:`jiaoan.rules.shapes.squared_distances`, the same sums in the same order."""
    band = (py + 90_000_000) // 10_000
    sx, sy = scales[band, 0], scales[band, 1]
    nearest = np.inf
    for at in range(first, last - 1):
        if ends[at]:
            continue
        wx, wy = np.int64(corners[at, 0]) - px, np.int64(corners[at, 1]) - py
        vx, vy = np.int64(corners[at + 1, 0]) - px, np.int64(corners[at + 1, 1]) - py
        if wx * vy == wy * vx and wx * vx <= 0 and wy * vy <= 0:
            return 0.0
        nearest = min(nearest, _away(wx * sx, wy * sy, vx * sx, vy * sy))
    return float(nearest)


@_jit
def _still_in_force(f: Ints, hours: Ints, opened: int, t: int) -> int:
    """As :meth:`~.values.Fence.still_in_force`."""
    opening = _in_force(f, hours, t)
    before = opening
    while before != c.NONE and before > opened:
        before = _in_force(f, hours, before - 1)
    return opening if before == opened else c.NONE


@_jit
def _follow(
    f: Ints, hours: Ints, corners: Words, ends: npt.NDArray[np.bool_], scales: Floats, w: Ints,
    inside: bool, deep: bool, p: Ints, events: Ints, n: int, row: int, fence: int, recent: Ints,
    count: int,
) -> int:  # fmt: skip
    """A route: :func:`_step`, how far off it the vehicle is, and the end of having left it."""
    if w[c.TOLD] != c.NONE:
        opened = _still_in_force(f, hours, w[c.TOLD], p[c.MS])
        if opened == c.NONE:
            n = _over(w, c.BY_LAPSE, events, n, row, fence, recent, count)
            w[c.FAR] = 0
            w[c.S_KEY : c.S_KEY + 5] = 0
        w[c.TOLD] = opened
    if not inside and (w[c.INSIDE] or w[c.TOLD] != c.NONE):
        first, last = f[c.F_CORNER], f[c.F_CORNER_END]
        square = _nearest(corners, ends, first, last, scales, p[c.LAT], p[c.LON])
        w[c.FAR] = max(w[c.FAR], int(np.sqrt(square) * 10.0))
    return _step(f, hours, w, inside, deep, p, events, n, row, fence, recent, count)


@_jit
def _farther(f: Ints, corners: Words, square: float, scales: Floats, py: int, px: int) -> bool:
    """Whether the gate line is farther than the root of ``square``: the sums, in their order, of
    :func:`jiaoan.rules.shapes.squared_distances`."""
    band = (py + 90_000_000) // 10_000
    sx, sy = scales[band, 0], scales[band, 1]
    for at in range(f[c.F_CORNER], f[c.F_CORNER_END] - 1):
        wx, wy = np.int64(corners[at, 0]) - px, np.int64(corners[at, 1]) - py
        vx, vy = np.int64(corners[at + 1, 0]) - px, np.int64(corners[at + 1, 1]) - py
        if wx * vy == wy * vx and wx * vx <= 0 and wy * vy <= 0:
            return False  # on it
        if _away(wx * sx, wy * sy, vx * sx, vy * sy) <= square:
            return False
    return True


@njit(
    "float64[::1](int32[:, ::1], boolean[::1], int64[::1], int64[::1], float64[:, ::1])",
    cache=True,
    nogil=True,
)
def squared_distances(
    corners: Words, ends: npt.NDArray[np.bool_], lat: Ints, lon: Ints, scales: Floats
) -> Floats:
    """As :func:`jiaoan.rules.shapes.squared_distances`."""
    found = np.empty(len(lat), np.float64)
    for row in range(len(lat)):
        found[row] = _nearest(corners, ends, 0, len(corners), scales, lat[row], lon[row])
    return found


@_jit
def _cross(
    f: Ints, hours: Ints, w: Ints, crossed: int, deep: bool, p: Ints, events: Ints, n: int,
    row: int, fence: int, recent: Ints, count: int,
) -> int:  # fmt: skip
    net = w[c.NET] + crossed
    if net == 0:
        _clear(w, 1 if w[c.SETTLED] or deep else 0)
        return n
    if w[c.RUN] == 0 or (net > 0) != (w[c.NET] > 0):
        _copy(w, c.R_KEY, p, 0)
        w[c.RUN] = 0
    w[c.RUN] += 1
    w[c.NET] = net
    if not deep and not (w[c.SETTLED] and w[c.RUN] >= f[c.F_CONSECUTIVE]):
        return n
    side = 1 if net > 0 else -1
    if f[c.F_DIRECTION] in (0, side) and _in_force(f, hours, p[c.MS]) != c.NONE:
        by = c.BY_DEPTH if deep else c.BY_CONSECUTIVE
        n = _tell(events, n, row, fence, c.CROSSED, by, c.NONE, side, w, c.R_KEY, recent, count, 0)
    _clear(w, 1 if deep else 0)
    return n


@_jit
def _concerns(f: Ints, bound: Ints, vehicle: int, kind: int) -> bool:
    if f[c.F_ROLE] != c.ROUTE:
        return bool(f[c.F_KINDS] == 0 or kind == 0 or f[c.F_KINDS] & kind != 0)
    low, high = f[c.F_BOUND], f[c.F_BOUND_END]
    while low < high:
        middle = (low + high) // 2
        if bound[middle] < vehicle:
            low = middle + 1
        else:
            high = middle
    return bool(low < f[c.F_BOUND_END] and bound[low] == vehicle)


@_jit
def _find(heads: Ints, nexts: Ints, numbers: Ints, v: int, fence: int) -> int:
    at = heads[v]
    while at >= 0 and numbers[at] != fence:
        at = nexts[at]
    return int(at)


@njit(
    "UniTuple(int64, 3)(int64[:, ::1], int64, int64[::1], int32[::1], int64[::1], int64[::1],"
    " int64[:, ::1], int64[::1], int64[::1], int64[::1], int64[::1], int64[:, ::1], int64,"
    " int64[:, ::1], int64[:, ::1], int64[::1], int64[::1], int32[:, ::1],"
    " boolean[::1], float64[::1], float64[:, ::1], int64[:, ::1], int64[:, ::1], boolean[::1])",
    cache=True,
    nogil=True,
)
def run(
    points: Ints, start: int, starts: Ints, near: Words, ids: Ints, kinds: Ints,
    recent: Ints, counts: Ints, heads: Ints, nexts: Ints, numbers: Ints, pairs: Ints, used: int,
    fences: Ints, hours: Ints, bound: Ints, gates: Ints, corners: Words,
    ends: npt.NDArray[np.bool_], squares: Floats, scales: Floats, lasts: Ints, events: Ints,
    late: npt.NDArray[np.bool_],
) -> tuple[int, int, int]:  # fmt: skip
    """Judge ``points[start:]``: (row to go on with, events written, rows of ``pairs`` used).

    Point ``i`` has the pairs ``starts[i]:starts[i + 1]`` of ``near`` (``number << 2 | DEEP |
    INSIDE``) and its vehicle was then of the kind ``kinds[i]``. ``recent`` (vehicles, KEPT_POINTS)
    names the last ``counts`` points of a vehicle: a row of the batch counts from ``KEPT_POINTS``
    times the vehicles on, those before are old. ``lasts`` holds time, latitude and longitude of the
    last point; ``late`` is set where a point is not later than that. It stops early when ``events``
    or ``pairs`` may not hold what the next row brings.
    """
    n, old = 0, len(ids) * KEPT_POINTS
    for row in range(start, len(points)):
        p = points[row]
        v, t = p[c.VEHICLE], p[c.MS]
        if counts[v] and t <= lasts[v, 0]:
            late[row] = True
            continue
        first, last = starts[row], starts[row + 1]
        known, at = 0, heads[v]
        while at >= 0:
            known += 1
            at = nexts[at]
        most = last - first + known + len(gates)
        if n + ROOM * most > len(events) or used + most > len(pairs):
            return row, n, used
        if counts[v] == KEPT_POINTS:
            for number in range(KEPT_POINTS - 1):
                recent[v, number] = recent[v, number + 1]
        else:
            counts[v] += 1
        count = counts[v]
        recent[v, count - 1] = old + row
        mine, vehicle, kind = recent[v], ids[v], kinds[row]
        # Places near the point; what is known of others is looked at as from far.
        for each in range(first, last):
            fence = near[each] >> 2
            f = fences[fence]
            if not _concerns(f, bound, vehicle, kind):
                continue
            at = _find(heads, nexts, numbers, v, fence)
            fresh = at < 0
            if fresh:
                at = used
                _clear(pairs[at], 1)
            inside, deep = near[each] & 1 != 0, near[each] & 2 != 0
            if f[c.F_ROLE] == c.ROUTE:
                n = _follow(
                    f, hours, corners, ends, scales, pairs[at], inside, deep, p, events, n, row,
                    fence, mine, count,
                )  # fmt: skip
            else:
                n = _step(f, hours, pairs[at], inside, deep, p, events, n, row, fence, mine, count)
            if fresh and not _is_default(pairs[at]):
                numbers[at], nexts[at], heads[v] = fence, heads[v], at
                used += 1
        for each in range(len(gates)):
            fence = gates[each]
            f = fences[fence]
            if not _concerns(f, bound, vehicle, kind):
                continue
            at = _find(heads, nexts, numbers, v, fence)
            if count == 1 or t - lasts[v, 0] > GATE_GAP_MS:
                if at >= 0:
                    _clear(pairs[at], pairs[at, c.SETTLED])
                continue
            crossed = _crossed(f, corners, lasts[v, 1], lasts[v, 2], p[c.LAT], p[c.LON])
            if at < 0 and crossed == 0:
                continue
            fresh = at < 0
            if fresh:
                at = used
                _clear(pairs[at], 1)
            deep = _farther(f, corners, squares[fence], scales, p[c.LAT], p[c.LON])
            n = _cross(f, hours, pairs[at], crossed, deep, p, events, n, row, fence, mine, count)
            if fresh and not _is_default(pairs[at]):
                numbers[at], nexts[at], heads[v] = fence, heads[v], at
                used += 1
        before, at = -1, heads[v]
        while at >= 0:
            fence, after = numbers[at], nexts[at]
            f = fences[fence]
            gone = not _concerns(f, bound, vehicle, kind)
            if not gone and f[c.F_ROLE] != c.GATE:
                beside = True
                for each in range(first, last):
                    if near[each] >> 2 == fence:
                        beside = False
                if beside and f[c.F_ROLE] == c.ROUTE:
                    n = _follow(
                        f, hours, corners, ends, scales, pairs[at], False, True, p, events, n, row,
                        fence, mine, count,
                    )  # fmt: skip
                elif beside:
                    n = _step(
                        f, hours, pairs[at], False, True, p, events, n, row, fence, mine, count
                    )
            if gone and f[c.F_ROLE] == c.ROUTE and pairs[at, c.TOLD] != c.NONE:
                n = _over(pairs[at], c.BY_LAPSE, events, n, row, fence, mine, count)
            if gone or _is_default(pairs[at]):
                if before < 0:
                    heads[v] = after
                else:
                    nexts[before] = after
            else:
                before = at
            at = after
        lasts[v, 0], lasts[v, 1], lasts[v, 2] = t, p[c.LAT], p[c.LON]
    return len(points), n, used
