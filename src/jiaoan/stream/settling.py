"""Late points 迟到点 settled: what a vehicle's whole track says against what was told of it.

Theory of operation
-------------------
A point that is not later than the last one that counted never moves the live state (blind spots
filled by 0x0704, another platform's backfill). The partition notes the earliest such point of each
vehicle; when no more come, its track up to the last point that counted is read back and judged
again from nine days before, or forty where it was silent. What the sorted track finds and nobody
told, or told with other figures, is *added*; what was told and is not found is *withdrawn*:
findings on the bus with ``correction``. Then the vehicle's memory is replaced by that of its sorted
track, so that what comes next is judged as if nothing had been late. Told live, added and withdrawn
together, in the order of the bus, are the findings of the undisturbed run, whatever was killed in
between: a correction that is on the bus already is part of what was told. Places judge as
:mod:`~.fenced` says.

Only findings are compared that were decided at or behind the earliest late point (those before
cannot change) and begin not more than seven days before it (of an earlier beginning the read-back
track may not know). Rules on arrival stay as they were told. Driver cards are read back with the
track; where the last one is not among them (a release before kept none), the hours of drivers are
left as they were told live. A card that is late, before a point that counted, is settled as well.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

import numpy as np

from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving import settle
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.findings import Finding, NotFinding
from jiaoan.rules.driving.judge import judge
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.memory import Changes, Ints
from jiaoan.rules.driving.memory import Memory as Driving
from jiaoan.rules.fences import KEPT_POINTS, counts
from jiaoan.rules.fences.memory import Changes as Fenced
from jiaoan.stores.bus import Message
from jiaoan.stores.positions import Positions
from jiaoan.stream import fenced, findings
from jiaoan.stream.backtrack import BEFORE_MS, DAY_MS
from jiaoan.stream.findings import message_id
from jiaoan.stream.memory import Memory
from jiaoan.stream.reference import References

COMPARED_MS: Final = 7 * DAY_MS
FARTHER_MS: Final = 40 * DAY_MS
Read = Callable[[int, int], Positions]  # from, to: UTC ms of the device
_HOURS: Final = frozenset({Rule.CONTINUOUS, Rule.NIGHT, Rule.DAY_TOTAL, Rule.WEEK_TOTAL})
_ARRIVAL: Final = [c.INVALID_DAY, c.INVALID_MASK, c.CLOCK_DAY]
_CARDS: Final = [c.DRIVER, c.CARD_MS]


@dataclass
class Story:
    """What the bus has told of a vehicle: findings that stand, and corrections of each id.

    ``places`` are the findings of fences as they were told; ``taken`` are the withdrawals that
    memory knows, with the number of the correction.
    """

    standing: dict[str, Finding] = field(default_factory=dict)
    places: fenced.Heard = field(default_factory=fenced.Heard)
    taken: Mapping[str, int] = field(default_factory=dict)
    corrections: Counter[str] = field(default_factory=Counter)

    def hear(self, finding: Finding, correction: str) -> None:
        if self._holds(finding.id, correction):
            self.standing[finding.id] = finding
        elif correction == "withdrawn":
            self.standing.pop(finding.id, None)

    def hear_place(self, id: str, said: fenced.Said, correction: str) -> None:
        stands = self._holds(id, correction)
        taken = self.taken.get(id) == self.corrections[id]
        self.places.hear(id, said, correction, stands=stands, taken=taken)

    def _holds(self, id: str, correction: str) -> bool:
        """Whether this is what stands now."""
        self.corrections[id] += bool(correction)
        # Said again live after a correction it was repeated by a replay: the correction holds.
        return correction != "withdrawn" and bool(correction or not self.corrections[id])


@dataclass(frozen=True)
class Correction:
    """A finding that late points added or withdrew; ``number`` counts the corrections of its id.

    ``said`` is the whole message for one of a fence.
    """

    id: str
    kind: Literal["added", "withdrawn"]
    number: int
    finding: Finding | None = None
    said: fenced.Said | None = None

    @property
    def message_id(self) -> str:
        return message_id(self.id, self.kind, self.number)

    def encode(self, references: References, vehicle: int, now: datetime) -> bytes:
        """The message for the bus."""
        if self.finding is not None:
            card = references.vehicles.get(vehicle)
            return findings.encode_driven(self.finding, card, now, correction=self.kind)
        return findings.correct(self.said or {}, self.kind, now)


@dataclass(frozen=True)
class Settled:
    """What to tell, and the memory of the vehicle once that is stored."""

    corrections: tuple[Correction, ...]
    changes: Changes
    fences: Fenced | None


@dataclass(frozen=True)
class Case:
    """A vehicle as it was when its track was asked for; the answer holds while it is the same."""

    vehicle: int
    since_ms: int  # the earliest late point
    before: Changes
    fences: Fenced | None
    others: Mapping[int, bytes]  # drivers before the present one, their hours
    silent: int | None  # the last point of a silence that was told

    @classmethod
    def of(cls, memory: Memory, vehicle: int) -> Case | None:
        """``None`` where nothing is known of the vehicle: then nothing of it was late."""
        since, row = memory.late.get(vehicle), memory.driving.row(vehicle)
        if since is None or row is None:
            return None
        others = {
            driver: hours.tobytes()
            for (owner, driver), hours in memory.driving.others.items()
            if owner == vehicle
        }
        fences, silent = memory.fences.row(vehicle), memory.silent.get(vehicle)
        return cls(vehicle, since, row, fences, others, silent)

    @property
    def until_ms(self) -> int:
        """The last point that counted."""
        return int(self.before.state[0, c.L_MS])

    @property
    def cards_until_ms(self) -> int:
        """The last point that counted, or the card behind it."""
        return max(self.until_ms, int(self.before.state[0, c.CARD_MS]))

    @property
    def seen_ms(self) -> int | None:
        """The last point that counted for fences."""
        return None if self.fences is None else self.fences.last_ms

    def holds(self, memory: Memory) -> bool:
        """Whether nothing was judged or told of the vehicle since."""
        now = Case.of(memory, self.vehicle)
        return (
            now is not None
            and (now.since_ms, now.silent) == (self.since_ms, self.silent)
            and now.others == self.others
            and np.array_equal(now.before.state, self.before.state)
            and np.array_equal(now.before.work, self.before.work)
            and _same(now.fences, self.fences)
        )

    def track(self, read: Read, before_ms: int = BEFORE_MS) -> Positions:
        """What ``read`` answers from so long before the earliest late point to the last point.

        Of a vehicle that was silent so long, :data:`FARTHER_MS` are read: what it is told of rests
        on its last points.
        """
        last = max(self.until_ms, self.seen_ms or 0)
        found = read(self.since_ms - before_ms, last)
        early = found[found["time_ms"] < self.since_ms]
        if len(np.unique(early["time_ms"][counts(early)])) < KEPT_POINTS:
            found = read(self.since_ms - FARTHER_MS, last)
        return found


def _same(one: Fenced | None, other: Fenced | None) -> bool:
    return one is other if one is None or other is None else one.same(other)


def stories(
    messages: Iterable[Message], vehicles: Collection[int], taken: Mapping[str, int]
) -> dict[int, Story]:
    """What the messages of ``findings.NN`` tell of ``vehicles``; ``taken``: see :class:`Story`."""
    found = {vehicle: Story(taken=taken) for vehicle in vehicles}
    for message in messages:
        said = json.loads(message.data)
        vehicle = said.get("vehicle_id")
        if vehicle not in found:
            continue
        correction = str(said.get("correction") or "")
        if "finding" not in said:
            if fenced.judged_again(said):
                found[vehicle].hear_place(said["id"], said, correction)
            continue
        try:
            finding = Finding.from_json(said["finding"])
        except NotFinding:
            continue  # of another version of the rules: it stands as it was told
        found[vehicle].hear(finding, correction)
    return found


def settled(
    case: Case, references: References, track: Positions, cards: Sequence[Card], story: Story
) -> Settled | None:
    """The answer for one vehicle; ``None`` while its track does not reach its last point.

    ``track`` holds everything of :meth:`Case.track`, ``cards`` those from before it as well;
    in any order, doubles too.
    """
    ordered, _, placed = settle.in_order(track, cards=cards)
    driven = _driven(case, references, ordered, placed, story)
    places = fenced.settled(
        references, ordered, case.vehicle, case.since_ms, case.fences, story.places
    )
    if driven is None or places is None:
        return None
    found, changes = driven
    corrections = (*found, *_of_places(places, story))
    return Settled(corrections, changes, places.memory)


def _driven(
    case: Case,
    references: References,
    ordered: Positions,
    cards: Sequence[Card],
    story: Story,
) -> tuple[list[Correction], Changes] | None:
    """Corrections of the driving rules, and their memory of the sorted track."""
    kept = ordered[ordered["time_ms"] <= case.until_ms]
    book = references.book()
    around = references.atlas.grounds.around(kept, book)
    lost = _lost(case, cards)
    placed = (
        [] if lost else [replace(one, before_row=min(one.before_row, len(kept))) for one in cards]
    )
    truth = judge(Driving(), kept, book, cards=placed, surroundings=around)
    if not len(truth.changes.ids) or int(truth.changes.state[0, c.L_MS]) != case.until_ms:
        return None
    told = [each for each in story.standing.values() if _comparable(each, case, lost)]
    ids = {each.id for each in told}
    found = [each for each in truth.findings if each.id in ids or _comparable(each, case, lost)]
    if lost:
        told = [replace(each, driver=0) for each in told]
    answer = settle.compare(told, found, case.until_ms)
    corrections = [
        *_corrections(answer.withdrawn, "withdrawn", story),
        *_corrections(answer.added, "added", story),
    ]
    return corrections, _adopted(case, truth.changes, lost)


def _lost(case: Case, cards: Sequence[Card]) -> bool:
    """Whether the card that counts now is in no file: then nobody can say who drove when."""
    driver, moment = (int(case.before.state[0, each]) for each in _CARDS)
    return bool(moment) and not any(
        (one.driver, one.time_ms) == (driver, moment) and one.qualified for one in cards
    )


def take(memory: Memory, case: Case, answer: Settled) -> None:
    """Take an answer over whose corrections are stored: all of it, in one go."""
    memory.driving.take(answer.changes)
    if answer.fences is not None:
        memory.fences.take(answer.fences)
    del memory.late[case.vehicle]
    for each in answer.corrections:
        if each.kind == "withdrawn":
            memory.withdrawn[each.id] = each.number
        else:
            memory.withdrawn.pop(each.id, None)


def _comparable(finding: Finding, case: Case, lost: bool) -> bool:
    # A silence is what points did not say up to its last moment, not what its first point said.
    silence = finding.rule is Rule.OFFLINE and finding.phase == "begun"
    decided_ms = finding.end_ms if silence else finding.deciding.time_ms
    return (
        decided_ms >= case.since_ms
        and finding.first.time_ms >= case.since_ms - COMPARED_MS
        and not (lost and finding.rule in _HOURS)
    )


def _corrections(
    found: Iterable[Finding], kind: Literal["added", "withdrawn"], story: Story
) -> Iterator[Correction]:
    for each in found:
        yield Correction(each.id, kind, story.corrections[each.id] + 1, finding=each)


def _of_places(places: fenced.Places, story: Story) -> Iterator[Correction]:
    for said in places.withdrawn:
        id = str(said["id"])
        yield Correction(id, "withdrawn", story.corrections[id] + 1, said=said)
    for said in places.added:
        id = str(said["id"])
        yield Correction(id, "added", story.corrections[id] + 1, said=said)


def _adopted(case: Case, truth: Changes, lost: bool) -> Changes:
    """The memory of the sorted track, but for what goes by the order of arrival, or is lost."""
    before, state = case.before, truth.state.copy()
    kept = _ARRIVAL + (_CARDS if lost else [])
    state[:, kept] = before.state[:, kept]
    if lost:
        return Changes(before.ids, state, before.work, {})
    gone: dict[tuple[int, int], Ints | None] = {(case.vehicle, each): None for each in case.others}
    return Changes(before.ids, state, truth.work, gone | truth.others)
