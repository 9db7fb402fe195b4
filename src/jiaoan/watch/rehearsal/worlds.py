"""A past track judged by the rules as they are, or as they are proposed.

A :class:`World` holds everything that the stream would know. What a rehearsal finds in it is found
by the stream's own rules: :func:`jiaoan.rules.driving.settle.run` over the sorted track with its
driver cards, the rules on arrival over what came in by receipt, and the pass over fences with an
empty memory. Each point is judged by the places of its time. The track begins some days before the
first day asked for (:func:`warm_up_days`), so that drives, totals and stays are known when it
comes; what begins earlier is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules import fences
from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import ON_ARRIVAL, Rule
from jiaoan.rules.driving.memory import Memory as Driving
from jiaoan.rules.driving.sentences import sentence, span_en, span_zh
from jiaoan.rules.driving.settings import Settings
from jiaoan.rules.fences.grounds import Grounds
from jiaoan.rules.fences.memory import Memory
from jiaoan.stores.positions import Positions
from jiaoan.watch.findings.pairs import feed
from jiaoan.watch.places import BadPlace as BadPlace
from jiaoan.watch.places import known
from jiaoan.watch.rehearsal.comparing import Event

if TYPE_CHECKING:
    from jiaoan.rules.driving.together import Together

OF_PLACES: Final = frozenset({Rule.OVERSPEED, Rule.STAY, Rule.HAZMAT_BAN})
"""Rules that ask the places: for a limit or a class of road, and whether a vehicle may stand."""
BY_THEMSELVES: Final = ON_ARRIVAL | {Rule.TOGETHER}
"""Rules that do not judge a vehicle's sorted track: single reports as they come in, and pairs."""
_TOTALS: Final = frozenset({Rule.DAY_TOTAL, Rule.WEEK_TOTAL})
_FENCE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "entered": ("驶入{}", "entered {}"),
    "left": ("驶离{}", "left {}"),
    "stayed": ("在{}滞留", "stayed in {}"),
    "forbidden": ("违规进入{}", "was in {} while forbidden"),
    "off_route": ("偏离线路{}", "left the route {}"),
    "off_route_over": ("不再偏离线路{}", "was off the route {} no more"),
    "crossed": ("越过{}", "crossed {}"),
}
Value = Mapping[str, object]


@dataclass(frozen=True)
class Ground:
    """All places by time, as the stream would know them; ``names`` for sentences."""

    grounds: Grounds
    names: Mapping[int, str]

    def around(self, positions: Positions, book: Book) -> npt.NDArray[np.void]:
        """What the places of the time say about each position, which are sorted by it."""
        return self.grounds.around(positions, book)

    def only(self, place_id: int) -> Grounds | None:
        """One place alone; ``None`` where it is not there."""
        return self.grounds.only(place_id) if place_id in self.names else None


def ground_of(values: Iterable[Value]) -> Ground:
    """The places as the stream reads them from their snapshots. :class:`BadPlace` names one."""
    references = known(values)
    names = {number: card.name for number, card in references.places.items()}
    return Ground(references.atlas.grounds, names)


def always(ground: Ground, place_id: int) -> Ground:
    """The same with one place in force on every day, as if it had been there before."""
    return replace(ground, grounds=ground.grounds.always(place_id))


