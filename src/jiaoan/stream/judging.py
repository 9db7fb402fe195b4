"""One block of positions through all rules: what is to be told, and what is to be remembered.

Pure functions of memory, references, block and moment. Nothing is remembered before it is told:
:func:`remember` takes over what :func:`judge` answered when every finding is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np

from jiaoan.rules import fences
from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving import judge as driving
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.memory import Memory as Driving
from jiaoan.rules.fences import jitted
from jiaoan.rules.fences.memory import Memory as Fenced
from jiaoan.rules.fences.memory import key_at
from jiaoan.rules.fences.surroundings import surroundings
from jiaoan.stores.positions import Positions
from jiaoan.stream import findings
from jiaoan.stream.backtrack import CARDS_MS
from jiaoan.stream.memory import Memory
from jiaoan.stream.reference import References

ALIVE_MS = 300_000  # a longer break in listening may be the reason of a silence


class Known(Protocol):
    """What the rules ask for: the memory of one partition, or of all that are judged together."""

    fences: Fenced
    driving: Driving

    @property
    def withdrawn(self) -> Mapping[str, int]: ...


@dataclass(frozen=True)
class Told:
    """A finding on its way to the bus, stored once by ``id``; those of a vehicle keep order."""

    vehicle: int
    id: str
    data: bytes


@dataclass(frozen=True)
class Judged:
    """What a block says, and what it changes once that is stored."""

    told: tuple[Told, ...]
    fences: jitted.Outcome
    driving: driving.Outcome
    late: Mapping[int, int]  # vehicle → device time of its earliest late point in the block


def judge(
    memory: Known,
    references: References,
    places: fences.Fences,
    positions: Positions,
    cards: Sequence[Card],
    now: datetime,
) -> Judged:
    """All rules over a block; ``cards`` are the driver cards that stand between its positions."""
    found, book = fences.look_up(places, positions), references.book()
    fenced = jitted.judge(places, memory.fences, positions, kinds=book, found=found)
    driven = driving.judge(
        memory.driving,
        positions,
        book,
        cards=cards,
        surroundings=surroundings(places, found, positions, book.kind_at),
    )
    told = [
        *_fenced(fenced.findings, memory, references, now),
        *_driven(driven, memory, references, positions, now),
    ]
    late = _late(driven, fenced, memory, positions)
    for vehicle, time_ms in _out_of_turn(memory, positions, cards):
        late[vehicle] = min(time_ms, late.get(vehicle, time_ms))
    return Judged(tuple(told), fenced, driven, late)


def _fenced(
    found: Sequence[fences.Finding], memory: Known, references: References, now: datetime
) -> Iterator[Told]:
    for each in found:
        vehicle = references.vehicles.get(each.vehicle)
        place = references.places.get(each.fence.place_id)
        number = memory.withdrawn.get(each.id, -1) + 1  # of a correction; 0 = never withdrawn
        data = findings.encode(each, vehicle, place, now, correction="added" if number else "")
        yield Told(each.vehicle, findings.message_id(each.id, "added", number), data)


def _driven(
    outcome: driving.Outcome,
    memory: Known,
    references: References,
    positions: Positions,
    now: datetime,
) -> Iterator[Told]:
    for each, row in zip(outcome.findings, outcome.rows, strict=True):
        number = memory.withdrawn.get(each.id, -1) + 1  # of a correction; 0 = never withdrawn
        data = findings.encode_driven(
            each,
            references.vehicles.get(each.vehicle),
            now,
            terminal=positions["terminal"][row].decode("ascii", "replace"),
            received_ms=int(positions["received_ms"][row]),
            correction="added" if number else "",
        )
        yield Told(each.vehicle, findings.message_id(each.id, "added", number), data)


def _late(
    outcome: driving.Outcome, fenced: jitted.Outcome, memory: Known, positions: Positions
) -> dict[int, int]:
    """Late points, without those that say one of the vehicle's last reports once more."""
    late: dict[int, int] = {}
    # Both: how far ahead a clock may run is a figure of the driving rules and none of the fences.
    for number in sorted({each.row for each in outcome.late}.union(fenced.late)):
        row = positions[number]
        key, vehicle = key_at(row), int(row["vehicle"])
        again = _before(positions[:number], row) or key in memory.fences.last_keys(vehicle)
        if not again:
            late[vehicle] = min(key.time_ms, late.get(vehicle, key.time_ms))
    return late


