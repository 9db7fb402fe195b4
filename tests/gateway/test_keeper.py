"""What terminals send besides positions: stored first, then answered."""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jiaoan.gateway.attachments import Store
from jiaoan.gateway.attachments.store import Incoming
from jiaoan.simulate import bodies, octets
from jiaoan.simulate.bodies import Driver, Picture
from jiaoan.simulate.device import Message
from jiaoan.simulate.octets import Command, Fix
from jiaoan.simulate.terminal import NotAnswered, Terminal
from jiaoan.stores.bus import Message as Stored
from jiaoan.stores.positions import unpack, unpack_cards

from .helpers import (
    FULL,
    MOMENT,
    NEWER,
    PHONE,
    MemoryBus,
    known,
    put,
    quick,
    rig,
    run,
    terminal_value,
    until,
)
from .test_commands import Cab, beat, command, fast, news, states

pytestmark = pytest.mark.socket
HERE = (29.48, 113.27)
DRIVER = Driver("张三", "430602198001010011", "岳阳", "20991231")
JPEG = b"\xff\xd8 the road ahead \xff\xd9" * 100
NOTE = bodies.waybill("电子运单 00042 汽油 UN1203".encode("gbk"))


def uploads(messages: Sequence[Stored]) -> list[dict[str, Any]]:
    return [json.loads(one.data) for one in messages if one.subject == "findings.upload"]


