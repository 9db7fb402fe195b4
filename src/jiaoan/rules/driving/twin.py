"""The driving rules in plain Python, over the whole track of one vehicle: the oracle.

Written from the text of the rules and from whole lists, not from a state that moves from point to
point, so that the jitted pass has something to be held against. It answers the same events, at
the same rows, and is the yardstick of ``bench/run rules``.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving.book import (
    Book,
    Limits,
    Profile,
    exempt_from_small_hours,
    limits_for,
    rules_for,
)
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.settings import Settings

Key = tuple[int, int, int, int, int]
HOUR_MS = 3_600_000


class Point(NamedTuple):
    """A position as it came, with its row in the stream."""

    row: int
    time: int
    lat: int
    lon: int
    alarm: int
    status: int
    received: int
    speed: int
    direction: int
    altitude: int
    mileage: int
    source: int
    device: bytes
    limit: int = 0
    road: int = 0
    known: bool = False
    express: int = 0
    other: int = 0
    roads: int = 0

    @property
    def key(self) -> Key:
        return self[1:6]


class CardIn(NamedTuple):
    """A qualified driver's card before the position with row ``before``."""

    before: int
    driver: int
    time: int


class Event(NamedTuple):
    """What the pass writes for one finding, except the vehicle."""

    row: int
    rule: int
    phase: int
    first: Key
    end: int
    value: int
    limit: int
    peak_at: int
    points: int
    detail: int
    extra: int


@dataclass(frozen=True)
class Seen:
    """A point that counts, and how it lies to the one before."""

    point: Point
    settings: Settings
    profile: Profile
    before: Seen | None
    anchor: Point | None  # last point that was not astray
    astray: bool
    way: int  # metres from the anchor
    moving: bool

    @property
    def time(self) -> int:
        return self.point.time

    @property
    def dt(self) -> int:
        return self.time - self.before.time if self.before else 0

    @property
    def since(self) -> int:
        return self.time - self.anchor.time if self.anchor else 0

    @property
    def gap(self) -> bool:
        return self.dt > self.settings.gap_s * 1000

    @property
    def minute(self) -> int:
        return (self.time + 8 * HOUR_MS) // 60_000 % 1440

    @property
    def day(self) -> int:
        return (self.time + 8 * HOUR_MS) // (24 * HOUR_MS)

    @property
    def night(self) -> bool:
        return within(self.minute, self.settings.night_from, self.settings.night_to)

    @property
    def crept(self) -> bool:
        """Came some way since a point that said it stood, so it did not stand."""
        if self.before is None or self.gap or self.astray:
            return False
        stood = self.before.point.speed < self.settings.moving
        return stood and self.way >= self.settings.moved_m

    @property
    def implied(self) -> float:
        """km/h that the way needs."""
        return self.way * 3600 / self.since if self.since else 0.0


def within(minute: int, begin: int, end: int) -> bool:
    """Whether a minute of day lies in [begin, end), which may cross midnight."""
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def distance(one: Point, other: Point) -> int:
    """Whole metres on the parallel of the middle, on a sphere of 6,371,008.8 m."""
    east = abs(other.lon - one.lon)
    if east > 180_000_000:
        east = 360_000_000 - east
    degree = 6_371_008.8 * math.pi / 180 / 1e6
    x = east * math.cos((one.lat + other.lat) * 0.5e-6 * math.pi / 180.0) * degree
    y = (other.lat - one.lat) * degree
    return int(math.sqrt(x * x + y * y))


def counted(points: Sequence[Point], vehicle: int, book: Book) -> list[Seen]:
    """The points that count, each later than the one before."""
    seen: list[Seen] = []
    anchor: Point | None = None
    astray_run = 0
    for point in points:
        settings = book.settings_at(point.time)
        if not usable(point, settings) or (seen and point.time <= seen[-1].time):
            continue
        before = seen[-1] if seen else None
        way = distance(anchor, point) if anchor else 0
        since = point.time - anchor.time if anchor else 0
        astray = way > settings.drift_m and way * 3600 > settings.drift_kmh * since
        profile = book.profile_at(vehicle, point.time)
        draft = Seen(point, settings, profile, before, anchor, astray, way, False)
        crept_fast = draft.crept and way * 36_000 >= settings.moving * since
        moving = point.speed >= settings.moving or crept_fast
        seen.append(replace(draft, moving=moving))
        astray_run = astray_run + 1 if astray else 0
        if not astray or astray_run >= settings.astray_points:
            anchor, astray_run = point, 0
    return seen


