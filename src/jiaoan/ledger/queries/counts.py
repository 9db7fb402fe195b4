"""Counting occurrences: the one place that page, export and progress report count with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from jiaoan.ledger.models import Occurrence
from jiaoan.ledger.states import OPEN, OWED, WITH_CHECKER, Group, OccurrenceState

_OPEN = [str(state) for state in sorted(OPEN)]
_WITH_CHECKER = [str(state) for state in sorted(WITH_CHECKER)]


def group_condition(group: Group, today: date) -> Q:
    """``states.group_of`` as SQL."""
    open_ones = Q(state__in=_OPEN)
    match group:
        case Group.CLOSED:
            return Q(state=OccurrenceState.CLOSED)
        case Group.WAIVED:
            return Q(state=OccurrenceState.WAIVED)
        case Group.CHECKING:
            return Q(state__in=_WITH_CHECKER)
        case Group.LATE:
            return open_ones & Q(due__lt=today)
        case Group.IDLE:
            return open_ones & Q(due__gte=today, starts__gt=today)
        case Group.RUNNING:
            return open_ones & Q(due__gte=today, starts__lte=today)


def owed_condition(today: date) -> Q:
    """应完成: everything that has begun or is done, without what is waived."""
    return ~(group_condition(Group.IDLE, today) | group_condition(Group.WAIVED, today))


def in_group(found: QuerySet[Occurrence], group: str, today: date) -> QuerySet[Occurrence]:
    """Rows of one counter; ``owed`` is the sum 应完成. ``ValueError`` for an unknown word."""
    if group == "owed":
        return found.filter(owed_condition(today))
    return found.filter(group_condition(Group(group), today))


@dataclass(frozen=True)
class Counts:
    """Occurrences by group. ``owed`` = closed + checking + running + late."""

    closed: int
    checking: int
    running: int
    late: int
    idle: int
    waived: int

    @property
    def owed(self) -> int:
        return sum(getattr(self, group) for group in OWED)

    @property
    def rate(self) -> str:
        """完成率, one decimal; a dash where nothing is owed."""
        return f"{100 * self.closed / self.owed:.1f}%" if self.owed else "—"


def counts(found: QuerySet[Occurrence], today: date) -> Counts:
    """One query over rows that were restricted before."""
    by = found.order_by().aggregate(
        **{group: Count("pk", filter=group_condition(group, today)) for group in Group}
    )
    return Counts(**by)
