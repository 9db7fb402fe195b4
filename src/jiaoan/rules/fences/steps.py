"""The rule for one fence and one point: old memory in, new memory and what to tell out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from jiaoan.rules.fences.values import (
    OUTSIDE,
    Confirmed,
    Direction,
    Fence,
    Point,
    Presence,
    Role,
    Stay,
    Told,
)
from jiaoan.rules.shapes import squared_distances

Step = tuple[Presence, list[Told]]


def step(fence: Fence, was: Presence, inside: bool, deep: bool, point: Point) -> Step:
    """An area: ``deep`` tells that the edge is farther than the buffer, on whichever side."""
    if inside == was.inside:
        return _stays(fence, was, deep, point)
    first = not was.run
    run_key, run_ms = (point.key, point.time_ms) if first else (was.run_key, was.run_ms)
    hit, hit_key = (None, "") if first else (was.hit, was.hit_key)
    if inside and hit is None and fence.role is Role.FORBIDDEN:
        hit = fence.in_force(point.time_ms)
        hit_key = "" if hit is None else point.key
    run = was.run + 1
    if not deep and not (was.settled and run >= fence.consecutive):
        now = replace(was, run=run, run_key=run_key, run_ms=run_ms, hit=hit, hit_key=hit_key)
        return now, []
    by: Confirmed = "depth" if deep else "consecutive"
    if not inside:
        if fence.role is Role.ROUTE:
            return _leaves_route(fence, was, deep, point, by)
        return Presence(settled=deep), [Told("left", by, run_key, stay=_ended(was))]
    if fence.role is Role.ROUTE:
        told = [] if was.told is None else [_over(was, by)]
    else:
        told = [Told("entered", by, run_key)]
    if hit is not None:
        told.append(Told("forbidden", by, hit_key, opened_ms=hit))
    now = Presence(inside=True, settled=deep, stay_key=run_key, stay_ms=run_ms, told=hit)
    return now, told


def _stays(fence: Fence, was: Presence, deep: bool, point: Point) -> Step:
    """Seen on the side where it is: nothing changes, unless time has brought something."""
    now = was
    if was.run or (deep and not was.settled):
        settled = was.settled or deep
        far_dm = 0 if was.inside else was.far_dm
        now = replace(
            was, run=0, run_key="", run_ms=0, hit=None, hit_key="", settled=settled, far_dm=far_dm
        )
    if not was.inside:
        return now, []
    if fence.role is not Role.FORBIDDEN and (fence.dwell_s is None or was.stayed):
        return now, []
    told: list[Told] = []
    if fence.role is Role.FORBIDDEN:
        opened = fence.in_force(point.time_ms)
        if opened is not None and opened != was.told:
            now = replace(now, told=opened)
            told.append(Told("forbidden", "hours", point.key, opened_ms=opened))
    overdue = (
        fence.dwell_s is not None
        and not was.stayed
        and point.time_ms - was.stay_ms > fence.dwell_s * 1000
        and fence.holds_at(point.time_ms)
    )
    if overdue:
        now = replace(now, stayed=True)
        told.append(Told("stayed", "dwell", was.stay_key))
    return now, told


def follow(fence: Fence, was: Presence, inside: bool, deep: bool, point: Point) -> Step:
    """A route: :func:`step`, how far off it the vehicle is, and the end of having left it."""
    told: list[Told] = []
    if was.told is not None:
        opened = fence.still_in_force(was.told, point.time_ms)
        if opened is None:
            told = [_over(was, "lapsed")]
            was = replace(was, stay_key="", stay_ms=0, far_dm=0)
        was = replace(was, told=opened)
    if not inside and (was.inside or was.told is not None):
        was = replace(was, far_dm=max(was.far_dm, _away_dm(fence, point)))
    now, more = step(fence, was, inside, deep, point)
    return now, told + more


def released(was: Presence) -> Step:
    """The vehicle is not bound to the route any more: nothing is remembered."""
    return OUTSIDE, [] if was.told is None else [_over(was, "lapsed")]


def _leaves_route(fence: Fence, was: Presence, deep: bool, point: Point, by: Confirmed) -> Step:
    opened = fence.in_force(point.time_ms)
    if opened is None:
        return Presence(settled=deep), []
    first = (was.run_key, was.run_ms) if was.run else (point.key, point.time_ms)
    now = Presence(
        settled=deep, stay_key=first[0], stay_ms=first[1], told=opened, far_dm=was.far_dm
    )
    return now, [
        Told("off_route", by, first[0], opened_ms=opened, far_dm=was.far_dm, stay=_ended(was))
    ]


def _ended(was: Presence) -> Stay:
    return Stay(was.stay_key, was.stayed, was.told)


def _over(was: Presence, by: Confirmed) -> Told:
    """Named by the position with which it began, as what it ends."""
    return Told("off_route_over", by, was.stay_key, opened_ms=was.told, far_dm=was.far_dm)


def _away_dm(fence: Fence, point: Point) -> int:
    lat, lon = np.array([point.lat], np.int32), np.array([point.lon], np.int32)
    return int(math.sqrt(squared_distances(fence.outline, lat, lon)[0]) * 10)


def cross(fence: Fence, was: Presence, crossed: int, deep: bool, point: Point) -> Step:
    """A gate: ``crossed`` is what the way to the point added to :attr:`Presence.net`."""
    net = was.net + crossed
    if not net:
        settled = was.settled or deep
        return Presence(settled=settled), []
    # A way that crosses back to the same side and on again begins a new run.
    first = not was.run or (net > 0) != (was.net > 0)
    run_key, run_ms = (point.key, point.time_ms) if first else (was.run_key, was.run_ms)
    run = 1 if first else was.run + 1
    if not deep and not (was.settled and run >= fence.consecutive):
        return replace(was, run=run, run_key=run_key, run_ms=run_ms, net=net), []
    side: Direction = "right" if net > 0 else "left"
    told = []
    if fence.direction in ("", side) and fence.in_force(point.time_ms) is not None:
        told = [Told("crossed", "depth" if deep else "consecutive", run_key, direction=side)]
    return Presence(settled=deep), told
