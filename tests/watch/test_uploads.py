"""Waybills and media: one row each, found with the stay and with the command they belong to."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from command_world import WORKER
from hazmat.factory import World, make_world
from jiaoan.journal.actions import Json
from jiaoan.journal.models import Fact
from jiaoan.ledger.errors import FieldErrors
from jiaoan.registry.models import Terminal
from jiaoan.scope import Refused, SystemActor
from jiaoan.simulate import bodies
from jiaoan.simulate.bodies import Driver
from jiaoan.watch.commands import actions as commands
from jiaoan.watch.commands.policies import StoredMedia
from jiaoan.watch.commands.states import CommandState
from jiaoan.watch.models import Command, Upload
from jiaoan.watch.supervision.messages import Papers, PapersAsked
from jiaoan.watch.uploads import actions, queries
from jiaoan.watch.uploads.decoding import fields_of
from jiaoan.watch.uploads.kinds import UploadKind
from jiaoan.wire.jt809.exchange import (
    Driver2019,
    DriverAnswer2019,
    WaybillAnswer2019,
    WaybillText,
)
from jiaoan.wire.jt809.table import Table

pytestmark = pytest.mark.django_db
PHONE = "13900000001"
TEXT = "电子运单 00042 汽油 UN1203"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


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
    return actions.take_upload(WORKER, world.clock, said)  # type: ignore[arg-type]


def waybill(world: World, octets: bytes, **changes: object) -> Upload:
    return actions.take_upload(WORKER, world.clock, news(world, octets, **changes))  # type: ignore[arg-type]


def test_it_keeps_a_waybill_once_with_a_fact_that_proves_it(world: World) -> None:
    first = waybill(world, TEXT.encode("gbk"))
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
    assert queries.content_of(made) == octets
    assert queries.text_of(made) == text


def test_it_refuses_what_is_no_news(world: World) -> None:
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


def said(world: World, message: int, octets: bytes, edition: str = "2013") -> dict[str, str]:
    """The fields of such an upload by their labels."""
    made = waybill(world, octets, message=message, edition=edition)
    return {one.label: one.value for one in fields_of(made, queries.content_of(made))}


DRIVER = Driver("张三", "430602198001010011", "岳阳", "20301231", "430602198001010011")
WHEN = datetime(2024, 4, 7, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize("edition", ["2011", "2013", "2019"])
def test_it_reads_a_driver_card_and_hides_the_middle_of_its_numbers(
    world: World, edition: str
) -> None:
    found = said(world, 0x0702, bodies.driver(edition, DRIVER, WHEN), edition)
    assert found["Driver"] == "张三"
    assert found["Certificate of qualification"] == "430602********0011"
    assert found.get("Identity card", "") == ("" if edition == "2013" else "430602********0011")
    if edition != "2011":
        assert (found["Card"], found["Valid until"]) == ("Card put in", "2030-12-31")


def test_it_reads_what_is_carried_through(world: World) -> None:
    can = b"\0\1" + bytes.fromhex("2240000123") + bytes.fromhex("58fef1fe0102030405060708")
    assert said(world, 0x0705, can)["0x18FEF1FE"] == "01 02 03 04 05 06 07 08"
    assert said(world, 0x0705, can)["First frame at"] == "22:40:00.0123"
    assert said(world, 0x0900, b"\x41\x01\xff") == {"Of": "serial port 1", "Octets": "01 ff"}
    assert said(world, 0x0900, b"\xf0" + "正常".encode("gbk"))["Of"] == "0xF0"
    packed = gzip.compress("载重 12 吨".encode("gbk"))
    found = said(world, 0x0901, len(packed).to_bytes(4, "big") + packed)
    assert found["Content"] == "载重 12 吨"
    assert said(world, 0x0F01, b"\1\2") == {"Octets": "01 02"}
    notice = {"id": 9, "type": 0, "format": 0, "event": 3, "channel": 2}
    made = waybill(world, b"\0" * 8, message=0x0800, media=notice)
    assert "collision or rollover" in [one.value for one in fields_of(made, b"")]
    assert not made.is_picture


@pytest.mark.parametrize("message", [0x0702, 0x0705, 0x0900, 0x0901])
def test_it_shows_the_octets_of_what_cannot_be_read(world: World, message: int) -> None:
    found = said(world, message, b"" if message == 0x0900 else b"\1\2")
    assert "cannot be read" in found[""]


def test_it_keeps_evidence_for_ever_and_telemetry_for_some_weeks(world: World) -> None:
    kept = [waybill(world, TEXT.encode()), picture(world, 4)]
    waybill(world, b"\x41\1", message=0x0900)
    newer = waybill(world, b"\x41\1", message=0x0F01)
    assert (kept[0].fact, newer.fact) != (None, None)
    assert newer.fact is None
    Upload.objects.filter(pk=newer.pk).update(received_at=newer.received_at + timedelta(days=2))
    world.clock.advance(timedelta(days=31))
    assert actions.forget_telemetry(WORKER, world.clock) == 1
    assert actions.forget_telemetry(WORKER, world.clock) == 0
    assert set(Upload.objects.all()) == {*kept, newer}
    with pytest.raises(Refused):
        actions.forget_telemetry(SystemActor("nobody", frozenset()), world.clock)


def test_it_lists_what_a_vehicle_sent_by_kind(world: World) -> None:
    mine = [waybill(world, TEXT.encode()), waybill(world, b"\x41\1", message=0x0900)]
    assert set(queries.of_vehicle(world.clerk, world.tanker)) == set(mine)
    assert list(queries.of_vehicle(world.clerk, world.tanker, UploadKind.WAYBILL)) == mine[:1]
    assert queries.kinds_of(world.clerk, world.tanker) == {
        UploadKind.WAYBILL: 1,
        UploadKind.PASSTHROUGH: 1,
    }
    assert not queries.of_vehicle(world.clerk, world.own_truck)


def fetched(world: World, command: Command) -> Command:
    Command.objects.filter(pk=command.pk).update(sent_at=world.clock.now())
    command.refresh_from_db()
    return command


def test_it_finds_the_stored_media_that_were_fetched(world: World) -> None:
    single = fetched(
        world, commands.fetch_medium(world.clerk, world.clock, world.tanker, medium="7")
    )
    wanted = StoredMedia("0", "2", "1")
    several = fetched(
        world, commands.fetch_media(world.clerk, world.clock, world.tanker, wanted=wanted)
    )
    mine = picture(world, 7, channel=1, event=3)
    timed = picture(world, 8, channel=2, event=1)
    picture(world, 9, channel=3, event=1)
    assert queries.pictures_of(world.clerk, single) == [mine]
    assert queries.pictures_of(world.clerk, several) == [timed]


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        (StoredMedia("7", "128", "x"), {"type", "camera", "event"}),
        (StoredMedia(start="2024-04-08T06:00"), {"start"}),
        (StoredMedia(start="2024-04-08T06:00", end="2024-04-08T05:00"), {"start"}),
        (StoredMedia(start="2124-04-08T06:00", end="2124-04-08T07:00"), {"start"}),
    ],
)
def test_it_names_what_is_wrong_with_a_search(
    world: World, wanted: StoredMedia, fields: set[str]
) -> None:
    with pytest.raises(FieldErrors) as wrong:
        commands.search_media(world.clerk, world.clock, world.tanker, wanted=wanted)
    assert set(wrong.value.errors) == fields
    with pytest.raises(FieldErrors):
        commands.fetch_medium(world.clerk, world.clock, world.tanker, medium="4294967296")
    assert not Command.objects.exists()


def test_it_asks_for_each_medium_of_one_page(world: World) -> None:
    """All buttons of a page share a key."""
    key = "0" * 32
    for medium in ("7", "8", "7"):
        commands.fetch_medium(world.clerk, world.clock, world.tanker, medium=medium, key=key)
    assert Command.objects.count() == 2


def test_unknown_messages_are_kept_raw_and_the_rest_is_a_number(world: World) -> None:
    said = news(world, b"\x01\x02", message=0x0F01, unknown=True)
    made = actions.take_upload(WORKER, world.clock, said)  # type: ignore[arg-type]
    assert actions.take_upload(WORKER, world.clock, said) == made  # type: ignore[arg-type]
    assert (made.kind, made.message_word, made.fact) == (UploadKind.UNKNOWN, "0x0F01", None)
    assert [one.value for one in fields_of(made, b"\x01\x02")] == ["01 02"]
    count: dict[str, Json] = {
        "terminal": "13900000001", "vehicle": world.own_truck.pk, "run": "a1", "day": "2024-04-08",
        "received_at": WHEN.isoformat(), "more": 3,
    }  # fmt: skip
    for more, wanted in ((3, 3), (9, 9), (3, 9)):  # news that come late change nothing
        row = actions.take_upload(WORKER, world.clock, {**count, "more": more})
        assert row.more == wanted
    assert [one.value for one in fields_of(row, None)] == ["9"]
    other = actions.take_upload(WORKER, world.clock, {**count, "run": "b2"})
    assert (other.pk != row.pk, Upload.objects.count()) == (True, 3)
    with pytest.raises(ValueError, match="run"):
        actions.take_upload(WORKER, world.clock, {"more": 1, "terminal": "1"})
    with pytest.raises(LookupError):
        actions.take_upload(WORKER, world.clock, {**count, "run": "c", "vehicle": 0})
    world.clock.advance(timedelta(days=31))
    assert actions.forget_telemetry(WORKER, world.clock) == 3


def papers(world: World, message: int, content: Table, edition: str) -> Upload:
    said = Papers(
        "示意运输平台", 70000001, message, edition, content.build(), world.own_truck.plate,
        world.own_truck.plate_colour, 9, None, world.clock.now(),
    )  # fmt: skip
    return actions.take_papers(WORKER, world.clock, said)


def test_it_keeps_driver_and_waybill_that_a_platform_tells(world: World) -> None:
    driver = Driver2019("张三", "430602198001010011", "430602198001010011", "岳阳", WHEN)
    made = papers(world, 0x120C, driver, "2019")
    assert papers(world, 0x120C, driver, "2019") == made
    assert (made.vehicle, made.platform, made.terminal) == (world.own_truck, "示意运输平台", "")
    assert made.fact is not None
    found = {one.label: one.value for one in fields_of(made, queries.content_of(made))}
    assert (found["Driver"], found["Valid until"]) == ("张三", "2024-04-08")
    assert found["Identity card"] == "430602********0011"
    for message, content, edition in (
        (0x120D, WaybillText("汽油 UN1203"), "2011"),
        (0x120B, WaybillAnswer2019(0x920B, 4, "汽油 UN1203"), "2019"),
    ):
        bill = papers(world, message, content, edition)
        assert (bill.kind, queries.text_of(bill)) == (UploadKind.WAYBILL, "汽油 UN1203")
    answer = DriverAnswer2019(0x920A, 3, "李四", "", "C1", "岳阳", None)
    assert "李四" in [one.value for one in fields_of(*_read(papers(world, 0x120A, answer, "2019")))]
    lost = Papers("示意", 1, 0x120D, "2011", b"", "沪A00000", 2, 9, None, world.clock.now())
    with pytest.raises(LookupError):
        actions.take_papers(WORKER, world.clock, lost)


def _read(made: Upload) -> tuple[Upload, bytes | None]:
    return made, queries.content_of(made)


def asked(world: World, message: int, plate: str = "") -> dict[str, object]:
    said = PapersAsked("示意市级平台", 43060000, message, plate or world.tanker.plate, 2, 17)
    return dict(actions.tell_papers(WORKER, world.clock, said))


def test_a_superior_that_asks_is_told_what_the_terminals_said_last(world: World) -> None:
    nothing = asked(world, 0x920A)
    assert (nothing["kind"], nothing["name"], nothing["valid_until"]) == ("driver_told", "", None)
    assert asked(world, 0x920B)["text"] == ""
    driver = Driver("张三", "430602198001010011", "岳阳", "20991231")
    for serial, version in enumerate(("2011", "2013", "2019")):
        octets = bodies.driver(version, driver, WHEN)
        card = news(world, octets, message=0x0702, serial=serial, edition=version)
        actions.take_upload(WORKER, world.clock, card)  # type: ignore[arg-type]
        said = asked(world, 0x920A)
        assert (said["name"], said["issuer"], said["serial"]) == ("张三", "岳阳", 17)
        until = None if version == "2011" else "2099-12-30T16:00:00+00:00"
        assert said["valid_until"] == until
    out = news(world, b"\x02" + bytes.fromhex("240408060000"), message=0x0702, edition="2013")
    actions.take_upload(WORKER, world.clock, out)  # type: ignore[arg-type]
    assert asked(world, 0x920A)["name"] == ""  # the card was taken out
    waybill(world, TEXT.encode("gbk"))
    assert asked(world, 0x920B)["text"] == TEXT
    assert Fact.objects.filter(kind="watch.papers_told").count() == 7
    with pytest.raises(LookupError):
        asked(world, 0x920A, "沪A00000")
