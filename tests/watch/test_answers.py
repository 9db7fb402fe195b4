"""待企业申诉: asked, answered or taken back, appealed and decided by a second person."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError

from hazmat.factory import SYSTEM, World, make_world
from jiaoan.journal import files as kept_files
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.clock import at_local
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.scope import Refused
from jiaoan.watch import actions as desk
from jiaoan.watch import queries as alarms
from jiaoan.watch.appeals import actions, queries
from jiaoan.watch.appeals.actions import LARGEST, MOST_FILES, Upload, link_holder
from jiaoan.watch.models import Alarm, AnswerRequest, Disposition
from jiaoan.watch.states import AlarmState
from watch.test_alarms import raise_alarm

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def own_alarm(world: World) -> Alarm:
    return raise_alarm(world, key="own", vehicle=world.own_truck, subject="vehicle")


def asked_about(world: World, alarm: Alarm) -> AnswerRequest:
    return actions.ask(world.clerk, world.clock, alarm, question="请说明并附材料")


def photo(name: str = "仪表.jpg", data: bytes = b"\xff\xd8") -> Upload:
    return Upload(name, "image/jpeg", data)


def test_it_gives_working_days_and_counts_neither_the_day_nor_the_holiday(world: World) -> None:
    # Monday 8 April 2024: Tuesday, Wednesday, Thursday.
    asked = asked_about(world, own_alarm(world))
    assert asked.due == at_local(date(2024, 4, 11), 23, 59, 59)
    # Tuesday 30 April 2024: 1 to 5 May are free, 11 May is worked for them.
    world.clock.advance(timedelta(days=22))
    later = asked_about(world, raise_alarm(world, key="later"))
    assert later.due == at_local(date(2024, 5, 8), 23, 59, 59)


def test_it_waits_for_the_firm_and_shows_its_limit(world: World) -> None:
    alarm = own_alarm(world)
    asked = asked_about(world, alarm)
    alarm.refresh_from_db()
    assert (alarm.status, alarm.due) == (AlarmState.ANSWER, asked.due)
    assert alarm.responded_at == world.clock.now()
    assert asked.organisation == world.firm
    assert asked.token is None, "a firm with an account needs no link"
    assert [one.pk for one in queries.waiting(world.firm_user)] == [asked.pk]
    assert not queries.waiting(world.carrier_user)
    assert alarms.counts(world.clerk, world.clock)[AlarmState.ANSWER] == 1


def test_it_goes_on_with_handling_after_an_explanation(world: World) -> None:
    alarm = own_alarm(world)
    asked = asked_about(world, alarm)
    actions.attach(world.firm_user, world.clock, asked, [photo()])
    actions.answer(world.firm_user, world.clock, asked, kind="explain", text="已教育驾驶员")
    alarm.refresh_from_db()
    assert (alarm.status, alarm.answer_by) == (AlarmState.HANDLING, None)
    assert not queries.waiting(world.firm_user)
    fact = Fact.objects.get(kind="watch.explained")
    assert fact.payload["files"] == [asked.files.get().attachment.sha256]
    assert "教育" not in str(fact.payload)
    assert kept_files.read(asked.files.get().attachment) == b"\xff\xd8"


def test_it_lets_another_than_the_asker_review_an_appeal(world: World) -> None:
    alarm = own_alarm(world)
    asked = asked_about(world, alarm)
    actions.answer(world.firm_user, world.clock, asked, kind="appeal", text="设备漂移")
    alarm.refresh_from_db()
    assert alarm.status is AlarmState.REVIEW
    with pytest.raises(Blocked):
        actions.decide(world.clerk, world.clock, alarm, uphold=True, note="同意")
    with pytest.raises(Blocked):
        desk.review(world.second_clerk, world.clock, alarm, agree=True, note="绕过申诉")
    actions.decide(world.second_clerk, world.clock, alarm, uphold=False, note="轨迹正常")
    alarm.refresh_from_db()
    asked.refresh_from_db()
    assert (alarm.status, asked.decision) == (AlarmState.HANDLING, "rejected")
    again = asked_about(world, alarm)
    actions.answer(world.firm_user, world.clock, again, kind="appeal", text="另附鉴定")
    alarm.refresh_from_db()
    actions.decide(world.second_clerk, world.clock, alarm, uphold=True, note="鉴定属实")
    alarm.refresh_from_db()
    assert (alarm.status, alarm.closed_at) == (AlarmState.CLOSED, world.clock.now())
    kinds = [fact.kind for fact in alarms.facts_of(alarm)]
    assert kinds == [
        "watch.opened",
        "watch.answer_asked",
        "watch.appealed",
        "watch.appeal_rejected",
        "watch.answer_asked",
        "watch.appealed",
        "watch.appeal_upheld",
    ]


def test_a_false_alarm_is_still_reviewed_as_one(world: World) -> None:
    alarm = own_alarm(world)
    desk.dispose(world.clerk, world.clock, alarm, kind="false_alarm", note="漂移")
    with pytest.raises(Blocked, match="没有待复核的申诉"):
        actions.decide(world.second_clerk, world.clock, alarm, uphold=True, note="同意")
    desk.review(world.second_clerk, world.clock, alarm, agree=True, note="同意")
    assert alarm.status is AlarmState.CLOSED


def test_it_can_be_taken_back_and_then_needs_no_answer(world: World) -> None:
    alarm = own_alarm(world)
    asked = asked_about(world, alarm)
    actions.take_back(world.second_clerk, world.clock, alarm, note="电话已说明")
    alarm.refresh_from_db()
    asked.refresh_from_db()
    assert (alarm.status, asked.waits) == (AlarmState.HANDLING, False)
    for act in (
        lambda: actions.answer(world.firm_user, world.clock, asked, kind="explain", text="迟"),
        lambda: actions.attach(world.firm_user, world.clock, asked, [photo()]),
    ):
        with pytest.raises(Blocked, match="已收回"):
            act()
    with pytest.raises(TransitionRefused):
        actions.take_back(world.clerk, world.clock, alarm, note="再收回")


def test_calls_are_noted_while_the_firm_is_asked_and_nothing_is_judged(world: World) -> None:
    alarm = own_alarm(world)
    asked_about(world, alarm)
    desk.dispose(world.clerk, world.clock, alarm, kind="phone", note="催企业答复")
    assert alarm.status is AlarmState.ANSWER
    for kind in ("false_alarm",):
        with pytest.raises(TransitionRefused):
            desk.dispose(world.clerk, world.clock, alarm, kind=kind, note="x")
    with pytest.raises(TransitionRefused):
        desk.close(world.clerk, world.clock, alarm, note="x")


def test_it_answers_once_even_against_itself(world: World) -> None:
    alarm = own_alarm(world)
    asked = asked_about(world, alarm)
    twin = AnswerRequest.objects.get(pk=asked.pk)
    actions.answer(world.firm_user, world.clock, asked, kind="appeal", text="一")
    with pytest.raises((Blocked, TransitionRefused)):
        actions.answer(world.firm_user, world.clock, twin, kind="explain", text="二")
    asked.refresh_from_db()
    assert (asked.kind, asked.text) == ("appeal", "一")
    with pytest.raises(IntegrityError):
        AnswerRequest.objects.bulk_create(
            [
                AnswerRequest(
                    alarm=alarm,
                    asked_by=world.clerk,
                    asked_at=world.clock.now(),
                    due=world.clock.now(),
                    fact=Fact.objects.filter(kind=kind).latest("id"),
                )
                for kind in ("watch.opened", "watch.appealed")
            ]
        )


def test_it_notes_a_late_answer_once_and_still_takes_it(world: World) -> None:
    alarm = own_alarm(world)
    asked = asked_about(world, alarm)
    assert actions.note_late(SYSTEM, world.clock) == 0
    world.clock.advance(timedelta(days=4))
    assert (actions.note_late(SYSTEM, world.clock), actions.note_late(SYSTEM, world.clock)) == (
        1,
        0,
    )
    late = Fact.objects.get(kind="watch.answer_late")
    assert late.happened_at == asked.due
    assert Outgoing.objects.filter(payload__kind="watch.answer_late").count() == 1
    asked.refresh_from_db()
    actions.answer(world.firm_user, world.clock, asked, kind="explain", text="补报")
    alarm.refresh_from_db()
    assert alarm.status is AlarmState.HANDLING


@pytest.mark.parametrize(
    ("kind", "text", "fields"),
    [
        ("", "说明", {"kind"}),
        ("close", "说明", {"kind"}),
        ("explain", "  ", {"text"}),
        ("appeal", "长" * 1001, {"text"}),
        ("", "", {"kind", "text"}),
    ],
)
def test_it_refuses_a_bad_answer_by_field(
    world: World, kind: str, text: str, fields: set[str]
) -> None:
    asked = asked_about(world, own_alarm(world))
    with pytest.raises(FieldErrors) as refused:
        actions.answer(world.firm_user, world.clock, asked, kind=kind, text=text)
    assert set(refused.value.errors) == fields
    assert asked.alarm.status is AlarmState.ANSWER


def test_one_bad_file_does_not_stop_the_others(world: World) -> None:
    asked = asked_about(world, own_alarm(world))
    uploads = [photo("空.jpg", b""), photo("好.jpg"), photo("大.bin", b"0" * (LARGEST + 1))]
    with pytest.raises(FieldErrors) as refused:
        actions.attach(world.firm_user, world.clock, asked, uploads)
    sentence = str(refused.value.errors["files"])
    assert "空.jpg" in sentence
    assert "大.bin" in sentence
    assert "好.jpg" not in sentence
    assert [one.attachment.name for one in asked.files.all()] == ["好.jpg"]
    many = [photo(f"{n}.jpg", bytes([n])) for n in range(MOST_FILES)]
    with pytest.raises(FieldErrors, match="最多 9 个文件"):
        actions.attach(world.firm_user, world.clock, asked, many)
    assert asked.files.count() == MOST_FILES


def test_an_outside_carrier_answers_by_link_or_account(world: World) -> None:
    alarm = raise_alarm(world)
    asked = asked_about(world, alarm)
    assert asked.token is not None
    assert len(asked.token) >= 43
    assert asked.organisation == world.carrier
    assert queries.by_token(asked.token) == asked
    assert queries.by_token("") is None
    assert [one.pk for one in queries.waiting(world.carrier_user)] == [asked.pk]
    with pytest.raises(Refused):
        actions.answer(world.firm_user, world.clock, asked, kind="explain", text="别家")
    actions.answer(link_holder(asked), world.clock, asked, kind="appeal", text="已备案")
    fact = Fact.objects.get(kind="watch.appealed")
    assert fact.actor == f"system:answer-link-{asked.pk}"
    assert asked.answered_by is None


def test_only_the_desk_asks_and_the_words_stay(world: World) -> None:
    alarm = own_alarm(world)
    with pytest.raises(Refused):
        actions.ask(world.firm_user, world.clock, alarm, question="自问")
    with pytest.raises(FieldErrors):
        actions.ask(world.clerk, world.clock, alarm, question=" ")
    asked_about(world, alarm)
    assert Disposition.objects.get(alarm=alarm).note == "请说明并附材料"
    with pytest.raises(TransitionRefused):
        asked_about(world, alarm)
