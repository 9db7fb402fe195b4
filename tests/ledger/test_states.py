"""The tables of the ledger, walked whole, and the counters that follow from them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from jiaoan.kernel.states import Machine
from jiaoan.ledger.models import Occurrence
from jiaoan.ledger.queries import in_group
from jiaoan.ledger.states import (
    DRAFT,
    OCCURRENCE,
    PLAN,
    Group,
    OccurrenceState,
    OccurrenceVerb,
    group_of,
)
from kernel.machines import assert_machine_is_exhaustive
from ledger.factory import duty, make_bureau, one, published

DAYS = [date(2024, 4, n) for n in (7, 8, 9)]
TODAY = date(2024, 4, 8)


@pytest.mark.parametrize("machine", [OCCURRENCE, DRAFT, PLAN], ids=lambda m: m.name)
def test_it_walks_every_state_and_verb(machine: Machine) -> None:  # type: ignore[type-arg]
    assert_machine_is_exhaustive(machine)


def test_it_closes_only_what_was_checked() -> None:
    before = {row.source for row in OCCURRENCE.rows if row.verb is OccurrenceVerb.CLOSE}
    assert before == {OccurrenceState.CHECKED}


def test_it_has_a_word_for_every_state_and_group() -> None:
    assert all(str(state.label) for state in OccurrenceState)
    assert all(str(group.label) for group in Group)


@pytest.mark.django_db
def test_it_counts_in_sql_as_in_python() -> None:
    """Every state × begun or not × due or not stands in the same one group both ways."""
    bureau = make_bureau()
    plan = published(bureau)
    of = duty(plan, "推进情况报告")
    Occurrence.objects.all().delete()
    now = datetime(2024, 4, 8, tzinfo=UTC)
    for state in OccurrenceState:
        for starts in DAYS:
            for due in (day for day in DAYS if day >= starts):
                Occurrence.objects.create(
                    duty=of,
                    organisation=bureau.safety,
                    window_key=f"{state}{starts}{due}",
                    window_label="",
                    starts=starts,
                    ends=due,
                    due=due,
                    state=state,
                    changed_at=now,
                )
    rows = list(Occurrence.objects.all())
    assert len(rows) == len(OccurrenceState) * 6
    for group in Group:
        by_python = {
            row.pk for row in rows if group_of(row.status, row.starts, row.due, TODAY) is group
        }
        assert by_python == set(
            in_group(Occurrence.objects.all(), group, TODAY).values_list("pk", flat=True)
        )
        assert by_python
    owed = in_group(Occurrence.objects.all(), "owed", TODAY).count()
    assert owed == sum(
        in_group(Occurrence.objects.all(), g, TODAY).count()
        for g in (Group.CLOSED, Group.CHECKING, Group.RUNNING, Group.LATE)
    )


@pytest.mark.django_db
def test_it_makes_one_occurrence_for_a_window() -> None:
    bureau = make_bureau()
    plan = published(bureau)
    assert one(duty(plan, "推进情况报告"), bureau.safety, "D2024-04-10").due == date(2024, 4, 10)