@dataclass(frozen=True)
class World:
    """What holds: figures, switches and places. ``fence`` is the place that is rehearsed."""

    settings: Sequence[Settings]
    off: frozenset[Rule]
    ground: Ground
    fence: Grounds | None = None

    def events(
        self,
        vehicle: int,
        profile: Profile,
        track: Positions,
        rules: frozenset[Rule],
        cards: Sequence[Card] = (),
    ) -> list[Event]:
        """Everything that ``rules`` and the rehearsed fence find in one vehicle's track; it is
        judged by the profile that it had at each moment.
        """
        from jiaoan.rules.driving import settle  # numba: only in the process that rehearses

        ordered, _around, placed = settle.in_order(track, cards=cards)
        wanted = rules - self.off - BY_THEMSELVES
        found = self._driven(vehicle, profile, ordered, wanted, placed) if wanted else []
        return found + (
            self._fenced(Book({vehicle: profile}), ordered, self.fence) if self.fence else []
        )

    def _driven(
        self,
        vehicle: int,
        profile: Profile,
        ordered: Positions,
        wanted: frozenset[Rule],
        cards: Sequence[Card],
    ) -> list[Event]:
        from jiaoan.rules.driving import settle

        book = Book({vehicle: profile}, self.settings, off=self.off)
        around = self.ground.around(ordered, book)
        events: dict[str, Event] = {}
        for each in settle.run(ordered, book, cards=cards, surroundings=around):
            if each.rule in wanted:
                events[each.begun_id] = driven(each)  # an end takes the place of its beginning
        return list(events.values())

    def _fenced(self, book: Book, ordered: Positions, fence: Grounds) -> list[Event]:
        found = fence.walk(Memory(), ordered, book)
        events: list[Event] = []
        away: dict[str, int] = {}  # by the first position off the route
        for each in found:
            event = _fenced_event(each, self.ground.names.get(each.fence.place_id, ""))
            if each.kind == "off_route_over" and each.first_key in away:
                number = away[each.first_key]
                events[number] = _until(events[number], each)
                continue
            if each.kind == "off_route":
                away[each.first_key] = len(events)
            events.append(event)
        return events

    def arrived(
        self, vehicle: int, profile: Profile, came: Positions, rules: frozenset[Rule]
    ) -> list[Event]:
        """What the rules on arrival find in the reports of a vehicle, by their receipt.

        An event has the moment of its receipt: such a report may have no other.
        """
        wanted = (rules & ON_ARRIVAL) - self.off
        if not wanted or not len(came):
            return []
        from jiaoan.rules.driving.judge import judge

        book = Book({vehicle: profile}, self.settings, off=self.off)
        outcome = judge(Driving(), came, book)
        return [
            replace(driven(each), start_ms=int(came["received_ms"][row]))
            for each, row in zip(outcome.findings, outcome.rows, strict=True)
            if each.rule in wanted
        ]

    def pairs(self) -> Pairs:
        """Hazmat vehicles too long together: to be fed with all of them, day by day."""
        from jiaoan.rules.driving.together import Together

        return Pairs(self, Together())


@dataclass(frozen=True)
class Pairs:
    """The rule over pairs in one world."""

    world: World
    together: Together

    def day(self, tracks: Positions) -> list[Event]:
        """The next day's reports of all hazmat vehicles, sorted by time."""
        if Rule.TOGETHER in self.world.off:
            return []
        ids = np.unique(tracks["vehicle"]).tolist()
        profiles = {each: Profile(kind="hazmat") for each in ids}
        book = Book(profiles, self.world.settings, off=self.world.off)
        around = self.world.ground.around(tracks, book)
        return [driven(each) for each in feed(self.together, tracks, around, book)]


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
    stay_zh, stay_en = _stay(found)
    return Event(
        found.id, found.rule, found.vehicle, found.point.time_ms, 0,
        found.point.lat, found.point.lon,
        f"{moment.month}月{moment.day}日{moment:%H:%M:%S}{zh.format(name)}{stay_zh}。",
        f"{en.format(name)} at {moment:%Y-%m-%d %H:%M:%S}{stay_en}",
    )  # fmt: skip


def _stay(found: fences.Finding) -> tuple[str, str]:
    """Since when and how long a vehicle had been in what it left."""
    begun = found.stay.begun_ms if found.kind == "left" and found.stay else None
    if begun is None:
        return "", ""
    since, seconds = (
        datetime.fromtimestamp(begun / 1000, LOCAL),
        (found.point.time_ms - begun) // 1000,
    )
    return (
        f"（自{since.month}月{since.day}日{since:%H:%M:%S}起在内，停留{span_zh(seconds)}）",
        f" (in it since {since:%Y-%m-%d %H:%M:%S}, {span_en(seconds)})",
    )


def _until(begun: Event, over: fences.Finding) -> Event:
    """How long a vehicle was off its route, and how far."""
    moment = datetime.fromtimestamp(over.over_ms / 1000, LOCAL)
    metres = over.far_dm // 10
    return replace(
        begun,
        end_ms=over.over_ms,
        zh=f"{begun.zh.removesuffix('。')}，至{moment.month}月{moment.day}日{moment:%H:%M:%S}，"
        f"最远{metres}米。",
        en=f"{begun.en}, until {moment:%Y-%m-%d %H:%M:%S}, {metres} m at the farthest",
    )


def warm_up_days(rules: frozenset[Rule]) -> int:
    """How many days before the first one must be read for these rules."""
    return 9 if rules & _TOTALS else 2
