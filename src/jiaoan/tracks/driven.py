"""Driving over a limit on a track: judged again from the positions, by the rules' own pass.

The vehicle's profile, the figures and the places are those of today; what the terminal is set to is
not in the track. So a stretch here is a lead; what the stream found stands in the findings. Both
use :func:`jiaoan.rules.driving.settle.run`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import TITLES, Rule
from jiaoan.rules.driving.sentences import Sentence, sentence
from jiaoan.rules.fences.judging import Fences, look_up
from jiaoan.rules.fences.values import Fence
from jiaoan.rules.shapes import ShapelyShapes
from jiaoan.stores import positions
from jiaoan.stores.positions import Positions
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
    track: Columns, profile: Profile, start: datetime, end: datetime, fences: Sequence[Fence] = ()
) -> list[Driven]:
    """Stretches that touch ``start`` to ``end``; ``track`` begins :data:`BEFORE` that, by time.

    ``fences`` are the places that limit speed, and the road sections.
    """
    if not len(track["time_ms"]):
        return []
    from jiaoan.rules.driving import settle  # numba: only in the process that asks

    rows = positions.empty(len(track["time_ms"]))
    for name in track:
        rows[name] = track[name]
    vehicle = int(rows["vehicle"][0])
    book = Book({vehicle: profile})
    found = settle.run(rows, book, surroundings=_around(rows, profile.kind, fences))
    low, high = in_ms(start), in_ms(end)
    last = int(np.max(rows["time_ms"]))
    stretches = [_stretch(each, last) for each in _lasting(found)]
    return [each for each in stretches if in_ms(each.end) >= low and in_ms(each.start) < high]


def _around(rows: Positions, kind: str, fences: Sequence[Fence]) -> npt.NDArray[np.void]:
    """What the places say about each row, as the stream asks them."""
    from jiaoan.rules.fences.surroundings import surroundings

    places = Fences(fences, ShapelyShapes)  # a few roads once: no grid is worth building
    return surroundings(places, look_up(places, rows), rows, lambda _vehicle: kind)


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
