"""The same protocol over UDP, on the same port number."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jiaoan.simulate import octets
from jiaoan.simulate.octets import Answer, AnswerReader, Fix

from .helpers import (
    FULL,
    MOMENT,
    NEWER,
    OTHER,
    PHONE,
    MemoryBus,
    Rig,
    known,
    quick,
    rig,
    run,
    serials,
    until,
)

pytestmark = pytest.mark.socket
BODY = octets.location(Fix(29.48, 113.27, 33, 0, MOMENT))


class Radio(asyncio.DatagramProtocol):
    """A terminal's UDP socket."""

    def __init__(self, phone: str, version: str) -> None:
        self.phone, self.version, self.serial = phone, version, 0
        self.answers: list[Answer] = []
        self.datagrams = 0

    async def open(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, remote_addr=("127.0.0.1", port)
        )

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.datagrams += 1
        self.answers += [one for one in AnswerReader().receive(data) if isinstance(one, Answer)]

    def frame(self, message_id: int, body: bytes) -> bytes:
        self.serial += 1
        return octets.frame(self.version, self.phone, self.serial, message_id, body)

    def send(self, data: bytes) -> None:
        self._transport.sendto(data)

    def result(self, serial: int) -> int | None:
        found = [one.result for one in self.answers if one.serial == serial]
        return found[-1] if found else None

    def close(self) -> None:
        self._transport.close()


async def radio(
    one: Rig, phone: str = PHONE, version: str = "2013", *, log_in: bool = True
) -> Radio:
    made = Radio(phone, version)
    await made.open(one.port)
    if log_in:
        made.send(made.frame(octets.AUTHENTICATE, octets.authenticate(version, f"code-{phone}")))
        await until(lambda: made.result(1) == 0, "it is admitted")
    return made


@pytest.mark.parametrize(("phone", "version"), [(PHONE, "2013"), (NEWER, "2019")])
def test_it_stores_and_answers_over_udp(tmp_path: Path, phone: str, version: str) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await radio(one, phone, version)
            bus.hold = asyncio.Event()
            frames = [terminal.frame(octets.LOCATION, BODY) for _ in range(3)]
            terminal.send(b"".join(frames))  # several frames in one datagram
            await until(lambda: one.gateway.publisher.depth == 3, "they are queued")
            assert len(terminal.answers) == 1
            bus.hold.set()
            await until(lambda: len(terminal.answers) == 4, "they are answered")
            assert [answer.serial for answer in terminal.answers] == [1, 2, 3, 4]
            assert terminal.datagrams == 4
            terminal.close()
        assert serials(bus.messages) == [2, 3, 4]

    run(main())


def test_it_wants_a_log_in_for_each_address(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            known_one = await radio(one)
            stranger = await radio(one, log_in=False)
            stranger.send(stranger.frame(octets.LOCATION, BODY))
            await until(lambda: stranger.result(1) == 1, "it is told to log in")
            known_one.send(known_one.frame(octets.LOCATION, BODY))
            await until(lambda: known_one.result(2) == 0, "the first one is served")
            known_one.close()
            stranger.close()
        assert serials(bus.messages) == [2]

    run(main())


def test_it_carries_two_terminals_behind_one_address(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await radio(one)
            terminal.phone = OTHER
            code = octets.authenticate("2013", f"code-{OTHER}")
            terminal.send(terminal.frame(octets.AUTHENTICATE, code))
            await until(lambda: terminal.result(2) == 0, "the second is admitted too")
            assert one.gateway.links.live == 2
            terminal.close()

    run(main())


def test_it_loses_a_bad_datagram_only(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            terminal = await radio(one)
            good = terminal.frame(octets.LOCATION, BODY)
            terminal.send(good[:20])  # cut
            terminal.send(b"noise")
            terminal.send(b"")
            terminal.send(good[:-4] + bytes([good[-4] ^ 0x21]) + good[-3:])
            await until(lambda: terminal.result(2) == 2, "the wrong checksum is answered")
            terminal.send(good)
            await until(lambda: terminal.result(2) == 0, "the good one is stored")
            reasons = sorted(entry["reason"] for entry in one.quarantined())
            assert reasons == ["bad_checksum", "cut", "noise"]
            terminal.close()
        assert serials(bus.messages) == [2]

    run(main())


def test_it_makes_no_link_from_octets_that_are_no_frame(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            stranger = await radio(one, log_in=False)
            for _ in range(50):
                stranger.send(b"\x7e" + b"\x01" * 30 + b"\x7e")
            await until(lambda: one.gateway.metrics.datagrams == 50, "they came")
            assert len(one.gateway.links) == 0
            assert stranger.answers == []
            stranger.close()

    run(main())


def test_it_takes_over_between_tcp_and_udp(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            wired = await one.live()
            radio_one = await radio(one)
            await until(lambda: not wired.connected, "the TCP link is closed")
            again = await one.live()
            radio_one.send(radio_one.frame(octets.LOCATION, BODY))
            await until(lambda: radio_one.result(2) == 1, "the UDP link is live no longer")
            assert await again.heartbeat() == 0
            assert one.gateway.metrics.taken_over == 2
            radio_one.close()

    run(main())


def test_it_answers_nothing_while_nothing_can_be_stored(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, quick(queued_positions=5)) as one:
            terminal = await radio(one)
            bus.trouble = FULL
            for _ in range(8):
                terminal.send(terminal.frame(octets.LOCATION, BODY))
            dropped = one.gateway.metrics.datagrams_dropped
            await until(lambda: dropped["queues_full"] == 3, "the rest is dropped")
            assert len(terminal.answers) == 1
            assert one.gateway.publisher.depth == 5
            bus.trouble = None
            await until(lambda: len(terminal.answers) == 6, "what was taken is answered")
            terminal.send(terminal.frame(octets.LOCATION, BODY))
            await until(lambda: len(terminal.answers) == 7, "it goes on")
            terminal.close()
        assert serials(bus.messages) == [2, 3, 4, 5, 6, 10]

    run(main())


def test_it_drops_a_flood_from_one_address_and_serves_on(tmp_path: Path) -> None:
    async def main() -> None:
        limits = quick(address_frames_per_s=4, address_frames_burst=20)
        async with rig(await known(MemoryBus()), tmp_path, limits) as one:
            terminal = await radio(one)
            for _ in range(60):
                terminal.send(terminal.frame(octets.HEARTBEAT, b""))
            dropped = one.gateway.metrics.datagrams_dropped
            await until(lambda: one.gateway.metrics.datagrams == 61, "all came")
            assert 20 <= dropped["flood"] <= 41
            await asyncio.sleep(0.5)
            terminal.send(terminal.frame(octets.HEARTBEAT, b""))
            await until(lambda: terminal.result(terminal.serial) == 0, "it is served again")
            terminal.close()

    run(main())


def test_it_ends_silent_links_and_frees_their_room(tmp_path: Path) -> None:
    async def main() -> None:
        limits = quick(idle_s=0.6, login_s=0.3)
        async with rig(await known(MemoryBus()), tmp_path, limits) as one:
            terminal = await radio(one)
            stranger = await radio(one, OTHER, log_in=False)
            stranger.send(stranger.frame(octets.HEARTBEAT, b""))
            await until(lambda: stranger.result(1) == 1, "it is told to log in")
            assert len(one.gateway.links) == 2
            await until(lambda: len(one.gateway.links) == 0, "both are forgotten")
            assert one.gateway.metrics.closed == {"no_login": 1, "idle": 1}
            terminal.close()
            stranger.close()

    run(main())