def answered(terminal: Terminal) -> list[tuple[int, bytes]]:
    """What came down besides 0x8001."""
    return [(one.message_id, one.body) for one in terminal.commands]


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2011"), (PHONE, "2013"), (NEWER, "2019")])
def test_it_puts_a_driver_card_between_the_positions(
    tmp_path: Path, phone: str, version: str
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        # Long enough that all three travel in one block.
        async with rig(bus, tmp_path, quick(batch_wait_s=0.2)) as one:
            terminal = await one.live(phone, version)
            body = bodies.driver(version, DRIVER, MOMENT)
            at = [terminal.frame(octets.LOCATION, octets.location(Fix(*HERE, 30, 0, MOMENT)))]
            at += [terminal.frame(bodies.DRIVER, body)]
            at += [terminal.frame(octets.LOCATION, octets.location(Fix(*HERE, 31, 0, MOMENT)))]
            await terminal.send(b"".join(data for _, data in at))
            wanted = {serial: 0 for serial, _ in at}
            await until(
                lambda: wanted.items() <= {a.serial: a.result for a in terminal.answers}.items(),
                "all are acknowledged",
            )
            (block,) = [m.data for m in bus.messages if m.subject.startswith("positions.")]
            assert unpack(block)[0]["serial"].tolist() == [at[0][0], at[2][0]]
            (card,) = unpack_cards(block)
            vehicle = 9 if version == "2019" else 7
            assert (card.before_row, card.vehicle, card.octets) == (1, vehicle, body)
            assert card.terminal == phone.lstrip("0")
            assert card.time_ms == int(MOMENT.timestamp() * 1000)
            (said,) = uploads(bus.messages)
            assert (said["message"], said["edition"]) == (
                0x0702,
                "2019" if vehicle == 9 else "2013",
            )
            assert bytes.fromhex(said["octets"]) == body
            # 808-2011 tells no time.
            assert said["happened_at"] == (None if version == "2011" else MOMENT.isoformat())

    run(main())


def test_it_answers_a_driver_card_when_both_ways_are_stored(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live(timeout_s=0.5)
            bus.hold, bus.held = asyncio.Event(), "findings.upload"
            with pytest.raises(NotAnswered):
                await terminal.ask(bodies.DRIVER, bodies.driver("2013", DRIVER, MOMENT))
            assert any(unpack_cards(m.data) for m in bus.messages if m.subject[:10] == "positions.")
            bus.hold.set()
            await until(lambda: bool(terminal.answers), "now it is answered")
            assert terminal.answers[-1].result == 0

    run(main())


def test_it_answers_a_waybill_when_the_bus_has_it(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live(timeout_s=0.5)
            bus.trouble = FULL
            with pytest.raises(NotAnswered):
                await terminal.ask(bodies.WAYBILL, NOTE)
            bus.trouble = None
            await until(lambda: len(uploads(bus.messages)) == 1, "it is stored")
            (said,) = uploads(bus.messages)
            content = NOTE[4:]
            assert bytes.fromhex(said["octets"]) == content
            assert said["sha256"] == hashlib.sha256(content).hexdigest()
            assert (said["message"], said["vehicle"], said["terminal"]) == (0x0701, 7, PHONE)
            assert said["received_at"] == MOMENT.isoformat()
            await until(lambda: bool(terminal.answers), "now it is answered")
            assert terminal.answers[-1].result == 0

    run(main())


def test_it_keeps_a_message_once_that_comes_again(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            serial, data = terminal.frame(bodies.WAYBILL, NOTE)
            for _ in range(2):
                assert (await terminal.ask_octets(serial, data)).result == 0
            assert len(uploads(bus.messages)) == 1
            assert (await terminal.ask(bodies.WAYBILL, NOTE)).result == 0  # said anew
            assert len(uploads(bus.messages)) == 2

    run(main())


@pytest.mark.parametrize(
    ("message_id", "body"),
    [
        (0x0900, b"\xf7\x01\x64\x02"),
        (0x0901, b"\0\0\0\x02\x1f\x8b"),
        (0x0705, b"\0\x01" + bytes.fromhex("0642000000") + bytes(12)),
        (0x0800, bytes.fromhex("0000000100000301")),
    ],
)
def test_it_keeps_what_is_carried_through(tmp_path: Path, message_id: int, body: bytes) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            assert (await terminal.ask(message_id, body)).result == 0
            (said,) = uploads(bus.messages)
            assert (said["message"], bytes.fromhex(said["octets"])) == (message_id, body)
            # A body that is cut is none of these, and files are announced on the other port.
            assert (await terminal.ask(0x0705, b"\0")).result == 2
            assert (await terminal.ask(bodies.FILES, b"")).result in (2, 3)

    run(main())


def media_answer(version: str, serial: int, number: int) -> bytes:
    """Body of 0x8800 that asks for nothing more."""
    number_octets = number.to_bytes(4, "big")
    return serial.to_bytes(2, "big") + number_octets if version == "2011" else number_octets


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2011"), (PHONE, "2013"), (NEWER, "2019")])
def test_it_answers_a_picture_in_parts_when_it_is_on_disk(
    tmp_path: Path, phone: str, version: str
) -> None:
    async def main() -> None:
        bus = MemoryBus()
        await known(bus)
        if version == "2011":
            await put(bus, f"ref.terminal.{phone}", terminal_value(phone, 7, protocol="2011"))
        async with rig(bus, tmp_path, files=tmp_path / "files") as one:
            terminal = await one.live(phone, version)
            shot = Picture(77, 2, 3, JPEG)
            body = bodies.picture(version, shot, Fix(*HERE, 30, 0, MOMENT))
            serial = terminal.serial
            await terminal.send_message(Message(bodies.PICTURE, body))
            await until(lambda: bool(answered(terminal)), "it is answered")
            assert answered(terminal) == [(0x8800, media_answer(version, serial, 77))]
            (said,) = uploads(bus.messages)
            digest = hashlib.sha256(JPEG).hexdigest()
            assert said["sha256"] == digest
            assert said["octets"] is None
            assert Store(tmp_path / "files").path_of(digest).read_bytes() == JPEG
            media = said["media"]
            assert (media["id"], media["channel"], media["event"]) == (77, 2, 3)
            if version == "2011":
                assert (media["part"], media["parts"]) == (1, 1)
            else:
                assert said["happened_at"] == MOMENT.isoformat()
                assert media["place"]["lat"] == 29_480_000

    run(main())


def test_it_answers_the_parts_of_2011_one_by_one_and_the_last_as_whole(tmp_path: Path) -> None:
    async def main() -> None:
        bus = MemoryBus()
        await put(bus, f"ref.terminal.{PHONE}", terminal_value(PHONE, 7, protocol="2011"))
        async with rig(bus, tmp_path, files=tmp_path / "files") as one:
            terminal = await one.live(PHONE, "2011")
            head = bodies.picture_taken(Picture(77, 2, 3, b""))
            parts = [head + struct.pack(">II", 2, number) + b"half" for number in (1, 2)]
            assert (await terminal.ask(bodies.PICTURE, parts[0])).result == 0
            assert answered(terminal) == []
            serial = terminal.serial
            await terminal.send_message(Message(bodies.PICTURE, parts[1]))
            await until(lambda: bool(answered(terminal)), "the last is answered as whole")
            assert answered(terminal) == [(0x8800, media_answer("2011", serial, 77))]
            assert [said["media"]["part"] for said in uploads(bus.messages)] == [1, 2]

    run(main())


def test_it_says_no_where_the_disk_is_full_and_takes_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, files=tmp_path / "files") as one:
            terminal = await one.live()
            body = bodies.picture("2013", Picture(5, 1, 0, b"\xff\xd8"), Fix(*HERE, 0, 0, MOMENT))

            def full(*_: object) -> None:
                raise OSError(28, "No space left on device")

            with monkeypatch.context() as patched:
                patched.setattr(Incoming, "write", full)
                assert (await terminal.ask(bodies.PICTURE, body)).result == 1
            assert uploads(bus.messages) == []
            assert list((tmp_path / "files" / "incoming").iterdir()) == []
            assert one.gateway.metrics.kept["disk"] == 1
            await terminal.send_message(Message(bodies.PICTURE, body))
            await until(lambda: bool(answered(terminal)), "it is answered")

    run(main())


def test_it_takes_no_more_than_it_may_hold(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, quick(kept_waiting=2)) as one:
            terminal = await one.live(timeout_s=0.3)
            bus.hold, bus.held = asyncio.Event(), "findings.upload"
            for _ in range(2):
                with pytest.raises(NotAnswered):
                    await terminal.ask(bodies.WAYBILL, NOTE)
            assert (await terminal.ask(bodies.WAYBILL, NOTE)).result == 1
            assert await terminal.heartbeat() == 0
            bus.hold.set()
            await until(lambda: len(uploads(bus.messages)) == 2, "the two are stored")
            assert (await terminal.ask(bodies.WAYBILL, NOTE)).result == 0
            assert one.gateway.metrics.kept["no_room"] == 1

    run(main())


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2011"), (PHONE, "2013"), (NEWER, "2019")])
def test_it_orders_pictures_and_keeps_what_comes(tmp_path: Path, phone: str, version: str) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast(), files=tmp_path / "files") as one:
            cab = Cab(version=version)
            # 808-2011 knows no 0x0805: the terminal says "ok" and sends the picture.
            cab.reply = super(Cab, cab).answer
            terminal = await cab.enter(one, phone, version)
            name = await command(bus, "photo", phone, channel=2, count=1)
            await until(lambda: len(news(bus, name)) == 2, "it is answered")
            assert news(bus, name)[-1]["state"] == "answered"
            assert news(bus, name)[-1]["result"] == {"media_ids": [1]}
            await until(lambda: len(uploads(bus.messages)) == 2, "notice and picture are kept")
            told = {said["message"]: said["media"] for said in uploads(bus.messages)}
            assert told[0x0800]["id"] == told[0x0801]["id"] == 1
            assert told[0x0801]["channel"] == 2
            assert terminal.connected

    run(main())


NIGHT = MOMENT - timedelta(hours=8)


def stored(cab: Cab) -> None:
    """Three pictures in the memory of a terminal: two timed ones, and one of a collision."""
    for channel, event, when in ((1, 1, NIGHT), (2, 1, MOMENT), (2, 3, MOMENT)):
        cab.fix = lambda when=when: Fix(*HERE, 30, 0, when)  # type: ignore[misc]
        cab.keep_picture(channel, event, JPEG)


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2011"), (PHONE, "2013"), (NEWER, "2019")])
def test_it_searches_the_memory_of_a_terminal(tmp_path: Path, phone: str, version: str) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast(), files=tmp_path / "files") as one:
            cab = Cab(version=version)
            cab.reply = super(Cab, cab).answer
            stored(cab)
            await cab.enter(one, phone, version)
            name = await command(bus, "search", phone, type=0, channel=0, event=1)
            await until(lambda: len(news(bus, name)) == 2, "it is answered")
            found = news(bus, name)[-1]["result"]
            assert found["found"] == 2
            assert [found["media"][at]["id"] for at in (0, 1)] == [1, 2]
            assert found["media"][1] == {
                "id": 2, "type": 0, "channel": 2, "event": 1, "at": MOMENT.isoformat(),
                "place": {"lat": 29_480_000, "lon": 113_270_000},
            }  # fmt: skip
            since = (MOMENT - timedelta(minutes=1)).isoformat()
            late = await command(
                bus, "search", phone, type=0, channel=0, event=1, start=since,
                end=MOMENT.isoformat(),
            )  # fmt: skip
            await until(lambda: len(news(bus, late)) == 2, "it is answered")
            assert [each["id"] for each in news(bus, late)[-1]["result"]["media"]] == [2]

    run(main())


def test_it_searches_again_where_no_answer_comes_and_then_gives_up(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast(command_answer_s=0.05)) as one:
            cab = Cab()
            stored(cab)

            def third(asked: Command) -> list[Message]:
                return super(Cab, cab).answer(asked) if len(cab.asked) == 3 else beat(asked)

            cab.reply = third
            await cab.enter(one)
            name = await command(bus, "search", type=0, channel=0, event=3)
            await until(lambda: states(bus, name)[-1:] == ["answered"], "the third is answered")
            assert states(bus, name)[:3] == ["sent"] * 3
            assert news(bus, name)[-1]["result"]["found"] == 1
            assert len({asked.body for asked in cab.asked}) == 1
            cab.reply = beat
            never = await command(bus, "search", type=0, channel=0, event=3)
            await until(lambda: states(bus, never)[-1:] == ["timed_out"], "it is given up")

    run(main())


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2013"), (NEWER, "2019")])
def test_it_fetches_stored_media_by_number_and_by_kind(
    tmp_path: Path, phone: str, version: str
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast(), files=tmp_path / "files") as one:
            cab = Cab(version=version)
            cab.reply = super(Cab, cab).answer
            stored(cab)
            await cab.enter(one, phone, version)
            single = await command(bus, "fetch_medium", phone, medium=3)
            await until(lambda: len(uploads(bus.messages)) == 1, "the one comes")
            several = await command(bus, "fetch_media", phone, type=0, channel=0, event=1)
            await until(lambda: len(uploads(bus.messages)) == 3, "the timed ones come")
            for name in (single, several):
                await until(lambda name=name: len(news(bus, name)) == 2, "it is answered")  # type: ignore[misc]
                assert news(bus, name)[-1]["state"] == "answered"
            told = [(said["media"]["id"], said["happened_at"]) for said in uploads(bus.messages)]
            assert told[0] == (3, MOMENT.isoformat())
            assert sorted(told[1:]) == [(1, NIGHT.isoformat()), (2, MOMENT.isoformat())]
            assert len(cab.kept) == 3  # what is fetched stays there
            gone = await command(bus, "fetch_medium", phone, medium=99)
            await until(lambda: len(news(bus, gone)) == 2, "it is answered")
            assert (news(bus, gone)[-1]["state"], news(bus, gone)[-1]["reason"]) == (
                "refused", "failed",
            )  # fmt: skip

    run(main())


@pytest.mark.parametrize(
    ("kind", "arguments", "why"),
    [
        ("search", {"type": 0, "channel": 0, "event": 1, "start": "2024-04-08T00:00:00Z"}, "both"),
        ("search", {"type": 0, "channel": 0}, "event"),
        ("fetch_medium", {"medium": 3}, "808-2011"),
    ],
)
def test_it_says_why_media_cannot_be_asked_for(
    tmp_path: Path, kind: str, arguments: dict[str, Any], why: str
) -> None:
    async def main() -> None:
        bus = MemoryBus()
        await put(bus, f"ref.terminal.{PHONE}", terminal_value(PHONE, 7, protocol="2011"))
        async with rig(bus, tmp_path, fast()) as one:
            await Cab().enter(one, PHONE, "2011")
            name = await command(bus, kind, **arguments)
            await until(lambda: len(news(bus, name)) == 1, "it is not sent")
            assert news(bus, name)[-1]["state"] == "undeliverable"
            assert why in news(bus, name)[-1]["reason"]

    run(main())


def test_it_tells_that_a_channel_has_no_camera(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            cab = Cab(
                lambda asked: [Message(bodies.CAMERA, asked.serial.to_bytes(2, "big") + b"\2")]
            )
            await cab.enter(one)
            name = await command(bus, "photo", channel=9, count=1)
            await until(lambda: len(news(bus, name)) == 2, "it is answered")
            assert news(bus, name)[-1]["reason"] == "no_such_channel"
            odd = await command(bus, "photo", channel=1, count=11)
            await until(lambda: len(news(bus, odd)) == 1, "it is not sent")
            assert "count" in news(bus, odd)[-1]["reason"]

    run(main())
