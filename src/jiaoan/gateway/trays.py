"""Where plain reports gather by partition until their batch goes to the bus: one tray each.

Compiled code lays rows, octets and asks down at their place; Python lifts a tray off when its time
has come or it is full.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.gateway.lanes import ASK, Rows
from jiaoan.gateway.limits import Limits
from jiaoan.stores.positions import DTYPE, PARTITIONS
from jiaoan.wire.jt808.jitted import PHONE

LETTERED: Final = np.dtype(
    [
        (name, "u1", (PHONE,)) if name == "terminal" else (name, DTYPE[name])
        for name in DTYPE.names or ()
    ]
)
"""``stores.positions.DTYPE`` as compiled code writes it."""
_ROOM: Final = 2048
"""Octets that a tray takes beyond its bound: the bound is looked at before a report, not after."""


class Trays:
    """``reports`` and ``weights`` (octets) say how much lies on each tray."""

    def __init__(self, limits: Limits) -> None:
        self.most_octets = limits.batch_octets
        shape = (PARTITIONS, limits.batch_positions)
        self.reports = np.zeros(PARTITIONS, np.int64)
        self.weights = np.zeros(PARTITIONS, np.int64)
        self.positions: Rows = np.zeros(shape, LETTERED)
        self.lengths = np.zeros(shape, np.uint32)
        self.octets = np.zeros((PARTITIONS, self.most_octets + _ROOM), np.uint8)
        self.asks: Rows = np.zeros(shape, ASK)
        self._positions, self._asks = _as_octets(self.positions), _as_octets(self.asks)

    def full(self) -> list[int]:
        """The partitions whose tray takes no more."""
        rows = self.reports >= self.positions.shape[1]
        return np.flatnonzero(rows | (self.weights >= self.most_octets)).tolist()

    def lift(self, partition: int) -> tuple[Rows, Rows, npt.NDArray[np.uint32], bytes]:
        """Asks, rows, lengths and octets of a tray, which is empty then."""
        count, weight = int(self.reports[partition]), int(self.weights[partition])
        self.reports[partition] = self.weights[partition] = 0
        return (
            np.frombuffer(bytearray(self._asks[partition, :count]), ASK),
            np.frombuffer(bytearray(self._positions[partition, :count]), DTYPE),
            self.lengths[partition, :count].copy(),
            self.octets[partition, :weight].tobytes(),
        )


def _as_octets(rows: Rows) -> npt.NDArray[np.uint8]:
    """The same memory: numpy copies octets in one go, but rows field by field."""
    return rows.view(np.uint8).reshape(*rows.shape, rows.itemsize)
