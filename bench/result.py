"""The one form in which every figure is given."""

from __future__ import annotations

import math
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Impossible(Exception):
    """Why nothing could be measured, as one sentence."""


@dataclass(frozen=True)
class Result:
    """``figure`` is the median of ``runs`` or, where named, that share of them (0.95: p95).

    ``ratio`` is figure / yardstick, both in ``unit``.

    ``yardstick_is`` says what the figure is held against: an aim, or something measured beside it.
    """

    name: str
    unit: str
    runs: Sequence[float]
    yardstick: float
    yardstick_is: str
    notes: Mapping[str, object] = field(default_factory=dict)
    share: float | None = None

    def as_json(self) -> dict[str, Any]:
        figure = percentile(self.runs, self.share) if self.share else statistics.median(self.runs)
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


def machine() -> dict[str, object]:
    """What the figures were measured on; ``load_1m`` above the cores means: not alone."""
    return {
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
        "load_1m": round(os.getloadavg()[0], 2),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all do not exceed (nearest rank, nothing invented)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and max, in the unit of ``values``."""
    return {
        "p50": round(percentile(values, 0.5), 4),
        "p95": round(percentile(values, 0.95), 4),
        "max": round(max(values), 4),
    }
