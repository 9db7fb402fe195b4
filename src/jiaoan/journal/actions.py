"""Writing facts and outgoing messages. Call inside the transaction of the action they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from django.db.models import Model

from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.clock import Clock
from jiaoan.scope import Actor

Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | list[Json] | None"


def name_of(obj: Model | str) -> str:
    """``ledger.occurrence:12``: how facts name a row."""
    return obj if isinstance(obj, str) else f"{obj._meta.label_lower}:{obj.pk}"


def record(
    kind: str,
    *,
    actor: Actor,
    obj: Model | str,
    clock: Clock,
    happened_at: datetime | None = None,
    reported_at: datetime | None = None,
    payload: Mapping[str, Json] | None = None,
) -> Fact:
    """Insert one unsealed fact. ``happened_at`` and ``reported_at`` default to now."""
    now = clock.now()
    return Fact.objects.create(
        kind=kind,
        actor=actor.journal_name,
        obj=name_of(obj),
        happened_at=happened_at or now,
        reported_at=reported_at or now,
        recorded_at=now,
        payload=dict(payload or {}),
    )


def enqueue(topic: str, payload: Mapping[str, Json], *, clock: Clock) -> Outgoing:
    """Queue a message that leaves after the transaction commits (``events.alarm`` …)."""
    return Outgoing.objects.create(topic=topic, payload=dict(payload), made_at=clock.now())