def _before(rows: Positions, row: np.void) -> bool:
    """Whether the same report stands among the rows before it: who catches up judges many."""
    same = (rows["time_ms"] == row["time_ms"]) & (rows["vehicle"] == row["vehicle"])
    return key_at(row) in map(key_at, rows[same])


def _out_of_turn(
    memory: Known, positions: Positions, cards: Sequence[Card]
) -> Iterator[tuple[int, int]]:
    """Where a card and a point came in the wrong order: (vehicle, the earlier of the two).

    The card that counts, said once more, is none; nor is one from a clock that runs ahead: every
    point would be out of turn until it has caught up.
    """
    driving = memory.driving
    ahead = np.flatnonzero(driving.state[:, c.CARD_MS] > driving.state[:, c.L_MS])
    if not len(cards) and not len(ahead):
        return
    ahead = ahead[np.isin(driving.ids[ahead], positions["vehicle"])]
    # What each block begins with: cards that were put in behind the last point.
    events = [
        (int(vehicle), 0, int(moment))
        for vehicle, moment in zip(
            driving.ids[ahead].tolist(), driving.state[ahead, c.CARD_MS].tolist(), strict=True
        )
    ]
    events += [
        (card.vehicle, card.before_row, card.time_ms)
        for card in cards
        if card.qualified and not _again(memory, card)
    ]
    if not events:
        return
    counted = fences.counts(positions)
    for vehicle, before_row, moment in events:
        known = driving.row(vehicle)
        last = 0 if known is None else int(known.state[0, c.L_MS])
        mine = (positions["vehicle"] == vehicle) & counted
        before = positions["time_ms"][:before_row][mine[:before_row]]
        behind = positions[before_row:][mine[before_row:]]
        last = max(last, int(before.max(initial=0)))
        if last - CARDS_MS < moment <= last:
            yield vehicle, moment
        if len(behind) and moment <= int(behind["received_ms"].max()) + fences.AHEAD_MS:
            earliest = int(behind["time_ms"].min())
            if earliest < moment:
                yield vehicle, earliest


def _again(memory: Known, card: Card) -> bool:
    known = memory.driving.row(card.vehicle)
    if known is None:
        return False
    driver, moment = (int(known.state[0, each]) for each in (c.DRIVER, c.CARD_MS))
    return (driver, moment) == (card.driver, card.time_ms)


def take(memory: Known, judged: Judged) -> None:
    """What the rules know of the vehicles of a step from now on: all of it, in one go."""
    memory.fences.take(judged.fences.changes)
    memory.driving.take(judged.driving.changes)


def remember(memory: Memory, judged: Judged, late: Mapping[int, int], sequence: int) -> None:
    """What a partition notes of a step that was taken, up to ``sequence``: which of its vehicles
    have ``late`` points, and that what was withdrawn was told again."""
    for vehicle, time_ms in late.items():
        memory.late[vehicle] = min(time_ms, memory.late.get(vehicle, time_ms))
    told = [each.id for each in judged.fences.findings]
    for id in told + [each.id for each in judged.driving.findings]:
        memory.withdrawn.pop(id, None)
    memory.sequence = sequence


def silences(memory: Memory, references: References, now_ms: int) -> tuple[Finding, ...]:
    """Vehicles that are silent 离线 and of whom it was not told; ask when nothing waits unread.

    A vehicle is silent only if it was listened to: after a longer break of the stream its time
    begins anew. Vehicles that no reference knows any more are left out.
    """
    _listen(memory, now_ms)
    return tuple(
        each
        for each in driving.silent(memory.driving, references.book(), now_ms)
        if each.vehicle in references.vehicles
        and memory.silent.get(each.vehicle) != each.first.time_ms
        and now_ms - memory.hearing.since_ms >= each.limits["limit_s"] * 1000
    )


def remember_silences(memory: Memory, told: Sequence[Finding]) -> None:
    """Not to tell them again; a vehicle that spoke since is forgotten."""
    spoken = dict(zip(memory.driving.ids.tolist(), memory.driving.heard.tolist(), strict=True))
    memory.silent |= {each.vehicle: each.first.time_ms for each in told}
    memory.silent = {
        vehicle: last for vehicle, last in memory.silent.items() if spoken.get(vehicle) == last
    }


def _listen(memory: Memory, now_ms: int) -> None:
    hearing = memory.hearing
    if not 0 <= now_ms - hearing.until_ms <= ALIVE_MS:
        hearing.since_ms = now_ms
    hearing.until_ms = now_ms
