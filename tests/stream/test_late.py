"""Late points of a partition: read back from files and bus, told as corrections, taken over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from jiaoan.kernel.clock import FixedClock
from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.fences import Fence
from jiaoan.rules.shapes import Outline, outline
from jiaoan.stores import cards, positions, tracks
from jiaoan.stores.bus import Bus, BusUnavailable, Message
from jiaoan.stores.positions import DriverCard, Positions, card_row
from jiaoan.stream import backtrack, late
from jiaoan.stream.backtrack import Behind, events, sealed
from jiaoan.stream.judging import Told
from jiaoan.stream.late import LatePoints
from jiaoan.wire.jt808 import DriverCard as Body
from jiaoan.wire.jt808 import Edition, Form
from jiaoan.wire.jt808.driver import Card as BodyCard
from rules.driving.tracks import at, quick_book, track
from stream.world import NOW, World, draw_places, places_truth, references_of, truth

BEGIN = at("2024-04-08T10:00")


class ListBus:
    """Positions and findings as lists; sequences count from 1."""

    def __init__(self, world: World, blocks: Sequence[Positions]) -> None:
        self.world, self.down = world, False
        self.blocks = [positions.pack(block, [b""] * len(block)) for block in blocks]

    def _of(self, subject: str) -> list[bytes]:
        if self.down:
            raise BusUnavailable("down")
        return list(self.world.stored.values()) if subject.startswith("find") else self.blocks

    async def latest(self, subject: str) -> Message | None:
        found = self._of(subject)
        return Message(subject, found[-1], len(found), NOW) if found else None

    async def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]:
        for number, data in enumerate(self._of(subject), 1):
            if number > after:
                yield Message(subject, data, number, NOW)
        await asyncio.Event().wait()


def blind_spot() -> list[Positions]:
    """Two hours of a lorry that stands; the middle of it comes behind the end."""
    speeds = [60] * 10 + [0] * 20 + [60] * 10
    points = [(BEGIN + 30_000 * n, 500.0 * n, speed) for n, speed in enumerate(speeds)]
    rows = track(points, vehicle=1)
    return [rows[:10], rows[30:], rows[10:30]]


def work(tmp_path: Path, world: World, bus: ListBus) -> LatePoints:
    async def tell(told: Sequence[Told]) -> None:
        world.store(told)

    return LatePoints(
        1, world.memory, asyncio.Lock(), tell, cast(Bus, bus), tmp_path,
        world.references, FixedClock(NOW), asyncio.Semaphore(1),
    )  # fmt: skip


def heard(blocks: Sequence[Positions]) -> World:
    world = World(references_of(quick_book(1)))
    for block in blocks:
        world.hear(block)
    return world


async def until_settled(task: LatePoints, world: World) -> None:
    running = asyncio.create_task(task.run())
    async with asyncio.timeout(10):
        while world.memory.late:
            await asyncio.sleep(0.01)
    running.cancel()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late, "EVERY_S", 0.01)


@pytest.mark.parametrize("in_files", [0, 1, 2, 3])
def test_it_reads_the_track_back_wherever_it_stands(tmp_path: Path, in_files: int) -> None:
    blocks = blind_spot()
    for number, block in enumerate(blocks[:in_files], 1):
        tracks.write(tmp_path, number, number, block, [b""] * len(block))
    place = json.dumps({"sequence": in_files, "writing": 0})
    (tmp_path / "sequence.json").write_text(place)
    world = heard(blocks)
    before = world.standing()
    asyncio.run(until_settled(work(tmp_path, world, ListBus(world, blocks)), world))
    whole = truth(np.concatenate(blocks), quick_book(1))
    assert world.standing() == whole
    assert before.keys() - whole.keys(), "nothing was to withdraw"
    assert Rule.OFFLINE not in {each.rule for each in whole.values()}


def test_it_waits_while_the_bus_is_away(tmp_path: Path) -> None:
    blocks = blind_spot()
    world = heard(blocks)
    bus = ListBus(world, blocks)
    bus.down = True

    async def main() -> None:
        task = asyncio.create_task(work(tmp_path, world, bus).run())
        await asyncio.sleep(0.1)
        assert world.memory.late
        assert not task.done()
        bus.down = False
        async with asyncio.timeout(10):
            while world.memory.late:
                await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(main())
    assert world.standing() == truth(np.concatenate(blocks), quick_book(1))


def test_it_gives_up_a_track_that_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(late, "TRIES", 3)
    blocks = blind_spot()
    world = heard(blocks)
    told = dict(world.stored)
    bus = ListBus(world, blocks[:1])
    asyncio.run(until_settled(work(tmp_path, world, bus), world))
    assert world.stored == told
    assert "late points of vehicle 1 are not settled" in caplog.text


def test_it_does_not_read_days_of_the_bus_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtrack, "MOST", 2)
    blocks = blind_spot()
    bus = ListBus(heard(blocks), blocks)
    with pytest.raises(Behind, match="tracks end at 0, the stream is at 3"):
        asyncio.run(backtrack.unsealed(cast(Bus, bus), tmp_path, 1, 3, [1]))


def test_files_give_back_what_the_rules_look_at(tmp_path: Path) -> None:
    rows = blind_spot()[0]
    rows["terminal"], rows["altitude"], rows["mileage"] = b"013900000001", -12, 77
    rows["direction"], rows["alarm"], rows["source"] = 359, 2**31, 4
    other = rows.copy()
    other["vehicle"] = 2
    both = np.concatenate([rows, other])
    tracks.write(tmp_path, 1, 1, both, [b""] * len(both))
    first, last = int(rows["time_ms"][2]), int(rows["time_ms"][7])
    found = sealed(tmp_path, 1, first, last)
    for name in backtrack.COLUMNS:
        assert found[name].tolist() == rows[name][2:8].tolist(), name


@pytest.mark.parametrize("in_file", [True, False])
def test_it_reads_the_cards_back_wherever_they_stand(tmp_path: Path, in_file: bool) -> None:
    blocks = blind_spot()
    said = [driver_card(BEGIN - 40_000, "A"), driver_card(BEGIN + 15 * 30_000, "B")]
    first, last = (events([one])[0] for one in said)
    world = World(references_of(quick_book(1)))
    world.hear(blocks[0], [first])
    world.hear(blocks[1])
    world.hear(blocks[2], [replace(last, before_row=5)])
    bus = ListBus(world, blocks)
    if in_file:
        cards.write(tmp_path, 1, 3, [(1, said[0]), (3, said[1])])
        for number, block in enumerate(blocks, 1):
            tracks.write(tmp_path, number, number, block, [b""] * len(block))
        (tmp_path / "sequence.json").write_text(json.dumps({"sequence": 3, "writing": 0}))
    else:
        bus.blocks[0], bus.blocks[2] = mixed(blocks[0], 0, said[0]), mixed(blocks[2], 5, said[1])
    asyncio.run(until_settled(work(tmp_path, world, bus), world))
    whole = truth(np.concatenate(blocks), quick_book(1), [first, last])
    assert {each.driver for each in whole.values()} >= {first.driver, last.driver}
    assert world.standing() == whole
    state = world.memory.driving.state[0]
    assert (state[c.DRIVER], state[c.CARD_MS]) == (last.driver, last.time_ms)


@pytest.mark.parametrize("in_files", [0, 2, 3])
def test_a_place_that_was_crossed_in_a_blind_spot_is_told(tmp_path: Path, in_files: int) -> None:
    blocks = blind_spot()
    for number, block in enumerate(blocks[:in_files], 1):
        tracks.write(tmp_path, number, number, block, [b""] * len(block))
    (tmp_path / "sequence.json").write_text(json.dumps({"sequence": in_files, "writing": 0}))
    world = World(references_of(quick_book(1)))
    draw_places(world.references, [Fence(1, 1, around(blocks[2]), 50, 2, dwell_s=60)])
    for block in blocks:
        world.hear(block)
    assert world.places() == {}
    asyncio.run(until_settled(work(tmp_path, world, ListBus(world, blocks)), world))
    whole = np.concatenate(blocks)
    assert world.places() == places_truth(whole, world.references.fences, world.references)
    assert len(world.places()) == 3  # entered, stayed, left


def around(block: Positions) -> Outline:
    """A place that holds the block but for its first and last two points."""
    south, north = (int(block["lat"][at]) / 1e6 for at in (2, -3))
    lon = int(block["lon"][0]) / 1e6
    west, east = lon - 0.01, lon + 0.01
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return outline({"type": "Polygon", "coordinates": [ring]})


def driver_card(moment: int, number: str) -> DriverCard:
    when = datetime.fromtimestamp(moment / 1000, UTC)
    body = Body(1, when, 0, BodyCard("张三", f"43060219800101001{number}", "岳阳", "20991231"))
    octets = body.build(Form(Edition.V2013))
    return DriverCard(0, 1, "13900000001", moment, moment, positions.V2013, octets)


def mixed(block: Positions, row: int, card: DriverCard) -> bytes:
    """The block with the card before ``row``, as the gateway packs it."""
    said = card_row(1, card.terminal, card.time_ms, card.received_ms, card.version, 7)
    whole = np.concatenate([block[:row], np.array([said], positions.DTYPE), block[row:]])
    octets = [b""] * len(whole)
    octets[row] = card.octets
    return positions.pack(whole, octets)


def test_hours_of_drivers_are_left_alone_where_the_card_is_in_no_file(tmp_path: Path) -> None:
    """A release before kept none: what was told with a driver stands as it was told."""
    blocks = blind_spot()
    world = heard(blocks)
    row = world.memory.driving.state[0]
    row[c.CARD_MS], row[c.DRIVER] = BEGIN, 7
    work_before = world.memory.driving.work.copy()
    asyncio.run(until_settled(work(tmp_path, world, ListBus(world, blocks)), world))
    state = world.memory.driving.state[0]
    assert (state[c.DRIVER], state[c.CARD_MS]) == (7, BEGIN)
    assert np.array_equal(world.memory.driving.work, work_before)
