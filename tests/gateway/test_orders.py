"""Orders that undo each other: tracking and its end, areas given to a terminal and taken away."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jiaoan.gateway.commands.areas import KINDS
from jiaoan.simulate.config import parse
from jiaoan.simulate.device import Device, Message, Tracking, general
from jiaoan.simulate.fleet import run_fleet
from jiaoan.simulate.octets import Command
from jiaoan.wire.jt808 import Edition, Frame, Header, Profile, Version, parse_body

from .helpers import MOMENT, NEWER, PHONE, MemoryBus, known, positions, rig, run, until
from .test_commands import Cab, command, fast, news, nothing, states

pytestmark = pytest.mark.socket


def patient() -> Any:
    """No second try, however slow the machine is."""
    return fast(command_answer_s=30.0)


class Driven(Cab):
    """A cab that does what it is told."""

    def answer(self, command: Command) -> list[Message]:
        self.asked.append(command)
        return Device.answer(self, command)


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2013"), (NEWER, "2019")])
def test_it_tracks_for_a_while_and_stops(tmp_path: Path, phone: str, version: str) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, patient()) as one:
            cab = Driven()
            await cab.enter(one, phone, version)
            name = await command(bus, "track", phone, interval_s=5, validity_s=600)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is confirmed")
            assert cab.tracking == Tracking(5, MOMENT + timedelta(minutes=10))
            assert cab.asked[0].body.hex() == "0005" + "00000258"
            name = await command(bus, "untrack", phone)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is stopped")
            assert cab.asked[1].body.hex() == "0000"
            assert cab.interval_s(30, MOMENT) == 30

    run(main())


@pytest.mark.parametrize(
    ("interval", "validity"), [(0, 60), (70, 60), (65_536, 70_000), (5, 2**32)]
)
def test_it_says_that_a_tracking_is_none(tmp_path: Path, interval: int, validity: int) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, patient()) as one:
            cab = Driven()
            await cab.enter(one)
            name = await command(bus, "track", interval_s=interval, validity_s=validity)
            await until(lambda: states(bus, name) == ["undeliverable"], "it is told")
            assert "interval_s" in news(bus, name)[0]["reason"] or validity == 2**32
            assert cab.asked == []

    run(main())


def test_it_keeps_the_order_of_orders_that_undo_each_other(tmp_path: Path) -> None:
    """The stop was said last: it must not overtake the tracking that waits for its answer."""

    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, patient()) as one:
            cab = Cab(nothing)
            terminal = await cab.enter(one)
            first = await command(bus, "track", interval_s=5, validity_s=600)
            await until(lambda: len(cab.asked) == 1, "the tracking came")
            stop = await command(bus, "untrack")
            text = await command(bus)
            await until(lambda: len(cab.asked) == 2, "a text does not wait for either")
            assert (states(bus, stop), cab.asked[1].message_id) == ([], 0x8300)
            cab.reply = lambda asked: [general(asked, 0)]
            for asked in list(cab.asked):
                await terminal.send_message(general(asked, 0))
            await until(lambda: states(bus, stop) == ["sent", "answered"], "the stop went out")
            assert states(bus, first) == states(bus, text) == ["sent", "answered"]
            assert [one.body[:2].hex() for one in cab.asked if one.message_id == 0x8202] == [
                "0005",
                "0000",
            ]

    run(main())


def test_it_goes_on_with_the_next_order_when_one_expires(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, patient()) as one:
            soon = MOMENT + timedelta(minutes=5)
            first = await command(bus, "track", interval_s=5, validity_s=600, expires_at=soon)
            stop = await command(bus, "untrack")
            await until(lambda: len(one.gateway.commands) == 2, "both are known")
            one.clock.advance(timedelta(minutes=6))
            await until(lambda: len(one.gateway.commands) == 1, "one is forgotten")
            await Driven().enter(one)
            await until(lambda: states(bus, stop) == ["sent", "answered"], "the other went out")
            assert states(bus, first) == []

    run(main())


def test_a_vehicle_of_the_fleet_reports_more_often_while_it_is_tracked(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, patient()) as one:
            plan = {
                "phone": PHONE,
                "plate": "湘F32718",
                "auth_code": f"code-{PHONE}",
                "route": [[29.48, 113.27], [29.49, 113.28]],
                "interval_s": 3600,
            }
            config = parse({"host": "127.0.0.1", "port": one.port, "vehicles": [plan]})
            stop = asyncio.Event()
            driving = asyncio.create_task(run_fleet(config, one.clock, stop))
            try:
                await until(lambda: len(positions(bus.messages)) == 1, "it reported once")
                name = await command(bus, "track", interval_s=1, validity_s=600)
                await until(lambda: len(positions(bus.messages)) >= 3, "it reports again and again")
                assert states(bus, name) == ["sent", "answered"]
            finally:
                stop.set()
                await driving

    run(main())


AREA = {
    "id": 7,
    "name": "东湖隧道",
    "setting": 1,
    "alarms": ["enter"],
    "to_driver": True,
    "period": ["000000070000", "000000090000"],
    "speed": {"limit_kmh": 60, "seconds": 10, "night_kmh": 48},
}
CORNERS = [[29_480_000, 113_270_000], [29_490_000, 113_270_000], [29_490_000, 113_280_000]]
SHAPES: dict[str, dict[str, object]] = {
    "circle": {"points": CORNERS[:1], "size_m": 500},
    "rectangle": {"points": [[29_490_000, 113_270_000], [29_480_000, 113_280_000]]},
    "polygon": {"points": CORNERS},
    "route": {"points": CORNERS, "size_m": 40},
}
_SETS = {"circle": 0x8600, "rectangle": 0x8602, "polygon": 0x8604, "route": 0x8606}


def as_set(edition: Edition, asked: Command) -> Any:
    """What our order means for another reader: that of ``wire``."""
    version = Version.V2019 if edition is Edition.V2019 else Version.V2013
    header = Header(asked.message_id, version, "0" * 12, asked.serial, len(asked.body))
    return parse_body(Frame(header, asked.body, b""), Profile(header, edition), strict=True)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2013"), (NEWER, "2019")])
def test_it_gives_a_terminal_an_area_and_takes_it_away(
    tmp_path: Path, phone: str, version: str, shape: str
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, patient()) as one:
            cab = Driven()
            await cab.enter(one, phone, version)
            said: dict[str, Any] = AREA | SHAPES[shape] | {"shape": shape}
            name = await command(bus, "set_area", phone, **said)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is confirmed")
            ((kind, number),) = cab.areas.held
            assert (KINDS[shape], 7, _SETS[shape]) == (kind, number, cab.asked[0].message_id)
            body = as_set(Edition(version), cab.asked[0])
            area = body.areas[0] if shape in ("circle", "rectangle") else body
            limits = area.points if shape == "route" else [area]
            assert {one.max_speed_kmh for one in limits} == {60}
            assert {one.night_max_speed_kmh for one in limits} == {
                48 if version == "2019" else None
            }
            assert (area.start, area.end) == tuple(AREA["period"])  # type: ignore[arg-type]
            assert area.name == (AREA["name"] if version == "2019" else None)
            assert area.attribute & 0b111100 == 0b001100
            name = await command(bus, "delete_area", phone, shape=shape, id=7)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is taken away")
            assert cab.areas.held == {}

    run(main())


async def told(bus: MemoryBus, shape: str) -> dict[str, Any]:
    """What the newer terminal answers to a question about its areas."""
    name = await command(bus, "ask_areas", NEWER, shape=shape)
    await until(lambda: "answered" in states(bus, name), "it answers")
    result: dict[str, Any] = news(bus, name)[-1]["result"]
    return result


def test_it_asks_which_areas_a_terminal_holds(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, patient()) as one:
            cab = Cab()

            def late_and_right(asked: Command) -> list[Message]:
                """The answer to an older question of another kind comes in between."""
                late = Command(0x8608, 0, bytes([1 if asked.body[0] == 4 else 4]) + bytes(4))
                answers = Device.answer(cab, asked)
                return [*cab._tell_areas(late), *answers] if len(asked.body) == 5 else answers

            cab.reply = late_and_right
            await cab.enter(one, NEWER, "2019")
            for shape, more in SHAPES.items():
                said: dict[str, Any] = AREA | more | {"shape": shape}
                await command(bus, "set_area", NEWER, **said)
            for shape in SHAPES:
                result = await told(bus, shape)
                assert (result["shape"], result["count"]) == (shape, 1)
                (area,) = result["areas"]
                assert (area["id"], area["name"]) == (7, "东湖隧道")
                assert (area["limit_kmh"], area["night_kmh"]) == (60, 48)
                assert area["period"] == AREA["period"]
            assert one.gateway.metrics.commands["answers_nobody_waits_for"] == len(SHAPES)

    run(main())


def test_it_keeps_the_octets_of_areas_that_it_cannot_read(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, patient()) as one:
            cab = Cab(lambda asked: [Message(0x0608, b"\x01\x00\x00\x00\x02\x12\x34")])
            await cab.enter(one, NEWER, "2019")
            name = await command(bus, "ask_areas", NEWER, shape="circle")
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is told")
            result = news(bus, name)[-1]["result"]
            assert (result["count"], result["hex"]) == (2, "1234")
            assert "areas" not in result

    run(main())


@pytest.mark.parametrize(
    ("kind", "arguments", "reason"),
    [
        ("ask_areas", {"shape": "circle"}, "not_in_edition"),
        ("set_area", AREA | {"shape": "star", "points": []}, "shape"),
        ("set_area", AREA | {"shape": "polygon", "points": CORNERS[:2]}, "points"),
        ("set_area", AREA | {"shape": "route", "points": CORNERS, "size_m": 256}, "size_m"),
        ("delete_area", {"shape": "circle"}, "id"),
    ],
)
def test_it_says_why_an_area_cannot_be_sent(
    tmp_path: Path, kind: str, arguments: dict[str, Any], reason: str
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, patient()) as one:
            cab = Driven()
            await cab.enter(one)
            name = await command(bus, kind, **arguments)
            await until(lambda: states(bus, name) == ["undeliverable"], "it is told")
            assert reason in news(bus, name)[0]["reason"]
            assert cab.asked == []

    run(main())
