"""One occurrence from sign-for to closing, and everybody who must not touch it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from jiaoan.journal import files
from jiaoan.journal.actions import record
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.clock import at_local
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger import actions
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.ledger.models import Occurrence
from jiaoan.org.models import User
from jiaoan.scope import Actor, Refused
from ledger.factory import SYSTEM, Bureau, duty, make_bureau, one, published

pytestmark = pytest.mark.django_db
PDF = actions.Upload("签到表.pdf", "application/pdf", b"%PDF sign-in")
GOOD = actions.ReportForm("4月3日召开专题会议。", "2024-04-03", {"count": "1", "chair": "陈某"})


@pytest.fixture
def bureau() -> Bureau:
    return make_bureau()


@pytest.fixture
def fence(bureau: Bureau) -> Occurrence:
    """Owed by the transport section, whose head signs and reports."""
    plan = published(bureau)
    return one(duty(plan, "建成电子围栏系统"), bureau.transport, "D2024-12-31")


FENCE_DONE = actions.ReportForm("围栏系统已验收。", "2024-04-03", {"count": "1"})


def report(bureau: Bureau, fence: Occurrence, by: User) -> None:
    actions.sign_for(by, bureau.clock, fence)
    actions.add_evidence(by, bureau.clock, fence, [PDF], happened_on="2024-04-02")
    actions.report_back(by, bureau.clock, fence, FENCE_DONE)


def facts(occurrence: Occurrence) -> list[str]:
    found = Fact.objects.filter(obj=f"ledger.occurrence:{occurrence.pk}").order_by("id")
    return [fact.kind for fact in found]


def test_it_goes_from_signing_to_closing_and_every_step_leaves_a_fact(
    bureau: Bureau, fence: Occurrence
) -> None:
    report(bureau, fence, bureau.head)
    actions.check(bureau.clerk, bureau.clock, fence, note="属实")
    closing = actions.close(bureau.clerk, bureau.clock, fence)
    fence.refresh_from_db()
    assert fence.state == "closed"
    assert fence.closed_at == bureau.clock.now()
    assert (closing.checked_by, closing.closed_by) == (bureau.clerk, bureau.clerk)
    assert facts(fence) == [
        "ledger.signed",
        "ledger.evidence_added",
        "ledger.reported",
        "ledger.checked",
        "ledger.closed",
    ]
    reported = Fact.objects.get(kind="ledger.reported")
    # Happened, reported and recorded are three times; the first is what the section wrote.
    assert reported.happened_at == at_local(date(2024, 4, 3))
    assert reported.reported_at == bureau.clock.now()
    kinds = list(Outgoing.objects.filter(topic="events.ledger").values_list("payload", flat=True))
    assert kinds[-1]["kind"] == "ledger.closed"
    assert kinds[-1]["id"] == fence.pk


def test_it_keeps_the_days_of_happening_and_upload_apart(bureau: Bureau, fence: Occurrence) -> None:
    actions.sign_for(bureau.head, bureau.clock, fence)
    (made,) = actions.add_evidence(
        bureau.head, bureau.clock, fence, [PDF], happened_on="2024-04-02"
    )
    assert made.attachment is not None
    assert made.happened_on == made.attachment.happened_on == date(2024, 4, 2)
    assert made.attachment.uploaded_at == bureau.clock.now()
    assert files.read(made.attachment) == PDF.data


def test_it_names_every_bad_field_and_loses_nothing(bureau: Bureau, fence: Occurrence) -> None:
    actions.sign_for(bureau.head, bureau.clock, fence)
    form = actions.ReportForm("写了一半", "明天", {"count": "三次"})
    with pytest.raises(FieldErrors) as errors:
        actions.report_back(bureau.head, bureau.clock, fence, form)
    assert set(errors.value.errors) == {"count", "happened_on", "files"}
    draft = fence.reports.get(submitted_at=None)
    assert draft.text == "写了一半"
    assert draft.figures == {"count": "三次", "happened_on": "明天"}
    fence.refresh_from_db()
    assert fence.state == "to_report"


def test_it_asks_for_as_many_as_the_window_needs(bureau: Bureau, fence: Occurrence) -> None:
    Occurrence.objects.filter(pk=fence.pk).update(min_count=2)
    fence.refresh_from_db()
    with pytest.raises(FieldErrors) as errors:
        report(bureau, fence, bureau.head)
    assert "2" in str(errors.value.errors["count"])


def test_it_refuses_a_day_that_has_not_come(bureau: Bureau, fence: Occurrence) -> None:
    actions.sign_for(bureau.head, bureau.clock, fence)
    with pytest.raises(FieldErrors) as errors:
        actions.add_evidence(bureau.head, bureau.clock, fence, [PDF], happened_on="2024-04-09")
    assert set(errors.value.errors) == {"evidence_on"}


def test_it_keeps_the_good_files_beside_a_bad_one(bureau: Bureau, fence: Occurrence) -> None:
    actions.sign_for(bureau.head, bureau.clock, fence)
    empty = actions.Upload("空.pdf", "application/pdf", b"")
    with pytest.raises(FieldErrors, match=r"空\.pdf"):
        actions.add_evidence(
            bureau.head, bureau.clock, fence, [empty, PDF], happened_on="2024-04-02"
        )
    assert fence.evidence.count() == 1


def test_it_returns_with_a_reason_and_takes_a_second_report(
    bureau: Bureau, fence: Occurrence
) -> None:
    report(bureau, fence, bureau.head)
    with pytest.raises(FieldErrors):
        actions.return_report(bureau.clerk, bureau.clock, fence, reason="")
    actions.return_report(bureau.clerk, bureau.clock, fence, reason="缺验收单")
    assert fence.state == "returned"
    second = actions.report_back(bureau.head, bureau.clock, fence, FENCE_DONE)
    assert second.number == 2
    actions.check(bureau.clerk, bureau.clock, fence)
    actions.return_report(bureau.clerk, bureau.clock, fence, reason="再核")
    assert not fence.closings.exists()


def test_it_does_not_close_what_nobody_checked(bureau: Bureau, fence: Occurrence) -> None:
    report(bureau, fence, bureau.head)
    with pytest.raises(TransitionRefused):
        actions.close(bureau.clerk, bureau.clock, fence)


def test_it_asks_for_two_persons_when_the_bureau_set_so(
    bureau: Bureau, fence: Occurrence, settings: object
) -> None:
    settings.LEDGER_TWO_PERSONS_CLOSE = True  # type: ignore[attr-defined]
    report(bureau, fence, bureau.head)
    actions.check(bureau.clerk, bureau.clock, fence)
    with pytest.raises(Blocked):
        actions.close(bureau.clerk, bureau.clock, fence)
    fence.refresh_from_db()
    assert fence.state == "checked"


def test_it_lets_only_one_of_two_signers_through(bureau: Bureau, fence: Occurrence) -> None:
    """Both looked at the item while it waited; the second press finds it taken."""
    stale = Occurrence.objects.select_related("duty").get(pk=fence.pk)
    actions.sign_for(bureau.head, bureau.clock, fence)
    with pytest.raises(Blocked):
        actions.sign_for(bureau.head, bureau.clock, stale)
    assert facts(fence) == ["ledger.signed"]


def test_it_reopens_what_was_closed(bureau: Bureau, fence: Occurrence) -> None:
    report(bureau, fence, bureau.head)
    actions.check(bureau.clerk, bureau.clock, fence)
    actions.close(bureau.clerk, bureau.clock, fence)
    actions.reopen(bureau.clerk, bureau.clock, fence, reason="举报不实")
    fence.refresh_from_db()
    assert (fence.state, fence.closed_at) == ("returned", None)
    actions.report_back(bureau.head, bureau.clock, fence, FENCE_DONE)
    actions.check(bureau.clerk, bureau.clock, fence)
    actions.close(bureau.clerk, bureau.clock, fence)
    assert fence.closings.count() == 2


def test_it_moves_the_due_day_only_when_an_extension_is_granted(
    bureau: Bureau, fence: Occurrence
) -> None:
    with pytest.raises(FieldErrors) as errors:
        actions.ask_extension(bureau.head, bureau.clock, fence, until="2024-12-31", reason="")
    assert set(errors.value.errors) == {"until", "reason"}
    asked = actions.ask_extension(
        bureau.head, bureau.clock, fence, until="2025-01-20", reason="设备未到"
    )
    with pytest.raises(Blocked):
        actions.ask_extension(bureau.head, bureau.clock, fence, until="2025-02-20", reason="再延")
    fence.refresh_from_db()
    assert fence.due == date(2024, 12, 31)
    actions.decide_extension(bureau.clerk, bureau.clock, asked, granted=True)
    fence.refresh_from_db()
    assert (fence.due, fence.ends) == (date(2025, 1, 20), date(2024, 12, 31))
    with pytest.raises(Blocked):
        actions.decide_extension(bureau.clerk, bureau.clock, asked, granted=False, note="迟了")


def test_it_urges_twice_a_day_and_not_a_third_time(bureau: Bureau, fence: Occurrence) -> None:
    first = actions.urge(bureau.clerk, bureau.clock, fence)
    assert first.text == (
        "运管股：“建成电子围栏系统”（2024年1月1日至2024年12月31日）应于12月31日前反馈，"
        "还有267天到期，请及时办理并反馈。"
    )
    actions.urge(bureau.clerk, bureau.clock, fence)
    with pytest.raises(Blocked):
        actions.urge(bureau.clerk, bureau.clock, fence)
    bureau.clock.instant = datetime(2024, 4, 9, 2, 0, tzinfo=UTC)
    actions.urge(bureau.clerk, bureau.clock, fence)


def test_it_offers_a_fact_once_and_adopts_it_once(bureau: Bureau, fence: Occurrence) -> None:
    fact = record(
        "hazmat.verdict", actor=SYSTEM, obj="hazmat.trip:7", clock=bureau.clock,
        happened_at=at_local(date(2024, 4, 8), 6, 40),
    )  # fmt: skip
    offer = {"tag": "geofence", "fact": fact, "title": "6:40 进入", "url": "/hazmat/trips/7"}
    assert actions.offer_evidence(SYSTEM, bureau.clock, **offer) == 1  # type: ignore[arg-type]
    assert actions.offer_evidence(SYSTEM, bureau.clock, **offer) == 0  # type: ignore[arg-type]
    waiting = fence.offers.get()
    with pytest.raises(Blocked):
        actions.adopt_offer(bureau.head, bureau.clock, waiting)
    actions.sign_for(bureau.head, bureau.clock, fence)
    made = actions.adopt_offer(bureau.head, bureau.clock, waiting)
    assert actions.adopt_offer(bureau.head, bureau.clock, waiting) == made
    assert made.happened_on == date(2024, 4, 8)
    assert fence.evidence.count() == 1
    actions.report_back(bureau.head, bureau.clock, fence, FENCE_DONE)
    fence.refresh_from_db()
    assert fence.state == "to_check"


def test_it_offers_nothing_outside_the_window(bureau: Bureau, fence: Occurrence) -> None:
    fact = record(
        "hazmat.verdict", actor=SYSTEM, obj="hazmat.trip:8", clock=bureau.clock,
        happened_at=at_local(date(2025, 1, 1)),
    )  # fmt: skip
    made = actions.offer_evidence(SYSTEM, bureau.clock, tag="geofence", fact=fact, title="", url="")
    assert made == 0


def others(bureau: Bureau) -> list[Actor]:
    """People for whom the fence occurrence of the transport section is not theirs to do."""
    return [bureau.manager, bureau.leader, bureau.clerk]


def test_it_lets_nobody_else_do_the_work_of_a_section(bureau: Bureau, fence: Occurrence) -> None:
    for person in others(bureau):
        with pytest.raises(Refused):
            actions.sign_for(person, bureau.clock, fence)
        with pytest.raises(Refused):
            actions.report_back(person, bureau.clock, fence, GOOD)
        with pytest.raises(Refused):
            actions.add_evidence(person, bureau.clock, fence, [PDF], happened_on="2024-04-02")
        with pytest.raises(Refused):
            actions.ask_extension(person, bureau.clock, fence, until="2025-01-01", reason="x")
    assert facts(fence) == []


def test_it_lets_only_the_safety_section_judge(bureau: Bureau, fence: Occurrence) -> None:
    report(bureau, fence, bureau.head)
    for person in (bureau.head, bureau.manager, bureau.leader):
        with pytest.raises(Refused):
            actions.check(person, bureau.clock, fence)
        with pytest.raises(Refused):
            actions.return_report(person, bureau.clock, fence, reason="x")
        with pytest.raises(Refused):
            actions.close(person, bureau.clock, fence)
        with pytest.raises(Refused):
            actions.reopen(person, bureau.clock, fence, reason="x")
        with pytest.raises(Refused):
            actions.waive(person, bureau.clock, fence, reason="x")
        with pytest.raises(Refused):
            actions.urge(person, bureau.clock, fence)
    fence.refresh_from_db()
    assert fence.state == "to_check"


def test_it_does_not_let_a_cooperating_section_touch_the_leaders_own_work(
    bureau: Bureau, fence: Occurrence
) -> None:
    """The transport section cooperates in the meeting duty: it sees, but does not do."""
    from jiaoan.ledger.queries import occurrence

    meeting = one(duty(fence.duty.plan, "召开安全专题会议"), bureau.safety, "2024Q2")
    assert occurrence(bureau.head, meeting.pk) == meeting
    with pytest.raises(Refused):
        actions.sign_for(bureau.head, bureau.clock, meeting)
