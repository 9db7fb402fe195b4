"""Findings in batches: many in one transaction, and first those that people wait for.

Theory of operation
-------------------
The loop hands over all findings that are read and not handled yet (:data:`AHEAD` at most).
:func:`handle_some` takes a hundred of them, or what a tenth of a second allows, into one
transaction: each in a savepoint of its own, so that a bad one is parked alone; the checkpoint moves
in the same transaction. What follows from them runs behind it, together. Then the loop lets others
write and comes again.

*First* come the findings of vehicles of which an outside hazmat vehicle's entry waits: a burst of
bad data must not stand before an unfiled tanker. The findings of one vehicle keep their order. So
the checkpoint is not the last finding that was handled, but the last before the oldest that still
waits: after a kill some are handled twice, which changes nothing (their ids are unique).

The tenth of a second is for the web: SQLite has one writer, and a waiting one looks again now and
then only.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, transaction

from jiaoan.flows.actions import run_pending
from jiaoan.kernel.clock import Clock
from jiaoan.worker.models import Checkpoint, Parked

log = logging.getLogger("jiaoan.worker")
FINDINGS = "findings"
AHEAD = 1000
TOGETHER = 100
LONGEST_S = 0.1
Handler = Callable[[Clock, bytes], None]


@dataclass(frozen=True)
class Found:
    """One message of ``findings.*``; ``vehicle`` 0 = it names none that can be read."""

    subject: str
    data: bytes
    sequence: int
    stored_at: datetime
    vehicle: int = 0
    pressing: bool = False


def found(subject: str, data: bytes, sequence: int, stored_at: datetime) -> Found:
    """The message with what decides its turn; one that cannot be read has an ordinary turn."""
    try:
        body = json.loads(data)
        vehicle, rule = body["vehicle_id"], body["rule"]
        entry = rule == "fence.enter" and body["place_kind"] == "district"
        pressing = entry and body["outside"] is True
    except (ValueError, KeyError, TypeError):
        return Found(subject, data, sequence, stored_at)
    known = vehicle if isinstance(vehicle, int) else 0
    return Found(subject, data, sequence, stored_at, known, pressing and known > 0)


def in_turn(waiting: Sequence[Found]) -> tuple[list[Found], list[Found]]:
    """Those that come first, and the others; the findings of a vehicle stay in order."""
    until = {one.vehicle: one.sequence for one in waiting if one.pressing}
    first = [one for one in waiting if one.sequence <= until.get(one.vehicle, -1)]
    return first, [one for one in waiting if one.sequence > until.get(one.vehicle, -1)]


def checkpoint() -> int:
    """The sequence up to which every finding is handled; 0 before the first."""
    return Checkpoint.objects.get_or_create(name=FINDINGS)[0].sequence


def handle_some(
    waiting: Sequence[Found], read_to: int, clock: Clock, handler: Callable[[str], Handler]
) -> list[Found]:
    """Handle some of ``waiting`` (by rising sequence); those that still wait.

    Of all up to sequence ``read_to`` whatever is not in ``waiting`` is handled already. ``handler``
    gives for a subject what takes its messages. Raises ``OperationalError`` when the
    database itself is in trouble: nothing is done then, the caller tries the same again.
    """
    handled = checkpoint()
    waiting = [one for one in waiting if one.sequence > handled]
    if not waiting:
        return []
    first, others = in_turn(waiting)
    with transaction.atomic():
        done = _take((first or others)[:TOGETHER], clock, handler)
        rest = [one for one in waiting if one.sequence not in done]
        _advance(rest[0].sequence - 1 if rest else read_to)
    run_pending(clock)
    return rest


def _take(
    chosen: Sequence[Found], clock: Clock, handler: Callable[[str], Handler]
) -> frozenset[int]:
    """Sequences of what was handled or parked within the time of one transaction."""
    done = set()
    began = time.monotonic()
    for one in chosen:
        _one(one, clock, handler)
        done.add(one.sequence)
        if time.monotonic() - began > LONGEST_S:
            break
    return frozenset(done)


def _one(one: Found, clock: Clock, handler: Callable[[str], Handler]) -> None:
    try:
        with transaction.atomic():
            handler(one.subject)(clock, one.data)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one must not stop the rest
        log.warning("finding %s parked: %s: %s", one.sequence, type(error).__name__, error)
        park(one.subject, one.data, one.sequence, one.stored_at, error, clock)


def park(
    subject: str, data: bytes, sequence: int, stored_at: datetime, error: Exception, clock: Clock
) -> None:
    """Keep a message that could not be handled, whole, with the reason; once."""
    Parked.objects.get_or_create(
        sequence=sequence,
        stored_at=stored_at,
        defaults={
            "subject": subject[:60],
            "data": data,
            "error": f"{type(error).__name__}: {error}"[:500],
            "parked_at": clock.now(),
        },
    )


def _advance(sequence: int) -> None:
    Checkpoint.objects.filter(name=FINDINGS).update(sequence=sequence)
