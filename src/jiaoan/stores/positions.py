"""The form in which positions travel and rest on the bus: one packed array a message.

A message is one header, the structured array (:data:`DTYPE`, little-endian) and the raw body
octets of every row, so that what a terminal really said can be read again years later.

Between the positions stand driver cards 驾驶员身份 (0x0702) as rows of their own (:func:`card_row`,
octets: the body), so that they keep their order with the positions of their vehicle.
:func:`unpack` leaves them out, :func:`unpack_cards` gives them with their places.

The same report comes live, in 0x0704 and over 809 with different serials: :func:`key_of` tells
doubles by vehicle, device time, coordinates, alarm and status. The serial is only a note.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, overload

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.void]

DTYPE: Final = np.dtype(
    [
        ("vehicle", "<i8"),
        ("terminal", "S20"),
        ("time_ms", "<i8"),  # device time, UTC ms; NO_TIME where the terminal gave none
        ("received_ms", "<i8"),  # gateway, UTC ms
        ("lat", "<i4"),  # microdegrees WGS-84, converted once at the gateway
        ("lon", "<i4"),
        ("raw_lat", "<i4"),  # as sent, in `datum`
        ("raw_lon", "<i4"),
        ("datum", "u1"),
        ("speed", "<u2"),  # 0.1 km/h
        ("direction", "<u2"),  # degrees clockwise from north
        ("altitude", "<i2"),  # m
        ("alarm", "<u4"),  # JT/T 808 table 24 (2019: table 24) bits as sent
        ("status", "<u4"),  # JT/T 808 table 25 bits as sent; bit 1 = fixed
        ("mileage", "<u4"),  # 0.1 km; NO_MILEAGE where the extra item was absent
        ("source", "u1"),
        ("version", "u1"),
        ("serial", "<u2"),
    ]
)

NO_TIME: Final = -1
NO_MILEAGE: Final = 0xFFFFFFFF
FIXED: Final = 0x02  # status bit 1, 定位
WGS84, GCJ02 = 0, 1
LIVE, BATCH, BACKFILL = 0, 1, 2  # 0x0200; 0x0704 type 0 正常批量; 0x0704 type 1 盲区补报
PLATFORM_LIVE, PLATFORM_BACKFILL = 3, 4  # JT/T 809: 0x1202; 0x1203
DRIVER_CARD = 5  # JT/T 808: 0x0702; no position
V2013, V2019 = 0, 1
BLOCK_2011 = 2  # the octets are the block of 809-2011, not an 0x0200 body

PARTITIONS: Final = 16

_MAGIC: Final = b"JAP1"
_HEADER: Final = struct.Struct("<4sHHII")  # magic, row size, form, rows, checksum
_FORM: Final = zlib.crc32(repr(DTYPE.descr).encode()) & 0xFFFF


class NotPositions(ValueError):
    """Data that :func:`pack` did not make, or that was damaged since; says what is wrong."""


@overload
def partition_of(vehicle_id: int) -> int: ...
@overload
def partition_of(vehicle_id: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]: ...
def partition_of(vehicle_id: int | npt.NDArray[np.int64]) -> int | npt.NDArray[np.int64]:
    """The partition 0..15 whose order all positions of this vehicle keep, or of each vehicle."""
    return vehicle_id % PARTITIONS


def subject_of(partition: int) -> str:
    """Bus subject of a partition's positions, ``positions.NN``."""
    return f"positions.{partition:02d}"


def empty(rows: int) -> Positions:
    """An array of ``rows`` zeroed positions without time and mileage."""
    array = np.zeros(rows, DTYPE)
    array["time_ms"] = NO_TIME
    array["mileage"] = NO_MILEAGE
    return array


def concatenated(arrays: Sequence[Positions]) -> Positions:
    """The rows of all ``arrays``; numpy's own way takes a hundred times as long for small ones,
    because it looks at every field."""
    octets = bytearray().join(np.ascontiguousarray(each).data for each in arrays)
    return np.ndarray(sum(map(len, arrays)), DTYPE, octets)


def taken(array: Positions, rows: npt.NDArray[np.int64]) -> Positions:
    """``rows`` of ``array`` in their order; numpy's own way goes field by field as well."""
    whole = np.ascontiguousarray(array).view(f"V{DTYPE.itemsize}")
    return np.asarray(whole[rows].view(DTYPE))


class Octets(Sequence[bytes]):
    """The raw body octets of each row, as they stand in a block: joined, and where each ends.

    Most readers of a block want its rows alone: nothing is cut before it is asked for.
    """

    def __init__(self, joined: bytes, ends: npt.NDArray[np.uint32]) -> None:
        self.joined, self.ends = joined, ends

    @classmethod
    def of(cls, each: Sequence[bytes]) -> Octets:
        """Those of a list."""
        return cls(b"".join(each), np.cumsum([len(one) for one in each], dtype="<u4"))

    @classmethod
    def concatenated(cls, blocks: Sequence[Octets]) -> Octets:
        """Those of all blocks, one behind the other."""
        starts = np.cumsum([0, *(len(block.joined) for block in blocks)], dtype=np.uint32)
        ends = [block.ends + start for block, start in zip(blocks, starts[:-1], strict=True)]
        joined = b"".join(block.joined for block in blocks)
        return cls(joined, np.concatenate([np.zeros(0, np.uint32), *ends]))

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[each] for each in range(len(self))[at]]
        at = range(len(self))[at]
        return self.joined[int(self.ends[at - 1]) if at else 0 : int(self.ends[at])]

    def __iter__(self) -> Iterator[bytes]:
        start = 0
        for end in self.ends.tolist():
            yield self.joined[start:end]
            start = end


