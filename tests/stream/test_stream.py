"""The real stream process over a real bus: what comes out, how fast, and shared how."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bus_server import BusServer
from jiaoan.rules.driving.cards import driver_number
from jiaoan.stores import tracks
from jiaoan.stores.bus import Bus
from jiaoan.stores.positions import V2019, card_row, pack
from jiaoan.wire.jt808 import DriverCard, Edition, Form
from jiaoan.wire.jt808.driver import Card
from stream_district import (
    NOW,
    StreamProcess,
    all_findings,
    block,
    expected,
    fleet,
    insist,
    place,
    publish_references,
    running,
    send,
    square,
    take,
)

pytest_plugins = ["bus_fixture"]
pytestmark = pytest.mark.socket


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await main

    asyncio.run(bounded())


def test_it_tells_an_entry_with_everything_it_rests_on(
    bus_server: BusServer, tmp_path: Path
) -> None:
    async def main() -> None:
        async with running(bus_server, tmp_path) as (bus, _):
            array = block((3, 0, -9000), (3, 30, 300), (3, 60, 400))
            array["speed"] = 455
            await send(bus, 3, array, "1")
            (found,) = await take(bus, 1)
            assert found["kind"] == "entered"
            assert (found["rule"], found["version"]) == ("fence.enter", "4")
            assert (found["vehicle_id"], found["plate"], found["plate_colour"]) == (
                3, "鄂BA0003", 2,
            )  # fmt: skip
            assert (found["terminal"], found["outside"]) == ("13900000003", True)
            assert (found["place_id"], found["place_name"]) == (1, "示意区 1")
            assert (found["place_kind"], found["place_version"]) == ("district", 1)
            assert found["happened_at"] == "2024-04-07T20:01:00+00:00"
            assert found["received_at"] == "2024-04-07T20:01:00.700000+00:00"
            judged = datetime.fromisoformat(str(found["judged_at"]))
            assert abs((datetime.now(UTC) - judged).total_seconds()) < 30
            inputs = found["inputs"]
            assert isinstance(inputs, dict)
            assert inputs["confirmed_by"] == "consecutive"
            assert (inputs["buffer_m"], inputs["consecutive"]) == (50, 2)
            assert [point["inside"] for point in inputs["points"]] == [False, True, True]
            assert inputs["points"][2]["depth_m"] == pytest.approx(38.8, abs=0.1)
            assert inputs["points"][2]["speed_kmh"] == 45.5
            assert found["first_position"] == inputs["points"][1]["key"]
            message = await bus.latest("findings.03")
            assert message is not None
            assert json.loads(message.data)["id"] == found["id"]

    run(main())


def test_it_tells_each_finding_without_waiting_for_more(
    bus_server: BusServer, tmp_path: Path
) -> None:
    async def main() -> None:
        async with running(bus_server, tmp_path) as (bus, _):
            await send(bus, 1, block((1, 0, 9000)), "warm")
            await take(bus, 1)
            for number in range(1, 21):
                seen = asyncio.create_task(take(bus, 1, after=number))
                await asyncio.sleep(0.05)
                await send(bus, 1, block((1, number * 10, 9000 * (-1) ** number)), str(number))
                await asyncio.wait_for(seen, 20)  # against hanging; speed is measured in bench/

    run(main())


def test_it_finds_what_the_rule_finds_in_one_process(bus_server: BusServer, tmp_path: Path) -> None:
    async def main() -> None:
        async with running(bus_server, tmp_path, vehicles=40, driven=True) as (bus, _):
            blocks = fleet(seed=3, vehicles=40, rounds=30)
            for number, (partition, array) in enumerate(blocks):
                await send(bus, partition, array, str(number))
            wanted = await expected(bus, blocks)
            assert len(wanted) > 50
            found = await take(bus, len(wanted))
            assert sorted(str(each["id"]) for each in found) == wanted
            await asyncio.sleep(0.2)
            assert len(await all_findings(bus)) == len(wanted)

    run(main())


def test_it_tells_who_drove_by_the_card_between_the_positions(
    bus_server: BusServer, tmp_path: Path
) -> None:
    moment = datetime.fromtimestamp(NOW / 1000, UTC)
    card = DriverCard(
        1, moment, 0, Card("张三", "430602198001010011", "岳阳", "20300101", "430602198001010011")
    )
    body = card.build(Form(Edition.V2019))

    async def main() -> None:
        async with running(bus_server, tmp_path, driven=True) as (bus, _):
            array = block((3, 0, 9000), *((3, 20 * n, 9000 + 5000 * n) for n in range(1, 5)))
            array["speed"] = 1100
            rows = array.tolist()
            rows[0] = card_row(3, "13900000003", NOW, NOW, V2019, 1)
            data = pack(np.array(rows, array.dtype), [body, *[b"\x02\x00"] * 4])
            await insist(bus, "positions.03", data, "1")
            found = [each for each in await take(bus, 2) if each["rule"] == "driving.overspeed"]
            assert [each["finding"]["driver"] for each in found] == [  # type: ignore[index]
                driver_number("430602198001010011")
            ]

    run(main())


def test_wrong_input_never_stops_the_rest(bus_server: BusServer, tmp_path: Path) -> None:
    async def main() -> None:
        async with running(bus_server, tmp_path) as (bus, stream):
            crossed = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
            await publish_references(bus, [("ref.place.8", place(8, crossed))])
            await insist(bus, "ref.place.9", b"{not json", "9")
            await insist(bus, "ref.terminal.13900000009", b'{"phone": "13900000009"}', "t9")
            await insist(bus, "positions.01", b"no block of positions", "bad")
            await send(bus, 1, block((1, 0, -9000), (1, 10, 9000)), "good")
            await send(bus, 9, block((9, 0, 9000)), "unknown vehicle")
            found = await take(bus, 2)
            assert {(each["vehicle_id"], each["plate"]) for each in found} == {
                (1, "鄂BA0001"), (9, ""),
            }  # fmt: skip
            log = stream.log()
            assert "ref.place.8 is not used: geometry: Self-intersection" in log
            assert "ref.terminal.13900000009 is not used: field 'vehicle_id' is missing" in log
            assert "positions.01 1 is passed over: " in log

    run(main())


def test_places_may_come_change_and_go(bus_server: BusServer, tmp_path: Path) -> None:
    async def main() -> None:
        async with running(bus_server, tmp_path) as (bus, _):
            await send(bus, 1, block((1, 0, -9000)), "1")
            await send(bus, 2, block((2, 0, 20_000)), "2")
            await take(bus, 1)
            forbidden = place(5, square(113.215, 29.44, 0.02), kind="forbidden")
            await publish_references(bus, [("ref.place.5", forbidden)])
            await asyncio.sleep(0.3)
            # 2 stood there before the place was made: its entry is not told, its leaving is.
            await send(bus, 2, block((2, 10, 20_000), (2, 20, 36_000)), "3")
            await send(bus, 1, block((1, 10, 20_000)), "4")
            found = await take(bus, 3, after=1)
            assert [(each["kind"], each["vehicle_id"], each["place_id"]) for each in found] == [
                ("left", 2, 5), ("entered", 1, 1), ("entered", 1, 5),
            ]  # fmt: skip
            gone = {"deleted": True, "version": 2}
            await publish_references(bus, [("ref.place.5", gone)])
            await asyncio.sleep(0.3)
            await send(bus, 1, block((1, 20, 36_000), (1, 30, -9000)), "5")
            (last,) = await take(bus, 1, after=4)
            assert (last["kind"], last["place_id"]) == ("left", 1)

    run(main())


def test_it_goes_on_from_its_snapshot_after_an_orderly_end(
    bus_server: BusServer, tmp_path: Path
) -> None:
    async def main() -> None:
        async with running(bus_server, tmp_path) as (bus, stream):
            await send(bus, 1, block((1, 0, -9000), (1, 10, 300)), "1")
            while "works on 16 partitions" not in stream.log():
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.5)
            assert await asyncio.to_thread(stream.stop) == 0
            assert not list((tmp_path / "tracks").rglob("*.new"))
            await send(bus, 1, block((1, 20, 300)), "2")
            stream.start()
            (found,) = await take(bus, 1)
            assert found["happened_at"] == "2024-04-07T20:00:20+00:00"
            # What was read before the end is sealed, and the point after the restart soon too.
            start = datetime.fromtimestamp(NOW / 1000, UTC)
            assert len(tracks.day(tmp_path, 1, start, start.replace(hour=23))) == 2

    run(main())


def test_two_workers_share_and_one_takes_over(bus_server: BusServer, tmp_path: Path) -> None:
    async def owners(bus: Bus) -> list[str]:
        table = await bus.table("stream_leases", lifetime_s=3.0)
        found = []
        for number in range(16):
            entry = await table.get(f"p{number:02d}")
            found.append(entry.value.decode().split("/")[0] if entry else "")
        return found

    async def until(bus: Bus, wanted: dict[str, int]) -> None:
        while True:
            now = await owners(bus)
            if {name: now.count(name) for name in set(now)} == wanted:
                return
            await asyncio.sleep(0.1)

    async def main() -> None:
        async with running(bus_server, tmp_path, vehicles=40, driven=True) as (bus, _):
            await until(bus, {"stream": 16})
            other = StreamProcess(bus_server.url, tmp_path, name="second")
            other.start()
            blocks = fleet(seed=5, vehicles=40, rounds=60)
            half = len(blocks) // 2
            try:
                for number, (partition, array) in enumerate(blocks[:half]):
                    await send(bus, partition, array, str(number))
                    await asyncio.sleep(0.005)
                await until(bus, {"stream": 8, "second": 8})
            finally:
                other.kill()
            for number, (partition, array) in enumerate(blocks[half:], half):
                await send(bus, partition, array, str(number))
            await until(bus, {"stream": 16})
            wanted = await expected(bus, blocks)
            found = await take(bus, len(wanted))
            assert sorted(str(each["id"]) for each in found) == wanted

    run(main())


def test_it_waits_for_a_bus_that_is_not_there_yet(bus_server: BusServer, tmp_path: Path) -> None:
    async def main() -> None:
        async with running(bus_server, tmp_path) as (bus, stream):
            await asyncio.to_thread(stream.kill)
            await asyncio.to_thread(bus_server.kill)
            await asyncio.to_thread(stream.start)
            while "waiting for the bus" not in stream.log():
                await asyncio.sleep(0.05)
            await asyncio.to_thread(bus_server.start)
            await send(bus, 1, block((1, 0, 9000)), "1")
            (found,) = await take(bus, 1)
            assert found["kind"] == "entered"
            assert await asyncio.to_thread(stream.stop) == 0

    run(main())


def test_it_does_not_start_unless_the_server_syncs_always(tmp_path: Path) -> None:
    with BusServer(tmp_path, replace=("sync_interval: always", "sync_interval: 1s")) as lax:
        stream = StreamProcess(lax.url, tmp_path)
        stream.start()
        assert stream.process is not None
        assert stream.process.wait(20) == 1
        assert "does not report sync_always" in stream.log()
        assert "Traceback" not in stream.log()


def test_a_second_process_of_the_same_name_is_told_apart(
    bus_server: BusServer, tmp_path: Path
) -> None:
    async def main() -> None:
        async with running(bus_server, tmp_path) as (bus, first):
            await send(bus, 1, block((1, 0, 9000)), "1")
            await take(bus, 1)
            again = StreamProcess(bus_server.url, tmp_path)
            again.start()
            assert first.process is not None
            assert await asyncio.to_thread(first.process.wait, 10) == 1
            assert "another worker runs under the name stream" in first.log()
            await send(bus, 1, block((1, 10, -9000)), "2")
            (left,) = await take(bus, 1, after=1)
            assert left["kind"] == "left"
            again.kill()

    run(main())
