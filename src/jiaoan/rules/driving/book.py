"""Who each vehicle is and which figures hold when: what the rules know besides positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from itertools import chain
from typing import Final, Literal, TypeVar, overload

import numpy as np
import numpy.typing as npt

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving.law import Mark, Rule
from jiaoan.rules.driving.settings import DEFAULTS, Settings

Ints = npt.NDArray[np.int64]
T = TypeVar("T")
Service = Literal["", "long-distance", "relay", "airport-rail", "commuter", "customised", "shuttle"]
NEAR_EXEMPT: Final = frozenset({"airport-rail", "commuter", "customised", "shuttle"})
KINDS: Final = ("", "hazmat", "coach", "truck", "school_bus", "enforcement")
ALWAYS: Final = frozenset(Rule) - {
    Rule.NIGHT, Rule.DAY_TOTAL, Rule.WEEK_TOTAL, Rule.SMALL_HOURS, Rule.HAZMAT_BAN,
    Rule.SCHOOL_HOURS, Rule.STAY, Rule.TOGETHER,
}  # fmt: skip
_PARTS: Final = 512
_PEOPLE = frozenset({Rule.NIGHT, Rule.DAY_TOTAL, Rule.WEEK_TOTAL})


@dataclass(frozen=True)
class Former:
    """What a vehicle was before: a profile that held up to ``until_ms`` (UTC ms, exclusive)."""

    until_ms: int
    profile: Profile


@dataclass(frozen=True)
class Profile:
    """A vehicle as the rules need it; the default is a vehicle nobody knows.

    ``former`` is what it was before, by time: a moment is judged by what held at it (:meth:`at`).
    """

    kind: str = ""  # a value of registry's VehicleKind, or school_bus 校车
    limit: int = 0  # 0.1 km/h, set by the firm for this vehicle; 0 = none
    terminal_limit: int = 0  # 0.1 km/h, terminal parameter 0x0055; 0 = not known
    service: Service = ""  # coaches: 班线, 接驳, 机场高铁专线, 通勤包车, 定制客运, 短途驳载
    one_way_km: int | None = None
    school_hours: tuple[tuple[int, int], ...] = ()  # minutes of day, at most two 开行时间
    school_days: int = 0b0011111  # bit 0 = Monday
    off: frozenset[Rule] = frozenset()  # switched off for this vehicle
    former: tuple[Former, ...] = ()

    def __post_init__(self) -> None:
        ends = [each.until_ms for each in self.former]
        if ends != sorted(set(ends)):
            raise ValueError("profiles of a vehicle must follow each other by time")
        if len(self.school_hours) > 2:
            raise ValueError("a school bus has at most two periods a day")
        for begin, end in self.school_hours:
            if not 0 <= begin < end <= 1440:
                raise ValueError(f"school hours {begin}-{end} are no part of a day in minutes")

    def at(self, time_ms: int) -> Profile:
        """What the vehicle was at a moment; of longer ago than is known, the first that is."""
        return next((each.profile for each in self.former if time_ms < each.until_ms), self)


@dataclass(frozen=True)
class Ban:
    """Hours in which vehicles of some kinds must not drive 禁行时段, by an order of the police."""

    source: str
    kinds: frozenset[str]
    begin: datetime
    end: datetime | None
    from_minute: int  # of the local day; from > to crosses midnight, 0-1440 is the whole day
    to_minute: int
    road: int = c.ANY_ROAD  # else only where the road is known to be of that class
    mark: Mark = "U"


# Hunan expressways, 00:00-06:00 (潇湘晨报); hazmat measures a.49 allow no longer hours there.
HUNAN_EXPRESSWAYS: Final = Ban(
    source="湖南高速公路危险货物运输车辆禁行通告",
    kinds=frozenset({"hazmat"}),
    begin=datetime(2020, 1, 1, tzinfo=LOCAL),
    end=None,
    from_minute=0,
    to_minute=360,
    road=c.EXPRESSWAY,
    mark="V",
)


def exempt_from_small_hours(profile: Profile, settings: Settings) -> bool:
    """接驳办法 a.32: relay coaches; short airport, commuter, customised and shuttle services."""
    if profile.service == "relay":
        return True
    near = profile.one_way_km is not None and profile.one_way_km <= settings.relay_exempt_km
    return profile.service in NEAR_EXEMPT and near


@lru_cache(maxsize=65_536)
def rules_for(profile: Profile, settings: Settings) -> frozenset[Rule]:
    """The rules that a vehicle is judged by under these figures."""
    rules = set(ALWAYS)
    if profile.kind == "coach":
        rules |= _PEOPLE
        if not exempt_from_small_hours(profile, settings):
            rules.add(Rule.SMALL_HOURS)
    if profile.kind == "hazmat":
        rules |= {Rule.HAZMAT_BAN, Rule.STAY, Rule.TOGETHER}
        if settings.hazmat_fatigue:
            rules |= _PEOPLE
    if profile.kind == "school_bus" and profile.school_hours:
        rules.add(Rule.SCHOOL_HOURS)
    return frozenset(rules - profile.off)


@dataclass(frozen=True)
class Limits:
    """Speed limits of a vehicle by its kind, 0.1 km/h; 0 = none."""

    general: int
    express: int
    other: int


@lru_cache(maxsize=65_536)
def limits_for(profile: Profile, settings: Settings) -> Limits:
    """The firm's own limit or the general one of heavy vehicles, and those of the kind."""
    heavy = settings.heavy_general if profile.kind in ("hazmat", "coach", "truck") else 0
    general = min((each for each in (profile.limit, heavy) if each), default=0)
    if profile.kind == "hazmat":
        return Limits(general, settings.hazmat_express, settings.hazmat_other)
    if profile.kind == "school_bus":
        return Limits(general, settings.school_express, settings.school_other)
    return Limits(general, 0, 0)


