"""Bus gone, disk full, clocks that jump, repeated and late reports: on the real bus."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bus_server import BusServer
from jiaoan.gateway.prometheus import render
from jiaoan.portal.live.positions import LastKnown
from jiaoan.simulate import octets
from jiaoan.simulate.octets import Fix
from jiaoan.simulate.terminal import NotAnswered, Terminal
from jiaoan.stores.bus import Bus
from jiaoan.stores.positions import key_of

from .helpers import (
    MOMENT,
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
from .test_durability import stored

pytestmark = pytest.mark.socket
HERE = (29.48, 113.27)


@asynccontextmanager
async def on_real_bus(server: BusServer, folder: Path, **limits: float) -> AsyncIterator[Rig]:
    bus = await Bus.connect(server.url, name="test")
    await bus.prepare()
    await known(bus)
    try:
        async with rig(bus, folder, quick(**limits)) as one:
            yield one
    finally:
        await bus.close()


async def readable(url: str) -> int:
    """Positions that another process can read back."""
    bus = await Bus.connect(url, name="reader")
    try:
        return len(await stored(bus))
    finally:
        await bus.close()


def test_it_acknowledges_nothing_while_the_bus_is_gone_and_says_so(tmp_path: Path) -> None:
    async def main(server: BusServer) -> None:
        async with on_real_bus(server, tmp_path, queued_positions=50) as one:
            terminal = await one.live(timeout_s=0.5)
            assert await terminal.report(*HERE, 10, MOMENT) == 0
            server.kill()
            body = octets.location(Fix(*HERE, 33, 0, MOMENT))
            frames = [terminal.frame(octets.LOCATION, body) for _ in range(80)]
            await terminal.send(b"".join(data for _, data in frames))
            await until(lambda: one.gateway.metrics.bus != "ok", "it is said")
            await until(lambda: one.gateway.metrics.paused_now, "it stops reading")
            assert 'jiaoan_gateway_ok{process="gateway",part="bus"} 0' in render(
                one.gateway.metrics, "gateway"
            )
            await asyncio.sleep(0.3)
            assert one.gateway.metrics.acked == 1
            server.start()
            for _ in range(1000):
                if one.gateway.metrics.acked == 81:
                    break
                await asyncio.sleep(0.01)
            assert one.gateway.metrics.acked == 81
            assert (one.gateway.metrics.bus, one.gateway.metrics.paused_now) == ("ok", False)
        assert await readable(server.url) == 81

    with BusServer(tmp_path) as server:
        run(main(server))


def test_it_acknowledges_only_what_fits_when_the_disk_is_full(tmp_path: Path) -> None:
    """The server has room for little: what it refuses stays with the terminal."""

    async def main(server: BusServer) -> None:
        async with on_real_bus(server, tmp_path, batch_positions=50, stop_s=0.1) as one:
            terminal = await one.live(timeout_s=0.5)
            body = octets.location(Fix(*HERE, 33, 0, MOMENT)) + b"\xe0\xc8" + b"x" * 200
            frames = [terminal.frame(octets.LOCATION, body) for _ in range(6000)]
            data = b"".join(data for _, data in frames)
            flood = asyncio.create_task(terminal.send(data))  # gathered below
            await until(lambda: "full" in one.gateway.metrics.bus, "it says that it is full")
            await asyncio.sleep(0.3)
            acked = one.gateway.metrics.acked
            assert 0 < acked < 6000
            assert await readable(server.url) == acked
            with pytest.raises(NotAnswered):
                await terminal.report(*HERE, 10, MOMENT)
            flood.cancel()
            await asyncio.gather(flood, return_exceptions=True)

    server = BusServer(tmp_path)
    server.kill()
    config = server.plan.config
    lines = config.read_text("utf-8").splitlines()
    small = ["  max_file_store: 2000000" if "max_file_store" in one else one for one in lines]
    config.write_text("\n".join(small), "utf-8")
    server.start()
    with server:
        run(main(server))


@pytest.mark.parametrize("hours", [+72, -72])
def test_it_is_not_led_astray_by_a_clock_that_jumps(tmp_path: Path, hours: int) -> None:
    async def main(server: BusServer) -> None:
        async with on_real_bus(server, tmp_path, idle_s=20.0) as one:
            terminal = await one.live()
            assert await terminal.report(*HERE, 10, MOMENT) == 0
            one.clock.advance(timedelta(hours=hours))
            await until(lambda: one.gateway.metrics.clock_jumps > 0, "it is noticed")
            seconds = float(one.gateway.metrics.clock.split()[2])
            assert abs(seconds - hours * 3600) < 30
            assert terminal.connected  # no time-out rests on that clock
            assert await terminal.report(*HERE, 10, MOMENT + timedelta(seconds=10)) == 0
            assert one.gateway.metrics.acked == 2
        assert await readable(server.url) == 2

    with BusServer(tmp_path) as server:
        run(main(server))


def test_it_lets_late_and_repeated_reports_change_nothing_but_history(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        fixes = [
            Fix(29.48 + n / 1000, 113.27, 33, 0, MOMENT + timedelta(minutes=n)) for n in range(5)
        ]
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            last = octets.location(fixes[-1])
            assert (await terminal.ask(octets.LOCATION, last)).result == 0
            assert (await terminal.ask(octets.LOCATION, last)).result == 0  # repeated
            assert await terminal.report_batch(fixes) == 0  # the blind area, with the live one
        live = LastKnown()
        for block in positions(bus.messages):
            live.take(block)
        fix = live.of(7)
        assert fix is not None
        assert fix.time_ms == fixes[-1].when.timestamp() * 1000
        rows = [row for block in positions(bus.messages) for row in block]
        # The same report is the same report, by whatever way and under whatever serial it came.
        times = Counter(key_of(row) for row in rows)
        assert sorted(times.values()) == [1, 1, 1, 1, 3]

    run(main())


async def crowd(one: Rig, count: int, *, at_once: int = 100) -> list[Terminal]:
    """``count`` live terminals."""
    made: list[Terminal] = []

    async def enter(number: int) -> None:
        made.append(await one.live(phone_of(number), timeout_s=30))

    for start in range(0, count, at_once):
        await asyncio.gather(*(enter(n) for n in range(start, min(start + at_once, count))))
    return made


def phone_of(number: int) -> str:
    return f"138{number:08d}"


async def crowded(bus: MemoryBus, count: int) -> MemoryBus:
    for number in range(count):
        phone = phone_of(number)
        await put(bus, f"ref.terminal.{phone}", terminal_value(phone, number + 1))
    return bus


@pytest.mark.slow
def test_it_carries_two_thousand_terminals_in_one_process(tmp_path: Path) -> None:
    """Both ends live in this process, so it needs two descriptors for each terminal."""
    count = 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * count + 200:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * count + 200), hard))

    async def main() -> None:
        bus = await crowded(MemoryBus(), count)
        async with rig(bus, tmp_path, quick(batch_wait_s=0.02)) as one:
            terminals = await crowd(one, count)
            assert (len(one.gateway.links), one.gateway.links.live) == (count, count)
            results = await asyncio.gather(*(each.report(*HERE, 10, MOMENT) for each in terminals))
            assert results == [0] * count
            assert one.gateway.metrics.acked == count
            await asyncio.gather(*(each.close(abruptly=True) for each in terminals))
            await until(lambda: len(one.gateway.links) == 0, "all are forgotten")
            assert one.gateway.links.live == 0
        assert sum(len(block) for block in positions(bus.messages)) == count

    try:
        asyncio.run(main())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
