"""The memory of one partition and its form in a snapshot: last sequence, vehicles, places."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field

from jiaoan.rules.fences import Point, Presence, Vehicle

FORM = 1


@dataclass
class Memory:
    """Everything the rules remember of a partition up to and with stream ``sequence``.

    ``places`` are the geometry marks that :func:`jiaoan.rules.fences.adopt` was applied to.
    """

    sequence: int = 0
    vehicles: dict[int, Vehicle] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)


def encode(memory: Memory, owner: str) -> bytes:
    """A snapshot; ``owner`` lets its writer know its own write again."""
    return zlib.compress(
        json.dumps(
            {
                "form": FORM,
                "owner": owner,
                "sequence": memory.sequence,
                "places": memory.places,
                "vehicles": {
                    vehicle: [
                        [astuple(point) for point in value.recent],
                        {place: astuple(presence) for place, presence in value.places.items()},
                    ]
                    for vehicle, value in memory.vehicles.items()
                },
            }
        ).encode(),
        1,
    )


def decode(data: bytes) -> tuple[Memory, str]:
    """Memory and owner; ``ValueError`` for a snapshot that this release does not read."""
    try:
        said = json.loads(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"a snapshot is damaged: {error}") from error
    if not isinstance(said, Mapping) or said.get("form") != FORM:
        raise ValueError("a snapshot was written by another release: stop the stream, let it end")
    vehicles = {
        int(vehicle): Vehicle(
            tuple(Point(*point) for point in recent),
            {int(place): Presence(*presence) for place, presence in places.items()},
        )
        for vehicle, (recent, places) in said["vehicles"].items()
    }
    places = {int(place): str(mark) for place, mark in said["places"].items()}
    return Memory(int(said["sequence"]), vehicles, places), str(said["owner"])
