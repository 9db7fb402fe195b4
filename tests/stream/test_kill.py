"""Bus and stream killed at random under load: nothing acknowledged is missing, nothing is told
twice, and what is told is what an undisturbed run tells."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus_server import BusServer
from jiaoan.stores import positions, tracks
from jiaoan.stores.bus import Bus
from jiaoan.stores.positions import Positions
from stream_district import (
    NOW,
    StreamProcess,
    all_findings,
    expected,
    fleet,
    running,
    send,
    take,
)

pytest_plugins = ["bus_fixture"]
pytestmark = [pytest.mark.socket, pytest.mark.slow]

KILLS = 100
VEHICLES = 24


async def load(bus: Bus, blocks: list[tuple[int, Positions]], stop: asyncio.Event) -> int:
    """Publish blocks as the gateway does until told to stop; answers how many are acknowledged."""
    done = 0
    for number, (partition, array) in enumerate(blocks):
        if stop.is_set():
            break
        await send(bus, partition, array, f"block-{number}")
        done += 1
        if not number % 16:
            await asyncio.sleep(0.02)
    return done


async def disturb(server: BusServer, stream: StreamProcess, dice: random.Random) -> None:
    for _ in range(KILLS):
        # Mostly one upon the other; now and then a stream has the time to come up and to judge.
        pause = dice.uniform(0.02, 0.2) if dice.random() < 0.75 else dice.uniform(0.4, 1.1)
        await asyncio.sleep(pause)
        victim: BusServer | StreamProcess = server if dice.random() < 0.4 else stream
        await asyncio.to_thread(victim.kill)
        await asyncio.sleep(dice.choice([0, 0, 0.1]))
        await asyncio.to_thread(victim.start)


async def stored(bus: Bus, count: int) -> list[bytes]:
    got: list[bytes] = []
    async for message in bus.read("positions.*", after=0):
        got.append(message.data)
        if len(got) == count:
            break
    return got


def sealed(data: Path) -> set[tuple[int, int]]:
    """(vehicle, time) of every report in the tracks."""
    start = datetime.fromtimestamp(NOW / 1000, UTC)
    return {
        (vehicle, round(point.time.timestamp() * 1000))
        for vehicle in range(1, VEHICLES + 1)
        for point in tracks.day(data, vehicle, start, start + timedelta(days=1))
    }


def test_random_kills_lose_nothing_and_tell_nothing_twice(
    bus_server: BusServer, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    blocks = fleet(seed=seed, vehicles=VEHICLES, rounds=900)

    async def main() -> None:
        async with running(bus_server, tmp_path, vehicles=VEHICLES, driven=True) as (bus, stream):
            stop = asyncio.Event()
            loading = asyncio.create_task(load(bus, blocks, stop))
            await disturb(bus_server, stream, dice)
            stop.set()
            sent = blocks[: await loading]
            assert len(sent) > 300, "the load was too thin to prove anything"
            wanted = await expected(bus, sent)
            try:
                found = await take(bus, len(wanted))
            except TimeoutError:
                print(stream.log())
                raise
            assert sorted(str(each["id"]) for each in found) == wanted
            await asyncio.sleep(1.5)
            assert len(await all_findings(bus)) == len(wanted)
            data = await stored(bus, len(sent))
            assert data == [positions.pack(array, [b"\x02\x00"] * len(array)) for _, array in sent]
            last = await bus.latest("positions.*")
            assert last is not None
            assert last.sequence == len(sent)
            assert await asyncio.to_thread(stream.stop) == 0
            reports = {
                (int(row["vehicle"]), int(row["time_ms"])) for _, array in sent for row in array
            }
            assert sealed(tmp_path) == reports
            assert not list((tmp_path / "tracks").rglob("*.new"))
            print(f"{len(sent)} blocks, {len(wanted)} findings")

    async def bounded() -> None:
        async with asyncio.timeout(280):
            await main()

    asyncio.run(bounded())
