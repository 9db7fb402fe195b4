"""A past track judged by the rules as they are, or as they are proposed.

A :class:`World` holds everything that the stream would know. What a rehearsal finds in it is found
by the stream's own rules: :func:`jiaoan.rules.driving.settle.run` over the sorted track, and
:func:`jiaoan.rules.fences.judge` with an empty memory. The track begins some days before the first
day asked for (:func:`warm_up_days`), so that drives, totals and stays are known when it comes; what
begins earlier is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules import fences
from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import ON_ARRIVAL, Rule
from jiaoan.rules.driving.sentences import sentence
from jiaoan.rules.driving.settings import Settings
from jiaoan.rules.fences import Fence, Fences
from jiaoan.rules.fences.surroundings import surroundings
from jiaoan.stores.positions import Positions, key_of
from jiaoan.stores.reader import Message
from jiaoan.stream.reference import References
from jiaoan.watch.rehearsal.comparing import Event

NOT_REHEARSED: Final = ON_ARRIVAL | {Rule.TOGETHER}
"""Rules of single rows as they arrive, and the one that needs all vehicles at once."""
OF_PLACES: Final = frozenset({Rule.OVERSPEED, Rule.STAY, Rule.HAZMAT_BAN})
"""Rules that ask the places: for a limit or a class of road, and whether a vehicle may stand."""
_TOTALS: Final = frozenset({Rule.DAY_TOTAL, Rule.WEEK_TOTAL})
_FENCE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "entered": ("驶入{}", "entered {}"),
    "left": ("驶离{}", "left {}"),
    "stayed": ("在{}滞留", "stayed in {}"),
    "forbidden": ("违规进入{}", "was in {} while forbidden"),
    "off_route": ("偏离线路{}", "left the route {}"),
    "crossed": ("越过{}", "crossed {}"),
}
Value = Mapping[str, object]


class BadPlace(ValueError):
    """A place that the stream would refuse: the sentence says why."""


@dataclass(frozen=True)
class Ground:
    """All places as the stream would know them; ``names`` for sentences."""

    fences: Fences
    names: Mapping[int, str]

    def around(self, positions: Positions, kind: str) -> npt.NDArray[np.void]:
        """What the places say about each position."""
        found = fences.look_up(self.fences, positions)
        return surroundings(self.fences, found, positions, lambda _vehicle: kind)


def ground_of(values: Iterable[Value]) -> Ground:
    """The places as the stream reads them from their snapshots. :class:`BadPlace` names one."""
    known = References(None)  # type: ignore[arg-type]  # nothing is followed: values are handed in
    for value in values:
        number = int(str(value["place_id"]))
        subject = f"ref.place.{number}"
        known.apply(Message(subject, json.dumps(value).encode(), 0, datetime.now(UTC)))
        if number not in known.places:
            raise BadPlace(f"place {number}: the stream does not take it; its log says why")
    known.rebuild()
    names = {number: card.name for number, card in known.places.items()}
    return Ground(known.fences, names)


def always(ground: Ground, place_id: int) -> Ground:
    """The same with one place in force on every day, as if it had been there before."""
    changed = [
        replace(each, valid_from=None, valid_to=None) if each.place_id == place_id else each
        for each in ground.fences.all
        if each is not None
    ]
    return replace(ground, fences=Fences(changed))


@dataclass(frozen=True)
class World:
    """What holds: figures, switches and places. ``fence`` is the place that is rehearsed."""

    settings: Sequence[Settings]
    off: frozenset[Rule]
    ground: Ground
    fence: Fence | None = None

    def events(
        self, vehicle: int, profile: Profile, track: Positions, rules: frozenset[Rule]
    ) -> list[Event]:
        """Everything that ``rules`` and the rehearsed fence find in one vehicle's track; it is
        judged by the profile that it has today.
        """
        from jiaoan.rules.driving import settle  # numba: only in the process that rehearses

        ordered, _around, _cards = settle.in_order(track)
        wanted = rules - self.off - NOT_REHEARSED
        found = self._driven(vehicle, profile, ordered, wanted) if wanted else []
        return found + (self._fenced(profile.kind, ordered, self.fence) if self.fence else [])

    def _driven(
        self, vehicle: int, profile: Profile, ordered: Positions, wanted: frozenset[Rule]
    ) -> list[Event]:
        from jiaoan.rules.driving import settle

        book = Book({vehicle: profile}, self.settings, off=self.off)
        around = self.ground.around(ordered, profile.kind)
        events: dict[str, Event] = {}
        for each in settle.run(ordered, book, surroundings=around):
            if each.rule in wanted:
                events[each.begun_id] = driven(each)  # an end takes the place of its beginning
        return list(events.values())

    def _fenced(self, kind: str, ordered: Positions, fence: Fence) -> list[Event]:
        outcome = fences.judge(
            Fences([fence]), {}, ordered, key_of=key_of, kind_of=lambda _vehicle: kind
        )
        name = self.ground.names.get(fence.place_id, "")
        return [_fenced_event(each, name) for each in outcome.findings]


def driven(found: Finding) -> Event:
    """A finding of the driving rules; one that only ended (a silence) begins where it began."""
    said = sentence(found)
    end = found.end_ms if found.phase == "ended" else 0
    return Event(
        found.begun_id, found.rule_id, found.vehicle, found.start_ms, end,
        found.first.lat, found.first.lon, said.zh, said.en,
    )  # fmt: skip


def _fenced_event(found: fences.Finding, name: str) -> Event:
    zh, en = _FENCE_WORDS[found.kind]
    moment = datetime.fromtimestamp(found.point.time_ms / 1000, LOCAL)
    return Event(
        found.id, found.rule, found.vehicle, found.point.time_ms, 0,
        found.point.lat, found.point.lon,
        f"{moment.month}月{moment.day}日{moment:%H:%M:%S}{zh.format(name)}。",
        f"{en.format(name)} at {moment:%Y-%m-%d %H:%M:%S}",
    )  # fmt: skip


def warm_up_days(rules: frozenset[Rule]) -> int:
    """How many days before the first one must be read for these rules."""
    return 9 if rules & _TOTALS else 2
