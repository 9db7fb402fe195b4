"""From judged sentences to duties and occurrences."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from jiaoan.journal.models import Fact
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger import actions
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.ledger.models import DutyRole, Occurrence
from jiaoan.ledger.progress import coverage
from jiaoan.registry.actions import flag_accident_prone
from jiaoan.scope import Refused
from ledger.factory import (
    SYSTEM,
    april,
    duty,
    judge_all,
    make_bureau,
    make_plan,
    one,
    published,
)

pytestmark = pytest.mark.django_db


def test_it_blocks_publishing_and_says_what_is_missing() -> None:
    bureau = make_bureau()
    plan = make_plan(bureau)
    with pytest.raises(Blocked) as blocked:
        actions.publish(bureau.clerk, bureau.clock, plan)
    assert "1" in str(blocked.value.sentence)
    found = coverage(plan)
    # Five sentences to judge: one doubtful, four (two demands, one statement, one ongoing) unread.
    assert (found.total, found.doubtful, found.unread, found.unsettled_units) == (5, 1, 4, 1)
    actions.accept_undoubted(bureau.clerk, bureau.clock, plan)
    assert coverage(plan).unread == 1
    judge_all(bureau, plan)
    assert coverage(plan).blocked_because is None


def test_it_publishes_once() -> None:
    bureau = make_bureau()
    plan = published(bureau)
    with pytest.raises(TransitionRefused):
        actions.publish(bureau.clerk, bureau.clock, plan)
    draft = plan.drafts.first()
    assert draft is not None
    with pytest.raises(Blocked):
        actions.take_back_draft(bureau.clerk, bureau.clock, draft)


def test_it_keeps_a_doubt_open_until_it_is_answered() -> None:
    bureau = make_bureau()
    plan = make_plan(bureau)
    draft = plan.drafts.get(title="建成电子围栏系统")
    with pytest.raises(Blocked):
        actions.accept_draft(bureau.clerk, bureau.clock, draft)
    actions.accept_draft(bureau.clerk, bureau.clock, draft, {0: actions.Answer(1)})
    draft.refresh_from_db()
    assert draft.deadline == date(2024, 12, 10)
    assert draft.tags == ["geofence"]


def test_it_takes_another_day_in_the_clerks_own_words() -> None:
    bureau = make_bureau()
    plan = make_plan(bureau)
    draft = plan.drafts.get(title="建成电子围栏系统")
    answer = {0: actions.Answer(None, "2024年11月30日")}
    actions.answer_doubts(bureau.clerk, bureau.clock, draft, answer)
    assert draft.deadline == date(2024, 11, 30)
    assert draft.open_doubts == 0


def test_it_rejects_only_with_a_reason() -> None:
    bureau = make_bureau()
    plan = make_plan(bureau)
    draft = plan.drafts.get(title="常态化宣传")
    with pytest.raises(FieldErrors):
        actions.reject_draft(bureau.clerk, bureau.clock, draft, reason=" ")
    actions.reject_draft(bureau.clerk, bureau.clock, draft, reason="口号")
    draft.sentence.refresh_from_db()
    assert (draft.sentence.judgement, draft.sentence.reason) == ("no_duty", "口号")


def test_it_names_every_bad_field_of_an_edit_and_saves_nothing() -> None:
    bureau = make_bureau()
    plan = make_plan(bureau)
    draft = plan.drafts.get(title="常态化宣传")
    edit = actions.DraftEdit("", ("安监股",), (), "bureau", "all", "moon", "0", "soon", "dance", ())
    with pytest.raises(FieldErrors) as errors:
        actions.edit_draft(bureau.clerk, bureau.clock, draft, edit)
    assert set(errors.value.errors) == {"title", "every", "min_count", "deadline", "activity"}
    draft.refresh_from_db()
    assert draft.title == "常态化宣传"


def test_it_spreads_duties_over_those_who_owe_them() -> None:
    bureau = make_bureau(hazmat=2)
    plan = published(bureau)
    per_duty = Counter(Occurrence.objects.values_list("duty__title", flat=True))
    assert per_duty == {
        "推进情况报告": 3 * 4,  # two sections and a unit, four dates
        "召开安全专题会议": 4,
        "企业主要负责人带队排查": 4,  # the one firm that is not hazmat
        "危货、事故多发企业带队排查": 2 * 12,
        "建成电子围栏系统": 1,
        "常态化宣传": 2,  # joint: each answers
    }
    fence = duty(plan, "建成电子围栏系统")
    roles = {unit.organisation.label: unit.role for unit in fence.units.all()}
    assert roles == {"运管股": DutyRole.LEAD, "安监股": DutyRole.COOP}
    assert one(fence, bureau.transport, "D2024-12-31").state == "to_sign"
    assert fence.occurrences.get().starts == date(2024, 1, 1)


def test_it_owes_nothing_that_was_over_before_the_plan_took_effect() -> None:
    bureau = make_bureau()
    plan = published(bureau, since=None)  # the month of publication: April
    keys = set(duty(plan, "召开安全专题会议").occurrences.values_list("window_key", flat=True))
    assert keys == {"2024Q2", "2024Q3", "2024Q4"}
    firsts = duty(plan, "危货、事故多发企业带队排查").occurrences.values_list(
        "window_key", flat=True
    )
    assert min(firsts) == "2024-04"


def test_it_replaces_quarterly_by_monthly_when_a_firm_becomes_accident_prone() -> None:
    """Walk-through 2: flagged on 20 May, monthly from June, and the ledger says why."""
    clock = april(8)
    bureau = make_bureau(clock, hazmat=1)
    plan = published(bureau)
    plain = bureau.firms[1]
    general, monthly = (
        duty(plan, "企业主要负责人带队排查"),
        duty(plan, "危货、事故多发企业带队排查"),
    )
    clock.instant = datetime(2024, 5, 20, 2, 0, tzinfo=UTC)
    flag_accident_prone(SYSTEM, clock, plain, since=date(2024, 5, 20), reason="一年内两起")
    done = actions.generate_occurrences(SYSTEM, clock, plan)
    assert done == {"made": 7, "waived": 3}
    mine = Occurrence.objects.filter(organisation=plain.organisation)
    owed = list(mine.filter(duty=monthly).order_by("starts").values_list("window_key", flat=True))
    assert owed == [f"2024-{month:02d}" for month in range(6, 13)]
    left = {row.window_key: row.state for row in mine.filter(duty=general)}
    assert left == {
        "2024Q1": "to_sign",
        "2024Q2": "waived",
        "2024Q3": "waived",
        "2024Q4": "waived",
    }
    why = one(general, plain.organisation, "2024Q3").why
    assert "2024年5月20日" in why
    assert "一年内两起" in why
    assert one(monthly, plain.organisation, "2024-06").why == why
    assert actions.generate_occurrences(SYSTEM, clock, plan) == {}
    flag = plain.prone.get()
    flag.delete()
    again = actions.generate_occurrences(SYSTEM, clock, plan)
    assert again == {"waived": 7, "restored": 3}


def test_it_assigns_a_window_on_its_first_day() -> None:
    clock = april(8)
    bureau = make_bureau(clock)
    plan = published(bureau)
    meeting = duty(plan, "召开安全专题会议")
    third = one(meeting, bureau.safety, "2024Q3")
    assert third.state == "not_started"
    clock.instant = datetime(2024, 6, 30, 16, 1, tzinfo=UTC)  # 1 July 00:01 in the bureau
    assert actions.keep_current(SYSTEM, clock)["begun"] > 0
    assert actions.keep_current(SYSTEM, clock) == {}
    third.refresh_from_db()
    assert third.state == "to_sign"
    assert Fact.objects.filter(kind="ledger.assigned", obj=f"ledger.occurrence:{third.pk}").exists()
    assert actions.begin_windows(SYSTEM, clock) == 0


def test_it_makes_fifteen_hundred_occurrences_within_three_seconds() -> None:
    bureau = make_bureau(hazmat=110)
    plan = make_plan(bureau)
    judge_all(bureau, plan)
    began = time.perf_counter()
    before = len(connection.queries_log)
    actions.publish(bureau.clerk, bureau.clock, plan, effective_from=date(2024, 1, 1))
    assert Occurrence.objects.count() >= 110 * 12
    assert time.perf_counter() - began < 30  # against a query for each row; speed is for bench/
    assert len(connection.queries_log) - before < 200


@pytest.mark.parametrize("name", ["head", "manager", "leader"])
def test_it_lets_only_the_safety_section_confirm(name: str) -> None:
    bureau = make_bureau()
    plan = make_plan(bureau)
    person = getattr(bureau, name)
    draft = plan.drafts.get(title="常态化宣传")
    with pytest.raises(Refused):
        actions.accept_draft(person, bureau.clock, draft)
    with pytest.raises(Refused):
        actions.publish(person, bureau.clock, plan)
    with pytest.raises(Refused):
        actions.import_notice(person, bureau.clock, data=b"x", filename="a.txt")
    with pytest.raises(Refused):
        actions.generate_occurrences(person, bureau.clock, plan)
