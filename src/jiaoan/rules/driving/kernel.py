"""The jitted pass: the rules of :mod:`~.twin` over integer columns, one position after another.

Every row of ``points`` belongs to the state row ``points[:, VEHICLE]`` and to the work row ``at``
names for that vehicle. The pass stops early when ``events`` may not hold the next row's findings
and answers where to go on. Nothing here allocates, and nothing looks at a clock.
"""

from __future__ import annotations

import math
from typing import Final

import numba as nb
import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving.law import Rule

Ints = npt.NDArray[np.int64]

OVERSPEED, CONTINUOUS, NIGHT = int(Rule.OVERSPEED), int(Rule.CONTINUOUS), int(Rule.NIGHT)
DAY_TOTAL, WEEK_TOTAL, STAY = int(Rule.DAY_TOTAL), int(Rule.WEEK_TOTAL), int(Rule.STAY)
SMALL_HOURS, HAZMAT_BAN, SCHOOL = (
    int(Rule.SMALL_HOURS), int(Rule.HAZMAT_BAN), int(Rule.SCHOOL_HOURS),
)  # fmt: skip
OFFLINE, DISPLACED, DRIFT = int(Rule.OFFLINE), int(Rule.DISPLACED), int(Rule.DRIFT)
INVALID, FROZEN, MISMATCH = int(Rule.INVALID), int(Rule.FROZEN), int(Rule.MISMATCH)
MILEAGE, CLOCK, CLONED = int(Rule.MILEAGE), int(Rule.CLOCK), int(Rule.CLONED)
ROOM: Final = 32  # events one row may make
METRES: Final = 6_371_008.8 * math.pi / 180 / 1e6  # of a microdegree, mean radius
APART_MS: Final = 21_600_000  # driving six hours later is another event of a window rule

_jit = nb.njit(cache=True, nogil=True)


@_jit
def metres(lat1: int, lon1: int, lat2: int, lon2: int) -> int:
    """Whole metres between two points, on the parallel of their middle."""
    east = abs(lon2 - lon1)
    if east > 180_000_000:
        east = 360_000_000 - east
    shrink = math.cos((lat1 + lat2) * 0.5e-6 * math.pi / 180.0)
    x = east * shrink * METRES
    y = (lat2 - lat1) * METRES
    return int(math.sqrt(x * x + y * y))


@_jit
def _tell(
    events: Ints, n: int, rule: int, phase: int, row: int, first: Ints, at: int, end: int,
    value: int, limit: int, peak_at: int, count: int, detail: int, extra: int,
) -> int:  # fmt: skip
    event = events[n]
    event[c.RULE], event[c.PHASE], event[c.ROW] = rule, phase, row
    for number in range(5):
        event[c.F_MS + number] = first[at + number]
    event[c.END], event[c.VALUE], event[c.LIMIT_HELD], event[c.PEAK_AT] = end, value, limit, peak_at
    event[c.COUNT], event[c.DETAIL], event[c.EXTRA] = count, detail, extra
    return n + 1


@_jit
def _keep(s: Ints, at: int, first: Ints, where: int) -> None:
    """Copy a key (time, latitude, longitude, alarm, status)."""
    s[at] = first[where]
    s[at + 1] = first[where + 1]
    s[at + 2] = first[where + 2]
    s[at + 3] = first[where + 3]
    s[at + 4] = first[where + 4]


@_jit
def _within(minute: int, begin: int, end: int) -> bool:
    if begin <= end:
        return begin <= minute < end
    return minute >= begin or minute < end


