"""Two hazmat vehicles too long together 危货车辆异常靠近: a sign of goods moved over.

Vehicles of a pair lie in different partitions, so this is a pass of its own over the positions of
all hazmat vehicles, in slices of time. In each slice the last position of every vehicle heard of
is taken; those outside known places are put into cells of a spatial hash at least ``near_m`` wide,
and only vehicles in the same or a neighbouring cell are measured: exact, and linear in vehicles as
long as they are not heaped.

A pair is *together* from the first slice in which both are heard and not more than ``near_m``
apart. It is *told* once in the first slice after more than ``long_s`` seconds. Slices in which one
of them is silent neither end nor prolong it up to ``patience_s``; found apart, it is over.
``near_m``, ``long_s`` and ``slice_s`` are [U] settings.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving.findings import Finding, Key
from jiaoan.rules.driving.law import Rule

Rows = npt.NDArray[np.void]
_AROUND: Final = ((0, 0), (0, 1), (1, -1), (1, 0), (1, 1))


@dataclass(frozen=True)
class Closeness:
    """The figures of the rule; all [U]."""

    near_m: int = 100
    long_s: int = 600
    slice_s: int = 30
    patience_s: int = 300


@dataclass(frozen=True)
class Pair:
    """A pair since it was first seen together; ``first`` is the report of the lower id."""

    first: Key
    since: int
    last: int
    slices: int
    told: bool


def near_pairs(
    lat: npt.NDArray[np.int64], lon: npt.NDArray[np.int64], near_m: int
) -> Iterator[tuple[int, int, int]]:
    """(number, number, metres) of all points not more than ``near_m`` apart, each pair once."""
    from jiaoan.rules.driving.kernel import METRES, metres  # numba: only where pairs are looked for

    tall = max(1, math.ceil((near_m + 1) / METRES))
    band = lat // tall
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    if not len(lat):
        return
    # One width for all: of the parallel where a degree is narrowest, so no neighbour is missed.
    shrink = max(math.cos(math.radians(float(np.abs(lat).max()) / 1e6 + 0.01)), 1e-6)
    wide = min(math.ceil(tall / shrink), 360_000_000)
    around = max(1, 360_000_000 // wide)
    column = (lon + 180_000_000) // wide % around
    for number in range(len(lat)):
        cells[int(band[number]), int(column[number])].append(number)
    for (row, place), mine in cells.items():
        seen: set[tuple[int, int]] = set()
        for up, right in _AROUND:
            there = (row + up, (place + right) % around)
            if there in seen:
                continue
            seen.add(there)
            # The last column is wider than the others where they do not divide the circle.
            others = cells.get(there, ()) if there in cells else ()
            for one in mine:
                for other in others:
                    if there == (row, place) and other <= one:
                        continue
                    apart = metres(lat[one], lon[one], lat[other], lon[other])
                    if apart <= near_m:
                        yield min(one, other), max(one, other), apart


@dataclass
class Together:
    """Memory of the pairs; feed it slice after slice in time."""

    figures: Closeness = Closeness()
    pairs: dict[tuple[int, int], Pair] = field(default_factory=dict)

    def slice(self, end_ms: int, last: Mapping[int, Key], heard: Sequence[int]) -> list[Finding]:
        """Findings of the slice that ends at ``end_ms``.

        ``last`` is the last counted position in the slice of every hazmat vehicle outside known
        places; ``heard`` are all hazmat vehicles heard in the slice.
        """
        ids = sorted(last)
        lat = np.array([last[each].lat for each in ids], np.int64)
        lon = np.array([last[each].lon for each in ids], np.int64)
        found: list[Finding] = []
        close: set[tuple[int, int]] = set()
        for one, other, apart in near_pairs(lat, lon, self.figures.near_m):
            pair = (ids[one], ids[other])
            close.add(pair)
            finding = self._meet(pair, end_ms, last, apart)
            if finding is not None:
                found.append(finding)
        present = set(heard)
        for pair in self.pairs.keys() - close:
            quiet = end_ms - self.pairs[pair].last > self.figures.patience_s * 1000
            if quiet or (pair[0] in present and pair[1] in present):
                del self.pairs[pair]
        return sorted(found, key=lambda each: (each.vehicle, each.values["other"]))

    def _meet(
        self, pair: tuple[int, int], end_ms: int, last: Mapping[int, Key], apart: int
    ) -> Finding | None:
        was = self.pairs.get(pair) or Pair(last[pair[0]], end_ms, end_ms, 0, False)
        lasted = end_ms - was.since
        ripe = lasted > self.figures.long_s * 1000
        self.pairs[pair] = Pair(was.first, was.since, end_ms, was.slices + 1, was.told or ripe)
        if not ripe or was.told:
            return None
        return Finding(
            Rule.TOGETHER, "begun", pair[0], "hazmat", 0, was.first, last[pair[0]], end_ms,
            {
                "together_s": lasted // 1000, "slices": was.slices + 1, "other": pair[1],
                "apart_m": apart,
            },
            {"limit_s": self.figures.long_s, "near_m": self.figures.near_m},
        )  # fmt: skip


def slices(
    positions: Rows, known: npt.NDArray[np.bool_], slice_s: int
) -> Iterator[tuple[int, dict[int, Key], list[int]]]:
    """Positions of hazmat vehicles, cut into slices for :meth:`Together.slice`, in time order."""
    usable = (positions["status"] & 2 != 0) & (positions["time_ms"] > 0)
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(positions["time_ms"][rows], kind="stable")]
    numbers = positions["time_ms"][rows] // (slice_s * 1000)
    for number in np.unique(numbers):
        latest: dict[int, int] = {}
        for row in rows[numbers == number].tolist():
            latest[int(positions["vehicle"][row])] = row
        last = {
            vehicle: Key(
                int(positions["time_ms"][row]), int(positions["lat"][row]),
                int(positions["lon"][row]), int(positions["alarm"][row]),
                int(positions["status"][row]),
            )
            for vehicle, row in latest.items()
            if not known[row]
        }  # fmt: skip
        yield (int(number) + 1) * slice_s * 1000, last, sorted(latest)
