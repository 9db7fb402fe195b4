"""What late points change about places: the sorted track through them beside what was told.

The track is read back from nine days before, and a vehicle may have been in a place for longer.
So the part before the earliest late point only brings the memory up to it; where it cannot say
that the vehicle was inside, or since when, what was told since and what is known now say it
(:func:`_recalled`). Everything decided from the earliest late point on is compared, by the places
that were in force at the time of each point. Of a place of whose version nothing is known any more
what was told is left; so it is where the version that was told was not the one of its time.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from jiaoan.rules.fences import OUTSIDE, RULES, VERSION, Fences, Presence, Vehicle, counts
from jiaoan.rules.fences.grounds import Grounds
from jiaoan.rules.fences.memory import Changes, Memory
from jiaoan.rules.keys import Key
from jiaoan.stores.positions import Positions
from jiaoan.stream.findings import say
from jiaoan.stream.reference import References

Said = Mapping[str, Any]
_RULES: Final = frozenset(RULES.values())
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GIST: Final = ("kind", "happened_at", "first_position")
_INPUTS: Final = (
    "points", "confirmed_by", "hours_opened_at", "direction", "farthest_m", "over_at",
)  # fmt: skip
_ENDS: Final = ("left", "off_route_over")  # of something that lasted, at one place never both


@dataclass(frozen=True)
class Places:
    """Messages to withdraw, the latest first, and to add, by time; what is to be remembered then.

    An exit (or the return to a route) behind a change is among the added even where it stands as
    it was told.
    """

    withdrawn: tuple[Said, ...]
    added: tuple[Said, ...]
    memory: Changes | None


@dataclass
class Heard:
    """What the bus has told of a vehicle and places, in its order.

    ``turns`` says when each finding was told last, ``changes`` what was corrected and when. An exit
    that is told once more as it was is no change.
    """

    standing: dict[str, Said] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    changes: list[tuple[int, Said]] = field(default_factory=list)
    turn: int = 0

    def hear(self, id: str, said: Said, correction: str, *, stands: bool) -> None:
        self.turn += 1
        self.turns[id] = self.turn
        if correction and not (stands and _same(self.standing.get(id), said)):
            self.changes.append((self.turn, said))
        if stands:
            self.standing[id] = said
        elif correction == "withdrawn":
            self.standing.pop(id, None)


def judged_again(said: Said) -> bool:
    """Whether a message is a finding of these rules in this version."""
    return said.get("rule") in _RULES and said.get("version") == VERSION


def settled(
    references: References,
    ordered: Positions,
    vehicle: int,
    since_ms: int,
    live: Changes | None,
    heard: Heard,
) -> Places | None:
    """The answer; ``None`` while the track does not reach the last point that counted.

    ``ordered`` is the whole track by time, ``live`` what is remembered.
    """
    if live is None:
        return Places((), (), None)
    atlas = references.atlas
    grounds = atlas.grounds
    kept = ordered[ordered["time_ms"] <= live.last_ms]
    early, rest = np.split(kept, [int(np.searchsorted(kept["time_ms"], since_ms))])
    story = _since(since_ms, heard.standing.values())
    memory = Memory()
    grounds.walk(memory, early, references.book())
    # Killed behind a correction, it left live what it never entered: the entry was told before.
    entries = [each for _, each in heard.changes if each["kind"] == "entered"]
    ever = _since(since_ms, [*heard.standing.values(), *entries])
    memory = _recalled(grounds.at(since_ms), vehicle, memory, live, ever, _begin(kept))
    found = grounds.walk(memory, rest, references.book())
    now = memory.row(vehicle)
    if now is None or now.last_ms != live.last_ms:
        return None
    grounds.arrive(memory)
    unknown = _unknown(story, grounds)
    truth = {
        each.id: say(
            each,
            references.vehicles.get(vehicle),
            atlas.card(each.fence.place_id, each.fence.version),
            _NEVER,
        )
        for each in found
        if each.fence.place_id not in unknown
    }
    before = {
        str(each["id"]): each
        for place, mine in story.items()
        if place not in unknown
        for each in mine
    }
    withdrawn = [each for id, each in before.items() if id not in truth]
    added = {id: each for id, each in truth.items() if not _same(before.get(id), each)}
    changes = [*heard.changes, *((heard.turn + 1, each) for each in (*withdrawn, *added.values()))]
    ends = _ends(changes, truth.values(), heard.turns)
    return Places(
        tuple(sorted(withdrawn, key=_decided_ms, reverse=True)),
        tuple(sorted({**added, **ends}.values(), key=_decided_ms)),
        _with(memory, live, vehicle, unknown),
    )


def _ends(
    changes: Iterable[tuple[int, Said]], truth: Iterable[Said], turns: Mapping[str, int]
) -> Mapping[str, Said]:
    """The next end behind each change, told once more: it may be the end of something else now.

    One that was told since the change is not needed again.
    """
    exits = sorted((each for each in truth if each["kind"] in _ENDS), key=_decided_ms)
    found: dict[str, Said] = {}
    for turn, each in changes:
        place, moment = each["place_id"], _decided_ms(each)
        for one in exits:
            if one["place_id"] == place and _decided_ms(one) > moment:
                if turns.get(str(one["id"]), 0) < turn:
                    found[str(one["id"])] = one
                break
    return found


def _since(since_ms: int, told: Iterable[Said]) -> Mapping[int, list[Said]]:
    """What was decided from then on, by place and time."""
    found: dict[int, list[Said]] = defaultdict(list)
    for each in sorted(told, key=_decided_ms):
        if _decided_ms(each) >= since_ms:
            found[int(each["place_id"])].append(each)
    return found


def _decided_ms(said: Said) -> int:
    return _ms(str(said["happened_at"]))


def _ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _unknown(story: Mapping[int, list[Said]], grounds: Grounds) -> frozenset[int]:
    """Places of which something was told in a version that is not kept, or was not yet, or no more,
    in force: then points came in order, but long after they were made."""
    return frozenset(
        place
        for place, mine in story.items()
        if not all(
            grounds.held(place, int(each["place_version"]), _decided_ms(each)) for each in mine
        )
    )


def _begin(track: Positions) -> int:
    times = track["time_ms"][counts(track)]
    return int(times[0]) if len(times) else 0


def _same(told: Said | None, again: Said) -> bool:
    if told is None:
        return False
    one, other = told["inputs"], again["inputs"]
    pairs = [(told[name], again[name]) for name in _GIST]
    pairs += [(one.get(name), other.get(name)) for name in _INPUTS]
    return all(before == now for before, now in pairs)


def _recalled(
    places: Fences,
    vehicle: int,
    early: Memory,
    live: Changes,
    story: Mapping[int, list[Said]],
    begin_ms: int,
) -> Memory:
    """``early``, with the stays that began before the track does."""
    known = early.vehicles().get(vehicle) or Vehicle((), {})
    now = _vehicle(live, vehicle)
    changed = dict(known.places)
    for place in now.places.keys() | story.keys():
        told, mine = story.get(place, []), known.places.get(place, OUTSIDE)
        after = now.places.get(place, OUTSIDE)
        if mine == OUTSIDE and (away := _away(told, after, begin_ms)):
            changed[place] = away
            continue
        if known.recent and _begun(mine) > begin_ms:
            continue  # the track shows where it was
        if place in places.by_place and _was_inside(told, after, begin_ms):
            changed[place] = _stay(mine, after, told, begin_ms)
    return Memory.of({vehicle: Vehicle(known.recent, changed)}) if changed else early


def _begun(presence: Presence) -> float:
    """Since when it is as it is, in UTC ms."""
    if presence.inside:
        return presence.stay_ms
    return presence.run_ms if presence.run else math.inf


def _was_inside(told: list[Said], after: Presence, begin_ms: int) -> bool:
    """Whether it was inside before the first of what was told since; ``after`` is it now.

    Nobody is told that a vehicle came onto a route: it was on it if it left it at once. A stay
    that began at ``begin_ms`` is the track's own: of that moment another point may come first.
    """
    for each in told:
        if each["kind"] == "off_route":
            return Key.read(str(each["first_position"])).time_ms <= begin_ms
        if each["kind"] in ("entered", "left"):
            return bool(each["kind"] == "left")
    return after.inside and after.stay_ms < begin_ms


def _away(told: list[Said], after: Presence, begin_ms: int) -> Presence | None:
    """It was off a route already, and told so, when the track begins."""
    if told and told[0]["kind"] == "off_route_over":
        said = told[0]["inputs"]
        key = str(told[0]["first_position"])
        opened = said["hours_opened_at"]
        now = Presence(
            stay_key=key,
            stay_ms=Key.read(key).time_ms,
            told=0 if opened is None else _ms(opened),
            far_dm=round(said["farthest_m"] * 10),
        )
    elif told:
        return None
    else:
        now = _without_run(after)
    off = now.told is not None and not now.inside
    return now if off and now.stay_ms <= begin_ms else None


def _stay(mine: Presence, after: Presence, told: list[Said], begin_ms: int) -> Presence:
    long_since = [each for each in told if each["kind"] == "stayed"]
    openings = {each["inputs"]["hours_opened_at"] for each in told if each["kind"] == "forbidden"}
    if after.inside and after.stay_ms < begin_ms:
        opened = None if after.told is None or _moment(after.told) in openings else after.told
        return replace(
            mine if mine.inside else _without_run(after),
            inside=True,
            stay_key=after.stay_key,
            stay_ms=after.stay_ms,
            stayed=after.stayed and not long_since,
            told=mine.told if mine.inside else opened,
        )
    if long_since:
        key = str(long_since[0]["first_position"])
        began = Key.read(key).time_ms
        return replace(mine, inside=True, stay_key=key, stay_ms=began, stayed=False)
    # It left since, and of how long it had been there nothing is known: nothing is said of it.
    return mine if mine.inside else Presence(inside=True, stayed=True)


def _without_run(presence: Presence) -> Presence:
    """What points of the track began is not known before it."""
    return replace(presence, run=0, run_key="", run_ms=0, hit=None, hit_key="")


def _moment(milliseconds: int) -> str | None:
    """As findings say it."""
    if not milliseconds:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def _vehicle(changes: Changes, vehicle: int) -> Vehicle:
    memory = Memory()
    memory.take(changes)
    return memory.vehicles()[vehicle]


def _with(memory: Memory, live: Changes, vehicle: int, unknown: frozenset[int]) -> Changes | None:
    """The memory of the sorted track; of ``unknown`` places what is remembered."""
    if not unknown:
        return memory.row(vehicle)
    found, before = memory.vehicles()[vehicle], _vehicle(live, vehicle)
    places = {place: one for place, one in found.places.items() if place not in unknown}
    places |= {place: one for place, one in before.places.items() if place in unknown}
    return Memory.of({vehicle: Vehicle(found.recent, places)}).row(vehicle)
