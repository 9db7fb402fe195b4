"""The pages of 督办: list by deadline, item with its answer, asking a subordinate."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from hazmat_world import alarm_of
from jiaoan.journal.models import Outgoing
from jiaoan.kernel.clock import clock_from_environment, local
from jiaoan.scope import SystemActor
from jiaoan.watch.models import Post, Supervision, UpwardReport
from jiaoan.watch.posts.actions import receive_answer
from jiaoan.watch.posts.orders import receive as receive_order
from jiaoan.watch.reported.actions import receive as receive_report
from jiaoan.watch.supervision.messages import AlarmReport, PostAnswered, VehicleOrder
from portal.matrix import World
from portal.matrix.supervision import item_of, other, post_of

pytestmark = pytest.mark.django_db
_TERMS = {
    "name": "示意运输平台", "access_code": 70000001, "user_id": 8, "password": "secret12",
    "edition": "2019",
}  # fmt: skip
_PLATFORMS = {"superior": {"listen": "127.0.0.1:7809", "subordinates": [_TERMS]}}


@pytest.fixture
def world() -> World:
    return World()


def client_of(world: World, role: str = "safety_clerk") -> Client:
    client = Client()
    person = world.person(role)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_list_shows_what_is_overdue(world: World) -> None:
    item_of(world)
    html = client_of(world).get("/supervisions/").content.decode()
    assert "1 件逾期" in html
    assert "超速报警" in html
    assert "示意市级平台" in html
    assert "暂无督办" in client_of(world).get("/supervisions/?state=done").content.decode()


def test_an_answer_is_kept_and_goes_down(world: World) -> None:
    item, client = item_of(world), client_of(world)
    url = f"/supervisions/{item.pk}/"
    assert "督办截止时间为" in client.get(url).content.decode()
    bad = client.post(url + "answer", {"result": "", "note": "已约谈"})
    assert bad.status_code == 422
    assert "请选择报警处理结果。" in bad.content.decode()
    assert "已约谈</textarea>" in bad.content.decode()
    assert client.post(url + "answer", {"result": "1", "note": "已约谈"}).status_code == 302
    html = client.get(url).content.decode()
    assert "已处理完毕" in html
    assert "等待链路发送" in html
    assert 'name="result"' not in html
    again = client.post(url + "answer", {"result": "1", "note": "再次"})
    assert again.status_code == 409
    (order,) = Outgoing.objects.filter(topic="platform.down.43060000")
    assert order.payload["number"] == 7


def test_a_post_query_is_seen_at_the_desk_and_answered(world: World) -> None:
    item, client = post_of(world), client_of(world)
    for page in ("/alarms/", "/alarms/queue", "/supervisions/posts/"):
        assert "请回复值班人员姓名" in client.get(page).content.decode(), page
    url = f"/supervisions/posts/{item.pk}/"
    html = client.get(url).content.decode()
    assert "未核实" not in html
    bad = client.post(url + "answer", {"text": ""})
    assert bad.status_code == 422
    assert "请填写应答内容" in bad.content.decode()
    assert client.post(url + "answer", {"text": "在岗，李四"}).status_code == 302
    html = client.get(url).content.decode()
    assert "在岗，李四" in html
    assert "等待链路发送" in html
    assert client.post(url + "answer", {"text": "再次"}).status_code == 409
    assert "请回复值班人员姓名" not in client.get("/alarms/queue").content.decode()
    (order,) = Outgoing.objects.filter(topic="platform.down.43060000")
    assert order.payload["text"] == "在岗，李四"


def test_a_deadline_that_nobody_told_is_marked_as_ours(world: World) -> None:
    item = item_of(world)
    Supervision.objects.filter(pk=item.pk).update(deadline_told=False)
    html = client_of(world).get(f"/supervisions/{item.pk}/").content.decode()
    assert "未核实" in html
    assert "此时限为本局设置" in html


def test_reported_alarms_are_listed(world: World) -> None:
    now, vehicle = world.clock.now(), world.vehicle()
    said = AlarmReport(
        "示意运输平台", 1, 7, 1, 1, now, None, vehicle.plate, vehicle.plate_colour,
        "超速 82", early=False, serial=31, received_at=now,
    )  # fmt: skip
    receive_report(SystemActor("test", frozenset({"alarm.open"})), world.clock, said)
    html = client_of(world).get("/supervisions/reported/").content.decode()
    assert "超速 82" in html
    assert "示意运输平台" in html


def test_who_only_looks_sees_no_form(world: World) -> None:
    item = item_of(world)
    html = client_of(world, "leader").get(f"/supervisions/{item.pk}/").content.decode()
    assert "发送应答" not in html
    assert "<h2>内容</h2>" in html


def test_without_platforms_nobody_can_be_asked(world: World, settings: object) -> None:
    html = client_of(world).get("/supervisions/new").content.decode()
    assert "尚未接入下级平台" in html


def test_a_subordinate_named_in_the_settings_can_be_asked(
    world: World, settings: object, tmp_path: Path
) -> None:
    terms = {
        "name": "示意运输平台", "access_code": 70000001, "user_id": 8, "password": "secret12",
        "edition": "2019",
    }  # fmt: skip
    value = {"superior": {"listen": "127.0.0.1:7809", "subordinates": [terms]}}
    (tmp_path / "platform.json").write_text(json.dumps(value), "utf-8")
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    world.vehicle("湘F32718")
    client, now = client_of(world), clock_from_environment().now()
    assert "示意运输平台" in client.get("/supervisions/new").content.decode()
    form = {
        "platform": "70000001", "plate": "湘f·32718", "plate_colour": "2", "warn_type": "2",
        "level": "0", "happened_at": f"{local(now - timedelta(hours=1)):%Y-%m-%dT%H:%M}",
        "deadline": f"{local(now + timedelta(hours=1)):%Y-%m-%dT%H:%M}", "tel": "0730",
    }  # fmt: skip
    bad = client.post("/supervisions/new", form | {"plate": "京A12345"})
    assert bad.status_code == 422
    assert "未登记该号牌及颜色的车辆" in bad.content.decode()
    done = client.post("/supervisions/new", form)
    assert done.status_code == 302
    made = Supervision.objects.get()
    assert (made.direction, made.platform, made.plate) == ("sent", "示意运输平台", "湘F32718")
    assert "等待链路发送" in client.get(done.headers["Location"]).content.decode()


def test_a_post_query_of_ours_is_written_and_its_result_counted(
    world: World, settings: object, tmp_path: Path
) -> None:
    terms = {
        "name": "示意运输平台", "access_code": 70000001, "user_id": 8, "password": "secret12",
        "edition": "2019",
    }  # fmt: skip
    value = {"superior": {"listen": "127.0.0.1:7809", "subordinates": [terms]}}
    client = client_of(world)
    assert "发起查岗" not in client.get("/supervisions/posts/").content.decode()
    (tmp_path / "platform.json").write_text(json.dumps(value), "utf-8")
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    assert "发起查岗" in client.get("/supervisions/posts/").content.decode()
    form = {"platform": "70000001", "text": "谁在岗？", "seconds": "300", "key": "0" * 32}
    bad = client.post("/supervisions/posts/new", form)
    assert (bad.status_code, "请填写 10 到 255 之间的整数" in bad.content.decode()) == (422, True)
    for _ in range(2):  # pressed twice
        done = client.post("/supervisions/posts/new", form | {"seconds": "60"})
        assert done.status_code == 302
    (item,) = Post.objects.all()
    page = client.get(done.headers["Location"]).content.decode()
    assert "等待链路发送" in page
    assert 'name="text"' not in page  # the other platform answers
    assert "下级平台尚未应答" in page
    mine = client.post(f"{done.headers['Location']}answer", {"text": "在岗"})
    assert (mine.status_code, "由下级平台应答" in mine.content.decode()) == (409, True)
    said = PostAnswered(
        "示意运输平台", 70000001, "query", item.number, None, "张三在岗", "张三", "0730",
        item.opened_at + timedelta(seconds=20),
    )  # fmt: skip
    link = SystemActor("test", frozenset({"alarm.open"}))
    receive_answer(link, clock_from_environment(), said)
    page = client.get(done.headers["Location"]).content.decode()
    assert "张三在岗" in page
    assert "张三 0730" in page
    listed = client.get("/supervisions/posts/?state=done").content.decode()
    assert "本月对下级平台查岗结果" in listed
    assert "张三在岗" in listed


def test_what_we_report_upwards_is_listed(world: World) -> None:
    alarm = alarm_of(world)
    fact = alarm.fact
    UpwardReport.objects.create(
        key="1", kind="alarm", alarm=alarm, platform="示意市级平台", access_code=1, edition="2019",
        made_at=alarm.opened_at, queued_at=alarm.opened_at, fact=fact,
    )  # fmt: skip
    page = client_of(world).get("/supervisions/upward/").content.decode()
    assert "示意市级平台" in page
    assert "等待链路发送" in page


def test_a_message_that_nothing_acts_on_is_seen_by_a_person(world: World) -> None:
    kept, client = other(world), client_of(world)
    html = client.get("/supervisions/others/").content.decode()
    assert "示意市级平台" in html
    assert "本平台无对应处理流程" in html
    assert "其他报文 1" in html
    page = client.get(f"/supervisions/others/{kept['pk']}/").content.decode()
    assert "0x92FF" in page
    assert "<code>00</code>" in page
    assert client.get("/supervisions/others/?why=unreadable").content.decode().count("0x92FF") == 0
    assert client.post("/supervisions/others/see", {"upto": "x"}).status_code == 302
    assert "其他报文 1" in client.get("/supervisions/others/").content.decode()
    client.post("/supervisions/others/see", {"upto": str(kept["pk"])})
    assert "其他报文 1" not in client.get("/supervisions/others/").content.decode()


def test_an_order_of_a_superior_is_shown_and_answered_by_a_person(world: World) -> None:
    vehicle, now = world.vehicle(), clock_from_environment().now()
    told = VehicleOrder(
        "示意市级平台", 43060000, 0x9501, 0, {"tel": "0730-1234567"}, vehicle.plate,
        vehicle.plate_colour, 5, now,
    )  # fmt: skip
    item = receive_order(SystemActor("t", frozenset({"alarm.open"})), world.clock, told)
    client, url = client_of(world), f"/supervisions/posts/{item.pk}/"
    html = client.get(url).content.decode()
    assert "车辆单向监听" in html
    assert "0730-1234567" in html
    assert "监听失败" in html
    bad = client.post(url + "answer", {"result": "9"})
    assert bad.status_code == 422
    assert "请选择执行结果。" in bad.content.decode()
    assert client.post(url + "answer", {"result": "1"}).status_code == 302
    assert "监听失败" in client.get("/supervisions/posts/?state=done").content.decode()


def test_a_vehicle_is_ordered_about_from_the_page_of_its_terminal(
    world: World, settings: object, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    (tmp_path / "platform.json").write_text(json.dumps(_PLATFORMS), "utf-8")
    vehicle, client = world.vehicle(), client_of(world)
    url = f"/alarms/vehicle/{vehicle.pk}/"
    html = client.get(url).content.decode()
    assert "请求拍照" in html
    bad = client.post(url + "order", {"platform": "70000001", "order": "photo", "order_lens": "x"})
    assert bad.status_code == 422
    assert "请从列表中选择。" in bad.content.decode()
    good = {"platform": "70000001", "order": "text", "order_text": "减速慢行"}
    assert client.post(url + "order", good).status_code == 302
    assert Outgoing.objects.get(topic="platform.down.70000001").payload["message"] == 0x9503
    assert "下发车辆报文" in client.get(url).content.decode()
