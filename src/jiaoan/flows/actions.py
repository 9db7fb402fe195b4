"""Running the table: each flow once for each fact, whoever wrote the fact.

Theory of operation
-------------------
Facts come from the worker itself and from the web. Row ids are no order of commits (a later id
can commit first), so a checkpoint over ids could pass a fact by. The sealer gives ``seq`` only to
committed facts, in an order without gaps; :func:`run_pending` therefore reads twice: first the
facts that are not sealed yet (at most a second old: this is the quick way), then the sealed ones
behind the mark (this is the sure way). The unique key of a step makes the overlap harmless.

Flows of several facts share a transaction (:data:`TOGETHER`), each in a savepoint of its own: a
burst of alarms costs a few commits, not one for each. A flow that raises is parked with its error
and does not stop the others; an error of the database itself is raised, because trying again may
help, and undoes those of its transaction only.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Exists, OuterRef

from jiaoan.flows.models import Mark, Step
from jiaoan.flows.table import KINDS, Flow, flows_for
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock

log = logging.getLogger("jiaoan.flows")
_MARK = "sealed"
_BATCH = 500
TOGETHER = 50


def run_pending(clock: Clock) -> int:
    """Run what follows from new facts, and from the facts that those make. Returns how many."""
    total = 0
    while done := _run_unsealed(clock) + _run_sealed(clock):
        total += done
    return total


def _run_unsealed(clock: Clock) -> int:
    """Facts that nobody looked at yet. One whose flows were cut short has a step already; it is
    completed when it comes by sealed, so that a burst of alarms is not read again for each."""
    ran = Step.objects.filter(fact=OuterRef("pk"))
    waiting = Fact.objects.filter(~Exists(ran), seq=None, kind__in=KINDS)
    fresh = waiting.order_by("id")[:_BATCH]
    return _run_all(list(fresh), clock)


def _run_sealed(clock: Clock) -> int:
    mark, _ = Mark.objects.get_or_create(name=_MARK)
    sealed = list(Fact.objects.filter(seq__gt=mark.seq).order_by("seq")[:_BATCH])
    if not sealed:
        return 0
    done = _run_all([fact for fact in sealed if fact.kind in KINDS], clock)
    # The mark moves after the steps are committed: a kill between the two repeats, harmlessly.
    Mark.objects.filter(pk=mark.pk).update(seq=sealed[-1].seq)
    return done


def _run_all(facts: Sequence[Fact], clock: Clock) -> int:
    """Run the flows of these facts, some in each transaction; returns how many ran."""
    total = 0
    for begin in range(0, len(facts), TOGETHER):
        with transaction.atomic():
            total += sum(run_fact(fact, clock) for fact in facts[begin : begin + TOGETHER])
    return total


def run_fact(fact: Fact, clock: Clock) -> int:
    """Run the flows of one fact that have not run yet; returns how many ran."""
    wanted = {f"{fact.pk}:{flow.name}": flow for flow in flows_for(fact.kind)}
    known = set(Step.objects.filter(key__in=wanted).values_list("key", flat=True))
    return sum(_run(key, flow, fact, clock) for key, flow in wanted.items() if key not in known)


def _run(key: str, flow: Flow, fact: Fact, clock: Clock) -> int:
    try:
        with transaction.atomic():
            Step.objects.create(key=key, fact=fact, flow=flow.name, ran_at=clock.now())
            flow.run(fact, clock)
    except OperationalError:
        raise
    except IntegrityError:
        # Somebody else ran this very step between the look and the write.
        if Step.objects.filter(key=key).exists():
            return 0
        _park(key, flow, fact, clock, "IntegrityError")
    except Exception as error:  # noqa: BLE001  # any flow's failure is kept, none stops the rest
        _park(key, flow, fact, clock, f"{type(error).__name__}: {error}")
    return 1


def _park(key: str, flow: Flow, fact: Fact, clock: Clock, error: str) -> None:
    log.exception("flow %s failed for fact %s", flow.name, fact.pk)
    Step.objects.create(key=key, fact=fact, flow=flow.name, ran_at=clock.now(), error=error[:500])
