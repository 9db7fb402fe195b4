"""From the frame of a superior to the desk and back onto the wire, in time."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from gateway_platform.helpers import CODE, Both, until
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock, clock_from_environment
from jiaoan.stores.bus import Message as Stored
from jiaoan.watch.models import Post, Supervision
from jiaoan.watch.posts.queries import tallies
from jiaoan.wire.jt809 import Message
from jiaoan.wire.jt809.alarms import SupervisionRequest
from jiaoan.wire.jt809.exchange import Driver2011, DriverAnswer2019
from jiaoan.wire.jt809.posts import PostQuery2011, Source, TextAnswer2011
from jiaoan.worker import steps
from portal.matrix import World

pytestmark = [pytest.mark.django_db, pytest.mark.socket]


def up(both: Both) -> list[Stored]:
    return [one for one in both.lower.messages if one.subject == "platform.up"]


def work(both: Both, clock: Clock) -> None:
    """What the worker does with what is there, without its process."""
    done = steps.platform_checkpoint()
    for one in up(both):
        if one.sequence > done:
            assert steps.handle_platform(one.data, one.sequence, one.stored_at, clock)


def test_a_supervision_and_a_post_query_are_answered_on_the_wire_before_their_deadline(
    tmp_path: Path,
) -> None:
    world = World()
    vehicle = world.vehicle()
    # The pages have no other clock than the real one.
    both, clock = Both(tmp_path, "2011"), clock_from_environment()
    both.clock = clock  # type: ignore[assignment]
    client = Client()
    client.force_login(
        world.person("safety_clerk"), backend="django.contrib.auth.backends.ModelBackend"
    )
    now = clock.now().replace(microsecond=0)
    with asyncio.Runner() as runner:

        async def ask() -> None:
            await both.__aenter__()
            superior = await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            sockets = superior.seats[CODE].sockets
            request = SupervisionRequest(
                3, 1, now, 0x123FFAA1, now + timedelta(hours=1), 0, "李四", "0730", "a@b.cn"
            )
            plate = vehicle.plate, vehicle.plate_colour
            for message in (
                Message.of(0x9401, request, *plate),
                Message.of(0x9301, PostQuery2011(1, "4306", 9, "值班人员姓名？")),
            ):
                assert sockets.pair.send(message, sockets.now) is not None
            sockets.flush()
            await until(lambda: len(up(both)) == 2, "both arrived")

        async def answered() -> None:
            for one in letters:
                await both.lower.publish(one.subject, one.data, message_id=one.message_id)
            await until(lambda: len(both.upper.told()) == 2, "both answers are there")
            await until(lambda: len(up(both)) == 4, "both sendings are told back")

        try:
            runner.run(ask())
            work(both, clock)
            item, post = Supervision.objects.get(), Post.objects.get()
            assert (item.vehicle, item.deadline) == (vehicle, now + timedelta(hours=1))
            typed = {"result": "1", "note": "已约谈驾驶员"}
            url = f"/supervisions/{item.pk}/"
            assert client.post(url + "answer", typed).status_code == 302
            post_url = f"/supervisions/posts/{post.pk}/"
            assert client.post(post_url + "answer", {"text": "李四在岗"}).status_code == 302
            letters = [one for one in steps.letters() if one.subject.startswith("platform.")]
            assert [one.subject for one in letters] == [f"platform.down.{CODE}"] * 2
            runner.run(answered())
            said, post_said = both.upper.told()
            assert (said["kind"], said["number"], said["result"]) == (
                "supervision_answer", 0x123FFAA1, 1,
            )  # fmt: skip
            assert said["plate"] == vehicle.plate
            assert (post_said["kind"], post_said["number"], post_said["text"]) == (
                "post_answer", 9, "李四在岗",
            )  # fmt: skip
            work(both, clock)
            item.refresh_from_db()
            (answer,) = item.answers.all()
            assert answer.sent_at is not None
            assert answer.sent_at <= item.deadline
            assert answer.sent_link == "main"
            post.refresh_from_db()
            assert post.sent_at is not None
            assert post.sent_at <= post.deadline
            steps.due(clock)
            assert not Fact.objects.filter(kind__endswith="_late").exists()
        finally:
            runner.run(both.__aexit__())


def test_a_post_query_of_ours_is_answered_on_the_wire_and_counted(
    tmp_path: Path, settings: object
) -> None:
    """Page → frame → the subordinate's person → frame → page, in the edition of 2019."""
    world, clock = World(), clock_from_environment()
    both = Both(tmp_path, "2019")
    both.clock = clock  # type: ignore[assignment]
    terms = {"name": "示意运输平台", "access_code": CODE, "user_id": 8, "password": "secret12"}
    side = {"listen": "127.0.0.1:7809", "subordinates": [terms | {"edition": "2019"}]}
    (tmp_path / "platform.json").write_text(json.dumps({"superior": side}), "utf-8")
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    client = Client()
    client.force_login(
        world.person("safety_clerk"), backend="django.contrib.auth.backends.ModelBackend"
    )
    form = {"platform": str(CODE), "text": "谁在岗？", "seconds": "200"}
    page = client.post("/supervisions/posts/new", form).headers["Location"]
    (letter,) = [one for one in steps.letters() if one.subject.startswith("platform.")]

    async def asked_and_answered() -> list[Stored]:
        async with both:
            await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            await both.upper.publish(letter.subject, letter.data, message_id=letter.message_id)
            await until(lambda: len(both.lower.told()) == 1, "it is at the other desk", 30)
            (asked,) = both.lower.told()
            answer = {
                "order": "post-1", "role": "subordinate", "kind": "post_answer",
                "object_type": asked["object_type"], "object_id": asked["object_id"],
                "number": asked["number"], "serial": asked["serial"], "text": "在岗，在线 12 辆",
                "responder": "张三", "responder_phone": "0730-1",
            }  # fmt: skip
            await both.lower.say(f"platform.down.{CODE}", answer)
            await until(lambda: len(both.upper.told()) == 2, "answer and sending are told", 30)
            return [one for one in both.upper.messages if one.subject == "platform.up"]

    for one in asyncio.run(asked_and_answered()):
        assert steps.handle_platform(one.data, one.sequence, one.stored_at, clock)
    shown = client.get(page).content.decode()
    assert "在岗，在线 12 辆" in shown
    assert "张三 0730-1" in shown
    post = Post.objects.get()
    assert (post.sent_at is None, post.overdue(clock.now())) == (False, False)
    (tally,) = tallies(world.person("safety_clerk"), post.opened_at, clock.now())
    assert (tally.asked, tally.in_time) == (1, 1)


