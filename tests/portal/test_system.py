"""The administrator's page: people get one password, bad input is named and kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from jiaoan.kernel.clock import LOCAL
from jiaoan.org.models import Organisation, User
from jiaoan.stores import parts
from jiaoan.stores.parts import Part, State
from portal.matrix import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    world = World()
    world.place("section")
    client.force_login(
        world.person("administrator"), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def person(**changes: object) -> dict[str, object]:
    section = Organisation.objects.get(name="section")
    return {
        "username": "zhou",
        "display_name": "周敏",
        "organisation": section.pk,
        "role": "section_head",
        **changes,
    }


def test_it_shows_a_new_persons_password_once(admin: Client) -> None:
    answer = admin.post("/system/people/add", person())
    shown = re.search(r"data-password>([^<]+)<", answer.content.decode())
    assert shown
    assert User.objects.get(username="zhou").check_password(shown[1])
    assert "data-password" not in admin.get("/system/").content.decode()


def test_it_refuses_a_log_in_name_that_is_taken_and_keeps_what_was_typed(admin: Client) -> None:
    admin.post("/system/people/add", person())
    answer = admin.post("/system/people/add", person(username="ZHOU", title="股长"))
    assert answer.status_code == 422
    assert "股长" in answer.content.decode()
    assert "id_username-error" in answer.content.decode()
    assert User.objects.filter(username__iexact="zhou").count() == 1


def test_it_puts_a_section_below_the_bureau_and_a_firm_beside_it(admin: Client) -> None:
    admin.post("/system/organisations/add", {"name": "法制股", "kind": "section"})
    admin.post("/system/organisations/add", {"name": "甲公司", "kind": "enterprise"})
    section, firm = (Organisation.objects.get(name=name) for name in ("法制股", "甲公司"))
    assert section.parent is not None
    assert section.parent.kind == "bureau"
    assert firm.parent is None


def test_it_says_which_part_is_not_at_work_and_since_when(
    admin: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    began = datetime.now(UTC) - timedelta(minutes=3)
    rows = [
        Part("bus", State.WORKING, began),
        Part("gateway-2", State.DOWN, began, 4, "exit code 3"),
        Part("stream", State.LOADING, began),
        Part("new-kind", State.WAITING, began),
    ]
    parts.save(tmp_path, rows)
    shown = admin.get("/system/parts").content.decode()
    # Real time, on the clock of the installation, which is the real one in tests.
    assert f"{began.astimezone(LOCAL):%H:%M}:{began:%S}" in shown
    for words in ("3个部分未在运行", "终端网关 2", "已退出，正在重启", "exit code 3", "加载中",
                  "等待启动", "new-kind"):  # fmt: skip
        assert words in shown, words
    order = [shown.index(f"<b>{name}") for name in ("终端网关", "实时研判", "消息总线")]
    assert order == sorted(order), "what is not at work comes first"
    table = admin.get("/system/parts", headers={"hx-request": "true"}).content.decode()
    assert table.startswith("<section")
    parts.save(tmp_path, [Part("bus", State.WORKING, began)])
    assert "全部正常运行" in admin.get("/system/parts").content.decode()


def test_it_says_that_it_knows_nothing_of_parts(
    admin: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    nobody = "网页服务为单独运行"
    assert nobody in admin.get("/system/parts").content.decode()
    (tmp_path / parts.FILE).write_text('{"writer": 1, "parts": [{"name": "bus"}]}')
    assert nobody in admin.get("/system/parts").content.decode()
    parts.save(tmp_path, [Part("bus", State.WORKING, datetime.now(UTC))])
    parts.forget(tmp_path)
    assert nobody in admin.get("/system/parts").content.decode()
