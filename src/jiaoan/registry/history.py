"""Places as they were: the versions that were published, from the outbox, which keeps them all.

A point that comes late, and a day that is rehearsed, are judged by the places of that time
(ADR 0034). So the reference of a place carries, beside its present version, the ones that it took
the place of within :data:`KEPT`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jiaoan.journal.actions import Json
from jiaoan.journal.models import Outgoing

KEPT: Final = timedelta(days=31)
"""Versions that ended so long before the newest are not carried: no terminal backfills farther."""
MOST_OCTETS: Final = 300_000
"""Of the versions before in one reference: the bus takes a message of one megabyte."""
_DATES: Final = ("since", "before")


@dataclass(frozen=True)
class Published:
    """One version of a place, as it was published at ``since`` (the moment of the change)."""

    version: int
    since: datetime
    value: Mapping[str, Json]

    def dated(self) -> dict[str, Json]:
        return {**self.value, "since": self.since.isoformat()}


def published(subject: str) -> list[Published]:
    """All versions of the place ``ref.place.ID``, the first one first."""
    return _read(Outgoing.objects.filter(topic=subject))


def _read(rows: Iterable[Outgoing]) -> list[Published]:
    found: dict[int, Published] = {}
    for row in sorted(rows, key=lambda each: each.pk):
        version = row.payload.get("version")
        if isinstance(version, int):
            value = {name: said for name, said in row.payload.items() if name not in _DATES}
            # Published again whole it is no other version.
            found.setdefault(version, Published(version, row.made_at, value))
    return sorted(found.values(), key=lambda each: each.version)


def with_past(
    value: Mapping[str, Json],
    since: datetime | None,
    known: Sequence[Published],
    *,
    whole: bool = False,
) -> dict[str, Json]:
    """The reference of a place: its present ``value``, since when, and what it was before.

    ``known`` are the versions published; ``since`` is ``None`` where the present one was never.
    ``whole``: with all of them, for who asks about longer ago and not over the bus.
    """
    present = value["version"]
    older = [each for each in known if isinstance(present, int) and each.version < present]
    since = since or next((each.since for each in known if each.version == present), None)
    if since is None:
        return dict(value)
    ends = [*(each.since for each in older[1:]), since]
    before: list[Json] = []
    room = MOST_OCTETS
    for each, end in zip(reversed(older), reversed(ends), strict=False):
        said = each.dated()
        room -= len(json.dumps(said, ensure_ascii=False).encode())
        if not whole and (since - end > KEPT or room < 0):
            break
        before.append(said)
    return {**value, "since": since.isoformat(), "before": before}
