"""What the fence rule remembers of a partition: last points of each vehicle, and where it is."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from itertools import repeat
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.fences import columns as c
from jiaoan.rules.fences.values import KEPT_POINTS, Point, Presence, Vehicle
from jiaoan.rules.keys import Key

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]
_MAGIC: Final = b"JAF1"
_COLUMNS: Final = {1: 22, c.FORM: c.PAIR_COLUMNS}  # of PAIR, in each form that is read
_HEADER: Final = struct.Struct("<4sHHIII")  # magic, form, columns, rows of both, checksum

POINT: Final = np.dtype(
    [
        ("time_ms", "<i8"), ("lat", "<i4"), ("lon", "<i4"), ("alarm", "<u4"), ("status", "<u4"),
        ("received_ms", "<i8"), ("speed", "<u2"), ("terminal", "S20"),
    ]
)  # fmt: skip


_RAW: Final = np.dtype((np.void, POINT.itemsize))


def raw(points: Rows) -> Rows:
    """The same rows as octets: numpy moves those at once, and rows of fields field by field."""
    return points.view(_RAW)


class NotMemory(ValueError):
    """Octets that :meth:`Memory.encode` of this form did not make; says what is wrong."""


@dataclass
class Memory:
    """``ids`` sorted; ``recent`` (vehicles, KEPT_POINTS) holds the last ``counts`` points, the
    newest last. ``pairs`` are rows of PAIR_COLUMNS for (``owners``, ``places``), sorted by owner.
    """

    ids: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    recent: Rows = field(default_factory=lambda: np.zeros((0, KEPT_POINTS), POINT))
    counts: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    owners: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    places: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    pairs: Ints = field(default_factory=lambda: np.zeros((0, c.PAIR_COLUMNS), np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    def look_up(self, vehicles: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Row numbers of sorted ``vehicles`` and which of them are known."""
        if not len(self.ids):
            return np.zeros(len(vehicles), np.int64), np.zeros(len(vehicles), np.bool_)
        rows = np.minimum(np.searchsorted(self.ids, vehicles), len(self.ids) - 1)
        return rows.astype(np.int64), np.asarray(self.ids[rows] == vehicles)

    def pairs_of(self, vehicles: Ints) -> tuple[Ints, Ints]:
        """Numbers of all pairs of sorted ``vehicles``, and which of the vehicles each is of."""
        begin = np.searchsorted(self.owners, vehicles, "left")
        many = np.searchsorted(self.owners, vehicles, "right") - begin
        owner = np.repeat(np.arange(len(vehicles)), many)
        before = np.repeat(np.cumsum(many) - many, many)
        return np.repeat(begin, many) + np.arange(len(owner)) - before, owner

    def row(self, vehicle: int) -> Changes | None:
        """A copy of what is known of one vehicle, as something that can be taken again."""
        ids = np.array([vehicle], np.int64)
        rows, known = self.look_up(ids)
        if not known[0]:
            return None
        mine, _ = self.pairs_of(ids)
        return Changes(
            ids, self.recent[rows], self.counts[rows], self.owners[mine], self.places[mine],
            self.pairs[mine],
        )  # fmt: skip

    def take(self, changes: Changes) -> None:
        """Take over what a batch changed: all of it, in one go."""
        rows, known = self.look_up(changes.ids)
        if known.all():  # nearly always, and then nothing needs to be picked out
            raw(self.recent)[rows], self.counts[rows] = raw(changes.recent), changes.counts
        else:
            raw(self.recent)[rows[known]] = raw(changes.recent)[known]
            self.counts[rows[known]] = changes.counts[known]
            at = np.searchsorted(self.ids, changes.ids[~known])
            self.ids = np.insert(self.ids, at, changes.ids[~known])
            recent = np.insert(raw(self.recent), at, raw(changes.recent)[~known], axis=0)
            self.recent = recent.view(POINT)
            self.counts = np.insert(self.counts, at, changes.counts[~known])
        self._take_pairs(changes)

    def _take_pairs(self, changes: Changes) -> None:
        mine, _ = self.pairs_of(changes.ids)
        same = len(mine) == len(changes.owners) and (
            np.array_equal(self.owners[mine], changes.owners)
            and np.array_equal(self.places[mine], changes.places)
        )
        if same:
            self.pairs[mine] = changes.pairs
            return
        kept = np.ones(len(self.owners), np.bool_)
        kept[mine] = False
        owners = np.concatenate([self.owners[kept], changes.owners])
        order = np.argsort(owners, kind="stable")
        self.owners = owners[order]
        self.places = np.concatenate([self.places[kept], changes.places])[order]
        self.pairs = np.concatenate([self.pairs[kept], changes.pairs])[order]

    def last_keys(self, vehicle: int) -> set[Key]:
        """The keys of the last points of a vehicle."""
        row = int(np.searchsorted(self.ids, vehicle))
        if row >= len(self.ids) or self.ids[row] != vehicle:
            return set()
        return {key_at(each) for each in self.recent[row, : self.counts[row]]}

    def all(self) -> Changes:
        """Everything, as something that another memory can take."""
        return Changes(
            self.ids, self.recent, self.counts, self.owners, self.places, self.pairs
        )  # fmt: skip

    def only(self, chosen: Callable[[Ints], npt.NDArray[np.bool_]]) -> Memory:
        """A copy of what is known of the chosen vehicles."""
        rows, mine = np.flatnonzero(chosen(self.ids)), np.flatnonzero(chosen(self.owners))
        recent = raw(self.recent)[rows].view(POINT)
        return Memory(
            self.ids[rows], recent, self.counts[rows], self.owners[mine], self.places[mine],
            self.pairs[mine],
        )  # fmt: skip

    def encode(self) -> bytes:
        """The form in a snapshot; equal memories give equal octets. Column by column: most of
        them hold one number over and over."""
        parts = [self.ids, self.counts, self.owners, self.places, *self.pairs.T]
        parts += [self.recent[name].T for name in POINT.names or ()]
        body = zlib.compress(b"".join(np.ascontiguousarray(part).tobytes() for part in parts), 1)
        head = (_MAGIC, c.FORM, c.PAIR_COLUMNS, len(self.ids), len(self.owners))
        return _HEADER.pack(*head, zlib.crc32(body)) + body

    @classmethod
    def decode(cls, data: bytes) -> Memory:
        """The memory that :meth:`encode` wrote; :class:`NotMemory` for anything else."""
        if len(data) < _HEADER.size:
            raise NotMemory(f"{len(data)} octets are too few for a memory of fences")
        magic, form, columns, many, pairs, checksum = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            raise NotMemory(f"not a memory of fences: it begins with {magic!r}")
        if columns != _COLUMNS.get(form):
            raise NotMemory(
                f"a memory of another form ({form}, {columns} columns; this release reads "
                f"{c.FORM}, {c.PAIR_COLUMNS}): end the stream with the release that wrote it"
            )
        body = data[_HEADER.size :]
        if zlib.crc32(body) != checksum:
            raise NotMemory("a memory of fences is damaged: its checksum does not agree")
        said = zlib.decompress(body)
        needed = 8 * (2 * many + (2 + columns) * pairs) + many * KEPT_POINTS * POINT.itemsize
        if len(said) != needed:
            raise NotMemory("a memory of fences is damaged: it has another length")
        numbers = np.frombuffer(said, "<i8", 2 * many + (2 + columns) * pairs).astype(np.int64)
        cuts = np.cumsum([many, many, pairs, pairs])
        ids, counts, owners, places, table = np.split(numbers, cuts)
        recent, at = np.zeros((many, KEPT_POINTS), POINT), numbers.nbytes
        for name in POINT.names or ():
            column = np.frombuffer(said, POINT[name], many * KEPT_POINTS, at)
            recent[name] = column.reshape(KEPT_POINTS, many).T
            at += column.nbytes
        written = table.reshape(columns, pairs).T
        table = np.zeros((pairs, c.PAIR_COLUMNS), np.int64)
        table[:, :columns] = written  # what an older form does not say is 0 there too
        return cls(ids, recent, counts, owners, places, table)

    @classmethod
    def of(cls, vehicles: Mapping[int, Vehicle]) -> Memory:
        """The same as the twin's memory."""
        ids = sorted(vehicles)
        made = cls(
            np.array(ids, np.int64), np.zeros((len(ids), KEPT_POINTS), POINT),
            np.array([len(vehicles[each].recent) for each in ids], np.int64),
        )  # fmt: skip
        for row, vehicle in zip(made.recent, ids, strict=True):
            for at, point in enumerate(vehicles[vehicle].recent):
                row[at] = row_of(point)
        pairs = [
            (vehicle, place, presence_row(presence))
            for vehicle in ids
            for place, presence in sorted(vehicles[vehicle].places.items())
        ]
        made.owners = np.array([each[0] for each in pairs], np.int64)
        made.places = np.array([each[1] for each in pairs], np.int64)
        made.pairs = np.array([each[2] for each in pairs], np.int64).reshape(-1, c.PAIR_COLUMNS)
        return made

    def vehicles(self) -> dict[int, Vehicle]:
        """The same as the twin remembers it."""
        found = {}
        for row, vehicle in enumerate(self.ids.tolist()):
            mine, _ = self.pairs_of(np.array([vehicle], np.int64))
            places = {
                int(self.places[at]): presence_of(self.pairs[at].tolist(), vehicle)
                for at in mine.tolist()
            }
            recent = points_of(self.recent[row, : self.counts[row]], repeat(vehicle))
            found[vehicle] = Vehicle(recent, places)
        return found


