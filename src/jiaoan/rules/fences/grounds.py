"""Places as they were: a vehicle's whole track through places that were drawn, changed and closed.

For what is judged behind the day: late points, rehearsals, explanations. Live, a change of places
is met between two blocks; here between two points: the versions that were in force at the time of
a point judge it, and a place that is new or redrawn since the point before is adopted as it is
live (:func:`jiaoan.rules.fences.adopt`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving.columns import SURROUNDINGS
from jiaoan.rules.fences.judging import Fences, look_up
from jiaoan.rules.fences.kinds import Kinds
from jiaoan.rules.fences.memory import Memory
from jiaoan.rules.fences.surroundings import surroundings
from jiaoan.rules.fences.values import ALWAYS, Fence, Finding

Rows = npt.NDArray[np.void]
_KEPT: Final = 8  # sets of places that are kept built


@dataclass(frozen=True)
class Version:
    """A place from ``since_ms`` (UTC) on; without ``fence`` it was not there.

    ``mark`` is the same for the same ground and the same vehicles.
    """

    since_ms: int
    fence: Fence | None
    mark: str


@dataclass(frozen=True)
class Part:
    """Rows of a track that one set of places judges; ``fresh`` came since the rows before."""

    fences: Fences
    rows: slice
    fresh: frozenset[int]


class Grounds:
    """Versions of places by time. ``now`` is the set of those that hold at last."""

    def __init__(self, versions: Mapping[int, Sequence[Version]], now: Fences) -> None:
        self._versions = {
            place: sorted(each, key=lambda one: one.since_ms) for place, each in versions.items()
        }
        self._now = now
        self._changes = sorted(
            (one.since_ms, place)
            for place, each in self._versions.items()
            for one in each
            if one.since_ms != ALWAYS
        )
        self._moments = np.unique([moment for moment, _ in self._changes]).astype(np.int64)
        self._built = lru_cache(maxsize=_KEPT)(self._build)

    @classmethod
    def steady(cls, now: Fences) -> Grounds:
        """Places that never changed."""
        return cls(
            {one.place_id: [Version(ALWAYS, one, "")] for one in now.all if one is not None}, now
        )

    def only(self, place: int) -> Grounds:
        """The same of one place alone."""
        number = self._now.by_place.get(place)
        now = None if number is None else self._now.all[number]
        return Grounds({place: self._versions.get(place, [])}, Fences([now] if now else []))

    def always(self, place: int) -> Grounds:
        """The same, with one place on every day as it is now."""
        wanted = [one for one in self._now.all if one is not None]
        now = Fences(
            replace(one, valid_from=None, valid_to=None) if one.place_id == place else one
            for one in wanted
        )
        held = now.all[now.by_place[place]]
        return Grounds({**self._versions, place: [Version(ALWAYS, held, "")]}, now)

    def held(self, place: int, version: int, time_ms: int) -> bool:
        """Whether that version of a place was the one of that moment."""
        until = [one for one in self._versions.get(place, ()) if one.since_ms <= time_ms]
        fence = until[-1].fence if until else None
        return fence is not None and fence.version == version

    def at(self, time_ms: int) -> Fences:
        """The places of that moment."""
        return self._built(int(np.searchsorted(self._moments, time_ms, "right")))

    def parts(self, times: npt.NDArray[np.int64], after_ms: int | None = None) -> Iterator[Part]:
        """Which places judge which of the sorted ``times``.

        ``after_ms`` is the point before them; ``None`` = there is none, so nothing is fresh.
        """
        numbers = np.searchsorted(self._moments, times, "right")
        begins = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
        for begin, end in pairwise([*begins, len(times)]):
            fences = self._built(int(numbers[begin]))
            yield Part(fences, slice(begin, end), self._fresh(after_ms, int(times[begin])))
            after_ms = int(times[end - 1])

    def walk(self, memory: Memory, track: Rows, kinds: Kinds) -> list[Finding]:
        """The findings of one vehicle's ``track`` by time; ``memory``, of it alone, moves on."""
        from jiaoan.rules.fences import jitted  # numba: only where tracks are judged

        found: list[Finding] = []
        for part in self.parts(track["time_ms"].astype(np.int64), _last(memory)):
            self._adopt(part.fences, memory, part.fresh)
            outcome = jitted.judge(part.fences, memory, track[part.rows], kinds=kinds)
            memory.take(outcome.changes)
            found += outcome.findings
        return found

    def arrive(self, memory: Memory) -> None:
        """What changed since the last point is adopted, as it is live before the next one."""
        last = _last(memory)
        if last is not None and len(self._moments):
            self._adopt(self._now, memory, self._fresh(last, int(self._moments[-1])))

    def around(self, track: Rows, kinds: Kinds) -> Rows:
        """What the places of the time say about each point of a track that is sorted by it."""
        found = np.zeros(len(track), SURROUNDINGS)
        for part in self.parts(track["time_ms"].astype(np.int64)):
            rows = track[part.rows]
            seen = look_up(part.fences, rows)
            found[part.rows] = surroundings(part.fences, seen, rows, kinds.kind_at)
        return found

    @staticmethod
    def _adopt(fences: Fences, memory: Memory, fresh: Iterable[int]) -> None:
        from jiaoan.rules.fences import jitted

        adopted = jitted.adopt(fences, memory, fresh)
        if adopted is not None:
            memory.take(adopted)

    def _fresh(self, after_ms: int | None, until_ms: int) -> frozenset[int]:
        """Places that at the one moment are others, for other vehicles, than at the other."""
        if after_ms is None:
            return frozenset()
        changed = {place for moment, place in self._changes if after_ms < moment <= until_ms}
        return frozenset(place for place in changed if self._other(place, after_ms, until_ms))

    def _other(self, place: int, after_ms: int, until_ms: int) -> bool:
        before, now = self._version(place, after_ms), self._version(place, until_ms)
        if now is None or now.fence is None:
            return False
        return before is None or before.fence is None or before.mark != now.mark

    def _version(self, place: int, time_ms: int) -> Version | None:
        held = [one for one in self._versions[place] if one.since_ms <= time_ms]
        return held[-1] if held else None

    def _build(self, number: int) -> Fences:
        if number == len(self._moments):
            return self._now
        moment = int(self._moments[number]) - 1
        held = (self._version(place, moment) for place in self._versions)
        return Fences((one.fence for one in held if one and one.fence), before=self._now)


def _last(memory: Memory) -> int | None:
    """The time of the last point of the one vehicle of which a memory is."""
    counted = int(memory.counts[0]) if len(memory) else 0
    return int(memory.recent[0, counted - 1]["time_ms"]) if counted else None
