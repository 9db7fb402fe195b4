"""Messages that 808 does not name: kept raw within bounds, counted beyond, never called stored."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jiaoan.gateway.unknown import Counted, Unknowns
from jiaoan.kernel.clock import FixedClock
from jiaoan.simulate.terminal import Terminal

from .helpers import MOMENT, NEWER, PHONE, UNAVAILABLE, MemoryBus, known, quick, rig, run, until

VENDOR, RESERVED, UPPER = 0x0F01, 0x0B02, 0xF123
UNSUPPORTED = 3


def told(bus: MemoryBus) -> list[dict[str, Any]]:
    return [json.loads(one.data) for one in bus.messages if one.subject == "findings.upload"]


def test_a_terminal_has_so_many_a_day_and_the_rest_is_counted() -> None:
    clock = FixedClock(MOMENT)
    unknowns = Unknowns(quick(unknown_per_day=2, unknown_octets_per_day=100), clock)
    assert [unknowns.admit("1", 7, 10) for _ in range(4)] == [True, True, False, False]
    assert [unknowns.admit("2", 8, size) for size in (90, 11, 10)] == [True, False, True]
    day = clock.today()
    assert unknowns.counted() == [Counted("1", 7, day, 2), Counted("2", 8, day, 1)]
    assert unknowns.counted() == []
    unknowns.admit("1", 7, 10)
    clock.advance(timedelta(days=1))
    assert unknowns.admit("1", 7, 10)  # the count of yesterday is told all the same
    assert unknowns.counted() == [Counted("1", 7, day, 3)]


@pytest.mark.socket
@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2011"), (PHONE, "2013"), (NEWER, "2019")])
def test_it_keeps_them_and_says_unsupported(tmp_path: Path, phone: str, version: str) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        limits = quick(unknown_per_day=4, unknown_told_s=0.01)
        async with rig(bus, tmp_path, limits, files=tmp_path / "files") as one:
            terminal = await one.live(phone, version)
            for number, body in ((VENDOR, b"\x7e\x7dvendor"), (RESERVED, b""), (UPPER, b"\xff")):
                assert (await terminal.ask(number, body)).result == UNSUPPORTED
                assert (told(bus)[-1]["message"], told(bus)[-1]["octets"]) == (number, body.hex())
            assert all(said["unknown"] for said in told(bus))
            assert await whole(terminal, VENDOR, b"x" * 9000) == UNSUPPORTED
            kept = told(bus)[-1]
            assert (kept["size"], kept["octets"]) == (9000, None)  # in the store of files
            path = tmp_path / "files" / kept["sha256"][:2] / kept["sha256"]
            assert path.read_bytes() == b"x" * 9000
            for _ in range(3):
                assert (await terminal.ask(VENDOR, b"more")).result == UNSUPPORTED
            await until(lambda: told(bus)[-1].get("more") == 3, "the rest is counted")
            assert len([said for said in told(bus) if "message" in said]) == 4
            # Its own life goes on, and a message of ours that it echoes is not answered.
            await terminal.send(terminal.frame(0x8104, b"")[1])
            assert await terminal.heartbeat() == 0

    run(main())


async def whole(terminal: Terminal, message_id: int, body: bytes) -> int:
    """A message in parts: the answer to its first."""
    serial, frames = terminal.frames(message_id, body)
    return (await terminal.ask_octets(serial, b"".join(frames))).result


@pytest.mark.socket
def test_it_answers_only_when_the_bus_has_it_and_tells_the_counts_at_the_end(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, quick(unknown_per_day=1, unknown_told_s=3600.0)) as one:
            terminal = await one.live(timeout_s=30.0)
            bus.trouble = UNAVAILABLE
            _, data = terminal.frame(VENDOR, b"1")
            await terminal.send(data)
            await until(lambda: bus.tried > 0, "it is tried")
            assert await terminal.heartbeat() == 0
            assert not any(one.result == UNSUPPORTED for one in terminal.answers)
            bus.trouble = None
            await until(lambda: len(told(bus)) == 1, "it is stored")
            await until(
                lambda: any(one.result == UNSUPPORTED for one in terminal.answers), "then answered"
            )
            assert (await terminal.ask(VENDOR, b"2")).result == UNSUPPORTED
        assert told(bus)[-1]["more"] == 1
        assert told(bus)[-1]["vehicle"] == 7

    run(main())


@pytest.mark.socket
def test_what_808_names_and_nobody_here_can_read_is_kept_apart(tmp_path: Path) -> None:
    """An announcement of files on the wrong port."""

    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            body = bytes([5]) + b"a.jpg" + bytes([0]) + (9).to_bytes(4, "big")
            assert (await terminal.ask(0x1211, body)).result == UNSUPPORTED
            (kept,) = one.quarantined()
            assert body.hex() in kept["hex"]
            assert told(bus) == []

    run(main())
