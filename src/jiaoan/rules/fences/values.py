"""The values of the fence rule: a fence, a point, what is remembered, what is found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from jiaoan.rules import hours
from jiaoan.rules.fences.roads import Road
from jiaoan.rules.hours import Hours
from jiaoan.rules.keys import Key
from jiaoan.rules.shapes import Line, Outline

VERSION: Final = "4"
FIXED: Final = 0x02
AHEAD_MS: Final = 600_000
KEPT_POINTS: Final = 5
ALWAYS: Final = -(1 << 62)  # since which a version of a place holds that was never another
GATE_GAP_MS: Final = 300_000  # a longer silence is no way: what happened in it is not known

Kind = Literal["entered", "left", "stayed", "forbidden", "off_route", "off_route_over", "crossed"]
Confirmed = Literal["depth", "consecutive", "dwell", "hours", "lapsed"]
Direction = Literal["", "right", "left"]
RULES: Final[Mapping[Kind, str]] = {
    "entered": "fence.enter",
    "left": "fence.leave",
    "stayed": "fence.stay",
    "forbidden": "fence.forbidden",
    "off_route": "fence.off_route",
    "off_route_over": "fence.off_route_over",
    "crossed": "fence.cross",
}


class Role(StrEnum):
    """What a fence is there for."""

    AREA = "area"  # tells who enters, leaves and stays
    FORBIDDEN = "forbidden"  # the same, and forbids to be inside while it is in force
    ROUTE = "route"  # tells which of its own vehicles leave it
    GATE = "gate"  # a line: tells who crosses it
    ROAD = "road"  # tells nothing by itself: says which road it is, and its limits


@dataclass(frozen=True)
class Fence:
    """A place as the rule needs it. ``vehicle_kinds`` empty = all; the days are inclusive.

    ``hours`` empty = always; they say when a ban or a route is in force. ``bound`` are the vehicles
    of a route. ``direction`` of a gate: the side to which a crossing is told, "" = both.
    ``limits_kmh`` (vehicle kind, "" = all others) are for the rule of speed, which asks
    :meth:`limit_kmh`. In a place where vehicles ``may_stand`` (a car park, a plant) a long stand is
    nothing to tell. ``road`` is what a road section is, whatever its role. ``law`` is the text that
    findings cite.
    """

    place_id: int
    version: int
    outline: Outline | Line
    buffer_m: float
    consecutive: int
    dwell_s: int | None = None
    vehicle_kinds: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_to: date | None = None
    role: Role = Role.AREA
    hours: tuple[Hours, ...] = ()
    bound: frozenset[int] = frozenset()
    direction: Direction = ""
    limits_kmh: Mapping[str, float] = field(default_factory=dict)
    may_stand: bool = False
    law: str = ""
    road: Road | None = None

    def concerns(self, vehicle: int, vehicle_kind: str) -> bool:
        """Whether it judges the vehicle at all; vehicles of unknown kind always are."""
        if self.role in (Role.ROUTE, Role.ROAD):
            return vehicle in self.bound
        return not (self.vehicle_kinds and vehicle_kind and vehicle_kind not in self.vehicle_kinds)

    def holds_on(self, day: date) -> bool:
        """Whether it tells anything on that local day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def holds_at(self, time_ms: int) -> bool:
        """The same by the local day of a moment."""
        return self.holds_on(hours.local_day(time_ms))

    def in_force(self, time_ms: int) -> int | None:
        """When it came into force that is in force then: :func:`jiaoan.rules.hours.opened`, on the
        days on which it holds; ``None`` = it is not.
        """
        return hours.opened(self.hours, time_ms) if self.holds_at(time_ms) else None

    def still_in_force(self, opened_ms: int, time_ms: int) -> int | None:
        """The opening in force at ``time_ms`` if it is ``opened_ms`` or followed it without a
        break; else ``None``.
        """
        opening = before = self.in_force(time_ms)
        while before is not None and before > opened_ms:
            before = self.in_force(before - 1)
        return opening if before == opened_ms else None

    def lapsed_ms(self, opened_ms: int, until_ms: int) -> int:
        """When that opening, and what followed it without a break, was over; at the latest
        ``until_ms``.
        """
        if self.valid_to is not None:
            until_ms = min(until_ms, hours.local_midnight_after(self.valid_to))
        return hours.lapses(self.hours, opened_ms, until_ms)

    def limit_kmh(self, vehicle_kind: str, time_ms: int) -> float | None:
        """The speed that it allows such a vehicle then, for the rule of speed."""
        if self.in_force(time_ms) is None:
            return None
        return self.limits_kmh.get(vehicle_kind, self.limits_kmh.get(""))


