"""What every action of the ledger shares: the person, the move in the table, the push."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked
from jiaoan.ledger.models import Occurrence
from jiaoan.ledger.states import OCCURRENCE, OccurrenceState, OccurrenceVerb
from jiaoan.org.models import User
from jiaoan.scope import Actor


def person(actor: Actor) -> User | None:
    """The row of the person who acts, ``None`` for a process."""
    return actor if isinstance(actor, User) else None


def move(
    actor: Actor,
    clock: Clock,
    occurrence: Occurrence,
    verb: OccurrenceVerb,
    *,
    happened_at: datetime | None = None,
    payload: Mapping[str, Json] | None = None,
) -> Fact:
    """Take one row of the table, atomically against others who try the same, and leave its fact.

    Call inside a transaction. Raises ``TransitionRefused`` where the table has no row, and
    :class:`Blocked` when somebody else was faster.
    """
    row = OCCURRENCE.row(occurrence.state, verb)
    changes: dict[str, object] = {"state": row.target, "changed_at": clock.now()}
    if row.target is OccurrenceState.CLOSED:
        changes["closed_at"] = clock.now()
    elif row.source is OccurrenceState.CLOSED:
        changes["closed_at"] = None
    taken = Occurrence.objects.filter(pk=occurrence.pk, state=row.source).update(**changes)
    if not taken:
        raise Blocked(_("Somebody else has just dealt with this item. Look at it again."))
    for name, value in changes.items():
        setattr(occurrence, name, value)
    fact = record(
        row.fact,
        actor=actor,
        obj=occurrence,
        clock=clock,
        happened_at=happened_at,
        payload=payload,
    )
    announce(row.fact, occurrence, clock)
    return fact


def announce(kind: str, occurrence: Occurrence, clock: Clock) -> None:
    """Tell open pages that a row changed; ids only."""
    enqueue(
        "events.ledger",
        {
            "kind": kind,
            "object": "ledger.occurrence",
            "id": occurrence.pk,
            "duty": occurrence.duty_id,
            "organisation": occurrence.organisation_id,
        },
        clock=clock,
    )
