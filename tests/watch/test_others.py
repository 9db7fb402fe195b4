"""Messages between platforms that nothing acts on: kept once, shown with fields, seen by people."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hazmat.factory import World, make_world
from jiaoan.journal.models import Fact
from jiaoan.scope import Refused
from jiaoan.watch.models import PlatformMessage
from jiaoan.watch.others import actions, queries
from jiaoan.watch.others.kinds import NAMES, REASONS
from jiaoan.wire.jt809 import Edition, Message
from jiaoan.wire.jt809.catalogue import CATALOGUE
from jiaoan.wire.jt809.exchange import ExchangeReason
from jiaoan.wire.jt809.links import LoginResult
from jiaoan.worker import steps
from jiaoan.worker.models import Parked

pytestmark = pytest.mark.django_db
CODE = 43060000
STORED = datetime(2024, 4, 7, 22, 40, 6, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return make_world()


def told(world: World, **said: object) -> bytes:
    truck = world.own_truck
    body = Message.of(0x9205, ExchangeReason(2), truck.plate, 2).build(Edition.V2019)
    value: dict[str, object] = {
        "kind": "other", "id": "other-1", "why": "answered", "role": "subordinate",
        "platform": "示意市级平台", "access_code": CODE, "edition": "2019", "message": 0x9205,
        "message_id": 0x9200, "plate": truck.plate, "plate_colour": 2, "serial": 17,
        "result": None, "octets": body.hex(), "size": len(body),
        "received_at": world.clock.now().isoformat(),
    }  # fmt: skip
    return json.dumps(value | said).encode()


def take(world: World, sequence: int, **said: object) -> bool:
    return steps.handle_platform(told(world, **said), sequence, STORED, world.clock)


def test_it_is_kept_once_with_its_vehicle_and_its_fields(world: World) -> None:
    assert take(world, 1)
    assert take(world, 2)
    made = PlatformMessage.objects.get()
    assert (made.vehicle, made.sender) == (world.own_truck, "superior")
    assert made.message_word.startswith("0x9205 ")
    assert [(one.name, one.value) for one in queries.fields_of(made)] == [("reason", "2")]
    assert Fact.objects.filter(kind="watch.platform_message_kept").count() == 1


def test_what_cannot_be_read_stands_with_its_octets_alone(world: World) -> None:
    said: dict[str, object] = {
        "why": "unreadable", "detail": "bad_checksum", "message": None, "message_id": None,
        "plate": None, "plate_colour": None, "octets": "5a01", "size": 2,
    }  # fmt: skip
    assert take(world, 1, **said)
    made = PlatformMessage.objects.get()
    assert (bytes(made.octets or b""), made.message_word) == (b"\x5a\x01", "")
    assert queries.fields_of(made) == []


def test_a_body_that_follows_no_table_is_told_as_that(world: World) -> None:
    take(world, 1, octets="ff" * 30, size=30)
    names = {one.name for one in queries.fields_of(PlatformMessage.objects.get())}
    assert "error" in names


def test_one_that_was_cut_is_not_read_as_a_whole_one(world: World) -> None:
    take(world, 1, size=100_000)
    assert queries.fields_of(PlatformMessage.objects.get()) == []


def test_a_count_rises_in_one_row_and_never_falls(world: World) -> None:
    more: dict[str, object] = {
        "kind": "others_more", "why": "no_procedure", "run": "a1", "day": "2024-04-08",
    }  # fmt: skip
    for sequence, count in enumerate((5, 9, 7), start=1):
        assert take(world, sequence, more=count, **more)
        actions.see(world.clerk, world.clock, upto=PlatformMessage.objects.get().pk)
    made = PlatformMessage.objects.get()
    assert made.more == 9
    assert made.seen_by == world.clerk
    take(world, 4, more=10, **more)
    assert queries.unseen(world.clerk).count() == 1


def test_a_person_marks_what_was_there_and_no_more(world: World) -> None:
    for number in (1, 2, 3):
        take(world, number, id=f"other-{number}")
    first, second, third = PlatformMessage.objects.order_by("id")
    assert actions.see(world.clerk, world.clock, upto=second.pk) == 2
    assert list(queries.unseen(world.clerk)) == [third]
    assert actions.see(world.clerk, world.clock, upto=first.pk) == 0
    assert Fact.objects.filter(kind="watch.platform_messages_seen").count() == 1
    with pytest.raises(Refused):
        actions.see(world.carrier_user, world.clock, upto=third.pk)


def test_what_is_no_news_is_parked(world: World) -> None:
    for sequence, bad in enumerate((("why", "x"), ("octets", "zz"), ("size", -1)), start=1):
        assert not take(world, sequence, **dict([bad]))
    assert Parked.objects.count() == 3
    assert not PlatformMessage.objects.exists()


def test_names_are_those_of_messages_that_809_has() -> None:
    known = set(CATALOGUE[Edition.V2011]) | set(CATALOGUE[Edition.V2019])
    assert set(NAMES) <= known
    refused = {one.name.lower() for one in LoginResult} - {"ok", "busy"}
    assert refused <= set(REASONS)