def usable(point: Point, settings: Settings) -> bool:
    return bool(
        point.status & 2
        and 0 < point.time <= point.received + settings.ahead_s * 1000
        and (point.lat, point.lon) != (0, 0)
        and abs(point.lat) <= 90_000_000
        and abs(point.lon) <= 180_000_000
    )


def judge(
    points: Sequence[Point], cards: Sequence[CardIn], vehicle: int, book: Book
) -> list[Event]:
    """All events of one vehicle, by row and rule."""
    seen = counted(points, vehicle, book)
    found = [
        *arrival(points, vehicle, book),
        *overspeed(seen),
        *driving(seen, cards),
        *hours(seen, book),
        *silences(seen),
        *stays(seen),
        *signs(seen),
        *clones(seen),
    ]
    return sorted(found)


def allowed(rule: Rule, seen: Seen) -> bool:
    return rule in rules_for(seen.profile, seen.settings)


# --- every row as it arrives ---------------------------------------------------------------------


def arrival(points: Sequence[Point], vehicle: int, book: Book) -> Iterator[Event]:
    told: dict[int, int] = {}
    newest = clock_day = 0
    for point in points:
        if point.received <= 0:
            continue
        settings = book.settings_at(point.received)
        rules = rules_for(book.profile_at(vehicle, point.received), settings)
        day = (point.received + 8 * HOUR_MS) // (24 * HOUR_MS)
        bad = invalid_fields(point, settings)
        if bad and Rule.INVALID in rules and day >= newest:
            newest = day
            fresh = bad & ~told.get(day, 0)
            told[day] = told.get(day, 0) | bad
            if fresh:
                yield Event(
                    point.row, Rule.INVALID, 0, point.key, point.time, fresh, 0, 0, 1, bad, 0
                )
        ahead = point.time - point.received
        late = point.source == 0 and -ahead > settings.behind_s * 1000
        early = ahead > settings.ahead_s * 1000
        if point.time > 0 and (late or early) and day > clock_day and Rule.CLOCK in rules:
            clock_day = day
            held = settings.ahead_s if early else settings.behind_s
            yield Event(
                point.row, Rule.CLOCK, 0, point.key, point.time, ahead // 1000, held, 0, 1, 0, 0
            )


def invalid_fields(point: Point, settings: Settings) -> int:
    """考核表说明: 73°33'-135°05' E, 3°51'-53°33' N, 0-160 km/h, -200 to 6500 m, time not ahead."""
    checks = (
        (c.BAD_LON, (73 + 33 / 60) * 1e6 - 1e-3 <= point.lon <= (135 + 5 / 60) * 1e6),
        (c.BAD_LAT, (3 + 51 / 60) * 1e6 - 1e-3 <= point.lat <= (53 + 33 / 60) * 1e6 + 1e-3),
        (c.BAD_SPEED, point.speed <= 1600),
        (c.BAD_DIRECTION, 0 <= point.direction < 360),
        (c.BAD_ALTITUDE, -200 <= point.altitude <= 6500),
        (c.BAD_TIME, 0 < point.time <= point.received + settings.ahead_s * 1000),
    )
    return sum(bit for bit, good in checks if not good)


# --- overspeed -----------------------------------------------------------------------------------


class Over(NamedTuple):
    """How far a point is over which limit (0.001 km/h)."""

    excess: int
    limit: int
    source: int


def of_road(point: Point, limits: Limits) -> tuple[int, int]:
    """The limit of the road, and its source: on the one that it may drive fastest on."""
    express = [(point.express, c.PLACE), (limits.express, c.KIND)]
    other = [(point.other, c.PLACE), (limits.other, c.KIND)]
    maybe = [express, other] if point.roads == 2 else [other if point.road == 2 else express]
    held = [[each for each in one if each[0] > 0] for one in maybe]
    if not all(held):
        return 0, 0
    limit, source = max(
        (min(one, key=lambda each: each[0]) for one in held), key=lambda one: one[0]
    )
    return limit, source | (c.SEVERAL_ROADS if point.roads else 0)


