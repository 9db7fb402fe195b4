"""Orders about vehicles between platforms: carried out at the terminal, answered, given by us."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hazmat.factory import World, make_world
from jiaoan.flows.actions import run_pending
from jiaoan.flows.table import ORDER_ENDS
from jiaoan.gateway.platform.orders import message_of
from jiaoan.journal.actions import Json
from jiaoan.journal.models import Outgoing
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.registry.models import Terminal
from jiaoan.scope import Refused
from jiaoan.watch.commands import actions as commands
from jiaoan.watch.models import Command, Post, ReportedAlarm, Upload
from jiaoan.watch.posts import orders, queries
from jiaoan.watch.posts.kinds import BY_HAND, KIND_OF, NO_VEHICLE, ORDERS, RESULTS, said
from jiaoan.watch.posts.policies import WantedOrder
from jiaoan.watch.posts.states import PostKind, PostState
from jiaoan.watch.supervision import items
from jiaoan.watch.supervision.messages import Carried, VehicleAnswer, VehicleOrder
from jiaoan.watch.uploads import actions as uploads
from jiaoan.wire.jt809 import Edition, Profile
from jiaoan.wire.jt809.control import PhotoAnswer2019
from jiaoan.wire.jt809.line import Terms
from jiaoan.worker import steps

pytestmark = pytest.mark.django_db
CODE = 43060000
STORED = datetime(2024, 4, 7, 22, 40, 6, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0picture"


@pytest.fixture
def world() -> World:
    made = make_world()
    Outgoing.objects.all().delete()
    return made


def terminal(world: World) -> Terminal:
    return Terminal.objects.create(phone="013900000001", auth_code="code", vehicle=world.own_truck)


def order(world: World, message: int, **said: object) -> VehicleOrder:
    truck = world.own_truck
    values = VehicleOrder(
        "示意市级平台", CODE, message, 0x0A, {}, truck.plate, truck.plate_colour, 17,
        world.clock.now(),
    )  # fmt: skip
    return replace(values, **said)  # type: ignore[arg-type]


def received(world: World, message: int, **said: object) -> Post:
    return orders.receive(steps.ACTOR, world.clock, order(world, message, **said))


def answers() -> list[dict[str, object]]:
    return [row.payload for row in Outgoing.objects.filter(topic=f"platform.down.{CODE}")]


def fits_the_wire() -> None:
    """What goes down can be built in both editions."""
    for said_ in answers():
        for edition in Edition:
            message_of(said_, Terms(CODE, Profile(edition))).build(edition)


def news(world: World, command: Command, state: str) -> None:
    now = world.clock.now().isoformat()
    told: dict[str, Json] = {"id": command.key, "tries": 1, "reason": "", "result": None, "at": now}
    commands.apply_news(steps.ACTOR, world.clock, {**told, "state": state})
    run_pending(world.clock)


TEXT = {"text": "前方事故，减速慢行", "urgent": True}


@pytest.mark.parametrize(("state", "result"), [("answered", 0), ("refused", 1), ("timed_out", 1)])
def test_a_text_goes_to_the_terminal_and_its_answer_goes_up(
    world: World, state: str, result: int
) -> None:
    terminal(world)
    item = received(world, 0x9503, arguments=TEXT)
    assert received(world, 0x9503, arguments=TEXT) == item
    command = item.command
    assert command is not None
    assert (command.text, command.arguments["urgent"]) == (TEXT["text"], True)
    assert Command.objects.count() == 1
    assert answers() == []
    news(world, command, "sent")
    assert answers() == []
    news(world, command, state)
    item.refresh_from_db()
    assert (item.status, item.result) == (PostState.DONE, result)
    (sent,) = answers()
    assert (sent["message"], sent["result"], sent["number"], sent["serial"]) == (
        0x1503, result, 0x0A, 17,
    )  # fmt: skip
    fits_the_wire()
    items.note_carried(
        steps.ACTOR, world.clock, Carried(f"post-{item.pk}", world.clock.now(), "main", 3, "")
    )
    item.refresh_from_db()
    assert item.sent_at is not None


def test_without_a_terminal_a_person_sees_to_it(world: World) -> None:
    item = received(world, 0x9503, arguments=TEXT)
    assert (item.command, item.status) == (None, PostState.OPEN)
    assert list(queries.waiting(world.clerk)) == [item]
    with pytest.raises(Refused):
        orders.answer(world.carrier_user, world.clock, item, result="0")
    with pytest.raises(FieldErrors):
        orders.answer(world.clerk, world.clock, item, result="7")
    orders.answer(world.clerk, world.clock, item, result="0")
    assert answers()[0]["result"] == 0
    with pytest.raises((TransitionRefused, Blocked)):
        orders.answer(world.clerk, world.clock, item, result="0")
    assert len(answers()) == 1


def picture(world: World, **changes: object) -> Upload:
    media = {"id": 7, "type": 0, "format": 0, "event": 0, "channel": 2}
    place = {"lat": 29370000, "lon": 113120000, "fixed": 1, "speed": 500}
    told: dict[str, object] = {
        "message": 0x0801, "edition": "2019", "terminal": "013900000001",
        "vehicle": world.own_truck.pk, "serial": changes.get("id", 5), "size": len(JPEG),
        "sha256": "ab" * 32,
        "received_at": world.clock.now().isoformat(), "happened_at": None, "octets": JPEG.hex(),
        "media": media | {"place": place} | changes,
    }  # fmt: skip
    made = uploads.take_upload(steps.ACTOR, world.clock, told)  # type: ignore[arg-type]
    run_pending(world.clock)
    return made


def test_a_photograph_is_taken_and_goes_up_with_its_place(world: World) -> None:
    terminal(world)
    item = received(world, 0x9502, arguments={"lens": 2, "size": 1})
    assert item.command is not None
    assert item.command.arguments["channel"] == 2
    news(world, item.command, "answered")
    assert answers() == []
    picture(world, channel=3, id=8)
    assert answers() == []
    kept = picture(world)
    item.refresh_from_db()
    assert (item.status, item.result, item.papers) == (PostState.DONE, 1, kept)
    (sent,) = answers()
    assert bytes.fromhex(str(sent["octets"])) == JPEG
    built = message_of(sent, Terms(CODE, Profile(Edition.V2019))).content
    assert isinstance(built, PhotoAnswer2019)
    assert (built.photo_format, built.block.raw_latitude) == (1, 29_370_000)
    fits_the_wire()


@pytest.mark.parametrize(("state", "result"), [("refused", 5), ("undeliverable", 5)])
def test_a_photograph_that_is_not_taken_is_answered_with_why(
    world: World, state: str, result: int
) -> None:
    terminal(world)
    item = received(world, 0x9502, arguments={"lens": 2, "size": 1})
    assert item.command is not None
    news(world, item.command, state)
    assert (answers()[0]["message"], answers()[0]["result"]) == (0x1502, result)
    fits_the_wire()


def test_static_data_are_told_from_the_register_at_once(world: World) -> None:
    item = received(world, 0x9601)
    assert item.status is PostState.DONE
    assert item.answer.startswith(f"VIN:={world.own_truck.plate};VEHICLE_COLOR:=2;")
    assert world.own_truck.owner_name in item.answer
    assert answers()[0]["text"] == item.answer
    fits_the_wire()


def test_a_vehicle_that_is_not_here_is_answered_at_once(world: World) -> None:
    for kind, result in NO_VEHICLE.items():
        item = received(world, ORDERS[kind], plate="沪A00000")
        assert (item.status, item.result, item.vehicle) == (PostState.DONE, result, None)
        assert item.plate == "沪A00000"
    fits_the_wire()
    assert received(world, 0x9601, plate="沪A00000").status is PostState.OPEN


def test_what_no_terminal_can_do_from_here_waits_for_a_person(world: World) -> None:
    terminal(world)
    for message in (0x9501, 0x9504, 0x9505):
        item = received(world, message, arguments={"command": 8, "tel": "0730"})
        assert (item.status, item.command) == (PostState.OPEN, None)
        results = BY_HAND.get(KIND_OF[message], (0,))
        orders.answer(world.clerk, world.clock, item, result=str(results[0]))
    assert [one["message"] for one in answers()] == [0x1501, 0x1504, 0x1505]
    fits_the_wire()


def test_an_order_that_nobody_answers_is_noted_as_late(world: World) -> None:
    item = received(world, 0x9501, arguments={"tel": "0730"})
    world.clock.advance(timedelta(hours=1))
    steps.due(world.clock)
    item.refresh_from_db()
    assert item.late_noted_at is not None
    assert item.overdue(world.clock.now())


def wanted(kind: PostKind, **typed: str) -> WantedOrder:
    return WantedOrder("示意运输平台", CODE, kind, typed)


GOOD = {
    PostKind.TEXT: {"text": "请靠边停车", "urgent": "on"},
    PostKind.PHOTO: {"lens": "1", "size": "2"},
    PostKind.MONITOR: {"tel": "0730-1234567"},
    PostKind.RECORDER: {"command": "8", "start": "2024-04-08T06:00", "end": "2024-04-08T07:00"},
    PostKind.STATIC: {},
}


def test_we_order_once_and_the_answer_ends_it(world: World) -> None:
    truck = world.own_truck
    for kind, typed in GOOD.items():
        made = orders.give(world.clerk, world.clock, truck, wanted(kind, **typed), key="a" * 32)
        again = orders.give(world.clerk, world.clock, truck, wanted(kind, **typed), key="a" * 32)
        assert made == again
        with pytest.raises(FieldErrors) as second:
            orders.give(world.clerk, world.clock, truck, wanted(kind, **typed))
        assert set(second.value.errors) == {"kind"}
    assert [one["message"] for one in answers()] == [ORDERS[kind] for kind in GOOD]
    fits_the_wire()
    with pytest.raises(Refused):
        orders.give(world.carrier_user, world.clock, truck, wanted(PostKind.STATIC))


@pytest.mark.parametrize(
    ("kind", "typed", "field"),
    [
        (PostKind.TEXT, {"text": " "}, "text"),
        (PostKind.TEXT, {"text": "😀"}, "text"),
        (PostKind.PHOTO, {"lens": "0", "size": "1"}, "lens"),
        (PostKind.PHOTO, {"lens": "1", "size": "9"}, "size"),
        (PostKind.PHOTO, {"lens": "²", "size": "1"}, "lens"),
        (PostKind.MONITOR, {"tel": "x"}, "tel"),
        (PostKind.MONITOR, {"tel": "1" * 21}, "tel"),
        (PostKind.RECORDER, GOOD[PostKind.RECORDER] | {"command": "77"}, "command"),
        (PostKind.RECORDER, GOOD[PostKind.RECORDER] | {"start": "soon"}, "start"),
        (PostKind.RECORDER, GOOD[PostKind.RECORDER] | {"end": "2024-04-08T05:00"}, "end"),
        (PostKind.ACCESS, {}, "kind"),
        (PostKind.QUERY, {}, "kind"),
    ],
)
def test_a_bad_order_of_ours_is_refused_by_field(
    world: World, kind: PostKind, typed: dict[str, str], field: str
) -> None:
    with pytest.raises(FieldErrors) as bad:
        orders.give(world.clerk, world.clock, world.own_truck, wanted(kind, **typed))
    assert set(bad.value.errors) == {field}
    assert answers() == []


def told(world: World, message: int, **said_: object) -> VehicleAnswer:
    truck = world.own_truck
    values = VehicleAnswer(
        "示意运输平台", CODE, message, None, None, None, "", None, 0, None, None, truck.plate,
        truck.plate_colour, 5, world.clock.now(),
    )  # fmt: skip
    return replace(values, **said_)  # type: ignore[arg-type]


def test_a_picture_that_comes_later_ends_the_order_when_it_is_there(world: World) -> None:
    made = orders.give(
        world.clerk, world.clock, world.own_truck, wanted(PostKind.PHOTO, lens="1", size="2")
    )
    later = told(world, 0x1502, result=2)
    assert orders.receive_answer(steps.ACTOR, world.clock, later) is None
    there = told(world, 0x1502, result=1, octets=JPEG, size=len(JPEG), lens=1, format=1)
    ended = orders.receive_answer(steps.ACTOR, world.clock, there)
    assert ended == made
    assert ended.papers is not None
    assert bytes(ended.papers.octets or b"") == JPEG
    assert ended.papers.is_picture
    with pytest.raises(LookupError):
        orders.receive_answer(steps.ACTOR, world.clock, there)


def test_answers_are_told_apart_by_frame_number_and_vehicle(world: World) -> None:
    text = orders.give(
        world.clerk, world.clock, world.own_truck, wanted(PostKind.TEXT, text="请靠边停车")
    )
    with pytest.raises(LookupError):
        orders.receive_answer(
            steps.ACTOR, world.clock, told(world, 0x1503, result=0, plate="沪A00000")
        )
    answer = told(world, 0x1503, result=0, number=text.number)
    ended = orders.receive_answer(steps.ACTOR, world.clock, answer)
    assert ended == text
    assert (ended.status, ended.result_word != "") == (PostState.DONE, True)
    assert orders.receive_answer(steps.ACTOR, world.clock, answer) is None


def test_the_worker_takes_orders_answers_and_alarms_of_superiors(world: World) -> None:
    truck, now = world.own_truck, world.clock.now().isoformat()
    base = {
        "platform": "示意市级平台", "access_code": CODE, "serial": 17, "received_at": now,
        "plate": truck.plate, "plate_colour": 2,
    }  # fmt: skip
    asks = {"role": "subordinate", "kind": "vehicle_order", "message": 0x9601, "number": 0}
    alarm = {"role": "subordinate", "kind": "alarm_report", "warn_type": 2, "early": True}
    record = {"role": "superior", "kind": "vehicle_answer", "message": 0x1504, "octets": "5500"}
    orders.give(
        world.clerk, world.clock, truck, wanted(PostKind.RECORDER, **GOOD[PostKind.RECORDER])
    )
    for sequence, said_ in enumerate((asks | {"arguments": {}}, alarm, record), start=1):
        data = json.dumps(base | said_).encode()
        assert steps.handle_platform(data, sequence, STORED, world.clock), said_
    assert Post.objects.get(kind=PostKind.STATIC).status is PostState.DONE
    assert Post.objects.get(kind=PostKind.RECORDER).papers is not None
    assert ReportedAlarm.objects.get().sender == "superior"
    bad = json.dumps(base | asks | {"arguments": 3}).encode()
    assert not steps.handle_platform(bad, 4, STORED, world.clock)


def test_the_tables_of_orders_hang_together() -> None:
    assert set(NO_VEHICLE) == set(BY_HAND) == set(RESULTS)
    for kind, results in BY_HAND.items():
        assert set(results) <= set(RESULTS[kind])
        assert NO_VEHICLE[kind] in RESULTS[kind]
    assert len(ORDER_ENDS) == 5
    # A zero is a value: the camera 0, the record 0x00.
    assert [value for _, value in said({"lens": 0, "tel": "", "urgent": False})] == ["0"]
