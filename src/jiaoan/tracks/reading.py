"""What a track says: its places, its stands, and its gaps with their reason.

A *gap* is a silence longer than ``gap_s`` between two reports that say where the vehicle was. What
happened there is not known, so nothing is drawn through it and no way is counted. Its reason:

* *bad data* 数据不合格: it did report, but without a fix, without a place, or with a time that
  cannot be true;
* *off line* 离线: running when last heard (ignition on or moving), and nothing came in meanwhile,
  as in the rule ``driving.offline``;
* *not reported* 未上报: it was connected (other reports of it came in meanwhile), or its ignition
  was off, when terminals may be silent.

A gap of at least ``offline_s`` in which the vehicle came ``displaced_m`` forward is the rule
``driving.displaced`` 离线位移; one that needed more than ``drift_kmh`` is not, it is drift.
All figures are those of the driving rules on the day, unverified [U] as they are there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.kernel.coords import distance_m
from jiaoan.rules.driving.settings import Settings
from jiaoan.stores.region import placed
from jiaoan.stores.tracks import Columns, Point, points_of, true_times

IGNITION: Final = 0x01  # status bit 0, ACC 开


class GapReason(StrEnum):
    """Why there is no place between two moments."""

    OFFLINE = "offline"
    NOT_REPORTED = "not-reported"
    BAD_DATA = "bad-data"


@dataclass(frozen=True)
class Gap:
    """From ``start`` to ``end``; ``before``/``after`` are ``None`` at the edge of the time asked.

    ``metres`` in a straight line, ``None`` at an edge; ``bad`` reports came in meanwhile.
    """

    start: datetime
    end: datetime
    before: Point | None
    after: Point | None
    reason: GapReason
    metres: float | None
    displaced: bool
    bad: int

    @property
    def seconds(self) -> int:
        return round((self.end - self.start).total_seconds())


@dataclass(frozen=True)
class Stand:
    """Stood from the report ``first`` to the report ``last``, without a gap in between."""

    first: Point
    last: Point
    reports: int

    @property
    def seconds(self) -> int:
        return round((self.last.time - self.first.time).total_seconds())


@dataclass(frozen=True)
class Reading:
    """``points`` say where the vehicle was; ``bad`` reports did not. ``metres``: without gaps."""

    points: Sequence[Point]
    gaps: Sequence[Gap]
    stands: Sequence[Stand]
    bad: int
    metres: float

    @property
    def top_kmh(self) -> float | None:
        return max((point.speed_kmh for point in self.points), default=None)


def read(said: Columns, figures: Settings, start: datetime, end: datetime) -> Reading:
    """``said`` (:func:`jiaoan.stores.tracks.said`) from ``start`` up to ``end``, at most now."""
    good = placed(said) & true_times(said)
    points = points_of({name: array[good] for name, array in said.items()})
    bad = {name: array[~good] for name, array in said.items()}
    moments = np.where(true_times(bad), bad["time_ms"], bad["received_ms"]).astype(np.int64)
    heard = np.sort(said["received_ms"].astype(np.int64))
    listen = _Listen(figures, np.sort(moments), heard)
    gaps = list(_gaps(points, listen, start, end))
    cut = {gap.before.time for gap in gaps if gap.before}
    metres = sum(
        distance_m(one.lat, one.lon, other.lat, other.lon)
        for one, other in pairwise(points)
        if one.time not in cut
    )
    return Reading(points, gaps, list(_stands(points, cut, figures)), len(moments), metres)


@dataclass(frozen=True)
class _Listen:
    """What was heard besides places: moments (UTC ms) of bad reports, and of every arrival."""

    figures: Settings
    bad: npt.NDArray[np.int64]
    heard: npt.NDArray[np.int64]

    def gap(
        self, start: datetime, end: datetime, before: Point | None, after: Point | None
    ) -> Gap | None:
        if end - start <= timedelta(seconds=self.figures.gap_s):
            return None
        bad = _between(self.bad, start, end)
        metres = None
        if before is not None and after is not None:
            metres = distance_m(before.lat, before.lon, after.lat, after.lon)
        reason = self._reason(start, end, before, bad)
        seconds = (end - start).total_seconds()
        return Gap(start, end, before, after, reason, metres, self._displaced(seconds, metres), bad)

    def _displaced(self, seconds: float, metres: float | None) -> bool:
        figures = self.figures
        if metres is None or seconds < figures.offline_s or metres < figures.displaced_m:
            return False
        return metres / seconds * 3.6 <= figures.drift_kmh

    def _reason(self, start: datetime, end: datetime, before: Point | None, bad: int) -> GapReason:
        if bad:
            return GapReason.BAD_DATA
        arrived = before.received if before else start
        connected = _between(self.heard, max(start, arrived), end)
        running = before is not None and (
            bool(before.status & IGNITION) or before.speed_kmh * 10 >= self.figures.moving
        )
        return GapReason.OFFLINE if running and not connected else GapReason.NOT_REPORTED


def _between(moments: npt.NDArray[np.int64], start: datetime, end: datetime) -> int:
    """How many lie after ``start`` and before ``end``."""
    low, high = (round(each.timestamp() * 1000) for each in (start, end))
    return int(np.searchsorted(moments, high, "left") - np.searchsorted(moments, low, "right"))


def _gaps(
    points: Sequence[Point], listen: _Listen, start: datetime, end: datetime
) -> Iterator[Gap]:
    first, last = (points[0], points[-1]) if points else (None, None)
    found = [listen.gap(start, first.time if first else end, None, first)]
    found += [listen.gap(one.time, other.time, one, other) for one, other in pairwise(points)]
    if last is not None:
        found.append(listen.gap(last.time, end, last, None))
    yield from (gap for gap in found if gap is not None)


def _stands(
    points: Sequence[Point], cut: Collection[datetime], figures: Settings
) -> Iterator[Stand]:
    """Runs below ``moving`` within ``stay_m`` of their first report that last ``halt_s``."""
    run: list[Point] = []

    def ended() -> Iterator[Stand]:
        if run and (run[-1].time - run[0].time).total_seconds() >= figures.halt_s:
            yield Stand(run[0], run[-1], len(run))
        run.clear()

    for point in points:
        slow = point.speed_kmh * 10 < figures.moving
        if run and not (slow and _near(run[0], point, figures.stay_m)):
            yield from ended()
        if slow:
            run.append(point)
        if point.time in cut:
            yield from ended()
    yield from ended()


def _near(one: Point, other: Point, metres: int) -> bool:
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= metres
