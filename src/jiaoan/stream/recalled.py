"""Where a vehicle was before the track that is read back of it begins.

A vehicle may have been in a place for longer than its track is read back. That it was, and since
when, is said by what was told since (an exit says when the stay began that it ended) and by what
is remembered now. Only what was decided at or behind the earliest late point is asked: all of it
knows the same state before that point.

The first points of the track may be noise, and whether a vehicle was seen deeper than the buffer
before them is not told: a beginning is taken from which the track comes to the state that is
known at the earliest late point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from jiaoan.rules.fences import OUTSIDE, Fences, Point, Presence, Role, Vehicle, counts
from jiaoan.rules.fences.memory import POINT, Changes, Memory
from jiaoan.rules.keys import Key
from jiaoan.stores.positions import DTYPE, Positions, concatenated

Said = Mapping[str, Any]
NEAR: Final = Presence(settled=False)
"""Outside, and not seen farther from the edge than the buffer since it left."""


@dataclass(frozen=True)
class Past:
    """What is known of a vehicle at ``since_ms``, its earliest late point.

    ``track`` is read back and what is remembered before it; ``known`` where the vehicle was, where
    something says so.
    """

    vehicle: int
    since_ms: int
    track: Positions
    known: Mapping[int, Presence]

    @classmethod
    def of(
        cls, track: Positions, since_ms: int, live: Changes, told: Iterable[Said], places: Fences
    ) -> Past:
        """``track`` by time, ``live`` what is remembered now; of ``told`` only what was decided
        from ``since_ms`` on counts. ``places`` are those of that moment.
        """
        vehicle, now = next(iter(_vehicles(live).items()))
        later = sorted((each for each in told if decided_ms(each) >= since_ms), key=decided_ms)
        mine: dict[int, list[Said]] = {place: [] for place in now.places}
        for each in later:
            mine.setdefault(int(each["place_id"]), []).append(each)
        known = {
            place: found
            for place, those in mine.items()
            if place in places.by_place
            and (found := _known(those, now.places.get(place, OUTSIDE), since_ms)) is not None
            and (found != NEAR or _is_area(places, place))
        }
        before = _points_before(_begin(track), vehicle, live, later)
        return cls(vehicle, since_ms, concatenated([before, track]), known)

    def walk(self, walk: Callable[[Memory, Positions], object]) -> tuple[Memory, Positions]:
        """The memory at the earliest late point, and the track from there on."""
        at = int(np.searchsorted(self.track["time_ms"], self.since_ms))
        early, rest = np.split(self.track, [at])
        begin = self._at_begin()
        memory = self._memory((), begin)
        walk(memory, early)
        if other := self._contradicted(memory):
            again = self._memory((), {place: self._near(place) for place in other})
            walk(again, early)
            still = set(self._contradicted(again))
            nearer = {place: self._place(again, place) for place in other if place not in still}
            told = {place: self.known[place] for place in begin.keys() & still & set(other)}
            memory = self._with(memory, {**nearer, **told})
        return self._with(memory, self._long(memory)), rest

    def _with(self, memory: Memory, places: Mapping[int, Presence]) -> Memory:
        if not places:
            return memory
        found = memory.vehicles().get(self.vehicle, Vehicle((), {}))
        return self._memory(found.recent, {**found.places, **places})

    def _long(self, memory: Memory) -> dict[int, Presence]:
        """Stays of which the track cannot say whether they had been told to be long."""
        found = {place: self._place(memory, place) for place in self.known}
        return {
            place: replace(one, stayed=self.known[place].stayed)
            for place, one in found.items()
            if one.inside
            and one.stay_key == self.known[place].stay_key
            and one.stayed != self.known[place].stayed
        }

    def _memory(self, recent: tuple[Point, ...], places: Mapping[int, Presence]) -> Memory:
        kept = {place: one for place, one in places.items() if one != OUTSIDE}
        return Memory.of({self.vehicle: Vehicle(recent, kept)}) if recent or kept else Memory()

    def _place(self, memory: Memory, place: int) -> Presence:
        found = memory.vehicles().get(self.vehicle, Vehicle((), {}))
        return found.places.get(place, OUTSIDE)

    def _at_begin(self) -> dict[int, Presence]:
        """Where it was, in or off a route, before the first point of the track."""
        first = _begin(self.track)
        return {
            place: one
            for place, one in self.known.items()
            if (one.inside and one.stay_ms < first) or (self._off(one) and one.stay_ms <= first)
        }

    def _off(self, known: Presence) -> bool:
        # Of the moment at which the track begins another point may be late, and come first.
        return not known.inside and known.told is not None and known.stay_ms < self.since_ms

    def _near(self, place: int) -> Presence:
        known = self.known[place]
        if known == NEAR or known.stay_ms > _begin(self.track):
            return NEAR
        return replace(known, settled=False)

    def _contradicted(self, memory: Memory) -> list[int]:
        """Places of which the track says something else than what is known."""
        return [
            place
            for place, known in self.known.items()
            if not _agree(self._place(memory, place), known)
        ]


def decided_ms(said: Said) -> int:
    """When the point was that decided it."""
    return moment_ms(str(said["happened_at"]))


def moment_ms(moment: str) -> int:
    """UTC ms of a moment as findings say it."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _known(told: Sequence[Said], after: Presence, since_ms: int) -> Presence | None:
    """Where it was, by the first of what was told since, else by what is remembered ``after``.

    ``None`` = nothing says so. Nobody is told that a vehicle came onto a route, or that it left a
    place on a day on which the place does not hold: what began since says nothing of before.
    """
    found = next((one for each in told if (one := _before_it(each, told)) is not None), None)
    if found is None:
        found = _remembered(after, told)
    return found if found is not None and found.stay_ms < since_ms else None