def over_limit(seen: Seen) -> Over | None:
    point, limits = seen.point, limits_for(seen.profile, seen.settings)
    if not allowed(Rule.OVERSPEED, seen):
        return None
    known = [
        (point.limit, c.PLACE),
        of_road(point, limits),
        (seen.profile.terminal_limit, c.TERMINAL),
        (limits.general, c.GENERAL),
    ]
    known = [each for each in known if each[0] > 0]
    if known:
        limit, source = min(known, key=lambda each: each[0])
        share = seen.settings.night_percent if seen.profile.kind == "coach" and seen.night else 100
        excess = point.speed * 100 - limit * share
        if excess > 0:
            mark = c.NIGHT_SHARE if share < 100 else 0
            return Over(excess, limit * share, source | mark)
    if point.alarm & 2:
        return Over(0, seen.profile.terminal_limit * 100, c.TERMINAL)
    return None


class Stretch(NamedTuple):
    """Points over the limit without a hole, and the number of the one that made it count."""

    points: list[tuple[Seen, Over]]
    ripe: int | None


def overspeed(seen: Sequence[Seen]) -> Iterator[Event]:
    """More than 30 s is overspeed, and what follows within a minute is the same event."""
    stretches: list[list[tuple[Seen, Over]]] = []
    start_of: dict[int, int] = {}  # number of a point → beginning of the stretch it lies in
    open_ = False
    for number, each in enumerate(seen):
        over = over_limit(each)
        if over is None:
            open_ = False
            continue
        if not open_ or each.dt > each.settings.hole_s * 1000:
            stretches.append([])
        stretches[-1].append((each, over))
        start_of[number] = stretches[-1][0][0].time
        open_ = True
    events: list[list[Stretch]] = []
    for points in stretches:
        begin = points[0][0].time
        ripe = next(
            (
                number
                for number, (each, _) in enumerate(points)
                if each.time - begin > each.settings.over_s * 1000
            ),
            None,
        )
        if ripe is None:
            continue
        merge = points[0][0].settings.merge_s * 1000
        if events and begin - events[-1][-1].points[-1][0].time <= merge:
            events[-1].append(Stretch(points, ripe))
        else:
            events.append([Stretch(points, ripe)])
    order = {id(each): number for number, each in enumerate(seen)}
    for event in events:
        first, ripe = event[0].points, event[0].ripe or 0
        yield _overspeed(0, first[ripe][0], [first[: ripe + 1]])
        last = event[-1].points[-1][0]
        for number in range(order[id(last)] + 1, len(seen)):
            after = seen[number]
            since = start_of.get(number, after.time)
            if since - last.time > after.settings.merge_s * 1000:
                yield _overspeed(1, after, [each.points for each in event])
                break


def _overspeed(phase: int, at: Seen, parts: Sequence[list[tuple[Seen, Over]]]) -> Event:
    points = [each for part in parts for each in part]
    worst, over = max(points, key=lambda each: each[1].excess)
    lasted = sum(part[-1][0].time - part[0][0].time for part in parts)
    return Event(
        at.point.row, Rule.OVERSPEED, phase, points[0][0].point.key, points[-1][0].time,
        worst.point.speed, over.limit, worst.time, len(points), over.source, lasted // 1000,
    )  # fmt: skip


# --- continuous driving and totals ---------------------------------------------------------------


