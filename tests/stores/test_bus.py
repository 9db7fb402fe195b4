"""The bus against a real server: stored means stored, order, gaps, outages, refusals."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig, StreamInfo

from bus_server import BusServer
from jiaoan.stores import bus as bus_module
from jiaoan.stores import link, server
from jiaoan.stores.bus import Bus, BusFull, BusUnavailable, Message, NotDurable, stream_of
from jiaoan.stores.tables import Overtaken

pytest_plugins = ["bus_fixture"]
pytestmark = pytest.mark.socket


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(40):
            await main

    asyncio.run(bounded())


async def opened(server: BusServer) -> Bus:
    bus = await Bus.connect(server.url, name="test")
    await bus.prepare()
    return bus


async def insist(bus: Bus, data: bytes) -> None:
    """Publish as the gateway does: the same id again until it is stored."""
    while True:
        try:
            await bus.publish("positions.00", data, message_id=data.decode())
            return
        except NotDurable:
            raise
        except BusUnavailable:
            await asyncio.sleep(0.02)


async def take(bus: Bus, subject: str, count: int, *, after: int = 0) -> list[Message]:
    got: list[Message] = []
    reader = bus.read(subject, after=after, batch=7)
    async for message in reader:
        got.append(message)
        if len(got) == count:
            break
    await reader.aclose()  # type: ignore[attr-defined]
    return got


def test_it_reads_back_in_order_from_any_sequence(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        for number in range(50):
            subject = f"positions.{number % 2:02d}"
            assert await bus.publish(subject, b"%d" % number, message_id=str(number)) == number + 1
        even = await take(bus, "positions.00", 25)
        assert [int(each.data) for each in even] == list(range(0, 50, 2))
        late = await take(bus, "positions.*", 10, after=40)
        assert [(each.sequence, int(each.data)) for each in late] == [
            (number + 1, number) for number in range(40, 50)
        ]
        assert late[0].stored_at.tzinfo is not None
        last = await bus.latest("positions.00")
        assert last is not None
        assert (last.data, last.sequence) == (b"48", 49)
        assert await bus.latest("positions.09") is None
        await bus.close()

    run(main())


def test_it_hands_over_together_what_came_meanwhile(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        for number in range(25):
            await bus.publish("positions.00", b"%d" % number, message_id=str(number))
        got: list[list[int]] = []
        async for messages in bus.read_several("positions.00", after=5, batch=8):
            got.append([each.sequence for each in messages])
            await asyncio.sleep(0.1)  # work, while more comes in
            if got[-1][-1] == 25:
                break
        assert [one for each in got for one in each] == list(range(6, 26))
        assert max(map(len, got)) == 8
        await bus.close()

    run(main())


def test_whoever_is_behind_gets_whole_batches_and_no_rest(bus_server: BusServer) -> None:
    """However the messages come in over the socket: a rest is for who has caught up."""

    async def main() -> None:
        bus = await opened(bus_server)
        for number in range(230):
            await bus.publish("positions.00", bytes(30_000), message_id=str(number))
        got: list[int] = []
        async for messages in bus.read_several("positions.00", after=0, batch=50, every_s=0.5):
            got.append(len(messages))
            if sum(got) == 230:
                break
        assert got == [50] * 4 + [30]
        await bus.close()

    run(main())


def test_it_rests_before_it_hands_over_more(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        for number in range(10):
            await bus.publish("positions.00", b"%d" % number, message_id=str(number))
        reading = bus.read_several("positions.00", after=0, batch=10, every_s=1)
        assert len(await anext(reading)) == 10  # a whole batch: there may be more
        await bus.publish("positions.00", b"10", message_id="10")
        assert [each.sequence for each in await anext(reading)] == [11]
        resting = asyncio.ensure_future(reading.__anext__())
        for number in range(11, 14):
            await bus.publish("positions.00", b"%d" % number, message_id=str(number))
            await asyncio.sleep(0.1)
        assert [each.sequence for each in await resting] == [12, 13, 14]
        await bus.close()

    run(main())


def test_it_hands_over_a_new_message_without_polling(bus_server: BusServer) -> None:
    async def main() -> None:
        bus, other = await opened(bus_server), await opened(bus_server)
        loop = asyncio.get_running_loop()
        seen: list[float] = []

        async def reader() -> None:
            async for _ in bus.read("findings.*", after=0):
                seen.append(loop.time())  # noqa: PERF401

        task = asyncio.create_task(reader())
        await asyncio.sleep(0.3)
        waits = []
        for number in range(20):
            start = loop.time()
            await other.publish("findings.03", b"{}", message_id=str(number))
            while len(seen) <= number:
                await asyncio.sleep(0.001)
            waits.append(seen[-1] - start)
        assert sorted(waits)[10] < 2  # no poll in between; speed is measured in bench/
        task.cancel()
        await bus.close()
        await other.close()

    run(main())


def test_it_stores_a_message_said_twice_once(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        first = await bus.publish("findings.01", b"a", message_id="same")
        assert await bus.publish("findings.01", b"a", message_id="same") == first
        assert await bus.publish("findings.01", b"b", message_id="other") == first + 1
        await bus.close()

    run(main())


def test_it_keeps_one_reference_for_each_subject(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        for version in range(5):
            for place in (1, 2):
                await bus.publish(
                    f"ref.place.{place}", b"%d" % version, message_id=f"{place}.{version}"
                )
        got = await take(bus, "ref.>", 2)
        assert {(each.subject, each.data) for each in got} == {
            ("ref.place.1", b"4"),
            ("ref.place.2", b"4"),
        }
        last = await bus.latest("ref.>")
        assert last is not None
        assert last.sequence == got[-1].sequence == 10
        await bus.close()

    run(main())


def test_it_reads_on_through_a_killed_server(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        got: list[bytes] = []

        async def reader() -> None:
            async for message in bus.read("positions.*", after=0):
                got.append(message.data)  # noqa: PERF401

        task = asyncio.create_task(reader())
        acknowledged: list[bytes] = []
        for number in range(60):
            data = b"%d" % number
            if number in (20, 40):
                await asyncio.to_thread(bus_server.kill)
                with pytest.raises(BusUnavailable):
                    await bus.publish("positions.00", data, message_id=str(number))
                await asyncio.to_thread(bus_server.start)
            await insist(bus, data)
            acknowledged.append(data)
        while len(got) < len(acknowledged):
            await asyncio.sleep(0.01)
        assert got == acknowledged
        task.cancel()
        await bus.close()

    run(main())


def test_it_refuses_a_server_that_does_not_report_sync_always(tmp_path: Path) -> None:
    async def main(url: str) -> None:
        bus = await Bus.connect(url, name="test")
        with pytest.raises(NotDurable, match="sync_always"):
            await bus.prepare()
        with pytest.raises(NotDurable):
            await bus.publish("positions.00", b"x", message_id="x")
        assert await bus._link.js.account_info()
        await bus.close()

    with BusServer(tmp_path, replace=("sync_interval: always", "sync_interval: 2m")) as lax:
        run(main(lax.url))


def test_it_refuses_a_monitor_that_is_missing_or_another_servers(
    bus_server: BusServer, tmp_path: Path
) -> None:
    async def main(other: BusServer) -> None:
        bare = await Bus.connect(bus_server.url.split("?")[0], name="test")
        with pytest.raises(NotDurable, match="names no monitor"):
            await bare.prepare()
        await bare.close()
        crossed = await Bus.connect(
            f"{bus_server.url.split('?')[0]}?{other.url.split('?')[1]}", name="test"
        )
        with pytest.raises(NotDurable, match="another server"):
            await crossed.prepare()
        await crossed.close()

    with BusServer(tmp_path / "other") as other:
        run(main(other))


def test_a_server_started_again_while_its_monitor_is_asked_is_no_other(
    bus_server: BusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = server.report
    asked: list[str] = []

    def late(at: str) -> server.Report:
        asked.append(at)
        if len(asked) == 1:
            bus_server.kill()
            bus_server.start()
        return report(at)

    async def main() -> None:
        bus = await Bus.connect(bus_server.url, name="test")
        monkeypatch.setattr(server, "report", late)
        await bus.prepare()
        await bus.close()

    run(main())


def test_it_asks_again_after_a_restart_without_sync(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        await bus.publish("positions.00", b"x", message_id="1")
        await asyncio.to_thread(bus_server.kill)
        config = bus_server.plan.config
        config.write_text(config.read_text().replace("sync_interval: always", ""))
        await asyncio.to_thread(bus_server.start)
        with pytest.raises(NotDurable):
            await insist(bus, b"y")
        await bus.close()

    run(main())


def test_it_says_full_and_keeps_what_it_has(tmp_path: Path) -> None:
    async def main(url: str) -> None:
        bus = await Bus.connect(url, name="test")
        await bus.prepare()
        stored = 0
        while stored < 400:
            try:
                await bus.publish("positions.00", bytes(100_000), message_id=str(stored))
            except BusFull:
                break
            stored += 1
        assert 5 < stored < 100
        got = await take(bus, "positions.00", stored)
        assert [each.sequence for each in got] == list(range(1, stored + 1))
        await bus.publish("ref.place.1", b"{}", message_id="a full stream costs no other")
        await bus.close()

    limit = BusServer(tmp_path)
    limit.kill()
    config = limit.plan.config
    lines = config.read_text().splitlines()
    small = [
        f"  max_file_store: {8 * 2**20}" if "max_file_store" in line else line for line in lines
    ]
    config.write_text("\n".join(small))
    limit.start()
    with limit:
        run(main(limit.url))


def test_it_refuses_too_large_a_message_and_a_foreign_subject(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        with pytest.raises(ValueError, match="too large"):
            await bus.publish("positions.00", bytes(2**20), message_id="1")
        with pytest.raises(ValueError, match="no stream"):
            await bus.publish("elsewhere.00", b"", message_id="1")
        await bus.close()

    run(main())
    assert stream_of("ref.terminal.1") == "REF"


def test_it_tells_a_bus_that_is_not_there_and_an_address_that_is_none() -> None:
    async def main() -> None:
        with pytest.raises(BusUnavailable, match="no answer"):
            await Bus.connect("nats://127.0.0.1:1?monitor=127.0.0.1:2", name="test")
        for wrong in ("http://127.0.0.1", "127.0.0.1:4222", "nats://", "nats://a?replicas=2"):
            with pytest.raises(BusUnavailable):
                await Bus.connect(wrong, name="test")

    run(main())


def test_it_gives_up_a_server_that_is_not_there_even_if_the_client_loses_the_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def deaf(*_: object) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    monkeypatch.setattr(Client, "_select_next_server", deaf)
    monkeypatch.setattr(link, "CONNECT_TIMEOUT", 0.05)

    async def main() -> None:
        connecting = asyncio.ensure_future(Bus.connect("nats://127.0.0.1:9", name="test"))
        await asyncio.wait({connecting}, timeout=30)
        assert connecting.done()
        assert isinstance(connecting.exception(), BusUnavailable)

    asyncio.run(main())


def test_it_notices_data_that_was_replaced(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        await bus.publish("positions.00", b"x", message_id="1")
        with pytest.raises(LookupError, match="ends at 1 but was read up to 9"):
            await take(bus, "positions.00", 1, after=9)
        await bus.close()

    run(main())


def test_it_prepares_twice_and_from_two_sides(bus_server: BusServer) -> None:
    async def main() -> None:
        one, two = (
            await Bus.connect(bus_server.url, name="1"),
            await Bus.connect(bus_server.url, name="2"),
        )
        await asyncio.gather(one.prepare(), two.prepare())
        await one.prepare()
        info = await one._link.js.stream_info("REF")
        assert info.config.max_msgs_per_subject == 1
        await one.close()
        await two.close()

    run(main())


def test_it_changes_a_stream_that_differs_and_no_other(
    bus_server: BusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        manager, changed = bus._link.js, list[str]()
        update = manager.update_stream

        async def noted(config: StreamConfig) -> StreamInfo:
            changed.append(str(config.name))
            return await update(config)

        monkeypatch.setattr(manager, "update_stream", noted)
        await bus.prepare()
        assert changed == []
        longer = replace(bus_module.STREAMS["DOWN"], age=2 * bus_module.DAY)
        monkeypatch.setitem(bus_module.STREAMS, "DOWN", longer)
        await bus.prepare()
        assert changed == ["DOWN"]
        assert (await manager.stream_info("DOWN")).config.max_age == 2 * bus_module.DAY
        await bus.close()

    run(main())


def test_its_tables_write_by_compare_and_set(bus_server: BusServer) -> None:
    async def main() -> None:
        bus = await opened(bus_server)
        table = await bus.table("snapshots")
        assert await table.get("p00") is None
        first = await table.put("p00", b"a", revision=0)
        with pytest.raises(Overtaken):
            await table.put("p00", b"b", revision=0)
        second = await table.put("p00", b"c", revision=first)
        with pytest.raises(Overtaken):
            await table.put("p00", b"d", revision=first)
        entry = await table.get("p00")
        assert entry is not None
        assert (entry.value, entry.revision) == (b"c", second)
        with pytest.raises(Overtaken):
            await table.remove("p00", revision=first)
        await table.remove("p00", revision=second)
        assert await table.get("p00") is None
        await table.put("p00", b"e", revision=0)
        await table.put("worker.a", b"f", revision=0)
        assert await table.keys() == ["p00", "worker.a"]
        assert await table.keys("worker.") == ["worker.a"]

        leases = await bus.table("leases", lifetime_s=0.5)
        await leases.put("p00", b"me", revision=0)
        with pytest.raises(Overtaken):
            await leases.put("p00", b"you", revision=0)
        await asyncio.sleep(1.2)
        await leases.put("p00", b"you", revision=0)
        await bus.close()

    run(main())
