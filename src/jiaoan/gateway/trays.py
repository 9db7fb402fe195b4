"""Where plain reports gather by partition until their batch goes to the bus: one tray each.

Compiled code lays rows, octets and asks down at their place; Python lifts a tray off when its time
has come or it is full.
"""

from __future__ import annotations

from typing import Final, TypeAlias

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
ROOM: Final = 17 * 1024
"""Octets of one link in one turn, with those that it left unfinished in the turn before."""
_SHORTEST: Final = 42
"""Octets of a plain report: header, body, checksum, a flag. A tray takes beyond its bounds what
one link may lay down: they are looked at before, not after."""

Laid: TypeAlias = tuple[Rows, Rows, npt.NDArray[np.uint32], bytes]
"""Asks, rows, lengths and octets."""


class Trays:
    """``reports`` and ``weights`` (octets) say how much lies on each tray."""

    def __init__(self, limits: Limits) -> None:
        self.most_reports, self.most_octets = limits.batch_positions, limits.batch_octets
        shape = (PARTITIONS, self.most_reports + ROOM // _SHORTEST)
        self.reports = np.zeros(PARTITIONS, np.int64)
        self.weights = np.zeros(PARTITIONS, np.int64)
        self.positions: Rows = np.zeros(shape, LETTERED)
        self.lengths = np.zeros(shape, np.uint32)
        self.octets = np.zeros((PARTITIONS, self.most_octets + ROOM), np.uint8)
        self.asks: Rows = np.zeros(shape, ASK)
        self._positions, self._asks = _as_octets(self.positions), _as_octets(self.asks)

    def full(self) -> list[int]:
        """The partitions whose tray takes no more."""
        reports, octets = self.reports >= self.most_reports, self.weights >= self.most_octets
        return np.flatnonzero(reports | octets).tolist()

    def lift(self, partition: int) -> list[Laid]:
        """What lies on a tray, which is empty then: in parts of as many reports as a batch has."""
        count, weight = int(self.reports[partition]), int(self.weights[partition])
        self.reports[partition] = self.weights[partition] = 0
        asks = np.frombuffer(bytearray(self._asks[partition, :count]), ASK)
        rows = np.frombuffer(bytearray(self._positions[partition, :count]), DTYPE)
        lengths, octets = self.lengths[partition, :count].copy(), self.octets[partition, :weight]
        if count <= self.most_reports:
            return [(asks, rows, lengths, octets.tobytes())]
        parts, begun = [], 0
        for first in range(0, count, self.most_reports):
            part = slice(first, first + self.most_reports)
            end = begun + int(lengths[part].sum())
            parts.append((asks[part], rows[part], lengths[part], octets[begun:end].tobytes()))
            begun = end
        return parts


def _as_octets(rows: Rows) -> npt.NDArray[np.uint8]:
    """The same memory: numpy copies octets in one go, but rows field by field."""
    return rows.view(np.uint8).reshape(*rows.shape, rows.itemsize)
