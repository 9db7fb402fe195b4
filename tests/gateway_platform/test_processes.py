"""Superior and subordinate over real sockets: positions, outages, doubles, orders."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from jiaoan.gateway.platform.rows import content_of, live_message
from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.positions import (
    BLOCK_2011,
    PLATFORM_BACKFILL,
    PLATFORM_LIVE,
    V2019,
    unpack,
)
from jiaoan.wire.jt808 import Location
from jiaoan.wire.jt809 import Edition, Header, Message, build_frame
from jiaoan.wire.jt809.links import Login2011, Verify
from jiaoan.wire.jt809.location import GnssBlock

from .helpers import CODE, MOMENT, Both, location, report, run, seconds_of, until

pytestmark = pytest.mark.socket
EDITIONS = pytest.mark.parametrize("edition", ["2011", "2019"])


@EDITIONS
def test_positions_come_through_with_what_they_say(tmp_path: Path, edition: str) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            await report(both.lower, 7, 0, 10)
            await report(both.lower, 8, 0)
            await until(lambda: len(seconds_of(both.upper, 7)) == 2, "two positions")
            await until(lambda: len(seconds_of(both.upper, 8)) == 1, "another's")
            (message, *_) = [m for m in both.upper.messages if m.subject == "positions.07"]
            rows, octets = unpack(message.data)
            first = rows[0]
            assert first["terminal"] == f"809-{CODE}".encode()
            assert (int(first["lat"]), int(first["lon"])) == (29_480_000, 113_270_000)
            assert (int(first["speed"]), int(first["direction"])) == (500, 90)
            assert int(first["source"]) == PLATFORM_LIVE
            assert int(first["received_ms"]) == int(MOMENT.timestamp() * 1000)
            if edition == "2011":
                assert int(first["version"]) == BLOCK_2011
                assert GnssBlock.parse(octets[0]).speed_kmh == 50
            else:
                assert int(first["version"]) == V2019
                assert Location.parse(octets[0]).time == MOMENT
            assert both.superior is not None
            metrics = both.superior.metrics
            # Counted a moment after they are on the bus.
            await until(lambda: metrics.positions == 3, "they are counted", 30)
            assert both.superior.metrics.messages["0x1201"] == 2

    run(main())


@EDITIONS
def test_an_outage_of_an_hour_comes_once_and_in_order(tmp_path: Path, edition: str) -> None:
    """One position each second and vehicle while the superior is away; then new ones follow."""

    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            await report(both.lower, 7, 0)
            await until(lambda: seconds_of(both.upper, 7) == [0], "the first")
            await both.stop_superior()
            for start in range(1, 3601, 60):
                for vehicle in (7, 8, 23):
                    await report(both.lower, vehicle, *range(start, start + 60))
            both.clock.advance(timedelta(hours=1))
            superior = await both.start_superior()
            await until(lambda: superior.metrics.positions >= 10_800, "the hour", 30)
            await report(both.lower, 7, 3601)
            await until(lambda: 3601 in seconds_of(both.upper, 7), "the present")
            assert seconds_of(both.upper, 7) == list(range(3602))
            assert seconds_of(both.upper, 8) == list(range(1, 3601))
            assert seconds_of(both.upper, 23) == list(range(1, 3601))
            sources = {
                int(one["source"]) for part in both.upper.positions() for one in part
                if 1 <= int(one["time_ms"]) // 1000 - int(MOMENT.timestamp()) < 3480
            }  # fmt: skip
            assert sources == {PLATFORM_BACKFILL}

    run(main())


def test_a_link_that_breaks_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path, "2011") as both:
            superior = await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            sockets = superior.seats[CODE].sockets
            for second in range(300):
                await report(both.lower, 7, second)
                if second % 20 == 7:
                    for writer in tuple(sockets._writers.values()):
                        writer.transport.abort()
                await asyncio.sleep(0.003)
            await until(lambda: len(seconds_of(both.upper, 7)) >= 300, "all of them", 20)
            await asyncio.sleep(0.2)
            assert seconds_of(both.upper, 7) == list(range(300))
            assert superior.metrics.ended["lost"] > 5

    run(main())


def test_a_restarted_subordinate_goes_on_where_it_was_confirmed(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path) as both:
            await both.start_superior()
            first = await both.start_subordinate()
            await both.both_links()
            await report(both.lower, 7, 0, 1)
            await until(lambda: seconds_of(both.upper, 7) == [0, 1], "the first two")
            name = first.ties[0].name
            last = both.lower.messages[-1].sequence
            await until(lambda: first.metrics.confirmed_now[name] == last, "confirmed")
            await first.stop()
            both.clock.advance(timedelta(hours=1))
            await report(both.lower, 7, 2, 3, 4)
            second = await both.start_subordinate()
            await until(lambda: seconds_of(both.upper, 7) == [0, 1, 2, 3, 4], "the rest")
            assert second.metrics.sent_backfill == 3
            assert both.superior is not None
            assert both.superior.metrics.doubles == 0

    run(main())


def test_nothing_is_confirmed_before_it_is_stored(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path) as both:
            superior = await both.start_superior()
            low = await both.start_subordinate()
            await both.both_links()
            name = low.ties[0].name
            before = low.metrics.confirmed_now[name]
            both.upper.trouble = BusUnavailable("gone")
            await report(both.lower, 7, 0)
            await until(lambda: superior.metrics.publish_failures > 2, "attempts")
            await asyncio.sleep(0.2)
            assert low.metrics.confirmed_now[name] == before
            assert superior.metrics.positions == 0
            both.upper.trouble = None
            await until(lambda: low.metrics.confirmed_now[name] > before, "confirmation")
            assert seconds_of(both.upper, 7) == [0]
            assert superior.metrics.bus == "ok"

    run(main())


def test_a_keep_alive_behind_a_position_waits_until_it_is_stored(tmp_path: Path) -> None:
    """Both come in one portion: the answer stands ready and may not be written yet."""

    async def main() -> None:
        async with Both(tmp_path, "2011") as both:
            await both.start_superior()
            reader, writer = await asyncio.open_connection("127.0.0.1", both.port)
            login = Message(0x1001, Login2011(8, "secret12", "127.0.0.1", 1)).build(Edition.V2011)
            writer.write(build_frame(Header(0, 1, 0x1001, CODE), login))
            assert (await reader.readuntil(b"]"))[9:11].hex() == "1002"
            both.upper.trouble = BusUnavailable("gone")
            content = content_of(location(0).build(), 0, Edition.V2011)
            position = live_message(content, "湘F32718", 2).build(Edition.V2011)
            writer.write(
                build_frame(Header(0, 2, 0x1200, CODE), position)
                + build_frame(Header(0, 3, 0x1005, CODE), b"")
            )
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.4):
                    await reader.readuntil(b"]")
            both.upper.trouble = None
            async with asyncio.timeout(5):
                assert (await reader.readuntil(b"]"))[9:11].hex() == "1006"
            assert seconds_of(both.upper, 7) == [0]
            writer.close()

    run(main())


def test_the_sub_link_carries_positions_while_the_main_link_is_down(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path) as both:
            superior = await both.start_superior()
            low = await both.start_subordinate()
            await both.both_links()
            tie = low.ties[0]
            tie.pair._next_try = float("inf")  # the main link stays away
            tie.sockets._writers["main"].transport.abort()
            await until(lambda: superior.seats[CODE].pair.main.down, "main is down")
            tie.pair._next_try = float("inf")
            await report(both.lower, 7, 5)
            await until(lambda: seconds_of(both.upper, 7) == [5], "over the sub link")
            assert superior.metrics.messages["0x1007"] == 1
            tie.pair._next_try = 0.0
            await until(lambda: tie.pair.main.live, "main is back")
            await report(both.lower, 7, 6)
            await until(lambda: seconds_of(both.upper, 7) == [5, 6], "over the main link")

    run(main())


def test_positions_of_unknown_vehicles_are_kept_on_disk_and_counted(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path, "2011") as both:
            superior = await both.start_superior()
            value = {"phone": "1", "vehicle_id": 99, "plate": "京A12345", "plate_colour": 1}
            await both.lower.say("ref.terminal.1", value)
            await both.start_subordinate()
            await both.both_links()
            await report(both.lower, 99, 0, 1)
            await until(lambda: superior.metrics.unmatched == 2, "kept apart")
            (file,) = (tmp_path / "upper" / "unmatched").glob("*.jsonl")
            kept = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
            assert [one["plate"] for one in kept] == ["京A12345"] * 2
            assert GnssBlock.parse(bytes.fromhex(kept[0]["hex"])).time == MOMENT
            assert both.upper.positions() == []

    run(main())


def test_a_position_said_twice_is_stored_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path) as both:
            superior = await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            for _ in range(2):
                await report(both.lower, 7, 0)
            await report(both.lower, 7, 1)
            await until(lambda: 1 in seconds_of(both.upper, 7), "the last")
            assert seconds_of(both.upper, 7) == [0, 1]
            assert superior.metrics.doubles == 1

    run(main())


@EDITIONS
def test_a_supervision_request_goes_down_and_its_answer_comes_up(
    tmp_path: Path, edition: str
) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            order = {
                "order": "request-1", "role": "superior", "kind": "supervision_request",
                "plate": "湘F32718", "plate_colour": 2, "number": 0x123FFAA1, "warn_source": 3,
                "warn_type": 1, "warn_time": MOMENT.isoformat(),
                "deadline": "2024-04-07T23:40:00+00:00", "level": 0, "supervisor": "李四",
                "tel": "0730-1234567", "email": "a@b.cn",
            }  # fmt: skip
            await both.upper.say(f"platform.down.{CODE}", order)
            await until(lambda: len(both.lower.told()) == 1, "the request arrived")
            (asked,) = both.lower.told()
            assert (asked["kind"], asked["role"]) == ("supervision_request", "subordinate")
            assert asked["number"] == 0x123FFAA1
            assert asked["deadline"] == "2024-04-07T23:40:00+00:00"
            assert asked["supervisor"] == "李四"
            assert asked["plate"] == ("湘F32718" if edition == "2011" else None)
            answer = {
                "order": "answer-1", "role": "subordinate", "kind": "supervision_answer",
                "plate": "湘F32718", "plate_colour": 2, "number": asked["number"], "result": 1,
                "source_type": None, "source_serial": asked["serial"],
            }  # fmt: skip
            await both.lower.say(f"platform.down.{CODE}", answer)
            await until(lambda: len(both.upper.told()) == 2, "the answer arrived")
            sent, answered = both.upper.told()
            assert (sent["kind"], sent["order"], sent["link"]) == ("order_sent", "request-1", "sub")
            assert (answered["kind"], answered["number"]) == ("supervision_answer", 0x123FFAA1)
            assert answered["result"] == 1
            await until(lambda: len(both.lower.told()) == 2, "told back")
            assert both.lower.told()[1]["order"] == "answer-1"
            assert both.lower.told()[1]["link"] == "main"

    run(main())


def test_an_order_waits_for_a_link_and_a_bad_one_does_not_stop_the_next(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path, "2011") as both:
            await both.lower.publish(f"platform.down.{CODE}", b"{broken", message_id="1")
            order = {
                "order": "a", "role": "subordinate", "kind": "supervision_answer",
                "plate": "湘F32718", "plate_colour": 2, "number": 5, "result": 2,
            }  # fmt: skip
            await both.lower.say(f"platform.down.{CODE}", order)
            await both.start_superior()
            await both.start_subordinate()
            await until(lambda: len(both.upper.told()) == 1, "the answer")
            await until(lambda: len(both.lower.told()) == 2, "both told back")
            refused, sent = both.lower.told()
            assert (refused["kind"], sent["kind"]) == ("order_refused", "order_sent")
            assert refused["reason"]
            place = both.lower.tables["platform_orders"].values[f"subordinate-{CODE}"]
            assert int(place.value) >= 4

    run(main())


def test_a_wrong_password_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path) as both:
            superior = await both.start_superior()
            low = await both.start_subordinate(password="wrong")
            await until(lambda: low.metrics.ended["refused"] > 1, "refusals")
            await report(both.lower, 7, 0)
            await asyncio.sleep(0.1)
            assert both.upper.positions() == []
            assert superior.metrics.callers_refused["wrong_password"] > 1

    run(main())


def test_a_stranger_with_a_known_access_code_cannot_end_a_live_link(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path, "2011") as both:
            superior = await both.start_superior()
            low = await both.start_subordinate()
            await both.both_links()
            login = Message(0x1001, Login2011(8, "guess", "127.0.0.1", 1)).build(Edition.V2011)
            reader, writer = await asyncio.open_connection("127.0.0.1", both.port)
            writer.write(build_frame(Header(0, 1, 0x1001, CODE), login))
            assert (await reader.read())[9:11].hex() == "1002"
            writer.close()
            code = Message(0x9001, Verify(1)).build(Edition.V2011)
            port = low.ties[0].pair.main.login
            assert port is not None
            assert isinstance(port.content, Login2011)
            reader, writer = await asyncio.open_connection("127.0.0.1", port.content.down_link_port)
            writer.write(build_frame(Header(0, 1, 0x9001, CODE), code))
            assert await reader.read() == b""
            writer.close()
            assert superior.metrics.callers_refused == {"wrong_password": 1}
            assert low.metrics.callers_refused == {"wrong_code": 1}
            assert superior.metrics.ended == {}
            assert superior.seats[CODE].pair.main.live
            assert superior.seats[CODE].pair.sub.live

    run(main())


def stranger(octets: bytes, check: Callable[[Both, bytes], None]) -> None:
    async def main(folder: Path) -> None:
        async with Both(folder, "2011") as both:
            await both.start_superior()
            reader, writer = await asyncio.open_connection("127.0.0.1", both.port)
            writer.write(octets)
            answer = await reader.read()
            check(both, answer)
            writer.close()

    with tempfile.TemporaryDirectory() as folder:
        run(main(Path(folder)))


def test_a_stranger_is_answered_and_turned_away() -> None:
    login = Message(0x1001, Login2011(1, "x", "127.0.0.1", 1))
    octets = build_frame(Header(0, 1, 0x1001, 42), login.build(Edition.V2011))

    def check(both: Both, answer: bytes) -> None:
        assert answer[9:11].hex() == "1002"
        assert answer[1 + 22] == 2
        assert both.superior is not None
        assert both.superior.metrics.callers_refused == {"unknown_access_code": 1}

    stranger(octets, check)


def test_noise_is_kept_and_turned_away() -> None:
    def check(both: Both, answer: bytes) -> None:
        assert answer == b""
        assert both.superior is not None
        assert both.superior.metrics.callers_refused == {"noise": 1}
        kept = (both.folder / "upper" / "kept.jsonl").read_text("utf-8")
        assert b"GET / HTTP/1.1]".hex() in kept

    stranger(b"GET / HTTP/1.1]", check)