@dataclass(frozen=True)
class Changes:
    """New rows of vehicles; their pairs as a whole, sorted by owner and place."""

    ids: Ints
    recent: Rows
    counts: Ints
    owners: Ints
    places: Ints
    pairs: Ints

    @property
    def last_ms(self) -> int | None:
        """Device time of the last point of the one vehicle of which they are."""
        counted = int(self.counts[0]) if len(self.counts) else 0
        return int(self.recent[0, counted - 1]["time_ms"]) if counted else None

    def same(self, other: Changes) -> bool:
        """Whether both hold the same of the same vehicles."""
        return all(
            np.array_equal(getattr(self, each.name), getattr(other, each.name))
            for each in fields(Changes)
        )


def key_at(row: np.void) -> Key:
    return Key(*(int(row[name]) for name in ("time_ms", "lat", "lon", "alarm", "status")))


def points_of(rows: Rows, vehicles: Iterable[int]) -> tuple[Point, ...]:
    """The rows as points, each of its vehicle."""
    return tuple(
        Point(
            Key(time_ms, lat, lon, alarm, status).text(vehicle),
            terminal.decode("ascii", "replace"), time_ms, received_ms, lat, lon, speed,
        )
        for vehicle, (time_ms, lat, lon, alarm, status, received_ms, speed, terminal) in zip(
            vehicles, rows.tolist(), strict=False
        )
    )  # fmt: skip


