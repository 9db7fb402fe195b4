"""Hazmat vehicles together, judged again from their tracks; no database, no clock.

Live, a slice of time is judged when a position of any vehicle was received a minute behind its end.
Here a slice is taken as judged at that very moment: a report that came later is left out of it, as
it was unless nobody else reported meanwhile.
"""

from __future__ import annotations

import numpy as np

from jiaoan.rules import fences
from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.together import Closeness, Together, slices
from jiaoan.stores.positions import Positions
from jiaoan.stream.together import GRACE_S


def again(told: Finding, tracks: Positions, around: Positions, book: Book) -> Finding | None:
    """The finding as it comes out of the tracks of both; ``None`` = it does not."""
    together = Together(Closeness(near_m=told.limits["near_m"], long_s=told.limits["limit_s"]))
    return next((each for each in feed(together, tracks, around, book) if each.id == told.id), None)


def feed(together: Together, tracks: Positions, around: Positions, book: Book) -> list[Finding]:
    """What the reports of some vehicles tell, behind those that were fed before.

    ``around`` is what the places say about each of them.
    """
    slice_ms = together.figures.slice_s * 1000
    times, received = (tracks[name].astype(np.int64) for name in ("time_ms", "received_ms"))
    closed = (times // slice_ms + 1) * slice_ms + GRACE_S * 1000
    # Of two reports of one moment the one that came first counts, and the last one here does.
    rows = np.flatnonzero(fences.counts(tracks) & (received < closed))
    rows = rows[np.argsort(-received[rows], kind="stable")]
    told: list[Finding] = []
    for end, last, heard in slices(
        tracks[rows], around["known"][rows] != 0, together.figures.slice_s
    ):
        told += together.slice(end, last, heard)
    return [each for each in told if book.judges(each.vehicle, Rule.TOGETHER, each.first.time_ms)]
