"""What the rules remember of all partitions of a process, which are judged in one step.

A partition comes with what its snapshot says and joins; from then on its :class:`~.memory.Memory`
looks at the vehicles here, which are one table for all: a step over sixteen small tables costs
sixteen times what it costs over one. What is its own (sequence, late points, withdrawn findings)
stays with it. Leaving, it takes its vehicles away.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving.memory import Ints
from jiaoan.rules.driving.memory import Memory as Driving
from jiaoan.rules.fences import Fences, jitted
from jiaoan.rules.fences.memory import Memory as Fenced
from jiaoan.stores.positions import partition_of
from jiaoan.stream.memory import Memory
from jiaoan.stream.reference import References


class Common:
    """The vehicles of the partitions that joined; all of them saw the same ``places``."""

    def __init__(self, references: References) -> None:
        self.fences, self.driving = Fenced(), Driving()
        self.places: dict[int, str] = {}
        self._references = references
        self._seen: Fences | None = None
        self._members: dict[int, Memory] = {}

    @property
    def withdrawn(self) -> Mapping[str, int]:
        return ChainMap(*(each.withdrawn for each in self._members.values()))

    def join(self, number: int, memory: Memory) -> None:
        """Partition ``number`` brings its vehicles; ``memory`` looks at these from now on."""
        self.look_at_places()
        adopt(self._references, memory)
        self.fences.take(memory.fences.all())
        self.driving.take(memory.driving.all())
        memory.fences, memory.driving, memory.places = self.fences, self.driving, self.places
        self._members[number] = memory

    def leave(self, number: int) -> None:
        """Partition ``number`` and its vehicles are forgotten; nothing where it did not join."""
        if self._members.pop(number, None) is not None:
            others = _is(number, False)
            self.fences, self.driving = self.fences.only(others), self.driving.only(others)
            for memory in self._members.values():
                memory.fences, memory.driving = self.fences, self.driving

    def part(self, number: int) -> Memory:
        """A copy of all that is remembered of one partition: what a snapshot says of it."""
        return self._members[number].copy(_is(number, True))

    def look_at_places(self) -> Fences:
        """When places changed: take vehicles already inside a new one as inside, in silence."""
        places = self._references.fences
        if self._seen is not places:
            self._seen = places
            adopt(self._references, self)
        return places


class _Placed(Protocol):
    fences: Fenced
    places: dict[int, str]


def adopt(references: References, known: _Placed) -> None:
    """Take the places of now for those that were seen: whoever is in a new one was not told."""
    marks = references.marks()
    new = [place for place, mark in marks.items() if known.places.get(place) != mark]
    adopted = jitted.adopt(references.fences, known.fences, new)
    if adopted is not None:
        known.fences.take(adopted)
    known.places.clear()
    known.places.update(marks)


def _is(number: int, wanted: bool) -> Callable[[Ints], npt.NDArray[np.bool_]]:
    """Of vehicles, which are of partition ``number``, or which are not."""
    return lambda vehicles: np.asarray((partition_of(vehicles) == number) == wanted)
