"""Findings as they are beside findings as proposed: new, gone, same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

SLACK_MS: Final = 300_000
"""Two findings of one rule and vehicle no farther apart than this are the same event."""


@dataclass(frozen=True)
class Event:
    """A finding from beginning to end: UTC milliseconds, microdegrees; ``end_ms`` 0 = not known."""

    id: str
    rule: str
    vehicle: int
    start_ms: int
    end_ms: int
    lat: int
    lon: int
    zh: str
    en: str


@dataclass(frozen=True)
class Compared:
    new: tuple[Event, ...]
    gone: tuple[Event, ...]
    same: tuple[Event, ...]  # as proposed


def compare(now: Iterable[Event], proposed: Iterable[Event]) -> Compared:
    """By the finding's own id first, then by time: a lower limit begins the same event earlier.

    Each finding has at most one partner; of several near ones the nearest beginning.
    """
    left: dict[tuple[str, int], list[Event]] = defaultdict(list)
    for one in now:
        left[one.rule, one.vehicle].append(one)
    wanted = sorted(proposed, key=lambda one: (one.start_ms, one.id))
    partner: dict[str, Event] = {}
    for match in (_by_id, _by_time):
        for one in wanted:
            if one.id in partner:
                continue
            found = match(one, left[one.rule, one.vehicle])
            if found is not None:
                partner[one.id] = found
                left[one.rule, one.vehicle].remove(found)
    rest = sorted((one for some in left.values() for one in some), key=lambda one: one.start_ms)
    return Compared(
        tuple(one for one in wanted if one.id not in partner),
        tuple(rest),
        tuple(one for one in wanted if one.id in partner),
    )


def _by_id(one: Event, others: Sequence[Event]) -> Event | None:
    return next((other for other in others if other.id == one.id), None)


def _by_time(one: Event, others: Sequence[Event]) -> Event | None:
    near = [other for other in others if _apart(one, other) <= SLACK_MS]
    return min(near, key=lambda other: abs(other.start_ms - one.start_ms), default=None)


def _apart(one: Event, other: Event) -> int:
    """Milliseconds between two spans; 0 when they overlap."""
    first, second = sorted((one, other), key=lambda each: each.start_ms)
    return max(0, second.start_ms - max(first.start_ms, first.end_ms))
