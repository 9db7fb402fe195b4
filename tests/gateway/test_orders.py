"""Orders that undo each other: tracking and its end, in the order in which they were made."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from jiaoan.simulate.config import parse
from jiaoan.simulate.device import Device, Message, Tracking, general
from jiaoan.simulate.fleet import run_fleet
from jiaoan.simulate.octets import Command

from .helpers import MOMENT, NEWER, PHONE, MemoryBus, known, positions, rig, run, until
from .test_commands import Cab, command, fast, news, nothing, states

pytestmark = pytest.mark.socket


class Driven(Cab):
    """A cab that does what it is told."""

    def answer(self, command: Command) -> list[Message]:
        self.asked.append(command)
        return Device.answer(self, command)


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2013"), (NEWER, "2019")])
def test_it_tracks_for_a_while_and_stops(tmp_path: Path, phone: str, version: str) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            cab = Driven()
            await cab.enter(one, phone, version)
            name = await command(bus, "track", phone, interval_s=5, validity_s=600)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is confirmed")
            assert cab.tracking == Tracking(5, MOMENT + timedelta(minutes=10))
            assert cab.asked[0].body.hex() == "0005" + "00000258"
            name = await command(bus, "untrack", phone)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is stopped")
            assert (cab.tracking, cab.asked[1].body.hex()) == (None, "0000")

    run(main())


@pytest.mark.parametrize(
    ("interval", "validity"), [(0, 60), (70, 60), (65_536, 70_000), (5, 2**32)]
)
def test_it_says_that_a_tracking_is_none(tmp_path: Path, interval: int, validity: int) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
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
        async with rig(bus, tmp_path, fast(command_answer_s=30.0)) as one:
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
        async with rig(bus, tmp_path, fast()) as one:
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
        async with rig(bus, tmp_path, fast()) as one:
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
