"""Removing positions whose time is over 到期清理: an action with a fact for each day."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.scope import Actor, require
from jiaoan.stores.retention import Removed, leave_out
from jiaoan.tracks.actions import RETAINED
from jiaoan.tracks.retention import Judge, periods, plan

VERB = "tracks.retain"


def retain(
    actor: Actor, clock: Clock, data: Path, stop: threading.Event | None = None
) -> Iterator[Removed]:
    """Remove what is over today, day by day; each day that lost rows leaves a fact.

    What holds a vehicle is asked for again before every day, so what is referred to meanwhile
    stays. Raises ``scope.Refused``, ``retention.PeriodRefused``, and ``compaction.Stopped`` when
    told to stop: the day under way is then as it was.
    """
    require(actor, VERB)
    months = {kind: period.months for kind, period in periods().items()}
    today = clock.today()
    for wanted in list(plan(data, today)):
        now = Judge(today).of(wanted.day, wanted.folder)
        removed = leave_out(now.folder, now.gone, stop)
        if removed.rows:
            _note(actor, clock, removed, months, len(now.held))
            yield removed


def _note(actor: Actor, clock: Clock, removed: Removed, months: dict[str, int], held: int) -> None:
    numbers = ",".join(map(str, sorted(removed.vehicles)))
    payload: dict[str, Json] = {
        "day": removed.day.isoformat(),
        "vehicles": len(removed.vehicles),
        "vehicles_sha256": hashlib.sha256(numbers.encode()).hexdigest(),
        "rows": removed.rows,
        "rows_left": removed.left,
        "vehicles_held": held,
        "months": months,
    }
    with transaction.atomic():
        record(RETAINED, actor=actor, obj=f"tracks.day:{removed.day}", clock=clock, payload=payload)
