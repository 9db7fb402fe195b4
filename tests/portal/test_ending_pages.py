"""What ended with its place says so wherever it is shown; so does the stay of a hazmat vehicle."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from hazmat.factory import SYSTEM, finding, finding_json
from hazmat_world import NOW
from jiaoan.hazmat import actions as hazmat
from jiaoan.hazmat.models import Trip
from jiaoan.kernel.clock import FixedClock, local
from jiaoan.registry.actions import add_place
from jiaoan.registry.models import Place
from jiaoan.watch.findings import actions, messages
from jiaoan.watch.models import Finding
from portal.matrix import World
from portal.test_finding_pages import cells, client_of, seen

pytestmark = pytest.mark.django_db
GROUND = {"type": "Polygon", "coordinates": [[[113, 29], [114, 29], [114, 30], [113, 29]]]}
ENGLISH = "because the last day of the place was over; nothing is judged of it since."


def expired(kind: str) -> Place:
    """A place whose last day was yesterday."""
    return add_place(
        SYSTEM, FixedClock(NOW.now() - timedelta(days=3)), name="松林隧道", kind=kind,
        geometry=GROUND, valid_to=NOW.today() - timedelta(days=1),
    )  # fmt: skip


def strip_of(page: str) -> list[str]:
    steps = page[page.index("data-strip") :].split("</ol>")[0].split("</li>")[:-1]
    return [re.sub("<[^>]*>", " ", step.partition(">")[2]).strip() for step in steps]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def over(world: World) -> Finding:
    """Entered a forbidden zone the day before yesterday; the zone expired."""
    place = expired("forbidden")
    said = json.loads(
        finding_json(
            world.vehicle(), rule="fence.forbidden", at=NOW.now() - timedelta(days=2),
            place_name=place.name, place_kind="forbidden",
        )
    )  # fmt: skip
    told = messages.told(said | {"place_id": place.pk})
    actions.take(SYSTEM, NOW, told)
    actions.end_with_places(SYSTEM, NOW)
    return Finding.objects.get()


def test_pages_of_a_finding_say_that_it_is_over_with_its_place(world: World, over: Finding) -> None:
    assert over.alarm is not None
    pages = [reverse("alarm", args=[over.alarm.pk]), reverse("finding", args=[over.pk])]
    for url in pages:
        english = seen(client_of(world), url)
        assert ENGLISH in english
        assert "place expired" in english
        assert "still lasts" not in english
        chinese = seen(client_of(world, "zh-hans"), url)
        assert "因围栏到期，于" in chinese
        assert "结束，此后不再研判。" in chinese
        assert "仍在持续" not in chinese
    desk = seen(client_of(world, "zh-hans"), pages[0])
    assert "因围栏到期而结束" in desk
    assert "因围栏停用、到期或变更，情形结束" in desk
    assert "待处置" in desk or "待响应" in desk, "the alarm waits for a person"


def test_the_export_of_findings_says_why_it_is_over(world: World, over: Finding) -> None:
    day = local(over.happened_at).date().isoformat()
    answer = client_of(world, "zh-hans").get(
        reverse("findings_export", args=["xlsx"]) + f"?first={day}&last={day}"
    )
    assert any("因围栏到期，于" in cell for cell in cells(answer.content))


def test_a_stay_that_ended_with_its_line_says_that_no_exit_was_seen(world: World) -> None:
    place = expired("district")
    vehicle = world.vehicle("鄂B9K307")
    said = finding(vehicle, at=NOW.now() - timedelta(days=2), place_name=place.name)
    hazmat.handle_finding(SYSTEM, NOW, replace(said, place_id=place.pk))
    trip = Trip.objects.get()
    url = reverse("trip", args=[trip.pk])
    assert strip_of(seen(client_of(world), url))[-1].endswith("Left"), "it is waited for"
    hazmat.end_with_places(SYSTEM, NOW)
    chinese = seen(client_of(world, "zh-hans"), url)
    assert [step for step in strip_of(chinese) if step.endswith("未见出区")]
    assert "区界围栏停用、到期或变更，未见出区" in chinese
    english = strip_of(seen(client_of(world), url))
    assert [step for step in english if step.endswith("Exit not seen")]
    assert not [step for step in english if step.endswith("Left")], "no exit is waited for"
    sheet = client_of(world).get(reverse("trip_sheet", args=[trip.pk, "xlsx"]))
    text = cells(sheet.content)
    assert any("在区：未见驶出" in cell for cell in text)
    assert any("区界围栏到期" in cell for cell in text)