def pack(array: Positions, octets: Sequence[bytes]) -> bytes:
    """One bus message from ``array`` and the raw body octets of each of its rows.

    Raises ``ValueError`` when the array has another form or the two lengths differ.
    """
    return pack_joined(array, np.array([len(each) for each in octets], "<u4"), b"".join(octets))


def pack_joined(array: Positions, lengths: npt.NDArray[np.uint32], octets: bytes) -> bytes:
    """:func:`pack` for octets that are joined already; ``lengths`` tells where each row's end."""
    if array.dtype != DTYPE or array.ndim != 1:
        raise ValueError(f"positions must be one-dimensional of DTYPE, not {array.dtype}")
    if len(array) != len(lengths):
        raise ValueError(f"{len(array)} positions but octets of {len(lengths)}")
    ends = np.cumsum(lengths, dtype="<u4")
    if int(ends[-1] if len(ends) else 0) != len(octets):
        raise ValueError(f"{len(octets)} octets do not agree with the lengths of the rows")
    body = array.tobytes() + ends.tobytes() + octets
    checksum = _checksum(len(array), body)
    return _HEADER.pack(_MAGIC, DTYPE.itemsize, _FORM, len(array), checksum) + body


def _checksum(rows: int, body: bytes | memoryview) -> int:
    return zlib.crc32(body, rows)


def unpack(data: bytes) -> tuple[Positions, Octets]:
    """The positions that :func:`pack` was given and the octets of each; :class:`NotPositions`
    otherwise.

    The array owns its memory and may be written to.
    """
    array, octets, _ = unpack_all(data)
    return array, octets


def unpack_all(data: bytes) -> tuple[Positions, Octets, list[DriverCard]]:
    """:func:`unpack` and :func:`unpack_cards` at once."""
    array, octets = _unpack(data)
    cards = array["source"] == DRIVER_CARD
    if not cards.any():
        return array, octets, []
    kept = Octets.of([octets[at] for at in np.flatnonzero(~cards).tolist()])
    places = np.flatnonzero(cards).tolist()
    found = [
        _card(array[place], place - count, octets[place]) for count, place in enumerate(places)
    ]
    return array[~cards], kept, found


class DriverCard(NamedTuple):
    """A driver card in a block: what stands behind it begins with position ``before_row`` of
    :func:`unpack`. ``octets`` is the body of 0x0702, in 808-2019 where ``version`` says so.
    ``time_ms`` is the terminal's, that of reception where it gave none (808-2011)."""

    before_row: int
    vehicle: int
    terminal: str
    time_ms: int
    received_ms: int
    version: int
    octets: bytes


def card_row(
    vehicle: int, terminal: str, time_ms: int, received_ms: int, version: int, serial: int
) -> tuple[object, ...]:
    """The row of a driver card in the order of :data:`DTYPE`: everything of a position is zero."""
    given = {
        "vehicle": vehicle,
        "terminal": terminal.encode(),
        "time_ms": time_ms,
        "received_ms": received_ms,
        "mileage": NO_MILEAGE,
        "source": DRIVER_CARD,
        "version": version,
        "serial": serial,
    }
    return tuple(given.get(name, 0) for name in DTYPE.names or ())


def unpack_cards(data: bytes) -> list[DriverCard]:
    """The driver cards of a block in their order; :class:`NotPositions` where it is none."""
    return unpack_all(data)[2]


def _card(row: np.void, before_row: int, octets: bytes) -> DriverCard:
    return DriverCard(
        before_row,
        int(row["vehicle"]),
        row["terminal"].decode(),
        int(row["time_ms"]),
        int(row["received_ms"]),
        int(row["version"]),
        octets,
    )


def _unpack(data: bytes) -> tuple[Positions, Octets]:
    if len(data) < _HEADER.size:
        raise NotPositions(f"{len(data)} octets are too few for a block of positions")
    magic, row_size, form, rows, checksum = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise NotPositions(f"not a block of positions: it begins with {magic!r}, not {_MAGIC!r}")
    if (row_size, form) != (DTYPE.itemsize, _FORM):
        raise NotPositions(
            f"positions of another form ({row_size} octets a row, mark {form:04x}; this release "
            f"reads {DTYPE.itemsize}, {_FORM:04x}): read them with the release that wrote them"
        )
    body = memoryview(data)[_HEADER.size :]
    if _checksum(rows, body) != checksum:
        raise NotPositions("a block of positions is damaged: its checksum does not agree")
    ends = np.frombuffer(body, "<u4", rows, rows * row_size)
    joined = bytes(body[rows * (row_size + 4) :])
    # Not frombuffer and a copy: numpy copies rows of fields field by field.
    array = np.ndarray(rows, DTYPE, bytearray(body[: rows * row_size]))
    return array, Octets(joined, ends)


def key_of(row: np.void) -> str:
    """What makes a report the same report, however often and by whatever way it came."""
    return (
        f"{int(row['vehicle'])}-{int(row['time_ms'])}-{int(row['lat'])}-{int(row['lon'])}"
        f"-{int(row['alarm']):x}-{int(row['status']):x}"
    )
