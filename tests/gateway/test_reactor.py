"""The fast way of plain reports: the same as the slow one, octet by octet."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaoan.gateway.reactor import PlainReader, Reactor
from jiaoan.simulate import octets
from jiaoan.simulate.octets import Fix
from jiaoan.stores.positions import unpack
from jiaoan.wire.jt808 import Frame, FrameReader
from jiaoan.wire.jt808.location import SHIFTED

from .helpers import (
    MOMENT,
    NEWER,
    OTHER,
    PHONE,
    MemoryBus,
    Rig,
    known,
    positions,
    put,
    quick,
    rig,
    run,
    terminal_value,
    until,
)

pytestmark = pytest.mark.socket
pytest.importorskip("numba")
MILEAGE = b"\x01\x04\x00\x00\x7e\x7d"


def location(second: int, *, status: int = 3, extra: bytes = MILEAGE, lat: float = 29.48) -> bytes:
    fix = Fix(lat, 113.27, second % 90, second % 360, MOMENT + timedelta(seconds=second))
    body = octets.location(fix)
    return body[:4] + status.to_bytes(4, "big") + body[8:28] + extra


def frames(phone: str, version: str) -> st.SearchStrategy[bytes]:
    """What a terminal may send: mostly plain reports."""
    serial = st.integers(0, 0xFFFF)
    second = st.integers(0, 5000)

    def plain(number: int, at: int) -> bytes:
        return octets.frame(version, phone, number, 0x0200, location(at))

    def broken(frame: bytes, place: int) -> bytes:
        at = 1 + place % (len(frame) - 2)
        return frame[:at] + bytes([frame[at] ^ 0x15 or 1]) + frame[at + 1 :]

    report = st.builds(plain, serial, second)
    other = OTHER if phone != OTHER else PHONE
    return st.one_of(
        report,
        report,
        report,
        st.builds(lambda n: octets.frame(version, phone, n, 0x0002, b""), serial),
        st.builds(
            lambda n, at: octets.frame(version, phone, n, 0x0200, location(at, status=SHIFTED | 3)),
            serial,
            second,
        ),
        st.builds(
            lambda n, at: octets.frame(version, other, n, 0x0200, location(at)), serial, second
        ),
        st.builds(
            lambda n, at: octets.frame(version, phone, n, 0x0200, location(at)[:27]), serial, second
        ),
        st.builds(lambda n: octets.frame(version, phone, n, 0x0F77, b"\x01"), serial),
        st.builds(broken, report, st.integers(0, 200)),
        st.builds(lambda frame: frame[:-1], report),  # shares the flag of the next
        st.just(b"\x7e"),
        st.binary(max_size=8),
    )


@st.composite
def streams(draw: st.DrawFn) -> tuple[str, str, list[bytes]]:
    """A terminal and the portions in which its octets come."""
    phone, version = draw(st.sampled_from([(PHONE, "2013"), (NEWER, "2019"), ("7", "2013")]))
    whole = b"".join(draw(st.lists(frames(phone, version), min_size=1, max_size=12)))
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    ends = [*cuts, len(whole)]
    return phone, version, [whole[a:b] for a, b in zip([0, *cuts], ends, strict=True) if a < b]


@dataclass
class Seen:
    """What came of a stream: rows and their octets, answers without our serial, counters."""

    rows: list[tuple[Any, ...]]
    bodies: list[bytes]
    answers: list[tuple[int, str, int, bytes]]
    serials: list[int]
    counts: dict[str, Any]


async def play(one: Rig, bus: MemoryBus, phone: str, version: str, portions: list[bytes]) -> Seen:
    terminal = await one.live(phone, version)
    await terminal.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    metrics = one.gateway.metrics
    begun = len(bus.messages)
    code = octets.authenticate(version, f"code-{phone}")
    writer.write(octets.frame(version, phone, 1, 0x0102, code))
    got = await reader.read(100)
    for portion in portions:
        before = metrics.octets
        writer.write(portion)
        await until(lambda: metrics.octets >= before + len(portion), "a portion is read")  # noqa: B023
    gateway = one.gateway
    await until(lambda: not gateway.publisher.depth + gateway.keeper.waiting, "all is stored")
    writer.write_eof()
    while more := await reader.read(65536):
        got += more
    writer.close()
    stored = [each for each in bus.messages[begun:] if each.subject.startswith("positions.")]
    blocks = [unpack(each.data) for each in stored]
    found = [each for each in FrameReader().receive(got) if isinstance(each, Frame)]
    answers = [(f.header.message_id, f.header.phone, f.header.bit_14, f.body) for f in found]
    kept = ("frames", "bad_frames", "refused", "messages", "answers", "positions", "acked")
    return Seen(
        [tuple(row) for rows, _ in blocks for row in rows.tolist()],
        [body for _, bodies in blocks for body in bodies],
        sorted(answers),
        [f.header.serial for f in found],
        {name: dict(v) if isinstance(v := getattr(metrics, name), dict) else v for name in kept},
    )


@contextmanager
def slowly(on: bool) -> Iterator[None]:
    before = os.environ.get("JIAOAN_NUMBA")
    os.environ["JIAOAN_NUMBA"] = "0" if on else "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["JIAOAN_NUMBA"]
        else:
            os.environ["JIAOAN_NUMBA"] = before


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stream=streams())
def test_both_ways_give_the_same(tmp_path: Path, stream: tuple[str, str, list[bytes]]) -> None:
    seen: list[Seen] = []

    async def main() -> None:
        bus = await known(MemoryBus())
        await put(bus, "ref.terminal.7", terminal_value("7", 23))
        async with rig(bus, tmp_path) as one:
            seen.append(await play(one, bus, *stream))

    for slow in (False, True):
        with slowly(slow):
            run(main())
    fast, slow_seen = seen
    assert fast.rows == slow_seen.rows
    assert fast.bodies == slow_seen.bodies
    assert fast.answers == slow_seen.answers
    assert fast.serials == slow_seen.serials == list(range(len(fast.serials)))
    assert fast.counts == slow_seen.counts


def test_a_frame_may_begin_with_the_flag_that_ended_the_last_one_that_went_fast(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            sent = [octets.frame("2013", PHONE, n, 0x0200, location(n)) for n in range(4)]
            portions = [sent[0], sent[1][1:], sent[2][1:20], sent[2][20:] + sent[3][1:]]
            seen = await play(one, bus, PHONE, "2013", portions)
        assert [row[-1] for row in seen.rows] == [0, 1, 2, 3]
        assert seen.counts["bad_frames"] == {}

    run(main())


def test_there_is_a_fast_way_and_a_way_without_numba(tmp_path: Path) -> None:
    kinds = []

    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            kinds.append(type(one.gateway.reader))

    for slow in (False, True):
        with slowly(slow):
            run(main())
    assert kinds == [Reactor, PlainReader]


def test_who_takes_the_number_of_an_ended_link_gets_none_of_its_answers(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            bus.hold, bus.held = asyncio.Event(), "positions."
            first = await one.live(PHONE)
            await first.send(octets.frame("2013", PHONE, 9, 0x0200, location(1)))
            await until(lambda: one.gateway.publisher.depth == 1, "the report waits")
            await first.close()
            await until(lambda: not len(one.gateway.links), "its link has ended")
            second = socket.create_connection(("127.0.0.1", one.port))
            second.settimeout(0.3)
            await until(lambda: len(one.gateway.links) == 1, "the next one is there")
            bus.hold.set()
            await until(lambda: one.gateway.publisher.depth == 0, "the report is stored")
            with pytest.raises(TimeoutError):
                await asyncio.to_thread(second.recv, 100)
            second.close()
            assert one.gateway.metrics.acked == 0

    run(main())


def test_a_link_that_does_not_read_is_cut_whatever_way_its_answers_go(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, quick(unread_octets=2000, frames_burst=10**9)) as one:
            terminal = one.narrow()
            code = octets.authenticate("2013", f"code-{PHONE}")
            terminal.sendall(octets.frame("2013", PHONE, 1, 0x0102, code))
            much = b"".join(
                octets.frame("2013", PHONE, n, 0x0200, location(n)) for n in range(2000)
            )
            terminal.setblocking(False)
            loop = asyncio.get_running_loop()
            for _ in range(200):
                if one.gateway.metrics.closed["does_not_read"]:
                    break
                try:
                    async with asyncio.timeout(0.5):
                        await loop.sock_sendall(terminal, much)
                except (TimeoutError, ConnectionError):
                    continue
            await until(lambda: one.gateway.metrics.closed["does_not_read"] == 1, "it is cut")
            terminal.close()

    run(main())


@pytest.mark.parametrize("slow", [False, True])
def test_many_links_do_not_get_around_the_bound_of_their_address(
    tmp_path: Path, *, slow: bool
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        limits = quick(address_frames_per_s=400.0, address_frames_burst=60)
        async with rig(bus, tmp_path, limits) as one:
            links = [await one.live(PHONE), await one.live(OTHER)]
            metrics, loop = one.gateway.metrics, asyncio.get_running_loop()
            begun = loop.time()
            for turn in range(3):
                for link in links:
                    numbers = range(turn * 100, turn * 100 + 100)
                    await link.send(
                        b"".join(
                            octets.frame("2013", link.phone, n, 0x0200, location(n))
                            for n in numbers
                        )
                    )
                await asyncio.sleep(0.05)
            await until(lambda: metrics.acked == 600, "all is stored and answered")
            assert metrics.held_back
            assert loop.time() - begun > 0.5
            for link in links:
                await link.close()

    with slowly(slow):
        run(main())


@pytest.mark.parametrize("slow", [False, True])
def test_a_turn_in_which_all_is_full_loses_nothing_and_keeps_the_order(
    tmp_path: Path, *, slow: bool
) -> None:
    """More links than partitions, with more octets than a tray, the slab and a turn take."""
    phones, heartbeat = [str(100 + n) for n in range(40)], 0x0002
    kinds = {
        phone: [heartbeat if n % 3 == 0 and int(phone) % 2 else 0x0200 for n in range(300)]
        for phone in phones
    }

    def frame(phone: str, n: int, kind: int) -> bytes:
        return octets.frame("2013", phone, n, kind, b"" if kind == heartbeat else location(n))

    async def main() -> None:
        bus = await known(MemoryBus())
        for phone in phones:
            await put(bus, f"ref.terminal.{phone}", terminal_value(phone, int(phone)))
        async with rig(bus, tmp_path, quick(batch_positions=50, frames_burst=10**6)) as one:
            links = [await one.live(phone) for phone in phones]
            metrics, before = one.gateway.metrics, one.gateway.metrics.answers["ok"]
            one.gateway.reader.pause()
            for link in links:
                frames = enumerate(kinds[link.phone])
                await link.send(b"".join(frame(link.phone, n, kind) for n, kind in frames))
            one.gateway.reader.resume()
            count = 300 * len(phones)
            await until(lambda: metrics.answers["ok"] == before + count, "all is answered")
            assert metrics.bad_frames == {}
            for link in links:
                await link.close()
        rows = np.concatenate(positions(bus.messages))
        for phone in phones:
            plain = [n for n, kind in enumerate(kinds[phone]) if kind != heartbeat]
            assert rows["serial"][rows["vehicle"] == int(phone)].tolist() == plain

    with slowly(slow):
        run(main())


def test_a_terminal_that_the_register_gives_to_another_vehicle_reports_for_that(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live(PHONE)
            assert await terminal.report(29.48, 113.27, 10, MOMENT) == 0
            await put(bus, f"ref.terminal.{PHONE}", terminal_value(PHONE, 31))
            link = one.gateway.links.of(PHONE)
            assert link is not None
            await until(lambda: link.session.terminal.vehicle_id == 31, "it is told")  # type: ignore[union-attr]
            assert await terminal.report(29.48, 113.27, 10, MOMENT) == 0
            await terminal.close()
        assert [int(v) for rows in positions(bus.messages) for v in rows["vehicle"]] == [7, 31]

    run(main())
