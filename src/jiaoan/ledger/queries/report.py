"""What a progress report says, counted by the same functions as the ledger page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from django.db.models import Count, Q

from jiaoan.journal import chain
from jiaoan.kernel.windows import Window
from jiaoan.ledger.models import Duty, Evidence, Occurrence, Plan
from jiaoan.ledger.queries.counts import Counts, counts, group_condition, in_group
from jiaoan.ledger.queries.lists import duties, listed, occurrences
from jiaoan.ledger.states import Group
from jiaoan.scope import restrict

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DutyCount:
    """One duty with its counts; ``offers`` are facts of the system that nobody adopted yet."""

    duty: Duty
    counts: Counts
    adopted: int
    offers: int


@dataclass(frozen=True)
class Picture:
    """The state of a plan as one actor sees it, on the day ``today``.

    ``period`` runs from the day after the previous report date to ``report_date``; what is late is
    judged on ``today``, so that page and report agree.
    """

    plan: Plan
    report_date: date
    period: Window
    today: date
    totals: Counts
    duties: Sequence[DutyCount]
    clauses_covered: int
    clauses_total: int
    late: Sequence[Occurrence]
    upcoming: Sequence[Occurrence]
    next_report: date | None
    evidence: Sequence[Evidence]
    head: chain.Head | None


def picture(actor: object, plan: Plan, report_date: date, today: date) -> Picture:
    """Everything the report needs, in a fixed number of queries. ``report_date`` is a plan's."""
    days = [row.day for row in plan.report_dates.all()]
    before = [day for day in days if day < report_date]
    after = [day for day in days if day > report_date]
    period = Window(before[-1] + _DAY if before else date(plan.year, 1, 1), report_date)
    found = occurrences(actor, plan, today)
    covered = plan.duties.values_list("clause_id", flat=True).distinct()
    items = plan.clauses.filter(is_item=True)
    until = after[0] if after else date(plan.year, 12, 31)
    ahead = found.filter(due__gt=today, due__lte=until).exclude(state__in=["closed", "waived"])
    evidence = restrict(Evidence.objects.all(), actor, "ledger.view").filter(
        occurrence__duty__plan=plan,
        happened_on__gte=period.start,
        happened_on__lte=today,
    )
    return Picture(
        plan=plan,
        report_date=report_date,
        period=period,
        today=today,
        totals=counts(found, today),
        duties=_by_duty(actor, plan, today),
        clauses_covered=items.filter(pk__in=covered).count(),
        clauses_total=items.count(),
        late=list(listed(in_group(found, Group.LATE, today))),
        upcoming=list(listed(ahead)),
        next_report=after[0] if after else None,
        evidence=list(
            evidence.select_related(
                "attachment", "offer__fact", "occurrence__duty__clause", "occurrence__organisation"
            ).order_by("happened_on", "id")
        ),
        head=chain.head(),
    )


def _by_duty(actor: object, plan: Plan, today: date) -> list[DutyCount]:
    found = occurrences(actor, plan, today)
    numbers = {
        row["duty_id"]: Counts(**{g.value: cast(dict[str, int], dict(row))[g] for g in Group})
        for row in found.order_by()
        .values("duty_id")
        .annotate(**{group: Count("pk", filter=group_condition(group, today)) for group in Group})
    }
    offers = {
        row["duty_id"]: (row["adopted"], row["open"])
        for row in found.order_by()
        .values("duty_id")
        .annotate(
            adopted=Count("offers", filter=Q(offers__adopted_at__isnull=False)),
            open=Count("offers", filter=Q(offers__adopted_at__isnull=True)),
        )
    }
    nothing = Counts(0, 0, 0, 0, 0, 0)
    return [
        DutyCount(duty, numbers.get(duty.pk, nothing), *offers.get(duty.pk, (0, 0)))
        for duty in duties(actor, plan)
    ]
