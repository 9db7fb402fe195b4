"""Of which kind vehicles are and were, as far as the fences ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Kinds(Protocol):
    """Kinds of vehicles by time; :class:`jiaoan.rules.driving.book.Book` is one."""

    @property
    def moved(self) -> Collection[int]:
        """Vehicles that were of other kinds before, or may have been."""

    def kind_of(self, vehicle: int, /) -> str:
        """Of which kind it is now; "" = not known."""

    def kind_at(self, vehicle: int, time_ms: int, /) -> str:
        """The same at a moment, UTC ms."""

    def changes(self, vehicle: int, /) -> Sequence[int]:
        """The moments, UTC ms, from which it was another one."""


@dataclass(frozen=True)
class Steady:
    """Vehicles that have always been of the kind that they are of."""

    kind_of: Callable[[int], str]
    moved: Collection[int] = field(default=frozenset(), init=False)

    def kind_at(self, vehicle: int, _time_ms: int) -> str:
        return self.kind_of(vehicle)

    def changes(self, _vehicle: int) -> Sequence[int]:
        return ()