@dataclass
class Work:
    """What one driver did on this vehicle."""

    drive: Seen | None = None
    stand: int | None = None  # since when the vehicle stands in this drive
    paused: int = 0
    told: set[Rule] = field(default_factory=set)
    recent: deque[int] = field(default_factory=deque)  # minutes in whose first instant he drove
    by_day: dict[int, int] = field(default_factory=dict)
    told_totals: set[Rule] = field(default_factory=set)

    def drove(self, begin: int, end: int) -> None:
        for minute in range(-(-begin // 60_000), -(-end // 60_000)):
            self.recent.append(minute)
            day = (minute + 480) // 1440
            self.by_day[day] = self.by_day.get(day, 0) + 1

    def in_24_hours(self, now: int) -> int:
        while self.recent and self.recent[0] <= now // 60_000 - 1440:
            self.recent.popleft()
        return len(self.recent)

    def in_7_days(self, day: int) -> int:
        return sum(self.by_day.get(each, 0) for each in range(day - 6, day + 1))


def driving(seen: Sequence[Seen], cards: Sequence[CardIn]) -> Iterator[Event]:
    works: dict[int, Work] = {0: Work()}
    driver, card_time = 0, 0
    waiting = sorted(cards, key=lambda card: card.before)
    for each in seen:
        while waiting and waiting[0].before <= each.point.row:
            card = waiting.pop(0)
            if card.time <= card_time:
                continue
            card_time = card.time
            if card.driver != driver:
                take_over(works, driver, card.driver, each.before)
                driver = card.driver
        yield from drive_on(works[driver], each)


def take_over(works: dict[int, Work], old: int, new: int, last: Seen | None) -> None:
    """The driver before stands from the last point on; an unknown driver gets his name."""
    if old == 0:
        works[new] = works.pop(0)
        return
    if works[old].drive and works[old].stand is None and last:
        works[old].stand = last.time
    works.setdefault(new, Work())


def drive_on(work: Work, at: Seen) -> Iterator[Event]:
    settings, now = at.settings, at.time
    if work.drive and at.before:
        if at.gap:
            # What lies between is not known: it stood, but for the time the way needs.
            begin = work.stand if work.stand is not None else at.before.time
            way = 0 if at.astray else at.way
            work.stand = min(begin + way * 3600 // settings.fastest_kmh, now)
        elif work.stand is None:
            work.drove(at.before.time, now)
        if not at.moving and work.stand is None:
            work.stand = now
        if work.stand is not None:
            yield from stood(work, at)
    total, week = work.in_24_hours(now), work.in_7_days(at.day)
    if total <= settings.day_total_min - 60:
        work.told_totals.discard(Rule.DAY_TOTAL)
    if week <= settings.week_total_min:
        work.told_totals.discard(Rule.WEEK_TOTAL)
    if not at.moving:
        return
    if work.drive is None:
        work.drive, work.stand, work.paused = at, None, 0
        work.told.clear()
    driven = now - work.drive.time - (0 if settings.pauses_count else work.paused)
    limits = [(Rule.CONTINUOUS, settings.continuous_s)]
    if at.night:
        limits.append((Rule.NIGHT, settings.night_s))
    for rule, limit in limits:
        if driven > limit * 1000 and rule not in work.told and allowed(rule, at):
            work.told.add(rule)
            yield Event(
                at.point.row, rule, 0, work.drive.point.key, now, driven // 1000, limit, 0, 0, 0,
                work.paused // 1000,
            )  # fmt: skip
    for rule, minutes, most in (
        (Rule.DAY_TOTAL, total, settings.day_total_min),
        (Rule.WEEK_TOTAL, week, settings.week_total_min),
    ):
        if minutes > most and rule not in work.told_totals and allowed(rule, at):
            work.told_totals.add(rule)
            yield Event(
                at.point.row, rule, 0, at.point.key, now, minutes * 60, most * 60, 0, 0, 0, 0
            )


def stood(work: Work, at: Seen) -> Iterator[Event]:
    """Twenty minutes are a rest, three minutes are traffic, what lies between is a pause."""
    settings = at.settings
    if work.drive is None or work.stand is None:
        return
    stand = at.time - work.stand
    if stand >= settings.rest_s * 1000:
        driven = (work.stand - work.drive.time) // 1000
        value = driven if settings.pauses_count else driven - work.paused // 1000
        for rule, limit in (
            (Rule.CONTINUOUS, settings.continuous_s),
            (Rule.NIGHT, settings.night_s),
        ):
            if rule in work.told:
                yield Event(
                    at.point.row, rule, 1, work.drive.point.key, work.stand, value, limit, 0, 0, 0,
                    work.paused // 1000,
                )  # fmt: skip
        work.drive, work.stand = None, None
    elif at.moving:
        if stand >= settings.halt_s * 1000:
            work.paused += stand
        elif not at.gap:
            work.drove(work.stand, at.time)
        work.stand = None


# --- forbidden hours -----------------------------------------------------------------------------


def hours(seen: Sequence[Seen], book: Book) -> Iterator[Event]:
    small = [small_hour(each) for each in seen]
    yield from forbidden(seen, Rule.SMALL_HOURS, small)
    yield from forbidden(seen, Rule.HAZMAT_BAN, [ban_at(each, book) for each in seen])
    yield from forbidden(seen, Rule.SCHOOL_HOURS, [school(each) for each in seen])


def small_hour(seen: Seen) -> int | None:
    settings = seen.settings
    subject = seen.profile.kind == "coach" and not exempt_from_small_hours(seen.profile, settings)
    if not subject or Rule.SMALL_HOURS in seen.profile.off:
        return None
    return 0 if within(seen.minute, settings.small_from, settings.small_to) else None


def ban_at(seen: Seen, book: Book) -> int | None:
    if not allowed(Rule.HAZMAT_BAN, seen):
        return None
    for number, ban in enumerate(book.bans):
        if (
            seen.profile.kind in ban.kinds
            and ban.begin.timestamp() * 1000 <= seen.time
            and (ban.end is None or seen.time < ban.end.timestamp() * 1000)
            and ban.road in (c.ANY_ROAD, seen.point.road)
            and within(seen.minute, ban.from_minute, ban.to_minute)
        ):
            return number
    return None


def school(seen: Seen) -> int | None:
    if not allowed(Rule.SCHOOL_HOURS, seen):
        return None
    weekday = (seen.day + 3) % 7  # 1 January 1970 was a Thursday
    school_day = seen.profile.school_days >> weekday & 1
    in_hours = any(begin <= seen.minute < end for begin, end in seen.profile.school_hours)
    return None if school_day and in_hours else 0


def forbidden(seen: Sequence[Seen], rule: Rule, details: Sequence[int | None]) -> Iterator[Event]:
    """Two moving points in a row within the hours; it ends with the hours, or six hours later."""
    moves: list[tuple[Seen, int]] = []
    told = False
    for each, detail in zip(seen, details, strict=True):
        apart = bool(moves) and each.time - moves[-1][0].time > 6 * HOUR_MS
        if detail is None or apart or (not told and not each.moving):
            if told:
                yield _hours(rule, 1, each, moves)
            moves, told = [], False
        if detail is not None and each.moving:
            moves.append((each, detail))
            if len(moves) == 2:
                told = True
                yield _hours(rule, 0, each, moves)


def _hours(rule: Rule, phase: int, at: Seen, moves: Sequence[tuple[Seen, int]]) -> Event:
    first, detail = moves[0]
    worst = max((each for each, _ in moves), key=lambda each: each.point.speed)
    return Event(
        at.point.row, rule, phase, first.point.key, moves[-1][0].time, worst.point.speed, 0,
        worst.time, len(moves), detail, 0,
    )  # fmt: skip


# --- silence, stay, signs ------------------------------------------------------------------------


def silences(seen: Sequence[Seen]) -> Iterator[Event]:
    """Off line, and moved while off line 离线位移."""
    for before, after in pairwise(seen):
        settings = after.settings
        if after.dt < settings.offline_s * 1000:
            continue
        key, row, silent = before.point.key, after.point.row, after.dt // 1000
        if (before.point.status & 1 or before.moving) and allowed(Rule.OFFLINE, after):
            yield Event(
                row, Rule.OFFLINE, 1, key, after.time, silent, settings.offline_s, 0, 0, 0,
                after.way,
            )  # fmt: skip
        far = after.way >= settings.displaced_m and not after.astray
        if far and allowed(Rule.DISPLACED, after):
            yield Event(
                row, Rule.DISPLACED, 0, key, after.time, after.way, settings.displaced_m, 0, 0, 0,
                silent,
            )  # fmt: skip


def stays(seen: Sequence[Seen]) -> Iterator[Event]:
    """Standing outside known places for longer than it may."""
    group: list[Seen] = []
    told = False
    for each in seen:
        settings = each.settings
        standing = not each.moving and not each.point.known and allowed(Rule.STAY, each)
        elsewhere = each.gap and each.way > settings.stay_m
        if group and (not standing or elsewhere):
            if told and each.before:
                end = each.before.time
                yield Event(
                    each.point.row, Rule.STAY, 1, group[0].point.key, end,
                    (end - group[0].time) // 1000, settings.stay_s, 0, len(group), 0, 0,
                )  # fmt: skip
            group, told = [], False
        if standing:
            group.append(each)
            stood_ms = each.time - group[0].time
            if stood_ms > settings.stay_s * 1000 and not told:
                told = True
                yield Event(
                    each.point.row, Rule.STAY, 0, group[0].point.key, each.time, stood_ms // 1000,
                    settings.stay_s, 0, len(group), 0, 0,
                )  # fmt: skip


def signs(seen: Sequence[Seen]) -> Iterator[Event]:
    """Drift, frozen coordinates, speed that does not match the way, mileage running backwards."""
    yield from drift(seen)
    yield from mileage(seen)
    frozen = [
        each.before is not None
        and not each.gap
        and min(each.point.speed, each.before.point.speed) >= each.settings.moving
        and (each.point.lat, each.point.lon) == (each.before.point.lat, each.before.point.lon)
        and allowed(Rule.FROZEN, each)
        for each in seen
    ]
    for group, after in runs(seen, frozen):
        # The run begins with the point before the first repetition.
        yield from _sign(Rule.FROZEN, group, after, len(group) + 1)
    odd = [
        each.crept
        and each.point.speed < each.settings.moving
        and each.way * 3600 >= each.settings.mismatch_kmh * each.since
        and allowed(Rule.MISMATCH, each)
        for each in seen
    ]
    for group, after in runs(seen, odd):
        yield from _sign(Rule.MISMATCH, group, after, len(group))


def runs(seen: Sequence[Seen], on: Sequence[bool]) -> Iterator[tuple[list[Seen], Seen | None]]:
    """Points in a row that show a sign, and the point after them."""
    group: list[Seen] = []
    for each, shows in zip(seen, on, strict=True):
        if shows:
            group.append(each)
        elif group:
            yield group, each
            group = []
    if group:
        yield group, None


def _sign(rule: Rule, group: list[Seen], after: Seen | None, many: int) -> Iterator[Event]:
    if group[0].before is None:
        return
    first = group[0].before
    more = many - len(group)
    for number, each in enumerate(group, 1):
        settings = each.settings
        if rule is Rule.FROZEN:
            needed, lasting = settings.frozen_points, settings.frozen_s * 1000
            value = each.point.speed
        else:
            needed, lasting = settings.mismatch_points, 0
            value = each.way * 3600 // each.since
        if number + more >= needed and each.time - first.time >= lasting:
            yield Event(
                each.point.row, rule, 0, first.point.key, each.time, value, needed, 0,
                number + more, 0, 0,
            )  # fmt: skip
            if after:
                end = group[-1].time
                needed = (
                    after.settings.frozen_points
                    if rule is Rule.FROZEN
                    else after.settings.mismatch_points
                )
                yield Event(
                    after.point.row, rule, 1, first.point.key, end, (end - first.time) // 1000,
                    needed, 0, many, 0, 0,
                )  # fmt: skip
            return


def drift(seen: Sequence[Seen]) -> Iterator[Event]:
    told = 0
    for each in seen:
        if each.before and each.astray and each.day > told:
            if not allowed(Rule.DRIFT, each):
                continue
            told = each.day
            yield Event(
                each.point.row, Rule.DRIFT, 0, each.before.point.key, each.time, each.way,
                each.settings.drift_kmh, 0, 0, 0, each.way * 3600 // each.since,
            )  # fmt: skip


def mileage(seen: Sequence[Seen]) -> Iterator[Event]:
    highest: int | None = None
    told = 0
    for each in seen:
        now = each.point.mileage
        if now == c.NO_MILEAGE:
            continue
        back = highest - now if highest is not None else 0
        if back > 0 and each.day > told and allowed(Rule.MILEAGE, each):
            told = each.day
            key = each.before.point.key if each.before else each.point.key
            yield Event(each.point.row, Rule.MILEAGE, 0, key, each.time, back, 0, 0, 0, 0, now)
        highest = now


def clones(seen: Sequence[Seen]) -> Iterator[Event]:
    """There and back between two terminals, each time faster than any vehicle."""
    crossings: list[int] = []
    told = 0
    for before, after in pairwise(seen):
        one, other, settings = before.point, after.point, after.settings
        if not one.device or not other.device or one.device == other.device:
            continue
        jump = distance(one, other)
        if jump < settings.clone_m or jump * 3600 <= settings.clone_kmh * after.dt:
            continue
        if crossings and after.time - crossings[-1] > 24 * HOUR_MS:
            crossings = []
        crossings.append(after.time)
        fresh = after.day > told and allowed(Rule.CLONED, after)
        if len(crossings) >= 2 and fresh:
            told = after.day
            yield Event(
                other.row, Rule.CLONED, 0, one.key, after.time, jump, settings.clone_kmh, 0,
                len(crossings), 0, after.dt // 1000,
            )  # fmt: skip
