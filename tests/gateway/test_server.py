"""The gateway over real sockets, spoken to by a client that shares no code with its decoder."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from jiaoan.kernel.coords import Datum, distance_m, from_wgs84
from jiaoan.simulate import octets
from jiaoan.simulate.octets import Fix
from jiaoan.simulate.terminal import LinkLost, NotAnswered, Refused
from jiaoan.stores.positions import unpack

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
    serials,
    terminal_value,
    until,
)

pytestmark = pytest.mark.socket
HERE = (29.48, 113.27)


def test_it_stores_what_a_terminal_reports(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = one.terminal(PHONE)
            await terminal.connect()
            await terminal.authenticate(await terminal.register("湘F32718", 2))
            assert await terminal.heartbeat() == 0
            assert await terminal.report(*HERE, 52.3, MOMENT, direction=90, mileage=1234) == 0
            await terminal.close()
        (array,) = positions(bus.messages)
        (row,) = array
        assert bus.messages[-1].subject == "positions.07"
        assert (row["vehicle"], row["terminal"]) == (7, PHONE.encode())
        assert (row["lat"], row["lon"]) == (29_480_000, 113_270_000)
        assert (row["raw_lat"], row["raw_lon"], row["datum"]) == (29_480_000, 113_270_000, 0)
        assert (row["speed"], row["direction"], row["mileage"]) == (523, 90, 1234)
        assert row["time_ms"] == row["received_ms"] == MOMENT.timestamp() * 1000
        assert (row["source"], row["version"]) == (0, 0)
        (body,) = unpack(bus.messages[-1].data)[1]
        assert body == octets.location(Fix(*HERE, 52.3, 90, MOMENT, mileage=1234))

    run(main())


@pytest.mark.parametrize(("phone", "version", "mark"), [(PHONE, "2013", 0), (NEWER, "2019", 1)])
def test_it_speaks_both_editions(tmp_path: Path, phone: str, version: str, mark: int) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = one.terminal(phone, version)
            await terminal.connect()
            await terminal.authenticate(await terminal.register("湘F·32718", 2))
            assert await terminal.report(*HERE, 0, MOMENT) == 0
            fixes = [Fix(*HERE, 10 + n, 0, MOMENT + timedelta(seconds=n)) for n in range(3)]
            assert await terminal.report_batch(fixes, backfill=True) == 0
            assert await terminal.report_batch(fixes[:1], backfill=False) == 0
            assert await terminal.report_batch([], backfill=False) == 0
        arrays = positions(bus.messages)
        assert [int(row["source"]) for array in arrays for row in array] == [0, 2, 2, 2, 1]
        assert {int(row["version"]) for array in arrays for row in array} == {mark}

    run(main())


def test_it_converts_shifted_coordinates_once(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        shifted = from_wgs84(*HERE, Datum.GCJ02)
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            await terminal.report(*shifted, 0, MOMENT, status=0b100010)
        (row,) = positions(bus.messages)[0]
        assert distance_m(row["lat"] / 1e6, row["lon"] / 1e6, *HERE) < 0.5
        assert (row["datum"], row["raw_lat"]) == (1, round(shifted[0] * 1e6))
        assert distance_m(row["raw_lat"] / 1e6, row["raw_lon"] / 1e6, *HERE) > 300

    run(main())


def test_it_stores_reports_without_time_or_possible_place(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        good = octets.location(Fix(*HERE, 10, 0, MOMENT))
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            no_time = good[:22] + bytes(6) + good[28:]
            beyond = good[:8] + b"\xff\xff\xff\xff" + good[12:]
            for body in (no_time, beyond):
                assert (await terminal.ask(octets.LOCATION, body)).result == 0
        first, second = (array[0] for array in positions(bus.messages))
        assert first["time_ms"] == -1
        assert second["lat"] == second["lon"] == second["raw_lat"] == -(2**31)

    run(main())


def test_it_takes_no_position_before_authentication(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = one.terminal()
            await terminal.connect()
            assert await terminal.report(*HERE, 10, MOMENT) == 1
            assert await terminal.heartbeat() == 1
            assert one.gateway.metrics.refused["not_authenticated"] == 2
            assert [entry["terminal"] for entry in one.quarantined()] == [PHONE, PHONE]
            await terminal.authenticate(f"code-{PHONE}")
            assert await terminal.report(*HERE, 10, MOMENT) == 0
        assert len(serials(bus.messages)) == 1

    run(main())


def test_it_refuses_unknown_terminals_and_closes_after_the_grace(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            stranger = one.terminal("13999999999")
            await stranger.connect()
            with pytest.raises(Refused) as refusal:
                await stranger.register("湘F32718", 2)
            assert refusal.value.result == 4
            with pytest.raises(Refused) as refusal:
                await stranger.authenticate("anything")
            assert refusal.value.result == 1
            assert await stranger.report(*HERE, 10, MOMENT) == 1
            await until(lambda: not stranger.connected, "the link is closed")
            assert one.gateway.metrics.closed["refused"] == 1
            assert one.gateway.metrics.refused["no_such_terminal"] == 1
            assert one.gateway.metrics.refused["unknown_terminal"] == 1
        assert serials(bus.messages) == []

    run(main())


def test_it_lets_a_terminal_mend_a_wrong_code_within_the_grace(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = one.terminal()
            await terminal.connect()
            with pytest.raises(Refused):
                await terminal.authenticate("wrong")
            await terminal.authenticate(f"code-{PHONE}")
            await asyncio.sleep(1.3)
            assert await terminal.report(*HERE, 10, MOMENT) == 0

    run(main())


def test_it_refuses_to_register_another_plate(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            terminal = one.terminal()
            await terminal.connect()
            with pytest.raises(Refused) as refusal:
                await terminal.register("湘F00000", 2)
            assert refusal.value.result == 2
            assert await terminal.register("LSVAM4187C2184841", 0) == f"code-{PHONE}"

    run(main())


def test_it_keeps_to_the_validity_of_an_entry(tmp_path: Path) -> None:
    async def main() -> None:
        bus = MemoryBus()
        value = terminal_value(valid_from="2024-04-08", valid_to="2024-04-08")
        await put(bus, f"ref.terminal.{PHONE}", value)
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            assert await terminal.report(*HERE, 10, MOMENT) == 0
            # 22:40 UTC is the 8th in the bureau; the entry ends with that local day.
            one.clock.advance(timedelta(hours=18))
            assert await terminal.report(*HERE, 10, MOMENT) == 1
            with pytest.raises(Refused):
                await terminal.authenticate(f"code-{PHONE}")
        assert len(serials(bus.messages)) == 1

    run(main())


def test_it_follows_changes_of_the_register(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        subject = f"ref.terminal.{PHONE}"
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            await put(bus, subject, {"phone": PHONE})  # unreadable: the entry before it stays
            await until(lambda: one.gateway.metrics.bad_references == 1, "it is counted")
            assert await terminal.report(*HERE, 10, MOMENT) == 0
            await put(bus, subject, terminal_value(vehicle=40, version=2))
            await until(lambda: _vehicle(one) == 40, "the new vehicle is known")
            assert await terminal.report(*HERE, 10, MOMENT) == 0
            assert bus.messages[-1].subject == "positions.08"
            await put(bus, subject, {"deleted": True, "version": 3})
            await until(lambda: _vehicle(one) is None, "the terminal is gone")
            assert await terminal.report(*HERE, 10, MOMENT) == 1
            assert one.gateway.metrics.refused["withdrawn"] == 1
        assert [int(array[0]["vehicle"]) for array in positions(bus.messages)] == [7, 40]

    run(main())


def _vehicle(one: Rig) -> int | None:
    found = one.gateway.reference.find(PHONE, one.clock.today())
    return found.vehicle_id if found else None


def test_it_gives_a_terminal_one_link(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            older = await one.live()
            newer = await one.live()
            await until(lambda: not older.connected, "the old link is closed")
            assert await newer.report(*HERE, 10, MOMENT) == 0
            assert one.gateway.metrics.taken_over == 1
            assert one.gateway.metrics.closed["taken_over"] == 1

    run(main())


def test_it_does_not_take_a_second_terminal_on_one_link(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            terminal.phone = OTHER
            assert await terminal.report(*HERE, 10, MOMENT) == 1
            with pytest.raises(Refused):
                await terminal.authenticate(f"code-{OTHER}")
            terminal.phone = PHONE
            assert await terminal.report(*HERE, 10, MOMENT) == 0
        assert len(serials(bus.messages)) == 1

    run(main())


BODY = octets.location(Fix(*HERE, 33, 0, MOMENT))


def spoilt(data: bytes) -> bytes:
    return data[:-4] + bytes([data[-4] ^ 0x21]) + data[-3:]


FAULTS = {
    "garbage": (b"\x7e" + b"\x55" * 41 + b"\x7e", "bad_checksum"),
    "noise": (b"AT+CSQ\r\n", "too_short"),
    "half frame": (octets.frame("2013", PHONE, 900, octets.LOCATION, BODY)[:25], "bad_checksum"),
    "bad escape": (b"\x7e\x7d\x09" + b"\x00" * 20 + b"\x7e", "bad_escape"),
    "overlong": (b"\x7e" + b"\x41" * 5000 + b"\x7e", "overlong"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_it_counts_and_keeps_bad_octets_and_loses_no_good_frame(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        data, fault = FAULTS[name]
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            serial, good = terminal.frame(octets.LOCATION, BODY)
            answer = await terminal.ask_octets(serial, data + good)
            assert answer.result == 0
            assert one.gateway.metrics.bad_frames == {fault: 1}
            (entry,) = one.quarantined()
            assert (entry["reason"], entry["terminal"]) == (fault, PHONE)
            assert bytes.fromhex(entry["hex"]) in data
        assert serials(bus.messages) == [serial]

    run(main())


def test_it_survives_noise_before_the_first_flag(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            terminal = one.terminal()
            await terminal.connect()
            await terminal.send(b"\x00\xff hello")
            await terminal.authenticate(f"code-{PHONE}")
            assert one.gateway.metrics.bad_frames == {"noise": 1}

    run(main())


def test_it_answers_a_wrong_checksum_with_bad_message(tmp_path: Path) -> None:
    """0x8001 result 2, and only to the terminal that is logged in on this link."""

    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            serial, good = terminal.frame(octets.LOCATION, BODY)
            answer = await terminal.ask_octets(serial, spoilt(good))
            assert (answer.serial, answer.result) == (serial, 2)
            assert (await terminal.ask_octets(serial, good)).result == 0
            foreign = octets.frame("2013", OTHER, 77, octets.LOCATION, BODY)
            await terminal.send(spoilt(foreign))
            assert await terminal.heartbeat() == 0
            assert all(one.serial != 77 for one in terminal.answers)
        assert serials(bus.messages) == [serial]

    run(main())


def test_it_reads_frames_that_share_a_flag(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            frames = [terminal.frame(octets.LOCATION, BODY) for _ in range(3)]
            shared = frames[0][1] + frames[1][1][1:] + frames[2][1][1:]
            answer = await terminal.ask_octets(frames[2][0], shared)
            assert answer.result == 0
        assert serials(bus.messages) == [serial for serial, _ in frames]

    run(main())


def test_it_takes_octets_one_by_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            terminal = await one.live()
            serial, good = terminal.frame(octets.LOCATION, BODY)
            for octet in good[:-1]:
                await terminal.send(bytes([octet]))
                await asyncio.sleep(0)
            assert (await terminal.ask_octets(serial, good[-1:])).result == 0

    run(main())


def test_it_counts_a_frame_cut_by_the_end_of_the_link(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            terminal = await one.live()
            await terminal.send(terminal.frame(octets.LOCATION, BODY)[1][:20])
            await terminal.close()
            await until(lambda: one.gateway.metrics.bad_frames["cut"] == 1, "it is counted")
            assert one.quarantined()[-1]["reason"] == "cut"

    run(main())


def test_it_answers_bad_bodies_and_unknown_messages(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await one.live()
            assert (await terminal.ask(octets.LOCATION, BODY[:20])).result == 2
            assert (await terminal.ask(octets.LOCATION_BATCH, b"\x00")).result == 2
            assert (await terminal.ask(0x0F01, b"")).result == 3
            item = len(BODY).to_bytes(2, "big") + BODY
            mixed = b"\x00\x03\x00" + item + b"\x00\x05short" + item
            assert (await terminal.ask(octets.LOCATION_BATCH, mixed)).result == 0
            reasons = [entry["reason"] for entry in one.quarantined()]
            assert [reason.split(":")[0] for reason in reasons] == [
                "bad_body",
                "bad_body",
                "bad_item",
            ]
        assert len(serials(bus.messages)) == 2

    run(main())


def test_it_never_answers_an_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            terminal = await one.live(timeout_s=0.3)
            for message_id in (0x0001, 0x8001, 0x8100):
                with pytest.raises(NotAnswered):
                    await terminal.ask(message_id, b"\x00\x01\x02\x00\x00")
            assert await terminal.heartbeat() == 0

    run(main())


def test_it_closes_links_that_stay_silent_or_never_log_in(tmp_path: Path) -> None:
    async def main() -> None:
        limits = quick(idle_s=1.2, login_s=0.3)
        async with rig(await known(MemoryBus()), tmp_path, limits) as one:
            mute = one.terminal(OTHER)
            await mute.connect()
            idle = await one.live()
            await until(lambda: not mute.connected, "the one without log-in is closed")
            await until(lambda: not idle.connected, "the idle one is closed")
            assert one.gateway.metrics.closed == {"no_login": 1, "idle": 1}

    run(main())


def test_it_bounds_the_number_of_links(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path, quick(connections=1)) as one:
            first = await one.live()
            with pytest.raises(LinkLost):
                await one.live(OTHER)
            assert await first.heartbeat() == 0
            assert one.gateway.metrics.links_refused == 1

    run(main())
