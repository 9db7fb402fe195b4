"""试运行: started from a rule or a place, seen while it runs, and its findings on map and list."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from jiaoan.kernel.clock import clock_from_environment
from jiaoan.scope import SystemActor
from jiaoan.watch.models import Rehearsal
from jiaoan.watch.models.rehearsal import Outcome
from jiaoan.watch.rehearsal import actions, running
from jiaoan.watch.rehearsal.states import RehearsalState
from portal.matrix import World
from portal.test_supervision_pages import client_of
from rehearsal_world import drive, fast, write

pytestmark = pytest.mark.django_db
NOW = clock_from_environment()
YESTERDAY = NOW.today() - timedelta(days=1)
URL = "/rules/driving.overspeed/"
ACTOR = SystemActor("rehearsal", frozenset({"alarm.open"}))


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> World:
    settings.DATA_DIR = tmp_path
    return World()


def ask(world: World, **typed: str) -> int:
    day = YESTERDAY.isoformat()
    client = client_of(world, "section_head")
    answer = client.post(
        "/rehearsals/rule/driving.overspeed",
        {"first_day": day, "last_day": day, "over_s": "10", **typed},
    )
    return answer.status_code


def run_it(data: Path) -> Rehearsal:
    asked = actions.claim(ACTOR, NOW)
    assert asked is not None
    result = running.rehearse(
        data, running.plan_of(asked), running.profiles_of(asked.vehicles), asked.first_day,
        asked.last_day, 100,
    )  # fmt: skip
    assert result is not None
    rows = running.rows_of(asked, result)
    actions.finish(ACTOR, NOW, asked, result.summary(asked.total, len(rows)), rows)
    return asked


def at(day: date, time: str) -> str:
    return f"{day.isoformat()} {time}"


def test_a_rule_is_rehearsed_and_shows_new_and_same_on_map_and_list(
    world: World, tmp_path: Path
) -> None:
    quick, slow = world.vehicle("湘F00001"), world.vehicle("湘F00002")
    write(
        tmp_path,
        fast(quick.pk, 20, begin=at(YESTERDAY, "08:00")),
        fast(slow.pk, 120, begin=at(YESTERDAY, "09:00")),
    )
    assert ask(world) == 302
    asked = Rehearsal.objects.get()
    client = client_of(world, "section_head")
    url = f"/rehearsals/{asked.pk}/"
    html = client.get(url).content.decode()
    assert "超限速持续超过：<b>10 秒</b>" in html
    assert f'hx-get="{url}progress"' in html
    assert "HX-Refresh" not in client.get(f"{url}progress")
    run_it(tmp_path)
    assert client.get(f"{url}progress")["HX-Refresh"] == "true"
    html = client.get(url).content.decode()
    for outcome, count in (("new", 1), ("gone", 0), ("same", 1)):
        assert f'data-outcome="{outcome}"><b>{count}</b>' in html
    assert html.count('class="rm-new"') == 2, "one mark and its key"
    assert "超速" in html
    assert "湘F·00001" in html
    only = client.get(f"{url}?outcome=new").content.decode()
    table = only.split("<tbody>")[-1]
    assert "00001" in table
    assert "00002" not in table
    sheet = client.get(f"{url}export.xlsx?outcome=new")
    assert sheet.status_code == 200
    assert sheet.content[:2] == b"PK"
    assert client.get(f"{url}export.pdf").status_code == 404


def test_a_bad_figure_or_day_is_named_and_nothing_is_queued(world: World) -> None:
    world.vehicle()
    client = client_of(world, "section_head")
    answer = client.post(
        "/rehearsals/rule/driving.overspeed",
        {"first_day": "x", "last_day": "2020-01-01", "over_s": "30"},
    )
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "日期请写成 2024-06-05。" in html
    assert ask(world, over_s="许多") == 422
    assert not Rehearsal.objects.exists()
    assert client.post("/rehearsals/rule/driving.clocks", {}).status_code == 404


def test_a_second_waits_for_the_first(world: World) -> None:
    world.vehicle()
    assert ask(world) == 302
    assert ask(world) == 409


def test_it_is_cancelled_and_begun_anew_from_its_page(world: World) -> None:
    world.vehicle()
    ask(world)
    asked, client = Rehearsal.objects.get(), client_of(world, "section_head")
    client.post(f"/rehearsals/{asked.pk}/cancel")
    asked.refresh_from_db()
    assert asked.status is RehearsalState.CANCELLED
    html = client.get(f"/rehearsals/{asked.pk}/").content.decode()
    assert "重新开始" in html
    client.post(f"/rehearsals/{asked.pk}/again")
    assert Rehearsal.objects.get().status is RehearsalState.QUEUED


def test_a_place_is_rehearsed_from_its_form_and_not_written(world: World, tmp_path: Path) -> None:
    vehicle = world.vehicle("湘F00001")
    write(tmp_path, drive(vehicle.pk, at(YESTERDAY, "08:00"), [50.0] * 120))
    client, day = client_of(world, "safety_clerk"), YESTERDAY.isoformat()
    typed = {
        "name": "东湖隧道", "kind": "forbidden", "role": "forbidden", "shape": "polygon",
        "coordinates": "113.09,29.43\n113.11,29.43\n113.11,29.45\n113.09,29.45",
        "datum": "wgs84", "buffer_m": "50", "consecutive": "2", "h-TOTAL_FORMS": "0",
        "h-INITIAL_FORMS": "0", "act": "rehearse", "first_day": day, "last_day": day,
    }  # fmt: skip
    wrong = client.post("/places/new", {**typed, "last_day": "2000-01-01"})
    assert wrong.status_code == 422
    assert "结束日早于开始日。" in wrong.content.decode()
    assert client.post("/places/new", typed).status_code == 302
    asked = run_it(tmp_path)
    assert asked.kind == "place"
    found = {one.rule for one in asked.findings.filter(outcome=Outcome.NEW)}
    assert found == {"fence.enter", "fence.leave", "fence.forbidden"}
    html = client.get(f"/rehearsals/{asked.pk}/").content.decode()
    assert 'class="rm-place"' in html
    assert "违规进入东湖隧道" in html
    places = client.get("/places/").content.decode()
    assert "东湖隧道" not in places


def test_what_was_rehearsed_is_gone_on_with_and_nothing_is_typed_twice(
    world: World, tmp_path: Path
) -> None:
    vehicle = world.vehicle("湘F00001")
    day = YESTERDAY.isoformat()
    ask(world, over_s="12")
    made = Rehearsal.objects.get()
    head = client_of(world, "section_head")
    assert f'href="{URL}?from={made.pk}"' in head.get(f"/rehearsals/{made.pk}/").content.decode()
    html = head.get(f"{URL}?from={made.pk}").content.decode()
    assert 'name="over_s" value="12"' in html
    assert 'name="merge_s" value="60"' in html
    assert 'value="12"' not in head.get(f"/rules/driving.night/?from={made.pk}").content.decode()

    clerk = client_of(world, "safety_clerk")
    typed = {
        "name": "东湖隧道", "kind": "forbidden", "role": "route", "shape": "corridor",
        "coordinates": "113.09,29.43\n113.11,29.43", "datum": "wgs84", "size_m": "80",
        "bound": vehicle.plate, "buffer_m": "30", "consecutive": "3", "limit_hazmat": "40",
        "valid_from": "2030-01-01", "dwell_min": "5", "law": "通告3号", "h-TOTAL_FORMS": "1",
        "h-INITIAL_FORMS": "0", "h-0-start": "07:00", "h-0-end": "09:00", "h-0-weekdays": ["1"],
        "act": "rehearse", "first_day": day, "last_day": day,
    }  # fmt: skip
    assert clerk.post("/places/new", typed).status_code == 302
    asked = Rehearsal.objects.get(kind="place")
    html = clerk.get(f"/places/new?from={asked.pk}").content.decode()
    for value in (
        'value="东湖隧道"', 'value="80.0"', 'value="30"', 'value="40.0"', 'value="2030-01-01"',
        'value="5"', 'value="通告3号"', 'value="07:00"', "113.09,29.43", vehicle.plate,
    ):  # fmt: skip
        assert value in html, value
    assert 'value="东湖隧道"' not in clerk.get("/places/new?from=999").content.decode()
