"""规则: what the pages say of figures, and that a mistake loses nothing typed."""

from __future__ import annotations

import pytest

from jiaoan.kernel.clock import clock_from_environment
from jiaoan.portal.rules.shown import source_of
from jiaoan.rules.driving.settings import SOURCES
from jiaoan.watch.models import RuleChange
from jiaoan.watch.rules import actions
from jiaoan.watch.rules.queries import standing
from portal.matrix import World
from portal.test_supervision_pages import client_of

pytestmark = pytest.mark.django_db
NOW = clock_from_environment()
URL = "/rules/driving.overspeed/"


@pytest.fixture
def world() -> World:
    return World()


def test_the_list_says_what_each_rule_rests_on(world: World) -> None:
    html = client_of(world, "section_head").get("/rules/").content.decode()
    assert html.count('href="/rules/driving.') == 20
    assert "《危险货物道路运输安全管理办法》第四十六条" in html
    assert "越线" in html
    assert "未核实" in html


def test_a_clerk_reads_and_does_not_decide(world: World) -> None:
    html = client_of(world, "safety_clerk").get(URL).content.decode()
    assert "超限速持续超过" in html
    assert "30 秒" in html
    assert "考核表说明" in html
    assert 'name="over_s"' not in html
    assert client_of(world).get("/rules/driving.nothing/").status_code == 404


def test_it_says_where_a_figure_comes_from_in_the_language_of_the_page(world: World) -> None:
    """Official texts are cited by their own title in both."""
    client = client_of(world, "safety_clerk")
    common = "/rules/driving.common/"
    for language, own, practice in (
        ("zh-hans", "软件默认值", "地方做法"), ("en", "default of the software", "local practice"),
    ):  # fmt: skip
        client.cookies["django_language"] = language
        assert f"<td>{own} " in client.get(common).content.decode()
        assert f"<td>{practice} " in client.get("/rules/driving.day-total/").content.decode()
    assert "软件默认值" not in client.get(common).content.decode()
    assert {str(source_of(name)) for name in SOURCES} >= {"道路旅客运输企业安全管理规范"}


def test_a_refused_figure_keeps_what_was_typed(world: World) -> None:
    client = client_of(world, "section_head")
    typed = {
        "over_s": "二十", "hazmat_other": "55.5", "valid_from": "2020-01-01", "note": "局定",
        "version": "0",
    }  # fmt: skip
    answer = client.post(f"{URL}figures", typed)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="二十"' in html
    assert 'value="55.5"' in html
    assert 'value="局定"' in html
    assert "请填写不小于 0 的整数（秒）。" in html
    assert "最早自明日起执行" in html
    assert not RuleChange.objects.exists()


def test_a_figure_is_set_shown_as_coming_and_withdrawn(world: World) -> None:
    client, day = client_of(world, "section_head"), actions.tomorrow(NOW).isoformat()
    typed = {"over_s": "20", "valid_from": day, "note": "局定", "version": "0"}
    html = client.post(f"{URL}figures", typed, follow=True).content.decode()
    assert "起：20 秒" in html
    assert standing().version == 1
    stale = client.post(f"{URL}figures", {**typed, "over_s": "25"})
    assert stale.status_code == 409
    assert "规则刚被他人修改" in stale.content.decode()
    wrong = client.post(f"{URL}withdraw", {"change": "1", "version": "1", "note": ""})
    assert wrong.status_code == 422
    assert "请填写理由或依据文件" in wrong.content.decode()
    client.post(f"{URL}withdraw", {"change": "1", "version": "1", "note": "误设"})
    assert standing().changes == ()


def test_a_confirmed_figure_is_no_longer_unverified(world: World) -> None:
    client = client_of(world, "administrator")
    url = "/rules/driving.offline/"
    assert "未核实" in client.get(url).content.decode()
    typed = {
        "figure": "offline_s", "confirmed_by": "李建国 股长", "note": "临交发3号", "version": "0",
        "confirmed_on": NOW.today().isoformat(),
    }  # fmt: skip
    assert client.post(f"{url}confirm", {**typed, "confirmed_on": "x"}).status_code == 422
    assert client.post(f"{url}confirm", {**typed, "figure": "over_s"}).status_code == 404
    html = client.post(f"{url}confirm", typed, follow=True).content.decode()
    assert "李建国 股长" in html
    assert "已核实" in html
    assert "ja-tag--unv" not in html.split("<tbody>")[1].split("</tbody>")[0]


def test_a_switched_off_rule_is_shown_as_off(world: World) -> None:
    client = client_of(world, "section_head")
    typed = {"on": "no", "note": "误报多", "version": "0"}
    html = client.post(f"{URL}switch", typed, follow=True).content.decode()
    assert "停用" in html
    assert "误报多" in html
    assert standing().off == {"driving.overspeed"}
