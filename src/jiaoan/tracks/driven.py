"""Driving over a limit on a track: judged again from the positions, by the rules' own pass.

As the stream judges a late point: by the vehicle's profile, the bureau's figures and the places of
each moment. What is different is that the track begins a day before, and no driver's card is read;
so a stretch here is a lead, and what the stream found stands in the findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import TITLES, Rule
from jiaoan.rules.driving.sentences import Sentence, sentence
from jiaoan.rules.fences.grounds import Grounds
from jiaoan.stores import positions
from jiaoan.stores.tracks import Columns, in_ms, moment_of

RULES: Final = frozenset({Rule.OVERSPEED, Rule.CONTINUOUS, Rule.NIGHT})
BEFORE: Final = timedelta(days=1)
"""So much of the track before a day is judged with it: a drive may begin before midnight."""


@dataclass(frozen=True)
class Driven:
    """A stretch over a limit. Speeds in km/h; ``None`` for limits of time. ``open``: it goes on."""

    rule: Rule
    start: datetime
    end: datetime
    sentence: Sentence
    limit_kmh: float | None
    peak_kmh: float | None
    open: bool

    @property
    def title_zh(self) -> str:
        return TITLES[self.rule][0]

    @property
    def title_en(self) -> str:
        return TITLES[self.rule][1]

    @property
    def seconds(self) -> int:
        return round((self.end - self.start).total_seconds())


def driven(
    track: Columns, book: Book, grounds: Grounds, start: datetime, end: datetime
) -> list[Driven]:
    """Stretches that touch ``start`` to ``end``; ``track`` begins :data:`BEFORE` that, by time.

    ``book`` knows the vehicle and the figures, ``grounds`` the places that limit speed and the
    road sections.
    """
    if not len(track["time_ms"]):
        return []
    from jiaoan.rules.driving import settle  # numba: only in the process that asks

    rows = positions.empty(len(track["time_ms"]))
    for name in track:
        rows[name] = track[name]
    ordered, _, _ = settle.in_order(rows)
    found = settle.run(ordered, book, surroundings=grounds.around(ordered, book))
    low, high = in_ms(start), in_ms(end)
    last = int(np.max(rows["time_ms"]))
    stretches = [_stretch(each, last) for each in _lasting(found)]
    return [each for each in stretches if in_ms(each.end) >= low and in_ms(each.start) < high]


def _lasting(found: Sequence[Finding]) -> list[Finding]:
    """One for each event: its end where it has one, else its beginning."""
    kept = {each.begun_id: each for each in found if each.rule in RULES}  # an end comes behind
    return sorted(kept.values(), key=lambda each: (each.start_ms, each.rule))


def _stretch(finding: Finding, last: int) -> Driven:
    fast = finding.rule is Rule.OVERSPEED
    goes_on = finding.phase == "begun"
    limit = finding.limits.get("limit_milli", 0) / 1000 if fast else 0
    return Driven(
        finding.rule,
        moment_of(finding.start_ms),
        moment_of(last if goes_on else finding.end_ms),
        sentence(finding),
        limit or None,
        finding.values["peak_speed"] / 10 if fast else None,
        goes_on,
    )
