"""Two hazmat vehicles together, judged again from the tracks of both; no database, no clock.

Live, a slice of time is judged when a position of any vehicle was received a minute behind its end.
Here only two are read, so a slice is taken as judged at that moment: a report that came later is
left out of it, as it was unless nobody else reported meanwhile.
"""

from __future__ import annotations

import numpy as np

from jiaoan.rules import fences
from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.together import Closeness, Together
from jiaoan.stores.positions import Positions
from jiaoan.stream.together import GRACE_S, Memory, Slices

Track = tuple[Positions, Positions]
"""Reports of a vehicle and what the places say about each of them."""


def again(told: Finding, one: Track, other: Track, book: Book) -> Finding | None:
    """The finding as it comes out of both tracks; ``None`` = it does not."""
    figures = Closeness(near_m=told.limits["near_m"], long_s=told.limits["limit_s"])
    return next((each for each in found(one, other, book, figures) if each.id == told.id), None)


def found(one: Track, other: Track, book: Book, figures: Closeness | None = None) -> list[Finding]:
    """Everything that the rule finds of a pair."""
    figures = figures or Closeness()
    memory = Memory(0, Slices(figures.slice_s * 1000), Together(figures))
    positions = np.concatenate([one[0], other[0]])
    known = np.concatenate([one[1]["known"], other[1]["known"]]) != 0
    order = np.argsort(positions["received_ms"], kind="stable")
    positions, known = positions[order], known[order]
    wanted = fences.counts(positions)
    moments, begins = np.unique(positions["received_ms"], return_index=True)
    told: list[Finding] = []
    for moment, begin, end in zip(
        moments.tolist(), begins.tolist(), [*begins[1:].tolist(), len(positions)], strict=True
    ):
        memory.slices.heard_ms = moment
        told += _close(memory)
        part = slice(begin, end)
        memory.slices.add(positions[part], wanted[part].tolist(), known[part].tolist())
    memory.slices.heard_ms += 2 * (GRACE_S * 1000 + memory.slices.slice_ms)
    told += _close(memory)
    return [each for each in told if book.judges(each.vehicle, Rule.TOGETHER, each.first.time_ms)]


def _close(memory: Memory) -> list[Finding]:
    return [
        each
        for number in memory.slices.over()
        for each in memory.together.slice(*memory.slices.close(number))
    ]
