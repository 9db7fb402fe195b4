"""Sub-packaged messages over real sockets: nothing is answered before the whole is stored."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jiaoan.simulate import octets
from jiaoan.simulate.device import Message
from jiaoan.simulate.octets import Fix
from jiaoan.simulate.terminal import Terminal

from .helpers import (
    MOMENT,
    NEWER,
    PHONE,
    MemoryBus,
    known,
    positions,
    quick,
    rig,
    run,
    until,
)
from .test_commands import Cab, command, news, states

pytestmark = pytest.mark.socket
FIXES = [Fix(29.48, 113.27, 33, 0, MOMENT + timedelta(seconds=n)) for n in range(40)]
BATCH = octets.batch([octets.location(fix) for fix in FIXES], backfill=True)


def soon(**changes: Any) -> Any:
    return quick(**({"ask_parts_s": 0.3, "parts_s": 1.5} | changes))


def parts(terminal: Terminal, message_id: int, body: bytes, size: int = 500) -> list[bytes]:
    """The message in parts with consecutive serials; the terminal does not keep them."""
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    return [
        octets.frame(
            terminal.version,
            terminal.phone,
            terminal.next_serial(),
            message_id,
            piece,
            (len(cut), index),
        )
        for index, piece in enumerate(cut, start=1)
    ]


def unescaped(frame: bytes) -> bytes:
    return frame[1:-1].replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")


def escaped(content: bytes) -> bytes:
    return b"\x7e" + content.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


def answered(terminal: Terminal) -> dict[int, int]:
    return {one.serial: one.result for one in terminal.answers if one.message_id == 0x8001}


def stored(bus: MemoryBus) -> int:
    return sum(len(array) for array in positions(bus.messages))


def told(terminal: Terminal, message_id: int) -> list[bytes]:
    """Bodies of what came down, besides the answers."""
    return [one.body for one in terminal.commands if one.message_id == message_id]


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2013"), (NEWER, "2019")])
def test_it_answers_every_part_after_the_whole_is_stored(
    tmp_path: Path, phone: str, version: str
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, soon()) as one:
            terminal = await one.live(phone, version)
            first = terminal.serial
            frames = parts(terminal, octets.LOCATION_BATCH, BATCH)
            bus.hold = asyncio.Event()
            await terminal.send(b"".join(frames[::-1]))  # part 1 comes last
            await until(lambda: one.gateway.publisher.depth == len(FIXES), "the whole is queued")
            await asyncio.sleep(0.05)
            assert answered(terminal) == {}
            bus.hold.set()
            wanted = {first + index: 0 for index in range(len(frames))}
            await until(lambda: answered(terminal) == wanted, "all parts are answered")
        assert stored(bus) == len(FIXES)
        assert {int(row["source"]) for array in positions(bus.messages) for row in array} == {2}

    run(main())


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2013"), (NEWER, "2019")])
def test_it_asks_for_missing_parts_and_takes_them(tmp_path: Path, phone: str, version: str) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, soon()) as one:
            terminal = await one.live(phone, version)
            first = terminal.serial
            frames = parts(terminal, octets.LOCATION_BATCH, BATCH)
            await terminal.send(b"".join(frames[:1] + frames[2:]))
            await until(lambda: bool(told(terminal, 0x8003)), "the missing part is asked for")
            count = b"\x00\x01" if version == "2019" else b"\x01"
            assert told(terminal, 0x8003)[0] == first.to_bytes(2, "big") + count + b"\x00\x02"
            assert answered(terminal) == {}
            assert stored(bus) == 0
            await terminal.send(frames[1])
            await until(lambda: len(answered(terminal)) == len(frames), "all are answered")
        assert stored(bus) == len(FIXES)

    run(main())


def test_it_gives_up_what_stays_incomplete_and_keeps_its_octets(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, soon(parts_s=0.8)) as one:
            terminal = await one.live()
            frames = parts(terminal, octets.LOCATION_BATCH, BATCH)
            await terminal.send(b"".join(frames[1:]))
            lost = one.gateway.metrics.parts
            await until(lambda: lost["lost_expired"] == 1, "it is given up")
            kept = one.quarantined()
            assert len(kept) == len(frames) - 1
            assert kept[0]["reason"] == f"part 2 of {len(frames)}: expired"
            assert answered(terminal) == {}
            assert (len(one.gateway.parts), one.gateway.parts.octets) == (0, 0)
            assert await terminal.heartbeat() == 0
        assert stored(bus) == 0

    run(main())


def test_it_answers_a_part_again_whose_answer_got_lost_also_on_a_new_link(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, soon(parts_s=20)) as one:
            terminal = await one.live()
            frames = parts(terminal, octets.LOCATION_BATCH, BATCH)
            await terminal.send(b"".join(frames))
            await until(lambda: len(answered(terminal)) == len(frames), "all are answered")
            await terminal.close(abruptly=True)
            again = await one.live()
            await again.send(b"".join(frames))
            await until(lambda: len(answered(again)) == len(frames), "all are answered again")
        assert stored(bus) == len(FIXES)

    run(main())


def test_it_goes_on_with_the_parts_of_a_link_that_was_cut(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, soon(parts_s=20)) as one:
            terminal = await one.live()
            frames = parts(terminal, octets.LOCATION_BATCH, BATCH)
            await terminal.send(b"".join(frames[:2]))
            await until(lambda: one.gateway.metrics.parts["kept"] == 2, "two parts came")
            await terminal.close(abruptly=True)
            again = await one.live()
            await again.send(b"".join(frames[2:]))
            await until(lambda: len(answered(again)) == len(frames), "all parts are answered")
        assert stored(bus) == len(FIXES)

    run(main())


def test_it_never_mixes_two_uploads_of_equal_size(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, soon()) as one:
            terminal = await one.live()
            later = [Fix(30.0, 114.0, 60, 90, MOMENT + timedelta(hours=n)) for n in range(1, 41)]
            other = octets.batch([octets.location(fix) for fix in later], backfill=True)
            frames = parts(terminal, octets.LOCATION_BATCH, BATCH)
            others = parts(terminal, octets.LOCATION_BATCH, other)
            mixed = [two for pair in zip(frames, others, strict=True) for two in pair]
            await terminal.send(b"".join(mixed))
            await until(lambda: len(answered(terminal)) == len(mixed), "all are answered")
        speeds = [int(row["speed"]) for array in positions(bus.messages) for row in array]
        assert sorted(speeds) == [330] * 40 + [600] * 40
        assert speeds.index(600) in (0, 40)

    run(main())


def test_it_bounds_the_uploads_of_one_link(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, soon(uploads_of_link=2, ask_parts_s=5, parts_s=20)) as one:
            terminal = await one.live()
            for _ in range(3):
                frames = parts(terminal, octets.LOCATION_BATCH, BATCH)
                last = terminal.serial
                await terminal.send(frames[0])
            await until(lambda: bool(answered(terminal)), "the third is refused")
            assert answered(terminal) == {last - len(frames): 1}
            assert len(one.gateway.parts) == 2
            assert one.quarantined()[-1]["reason"] == "part: too_many_uploads"

    run(main())


def test_it_refuses_an_impossible_part(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path, soon()) as one:
            terminal = await one.live()
            serial = terminal.serial
            content = bytearray(unescaped(parts(terminal, octets.LOCATION_BATCH, BATCH)[0]))
            content[-1] ^= content[15] ^ 99
            content[15] = 99  # part 99 of 5
            await terminal.send(escaped(bytes(content)))
            await until(lambda: answered(terminal) == {serial: 2}, "it is a bad message")

    run(main())


def test_it_sends_parts_again_that_a_terminal_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0x0005 (2019): exactly those parts, unchanged."""
    heard: list[bytes] = []

    def note(_: object, plain: bytes) -> None:
        heard.append(plain)

    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, soon(command_answer_s=20)) as one:
            terminal = await one.live(NEWER, "2019")
            monkeypatch.setattr(octets.AnswerReader, "_message", note)
            figures = {str(0x0100 + number): "参" * 100 for number in range(12)}
            await command(bus, "set", NEWER, parameters=figures)
            await until(lambda: len(heard) == 3, "it comes in three parts")
            first = heard[0][15:17]
            sent = list(heard)
            again = first + b"\x00\x02" + b"\x00\x03" + b"\x00\x01"
            await terminal.send_message(Message(0x0005, again))
            await until(lambda: len(heard) == 5, "two of them come again")
            assert heard[3:] == [sent[2], sent[0]]

    run(main())


def test_it_takes_an_answer_in_parts(tmp_path: Path) -> None:
    """All parameters of a terminal rarely fit one package."""

    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, soon(command_answer_s=20)) as one:
            cab = Cab()
            cab.parameters = {0x0100 + number: bytes(100) for number in range(12)}
            cab.reply = super(Cab, cab).answer
            terminal = await cab.enter(one)
            name = await command(bus, "read", ids=[])
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is answered")
            assert len(news(bus, name)[-1]["result"]["parameters"]) == 12
            assert answered(terminal) == {}  # answers are not answered

    run(main())


def test_it_tells_the_time_and_takes_a_log_off(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            terminal = await one.live(NEWER, "2019")
            await terminal.send_message(Message(0x0004, b""))
            await until(lambda: bool(told(terminal, 0x8004)), "the time is told")
            # The one time of 808 that is in UTC.
            assert told(terminal, 0x8004) == [bytes.fromhex(f"{MOMENT:%y%m%d%H%M%S}")]
            assert (await terminal.ask(0x0003, b"")).result == 0

    run(main())
