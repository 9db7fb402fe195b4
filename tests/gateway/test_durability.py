"""Acknowledged = stored, and what happens while nothing can be stored."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bus_server import BusServer
from jiaoan.gateway.server import Port
from jiaoan.simulate import octets
from jiaoan.simulate.octets import Answer, Fix
from jiaoan.simulate.terminal import NotAnswered, Terminal
from jiaoan.stores.bus import Bus, BusFull, BusUnavailable
from jiaoan.stores.positions import unpack

from .helpers import (
    FULL,
    MOMENT,
    NEWER,
    OTHER,
    PHONE,
    UNAVAILABLE,
    LyingBus,
    MemoryBus,
    known,
    positions,
    quick,
    rig,
    run,
    serials,
    until,
)

pytestmark = pytest.mark.socket
BODY = octets.location(Fix(29.48, 113.27, 33, 0, MOMENT))


async def stored(bus: Port) -> set[tuple[bytes, int]]:
    """Terminal and serial of every position that can be read back from the bus."""
    found: set[tuple[bytes, int]] = set()
    last = await bus.latest("positions.*")
    if last is None:
        return found
    async for message in bus.read("positions.*", after=0):
        array, _ = unpack(message.data)
        found |= {(bytes(row["terminal"]), int(row["serial"])) for row in array}
        if message.sequence >= last.sequence:
            return found
    return found


async def acknowledged_is_stored(bus: Port, folder: Path) -> int:
    """Three terminals send 60 reports each without waiting; every answered one must be readable."""
    acked: set[tuple[bytes, int]] = set()

    def note(phone: str) -> Callable[[Answer], None]:
        def on_answer(answer: Answer) -> None:
            if answer.message_id == octets.GENERAL_ANSWER and answer.result == 0:
                acked.add((phone.encode(), answer.serial))

        return on_answer

    async def send(terminal: Terminal) -> None:
        for _ in range(60):
            _, data = terminal.frame(octets.LOCATION, BODY)
            await terminal.send(data)
            await asyncio.sleep(random.random() / 100)

    async with rig(bus, folder) as one:
        terminals = [
            await one.live(phone, version, on_answer=note(phone))
            for phone, version in ((PHONE, "2013"), (OTHER, "2013"), (NEWER, "2019"))
        ]
        acked.clear()  # the answers to authentication are no reports
        await asyncio.gather(*(send(terminal) for terminal in terminals))
        await until(lambda: len(acked) == 180, "all reports are answered")
    kept = await stored(bus)
    missing = acked - kept
    assert not missing, f"{len(missing)} of {len(acked)} acknowledged reports are not stored"
    return len(acked)


def test_it_has_stored_what_it_acknowledged(tmp_path: Path) -> None:
    async def main() -> None:
        assert await acknowledged_is_stored(await known(MemoryBus()), tmp_path) == 180

    run(main())


def test_it_has_stored_what_it_acknowledged_on_the_real_bus(tmp_path: Path) -> None:
    """The server is killed after the last answer: what was answered is on its disk."""

    async def main(server: BusServer) -> None:
        bus = await Bus.connect(server.url, name="test")
        await bus.prepare()
        assert await acknowledged_is_stored(await known(bus), tmp_path) == 180
        server.kill()
        server.start()
        again = await Bus.connect(server.url, name="test")
        assert len(await stored(again)) == 180
        await again.close()
        await bus.close()

    with BusServer(tmp_path) as server:
        run(main(server))


def test_it_is_noticed_when_the_bus_stores_nothing(tmp_path: Path) -> None:
    """The check above is worth something: a bus that lies turns it red."""

    async def main() -> None:
        with pytest.raises(AssertionError, match="acknowledged reports are not stored"):
            await acknowledged_is_stored(await known(LyingBus()), tmp_path)

    run(main())


@pytest.mark.parametrize("trouble", [UNAVAILABLE, FULL], ids=["gone", "full"])
def test_it_answers_nothing_until_the_bus_stores_again(
    tmp_path: Path, trouble: BusUnavailable
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live(timeout_s=0.4)
            bus.trouble = trouble
            serial, data = terminal.frame(octets.LOCATION, BODY)
            with pytest.raises(NotAnswered):
                await terminal.ask_octets(serial, data)
            assert one.gateway.metrics.acked == 0
            assert one.gateway.metrics.publish_failures >= 2
            assert one.gateway.metrics.bus == str(trouble)
            assert await terminal.heartbeat() == 0  # the link is not to blame
            bus.trouble = None
            await until(lambda: bool(terminal.answers), "the answer comes once it is stored")
            assert (terminal.answers[-1].serial, terminal.answers[-1].result) == (serial, 0)
            assert one.gateway.metrics.bus == "ok"
        assert serials(bus.messages) == [serial]

    run(main())


def test_it_stops_reading_sockets_when_its_queues_are_full(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, quick(queued_positions=200)) as one:
            terminal = await one.live()
            bus.trouble = FULL
            _, data = terminal.frame(octets.LOCATION, BODY)
            count = 20_000
            flood = asyncio.create_task(terminal.send(data * count))
            await until(lambda: one.gateway.metrics.paused_now, "it pauses")
            await asyncio.sleep(0.3)
            # What one read of 16 KiB holds may come on top of the bound, and no more.
            most = 200 + 16 * 1024 // len(data) + 1
            assert 200 <= one.gateway.publisher.depth <= most
            # The rest stays in the kernel's buffers and, behind them, with the terminal.
            assert one.gateway.metrics.octets < 20 * len(data) + 2 * 16 * 1024 + 200 * len(data)
            late = one.terminal(OTHER, timeout_s=0.3)
            await late.connect()
            with pytest.raises(NotAnswered):
                await late.authenticate(f"code-{OTHER}")
            bus.trouble = None
            for _ in range(1000):
                if one.gateway.metrics.acked == count:
                    break
                await asyncio.sleep(0.02)
            assert one.gateway.metrics.acked == count
            assert not one.gateway.metrics.paused_now
            await flood
        assert sum(len(array) for array in positions(bus.messages)) == count

    run(main())


def test_it_closes_batches_by_size_and_by_time_and_keeps_one_in_flight(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, quick(batch_positions=50, batch_wait_s=0.1)) as one:
            terminal = await one.live()
            bus.hold = asyncio.Event()
            frames = [terminal.frame(octets.LOCATION, BODY) for _ in range(260)]
            await terminal.send(b"".join(data for _, data in frames))
            await until(lambda: one.gateway.publisher.depth == 260, "all are queued")
            assert bus.in_flight["positions.07"] == 1
            bus.hold.set()
            bus.hold = None
            await until(lambda: one.gateway.metrics.acked == 260, "all are answered")
            assert bus.most_in_flight == 1
            assert one.gateway.metrics.batches == 6
        sizes = [len(array) for array in positions(bus.messages)]
        assert sizes == [50, 50, 50, 50, 50, 10]
        assert serials(bus.messages) == [serial for serial, _ in frames]

    run(main())


def test_what_comes_while_its_partition_rests_goes_together(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, quick(batch_every_s=2)) as one:
            terminal = await one.live()
            for _ in range(6):
                await terminal.send(terminal.frame(octets.LOCATION, BODY)[1])
                await asyncio.sleep(0.05)
            await until(lambda: one.gateway.metrics.acked == 6, "all are answered")
        # The first goes at once; one common moment may lie between the others.
        assert len(positions(bus.messages)) <= 3

    run(main())


def test_it_resends_a_batch_under_its_first_name_and_nothing_before_it(tmp_path: Path) -> None:
    """A batch whose answer got lost is stored once, and the one behind it stays behind it."""

    class Forgetful(MemoryBus):
        names: list[str] = []

        async def _store(self, subject: str, data: bytes, message_id: str) -> int:
            sequence = await super()._store(subject, data, message_id)
            if subject.startswith("positions."):
                self.names.append(message_id)
                if len(self.names) % 2:
                    raise UNAVAILABLE
            return sequence

    async def main() -> None:
        bus = await known(Forgetful())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            for _ in range(3):
                assert await terminal.report(29.48, 113.27, 1, MOMENT) == 0
        first, second, third = (bus.names[at : at + 2] for at in (0, 2, 4))
        assert [len(set(pair)) for pair in (first, second, third)] == [1, 1, 1]
        assert len(serials(bus.messages)) == 3

    run(main())


def test_it_stores_and_answers_what_is_queued_before_it_stops(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            bus.hold = asyncio.Event()
            serial, data = terminal.frame(octets.LOCATION, BODY)
            answer = asyncio.create_task(terminal.ask_octets(serial, data))
            await until(lambda: one.gateway.publisher.depth == 1, "it is queued")
            stopping = asyncio.create_task(one.gateway.stop())
            await asyncio.sleep(0.1)
            assert not answer.done()
            bus.hold.set()
            await stopping
            assert (await answer).result == 0
        assert serials(bus.messages) == [serial]

    run(main())


def test_it_stops_in_time_even_while_the_bus_is_gone(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            bus.trouble = BusFull("full")
            await terminal.send(terminal.frame(octets.LOCATION, BODY)[1])
            await until(lambda: one.gateway.publisher.depth == 1, "it is queued")
            begun = asyncio.get_running_loop().time()
            await one.gateway.stop()
            assert asyncio.get_running_loop().time() - begun < 10
            assert one.gateway.metrics.acked == 0
        assert serials(bus.messages) == []

    run(main())


def test_it_fails_aloud_when_a_part_of_it_ends(tmp_path: Path) -> None:
    class Broken(MemoryBus):
        async def _store(self, subject: str, data: bytes, message_id: str) -> int:
            if subject.startswith("positions."):
                raise RuntimeError("a defect")
            return await super()._store(subject, data, message_id)

    async def main() -> None:
        bus = await known(Broken())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            await terminal.send(terminal.frame(octets.LOCATION, BODY)[1])
            with pytest.raises(RuntimeError, match="a defect"):
                await one.gateway.failure()

    run(main())


def test_it_cuts_a_link_that_does_not_take_its_answers(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, quick(unread_octets=10_000)) as one:
            reader, writer = await asyncio.open_connection(sock=one.narrow(), limit=1024)
            code = octets.authenticate("2013", f"code-{PHONE}")
            writer.write(octets.frame("2013", PHONE, 0, octets.AUTHENTICATE, code))
            beat = octets.frame("2013", PHONE, 1, octets.HEARTBEAT, b"")
            for _ in range(400):
                if writer.is_closing() or one.gateway.metrics.closed["does_not_read"]:
                    break
                writer.write(beat * 2000)
                await asyncio.sleep(0.01)
            await until(lambda: one.gateway.metrics.closed["does_not_read"] == 1, "it is cut")
            writer.close()
            assert reader is not None

    run(main())
