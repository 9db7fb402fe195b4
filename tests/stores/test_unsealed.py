"""What the bus holds of the tracks and no file does yet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus_server import BusServer
from jiaoan.stores import positions, tracks, unsealed
from jiaoan.stores.bus import Bus, BusUnavailable, Message
from jiaoan.stores.unsealed import Missing
from stream_district import NOW, block, send

pytest_plugins = ["bus_fixture"]
START = datetime.fromtimestamp(NOW / 1000, UTC)


class ListBus:
    """Stored messages of one partition; ``stuck`` gives them without ever reaching the last."""

    def __init__(self, messages: list[bytes], *, stuck: bool = False) -> None:
        self.messages, self.stuck, self.asked = messages, stuck, -1

    async def latest(self, subject: str) -> Message | None:
        assert subject == "positions.01"
        count = len(self.messages)
        return Message(subject, self.messages[-1], count, START) if count else None

    async def read(self, subject: str, *, after: int, batch: int) -> AsyncIterator[Message]:
        self.asked = after
        for number, data in enumerate(self.messages, 1):
            if number > after and not (self.stuck and number == len(self.messages)):
                yield Message(subject, data, number, START)
        await asyncio.Event().wait()


def messages(*seconds: int, vehicle: int = 1) -> list[bytes]:
    return [positions.pack(block((vehicle, each, each)), [b""]) for each in seconds]


def place(root: Path, sequence: int) -> None:
    root.mkdir(exist_ok=True)
    (root / "sequence.json").write_text(json.dumps({"sequence": sequence, "writing": 0}))


def told(found: unsealed.Unsealed) -> list[int]:
    return [(int(each) - NOW) // 1000 for each in found.rows["time_ms"]]


def test_it_reads_what_is_behind_the_files_and_of_one_vehicle(tmp_path: Path) -> None:
    place(tmp_path, 2)
    bus = ListBus([*messages(0, 1, 2), *messages(3, vehicle=17), b"garbage", *messages(5)])
    found = asyncio.run(unsealed.read(bus, tmp_path, 1))
    assert (told(found), found.missing, bus.asked) == ([2, 5], Missing.NOTHING, 2)


def test_it_reads_nothing_when_all_is_in_files(tmp_path: Path) -> None:
    place(tmp_path, 3)
    bus = ListBus(messages(0, 1, 2))
    assert told(asyncio.run(unsealed.read(bus, tmp_path, 1))) == []
    assert bus.asked == -1
    assert told(asyncio.run(unsealed.read(ListBus([]), tmp_path, 1))) == []


def test_a_writer_far_behind_costs_no_more_than_the_newest_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsealed, "MOST", 2)
    found = asyncio.run(unsealed.read(ListBus(messages(0, 1, 2, 3)), tmp_path, 1))
    assert (told(found), found.missing) == ([2, 3], Missing.BEHIND)


def test_a_bus_that_falls_silent_costs_its_time_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsealed, "WAIT_S", 0.1)
    found = asyncio.run(unsealed.read(ListBus(messages(0, 1), stuck=True), tmp_path, 1))
    assert (told(found), found.missing) == ([0], Missing.BEHIND)


def test_no_bus_is_said_and_not_waited_for_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def knock(url: str) -> None:
        asked.append(url)
        raise BusUnavailable("nobody is there")

    monkeypatch.setattr(unsealed, "_knock", knock)
    url = "nats://nobody"
    assert unsealed.ask(url, tmp_path, 1).missing is Missing.NO_BUS
    assert unsealed.ask(url, tmp_path, 1).missing is Missing.NO_BUS
    assert asked == [url]


@pytest.mark.socket
def test_a_track_does_not_end_before_its_last_report(tmp_path: Path, bus_server: BusServer) -> None:
    async def fill() -> None:
        bus = await Bus.connect(bus_server.url, name="test")
        await bus.prepare()
        for second in range(4):
            await send(bus, 1, block((1, second, second)), f"m{second}")
            await send(bus, 2, block((2, second, second)), f"n{second}")
        await bus.close()

    asyncio.run(fill())
    root = tmp_path / "tracks"
    sealed = [block((1, second, second)) for second in (0, 1)]
    for number, array in zip((1, 3), sealed, strict=True):
        tracks.write(root, number, number, array, [b""])
    place(root, 3)
    fresh = unsealed.ask(bus_server.url, root, 1)
    hour = START + timedelta(hours=1)
    points = tracks.day(tmp_path, 1, START, hour, fresh.rows)
    assert [(point.time - START).seconds for point in points] == [0, 1, 2, 3]
    everybody = unsealed.ask(bus_server.url, root)
    assert sorted(set(everybody.rows["vehicle"].tolist())) == [1, 2]
