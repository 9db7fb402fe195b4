"""The gateway as the process that the supervisor starts."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bus_server import BusServer
from jiaoan.simulate import octets
from jiaoan.simulate.octets import Answer, Fix
from jiaoan.simulate.terminal import LinkLost, NotAnswered, Refused, Terminal
from jiaoan.stores.bus import Bus

from .helpers import MOMENT, PHONE, known, run
from .test_durability import stored

pytestmark = pytest.mark.socket


def start(url: str, folder: Path, port: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "jiaoan.gateway", "--bus", url, "--port", str(port)]
    command += ["--data", str(folder), "--stats-file", str(folder / "stats.json")]
    (folder / "stats.json").unlink(missing_ok=True)
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@contextmanager
def gateway(url: str, folder: Path, port: int = 0) -> Iterator[subprocess.Popen[str]]:
    process = start(url, folder, port)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def listening_on(folder: Path) -> int:
    end = time.monotonic() + 15
    while time.monotonic() < end:
        if (folder / "stats.json").exists():
            return int(json.loads((folder / "stats.json").read_text())["address"].split(":")[1])
        time.sleep(0.02)
    raise AssertionError("the gateway did not listen within 15 s")


async def filled(url: str) -> Bus:
    bus = await Bus.connect(url, name="test")
    await bus.prepare()
    return await known(bus)


def test_it_serves_and_stops_on_a_signal(tmp_path: Path) -> None:
    async def main(server: BusServer) -> None:
        bus = await filled(server.url)
        with gateway(server.url, tmp_path) as process:
            terminal = Terminal("127.0.0.1", listening_on(tmp_path), PHONE)
            await terminal.connect()
            await terminal.authenticate(f"code-{PHONE}")
            assert await terminal.report(29.48, 113.27, 10, MOMENT) == 0
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 5) == 0
            assert time.monotonic() - begun < 5
            counts = json.loads((tmp_path / "stats.json").read_text())
            assert (counts["frames"], counts["published"], counts["acked"]) == (2, 1, 1)
            assert process.stderr is not None
            assert "gateway.metrics {" in process.stderr.read()
        assert len(await stored(bus)) == 1
        await bus.close()

    with BusServer(tmp_path) as server:
        run(main(server))


def test_it_says_in_one_sentence_that_its_port_is_used(tmp_path: Path) -> None:
    with BusServer(tmp_path) as server, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with gateway(server.url, tmp_path, port) as process:
            assert process.wait(20) == 1
            assert process.stderr is not None
            last = process.stderr.read().strip().splitlines()[-1]
            assert last == f"gateway: 127.0.0.1:{port} cannot be used: Address already in use"


def test_it_refuses_a_bus_that_does_not_sync(tmp_path: Path) -> None:
    lazy = ("sync_interval: always", "sync_interval: 2m")
    with (
        BusServer(tmp_path, replace=lazy) as server,
        gateway(server.url, tmp_path) as process,
    ):
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert "does not report sync_always" in process.stderr.read()


def test_it_waits_for_the_bus_and_can_be_stopped_meanwhile(tmp_path: Path) -> None:
    nowhere = "nats://127.0.0.1:9?monitor=127.0.0.1:9"
    with gateway(nowhere, tmp_path) as process:
        assert process.stderr is not None
        assert "waiting for the bus" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_it_stops_in_time_while_the_bus_is_dead(tmp_path: Path) -> None:
    async def main(server: BusServer) -> None:
        await (await filled(server.url)).close()
        with gateway(server.url, tmp_path) as process:
            terminal = Terminal("127.0.0.1", listening_on(tmp_path), PHONE, timeout_s=0.5)
            await terminal.connect()
            await terminal.authenticate(f"code-{PHONE}")
            server.kill()
            with pytest.raises(NotAnswered):
                await terminal.report(29.48, 113.27, 10, MOMENT)
            process.send_signal(signal.SIGTERM)
            assert (
                await asyncio.to_thread(process.wait, 10) == 0
            )  # about 2.5 s, on a busy machine more
            assert json.loads((tmp_path / "stats.json").read_text())["acked"] == 0

    with BusServer(tmp_path) as server:
        run(main(server))


@pytest.mark.slow
def test_it_loses_nothing_acknowledged_when_it_is_killed(tmp_path: Path) -> None:
    """Killed five times under load; a terminal that resends what was not answered is whole."""

    async def main(server: BusServer) -> None:
        bus = await filled(server.url)
        process = start(server.url, tmp_path)
        port = await asyncio.to_thread(listening_on, tmp_path)
        acked: set[int] = set()

        def note(answer: Answer) -> None:
            if answer.message_id == octets.GENERAL_ANSWER and answer.result == 0:
                acked.add(answer.serial)

        try:
            for _ in range(5):
                terminal = await returned(port, note, max(acked, default=0) + 1000)
                acked.discard(terminal.serial - 1)  # the answer to authentication
                for count in range(400):
                    await terminal.send(terminal.frame(octets.LOCATION, body())[1])
                    await asyncio.sleep(0.001)
                    if count == 250:
                        process.kill()
                        process.communicate()
                        process = start(server.url, tmp_path, port)
                        break
                await terminal.close()
            assert len(acked) > 500
            assert acked <= {serial for _, serial in await stored(bus)}
        finally:
            process.kill()
            process.communicate()
            await bus.close()

    with BusServer(tmp_path) as server:
        run(main(server))


def body() -> bytes:
    return octets.location(Fix(29.48, 113.27, 10, 0, MOMENT))


async def returned(port: int, note: Callable[[Answer], None], serial: int) -> Terminal:
    for _ in range(300):
        terminal = Terminal("127.0.0.1", port, PHONE, timeout_s=2, on_answer=note)
        terminal.serial = serial
        try:
            await terminal.connect()
            await terminal.authenticate(f"code-{PHONE}")
        except (LinkLost, NotAnswered, Refused):
            await terminal.close()
            await asyncio.sleep(0.05)
        else:
            return terminal
    raise AssertionError("the gateway did not come back")
