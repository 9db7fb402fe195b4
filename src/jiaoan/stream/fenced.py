"""What late points change about places: the sorted track through them beside what was told.

The track is read back from nine days before; the part before the earliest late point only brings
the memory up to it, from where the vehicle was before (:mod:`~.recalled`). Everything decided from
the earliest late point on is compared, by the places that were in force at the time of each point.
Of a place of whose version nothing is known any more what was told is left; so it is where the
version that was told was not the one of its time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from jiaoan.rules.fences import RULES, VERSION, Vehicle
from jiaoan.rules.fences.grounds import Grounds
from jiaoan.rules.fences.memory import Changes, Memory
from jiaoan.stores.positions import Positions
from jiaoan.stream.findings import say
from jiaoan.stream.recalled import Past, decided_ms
from jiaoan.stream.reference import References

Said = Mapping[str, Any]
_RULES: Final = frozenset(RULES.values())
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GIST: Final = ("kind", "happened_at", "first_position", "stay")
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
    that is told once more as it was is no change. ``untaken`` was withdrawn by a settlement that
    was killed before its memory was taken over.
    """

    standing: dict[str, Said] = field(default_factory=dict)
    untaken: dict[str, Said] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    changes: list[tuple[int, Said]] = field(default_factory=list)
    turn: int = 0

    def hear(
        self, id: str, said: Said, correction: str, *, stands: bool, taken: bool = False
    ) -> None:
        self.turn += 1
        self.turns[id] = self.turn
        if correction and not (stands and _same(self.standing.get(id), said)):
            self.changes.append((self.turn, said))
        if stands:
            self.standing[id] = said
            self.untaken.pop(id, None)
        elif correction == "withdrawn":
            self.standing.pop(id, None)
            if not taken:
                self.untaken[id] = said


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
    grounds, book = atlas.grounds, references.book()
    kept = ordered[ordered["time_ms"] <= live.last_ms]
    story = _since(since_ms, heard.standing.values())
    told = [*heard.standing.values(), *heard.untaken.values()]
    past = Past.of(kept, since_ms, live, told, grounds.at(since_ms))
    memory, rest = past.walk(lambda memory, rows: grounds.walk(memory, rows, book))
    found = grounds.walk(memory, rest, book)
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
        tuple(sorted(withdrawn, key=decided_ms, reverse=True)),
        tuple(sorted({**added, **ends}.values(), key=decided_ms)),
        _with(memory, live, vehicle, unknown),
    )


def _ends(
    changes: Iterable[tuple[int, Said]], truth: Iterable[Said], turns: Mapping[str, int]
) -> Mapping[str, Said]:
    """The next end behind each change, told once more: it may be the end of something else now.

    One that was told since the change is not needed again.
    """
    exits = sorted((each for each in truth if each["kind"] in _ENDS), key=decided_ms)
    found: dict[str, Said] = {}
    for turn, each in changes:
        place, moment = each["place_id"], decided_ms(each)
        for one in exits:
            if one["place_id"] == place and decided_ms(one) > moment:
                if turns.get(str(one["id"]), 0) < turn:
                    found[str(one["id"])] = one
                break
    return found


def _since(since_ms: int, told: Iterable[Said]) -> Mapping[int, list[Said]]:
    """What was decided from then on, by place and time."""
    found: dict[int, list[Said]] = defaultdict(list)
    for each in sorted(told, key=decided_ms):
        if decided_ms(each) >= since_ms:
            found[int(each["place_id"])].append(each)
    return found


def _unknown(story: Mapping[int, list[Said]], grounds: Grounds) -> frozenset[int]:
    """Places of which something was told in a version that is not kept, or was not yet, or no more,
    in force: then points came in order, but long after they were made."""
    return frozenset(
        place
        for place, mine in story.items()
        if not all(
            grounds.held(place, int(each["place_version"]), decided_ms(each)) for each in mine
        )
    )


def _same(told: Said | None, again: Said) -> bool:
    if told is None:
        return False
    one, other = told["inputs"], again["inputs"]
    pairs = [(told.get(name), again.get(name)) for name in _GIST]
    pairs += [(one.get(name), other.get(name)) for name in _INPUTS]
    return all(before == now for before, now in pairs)


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
