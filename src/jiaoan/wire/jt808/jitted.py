"""From octets to rows in one compiled pass: whole frames laid end to end, one row for each.

Theory of operation
-------------------
Nearly all that comes in are sound 0x0200 frames, so only those are read by compiled code
(:mod:`jiaoan.wire.jt808.jitted_kernels`): flags, escapes, checksum, header, the 28 octets and the
mileage. A row is ``plain`` where all of this was as the table says. Everything else (other
messages, parts, encrypted, batches, deviations that are tolerated, frames that are none,
coordinates beyond the globe) is only marked: it has its place and no values, and the readable
codec (:class:`.FrameReader`, :func:`.decode_batch`) says what it is. So there is one judge of
everything odd, and the two can differ only in plain frames, where the tests hold them together.

Without numba, or with ``JIAOAN_NUMBA=0``, no row is plain: the same answers, more slowly. numba is
imported at the first decoding, or by :func:`warm`, and by no process that decodes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from jiaoan.wire.jt808.framing import FLAG, BadFrame, Frame, FrameReader
from jiaoan.wire.jt808.header import Header, Version
from jiaoan.wire.jt808.messages import MessageId
from jiaoan.wire.jt808.positions import Position, Refused, decode_batch

Rows: TypeAlias = npt.NDArray[np.void]
Octets: TypeAlias = npt.NDArray[np.uint8]
Pass: TypeAlias = Callable[[Octets, Octets, Rows], int]

FIELDS: Final = [
    # What stands between two flags, and what the compiled pass made of it.
    ("start", "<i8"),  # in the octets given, escapes included, without the flags
    ("end", "<i8"),
    ("body", "<i8"),  # in Batch.content, escapes undone
    ("body_end", "<i8"),
    # As in the rows on the bus, under the same names; zero where the row is not plain.
    ("time_ms", "<i8"),  # device time, UTC ms; -1 where the terminal gave none
    ("raw_lat", "<i4"),  # signed microdegrees in `datum`
    ("raw_lon", "<i4"),
    ("alarm", "<u4"),
    ("status", "<u4"),
    ("mileage", "<u4"),  # 0.1 km; NO_MILEAGE where the item was absent
    ("speed", "<u2"),  # 0.1 km/h
    ("direction", "<u2"),
    ("altitude", "<i2"),  # m
    ("serial", "<u2"),
    ("datum", "u1"),  # 0 WGS-84, 1 GCJ-02
    ("source", "u1"),  # always Source.LIVE
    ("version", "u1"),  # 0 2013, 1 2019
    ("protocol", "u1"),  # protocol version of a 2019 header, else 1
    ("plain", "?"),
]
PHONE: Final = 20
_WORD: Final = 8
"""The compiled pass lays down whole words, and so some octets behind the last one."""
DECODED: Final = np.dtype([*FIELDS, ("terminal", f"S{PHONE}")])
"""One candidate: ``terminal`` is the phone without leading zeros."""
LETTERS: Final = np.dtype([*FIELDS, ("terminal", "u1", (PHONE,))])
"""The same octets, as the compiled pass writes them."""


class Batch(NamedTuple):
    """What :func:`decode_octets` found. ``octets[ended:]`` begins with the last flag: a frame that
    is still to come, or nothing behind it."""

    octets: bytes
    rows: Rows
    content: Octets
    begun: int
    """Place of the first flag: what stands before it belongs to no frame of this batch."""
    ended: int

    def body(self, index: int) -> bytes:
        """The whole 0x0200 body of a plain row, escapes undone."""
        row = self.rows[index]
        return self.content[row["body"] : row["body_end"]].tobytes()

    def header(self, index: int) -> Header:
        """The header of a plain row, as the readable codec reads it."""
        row = self.rows[index]
        version = Version.V2019 if row["version"] else Version.V2013
        phone = row["terminal"].decode().rjust(2 * version.phone_octets, "0")
        return Header(
            int(MessageId.LOCATION),
            version,
            phone,
            int(row["serial"]),
            int(row["body_end"] - row["body"]),
            protocol_version=int(row["protocol"]),
            bit_14=version is Version.V2019,
        )

    def judged(self, index: int) -> Frame | BadFrame:
        """The candidate of any row as the readable codec sees it."""
        row = self.rows[index]
        (found,) = FrameReader().receive(self.octets[row["start"] - 1 : row["end"] + 1])
        return found

    def positions(self) -> list[Position | Refused | BadFrame]:
        """What the readable codec would give for the same octets, in the same order.

        ``frame`` counts candidates, bad ones too.
        """
        found: list[Position | Refused | BadFrame] = []
        for index, plain in enumerate(self.rows["plain"].tolist()):
            if plain:
                found.append(self.position(index))
                continue
            frame = self.judged(index)
            if isinstance(frame, BadFrame):
                found.append(frame)
            else:
                found += [one._replace(frame=index) for one in decode_batch([frame])]
        return found

    def position(self, index: int) -> Position:
        """A plain row as the readable codec gives it."""
        row = self.rows[index]
        return Position(
            index,
            row["terminal"].decode(),
            int(row["time_ms"]),
            int(row["raw_lat"]),
            int(row["raw_lon"]),
            bool(row["datum"]),
            int(row["speed"]),
            int(row["direction"]),
            int(row["altitude"]),
            int(row["alarm"]),
            int(row["status"]),
            int(row["mileage"]),
            int(row["source"]),
            Version.V2019 if row["version"] else Version.V2013,
            int(row["serial"]),
            self.body(index),
        )


def decode_octets(octets: bytes) -> Batch:
    """A row for everything that stands between two flags of ``octets``, in order."""
    begun, ended = octets.find(FLAG), octets.rfind(FLAG)
    if begun < 0:
        begun = ended = len(octets)
    letters = np.empty(octets.count(FLAG), LETTERS)
    content = np.empty(len(octets) + _WORD, np.uint8)
    found = (_compiled() or _spans)(np.frombuffer(octets, np.uint8), content, letters)
    return Batch(octets, np.ndarray(found, DECODED, letters), content, begun, ended)


def is_plain(frame: Frame) -> bool:
    """What the compiled pass reads and nothing else, in terms of the readable codec."""
    if frame.tolerated or frame.header.bit_15 or frame.header.message_id != MessageId.LOCATION:
        return False
    (*rest, first) = decode_batch([frame])
    return (
        isinstance(first, Position)
        and not rest
        and abs(first.latitude) <= 90_000_000
        and abs(first.longitude) <= 180_000_000
    )


def warm() -> bool:
    """Load the compiled pass now (or compile it, once after an install); whether there is one."""
    return _compiled() is not None


@cache
def _compiled() -> Pass | None:
    if os.environ.get("JIAOAN_NUMBA", "1") == "0":
        return None
    try:
        from jiaoan.wire.jt808 import jitted_kernels
    except ImportError:  # numba is not installed, or its LLVM does not run here
        return None
    return jitted_kernels.decode


def _spans(octets: Octets, content: Octets, rows: Rows) -> int:
    """The pass without numba: where the candidates are, and none of them plain."""
    flags = np.flatnonzero(octets == FLAG)
    starts, ends = flags[:-1] + 1, flags[1:]
    there = ends > starts
    found = int(np.count_nonzero(there))
    rows[:found] = np.zeros((), LETTERS)
    rows["start"][:found], rows["end"][:found] = starts[there], ends[there]
    return found
