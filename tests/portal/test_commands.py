"""Texts to a driver from the desk, the map and the terminal's own page, as people see them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from command_world import (
    FILE,
    NOW,
    WORKER,
    command_of,
    file_of,
    fresh_key,
    news,
    upload_news,
    upload_of,
)
from command_world import vehicle_with_terminal as vehicle_of
from hazmat_world import alarm_of, trip_of
from jiaoan.journal.actions import Json
from jiaoan.registry.models import Terminal
from jiaoan.watch.commands import actions
from jiaoan.watch.commands.states import CommandState
from jiaoan.watch.models import Command
from jiaoan.watch.uploads.actions import take_upload
from jiaoan.watch.uploads.queries import content_of
from portal.matrix import World

pytestmark = pytest.mark.django_db
TEXT = "前方禁止危险货物车辆通行"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def clerk(world: World) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.cookies["django_language"] = "en"
    client.force_login(
        world.person("safety_clerk"), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def seen(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_sends_a_text_and_shows_what_became_of_it(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    url = reverse("vehicle_terminal", args=[vehicle.pk])
    typed = {"text": TEXT, "key": fresh_key(), "urgent": "1"}
    for _ in range(2):  # pressed twice
        answer = clerk.post(reverse("command_text", args=[vehicle.pk]), typed)
        assert (answer.status_code, answer.headers["Location"]) == (302, url)
    command = Command.objects.get()
    assert command.arguments["urgent"] is True
    assert "Being sent" in seen(clerk, url)
    actions.apply_news(WORKER, NOW, news(command, "sent"))  # type: ignore[arg-type]
    assert "has not answered yet" in seen(clerk, url)
    refused = news(command, "refused", reason="unsupported")
    actions.apply_news(WORKER, NOW, refused)  # type: ignore[arg-type]
    for page in (url, reverse("vehicle_commands", args=[vehicle.pk])):
        body = seen(clerk, page)
        assert "Refused by the terminal · the terminal says: not supported" in body
        assert TEXT in body
    assert TEXT in seen(clerk, reverse("map_vehicle", args=[vehicle.pk]))


def test_it_comes_back_to_where_it_was_pressed_and_nowhere_else(
    world: World, clerk: Client
) -> None:
    vehicle = vehicle_of(world)
    back = f"{reverse('map')}?vehicle={vehicle.pk}"
    url = reverse("command_locate", args=[vehicle.pk])
    assert clerk.post(url, {"back": back}).headers["Location"] == back
    own = reverse("vehicle_terminal", args=[vehicle.pk])
    for evil in ("https://example.org/", "//example.org/", "javascript:alert(1)"):
        assert clerk.post(url, {"back": evil}).headers["Location"] == own


def test_it_shows_what_is_wrong_beside_the_field_and_keeps_what_was_typed(
    world: World, clerk: Client
) -> None:
    vehicle = vehicle_of(world)
    answer = clerk.post(reverse("command_text", args=[vehicle.pk]), {"text": "请看𠮷"})
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "Terminals know no 𠮷 (GBK)" in body
    assert 'value="请看𠮷"' in body
    answer = clerk.post(
        reverse("command_set", args=[vehicle.pk]), {"p85": "500", "p41": "", "p9999": "1"}
    )
    assert answer.status_code == 422
    assert "A whole number from 20 to 120." in answer.content.decode()
    assert not Command.objects.exists()


def test_it_says_that_a_vehicle_has_no_terminal(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    Terminal.objects.all().delete()
    answer = clerk.post(reverse("command_text", args=[vehicle.pk]), {"text": TEXT})
    assert answer.status_code == 409
    assert "telephone the carrier instead" in answer.content.decode()


def test_it_shows_what_the_terminal_told_of_its_parameters(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    url = reverse("vehicle_terminal", args=[vehicle.pk])
    assert "Never read" in seen(clerk, url)
    clerk.post(reverse("command_read", args=[vehicle.pk]))
    told = {
        "parameters": {
            "85": {"value": 80, "hex": "00000050"},
            "61440": {"value": None, "hex": "abcd"},
        }
    }
    answered = news(Command.objects.get(), "answered", result=told)
    actions.apply_news(WORKER, NOW, answered)  # type: ignore[arg-type]
    body = seen(clerk, url)
    assert 'Highest speed</td><td class="r ja-num">80 km/h' in body
    assert '0xF000</td><td class="r ja-num">abcd' in body
    assert 'placeholder="80"' in body


def test_it_sends_a_text_from_the_alarm_desk_as_a_disposition(world: World, clerk: Client) -> None:
    alarm = alarm_of(world)
    Terminal.objects.create(phone="13900000077", auth_code="code", vehicle=alarm.vehicle)
    typed = {"kind": "text", "note": TEXT, "key": fresh_key(), "then": "stay"}
    for _ in range(2):
        answer = clerk.post(reverse("alarm_dispose", args=[alarm.pk]), typed)
        assert answer.status_code == 302
    command = Command.objects.get()
    assert (command.alarm, command.terminal) == (alarm, "13900000077")
    assert command.status is CommandState.QUEUED
    body = seen(clerk, reverse("alarm", args=[alarm.pk]))
    assert "Text sent to the terminal" in body
    assert "Being sent" in body
    assert alarm.dispositions.count() == 1


def test_it_does_not_offer_the_form_to_those_who_only_look(world: World) -> None:
    vehicle = command_of(world).vehicle
    firm = Client()
    firm.force_login(
        world.person("enterprise"), backend="django.contrib.auth.backends.ModelBackend"
    )
    for name in ("vehicle_terminal", "map_vehicle"):
        body = seen(firm, reverse(name, args=[vehicle.pk]))
        assert reverse("command_text", args=[vehicle.pk]) not in body
        assert reverse("command_set", args=[vehicle.pk]) not in body


def test_it_gives_out_a_file_as_it_came_and_never_opens_it(world: World, clerk: Client) -> None:
    found = file_of(world)
    answer = clerk.get(reverse("terminal_file", args=[found.pk]))
    assert (answer.status_code, answer.content) == (200, FILE)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{found.name}"'
    assert found.name in seen(clerk, reverse("vehicle_terminal", args=[found.command.vehicle_id]))


def test_it_takes_pictures_and_shows_them_with_the_command(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    url = reverse("vehicle_terminal", args=[vehicle.pk])
    order = reverse("command_photo", args=[vehicle.pk])
    typed = {"channel": "2", "count": "1", "key": fresh_key()}
    wrong = clerk.post(order, typed | {"channel": "200"})
    assert wrong.status_code == 422
    assert "A whole number from 1 to 127." in wrong.content.decode()
    assert clerk.post(order, typed).headers["Location"] == url
    command = Command.objects.get()
    actions.apply_news(WORKER, NOW, news(command, "sent"))  # type: ignore[arg-type]
    said = news(command, "answered", result={"media_ids": [7]})
    actions.apply_news(WORKER, NOW, said)  # type: ignore[arg-type]
    assert "still on their way" in seen(clerk, url)
    media = {"id": 7, "type": 0, "format": 0, "event": 0, "channel": 2}
    made = upload_of(world, b"\xff\xd8\xff the cab", message=0x0801, media=media)
    source = f'<img src="{reverse("terminal_upload", args=[made.pk])}"'
    for page in (url, reverse("vehicle_commands", args=[vehicle.pk])):
        body = seen(clerk, page)
        assert source in body
        assert "still on their way" not in body
    assert "ordered from here" in seen(clerk, url)
    shown = clerk.get(reverse("terminal_upload", args=[made.pk]))
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.content == b"\xff\xd8\xff the cab"


def test_it_shows_no_picture_that_is_none(world: World, clerk: Client) -> None:
    """What a terminal calls a JPEG may be anything: a browser must not run it."""
    media = {"id": 7, "type": 0, "format": 0, "event": 0, "channel": 2}
    made = upload_of(world, b"<script>alert(1)</script>", message=0x0801, media=media)
    answer = clerk.get(reverse("terminal_upload", args=[made.pk]))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_it_says_that_a_picture_is_lost_where_the_store_lost_it(
    world: World, clerk: Client
) -> None:
    said = upload_news(vehicle_of(world)) | {"octets": None, "sha256": "ab" * 32}
    made = take_upload(WORKER, NOW, said)  # type: ignore[arg-type]
    assert made is not None
    assert clerk.get(reverse("terminal_upload", args=[made.pk])).status_code == 404


def test_it_shows_the_waybill_of_the_terminal_with_the_stay(world: World, clerk: Client) -> None:
    trip = trip_of(world)
    stay = reverse("trip", args=[trip.pk])
    assert "From the terminal" not in seen(clerk, stay)
    text = "运单 00042 <汽油>".encode("gbk")
    said = upload_news(trip.vehicle, text, received_at=trip.entered_at.isoformat())
    take_upload(WORKER, NOW, said)  # type: ignore[arg-type]
    body = seen(clerk, stay)
    assert "From the terminal" in body
    assert "运单 00042 &lt;汽油&gt;" in body


def test_it_lists_all_that_came_from_the_terminal(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    url = reverse("vehicle_uploads", args=[vehicle.pk])
    assert "Nothing from the terminal yet" in seen(clerk, url)
    media = {"id": 7, "type": 0, "format": 0, "event": 3, "channel": 2}
    shot = upload_of(world, b"\xff\xd8\xff the cab", message=0x0801, media=media)
    passed = upload_of(world, b"\x41" + "温度 12".encode("gbk"), message=0x0900, edition="2013")
    page = seen(clerk, url)
    assert f'<img src="{reverse("terminal_upload", args=[shot.pk])}"' in page
    for words in ("collision or rollover", "serial port 1", "温度 12", "0x0900"):
        assert words in page
    only = seen(clerk, f"{url}?kind=passthrough")
    assert "温度 12" in only
    assert "collision or rollover" not in only
    # Octets are handed out as they came, a picture too.
    for one in (shot, passed):
        answer = clerk.get(f"{reverse('terminal_upload', args=[one.pk])}?octets")
        assert answer.content == content_of(one)
        assert answer.headers["Content-Disposition"].startswith("attachment")
    assert url in seen(clerk, reverse("vehicle_terminal", args=[vehicle.pk]))


def test_it_shows_unknown_messages_and_how_many_were_not_kept(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    url = reverse("vehicle_uploads", args=[vehicle.pk])
    one = upload_of(world, b"\x12\x34", message=0x0F01, unknown=True)
    more: dict[str, Json] = {
        "terminal": one.terminal, "vehicle": vehicle.pk, "run": "a1", "day": "2024-04-08",
        "received_at": NOW.now().isoformat(), "more": 317,
    }  # fmt: skip
    counted = take_upload(WORKER, NOW, more)
    page = seen(clerk, f"{url}?kind=unknown")
    for words in ("Unknown message", "0x0F01", "12 34", "317", "counted, not kept"):
        assert words in page
    assert clerk.get(reverse("terminal_upload", args=[one.pk])).content == b"\x12\x34"
    assert clerk.get(reverse("terminal_upload", args=[counted.pk])).status_code == 404


def test_it_searches_the_memory_of_a_terminal_and_fetches_a_find(
    world: World, clerk: Client
) -> None:
    vehicle = vehicle_of(world)
    page = reverse("vehicle_terminal", args=[vehicle.pk])
    order = reverse("command_stored", args=[vehicle.pk])
    wrong = clerk.post(order, {"type": "0", "camera": "200", "event": "1", "key": fresh_key()})
    assert wrong.status_code == 422
    assert "from 0 to 127" in wrong.content.decode()
    clerk.post(order, {"type": "0", "camera": "0", "event": "1", "key": fresh_key()})
    command = Command.objects.get()
    found = [{"id": 41, "type": 0, "channel": 2, "event": 1, "at": None, "place": None}]
    told = {"found": 600, "media": found}
    for state, result in (("sent", None), ("answered", told)):
        actions.apply_news(WORKER, NOW, news(command, state, result=result))  # type: ignore[arg-type]
    body = seen(clerk, page)
    assert "600 media in its memory, the first 1 are shown" in body
    assert 'name="medium" value="41"' in body
    fetch = reverse("command_medium", args=[vehicle.pk])
    assert clerk.post(fetch, {"medium": "41", "key": fresh_key()}).status_code == 302
    assert Command.objects.latest("id").arguments == {"medium": 41}
    clerk.post(order, {"type": "0", "event": "1", "fetch": "1", "key": fresh_key()})
    assert Command.objects.latest("id").kind == "fetch_media"