def row_of(point: Point) -> tuple[int | bytes, ...]:
    key = Key.read(point.key)
    return (
        point.time_ms, point.lat, point.lon, key.alarm, key.status, point.received_ms, point.speed,
        point.terminal.encode("ascii", "replace"),
    )  # fmt: skip


def _numbers(text: str) -> list[int]:
    if not text:
        return [0] * 5
    key = Key.read(text)
    return [key.time_ms, key.lat, key.lon, key.alarm, key.status]


def presence_row(presence: Presence) -> list[int]:
    return [
        int(presence.inside), int(presence.settled), presence.run, int(presence.stayed),
        presence.net,
        c.NONE if presence.told is None else presence.told,
        c.NONE if presence.hit is None else presence.hit,
        *_numbers(presence.run_key), *_numbers(presence.stay_key), *_numbers(presence.hit_key),
        presence.far_dm,
    ]  # fmt: skip


def presence_of(row: list[int], vehicle: int) -> Presence:
    def text(at: int) -> str:
        return Key(*row[at : at + 5]).text(vehicle) if any(row[at : at + 5]) else ""

    return Presence(
        inside=bool(row[c.INSIDE]),
        settled=bool(row[c.SETTLED]),
        run=row[c.RUN],
        run_key=text(c.R_KEY),
        run_ms=row[c.R_KEY],
        stay_key=text(c.S_KEY),
        stay_ms=row[c.S_KEY],
        stayed=bool(row[c.STAYED]),
        told=None if row[c.TOLD] == c.NONE else row[c.TOLD],
        hit=None if row[c.HIT] == c.NONE else row[c.HIT],
        hit_key=text(c.H_KEY),
        net=row[c.NET],
        far_dm=row[c.FAR],
    )
