"""Waybills and media: one row each, found with the stay and with the command they belong to."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from command_world import WORKER
from hazmat.factory import World, make_world
from jiaoan.journal.models import Fact
from jiaoan.ledger.errors import FieldErrors
from jiaoan.registry.models import Terminal
from jiaoan.scope import Refused, SystemActor
from jiaoan.watch.commands import actions as commands
from jiaoan.watch.commands.states import CommandState
from jiaoan.watch.models import Command, Upload
from jiaoan.watch.uploads import actions, queries
from jiaoan.watch.uploads.kinds import UploadKind

pytestmark = pytest.mark.django_db
PHONE = "13900000001"
TEXT = "电子运单 00042 汽油 UN1203"


@pytest.fixture
def world() -> World:
    made = make_world()
    Terminal.objects.create(phone=PHONE, auth_code="code", vehicle=made.tanker)
    return made


def news(world: World, octets: bytes, **changes: object) -> dict[str, object]:
    """What the gateway tells."""
    return {
        "message": 0x0701,
        "terminal": PHONE,
        "vehicle": world.tanker.pk,
        "serial": 5,
        "received_at": world.clock.now().isoformat(),
        "happened_at": None,
        "size": len(octets),
        "sha256": hashlib.sha256(octets).hexdigest(),
        "octets": octets.hex(),
        "media": None,
        **changes,
    }


def picture(world: World, number: int, channel: int = 2, event: int = 0) -> Upload:
    media = {"id": number, "type": 0, "format": 0, "event": event, "channel": channel}
    octets = b"\xff\xd8\xff" + world.clock.now().isoformat().encode()
    said = news(world, octets, message=0x0801, media=media, serial=number)
    made = actions.take_upload(WORKER, world.clock, said)  # type: ignore[arg-type]
    assert made is not None
    return made


def waybill(world: World, octets: bytes, **changes: object) -> Upload | None:
    return actions.take_upload(WORKER, world.clock, news(world, octets, **changes))  # type: ignore[arg-type]


def test_it_keeps_a_waybill_once_with_a_fact_that_proves_it(world: World) -> None:
    first = waybill(world, TEXT.encode("gbk"))
    assert first is not None
    assert waybill(world, TEXT.encode("gbk")) == first
    assert (first.kind, queries.text_of(first)) == (UploadKind.WAYBILL, TEXT)
    (fact,) = Fact.objects.filter(kind="watch.upload_received")
    assert fact.payload["sha256"] == first.sha256
    assert TEXT not in str(fact.payload)
    world.clock.advance(timedelta(days=1))  # serials begin anew
    assert waybill(world, TEXT.encode("gbk")) != first


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (TEXT.encode("utf-8"), TEXT),
        (TEXT.encode("gbk") + b"\0", TEXT),
        (b"\x00\x01\x02\xff", None),
        (b"\x1f\x8b\x08\x00", None),
        (b"", ""),
    ],
)
def test_it_reads_a_waybill_where_it_is_a_text(
    world: World, octets: bytes, text: str | None
) -> None:
    made = waybill(world, octets)
    assert made is not None
    assert queries.content_of(made) == octets
    assert queries.text_of(made) == text


def test_it_leaves_what_nobody_reads_and_refuses_what_is_no_news(world: World) -> None:
    assert waybill(world, b"\xf7", message=0x0900) is None
    with pytest.raises(LookupError):
        waybill(world, b"x", vehicle=99_999)
    said = news(world, b"x")
    with pytest.raises(Refused):
        actions.take_upload(SystemActor("nobody", frozenset()), world.clock, said)  # type: ignore[arg-type]
    del said["serial"]
    with pytest.raises(ValueError, match="serial"):
        actions.take_upload(WORKER, world.clock, said)  # type: ignore[arg-type]
    assert Upload.objects.count() == 0


def test_it_finds_the_waybills_of_a_stay(world: World) -> None:
    waybill(world, b"before")
    world.clock.advance(timedelta(days=2))
    start = world.clock.now()
    made = waybill(world, b"of the stay")
    end = world.clock.now()
    world.clock.advance(timedelta(hours=1))
    waybill(world, b"after")
    assert list(queries.waybills_of(world.clerk, world.tanker, start, end)) == [made]
    assert not queries.waybills_of(world.clerk, world.own_truck, start, end)


def photo(world: World, **result: object) -> Command:
    made = commands.take_pictures(world.clerk, world.clock, world.tanker, channel="2", count="2")
    for state, said in (("sent", None), ("answered", result)):
        commands.apply_news(
            WORKER,
            world.clock,
            {
                "id": made.key,
                "state": state,
                "at": world.clock.now().isoformat(),
                "tries": 1,
                "reason": "",
                "result": said,  # type: ignore[dict-item]
            },
        )
    made.refresh_from_db()
    assert made.status is CommandState.ANSWERED
    return made


def test_it_finds_the_pictures_that_an_answer_numbers(world: World) -> None:
    picture(world, 7)  # the same number of an earlier day
    world.clock.advance(timedelta(hours=3))
    command = photo(world, media_ids=[7, 8])
    mine = [picture(world, 8), picture(world, 7)]
    picture(world, 9)
    assert set(queries.pictures_of(world.clerk, command)) == set(mine)
    world.clock.advance(timedelta(hours=3))
    picture(world, 7)
    assert set(queries.pictures_of(world.clerk, command)) == set(mine)


def test_it_finds_ordered_pictures_of_the_camera_where_no_number_is_told(world: World) -> None:
    """808-2011 answers with 0x0001."""
    command = photo(world)
    mine = picture(world, 3)
    picture(world, 4, channel=1)
    picture(world, 5, event=3)
    assert queries.pictures_of(world.clerk, command) == [mine]


def test_it_puts_the_parts_of_2011_together(world: World) -> None:
    made = []
    for part, octets in ((1, b"\xff\xd8\xff the "), (3, b"ahead"), (2, b"road ")):
        media = {
            "id": 7,
            "type": 0,
            "format": 0,
            "event": 0,
            "channel": 2,
            "part": part,
            "parts": 3,
        }
        said = news(world, octets, message=0x0801, media=media, serial=part)
        made.append(actions.take_upload(WORKER, world.clock, said))  # type: ignore[arg-type]
    assert queries.media_of(world.clerk, world.tanker, 9) == made[:1]
    assert made[0] is not None
    assert queries.content_of(made[0]) == b"\xff\xd8\xff the road ahead"


@pytest.mark.parametrize(
    ("channel", "count", "fields"),
    [("", "1", {"channel"}), ("128", "11", {"channel", "count"}), ("2", "0", {"count"})],
)
def test_it_names_what_is_wrong_with_an_order(
    world: World, channel: str, count: str, fields: set[str]
) -> None:
    with pytest.raises(FieldErrors) as wrong:
        commands.take_pictures(world.clerk, world.clock, world.tanker, channel=channel, count=count)
    assert set(wrong.value.errors) == fields
    assert not Command.objects.exists()
