"""Post queries and messages of superiors, and alarms that subordinates report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hazmat.factory import World, make_world
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.scope import Refused
from jiaoan.watch.models import Post, ReportedAlarm, Upload
from jiaoan.watch.posts import actions, queries
from jiaoan.watch.posts.actions import Wanted
from jiaoan.watch.posts.states import POST, Addressee, PostKind, PostState
from jiaoan.watch.reported import actions as reported
from jiaoan.watch.supervision import items
from jiaoan.watch.supervision.messages import (
    AlarmHandled,
    AlarmReport,
    Asked,
    BadMessage,
    Carried,
    Papers,
    PostAnswered,
    parse,
)
from jiaoan.watch.supervision.states import HandlingResult
from jiaoan.watch.uploads import actions as uploads
from jiaoan.wire.jt809.exchange import WaybillText
from jiaoan.wire.jt809.posts import ObjectType
from jiaoan.worker import steps
from jiaoan.worker.models import Parked
from kernel.machines import assert_machine_is_exhaustive

pytestmark = pytest.mark.django_db
CODE = 43060000
STORED = datetime(2024, 4, 7, 22, 40, 6, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    made = make_world()
    Outgoing.objects.all().delete()
    return made


def asked(world: World, **changes: object) -> Asked:
    now = world.clock.now()
    values = Asked(
        "示意市级平台", CODE, "query", 1, "4306", 0x0A, "值班人员姓名？", 17,
        now + timedelta(seconds=120), now,
    )  # fmt: skip
    return replace(values, **changes)  # type: ignore[arg-type]


def received(world: World, **changes: object) -> Post:
    return actions.receive(steps.ACTOR, world.clock, asked(world, **changes))


def orders() -> list[dict[str, object]]:
    return [row.payload for row in Outgoing.objects.filter(topic=f"platform.down.{CODE}")]


def test_it_walks_the_table() -> None:
    assert_machine_is_exhaustive(POST)
    assert POST.final_states() == {PostState.DONE}


def test_a_query_opens_one_item_and_waits_for_a_person(world: World) -> None:
    item = received(world)
    assert received(world) == item
    assert received(world, serial=18) != item
    assert (item.status, item.deadline_told, item.by) == (PostState.OPEN, True, None)
    assert orders() == []  # nothing answers by itself
    assert queries.waiting(world.clerk)[0] == item


def test_a_query_without_a_time_gets_the_bureaus(world: World, settings: object) -> None:
    settings.WATCH_POST_MINUTES = 5  # type: ignore[attr-defined]
    item = received(world, deadline=None)
    assert item.deadline == item.received_at + timedelta(minutes=5)
    assert not item.deadline_told


def test_the_answer_goes_down_once_and_its_sending_is_noted(world: World) -> None:
    item = received(world)
    world.clock.advance(timedelta(seconds=60))
    actions.answer(world.clerk, world.clock, item, text=" 在岗 ")
    (order,) = orders()
    assert order == {
        "kind": "post_answer",
        "order": f"post-{item.pk}",
        "role": "subordinate",
        "number": 0x0A,
        "serial": 17,
        "object_type": 1,
        "object_id": "4306",
        "responder": world.clerk.name[:8],
        "responder_phone": "",
        "text": "在岗",
    }
    assert item.status is PostState.DONE
    with pytest.raises(TransitionRefused):
        actions.answer(world.clerk, world.clock, item, text="在岗")
    carried = Carried(f"post-{item.pk}", world.clock.now(), "main", 99, "")
    for _ in range(2):
        items.note_carried(steps.ACTOR, world.clock, carried)
    item.refresh_from_db()
    assert (item.sent_link, item.sent_serial) == ("main", 99)
    assert Fact.objects.filter(kind="watch.post_sent").count() == 1
    assert Fact.objects.get(kind="watch.post_answered").payload == {"late": False}


def test_a_message_is_confirmed_without_words(world: World) -> None:
    item = received(world, kind="message", deadline=None)
    actions.answer(world.clerk, world.clock, item, text="")
    (order,) = orders()
    assert (order["kind"], order["number"], order["serial"]) == ("post_read", 0x0A, 17)


@pytest.mark.parametrize("text", ["", "  ", "字" * 501, "😀"])
def test_a_bad_answer_is_refused_by_field(world: World, text: str) -> None:
    item = received(world)
    with pytest.raises(FieldErrors) as wrong:
        actions.answer(world.clerk, world.clock, item, text=text)
    assert set(wrong.value.errors) == {"text"}
    item.refresh_from_db()
    assert item.status is PostState.OPEN


def test_only_who_handles_alarms_may_answer(world: World) -> None:
    item = received(world)
    with pytest.raises(Refused):
        actions.answer(world.carrier_user, world.clock, item, text="在岗")
    assert not queries.posts(world.carrier_user).exists()


def test_a_query_that_nobody_answers_is_noted_once(world: World) -> None:
    item = received(world)
    received(world, kind="message", serial=5)
    world.clock.advance(timedelta(seconds=121))
    for _ in range(2):
        steps.due(world.clock)
    assert Fact.objects.filter(kind="watch.post_late").count() == 1
    actions.answer(world.clerk, world.clock, item, text="在岗")
    assert Fact.objects.get(kind="watch.post_answered").payload == {"late": True}
    assert item.overdue(world.clock.now() + timedelta(days=1))


def wanted(**changes: object) -> Wanted:
    values = Wanted("示意运输平台", CODE, "谁在岗？", "120")
    return replace(values, **changes)  # type: ignore[arg-type]


def test_we_ask_once_and_the_answer_ends_the_query(world: World) -> None:
    item = actions.ask(world.clerk, world.clock, wanted(), key="0" * 32)
    assert actions.ask(world.clerk, world.clock, wanted(), key="0" * 32) == item
    (order,) = orders()
    assert order == {
        "kind": "post_query",
        "order": f"post-{item.pk}",
        "role": "superior",
        "object_type": 1,
        "object_id": str(CODE),
        "number": 1,
        "answer_seconds": 120,
        "text": "谁在岗？",
    }
    # The link was down for an hour: the time runs from the sending.
    world.clock.advance(timedelta(hours=1))
    items.note_carried(
        steps.ACTOR, world.clock, Carried(f"post-{item.pk}", world.clock.now(), "sub", 77, "")
    )
    item.refresh_from_db()
    assert item.deadline == world.clock.now() + timedelta(seconds=120)
    with pytest.raises(Blocked):
        actions.answer(world.clerk, world.clock, item, text="在岗")
    assert item not in queries.waiting(world.clerk)
    assert item in queries.open_posts(world.clerk)
    world.clock.advance(timedelta(seconds=30))
    now = world.clock.now()
    said = PostAnswered("示意运输平台", CODE, "query", None, 77, "张三在岗", "张三", "0730", now)
    made = actions.receive_answer(steps.ACTOR, world.clock, said)
    assert made == item
    assert (made.answer, made.responder, made.by) == ("张三在岗", "张三", world.clerk)
    assert actions.receive_answer(steps.ACTOR, world.clock, said) is None
    assert Fact.objects.get(kind="watch.post_answered").payload == {"late": False}


def test_a_query_is_addressed_to_the_platform_itself(world: World) -> None:
    """Type 2 would be one operator, named by its licence."""
    assert [one.value for one in Addressee] == list(ObjectType)
    item = actions.ask(world.clerk, world.clock, wanted(platform_id="43060000001"))
    assert (item.object_type, item.object_id) == (1, "43060000001")
    assert received(world, object_type=99).addressee == "99"


def ours(world: World) -> Post:
    return actions.ask(world.clerk, world.clock, wanted())


def test_an_answer_is_found_by_its_number_or_frame_or_as_the_only_one(world: World) -> None:
    first, second = ours(world), ours(world)

    def said(number: int | None, serial: int | None) -> Post | None:
        answer = PostAnswered(
            "示意", CODE, "query", number, serial, "在岗", "", "", world.clock.now()
        )
        return actions.receive_answer(steps.ACTOR, world.clock, answer)

    with pytest.raises(LookupError):
        said(None, 5)  # two wait, and neither has this frame
    assert said(second.number, None) == second
    assert said(None, 5) == first  # it came before its sending was told
    with pytest.raises(LookupError):
        said(None, 5)
    with pytest.raises(LookupError):
        said(99, None)


def test_the_results_of_our_queries_are_counted(world: World) -> None:
    in_time, late, _never, begun = ours(world), ours(world), ours(world), world.clock.now()

    def answered(item: Post) -> None:
        said = PostAnswered(
            "示意", CODE, "query", item.number, None, "在岗", "", "", world.clock.now()
        )
        actions.receive_answer(steps.ACTOR, world.clock, said)

    answered(in_time)
    world.clock.advance(timedelta(seconds=121))
    answered(late)
    received(world)  # what we are asked is not counted here
    ours(world)
    (tally,) = queries.tallies(world.clerk, begun, world.clock.now())
    assert tally == queries.Tally("示意运输平台", 1, 1, 1, 1)
    assert tally.asked == 4
    assert queries.tallies(world.clerk, world.clock.now() + timedelta(1), world.clock.now()) == []
    assert not queries.tallies(world.carrier_user, begun, world.clock.now())
    for _ in range(2):
        steps.due(world.clock)
    assert Fact.objects.filter(kind="watch.post_late").count() == 1


def test_a_message_of_ours_ends_when_it_was_read(world: World) -> None:
    said = wanted(kind=PostKind.MESSAGE, seconds="", text=" 暴雨预警 ")
    item, query = actions.ask(world.clerk, world.clock, said), ours(world)
    assert orders()[0] == {
        "kind": "post_message", "order": f"post-{item.pk}", "role": "superior", "object_type": 1,
        "object_id": str(CODE), "number": 1, "text": "暴雨预警",
    }  # fmt: skip
    assert (item.deadline_told, item.deadline) == (False, item.opened_at + timedelta(minutes=10))
    world.clock.advance(timedelta(minutes=11))
    for _ in range(2):
        steps.due(world.clock)
    late = Fact.objects.filter(kind="watch.post_late")
    assert late.count() == 2
    assert item.overdue(world.clock.now())
    # 2019 names the frame; it is told before its sending is, and the query waits too.
    read = PostAnswered("示意", CODE, "message", None, 5, "", "", "", world.clock.now())
    for wanted_item in (item, None):
        try:
            assert actions.receive_answer(steps.ACTOR, world.clock, read) == wanted_item
        except LookupError:
            assert wanted_item is None
    query.refresh_from_db()
    assert query.status is PostState.OPEN
    (tally,) = queries.tallies(world.clerk, item.opened_at, world.clock.now())
    assert tally.asked == 1  # messages are no 查岗


def papers_of(world: World, message: int, serial: int | None, plate: str = "") -> Papers:
    truck = world.own_truck
    content = WaybillText("汽油 UN1203").build()
    return Papers(
        "示意运输平台", CODE, message, "2011", content, plate or truck.plate, truck.plate_colour,
        serial or message, serial, world.clock.now(),
    )  # fmt: skip


def took(world: World, papers: Papers) -> Post | None:
    kept = uploads.take_papers(steps.ACTOR, world.clock, papers)
    return actions.receive_papers(steps.ACTOR, world.clock, papers, kept)


def request(world: World, kind: PostKind = PostKind.WAYBILL, key: str = "") -> Post:
    asks = wanted(kind=kind, text="")
    return actions.ask_papers(world.clerk, world.clock, world.own_truck, asks, key=key)


def test_papers_are_asked_for_one_at_a_time_and_their_answer_is_kept(world: World) -> None:
    key = "0" * 32
    item = request(world, key=key)
    assert request(world, key=key) == item
    driver = request(world, PostKind.DRIVER, key)
    truck = {"plate": world.own_truck.plate, "plate_colour": int(world.own_truck.plate_colour)}
    assert orders() == [
        truck | {"kind": "waybill_request", "order": f"post-{item.pk}", "role": "superior",
                 "number": 1},
        truck | {"kind": "driver_request", "order": f"post-{driver.pk}", "role": "superior",
                 "number": 2},
    ]  # fmt: skip
    with pytest.raises(FieldErrors, match="kind"):
        request(world)
    assert took(world, papers_of(world, 0x120D, None)) is None  # told unasked: kept, no answer
    assert took(world, papers_of(world, 0x120B, None, world.tanker.plate)) is None
    assert took(world, papers_of(world, 0x120B, 3)) == item  # of a frame that is not told yet
    item.refresh_from_db()
    assert (item.status, item.papers) == (PostState.DONE, Upload.objects.latest("pk"))
    assert took(world, papers_of(world, 0x120B, None)) is None
    driver.refresh_from_db()
    assert driver.status is PostState.OPEN
    assert Upload.objects.count() == 4
    assert [one.pk for one in queries.of_vehicle(world.clerk, world.own_truck, 9)] == [
        driver.pk,
        item.pk,
    ]
    assert not queries.of_vehicle(world.firm_user, world.own_truck, 9)


def test_papers_may_be_asked_for_again_when_the_time_is_over(world: World) -> None:
    first = request(world)
    world.clock.advance(timedelta(minutes=11))
    steps.due(world.clock)
    assert Fact.objects.filter(kind="watch.post_late").count() == 1
    again = request(world)
    for item, serial in ((first, 70), (again, 71)):
        sent = Carried(f"post-{item.pk}", world.clock.now(), "sub", serial, "")
        items.note_carried(steps.ACTOR, world.clock, sent)
    assert took(world, papers_of(world, 0x120B, 70)) == first  # late, and by its frame
    assert took(world, papers_of(world, 0x120B, None)) == again
    assert [one.payload["late"] for one in Fact.objects.filter(kind="watch.post_answered")] == [
        False,  # its time runs from the sending
        False,
    ]
    said = {"kind": "papers", "message": 0x120B, "edition": "2011", "octets": "00000000",
            "plate": first.vehicle and first.vehicle.plate, "plate_colour": 2}  # fmt: skip
    assert steps.handle_platform(told(world, **said), 1, STORED, world.clock)


@pytest.mark.parametrize(
    ("changes", "field"), [({"access_code": 0}, "platform"), ({"kind": PostKind.QUERY}, "kind")]
)
def test_a_bad_request_for_papers_is_refused_by_field(
    world: World, changes: dict[str, object], field: str
) -> None:
    asks = wanted(**({"kind": PostKind.DRIVER} | changes))
    with pytest.raises(FieldErrors) as wrong:
        actions.ask_papers(world.clerk, world.clock, world.own_truck, asks)
    assert set(wrong.value.errors) == {field}
    with pytest.raises(Refused):
        actions.ask_papers(world.firm_user, world.clock, world.own_truck, asks)
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"access_code": 0}, "platform"),
        ({"text": " "}, "text"),
        ({"text": "😀"}, "text"),
        ({"text": "字" * 501}, "text"),
        ({"seconds": "9"}, "seconds"),
        ({"seconds": "256"}, "seconds"),
        ({"seconds": "x"}, "seconds"),
    ],
)
def test_a_bad_query_of_ours_is_refused_by_field(
    world: World, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(FieldErrors) as wrong:
        actions.ask(world.clerk, world.clock, wanted(**changes))
    assert set(wrong.value.errors) == {field}
    with pytest.raises(Refused):
        actions.ask(world.carrier_user, world.clock, wanted())
    assert not Post.objects.exists()


def report(world: World, **changes: object) -> AlarmReport:
    now = world.clock.now()
    truck = world.own_truck
    values = AlarmReport(
        "示意运输平台", CODE, 7, 1, 1, now - timedelta(minutes=1), None, truck.plate,
        truck.plate_colour, "超速 82", early=False, serial=31, received_at=now,
    )  # fmt: skip
    return replace(values, **changes)  # type: ignore[arg-type]


def test_a_reported_alarm_is_kept_once_with_its_result(world: World) -> None:
    made = reported.receive(steps.ACTOR, world.clock, report(world))
    assert reported.receive(steps.ACTOR, world.clock, report(world)) == made
    assert (made.vehicle, made.warn_type, made.result) == (world.own_truck, 1, None)
    handled = AlarmHandled(CODE, 7, None, 1, world.clock.now())
    for _ in range(2):
        made = reported.note_result(steps.ACTOR, world.clock, handled)
    assert made.result == HandlingResult.FINISHED
    assert Fact.objects.filter(kind="watch.alarm_report_handled").count() == 1
    with pytest.raises(LookupError):
        reported.note_result(steps.ACTOR, world.clock, replace(handled, number=8))
    with pytest.raises(ValueError, match="9"):
        reported.note_result(steps.ACTOR, world.clock, replace(handled, result=9))


def test_a_result_of_2019_names_the_newest_frame_of_its_report(world: World) -> None:
    """The frame was said twice, since the link ended between."""
    made = reported.receive(steps.ACTOR, world.clock, report(world, number=None))
    again = reported.receive(steps.ACTOR, world.clock, report(world, number=None, serial=32))
    assert again == made
    handled = AlarmHandled(CODE, None, 32, 2, world.clock.now())
    assert reported.note_result(steps.ACTOR, world.clock, handled) == made
    with pytest.raises(LookupError):
        reported.note_result(steps.ACTOR, world.clock, replace(handled, source_serial=31))


def test_a_report_about_a_vehicle_that_is_not_here_keeps_its_plate(world: World) -> None:
    made = reported.receive(steps.ACTOR, world.clock, report(world, plate="沪A00000"))
    assert (made.plate, made.vehicle) == ("沪A00000", None)


def told(world: World, **said: object) -> bytes:
    value = {
        "role": "subordinate",
        "platform": "示意市级平台",
        "access_code": CODE,
        "serial": 17,
        "received_at": world.clock.now().isoformat(),
    }
    return json.dumps(value | said).encode()


def test_the_worker_takes_papers_and_answers_to_our_queries(world: World) -> None:
    query, truck = ours(world), world.own_truck
    answer = {"kind": "post_answer", "number": query.number, "text": "在岗"}
    driver = {
        "kind": "papers", "message": 0x120D, "edition": "2011",
        "octets": WaybillText("汽油 UN1203").build().hex(), "plate": truck.plate,
        "plate_colour": truck.plate_colour,
    }  # fmt: skip
    for sequence, said in enumerate((answer, driver), start=1):
        assert steps.handle_platform(told(world, **said), sequence, STORED, world.clock)
    query.refresh_from_db()
    assert (query.status, query.answer) == (PostState.DONE, "在岗")
    assert Upload.objects.get().vehicle == truck
    strange = told(world, **driver | {"plate": "沪A00000"})
    assert not steps.handle_platform(strange, 3, STORED, world.clock)
    asks = {"kind": "papers_asked", "message": 0x920B, "plate": truck.plate, "plate_colour": 2}
    assert steps.handle_platform(told(world, **asks), 4, STORED, world.clock)
    assert (orders()[-1]["kind"], orders()[-1]["serial"]) == ("waybill_told", 17)
    with pytest.raises(BadMessage, match="octets"):
        parse(told(world, **driver | {"octets": "zz"}))


def test_the_worker_takes_what_the_links_tell_and_parks_what_it_cannot(world: World) -> None:
    query = {"kind": "post_query", "object_type": 1, "object_id": "x", "number": 3, "text": "?"}
    alarm: dict[str, object] = {
        "kind": "alarm_report", "role": "superior", "warn_type": 2, "number": 5, "plate": None,
    }  # fmt: skip
    result = {"kind": "alarm_result", "number": 5, "result": 1}
    for sequence, said in enumerate((query, alarm, result), start=1):
        assert steps.handle_platform(told(world, **said), sequence, STORED, world.clock)
    assert not steps.handle_platform(
        told(world, **(result | {"number": 6})), 4, STORED, world.clock
    )
    item = Post.objects.get()
    actions.answer(world.clerk, world.clock, item, text="在岗")
    sent = {"kind": "order_sent", "order": f"post-{item.pk}", "at": world.clock.now().isoformat()}
    assert steps.handle_platform(told(world, **sent), 5, STORED, world.clock)
    item.refresh_from_db()
    assert item.sent_at == world.clock.now()
    assert ReportedAlarm.objects.get().result == HandlingResult.FINISHED
    assert Parked.objects.count() == 1
    with pytest.raises(BadMessage, match="early"):
        parse(told(world, **(alarm | {"early": 1})))
