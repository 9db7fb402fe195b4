"""我的报警 on the firm's phone, the carrier's link, and what the desk shows of them."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from answer_world import asked_of
from hazmat_world import alarm_of
from jiaoan.watch.appeals import actions
from jiaoan.watch.models import AnswerRequest
from jiaoan.watch.states import AlarmState
from portal.matrix import World
from portal.test_supervision_pages import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


def test_the_desk_asks_and_gives_the_link_of_an_outside_vehicle(world: World) -> None:
    alarm, client = alarm_of(world), client_of(world)
    assert client.post(f"/alarms/{alarm.pk}/ask", {"note": " "}).status_code == 422
    answer = client.post(f"/alarms/{alarm.pk}/ask", {"note": "请说明原因"}, follow=True)
    html = answer.content.decode()
    asked = AnswerRequest.objects.get()
    assert f"/my-alarms/link/{asked.token}/" in html
    assert "企业申诉时限" in html
    assert "3 个工作日" in html
    assert "未核实" in html
    assert (
        str(asked.token)
        not in client_of(world, "leader").get(f"/alarms/{alarm.pk}/").content.decode()
    ), "who cannot handle may not answer either"


def test_the_firm_answers_and_loses_nothing_by_a_mistake(world: World) -> None:
    asked, client = asked_of(world), client_of(world, "enterprise")
    url = f"/my-alarms/{asked.pk}/"
    assert f'data-asked="{asked.pk}"' in client.get("/my-alarms/").content.decode()
    wrong = client.post(
        url,
        {"text": "设备漂移", "files": SimpleUploadedFile("仪表.jpg", b"\xff", "image/jpeg")},
    )
    html = wrong.content.decode()
    assert wrong.status_code == 422
    assert "请选择“情况说明”或“申诉”。" in html
    assert ">设备漂移</textarea>" in html
    assert "仪表.jpg" in html, "the good file is kept although the answer was refused"
    done = client.post(url, {"kind": "appeal", "text": "设备漂移"}, follow=True)
    html = done.content.decode()
    assert "申诉复核中" in html
    assert "<form class=" not in html.split("data-answer")[1]
    asked.alarm.refresh_from_db()
    assert asked.alarm.status is AlarmState.REVIEW
    file = asked.files.get()
    kept = client.get(f"/my-alarms/file/{file.pk}")
    assert kept.content == b"\xff"
    assert kept["Content-Disposition"].startswith("attachment")
    again = client.post(url, {"kind": "explain", "text": "再答"})
    assert again.status_code == 409
    assert "已答复" in again.content.decode()


def test_the_asker_sees_that_another_has_to_review(world: World) -> None:
    asked = asked_of(world)
    person = world.person("enterprise")
    actions.answer(person, world.clock, asked, kind="appeal", text="请撤销")
    url = f"/alarms/{asked.alarm_id}/"
    html = client_of(world).get(url).content.decode()
    assert "须由其他人复核" in html
    assert "decide-note" not in html
    refused = client_of(world).post(f"{url}decide", {"uphold": "yes", "note": "同意"})
    assert refused.status_code == 409
    seen = client_of(world, "leader").get(url).content.decode()
    assert "请撤销" in seen
    assert "decide-note" not in seen


def test_a_link_answers_without_account_and_only_once(world: World) -> None:
    asked, client = asked_of(world), Client()
    url = f"/my-alarms/link/{asked.token}/"
    assert "主管部门要求" in client.get(url).content.decode()
    assert client.get("/my-alarms/link/nonsense/").status_code == 404
    assert client.post(url, {"kind": "explain", "text": "已备案"}).status_code == 302
    html = client.get(url).content.decode()
    assert "已备案" in html
    assert "<form" not in html.split("data-answer")[1]


def test_a_request_that_was_taken_back_says_so(world: World) -> None:
    asked = asked_of(world)
    actions.take_back(world.person("safety_clerk"), world.clock, asked.alarm, note="已电话说明")
    html = client_of(world, "enterprise").get(f"/my-alarms/{asked.pk}/").content.decode()
    assert "主管部门已收回" in html
    assert "<textarea" not in html
