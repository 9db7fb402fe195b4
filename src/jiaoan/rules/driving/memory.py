"""What the driving rules remember of a partition: one row a vehicle, one a driver of it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving import columns as c

Ints = npt.NDArray[np.int64]
_MAGIC: Final = b"JAD1"
_HEADER: Final = struct.Struct("<4sHHHIII")  # magic, form, columns of both, rows of both, checksum


class NotMemory(ValueError):
    """Octets that :meth:`Memory.encode` of this form did not make; says what is wrong."""


def _none(columns: int) -> Ints:
    return np.zeros((0, columns), np.int64)


@dataclass
class Memory:
    """Sorted vehicle ids, their STATE rows, and the WORK rows of the drivers on duty.

    ``others`` are drivers who drove a vehicle before the present one: (vehicle, driver) → row.
    """

    ids: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    state: Ints = field(default_factory=lambda: _none(c.STATE_COLUMNS))
    work: Ints = field(default_factory=lambda: _none(c.WORK_COLUMNS))
    others: dict[tuple[int, int], Ints] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def heard(self) -> Ints:
        """Device time (UTC ms) of the last point that counted, for each of ``ids``."""
        return np.asarray(self.state[:, c.L_MS])

    def look_up(self, vehicles: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Row numbers of sorted ``vehicles`` and which of them are known."""
        if not len(self.ids):
            return np.zeros(len(vehicles), np.int64), np.zeros(len(vehicles), np.bool_)
        rows = np.minimum(np.searchsorted(self.ids, vehicles), len(self.ids) - 1)
        return rows.astype(np.int64), np.asarray(self.ids[rows] == vehicles)

    def row(self, vehicle: int) -> Changes | None:
        """A copy of what is known of one vehicle, as something that can be taken again."""
        ids = np.array([vehicle], np.int64)
        rows, known = self.look_up(ids)
        return Changes(ids, self.state[rows], self.work[rows], {}) if known[0] else None

    def take(self, changes: Changes) -> None:
        """Take over what a batch changed: all of it, in one go."""
        rows, known = self.look_up(changes.ids)
        if known.all():  # nearly always, and then nothing needs to be picked out
            self.state[rows], self.work[rows] = changes.state, changes.work
        else:
            self.state[rows[known]] = changes.state[known]
            self.work[rows[known]] = changes.work[known]
            at = np.searchsorted(self.ids, changes.ids[~known])
            self.ids = np.insert(self.ids, at, changes.ids[~known])
            self.state = np.insert(self.state, at, changes.state[~known], axis=0)
            self.work = np.insert(self.work, at, changes.work[~known], axis=0)
        for key, row in changes.others.items():
            if row is None:
                self.others.pop(key, None)
            else:
                self.others[key] = row

    def all(self) -> Changes:
        """Everything, as something that another memory can take."""
        return Changes(self.ids, self.state, self.work, dict(self.others))

    def only(self, chosen: Callable[[Ints], npt.NDArray[np.bool_]]) -> Memory:
        """A copy of what is known of the chosen vehicles."""
        rows = np.flatnonzero(chosen(self.ids))
        owners = np.array([vehicle for vehicle, _ in self.others], np.int64)
        others = zip(self.others.items(), chosen(owners).tolist(), strict=True)
        kept = {key: row for (key, row), mine in others if mine}
        return Memory(self.ids[rows], self.state[rows], self.work[rows], kept)

    def encode(self) -> bytes:
        """The form in a snapshot; equal memories give equal octets. Column by column: most of
        them hold one number over and over."""
        keys = sorted(self.others)
        parts = [
            self.ids,
            self.state,
            self.work,
            np.array(keys, np.int64).reshape(-1, 2),
            np.array([self.others[key] for key in keys], np.int64).reshape(-1, c.WORK_COLUMNS),
        ]
        body = zlib.compress(b"".join(part.T.astype("<i8").tobytes() for part in parts), 1)
        head = (_MAGIC, c.FORM, c.STATE_COLUMNS, c.WORK_COLUMNS, len(self.ids), len(keys))
        return _HEADER.pack(*head, zlib.crc32(body)) + body

    @classmethod
    def decode(cls, data: bytes) -> Memory:
        """The memory that :meth:`encode` wrote; :class:`NotMemory` for anything else."""
        if len(data) < _HEADER.size:
            raise NotMemory(f"{len(data)} octets are too few for a memory of driving rules")
        magic, form, states, works, rows, others, checksum = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            raise NotMemory(f"not a memory of driving rules: it begins with {magic!r}")
        if (form, states, works) != (c.FORM, c.STATE_COLUMNS, c.WORK_COLUMNS):
            raise NotMemory(
                f"a memory of another form ({form}, {states} and {works} columns; this release "
                f"reads {c.FORM}, {c.STATE_COLUMNS} and {c.WORK_COLUMNS}): judge the last eight "
                "days again with this release, or end the stream with the one that wrote it"
            )
        body = data[_HEADER.size :]
        if zlib.crc32(body) != checksum:
            raise NotMemory("a memory of driving rules is damaged: its checksum does not agree")
        numbers = np.frombuffer(zlib.decompress(body), "<i8").astype(np.int64)
        cuts = np.cumsum([rows, rows * states, rows * works, others * 2, others * works])
        if len(numbers) != cuts[-1]:
            raise NotMemory("a memory of driving rules is damaged: it has another length")
        ids, state, work, keys, kept = np.split(numbers, cuts[:-1])
        return cls(
            ids.copy(),
            state.reshape(states, rows).T.copy(),
            work.reshape(works, rows).T.copy(),
            {
                (int(vehicle), int(driver)): row.copy()
                for (vehicle, driver), row in zip(
                    keys.reshape(2, others).T, kept.reshape(works, others).T, strict=True
                )
            },
        )


@dataclass(frozen=True)
class Changes:
    """New rows of the vehicles of one batch; ``None`` = that driver is forgotten or on duty."""

    ids: Ints
    state: Ints
    work: Ints
    others: dict[tuple[int, int], Ints | None]