@pytest.mark.parametrize("edition", ["2011", "2019"])
def test_a_message_and_a_request_for_the_driver_come_back_onto_the_page(
    tmp_path: Path, settings: object, edition: str
) -> None:
    """Page → frame → another maker's subordinate → frame → page."""
    world, clock = World(), clock_from_environment()
    vehicle, both = world.vehicle(), Both(tmp_path, edition)
    both.clock = clock  # type: ignore[assignment]
    terms = {"name": "示意运输平台", "access_code": CODE, "user_id": 8, "password": "secret12"}
    side = {"listen": "127.0.0.1:7809", "subordinates": [terms | {"edition": edition}]}
    (tmp_path / "platform.json").write_text(json.dumps({"superior": side}), "utf-8")
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    client = Client()
    client.force_login(
        world.person("safety_clerk"), backend="django.contrib.auth.backends.ModelBackend"
    )
    form = {"platform": str(CODE), "text": "今夜暴雨，请做好防范", "papers": "driver"}
    assert client.post("/supervisions/posts/new?kind=message", form).status_code == 302
    url = f"/alarms/vehicle/{vehicle.pk}/"
    assert client.post(f"{url}papers", form).status_code == 302
    again = client.post(f"{url}papers", form)
    assert (again.status_code, "已请求且尚未应答" in again.content.decode()) == (422, True)
    letters = [one for one in steps.letters() if one.subject.startswith("platform.")]
    message, request = Post.objects.order_by("pk")

    async def asked_and_answered() -> list[Stored]:
        async with both:
            await both.start_superior()
            subordinate = await both.start_subordinate()
            await both.both_links()
            for one in letters:
                await both.upper.publish(one.subject, one.data, message_id=one.message_id)
            await until(lambda: len(both.upper.told()) == 2, "both were read")
            read, asked = (one["serial"] for one in both.upper.told())
            who = "张三", "430602198001010011", "430602198001010011", "岳阳市交通运输局"
            answers = (
                (TextAnswer2011(message.number), Driver2011(*who))
                if edition == "2011"
                else (Source(0x9302, read), DriverAnswer2019(0x920A, asked, *who, None))
            )
            sockets = subordinate.ties[0].sockets
            for said in (
                Message.of(0x1302, answers[0]),
                Message.of(0x120A, answers[1], vehicle.plate, vehicle.plate_colour),
            ):
                assert sockets.pair.send(said, sockets.now) is not None
            sockets.flush()
            await until(lambda: len(both.upper.told()) == 4, "both answers are told")
            return [one for one in both.upper.messages if one.subject == "platform.up"]

    for one in asyncio.run(asked_and_answered()):
        assert steps.handle_platform(one.data, one.sequence, one.stored_at, clock)
    for item in (message, request):
        item.refresh_from_db()
        assert item.answered_at is not None
        assert item.answered_at <= item.deadline
    assert "张三" in client.get(f"{url}uploads").content.decode()
    assert f"{url}uploads" in client.get(url).content.decode()
    assert "uploads?kind=card" in client.get(f"/supervisions/posts/{request.pk}/").content.decode()
    assert "今夜暴雨" in client.get("/supervisions/posts/?state=done").content.decode()
