"""A partition without bus and clock: blocks in, findings on a list, killed and settled at will."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import cast

import numpy as np

from jiaoan.rules import fences as twin
from jiaoan.rules.driving import settle
from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.judge import judge
from jiaoan.rules.driving.law import ON_ARRIVAL
from jiaoan.rules.driving.memory import Memory as Driving
from jiaoan.rules.fences import Fence, Fences
from jiaoan.stores.bus import Bus, Message
from jiaoan.stores.positions import DTYPE, Positions, key_of
from jiaoan.stream import common, judging, memory, settling
from jiaoan.stream.backtrack import BEFORE_MS
from jiaoan.stream.findings import encode
from jiaoan.stream.judging import Told
from jiaoan.stream.reference import PlaceCard, References
from jiaoan.stream.settling import Case

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def references_of(book: Book) -> References:
    references = References(cast(Bus, None))
    references._book = book
    return references


def draw_places(references: References, fences: Sequence[Fence]) -> None:
    """Places that have always been there."""
    references.places = {
        each.place_id: PlaceCard(f"place {each.place_id}", "district", "", "", each)
        for each in fences
    }
    references.rebuild()


@dataclass
class World:
    """What outlives a kill: the blocks, the stored findings, the last snapshot."""

    references: References
    blocks: list[tuple[Positions, Sequence[Card]]] = field(default_factory=list)
    stored: dict[str, bytes] = field(default_factory=dict)  # by message id, in order, each once
    memory: memory.Memory = field(default_factory=memory.Memory)
    before_ms: int = BEFORE_MS  # so long before the earliest late point a track is read back

    def __post_init__(self) -> None:
        self.save()

    def save(self) -> None:
        self.snapshot = memory.encode(self.memory, "me")

    def kill(self) -> None:
        """The next owner reads the snapshot and judges again what came since."""
        self.memory, _ = memory.decode(self.snapshot)
        for number in range(self.memory.sequence, len(self.blocks)):
            self._judge(*self.blocks[number])

    def look_at_places(self) -> None:
        """As the partition does when they changed."""
        common.adopt(self.references, self.memory)

    def hear(self, positions: Positions, cards: Sequence[Card] = ()) -> None:
        self.blocks.append((positions, cards))
        self._judge(positions, cards)

    def _judge(self, positions: Positions, cards: Sequence[Card]) -> None:
        places = self.references.fences
        judged = judging.judge(self.memory, self.references, places, positions, cards, NOW)
        self.store(judged.told)
        judging.take(self.memory, judged)
        judging.remember(self.memory, judged, judged.late, self.memory.sequence + 1)

    def store(self, told: Sequence[Told]) -> None:
        for each in told:
            self.stored.setdefault(each.id, each.data)

    def settle(self) -> None:
        """Settle every vehicle that has late points, as the partition does."""
        for vehicle in list(self.memory.late):
            case = Case.of(self.memory, vehicle)
            assert case is not None
            track = case.track(partial(self.track, vehicle), self.before_ms)
            cards = self.cards(vehicle, case.cards_until_ms)
            answer = settling.settled(case, self.references, track, cards, self.stories()[vehicle])
            assert answer is not None
            assert case.holds(self.memory)
            self.store(
                [
                    Told(
                        vehicle,
                        each.message_id,
                        each.encode(self.references, vehicle, NOW),
                    )
                    for each in answer.corrections
                ]
            )
            settling.take(self.memory, case, answer)

    def track(self, vehicle: int, first_ms: int, last_ms: int) -> Positions:
        rows = np.concatenate([np.zeros(0, DTYPE), *(positions for positions, _ in self.blocks)])
        times = rows["time_ms"]
        mine = (rows["vehicle"] == vehicle) & (times >= first_ms) & (times <= last_ms)
        return np.asarray(rows[mine])

    def cards(self, vehicle: int, last_ms: int) -> list[Card]:
        return [
            card
            for _, cards in self.blocks
            for card in cards
            if card.vehicle == vehicle and card.time_ms <= last_ms
        ]

    def stories(self) -> dict[int, settling.Story]:
        messages = [Message("findings.00", data, 0, NOW) for data in self.stored.values()]
        rows = np.concatenate([np.zeros(0, DTYPE), *(positions for positions, _ in self.blocks)])
        return settling.stories(messages, set(rows["vehicle"].tolist()), self.memory.withdrawn)

    def standing(self) -> dict[str, Finding]:
        """Told live and added, without what was withdrawn; nothing by the order of arrival."""
        return {
            id: finding
            for story in self.stories().values()
            for id, finding in story.standing.items()
            if finding.rule not in ON_ARRIVAL
        }

    def places(self) -> dict[str, str]:
        """The same of places: id → what it says."""
        return {
            id: gist(said)
            for story in self.stories().values()
            for id, said in story.places.standing.items()
        }

    def ids(self) -> list[str]:
        return sorted(str(json.loads(data)["id"]) for data in self.stored.values())


def gist(said: Mapping[str, object]) -> str:
    """A finding of a place without when and by whom it was told, for a comparison by eye."""
    left_out = ("received_at", "judged_at", "correction", "terminal")
    return json.dumps({name: said[name] for name in sorted(said) if name not in left_out})


def places_truth(positions: Positions, fences: Fences, references: References) -> dict[str, str]:
    """What the plain twin finds in the undisturbed run, by id."""
    ordered, _, _ = settle.in_order(positions)
    found = twin.judge(fences, {}, ordered, key_of=key_of, kinds=references.book()).findings
    vehicles, places = references.vehicles, references.places
    return {
        each.id: gist(
            json.loads(
                encode(each, vehicles.get(each.vehicle), places.get(each.fence.place_id), NOW)
            )
        )
        for each in found
    }


def truth(positions: Positions, book: Book, cards: Sequence[Card] = ()) -> dict[str, Finding]:
    """The findings of the undisturbed run in time order, by id."""
    ordered, _, placed = settle.in_order(positions, cards=cards)
    return {
        each.id: each
        for each in judge(Driving(), ordered, book, cards=placed).findings
        if each.rule not in ON_ARRIVAL
    }
