"""The track writer over a bus of lists: places kept, ranges repeated, late rows."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from jiaoan.kernel.clock import FixedClock
from jiaoan.stores import cards, positions, tracks
from jiaoan.stores.bus import Bus, Message
from jiaoan.stores.positions import card_row
from jiaoan.stores.tables import Overtaken
from jiaoan.stream import history
from jiaoan.stream.history import History
from jiaoan.stream.ownership import Lease
from stream_district import NOW, block

START = datetime.fromtimestamp(NOW / 1000, UTC)


class ListBus:
    """Gives stored messages in order and then waits, as the bus does."""

    def __init__(self, messages: list[bytes]) -> None:
        self.messages = messages

    async def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]:
        assert subject == "positions.*"
        for number, data in enumerate(self.messages, 1):
            if number > after:
                yield Message("positions.00", data, number, START)
        await asyncio.Event().wait()

    async def read_several(
        self, subject: str, *, after: int, batch: int = 100, every_s: float = 0
    ) -> AsyncIterator[list[Message]]:
        assert every_s < history.FLUSH_S
        async for message in self.read(subject, after=after, batch=batch):
            yield [message]


def messages(count: int, *, first: int = 0) -> list[bytes]:
    return [
        positions.pack(block((1, second, second)), [b""]) for second in range(first, first + count)
    ]


def writer(root: Path, bus: ListBus, *, held_s: float = 60) -> History:
    lease = Lease("tracks", 1, time.monotonic() + held_s)
    return History(cast(Bus, bus), root / "tracks", lease, FixedClock(START))


def place(root: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads((root / "tracks" / "sequence.json").read_text())
    return found


def seconds(root: Path) -> list[int]:
    points = tracks.day(root, 1, START, START + timedelta(hours=1))
    return [round((point.time - START).total_seconds()) for point in points]


def run(work: History, *, wait_s: float = 0.2) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(work.run(stop))
        await asyncio.sleep(wait_s)
        stop.set()
        await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_it_writes_what_it_read_when_it_is_stopped_and_goes_on_behind(tmp_path: Path) -> None:
    bus = ListBus(messages(5))
    run(writer(tmp_path, bus))
    assert (seconds(tmp_path), place(tmp_path)) == ([0, 1, 2, 3, 4], {"sequence": 5, "writing": 0})
    bus.messages += messages(2, first=5)
    run(writer(tmp_path, bus))
    assert seconds(tmp_path) == [0, 1, 2, 3, 4, 5, 6]
    assert len(list(tmp_path.rglob("*.parquet"))) == 2


def test_it_writes_by_rows_and_by_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "FLUSH_ROWS", 4)
    monkeypatch.setattr(history, "FLUSH_S", 0.3)

    async def main() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(writer(tmp_path, ListBus(messages(10))).run(stop))
        await asyncio.sleep(0.15)
        assert place(tmp_path)["sequence"] == 8
        await asyncio.sleep(0.6)
        assert place(tmp_path)["sequence"] == 10
        stop.set()
        await task

    asyncio.run(main())


@pytest.mark.parametrize("file_stands", [True, False])
def test_after_a_crash_in_the_middle_it_writes_the_same_range_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_stands: bool
) -> None:
    class Crash(RuntimeError):
        pass

    real = tracks.write

    def crash(*wanted: object) -> int:
        if file_stands:
            real(*wanted)  # type: ignore[arg-type]
        raise Crash

    monkeypatch.setattr(tracks, "write", crash)
    with pytest.raises(Crash):
        run(writer(tmp_path, ListBus(messages(5))))
    assert place(tmp_path) == {"sequence": 0, "writing": 5}
    monkeypatch.setattr(tracks, "write", real)
    run(writer(tmp_path, ListBus(messages(9))))
    assert [path.name for path in sorted(tmp_path.rglob("*.parquet"))] == [
        "POSITIONS-000000000001-000000000005.parquet",
        "POSITIONS-000000000006-000000000009.parquet",
    ]
    assert seconds(tmp_path) == list(range(9))


def test_a_range_begun_is_not_cut_shorter_by_a_second_stop(tmp_path: Path) -> None:
    (tmp_path / "tracks").mkdir()
    (tmp_path / "tracks" / "sequence.json").write_text('{"sequence": 0, "writing": 5}')
    run(writer(tmp_path, ListBus(messages(3))))
    assert list(tmp_path.rglob("*.parquet")) == []
    run(writer(tmp_path, ListBus(messages(6))))
    assert "POSITIONS-000000000001-000000000005.parquet" in {
        path.name for path in tmp_path.rglob("*.parquet")
    }


def test_a_damaged_block_costs_only_itself(tmp_path: Path) -> None:
    good = messages(3)
    run(writer(tmp_path, ListBus([good[0], b"garbage", good[2]])))
    assert (seconds(tmp_path), place(tmp_path)["sequence"]) == ([0, 2], 3)


def test_it_writes_nothing_without_its_lease(tmp_path: Path) -> None:
    with pytest.raises(Overtaken):
        run(writer(tmp_path, ListBus(messages(3)), held_s=0))
    assert list(tmp_path.rglob("*.parquet")) == []


def test_it_writes_driver_cards_beside_the_track(tmp_path: Path) -> None:
    told = block((1, 0, 0), (1, 5, 5))
    said = np.array([card_row(1, "13900000001", NOW + 3000, NOW + 3500, 1, 7)], positions.DTYPE)
    mixed = np.concatenate([told[:1], said, told[1:]])
    run(writer(tmp_path, ListBus([positions.pack(mixed, [b"", b"\x01card", b""])])))
    assert seconds(tmp_path) == [0, 5]
    (card,) = cards.read(tmp_path / "tracks", 1, NOW, NOW + 9000)
    assert (card.time_ms, card.octets, card.terminal) == (NOW + 3000, b"\x01card", "13900000001")
