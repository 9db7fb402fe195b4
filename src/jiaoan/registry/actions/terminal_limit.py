"""The highest speed that a terminal told of itself: kept at its vehicle, and told to the stream.

Nobody types it: a terminal confirms what was set in it, or tells it when it is asked. What was told
last holds, whichever terminal of the vehicle told it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.registry import profiles
from jiaoan.registry.actions.vehicles import tell
from jiaoan.registry.models import Terminal, Vehicle
from jiaoan.scope import Actor, require

VERB: Final = "terminal.told"
KIND: Final = "registry.terminal_limit_told"
FASTEST_TOLD_KMH: Final = 220
"""More is no speed of a vehicle; a terminal that tells it is set wrong, or means another unit."""


class LimitRefused(ValueError):
    """What the terminal told is no speed limit; nothing was written."""


@transaction.atomic
def take_terminal_limit(
    actor: Actor, clock: Clock, terminal: Terminal, *, kmh: object, at: datetime, cause: str
) -> Vehicle:
    """Keep 最高速度 (parameter 0x0055, km/h) as ``terminal`` told it at ``at``; 0 = not known.

    ``cause`` names the command that it answered (``watch.command:ID``). What was told before what
    is known already changes nothing; the same again begins no version. Raises
    :class:`LimitRefused` unless ``kmh`` is a whole number from 0 to 220.
    """
    require(actor, VERB)
    if type(kmh) is not int or not 0 <= kmh <= FASTEST_TOLD_KMH:
        raise LimitRefused(f"{kmh!r} is no whole number from 0 to {FASTEST_TOLD_KMH} km/h")
    changed = Vehicle.objects.select_for_update().get(pk=terminal.vehicle_id)
    if changed.terminal_limit_told_at is not None and at < changed.terminal_limit_told_at:
        return changed
    before = Vehicle.objects.get(pk=changed.pk)
    changed.terminal_limit_kmh, changed.terminal_limit_told_at = kmh or None, at
    pair: list[Json] = [before.terminal_limit_kmh, changed.terminal_limit_kmh]
    told: dict[str, Json] = {"terminal": terminal.pk, "cause": cause, "kmh": kmh}
    if pair[0] == pair[1]:
        changed.save(update_fields=["terminal_limit_told_at"])
        record(
            KIND, actor=actor, obj=changed, clock=clock, happened_at=at, reported_at=at,
            payload=told,
        )  # fmt: skip
        return changed
    changed.version += 1
    changed.save(update_fields=["terminal_limit_kmh", "terminal_limit_told_at", "version"])
    profiles.change(before, changed, clock)
    told["changes"] = {"terminal_limit_kmh": pair}
    tell(KIND, actor, clock, changed, told, at=at)
    return changed
