"""What compiled code knows of each TCP link: one row a link, its place is the socket's number.

Python reads and writes the same rows, so there is one truth: the next serial, when a link was
last heard and how many frames it may still send stand here and nowhere else.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from jiaoan.gateway.limits import Limits
from jiaoan.wire.jt808.jitted import PHONE

Rows: TypeAlias = npt.NDArray[np.void]
PARTIAL: Final = 1024
LANE: Final = np.dtype(
    [
        ("generation", "<i8"),  # counts the links that had this number: tells an old one's
        ("vehicle", "<i8"),
        ("heard", "<f8"),  # when octets came last, in the loop's seconds
        ("left", "<f8"),  # of the token bucket: frames that may still come; below 0 owed
        ("filled_at", "<f8"),
        ("serial", "<i4"),  # of our next message, 0 to 65535
        ("partial_size", "<i4"),
        ("door", "<i4"),  # the number of its address in the tally
        ("open", "?"),
        ("settled", "?"),  # live and not held back: only its silence can end it
        ("fast", "?"),  # live, and its reader waits for nothing: plain reports need no session
        ("queued", "?"),  # octets wait for the socket: nothing may overtake them
        ("terminal", "u1", (PHONE,)),  # the phone of who logged in, without leading zeros
        ("partial", "u1", (PARTIAL,)),  # from its opening flag on, of a frame still to come
    ],
    align=True,
)
ASK: Final = np.dtype(
    [
        ("lane", "<i4"),
        ("version", "u1"),  # 0 2013, 1 2019: the answer has the form of the question
        ("protocol", "u1"),
        ("serial", "<u2"),
        ("generation", "<i8"),
    ],
    align=True,
)
"""Who waits for the answer to one stored report."""


class Lanes:
    """The rows of all links, as many as this process may have open files."""

    def __init__(self, limits: Limits) -> None:
        self.rows: Rows = np.zeros(1024, LANE)
        self._rate, self._burst = limits.frames_per_s, float(limits.frames_burst)

    def open(self, number: int, now: float) -> Lane:
        """The row of a new link."""
        if number >= len(self.rows):
            more = np.zeros(max(number + 1, 2 * len(self.rows)) - len(self.rows), LANE)
            self.rows = np.concatenate([self.rows, more])
        lane = Lane(self, number)
        lane.clear()
        row = self.rows[number]
        row["left"], row["heard"], row["filled_at"] = self._burst, now, now
        row["open"] = True
        return lane

    def unsettled(self, now: float, idle_s: float) -> list[int]:
        """The links that are silent for so long, or of which another time is running."""
        rows = self.rows
        return np.flatnonzero(
            rows["open"] & (~rows["settled"] | (rows["heard"] <= now - idle_s))
        ).tolist()

    def take(self, number: int, frames: int, now: float) -> float:
        """Take frames from the link's bucket; how many are owed. The fast way counts like this."""
        row = self.rows[number]
        left = row["left"] + (now - row["filled_at"]) * self._rate
        row["left"], row["filled_at"] = min(left, self._burst) - frames, now
        return max(0.0, -float(row["left"]))


class Lane:
    """One row by name. A view, made anew each time, because the table may grow."""

    __slots__ = ("_lanes", "number")

    def __init__(self, lanes: Lanes, number: int) -> None:
        self._lanes, self.number = lanes, number

    @property
    def row(self) -> np.void:
        row: np.void = self._lanes.rows[self.number]
        return row

    def clear(self) -> None:
        """The link has ended: what still waits for its answer is told nothing."""
        row = self.row
        generation = int(row["generation"]) + 1
        self._lanes.rows[self.number] = np.zeros((), LANE)
        row["generation"] = generation

    def admit(self, phone: str, vehicle: int) -> None:
        """Let plain reports of this terminal go the fast way."""
        row = self.row
        letters = phone.encode("ascii", "replace")[:PHONE].ljust(PHONE, b"\x00")
        row["terminal"], row["vehicle"] = np.frombuffer(letters, np.uint8), vehicle
        row["fast"] = True

    def take_serials(self, count: int) -> int:
        """The first of ``count`` serials of our own messages."""
        row = self.row
        first = int(row["serial"])
        row["serial"] = (first + count) & 0xFFFF
        return first

    def take_partial(self) -> bytes:
        """The octets that wait here, which go the slow way now."""
        row = self.row
        octets = bytes(row["partial"][: row["partial_size"]])
        row["partial_size"] = 0
        return octets
