"""The one form in which every figure is given."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Result:
    """``figure`` is the median of ``runs``; ``ratio`` is figure / yardstick, both in ``unit``.

    ``yardstick_is`` says what the figure is held against: an aim, or something measured beside it.
    """

    name: str
    unit: str
    runs: Sequence[float]
    yardstick: float
    yardstick_is: str
    notes: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        figure = statistics.median(self.runs)
        return {
            "name": self.name,
            "figure": round(figure, 3),
            "unit": self.unit,
            "yardstick": round(self.yardstick, 3),
            "yardstick_is": self.yardstick_is,
            "ratio": round(figure / self.yardstick, 3),
            "runs": [round(run, 3) for run in self.runs],
            **({"notes": dict(self.notes)} if self.notes else {}),
        }
