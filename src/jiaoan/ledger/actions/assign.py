"""Assignment 交办: in one press the duties of a published document go to those who answer for them.

Publishing makes the ledger; assignment sends it out. From then on what has begun stands on the
desks as 待签收, and the daily step of the worker adds each window as it begins.
"""

from __future__ import annotations

from collections import Counter

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.actions.base import person
from jiaoan.ledger.errors import Blocked
from jiaoan.ledger.models import Duty, Occurrence, Plan
from jiaoan.ledger.states import OCCURRENCE, OccurrenceState, OccurrenceVerb
from jiaoan.scope import Actor, require


@transaction.atomic
def assign_plan(actor: Actor, clock: Clock, plan: Plan) -> int:
    """Give out every begun occurrence of the document; how many. A second press changes nothing.

    One statement and one fact a duty, as with the making: a year is 1,500 rows.
    """
    require(actor, "ledger.assign")
    if not plan.is_published:
        raise Blocked(_("Publish the notice first: there are no duties to give out yet."))
    taken = Plan.objects.filter(pk=plan.pk, assigned_at=None).update(
        assigned_at=clock.now(), assigned_by=person(actor)
    )
    plan.refresh_from_db()
    if not taken:
        return 0
    row = OCCURRENCE.row(OccurrenceState.NOT_STARTED, OccurrenceVerb.ASSIGN)
    begun = Occurrence.objects.filter(
        duty__in=duties_of(plan), state=row.source, starts__lte=clock.today()
    )
    counts = Counter(begun.values_list("duty_id", flat=True))
    Occurrence.objects.filter(pk__in=list(begun.values_list("pk", flat=True))).update(
        state=row.target, changed_at=clock.now()
    )
    for duty in Duty.objects.filter(pk__in=counts):
        payload: dict[str, Json] = {"count": counts[duty.pk]}
        record(row.fact, actor=actor, obj=duty, clock=clock, payload=payload)
        message: dict[str, Json] = {"kind": row.fact, "object": "ledger.duty", "id": duty.pk}
        enqueue("events.ledger", message, clock=clock)
    total: dict[str, Json] = {"duties": len(counts), "occurrences": counts.total()}
    record("ledger.plan_assigned", actor=actor, obj=plan, clock=clock, payload=total)
    return counts.total()


def duties_of(plan: Plan) -> list[int]:
    """Ids of the duties that this document made, in whichever ledger they stand."""
    if plan.under_id is not None:
        return list(plan.own_duties.values_list("pk", flat=True))
    return list(plan.duties.filter(document=None).values_list("pk", flat=True))
