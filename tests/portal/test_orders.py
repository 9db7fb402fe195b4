"""Tracking a vehicle, and giving its terminal areas, from the terminal's page as people see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from command_world import NOW, WORKER, fresh_key, news
from command_world import vehicle_with_terminal as vehicle_of
from gateway.helpers import NEWER, MemoryBus, known, rig, run, until
from gateway.test_orders import Driven, patient
from jiaoan.journal.models import Outgoing
from jiaoan.kernel.clock import local
from jiaoan.registry.models import Place, PlaceKind, PlaceRole, Terminal
from jiaoan.watch.commands import actions
from jiaoan.watch.models import Command
from portal.matrix import World
from portal.test_commands import clerk, seen, world

__all__ = ["clerk", "world"]
pytestmark = pytest.mark.django_db


def tell(command: Command, state: str, **changes: object) -> None:
    actions.apply_news(WORKER, NOW, news(command, state, **changes))  # type: ignore[arg-type]
    command.refresh_from_db()


def test_it_tracks_shows_until_when_and_stops(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    page = reverse("vehicle_terminal", args=[vehicle.pk])
    typed = {"interval": "5", "minutes": "10", "key": fresh_key()}
    for _ in range(2):  # pressed twice
        answer = clerk.post(reverse("command_track", args=[vehicle.pk]), typed)
        assert answer.headers["Location"] == page
    command = Command.objects.get()
    body = seen(clerk, page)
    assert "every 5 s for 10 min" in body
    assert "Tracking asked for, not confirmed" in body
    tell(command, "answered")
    assert command.tracked_until is not None
    until = f"every 5 s until {local(command.tracked_until):%H:%M}"
    for name in ("vehicle_terminal", "vehicle_commands", "map_vehicle"):
        body = seen(clerk, reverse(name, args=[vehicle.pk]))
        assert until in body
        assert reverse("command_untrack", args=[vehicle.pk]) in body
    clerk.post(reverse("command_untrack", args=[vehicle.pk]), {"key": fresh_key()})
    tell(Command.objects.latest("id"), "answered")
    body = seen(clerk, page)
    assert until not in body
    assert "End of temporary tracking" in body


def test_it_says_beside_the_field_what_no_tracking_is(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    typed = {"interval": "1", "minutes": "240"}
    answer = clerk.post(reverse("command_track", args=[vehicle.pk]), typed)
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "That is more than 3600 reports" in body
    assert 'name="minutes" type="number" min="1" max="240" required value="240"' in body
    assert not Command.objects.exists()


TRIANGLE = [[113.2, 29.4], [113.3, 29.4], [113.3, 29.5], [113.2, 29.4]]


def place(name: str, *rings: object, **changes: object) -> Place:
    values: dict[str, object] = {"kind": PlaceKind.FORBIDDEN, "role": PlaceRole.FORBIDDEN}
    values["geometry"] = {"type": "Polygon", "coordinates": list(rings)}
    return Place.objects.create(name=name, **(values | changes))


def test_it_gives_the_terminal_a_place_and_takes_it_away(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    page = reverse("vehicle_terminal", args=[vehicle.pk])
    hours = [{"from": "07:00", "to": "09:00"}]
    one = place("东湖隧道", TRIANGLE, hours=hours, limits_kmh={"": 60})
    place("有洞的区域", TRIANGLE, TRIANGLE)
    body = seen(clerk, page)
    assert "It was given no area from here." in body
    assert "东湖隧道 · Polygon, every day 07:00–09:00, 60 km/h" in body
    assert "1 place cannot be sent to it" in body
    assert "It has holes or several parts" in body
    typed = {"place": str(one.pk), "alarm": "", "to_driver": "1", "night": "70"}
    wrong = clerk.post(reverse("command_area", args=[vehicle.pk]), typed)
    assert wrong.status_code == 422
    assert "A whole number from 1 to 60." in wrong.content.decode()
    typed |= {"night": "48", "key": fresh_key()}
    assert clerk.post(reverse("command_area", args=[vehicle.pk]), typed).status_code == 302
    command = Command.objects.get()
    assert command.arguments["alarms"] == ["enter"], "as is usual for a ban"
    assert command.arguments["to_driver"] is True
    assert "Area sent to the terminal</b> “东湖隧道”" in seen(clerk, page)
    tell(command, "answered")
    assert command.ended_at is not None
    for name in ("vehicle_terminal", "vehicle_areas"):
        body = seen(clerk, reverse(name, args=[vehicle.pk]))
        assert "that it holds it" in body
        assert f"{local(command.ended_at):%H:%M}" in body
        assert "alarm on entering, every day 07:00–09:00, 60 km/h, at night 48" in body
    Place.objects.filter(pk=one.pk).update(version=2)
    assert "The place was changed since: send it again." in seen(clerk, page)
    away = {"shape": "polygon", "number": str(one.pk), "key": fresh_key()}
    clerk.post(reverse("command_area_delete", args=[vehicle.pk]), away)
    deletion = Command.objects.latest("id")
    assert "Area taken away from the terminal · Being sent" in seen(clerk, page)
    tell(deletion, "answered")
    assert "It was given no area from here." in seen(clerk, page)


def test_it_shows_what_the_terminal_says_it_holds(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    page = reverse("vehicle_terminal", args=[vehicle.pk])
    assert "does not say which version" in seen(clerk, page)
    ask = reverse("command_areas_ask", args=[vehicle.pk])
    for shape in ("circle", "polygon"):
        assert clerk.post(ask, {"shape": shape, "key": fresh_key()}).status_code == 302
    circles, polygons = Command.objects.order_by("id")
    area = {
        "id": 99,
        "name": "他方围栏",
        "points": 1,
        "size_m": 500,
        "period": ["240401000000", "240501235959"],
        "limit_kmh": 60,
        "night_kmh": 60,
    }
    tell(circles, "answered", result={"shape": "circle", "count": 1, "areas": [area]})
    unreadable = {"shape": "polygon", "count": 2, "unreadable": "cut", "hex": "1234"}
    tell(polygons, "answered", result=unreadable)
    body = seen(clerk, page)
    for words in (
        "他方围栏</b> 1 point, 500 m, 2024-04-01 00:00–2024-05-01 23:59, 60 km/h",
        "not sent from here",
        "cannot be read",
        "<code>1234</code>",
    ):
        assert words in body
    Terminal.objects.update(protocol="2013")
    body = seen(clerk, page)
    assert "by the register this one speaks 808-2013" in body
    assert ask not in body
    assert clerk.post(ask, {"shape": "circle"}).status_code == 409


def test_it_offers_no_areas_to_those_who_only_look(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    one = place("东湖隧道", TRIANGLE)
    typed = {"place": str(one.pk), "key": fresh_key()}
    clerk.post(reverse("command_area", args=[vehicle.pk]), typed)
    tell(Command.objects.get(), "answered")
    firm = Client()
    firm.force_login(
        world.person("enterprise"), backend="django.contrib.auth.backends.ModelBackend"
    )
    for name in ("vehicle_terminal", "vehicle_areas"):
        body = seen(firm, reverse(name, args=[vehicle.pk]))
        assert "东湖隧道" in body
        for form in ("command_area", "command_area_delete", "command_areas_ask", "command_track"):
            assert f'action="{reverse(form, args=[vehicle.pk])}"' not in body


def test_a_vehicle_without_terminal_has_no_areas(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    Terminal.objects.all().delete()
    assert clerk.get(reverse("vehicle_areas", args=[vehicle.pk])).status_code == 404
    assert "Areas in the terminal" not in seen(
        clerk, reverse("vehicle_terminal", args=[vehicle.pk])
    )


def carry_down(folder: Path, cab: Driven) -> None:
    """What the page asked for goes through a gateway to a terminal that does it, and its news
    come back."""
    letters = list(Outgoing.objects.filter(topic__startswith="down.").order_by("id"))
    Outgoing.objects.all().delete()
    told: list[bytes] = []

    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, folder, patient()) as one:
            await cab.enter(one, NEWER, "2019")
            for letter in letters:
                await bus.publish(
                    letter.topic, json.dumps(letter.payload).encode(), message_id=f"o-{letter.pk}"
                )
            subject = "findings.command"

            def news_up() -> list[bytes]:
                return [one.data for one in bus.messages if one.subject == subject]

            await until(lambda: len(news_up()) == 2 * len(letters), "all is answered")
            told.extend(news_up())

    run(main())
    for said in told:
        actions.apply_news(WORKER, NOW, json.loads(said))


@pytest.mark.socket
def test_it_goes_from_the_page_to_a_terminal_and_back(
    world: World, clerk: Client, tmp_path: Path
) -> None:
    vehicle = vehicle_of(world)
    Terminal.objects.update(phone=NEWER, protocol="2019")
    page = reverse("vehicle_terminal", args=[vehicle.pk])
    corridor = {"type": "LineString", "coordinates": TRIANGLE[:3]}
    circle = {"type": "Point", "coordinates": TRIANGLE[0]}
    places = [
        place("三角区", TRIANGLE, limits_kmh={"": 60}),
        place("专用路线", shape="corridor", size_m=40, geometry=corridor),
        place("水源地", shape="circle", size_m=800, geometry=circle),
    ]
    for one in places:
        typed = {"place": str(one.pk), "to_driver": "1", "key": fresh_key()}
        assert clerk.post(reverse("command_area", args=[vehicle.pk]), typed).status_code == 302
    tracking = {"interval": "5", "minutes": "10", "key": fresh_key()}
    clerk.post(reverse("command_track", args=[vehicle.pk]), tracking)
    cab = Driven()
    carry_down(tmp_path, cab)
    assert set(cab.areas.held) == {(3, places[0].pk), (4, places[1].pk), (1, places[2].pk)}
    assert cab.tracking is not None
    assert seen(clerk, page).count("that it holds it") == 3
    away = {"shape": "polygon", "number": str(places[0].pk), "key": fresh_key()}
    clerk.post(reverse("command_area_delete", args=[vehicle.pk]), away)
    clerk.post(reverse("command_areas_ask", args=[vehicle.pk]), {"shape": "route"})
    clerk.post(reverse("command_untrack", args=[vehicle.pk]), {"key": fresh_key()})
    carry_down(tmp_path, cab)
    assert set(cab.areas.held) == {(4, places[1].pk), (1, places[2].pk)}
    assert cab.tracking is None
    body = seen(clerk, page)
    assert body.count("that it holds it") == 2
    assert "专用路线</b> 3 points, 40 m <span" in body
    assert "Stop tracking" not in body
