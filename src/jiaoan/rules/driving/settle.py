"""Late points settled from the history, and one finding recomputed from exported positions.

Both judge a vehicle's track again from the beginning: sorted by device time, doubles left out.
Card events stand before the first position that is not earlier than they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving import kernel
from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.judge import Pass, judge
from jiaoan.rules.driving.law import ON_ARRIVAL, Rule
from jiaoan.rules.driving.memory import Memory

Rows = npt.NDArray[np.void]
_DAY_MS: Final = 86_400_000
_TOTALS: Final = frozenset({Rule.DAY_TOTAL, Rule.WEEK_TOTAL})
_NOT_SETTLED: Final = ON_ARRIVAL | {Rule.TOGETHER}
_SILENCE: Final = (Rule.OFFLINE, "begun")
_KEY: Final = ("time_ms", "vehicle", "lat", "lon", "alarm", "status")


def in_order(
    track: Rows, surroundings: Rows | None = None, cards: Sequence[Card] = ()
) -> tuple[Rows, Rows | None, list[Card]]:
    """The undisturbed run: by device time, each report once, cards where their time puts them."""
    keys = np.array([track[name].astype(np.int64) for name in _KEY]).reshape(len(_KEY), -1)
    order = np.lexsort(keys[::-1])
    repeated = np.zeros(len(order), np.bool_)
    repeated[1:] = (keys[:, order[1:]] == keys[:, order[:-1]]).all(axis=0)
    order = order[~repeated]
    ordered = track[order]
    times = ordered["time_ms"].astype(np.int64)
    placed = [
        replace(card, before_row=int(np.searchsorted(times, card.time_ms, "left")))
        for card in sorted(cards, key=lambda card: card.time_ms)
    ]
    return ordered, None if surroundings is None else surroundings[order], placed


def run(
    track: Rows,
    book: Book,
    *,
    cards: Sequence[Card] = (),
    surroundings: Rows | None = None,
    run: Pass = kernel.run,
) -> tuple[Finding, ...]:
    """All findings of past tracks: a rehearsal 预演 of a rule, or the truth about late points."""
    ordered, around, placed = in_order(track, surroundings, cards)
    found = judge(Memory(), ordered, book, cards=placed, surroundings=around, run=run)
    return found.findings


def window_ms(finding_or_time: Finding | int) -> tuple[int, int]:
    """The span of positions, in UTC ms, that a finding (or a late point) depends on.

    Two days before it begins, eight for the totals and for a late point; two days behind it,
    because an end comes with the first point after the thing itself.
    """
    if isinstance(finding_or_time, int):
        return finding_or_time - 9 * _DAY_MS, finding_or_time + 9 * _DAY_MS
    finding = finding_or_time
    before = 9 if finding.rule in _TOTALS else 2
    last = max(finding.end_ms, finding.deciding.time_ms)
    return finding.start_ms - before * _DAY_MS, last + 2 * _DAY_MS


@dataclass(frozen=True)
class Settlement:
    """What the sorted track says beside what was told live.

    A finding that was told with other figures (a silence that ended earlier, a higher peak) is
    added under its same id: it takes the place of what was told.
    """

    confirmed: tuple[Finding, ...]
    added: tuple[Finding, ...]
    withdrawn: tuple[Finding, ...]  # told live, but not by the whole track


def settle(
    told: Iterable[Finding],
    track: Rows,
    book: Book,
    *,
    cards: Sequence[Card] = (),
    surroundings: Rows | None = None,
) -> Settlement:
    """Compare what was ``told`` of a vehicle with its whole ``track`` (of :func:`window_ms`)."""
    return compare(told, run(track, book, cards=cards, surroundings=surroundings), _end(track))


def compare(told: Iterable[Finding], truth: Iterable[Finding], end_ms: int) -> Settlement:
    """What was ``told`` beside the ``truth`` about a track that ends at ``end_ms``.

    Rules on arrival and pairs of vehicles are no matter of order: they are left out. The beginning
    of a silence needs a clock, so it is never added; one that points of the track lie in is
    withdrawn, and one that the track ends with is left alone.
    """
    live = {each.id: each for each in told if each.rule not in _NOT_SETTLED}
    found = {each.id: each for each in truth if each.rule not in _NOT_SETTLED}
    ended = {each.begun_id for each in found.values() if each.rule is Rule.OFFLINE}
    silences = [each for each in live.values() if (each.rule, each.phase) == _SILENCE]
    for each in silences:
        if each.begun_id in ended or each.first.time_ms >= end_ms:
            del live[each.id]
    return Settlement(
        tuple(each for id, each in found.items() if live.get(id) == each),
        tuple(each for id, each in found.items() if live.get(id) != each),
        tuple(each for id, each in live.items() if id not in found),
    )


def _end(track: Rows) -> int:
    return int(track["time_ms"].max()) if len(track) else 0


@dataclass(frozen=True)
class Difference:
    """One field of a finding that comes out differently."""

    field: str
    told: object
    recomputed: object


@dataclass(frozen=True)
class Recomputed:
    """Whether a finding comes out of the exported positions again."""

    finding: Finding | None  # as it comes out now; None = it does not
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        return self.finding is not None and not self.differences


def recompute(
    finding: Finding,
    track: Rows,
    book: Book,
    *,
    cards: Sequence[Card] = (),
    surroundings: Rows | None = None,
) -> Recomputed:
    """Judge the exported ``track`` of the vehicle in :func:`window_ms` again: the same finding?

    ``book`` holds the vehicle's profile and the figures of that time; ``surroundings`` as they
    were recorded. A beginning of a silence is looked for as the silence's end, whose first
    position is the same.
    """
    mine = track[track["vehicle"] == finding.vehicle]
    around = None if surroundings is None else surroundings[track["vehicle"] == finding.vehicle]
    found = run(mine, book, cards=cards, surroundings=around)
    silence = (finding.rule, finding.phase) == (Rule.OFFLINE, "begun")
    again = next(
        (
            each
            for each in found
            if (each.begun_id == finding.begun_id if silence else each.id == finding.id)
        ),
        None,
    )
    if again is None:
        return Recomputed(None, (Difference("finding", finding.id, None),))
    return Recomputed(again, () if silence else tuple(_differences(finding, again)))


def _differences(told: Finding, again: Finding) -> Iterable[Difference]:
    for each in fields(Finding):
        one, other = getattr(told, each.name), getattr(again, each.name)
        if isinstance(one, Mapping):
            for name in sorted(one.keys() | other.keys()):
                if one.get(name) != other.get(name):
                    yield Difference(f"{each.name}.{name}", one.get(name), other.get(name))
        elif one != other:
            yield Difference(each.name, one, other)