@_jit
def _arrival(p: Ints, s: Ints, q: Ints, f: Ints, events: Ints, n: int, row: int) -> int:
    """Rules that look at every row once: invalid data and the clock."""
    if p[c.RECEIVED] <= 0:
        return n
    day = (p[c.RECEIVED] + c.LOCAL_MS) // c.DAY_MS
    ahead = p[c.MS] - p[c.RECEIVED]
    bad = 0
    if p[c.LON] < 73_550_000 or p[c.LON] > 135_083_333:
        bad |= c.BAD_LON
    if p[c.LAT] < 3_850_000 or p[c.LAT] > 53_550_000:
        bad |= c.BAD_LAT
    if p[c.SPEED] > 1600:
        bad |= c.BAD_SPEED
    if p[c.DIRECTION] > 359:
        bad |= c.BAD_DIRECTION
    if p[c.ALTITUDE] < -200 or p[c.ALTITUDE] > 6500:
        bad |= c.BAD_ALTITUDE
    if p[c.MS] <= 0 or ahead > f[c.C_AHEAD] * 1000:
        bad |= c.BAD_TIME
    if bad and q[c.Q_RULES] >> INVALID & 1:
        if day > s[c.INVALID_DAY]:
            s[c.INVALID_DAY] = day
            s[c.INVALID_MASK] = 0
        fresh = bad & ~s[c.INVALID_MASK]
        if day == s[c.INVALID_DAY] and fresh:
            s[c.INVALID_MASK] |= fresh
            n = _tell(events, n, INVALID, c.BEGUN, row, p, 0, p[c.MS], fresh, 0, 0, 1, bad, 0)
    slow = p[c.SOURCE] == 0 and -ahead > f[c.C_BEHIND] * 1000
    fast = ahead > f[c.C_AHEAD] * 1000
    if p[c.MS] > 0 and (slow or fast) and q[c.Q_RULES] >> CLOCK & 1 and day > s[c.CLOCK_DAY]:
        s[c.CLOCK_DAY] = day
        held = f[c.C_AHEAD] if fast else f[c.C_BEHIND]
        n = _tell(events, n, CLOCK, c.BEGUN, row, p, 0, p[c.MS], ahead // 1000, held, 0, 1, 0, 0)
    return n


@_jit
def _lower(section: int, kind: int) -> tuple[int, int]:
    """The limit of a road that has these, and its source."""
    if section > 0 and (kind == 0 or section <= kind):
        return section, c.PLACE
    return kind, c.KIND if kind > 0 else 0


@_jit
def _of_road(p: Ints, q: Ints) -> tuple[int, int]:
    """The most generous limit of the roads that the point may be on."""
    limit, source = _lower(p[c.EXPRESS], q[c.Q_EXPRESS])
    if p[c.ROADS] == c.BOTH_SORTS:
        other, at = _lower(p[c.OTHER], q[c.Q_OTHER])
        if limit and (other == 0 or other > limit):
            limit, source = other, at
    elif p[c.ROAD] == c.OTHER_ROAD:
        limit, source = _lower(p[c.OTHER], q[c.Q_OTHER])
    if source and p[c.ROADS] != c.ONE_ROAD:
        source |= c.SEVERAL_ROADS
    return limit, source


@_jit
def _overspeed(
    p: Ints, s: Ints, q: Ints, f: Ints, events: Ints, n: int, row: int, night: bool
) -> int:
    t, speed = p[c.MS], p[c.SPEED]
    limit, source = _of_road(p, q)
    if p[c.LIMIT] > 0 and (source == 0 or p[c.LIMIT] <= limit):
        limit, source = p[c.LIMIT], c.PLACE
    if q[c.Q_TERMINAL] > 0 and (source == 0 or q[c.Q_TERMINAL] < limit):
        limit, source = q[c.Q_TERMINAL], c.TERMINAL
    if q[c.Q_GENERAL] > 0 and (source == 0 or q[c.Q_GENERAL] < limit):
        limit, source = q[c.Q_GENERAL], c.GENERAL
    held = limit * 100
    if night and q[c.Q_NIGHT] < 100 and limit > 0:
        held = limit * q[c.Q_NIGHT]
        source |= c.NIGHT_SHARE
    on = q[c.Q_RULES] >> OVERSPEED & 1 == 1
    over = on and held > 0 and speed * 100 > held
    excess = speed * 100 - held
    if on and not over and p[c.ALARM] & c.OVERSPEED_BIT:
        over, source, excess, held = True, c.TERMINAL, 0, q[c.Q_TERMINAL] * 100
    if s[c.O_MS] and (not over or t - s[c.L_MS] > f[c.C_HOLE] * 1000):
        s[c.O_MS] = 0
    if over and s[c.O_MS] == 0:
        _keep(s, c.O_MS, p, 0)
        s[c.O_EXCESS], s[c.O_POINTS], s[c.O_IN] = -1, 0, 0
    if s[c.E_MS] and not (s[c.O_MS] and s[c.O_IN]):
        since = s[c.O_MS] if s[c.O_MS] else t
        if since - s[c.E_LAST] > f[c.C_MERGE] * 1000:
            n = _close_overspeed(s, events, n, row)
    if not over:
        return n
    s[c.O_POINTS] += 1
    if excess > s[c.O_EXCESS]:
        s[c.O_EXCESS], s[c.O_PEAK], s[c.O_PEAK + 1] = excess, speed, t
        s[c.O_PEAK + 2], s[c.O_PEAK + 3] = held, source
    if t - s[c.O_MS] <= f[c.C_OVER] * 1000:
        return n
    fresh = s[c.E_MS] == 0
    if fresh:
        _keep(s, c.E_MS, s, c.O_MS)
        s[c.E_EXCESS], s[c.E_POINTS], s[c.E_OVER] = -1, 0, 0
    s[c.E_POINTS] += 1 if s[c.O_IN] else s[c.O_POINTS]
    s[c.E_OVER] += t - s[c.E_LAST] if s[c.O_IN] else t - s[c.O_MS]
    s[c.E_LAST], s[c.O_IN] = t, 1
    if s[c.O_EXCESS] > s[c.E_EXCESS]:
        for number in range(5):
            s[c.E_PEAK + number] = s[c.O_PEAK + number]
    if fresh:
        n = _tell(
            events, n, OVERSPEED, c.BEGUN, row, s, c.E_MS, t, s[c.E_PEAK], s[c.E_PEAK + 2],
            s[c.E_PEAK + 1], s[c.E_POINTS], s[c.E_PEAK + 3], s[c.E_OVER] // 1000,
        )  # fmt: skip
    return n


@_jit
def _close_overspeed(s: Ints, events: Ints, n: int, row: int) -> int:
    n = _tell(
        events, n, OVERSPEED, c.ENDED, row, s, c.E_MS, s[c.E_LAST], s[c.E_PEAK], s[c.E_PEAK + 2],
        s[c.E_PEAK + 1], s[c.E_POINTS], s[c.E_PEAK + 3], s[c.E_OVER] // 1000,
    )  # fmt: skip
    s[c.E_MS] = 0
    return n


@_jit
def _window(
    p: Ints, s: Ints, at: int, rule: int, forbidden: bool, moving: bool, detail: int,
    events: Ints, n: int, row: int,
) -> int:  # fmt: skip
    """Driving in forbidden hours: two moving points in a row begin it, its hours' end ends it."""
    t = p[c.MS]
    apart = s[at] and t - s[at + c.W_LAST] > APART_MS
    if s[at] and (not forbidden or apart or (not s[at + c.W_TOLD] and not moving)):
        if s[at + c.W_TOLD]:
            n = _tell(
                events, n, rule, c.ENDED, row, s, at, s[at + c.W_LAST], s[at + c.W_PEAK], 0,
                s[at + c.W_PEAK_AT], s[at + c.W_POINTS], s[at + c.W_DETAIL], 0,
            )  # fmt: skip
        s[at] = 0
    if not forbidden or not moving:
        return n
    if s[at] == 0:
        _keep(s, at, p, 0)
        s[at + c.W_PEAK], s[at + c.W_PEAK_AT] = -1, 0
        s[at + c.W_POINTS], s[at + c.W_TOLD], s[at + c.W_DETAIL] = 0, 0, detail
    s[at + c.W_POINTS] += 1
    s[at + c.W_LAST] = t
    if p[c.SPEED] > s[at + c.W_PEAK]:
        s[at + c.W_PEAK], s[at + c.W_PEAK_AT] = p[c.SPEED], t
    if not s[at + c.W_TOLD] and s[at + c.W_POINTS] >= 2:
        s[at + c.W_TOLD] = 1
        n = _tell(
            events, n, rule, c.BEGUN, row, s, at, t, s[at + c.W_PEAK], 0, s[at + c.W_PEAK_AT],
            s[at + c.W_POINTS], s[at + c.W_DETAIL], 0,
        )  # fmt: skip
    return n


@_jit
def _add_minutes(w: Ints, begin: int, end: int) -> None:
    """Minutes whose first instant lies in [begin, end) are driven."""
    minute = -(-begin // 60_000)
    while minute * 60_000 < end:
        slot = minute % 1440
        bit = np.int64(1) << np.int64(slot % 60)
        if not w[c.HOUR0 + slot // 60] & bit:
            w[c.HOUR0 + slot // 60] |= bit
            w[c.MINUTES] += 1
            w[c.DAY0 + (minute + 480) // 1440 % 7] += 1
        minute += 1


@_jit
def _advance(w: Ints, minute: int) -> None:
    """Forget minutes older than 24 hours and days older than seven."""
    day = (minute + 480) // 1440
    if w[c.HEAD] == 0:
        w[c.HEAD], w[c.DAY] = minute, day
    for each in range(w[c.HEAD] + 1, min(minute, w[c.HEAD] + 1440) + 1):
        slot = each % 1440
        bit = np.int64(1) << np.int64(slot % 60)
        if w[c.HOUR0 + slot // 60] & bit:
            w[c.HOUR0 + slot // 60] &= ~bit
            w[c.MINUTES] -= 1
    for each in range(w[c.DAY] + 1, min(day, w[c.DAY] + 7) + 1):
        w[c.DAY0 + each % 7] = 0
    w[c.HEAD], w[c.DAY] = minute, day


@_jit
def _rest(w: Ints, events: Ints, n: int, row: int, f: Ints) -> int:
    """The drive is over since ``w[STAND]``: tell the ends of what was begun."""
    driven = (w[c.STAND] - w[c.D_MS]) // 1000
    paused = w[c.PAUSED] // 1000
    value = driven if f[c.C_PAUSES] else driven - paused
    if w[c.TOLD_LONG]:
        n = _tell(
            events, n, CONTINUOUS, c.ENDED, row, w, c.D_MS, w[c.STAND], value, f[c.C_LONG], 0, 0, 0,
            paused,
        )  # fmt: skip
    if w[c.TOLD_NIGHT]:
        n = _tell(
            events, n, NIGHT, c.ENDED, row, w, c.D_MS, w[c.STAND], value, f[c.C_NIGHT], 0, 0, 0,
            paused,
        )  # fmt: skip
    w[c.D_MS] = 0
    w[c.STAND] = 0
    return n


@_jit
def _drive(
    p: Ints, s: Ints, w: Ints, q: Ints, f: Ints, events: Ints, n: int, row: int,
    gap: bool, moving: bool, way: int, night: bool,
) -> int:  # fmt: skip
    """Continuous driving and the totals of the driver whose work ``w`` is."""
    t, last = p[c.MS], s[c.L_MS]
    _advance(w, t // 60_000)
    if w[c.D_MS]:
        if gap:
            since = w[c.STAND] if w[c.STAND] else last
            w[c.STAND] = min(since + way * 3600 // f[c.C_FASTEST], t)
        elif w[c.STAND] == 0:
            _add_minutes(w, last, t)
        if not moving and w[c.STAND] == 0:
            w[c.STAND] = t
        if w[c.STAND]:
            stand = t - w[c.STAND]
            if stand >= f[c.C_REST] * 1000:
                n = _rest(w, events, n, row, f)
            elif moving:
                if stand < f[c.C_HALT] * 1000:
                    if not gap:
                        _add_minutes(w, w[c.STAND], t)
                else:
                    w[c.PAUSED] += stand
                w[c.STAND] = 0
    week = 0
    for number in range(7):
        week += w[c.DAY0 + number]
    if w[c.MINUTES] <= f[c.C_DAY] - 60:
        w[c.TOLD_DAY] = 0
    if week <= f[c.C_WEEK]:
        w[c.TOLD_WEEK] = 0
    if not moving:
        return n
    if w[c.D_MS] == 0:
        _keep(w, c.D_MS, p, 0)
        w[c.PAUSED], w[c.TOLD_LONG], w[c.TOLD_NIGHT] = 0, 0, 0
    rules = q[c.Q_RULES]
    driven = t - w[c.D_MS]
    if not f[c.C_PAUSES]:
        driven -= w[c.PAUSED]
    paused = w[c.PAUSED] // 1000
    if driven > f[c.C_LONG] * 1000 and not w[c.TOLD_LONG] and rules >> CONTINUOUS & 1:
        w[c.TOLD_LONG] = 1
        n = _tell(
            events, n, CONTINUOUS, c.BEGUN, row, w, c.D_MS, t, driven // 1000, f[c.C_LONG], 0, 0, 0,
            paused,
        )  # fmt: skip
    if night and driven > f[c.C_NIGHT] * 1000 and not w[c.TOLD_NIGHT] and rules >> NIGHT & 1:
        w[c.TOLD_NIGHT] = 1
        n = _tell(
            events, n, NIGHT, c.BEGUN, row, w, c.D_MS, t, driven // 1000, f[c.C_NIGHT], 0, 0, 0,
            paused,
        )  # fmt: skip
    if w[c.MINUTES] > f[c.C_DAY] and not w[c.TOLD_DAY] and rules >> DAY_TOTAL & 1:
        w[c.TOLD_DAY] = 1
        n = _tell(
            events, n, DAY_TOTAL, c.BEGUN, row, p, 0, t, w[c.MINUTES] * 60, f[c.C_DAY] * 60, 0,
            0, 0, 0,
        )  # fmt: skip
    if week > f[c.C_WEEK] and not w[c.TOLD_WEEK] and rules >> WEEK_TOTAL & 1:
        w[c.TOLD_WEEK] = 1
        n = _tell(
            events, n, WEEK_TOTAL, c.BEGUN, row, p, 0, t, week * 60, f[c.C_WEEK] * 60, 0, 0, 0,
            0,
        )  # fmt: skip
    return n


@_jit
def _run(
    s: Ints, at: int, rule: int, on: bool, first: Ints, where: int, grown: int, needed: int,
    since_ms: int, t: int, end: int, value: int, events: Ints, n: int, row: int,
) -> int:  # fmt: skip
    """Points in a row that all show one sign; told at ``needed`` points and ``since_ms``."""
    if not on:
        if s[at] and s[at + c.R_TOLD]:
            n = _tell(
                events, n, rule, c.ENDED, row, s, at, end, (end - s[at]) // 1000, needed, 0,
                s[at + c.R_POINTS], 0, 0,
            )  # fmt: skip
        s[at] = 0
        return n
    if s[at] == 0:
        _keep(s, at, first, where)
        s[at + c.R_POINTS], s[at + c.R_TOLD] = grown, 0
    else:
        s[at + c.R_POINTS] += 1
    ripe = s[at + c.R_POINTS] >= needed and t - s[at] >= since_ms
    if ripe and not s[at + c.R_TOLD]:
        s[at + c.R_TOLD] = 1
        n = _tell(
            events, n, rule, c.BEGUN, row, s, at, t, value, needed, 0, s[at + c.R_POINTS], 0, 0
        )
    return n


@_jit
def _stay(
    p: Ints, s: Ints, f: Ints, on: bool, moving: bool, apart: bool, events: Ints, n: int, row: int,
) -> int:  # fmt: skip
    t, at = p[c.MS], c.S_MS
    standing = on and not moving and p[c.KNOWN] == 0
    if s[at] and (not standing or apart):
        if s[at + c.R_TOLD]:
            n = _tell(
                events, n, STAY, c.ENDED, row, s, at, s[c.L_MS], (s[c.L_MS] - s[at]) // 1000,
                f[c.C_STAY], 0, s[at + c.R_POINTS], 0, 0,
            )  # fmt: skip
        s[at] = 0
    if not standing:
        return n
    if s[at] == 0:
        _keep(s, at, p, 0)
        s[at + c.R_POINTS], s[at + c.R_TOLD] = 0, 0
    s[at + c.R_POINTS] += 1
    if t - s[at] > f[c.C_STAY] * 1000 and not s[at + c.R_TOLD]:
        s[at + c.R_TOLD] = 1
        n = _tell(
            events, n, STAY, c.BEGUN, row, s, at, t, (t - s[at]) // 1000, f[c.C_STAY], 0,
            s[at + c.R_POINTS], 0, 0,
        )  # fmt: skip
    return n


@_jit
def _card(card: Ints, state: Ints, works: Ints, at: Ints, drivers: Ints) -> None:
    """Another driver: the one before stands from the last point on."""
    v, work = card[c.CARD_VEHICLE], card[c.CARD_WORK]
    s = state[v]
    if card[c.CARD_TIME] <= s[c.CARD_MS]:
        return
    s[c.CARD_MS] = card[c.CARD_TIME]
    old = works[at[v]]
    if at[v] == work:
        return
    new = works[work]
    if drivers[at[v]] == 0:
        new[:] = old  # the unknown driver now has a name
        old[:] = 0
    elif old[c.D_MS] and old[c.STAND] == 0:
        old[c.STAND] = s[c.L_MS]
    at[v] = work
    s[c.DRIVER] = drivers[work]


@_jit
def _cloned(
    p: Ints, s: Ints, q: Ints, f: Ints, dt: int, day: int, events: Ints, n: int, row: int
) -> int:
    """Two terminals of one vehicle, there and back faster than any vehicle."""
    jump = metres(s[c.L_LAT], s[c.L_LON], p[c.LAT], p[c.LON])
    if jump < f[c.C_CLONE_M] or jump * 3600 <= f[c.C_CLONE] * dt:
        return n
    if p[c.MS] - s[c.CLONE_MS] > c.DAY_MS:
        s[c.CLONE_HITS] = 0
    s[c.CLONE_HITS] += 1
    s[c.CLONE_MS] = p[c.MS]
    told = s[c.CLONE_DAY] >= day
    if s[c.CLONE_HITS] >= 2 and not told and q[c.Q_RULES] >> CLONED & 1:
        s[c.CLONE_DAY] = day
        n = _tell(
            events, n, CLONED, c.BEGUN, row, s, c.L_MS, p[c.MS], jump, f[c.C_CLONE], 0,
            s[c.CLONE_HITS], 0, dt // 1000,
        )  # fmt: skip
    return n


@_jit
def _forbidden(
    p: Ints, s: Ints, q: Ints, f: Ints, bans: Ints, moving: bool, minute: int, day: int,
    events: Ints, n: int, row: int,
) -> int:  # fmt: skip
    rules, t = q[c.Q_RULES], p[c.MS]
    small = rules >> SMALL_HOURS & 1 == 1 and _within(minute, f[c.C_SMALL_FROM], f[c.C_SMALL_TO])
    n = _window(p, s, c.W_SMALL, SMALL_HOURS, small, moving, 0, events, n, row)
    banned = -1
    if rules >> HAZMAT_BAN & 1:
        for number in range(len(bans) - 1, -1, -1):
            ban = bans[number]
            if (
                ban[c.B_BEGIN] <= t < ban[c.B_END]
                and ban[c.B_KINDS] >> q[c.Q_KIND] & 1
                and (ban[c.B_ROAD] == c.ANY_ROAD or ban[c.B_ROAD] == p[c.ROAD])
                and _within(minute, ban[c.B_FROM], ban[c.B_TO])
            ):
                banned = number
    n = _window(p, s, c.W_BAN, HAZMAT_BAN, banned >= 0, moving, banned, events, n, row)
    outside = rules >> SCHOOL & 1 == 1
    if q[c.Q_DAYS] >> ((day + 3) % 7) & 1:  # day 0 of the epoch was a Thursday
        outside = (
            outside and not q[c.Q_H1] <= minute < q[c.Q_H2] and not q[c.Q_H3] <= minute < q[c.Q_H4]
        )
    return _window(p, s, c.W_SCHOOL, SCHOOL, outside, moving, 0, events, n, row)


@_jit
def _point(
    p: Ints, s: Ints, w: Ints, q: Ints, f: Ints, bans: Ints, events: Ints, n: int, row: int
) -> int:
    """One point that counts."""
    t, rules, last = p[c.MS], q[c.Q_RULES], s[c.L_MS]
    known = last > 0
    day = (t + c.LOCAL_MS) // c.DAY_MS
    minute = (t + c.LOCAL_MS) // 60_000 % 1440
    night = _within(minute, f[c.C_NIGHT_FROM], f[c.C_NIGHT_TO])
    dt, since, way = 0, 0, 0
    gap, astray, moving = False, False, p[c.SPEED] >= f[c.C_MOVING]
    crept = False
    if known:
        dt, since = t - last, t - s[c.A_MS]
        gap = dt > f[c.C_GAP] * 1000
        way = metres(s[c.A_LAT], s[c.A_LON], p[c.LAT], p[c.LON])
        astray = way > f[c.C_DRIFT_M] and way * 3600 > f[c.C_DRIFT] * since
        crept = (
            not gap and not astray and way >= f[c.C_MOVED] and s[c.L_SPEED] < f[c.C_MOVING]
        )  # a first 0 after braking is a stand; a second one far from it is not
        moving = moving or (crept and way * 36_000 >= f[c.C_MOVING] * since)
        if p[c.DEVICE] and s[c.L_DEVICE] and p[c.DEVICE] != s[c.L_DEVICE]:
            n = _cloned(p, s, q, f, dt, day, events, n, row)
        if dt >= f[c.C_OFFLINE] * 1000:
            was_on = s[c.L_STATUS] & c.ACC or s[c.L_MOVING]
            if was_on and rules >> OFFLINE & 1:
                n = _tell(
                    events, n, OFFLINE, c.ENDED, row, s, c.L_MS, t, dt // 1000, f[c.C_OFFLINE], 0,
                    0, 0, way,
                )  # fmt: skip
            if way >= f[c.C_DISPLACED] and not astray and rules >> DISPLACED & 1:
                n = _tell(
                    events, n, DISPLACED, c.BEGUN, row, s, c.L_MS, t, way, f[c.C_DISPLACED], 0, 0,
                    0, dt // 1000,
                )  # fmt: skip
        if astray and s[c.DRIFT_DAY] < day and rules >> DRIFT & 1:
            s[c.DRIFT_DAY] = day
            n = _tell(
                events, n, DRIFT, c.BEGUN, row, s, c.L_MS, t, way, f[c.C_DRIFT], 0, 0, 0,
                way * 3600 // since,
            )  # fmt: skip
    n = _overspeed(p, s, q, f, events, n, row, night)
    n = _drive(p, s, w, q, f, events, n, row, gap, moving, 0 if astray else way, night)
    n = _forbidden(p, s, q, f, bans, moving, minute, day, events, n, row)
    stay = rules >> STAY & 1 == 1
    n = _stay(p, s, f, stay, moving, gap and way > f[c.C_STAY_M], events, n, row)
    fast = p[c.SPEED] >= f[c.C_MOVING]
    still = (
        known and not gap and fast and s[c.L_SPEED] >= f[c.C_MOVING]
        and p[c.LAT] == s[c.L_LAT] and p[c.LON] == s[c.L_LON] and rules >> FROZEN & 1 == 1
    )  # fmt: skip
    n = _run(
        s, c.Z_MS, FROZEN, still, s, c.L_MS, 2, f[c.C_FROZEN], f[c.C_FROZEN_S] * 1000, t, last,
        p[c.SPEED], events, n, row,
    )  # fmt: skip
    odd = (
        crept and not fast and way * 3600 >= f[c.C_MISMATCH] * since and rules >> MISMATCH & 1 == 1
    )
    n = _run(
        s, c.X_MS, MISMATCH, odd, s, c.L_MS, 1, f[c.C_MISMATCH_N], 0, t, last,
        way * 3600 // max(since, 1), events, n, row,
    )  # fmt: skip
    if p[c.MILEAGE] != c.NO_MILEAGE:
        back = s[c.L_MILEAGE] - 1 - p[c.MILEAGE]  # kept plus one; 0 = none yet
        if back > 0 and s[c.MILEAGE_DAY] < day and rules >> MILEAGE & 1:
            s[c.MILEAGE_DAY] = day
            n = _tell(
                events, n, MILEAGE, c.BEGUN, row, s, c.L_MS, t, back, 0, 0, 0, 0, p[c.MILEAGE]
            )
        s[c.L_MILEAGE] = p[c.MILEAGE] + 1
    s[c.ASTRAY] = s[c.ASTRAY] + 1 if astray else 0
    if not astray or s[c.ASTRAY] >= f[c.C_ASTRAY]:
        s[c.A_MS], s[c.A_LAT], s[c.A_LON], s[c.ASTRAY] = t, p[c.LAT], p[c.LON], 0
    _keep(s, c.L_MS, p, 0)
    s[c.L_SPEED], s[c.L_MOVING], s[c.L_DEVICE] = p[c.SPEED], int(moving), p[c.DEVICE]
    return n


@nb.njit(
    "UniTuple(int64, 2)(int64[:, ::1], int64, int64[:, ::1], int64[:, ::1], int64[::1],"
    " int64[::1], int64[:, ::1], int64[:, ::1], int64[::1], int64[:, ::1], int64[:, ::1],"
    " int64[:, ::1], int64[::1])",
    cache=True,
    nogil=True,
)
def run(
    points: Ints, start: int, state: Ints, works: Ints, at: Ints, drivers: Ints, cards: Ints,
    params: Ints, spans: Ints, settings: Ints, bans: Ints, events: Ints, marks: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Judge ``points[start:]``: (row to go on with, events written).

    ``state`` (STATE_COLUMNS), ``works`` (WORK_COLUMNS) and ``at`` are changed in place.
    ``params`` holds for each vehicle v the rows ``spans[v]`` to before ``spans[v + 1]``, by the
    moment from which each holds; ``marks`` gets what became of each row of ``points``.
    """
    n = 0
    card = 0
    while card < len(cards) and cards[card, c.CARD_BEFORE] < start:
        card += 1
    for row in range(start, len(points)):
        if n + ROOM > len(events):
            return row, n
        while card < len(cards) and cards[card, c.CARD_BEFORE] <= row:
            _card(cards[card], state, works, at, drivers)
            card += 1
        p = points[row]
        v = p[c.VEHICLE]
        s = state[v]
        t = p[c.MS]
        first, span = spans[v], spans[v + 1] - 1
        while span > first and p[c.RECEIVED] < params[span, c.Q_SINCE]:
            span -= 1
        q = params[span]
        n = _arrival(p, s, q, settings[q[c.Q_SETTINGS]], events, n, row)
        span = spans[v + 1] - 1
        while span > first and t < params[span, c.Q_SINCE]:
            span -= 1
        q = params[span]
        f = settings[q[c.Q_SETTINGS]]
        usable = (
            p[c.STATUS] & c.FIXED
            and t > 0
            and t <= p[c.RECEIVED] + f[c.C_AHEAD] * 1000
            and (p[c.LAT] or p[c.LON])
            and abs(p[c.LAT]) <= 90_000_000
            and abs(p[c.LON]) <= 180_000_000
        )
        if not usable:
            marks[row] = c.UNUSABLE
            continue
        if t <= s[c.L_MS]:
            marks[row] = c.LATE
            continue
        marks[row] = c.COUNTED
        n = _point(p, s, works[at[v]], q, f, bans, events, n, row)
    while card < len(cards):
        _card(cards[card], state, works, at, drivers)
        card += 1
    return len(points), n


def warm() -> None:
    """Load (or, the first time, compile) everything now, not under the first batch."""
    table, row = np.zeros((0, 1), np.int64), np.zeros(0, np.int64)
    run(table, 0, table, table, row, row, table, table, row, table, table, table, row)