@dataclass(frozen=True)
class Point:
    """A point that counted: UTC milliseconds, microdegrees WGS-84, 0.1 km/h."""

    key: str
    terminal: str
    time_ms: int
    received_ms: int
    lat: int
    lon: int
    speed: int


@dataclass(frozen=True)
class Presence:
    """One vehicle and one place. The default is "outside, settled", and is not stored.

    A snapshot holds the fields in this order: new ones go to the end, with a default.
    """

    inside: bool = False
    settled: bool = True
    run: int = 0  # points in a row on the other side
    run_key: str = ""  # the first of them
    run_ms: int = 0
    stay_key: str = ""  # first inside point of the stay; off a route the first point off it
    stay_ms: int = 0
    stayed: bool = False
    told: int | None = None  # opening of the hours that was told: to be forbidden, or off route
    hit: int | None = None  # opening of the hours that a point of the run fell into
    hit_key: str = ""  # that point
    net: int = 0  # crossings of a gate line since the last told: to the right less to the left
    far_dm: int = 0  # the farthest it was off its route since it left it, in tenths of a metre


OUTSIDE: Final = Presence()


@dataclass(frozen=True)
class Vehicle:
    """What is remembered of a vehicle: its last points, newest last, and where it is."""

    recent: tuple[Point, ...]
    places: Mapping[int, Presence]


@dataclass(frozen=True)
class Evidence:
    """A point as it lay to one fence; ``depth_m`` is negative outside and beside a gate line."""

    point: Point
    depth_m: float
    inside: bool


@dataclass(frozen=True)
class Stay:
    """A stay that ends: what began it, and what was told of it.

    ``first_key`` is its first position inside, "" where that is not known; ``opened_ms`` the
    opening of the hours that was told last (0 = always in force, ``None`` = none).
    """

    first_key: str
    stayed: bool = False
    opened_ms: int | None = None

    @property
    def begun_ms(self) -> int | None:
        """UTC ms of the first position."""
        return Key.read(self.first_key).time_ms if self.first_key else None


@dataclass(frozen=True)
class Told:
    """What one step of the rule has to say; ``first_key`` names the position it began with."""

    kind: Kind
    confirmed_by: Confirmed
    first_key: str
    opened_ms: int | None = None
    direction: Direction = ""
    far_dm: int = 0
    stay: Stay | None = None


@dataclass(frozen=True)
class Finding:
    """What the rule found, with everything it looked at.

    ``opened_ms`` is when the hours began in which it was forbidden (0 = always in force);
    ``far_dm`` how far the vehicle was off its route since it left it, in tenths of a metre;
    ``stay`` what ends with it (of ``left`` and ``off_route``).
    """

    kind: Kind
    vehicle: int
    fence: Fence
    point: Point
    first_key: str
    confirmed_by: Confirmed
    evidence: tuple[Evidence, ...]
    opened_ms: int | None = None
    direction: Direction = ""
    far_dm: int = 0
    stay: Stay | None = None

    @property
    def over_ms(self) -> int:
        """When that was over of which it tells the end: at the point, or when the route lapsed."""
        if self.confirmed_by != "lapsed" or self.opened_ms is None:
            return self.point.time_ms
        return self.fence.lapsed_ms(self.opened_ms, self.point.time_ms)

    @property
    def rule(self) -> str:
        return RULES[self.kind]

    @property
    def id(self) -> str:
        """32 hex digits from rule, version, vehicle, place and first position: replay-proof."""
        parts = (self.rule, VERSION, str(self.vehicle), str(self.fence.place_id), self.first_key)
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]
