"""The memory of one partition and its form in a snapshot: last sequence, vehicles, places, driving.

A snapshot is a head in JSON, compressed, and behind it the memories of fences and of driving, each
in its own form. One that the release before wrote (only a head, with the fences in it) is read too:
its driving rules begin anew.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving.memory import Ints
from jiaoan.rules.driving.memory import Memory as Driving
from jiaoan.rules.fences import Point, Presence, Vehicle
from jiaoan.rules.fences.memory import Memory as Fenced

FORM: Final = 2
Vehicles = dict[int, Vehicle]
HOUR_MS: Final = 3_600_000
MARKS_MS: Final = 10 * 24 * HOUR_MS
_BEFORE: Final = 1  # without the driving rules
_MAGIC: Final = b"JAS2"
_LENGTHS: Final = struct.Struct("<II")  # of the head and of the fences


@dataclass
class Hearing:
    """Since when, without a break, this partition was listened to, and until when: UTC ms."""

    since_ms: int = 0
    until_ms: int = 0


@dataclass
class Memory:
    """Everything the rules remember of a partition up to and with stream ``sequence``.

    ``places`` are the geometry marks that :func:`jiaoan.rules.fences.adopt` was applied to.
    ``late`` is the time of the earliest late point of a vehicle that is not settled yet,
    ``silent`` the last point of a vehicle whose silence was told. ``withdrawn`` are findings that
    late points withdrew, with the number of the correction: told live again they are added.
    ``marks`` say where in the stream of findings an hour begins: (UTC ms, sequence).
    """

    sequence: int = 0
    fences: Fenced = field(default_factory=Fenced)
    places: dict[int, str] = field(default_factory=dict)
    driving: Driving = field(default_factory=Driving)
    late: dict[int, int] = field(default_factory=dict)
    silent: dict[int, int] = field(default_factory=dict)
    withdrawn: dict[str, int] = field(default_factory=dict)
    marks: list[tuple[int, int]] = field(default_factory=list)
    hearing: Hearing = field(default_factory=Hearing)

    def copy(self, mine: Callable[[Ints], npt.NDArray[np.bool_]]) -> Memory:
        """The same, whatever is remembered from now on, with those of its vehicles that are
        ``mine``: it may stand in one table with those of other partitions."""
        return Memory(
            self.sequence, self.fences.only(mine), dict(self.places), self.driving.only(mine),
            dict(self.late), dict(self.silent), dict(self.withdrawn), list(self.marks),
            replace(self.hearing),
        )  # fmt: skip

    def mark(self, now_ms: int, sequence: int) -> None:
        """A finding was stored at ``sequence``; the first of each hour of ten days is kept."""
        if self.marks and now_ms < self.marks[-1][0]:
            self.marks = []  # the clock was set back
        if not self.marks or now_ms // HOUR_MS > self.marks[-1][0] // HOUR_MS:
            self.marks = [each for each in self.marks if now_ms - each[0] <= MARKS_MS]
            self.marks.append((now_ms, sequence))

    def findings_since(self, time_ms: int) -> int:
        """The sequence of findings behind which all stand that were stored from then on."""
        return max((at - 1 for since, at in self.marks if since <= time_ms), default=0)


def encode(memory: Memory, owner: str) -> bytes:
    """A snapshot; ``owner`` lets its writer know its own write again."""
    head = zlib.compress(
        json.dumps(
            {
                "form": FORM,
                "owner": owner,
                "sequence": memory.sequence,
                "places": memory.places,
                "late": memory.late,
                "silent": memory.silent,
                "withdrawn": memory.withdrawn,
                "marks": memory.marks,
                "hearing": astuple(memory.hearing),
            }
        ).encode(),
        1,
    )
    fences, driving = memory.fences.encode(), memory.driving.encode()
    return b"".join((_MAGIC, _LENGTHS.pack(len(head), len(fences)), head, fences, driving))


def decode(data: bytes) -> tuple[Memory, str]:
    """Memory and owner; ``ValueError`` for a snapshot that this release does not read."""
    head, fences, driving = data, Fenced(), Driving()
    if data.startswith(_MAGIC):
        start = len(_MAGIC) + _LENGTHS.size
        lengths = _LENGTHS.unpack_from(data, len(_MAGIC))
        middle, end = start + lengths[0], start + sum(lengths)
        head, fences = data[start:middle], Fenced.decode(data[middle:end])
        driving = Driving.decode(data[end:])
    try:
        said = json.loads(zlib.decompress(head))
    except zlib.error as error:
        raise ValueError(f"a snapshot is damaged: {error}") from error
    if not isinstance(said, Mapping) or said.get("form") not in (_BEFORE, FORM):
        raise ValueError("a snapshot was written by another release: stop the stream, let it end")
    if said["form"] == _BEFORE:
        fences = Fenced.of(_vehicles(said["vehicles"]))
    return Memory(
        sequence=int(said["sequence"]),
        fences=fences,
        places={int(place): str(mark) for place, mark in said["places"].items()},
        driving=driving,
        late=_numbers(said.get("late", {})),
        silent=_numbers(said.get("silent", {})),
        withdrawn={str(id): int(number) for id, number in said.get("withdrawn", {}).items()},
        marks=[(int(ms), int(sequence)) for ms, sequence in said.get("marks", ())],
        hearing=Hearing(*said.get("hearing", ())),
    ), str(said["owner"])


def _numbers(said: Mapping[str, int]) -> dict[int, int]:
    return {int(name): int(value) for name, value in said.items()}


def _vehicles(said: Mapping[str, tuple[list[list[Any]], Mapping[str, list[Any]]]]) -> Vehicles:
    """Fences as the release before wrote them: the fields of points and presences in order."""
    return {
        int(vehicle): Vehicle(
            tuple(Point(*point) for point in recent),
            {int(place): Presence(*presence) for place, presence in places.items()},
        )
        for vehicle, (recent, places) in said.items()
    }
