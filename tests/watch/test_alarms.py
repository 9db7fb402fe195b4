"""An alarm from its verdict to its closing; it never goes away by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hazmat.factory import SYSTEM, World, make_world
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.clock import at_local
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.scope import Refused
from jiaoan.watch import actions, queries
from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.models import Alarm
from jiaoan.watch.states import ALARM, AlarmState
from kernel.machines import assert_machine_is_exhaustive

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def raise_alarm(world: World, key: str = "a", **changes: object) -> Alarm:
    now = world.clock.now()
    values: dict[str, object] = {
        "key": key,
        "kind": AlarmKind.UNFILED,
        "vehicle": world.tanker,
        "place_name": "临江区界",
        "subject": "hazmat.trip:1",
        "rule": "hazmat.filing",
        "version": "1",
        "record": {"reasons": []},
        "happened_at": now,
        "received_at": now,
        "judged_at": now,
        **changes,
    }
    return actions.open_alarm(SYSTEM, world.clock, actions.Source(**values))  # type: ignore[arg-type]


def test_it_walks_the_alarm_table() -> None:
    assert_machine_is_exhaustive(ALARM)
    assert len({str(state.label) for state in AlarmState}) == len(AlarmState)


def test_it_opens_one_alarm_for_one_verdict(world: World) -> None:
    assert raise_alarm(world) == raise_alarm(world)
    assert Alarm.objects.count() == 1
    assert Outgoing.objects.filter(topic="events.alarm", payload__kind="watch.opened").count() == 1


def test_it_is_handled_noted_and_closed_by_a_person(world: World) -> None:
    alarm = raise_alarm(world)
    called = world.clock.now()
    world.clock.advance(timedelta(minutes=2))
    done = actions.dispose(
        world.clerk, world.clock, alarm, kind="phone", note="已联系调度员", happened_at=called
    )
    assert (done.happened_at, done.written_at) == (called, world.clock.now())
    assert alarm.status is AlarmState.HANDLING
    actions.close(world.clerk, world.clock, alarm, note="已补办备案，运单相符")
    alarm.refresh_from_db()
    assert (alarm.status, alarm.closed_at) == (AlarmState.CLOSED, world.clock.now())
    kinds = [fact.kind for fact in queries.facts_of(alarm)]
    assert kinds == ["watch.opened", "watch.responded", "watch.closed"]


def test_it_cannot_be_closed_before_it_is_handled(world: World) -> None:
    alarm = raise_alarm(world)
    with pytest.raises(TransitionRefused):
        actions.close(world.clerk, world.clock, alarm, note="x")
    alarm.refresh_from_db()
    assert alarm.status is AlarmState.PENDING


@pytest.mark.parametrize(
    ("kind", "note", "field"),
    [("phone", " ", "note"), ("sms", "x", "kind"), ("phone", "长" * 1001, "note")],
)
def test_it_refuses_a_bad_disposition_by_field(
    world: World, kind: str, note: str, field: str
) -> None:
    alarm = raise_alarm(world)
    with pytest.raises(FieldErrors) as refused:
        actions.dispose(world.clerk, world.clock, alarm, kind=kind, note=note)
    assert set(refused.value.errors) == {field}
    alarm.refresh_from_db()
    assert alarm.status is AlarmState.PENDING


def test_it_refuses_a_call_from_the_future(world: World) -> None:
    later = world.clock.now() + timedelta(hours=1)
    with pytest.raises(FieldErrors, match="happened_at"):
        actions.dispose(
            world.clerk, world.clock, raise_alarm(world), kind="phone", note="x", happened_at=later
        )


def test_it_asks_a_second_person_about_a_false_alarm(world: World) -> None:
    alarm = raise_alarm(world)
    actions.dispose(world.clerk, world.clock, alarm, kind="false_alarm", note="设备漂移")
    assert alarm.state == AlarmState.REVIEW
    with pytest.raises(Blocked):
        actions.review(world.clerk, world.clock, alarm, agree=True, note="同意")
    actions.review(world.second_clerk, world.clock, alarm, agree=False, note="轨迹正常")
    assert alarm.state == AlarmState.HANDLING
    actions.dispose(world.second_clerk, world.clock, alarm, kind="false_alarm", note="漂移")
    actions.review(world.clerk, world.clock, alarm, agree=True, note="同意")
    assert alarm.state == AlarmState.CLOSED


def test_it_keeps_an_alarm_when_papers_come_in(world: World) -> None:
    alarm = raise_alarm(world)
    cause = Fact.objects.first()
    assert cause is not None
    noted = actions.note_papers(SYSTEM, world.clock, alarm.subject, complete=True, cause=cause)
    alarm.refresh_from_db()
    assert (noted, alarm.status) == (1, AlarmState.PENDING)


def test_it_notes_a_late_answer_once(world: World) -> None:
    alarm = raise_alarm(world)
    world.clock.advance(timedelta(minutes=5))
    assert actions.note_late(SYSTEM, world.clock) == 0
    world.clock.advance(timedelta(seconds=1))
    assert actions.note_late(SYSTEM, world.clock) == 1
    assert actions.note_late(SYSTEM, world.clock) == 0
    fact = Fact.objects.get(kind="watch.response_late")
    assert fact.happened_at == alarm.respond_by


def test_it_lets_only_the_desk_handle(world: World) -> None:
    alarm = raise_alarm(world)
    for person in (world.firm_user, world.carrier_user):
        with pytest.raises(Refused):
            actions.dispose(person, world.clock, alarm, kind="phone", note="x")
        with pytest.raises(Refused):
            actions.close(person, world.clock, alarm, note="x")
        with pytest.raises(Refused):
            actions.review(person, world.clock, alarm, agree=True, note="x")
        with pytest.raises(Refused):
            actions.reopen(person, world.clock, alarm, note="x")


def test_it_shows_a_firm_the_alarms_of_its_own_vehicles(world: World) -> None:
    own = raise_alarm(world, "own", vehicle=world.own_truck)
    raise_alarm(world, "other")
    assert list(queries.alarms(world.firm_user)) == [own]
    assert list(queries.alarms(world.carrier_user)) == []
    assert queries.alarms(world.clerk).count() == 2


def test_it_is_dealt_with_once_when_two_press_together(world: World) -> None:
    alarm = raise_alarm(world)
    stale = Alarm.objects.get(pk=alarm.pk)
    actions.dispose(world.clerk, world.clock, alarm, kind="phone", note="已联系")
    with pytest.raises(Blocked):
        actions.dispose(world.second_clerk, world.clock, stale, kind="phone", note="已联系")


def test_it_orders_the_desk_by_deadline(world: World) -> None:
    early = raise_alarm(world, "early")
    world.clock.advance(timedelta(minutes=1))
    late = raise_alarm(world, "late")
    assert queries.queue(world.clerk) == [early, late]
    actions.dispose(world.clerk, world.clock, early, kind="phone", note="x")
    assert queries.queue(world.clerk) == [late, early]
    assert queries.next_after(world.clerk, late) == early
    assert queries.counts(world.clerk, world.clock) == {
        AlarmState.PENDING: 1,
        AlarmState.HANDLING: 1,
        AlarmState.ANSWER: 0,
        AlarmState.REVIEW: 0,
        AlarmState.CLOSED: 0,
    }


def test_it_counts_as_closed_what_was_closed_today(world: World) -> None:
    alarm = raise_alarm(world)
    actions.dispose(world.clerk, world.clock, alarm, kind="phone", note="x")
    actions.close(world.clerk, world.clock, alarm, note="x")
    assert queries.counts(world.clerk, world.clock)[AlarmState.CLOSED] == 1
    assert queries.closed_today(world.clerk, world.clock) == [alarm]
    world.clock.instant = at_local(world.clock.today() + timedelta(days=1))
    assert queries.counts(world.clerk, world.clock)[AlarmState.CLOSED] == 0