def _before_it(said: Said, told: Sequence[Said]) -> Presence | None:
    """Where a vehicle was before something was told of it."""
    if said["kind"] == "entered":
        return NEAR
    if said["kind"] == "off_route_over":
        opened, key = said["inputs"]["hours_opened_at"], str(said["first_position"])
        return Presence(
            stay_key=key,
            stay_ms=Key.read(key).time_ms,
            told=0 if opened is None else moment_ms(opened),
            far_dm=round(said["inputs"]["farthest_m"] * 10),
        )
    if said["kind"] not in ("left", "off_route", "stayed"):
        return None
    stay = said["stay"]
    key = str(stay["first_position"])
    return _inside(key, bool(stay.get("stayed")), stay.get("opened_ms"), told)


def _remembered(after: Presence, told: Sequence[Said]) -> Presence | None:
    if after.inside:
        found = _inside(after.stay_key, after.stayed, after.told, told)
        return replace(found, settled=after.settled)
    if after.told is not None:
        return replace(after, settled=True, run=0, run_key="", run_ms=0)
    return None if after.settled else NEAR


def _inside(key: str, stayed: bool, opened_ms: int | None, told: Sequence[Said]) -> Presence:
    """``stayed`` and ``opened_ms`` are what had been told of the stay at its end: not yet what is
    among ``told``."""
    long = any(each["kind"] == "stayed" and each["first_position"] == key for each in told)
    openings = {each["inputs"]["hours_opened_at"] for each in told if each["kind"] == "forbidden"}
    return Presence(
        inside=True,
        stay_key=key,
        stay_ms=Key.read(key).time_ms if key else 0,
        stayed=stayed and not long,
        told=None if opened_ms is None or _moment(opened_ms) in openings else opened_ms,
    )


def _agree(found: Presence, known: Presence) -> bool:
    if known.inside and found.run and found.run_key == known.stay_key:
        return not found.inside  # its entry was not confirmed yet, and not told when it was
    if found.inside != known.inside:
        return False
    if known.inside:
        return not known.stay_key or found.stay_key == known.stay_key
    return known.told is None or (found.told is not None and found.stay_key == known.stay_key)


def _points_before(begin_ms: int, vehicle: int, live: Changes, told: Iterable[Said]) -> Positions:
    """The last points before the track that are remembered, or that something told rests on."""
    found = [_remembered_points(live), *(_told_points(each) for each in told)]
    rows = max((one[one["time_ms"] < begin_ms] for one in found), key=len)
    before = np.zeros(len(rows), DTYPE)
    before["vehicle"] = vehicle
    for name in POINT.names or ():
        before[name] = rows[name]
    return before


def _remembered_points(live: Changes) -> Positions:
    return np.asarray(live.recent[0, : int(live.counts[0])])


def _told_points(said: Said) -> Positions:
    points = said["inputs"]["points"]
    rows = np.zeros(len(points), POINT)
    for row, each in zip(rows, points, strict=True):
        key = Key.read(str(each["key"]))
        for name in ("time_ms", "lat", "lon", "alarm", "status"):
            row[name] = getattr(key, name)
        row["received_ms"], row["speed"] = key.time_ms, round(each["speed_kmh"] * 10)
    return rows


def _is_area(places: Fences, place: int) -> bool:
    fence = places.all[places.by_place[place]]
    return fence is not None and fence.role in (Role.AREA, Role.FORBIDDEN)


def _begin(track: Positions) -> int:
    times = track["time_ms"][counts(track)]
    return int(times[0]) if len(times) else 0


def _moment(milliseconds: int) -> str | None:
    """As findings say it."""
    if not milliseconds:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def _vehicles(changes: Changes) -> Mapping[int, Vehicle]:
    memory = Memory()
    memory.take(changes)
    return memory.vehicles()
