"""Occurrences made from duties, and made again when a firm changes its class."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Q

from jiaoan.journal.actions import enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.actions.base import move
from jiaoan.ledger.models import Duty, Occurrence, Plan
from jiaoan.ledger.obliged import Owed, owed_by_all, window_key
from jiaoan.ledger.states import OPEN, OccurrenceState, OccurrenceVerb, PlanState
from jiaoan.org.models import OrganisationKind, Post
from jiaoan.registry.models import Enterprise
from jiaoan.registry.queries import obliged
from jiaoan.scope import Actor, require

_BATCH = 500


def generate_occurrences(actor: Actor, clock: Clock, plan: Plan) -> Counter[str]:
    """Make what is owed and is missing; waive what is owed no longer; restore what is again.

    Running it twice changes nothing. Returns how many were ``made``, ``waived`` and ``restored``.
    Call it after publishing, and whenever a firm begins, ends or changes its class.
    """
    require(actor, "ledger.assign")
    firms = list(obliged(clock.today()))
    leaders = max(
        1, Post.objects.filter(leads=True, organisation__kind=OrganisationKind.BUREAU).count()
    )
    duties = plan.duties.select_related("draft", "replaces", "document", "plan").prefetch_related(
        "units", "replaced_by", "occurrences"
    )
    done: Counter[str] = Counter()
    with transaction.atomic():
        for duty in duties:
            owed = owed_by_all(plan, duty, firms, leaders)
            done += _settle(actor, clock, duty, owed, _reasons(plan, duty, firms))
    return done


def _reasons(plan: Plan, duty: Duty, firms: Sequence[Enterprise]) -> dict[int, str]:
    """Why a firm owes the general duty no longer: the reasons of the duty that replaces it."""
    found: dict[int, str] = {}
    for stricter in duty.replaced_by.all():
        for owed in owed_by_all(plan, stricter, firms, 1):
            found.setdefault(owed.organisation_id, owed.planned.reason)
    return found


def _settle(
    actor: Actor, clock: Clock, duty: Duty, owed: Sequence[Owed], reasons: dict[int, str]
) -> Counter[str]:
    wanted = {item.key: item for item in owed}
    standing = {(row.organisation_id, row.window_key): row for row in duty.occurrences.all()}
    missing = [item for key, item in wanted.items() if key not in standing]
    done: Counter[str] = Counter()
    if missing:
        _make(actor, clock, duty, missing)
        done["made"] = len(missing)
    for key, row in standing.items():
        if key not in wanted and row.status in OPEN and row.status is not OccurrenceState.RETURNED:
            why = reasons.get(row.organisation_id, "任务规则变化，本期不再应办")
            _waive(actor, clock, row, why)
            done["waived"] += 1
        elif key in wanted and row.status is OccurrenceState.WAIVED:
            Occurrence.objects.filter(pk=row.pk).update(why=wanted[key].planned.reason)
            move(actor, clock, row, OccurrenceVerb.RESTORE, payload={"by": "rule"})
            done["restored"] += 1
    return done


def _waive(actor: Actor, clock: Clock, row: Occurrence, why: str) -> None:
    Occurrence.objects.filter(pk=row.pk).update(why=why[:300])
    move(actor, clock, row, OccurrenceVerb.WAIVE, payload={"reason": why, "by": "rule"})


def _make(actor: Actor, clock: Clock, duty: Duty, missing: Iterable[Owed]) -> None:
    """One statement and one fact for a duty: a year of fourteen firms is 1,500 rows."""
    today, now = clock.today(), clock.now()
    sent = (duty.document or duty.plan).assigned_at is not None
    rows = [
        Occurrence(
            duty=duty,
            organisation_id=item.organisation_id,
            window_key=window_key(item.planned),
            window_label=item.planned.window.label_zh,
            starts=item.planned.window.start,
            ends=item.planned.window.end,
            due=item.planned.due,
            min_count=item.min_count,
            state=OccurrenceState.TO_SIGN
            if sent and item.planned.window.start <= today
            else OccurrenceState.NOT_STARTED,
            why=item.planned.reason[:300],
            changed_at=now,
        )
        for item in missing
    ]
    Occurrence.objects.bulk_create(rows, batch_size=_BATCH)
    by_window: dict[str, int] = defaultdict(int)
    for row in rows:
        by_window[row.window_key] += 1
    record(
        "ledger.occurrences_made",
        actor=actor,
        obj=duty,
        clock=clock,
        payload={"count": len(rows), "windows": dict(by_window)},
    )
    enqueue("events.ledger", {"kind": "made", "object": "ledger.duty", "id": duty.pk}, clock=clock)


def keep_current(actor: Actor, clock: Clock) -> Counter[str]:
    """What each day asks of the ledger; the worker calls it, as often as it likes.

    Windows that begin are assigned, and firms that began, ended or changed their class owe what
    the rules say from now on.
    """
    done: Counter[str] = Counter(begun=begin_windows(actor, clock))
    ledgers = Plan.objects.filter(state=PlanState.PUBLISHED, under=None)
    for plan in ledgers.filter(year=clock.today().year):
        done += generate_occurrences(actor, clock, plan)
    return +done


@transaction.atomic
def begin_windows(actor: Actor, clock: Clock) -> int:
    """Assign 交办 every occurrence whose window has begun; the worker calls it each day.

    Those of a document that nobody has given out yet wait for that.
    """
    require(actor, "ledger.assign")
    begun = Occurrence.objects.filter(state=OccurrenceState.NOT_STARTED, starts__lte=clock.today())
    sent = Q(duty__document=None, duty__plan__assigned_at__isnull=False) | Q(
        duty__document__assigned_at__isnull=False
    )
    rows = list(begun.filter(sent))
    for row in rows:
        move(actor, clock, row, OccurrenceVerb.ASSIGN)
    return len(rows)
