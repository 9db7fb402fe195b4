"""Supervision 督办 from the request to the answer that was really sent; and the other way round."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hazmat.factory import SYSTEM, World, make_world
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.scope import Refused
from jiaoan.watch.models import Supervision
from jiaoan.watch.supervision import actions, items, queries
from jiaoan.watch.supervision.messages import (
    Answer,
    BadMessage,
    Carried,
    Nothing,
    Request,
    parse,
)
from jiaoan.watch.supervision.states import SUPERVISION, HandlingResult, SupervisionState
from jiaoan.worker import steps
from jiaoan.worker.models import Checkpoint, Parked
from kernel.machines import assert_machine_is_exhaustive

pytestmark = pytest.mark.django_db
STORED = datetime(2024, 4, 7, 22, 40, 6, tzinfo=UTC)
CODE = 43060000


@pytest.fixture
def world() -> World:
    made = make_world()
    Outgoing.objects.all().delete()
    return made


def asked(world: World, **changes: object) -> Request:
    now = world.clock.now()
    values = Request(
        "示意市级平台", CODE, 0x123FFAA1, 3, 1, now - timedelta(minutes=5),
        now + timedelta(hours=1), 0, world.own_truck.plate, world.own_truck.plate_colour, "李四",
        "0730-1", "a@b.cn", 17, None, None, now,
    )  # fmt: skip
    return replace(values, **changes)  # type: ignore[arg-type]


def orders() -> list[dict[str, object]]:
    return [row.payload for row in Outgoing.objects.filter(topic=f"platform.down.{CODE}")]


def test_it_walks_the_table() -> None:
    assert_machine_is_exhaustive(SUPERVISION)
    assert SUPERVISION.final_states() == {SupervisionState.DONE}


def test_a_request_opens_one_item_with_what_it_says(world: World) -> None:
    item = actions.receive_request(SYSTEM, world.clock, asked(world))
    assert actions.receive_request(SYSTEM, world.clock, asked(world)) == item
    assert Supervision.objects.count() == 1
    assert (item.vehicle, item.status) == (world.own_truck, SupervisionState.OPEN)
    assert str(item) == "123FFAA1"
    assert item.deadline == world.clock.now() + timedelta(hours=1)
    assert item.happened_at < item.received_at
    assert item.fact.kind == "watch.supervision_received"


def test_a_request_without_deadline_or_known_vehicle_is_kept_all_the_same(world: World) -> None:
    item = actions.receive_request(
        SYSTEM, world.clock, asked(world, plate="京A12345", plate_colour=1, deadline=None, level=7)
    )
    assert (item.vehicle, item.plate) == (None, "京A12345")
    assert item.deadline == world.clock.now() + timedelta(hours=24)


def test_the_answer_goes_down_and_its_sending_is_noted(world: World) -> None:
    item = actions.receive_request(SYSTEM, world.clock, asked(world))
    made = actions.answer(world.clerk, world.clock, item, result="1", note="已约谈驾驶员")
    (order,) = orders()
    assert (order["kind"], order["role"]) == ("supervision_answer", "subordinate")
    assert (order["number"], order["result"]) == (0x123FFAA1, 1)
    assert (order["source_type"], order["source_serial"]) == (0x9401, 17)
    assert item.status is SupervisionState.DONE
    sent = Carried(str(order["order"]), STORED, "main", 9, "")
    items.note_carried(SYSTEM, world.clock, sent)
    items.note_carried(SYSTEM, world.clock, sent)
    made.refresh_from_db()
    assert (made.sent_at, made.sent_link, made.sent_serial) == (STORED, "main", 9)
    kinds = [fact.kind for fact in queries.facts_of(item)]
    assert kinds == [
        "watch.supervision_received", "watch.supervision_done", "watch.supervision_sent",
    ]  # fmt: skip


def test_an_answer_that_the_link_refuses_says_why(world: World) -> None:
    item = actions.receive_request(SYSTEM, world.clock, asked(world))
    made = actions.answer(world.clerk, world.clock, item, result=2, note="不需处理")
    items.note_carried(SYSTEM, world.clock, Carried(f"answer-{made.pk}", STORED, "", None, "坏"))
    made.refresh_from_db()
    assert (made.sent_at, made.send_error) == (None, "坏")


def test_an_interim_answer_keeps_it_open_and_the_last_word_ends_it(world: World) -> None:
    item = actions.receive_request(SYSTEM, world.clock, asked(world))
    actions.answer(world.clerk, world.clock, item, result=0, note="正在核实")
    assert item.status is SupervisionState.IN_HAND
    actions.answer(world.clerk, world.clock, item, result=3, note="待车辆返回")
    actions.answer(world.clerk, world.clock, item, result=1, note="已处理")
    assert (item.status, item.done_at) == (SupervisionState.DONE, world.clock.now())
    with pytest.raises(TransitionRefused):
        actions.answer(world.clerk, world.clock, item, result=1, note="再来一次")
    assert len(orders()) == 3


@pytest.mark.parametrize(
    ("result", "note", "fields"),
    [("", "x", {"result"}), ("9", " ", {"result", "note"}), ("1", "长" * 501, {"note"})],
)
def test_a_bad_answer_is_refused_by_field(
    world: World, result: str, note: str, fields: set[str]
) -> None:
    item = actions.receive_request(SYSTEM, world.clock, asked(world))
    with pytest.raises(FieldErrors) as caught:
        actions.answer(world.clerk, world.clock, item, result=result, note=note)
    assert set(caught.value.errors) == fields
    assert not orders()


def test_two_people_cannot_both_give_the_last_word(world: World) -> None:
    item = actions.receive_request(SYSTEM, world.clock, asked(world))
    stale = Supervision.objects.get(pk=item.pk)
    actions.answer(world.clerk, world.clock, item, result=1, note="已处理")
    with pytest.raises(Blocked):
        actions.answer(world.second_clerk, world.clock, stale, result=2, note="不需")
    assert len(orders()) == 1


def test_only_who_handles_alarms_may_answer(world: World) -> None:
    item = actions.receive_request(SYSTEM, world.clock, asked(world))
    with pytest.raises(Refused):
        actions.answer(world.firm_user, world.clock, item, result=1, note="x")
    assert list(queries.supervisions(world.firm_user)) == [item]
    assert list(queries.supervisions(world.carrier_user)) == []


def test_an_overdue_item_is_noted_once_and_comes_first(world: World) -> None:
    late = actions.receive_request(SYSTEM, world.clock, asked(world))
    other = actions.receive_request(
        SYSTEM, world.clock, asked(world, number=2, deadline=world.clock.now() + timedelta(days=1))
    )
    world.clock.advance(timedelta(hours=2))
    assert late.overdue(world.clock.now())
    assert [actions.note_late(SYSTEM, world.clock) for _ in range(2)] == [1, 0]
    fact = Fact.objects.get(kind="watch.supervision_late")
    assert fact.happened_at == late.deadline
    assert list(queries.by_deadline(world.clerk)) == [late, other]
    assert queries.counts(world.clerk, world.clock.now()) == {"waiting": 2, "late": 1, "done": 0}


def wanted(world: World, **changes: object) -> actions.Wanted:
    now = world.clock.now()
    values = actions.Wanted(
        "示意运输平台", CODE, world.own_truck.plate, world.own_truck.plate_colour, "1", "0",
        now - timedelta(minutes=5), now + timedelta(hours=2), "", "0730", "a@b.cn",
    )  # fmt: skip
    return replace(values, **changes)  # type: ignore[arg-type]


def test_we_ask_a_subordinate_and_its_answer_ends_the_item(world: World) -> None:
    item = actions.request(world.clerk, world.clock, wanted(world))
    (order,) = orders()
    assert (order["kind"], order["role"], order["number"]) == ("supervision_request", "superior", 1)
    assert order["deadline"] == item.deadline.isoformat()
    with pytest.raises(Blocked):
        actions.answer(world.clerk, world.clock, item, result=1, note="x")
    items.note_carried(SYSTEM, world.clock, Carried(f"request-{item.pk}", STORED, "sub", 4, ""))
    told = Answer("示意运输平台", CODE, 1, HandlingResult.IN_HAND, STORED)
    assert actions.receive_answer(SYSTEM, world.clock, told) is not None
    assert actions.receive_answer(SYSTEM, world.clock, told) is None
    actions.receive_answer(SYSTEM, world.clock, replace(told, result=1))
    item.refresh_from_db()
    assert (item.status, item.sent_at) == (SupervisionState.DONE, STORED)
    assert [one.result for one in queries.answers(world.clerk, item)] == [0, 1]
    with pytest.raises(LookupError):
        actions.receive_answer(SYSTEM, world.clock, replace(told, number=99))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("access_code", 0),
        ("plate", "京A12345"),
        ("warn_type", "x"),
        ("level", "5"),
        ("happened_at", None),
        ("deadline", None),
        ("deadline", datetime(2020, 1, 1, tzinfo=UTC)),
        ("tel", "1" * 21),
        ("email", "长" * 17),
    ],
)
def test_a_bad_request_is_refused_by_field(world: World, field: str, value: object) -> None:
    with pytest.raises(FieldErrors) as caught:
        actions.request(world.clerk, world.clock, wanted(world, **{field: value}))
    assert set(caught.value.errors) == {"platform" if field == "access_code" else field}
    assert not orders()


def message(world: World, **changes: object) -> bytes:
    one = asked(world)
    body = {
        "kind": "supervision_request", "role": "subordinate", "platform": one.platform,
        "access_code": one.access_code, "number": one.number, "warn_source": 3, "warn_type": 1,
        "warn_time": STORED.isoformat(), "deadline": STORED.isoformat(), "level": 1,
        "plate": one.plate, "plate_colour": one.plate_colour, "supervisor": "李四", "tel": "1",
        "email": "", "serial": 3, "received_at": STORED.isoformat(),
    }  # fmt: skip
    return json.dumps(body | changes).encode()


def test_the_worker_takes_each_message_once_and_parks_what_it_cannot(world: World) -> None:
    assert steps.platform_checkpoint() == 0
    assert steps.handle_platform(message(world), 4, STORED, world.clock)
    assert steps.handle_platform(message(world), 4, STORED, world.clock)
    assert not steps.handle_platform(b"{", 5, STORED, world.clock)
    assert not steps.handle_platform(message(world, number="x"), 6, STORED, world.clock)
    assert steps.handle_platform(b'{"kind": "newer"}', 7, STORED, world.clock)
    assert Supervision.objects.count() == 1
    assert [one.error for one in Parked.objects.order_by("sequence")][1] == (
        "BadMessage: number is no number"
    )
    assert Checkpoint.objects.get(name="platform").sequence == 7


def test_messages_are_checked_field_by_field(world: World) -> None:
    assert isinstance(parse(message(world, plate=None, warn_time=None)), Request)
    assert parse(b'{"kind": "x"}') == Nothing("x")
    for changes in ({"received_at": "now"}, {"deadline": "2024-04-08T00:00:00"}, {"level": True}):
        with pytest.raises(BadMessage):
            parse(message(world, **changes))
    with pytest.raises(BadMessage):
        parse(b"[]")
