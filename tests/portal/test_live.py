"""The broadcaster: what a page gets, what it never gets, and that a page that left is forgotten."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bus_server import BusServer
from jiaoan.portal.live import hub as hub_module
from jiaoan.portal.live.access import circle, hears
from jiaoan.portal.live.hub import QUEUE, Client, Hub
from jiaoan.portal.live.positions import LastKnown
from jiaoan.scope import Refused
from jiaoan.stores import positions
from jiaoan.stores.bus import Bus
from portal.matrix import World


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BusServer]:
    with BusServer(tmp_path) as running:
        yield running


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "PUSH_EVERY", 0.05)
    monkeypatch.setattr(hub_module, "_tell_at_signals", lambda found: None)


def block(*rows: tuple[int, int, float, float]) -> positions.Positions:
    """Rows of (vehicle, time_ms, lat, lon), all with a satellite fix."""
    array = positions.empty(len(rows))
    for at, (vehicle, time_ms, lat, lon) in enumerate(rows):
        array[at]["vehicle"] = vehicle
        array[at]["time_ms"] = array[at]["received_ms"] = time_ms
        array[at]["lat"], array[at]["lon"] = round(lat * 1e6), round(lon * 1e6)
        array[at]["status"] = positions.FIXED
        array[at]["speed"] = 523
    return array


def everything(kind: str, event: object) -> bool:
    return True


async def frames(stream: AsyncIterator[str], kind: str) -> AsyncIterator[object]:
    """The decoded data of the frames of one kind."""
    async for text in stream:
        name, _, data = text.partition("\n")
        if name == f"event: {kind}":
            yield json.loads(data.removeprefix("data: "))


def test_it_keeps_the_newest_by_device_time_and_gives_only_what_changed() -> None:
    known = LastKnown()
    known.take(block((1, 1000, 29.5, 113.2), (2, 1000, 29.6, 113.3)))
    stamp = known.stamp
    assert [fix.vehicle for fix in known.since(0)] == [2, 1]
    known.take(block((1, 900, 20.0, 100.0)))  # backfill of a blind area
    assert known.since(stamp) == []
    known.take(block((1, 2000, 29.51, 113.21)))
    (fix,) = known.since(stamp)
    assert json.loads(fix.json) == [1, 113.21, 29.51, 52.3, 0, 2000, 2000, 1]


def test_it_leaves_out_reports_without_time() -> None:
    known = LastKnown()
    assert known.take(block((1, positions.NO_TIME, 29.5, 113.2))) == 0


def test_it_is_not_held_by_a_terminal_whose_clock_runs_ahead() -> None:
    known = LastKnown()
    known.take(block((1, 1_000, 29.5, 113.2)))
    ahead = block((1, 10_000_000, 29.9, 113.9))
    ahead["received_ms"] = 2_000
    assert known.take(ahead) == 0
    assert known.take(block((1, 3_000, 29.6, 113.3))) == 1


def test_it_leaves_out_coordinates_beyond_the_globe() -> None:
    known = LastKnown()
    nowhere = block((1, 1_000, 0, 0))
    nowhere["lat"] = nowhere["lon"] = -(2**31)
    assert known.take(nowhere) == 0


def test_it_pushes_positions_from_the_bus_and_alarms_at_once(server: BusServer) -> None:
    async def scene() -> None:
        bus = await Bus.connect(server.url, name="test")
        await bus.prepare()
        early = positions.pack(block((7, 1000, 29.5, 113.2)), [b""])
        await bus.publish("positions.07", early, message_id="a")
        hub = Hub(server.url)
        client = Client(everything)
        stream = hub.stream(client, hello={}, shows=lambda vehicle: True)
        async with asyncio.timeout(10):
            found = frames(stream, "positions")
            assert [row[0] for row in await anext(found)] == [7]  # type: ignore[attr-defined]
            later = positions.pack(block((8, 2000, 29.6, 113.3)), [b""])
            await bus.publish("positions.08", later, message_id="b")
            assert [row[0] for row in await anext(found)] == [8]  # type: ignore[attr-defined]
            await bus.publish("positions.01", b"no block", message_id="c")
            sent = json.dumps({"kind": "opened", "vehicle": 8}).encode()
            await bus.publish("events.alarm", sent, message_id="d")
            assert await anext(frames(stream, "alarm")) == {"kind": "opened", "vehicle": 8}
        hub.end()
        await bus.close()

    asyncio.run(scene())


def test_it_never_shows_a_vehicle_outside_the_circle() -> None:
    async def scene() -> None:
        hub = Hub("nats://127.0.0.1:9")
        hub.known.take(block((1, 1000, 29.5, 113.2), (2, 1000, 29.6, 113.3)))
        stream = hub.stream(Client(everything), hello={}, shows=lambda vehicle: vehicle == 2)
        async with asyncio.timeout(5):
            first = await anext(frames(stream, "positions"))
        assert [row[0] for row in first] == [2]  # type: ignore[attr-defined]
        hub.end()

    asyncio.run(scene())


def test_it_ends_a_stream_after_its_life_and_forgets_the_page() -> None:
    async def scene() -> None:
        hub = Hub("nats://127.0.0.1:9")
        async with asyncio.timeout(5):
            texts = [text async for text in hub.stream(Client(everything), hello={}, lifetime=0.2)]
        assert texts[1].startswith("event: hello")
        assert not hub.clients
        hub.end()

    asyncio.run(scene())


def test_it_forgets_two_hundred_pages_that_left_while_events_came() -> None:
    async def scene() -> None:
        hub = Hub("nats://127.0.0.1:9")

        async def page() -> None:
            async for _text in hub.stream(Client(everything), hello={}, shows=lambda v: True):
                pass

        pages = [asyncio.create_task(page()) for _ in range(200)]
        await asyncio.sleep(0.1)
        assert len(hub.clients) == 200
        for one in pages:
            # The event and the cancellation in the same turn: what loses clients with wait_for.
            hub.publish("alarm", {"vehicle": 1})
            one.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(*pages, return_exceptions=True)
        assert not hub.clients
        hub.end()

    asyncio.run(scene())


def test_it_ends_all_streams_when_told_to() -> None:
    async def scene() -> None:
        hub = Hub("nats://127.0.0.1:9")

        async def page() -> None:
            async for _text in hub.stream(Client(everything), hello={}):
                pass

        pages = [asyncio.create_task(page()) for _ in range(20)]
        await asyncio.sleep(0.05)
        hub.end()
        async with asyncio.timeout(20):
            await asyncio.gather(*pages)

    asyncio.run(scene())


def test_it_drops_the_oldest_events_of_a_page_that_does_not_read() -> None:
    async def scene() -> None:
        hub = Hub("nats://127.0.0.1:9")
        client = Client(everything)
        hub.clients.add(client)
        for number in range(QUEUE + 5):
            hub.publish("alarm", {"id": number})
        assert len(client.events) == QUEUE
        assert client.events[0][1] == {"id": 5}

    asyncio.run(scene())


@pytest.mark.django_db
def test_it_draws_the_circle_of_an_enterprise_around_its_own_vehicles() -> None:
    world = World()
    mine, other = world.vehicle("湘F32718"), world.vehicle("湘F32719", "other_firm")
    manager = world.person("enterprise")
    found = circle(manager, "map.view")
    assert (found.shows(mine.pk), found.shows(other.pk)) == (True, False)
    wants = hears(manager)
    assert wants("alarm", {"vehicle": mine.pk})
    assert not wants("alarm", {"vehicle": other.pk})
    assert not wants("alarm", {"kind": "names nobody"})
    assert wants("ledger", {"organisation": world.place("firm").pk})
    assert not wants("ledger", {"organisation": world.place("other_firm").pk})
    assert circle(world.person("safety_clerk"), "map.view").shows(other.pk)
    with pytest.raises(Refused):
        circle(world.person("outside_carrier"), "map.view")