@dataclass(frozen=True)
class Tables:
    """The same as integers for the pass: see :mod:`~.columns`."""

    regimes: Ints
    settings: Ints
    bans: Ints


class Profiles(Mapping[int, Profile]):
    """What each vehicle is. It never changes: :meth:`replaced` answers another one.

    The other shares all parts in which nothing changed. So a change of one vehicle costs the copy
    of some hundred entries, and who still reads the one before, in another thread, goes on.
    """

    def __init__(self, profiles: Mapping[int, Profile] | None = None) -> None:
        self._parts: list[dict[int, Profile]] = [{} for _ in range(_PARTS)]
        for vehicle, profile in (profiles or {}).items():
            self._parts[vehicle % _PARTS][vehicle] = profile

    def __getitem__(self, vehicle: int) -> Profile:
        return self._parts[vehicle % _PARTS][vehicle]

    @overload
    def get(self, vehicle: int, /) -> Profile | None: ...
    @overload
    def get(self, vehicle: int, default: Profile | T, /) -> Profile | T: ...

    def get(self, vehicle: int, default: Profile | T | None = None, /) -> Profile | T | None:
        # Asked for each vehicle of each block: that of Mapping is three times as slow.
        return self._parts[vehicle % _PARTS].get(vehicle, default)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self._parts)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def replaced(self, changes: Mapping[int, Profile | None]) -> Profiles:
        """The same but for ``changes``; ``None`` = the vehicle is not known any more."""
        other = Profiles.__new__(Profiles)
        other._parts = list(self._parts)
        for number in {vehicle % _PARTS for vehicle in changes}:
            other._parts[number] = dict(self._parts[number])
        for vehicle, profile in changes.items():
            part = other._parts[vehicle % _PARTS]
            if profile is None:
                part.pop(vehicle, None)
            else:
                part[vehicle] = profile
        return other


@dataclass
class Book:
    """All vehicles, all figures, all bans, and the rules switched off for everybody.

    A moment is judged by the profile and the figures that held at it. Replace the book when a
    reference changes: :meth:`changed` where vehicles do, another book where figures do.
    """

    profiles: Mapping[int, Profile] = field(default_factory=dict)
    settings: Sequence[Settings] = DEFAULTS
    bans: Sequence[Ban] = (HUNAN_EXPRESSWAYS,)
    off: frozenset[Rule] = frozenset()
    # Of each vehicle asked for the profile and its rows; shared with the books made from this one.
    _rows: dict[int, tuple[Profile, Ints]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        days = [each.valid_from for each in self.settings]
        if not days or days[0] != date.min or days != sorted(set(days)):
            raise ValueError("settings must begin at date.min and follow each other by day")
        self.tables = Tables(
            np.array([_first_ms(day) for day in days], np.int64),
            np.array([_figures(each) for each in self.settings], np.int64),
            np.array([_ban(each) for each in self.bans], np.int64).reshape(-1, c.BAN_COLUMNS),
        )

    def changed(self, changes: Mapping[int, Profile | None]) -> Book:
        """The same figures for other ``changes`` of vehicles; this book stays as it is.

        It costs what the changes cost: what is known of the other vehicles is shared.
        """
        known = self.profiles
        known = known if isinstance(known, Profiles) else Profiles(known)
        other = copy(self)
        other.profiles = known.replaced(changes)
        if "moved" in vars(self):  # asked for before: carried on, not gone through all for again
            moved = {vehicle for vehicle, each in changes.items() if each and each.former}
            other.moved = self.moved.difference(changes) | moved
        return other

    @cached_property
    def moved(self) -> frozenset[int]:
        """Vehicles that were others before."""
        return frozenset(vehicle for vehicle, each in self.profiles.items() if each.former)

    def profile(self, vehicle: int) -> Profile:
        """What the vehicle is now."""
        return self.profiles.get(vehicle, _NOBODY)

    def kind_of(self, vehicle: int) -> str:
        """Of which kind the vehicle is now; "" = not known."""
        return self.profile(vehicle).kind

    def profile_at(self, vehicle: int, time_ms: int) -> Profile:
        """What the vehicle was at a moment."""
        return self.profile(vehicle).at(time_ms)

    def kind_at(self, vehicle: int, time_ms: int) -> str:
        """Of which kind the vehicle was at a moment; "" = not known."""
        return self.profile_at(vehicle, time_ms).kind

    def changes(self, vehicle: int) -> tuple[int, ...]:
        """The moments, UTC ms, from which the vehicle was another one than before."""
        return tuple(each.until_ms for each in self.profile(vehicle).former)

    def rows(self, vehicle: int) -> Ints:
        """Parameters of a vehicle by time: a row from each change of figures or of itself on."""
        profile = self.profiles.get(vehicle, _NOBODY)
        known = self._rows.get(vehicle)
        # The very profile: a book before this one may have asked since, in another thread.
        if known is None or known[0] is not profile:
            begins = sorted({*self.tables.regimes.tolist(), *self.changes(vehicle)})
            rows = [self._parameters(vehicle, begin) for begin in begins]
            known = self._rows[vehicle] = profile, np.array(rows, np.int64)
        return known[1]

    def _parameters(self, vehicle: int, begin: int) -> list[int]:
        number = self._regime(begin)
        profile = self.profile_at(vehicle, begin)
        return [*_parameters(profile, self.settings[number], self.off), begin, number]

    def judges(self, vehicle: int, rule: Rule, time_ms: int) -> bool:
        """Whether ``rule`` holds for the vehicle at that moment."""
        profile = self.profile_at(vehicle, time_ms)
        return rule in rules_for(profile, self.settings_at(time_ms)) - self.off

    def settings_at(self, time_ms: int) -> Settings:
        """The figures in force at a moment."""
        return self.settings[self._regime(time_ms)]

    def _regime(self, time_ms: int) -> int:
        return max(int(np.searchsorted(self.tables.regimes, time_ms, "right")) - 1, 0)


_NOBODY: Final = Profile()


def _first_ms(day: date) -> int:
    if day == date.min:
        return int(np.iinfo(np.int64).min)
    return int(datetime.combine(day, time(), LOCAL).timestamp() * 1000)


def _figures(settings: Settings) -> list[int]:
    return [int(getattr(settings, each.name)) for each in fields(settings)[1:]]


def _ban(ban: Ban) -> list[int]:
    end = int(ban.end.timestamp() * 1000) if ban.end else int(np.iinfo(np.int64).max)
    kinds = sum(1 << KINDS.index(kind) for kind in ban.kinds)
    begin = int(ban.begin.timestamp() * 1000)
    return [begin, end, ban.from_minute, ban.to_minute, kinds, ban.road]


def _parameters(profile: Profile, settings: Settings, off: frozenset[Rule]) -> list[int]:
    rules = sum(1 << rule for rule in rules_for(profile, settings) - off)
    limits = limits_for(profile, settings)
    hours = [*(minute for period in profile.school_hours for minute in period), -1, -1, -1, -1][:4]
    kind = KINDS.index(profile.kind) if profile.kind in KINDS else 0
    percent = settings.night_percent if profile.kind == "coach" else 100
    return [
        rules, kind, limits.general, limits.express, limits.other, profile.terminal_limit, percent,
        *hours, profile.school_days,
    ]  # fmt: skip
