"""Several gateway processes on one port, over the real bus, and what people see of them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bus_server import BusServer
from jiaoan.kernel.clock import OffsetClock
from jiaoan.simulate import octets
from jiaoan.simulate.octets import Fix
from jiaoan.simulate.terminal import Terminal
from jiaoan.stores.server import free_port

from .helpers import MOMENT, OTHER, PHONE, run, until
from .test_commands import Cab, command
from .test_durability import stored
from .test_main import filled

pytestmark = pytest.mark.socket
NOW = OffsetClock()


@contextmanager
def processes(url: str, folder: Path, port: int, *, count: int = 2) -> Iterator[list[Path]]:
    """``count`` gateways that share a port; their files of counters."""
    files = [folder / f"gateway-{number}.json" for number in range(1, count + 1)]
    children = []
    for number, stats in enumerate(files, start=1):
        words = [sys.executable, "-m", "jiaoan.gateway", "--bus", url, "--port", str(port)]
        words += ["--data", str(folder), "--stats-file", str(stats), "--process", str(number)]
        children.append(subprocess.Popen([*words, "--log", "json"], stderr=subprocess.PIPE))
    try:
        end = time.monotonic() + 30
        while not all(one.exists() for one in files):
            assert time.monotonic() < end, "the gateways did not listen within 30 s"
            time.sleep(0.05)
        yield files
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()


def counts(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


async def settled(files: list[Path], name: str, wanted: int) -> None:
    """Until a counter of all processes together is ``wanted``."""
    for _ in range(400):
        if sum(counts(one)[name] for one in files) == wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{name} did not become {wanted}: {[counts(one) for one in files]}")


async def enter(port: int, phone: str) -> Terminal:
    terminal = Terminal("127.0.0.1", port, phone)
    await terminal.connect()
    await terminal.authenticate(f"code-{phone}")
    return terminal


def test_it_serves_one_port_with_two_processes_and_one_link_for_each_terminal(
    tmp_path: Path,
) -> None:
    """A command reaches the process that holds the socket; whoever takes over, the older goes."""

    async def main(server: BusServer) -> None:
        bus, port = await filled(server.url), free_port()
        with processes(server.url, tmp_path, port) as files:
            links: list[Terminal] = []
            for _ in range(200):  # the system spreads connections as it likes
                links.append(await enter(port, PHONE))
                if all(counts(one)["admitted"] for one in files) and len(links) > 9:
                    break
                await asyncio.sleep(0.01)
            assert all(counts(one)["admitted"] for one in files), "one process got everything"
            older = links[:-1]
            await until(lambda: not any(one.connected for one in older), "all older ones go")
            await settled(files, "sessions_now", 1)
            await settled(files, "links_now", 1)
            assert await links[-1].report(29.48, 113.27, 10, MOMENT) == 0
            cab = Cab()
            other = Terminal("127.0.0.1", port, OTHER, device=cab)
            await other.connect()
            await other.authenticate(f"code-{OTHER}")
            expires = NOW.now().replace(year=NOW.now().year + 1)
            name = await command(bus, phone=OTHER, expires_at=expires)
            found = []
            async for message in bus.read("findings.command", after=0):
                found.append(json.loads(message.data))
                if found[-1]["state"] == "answered":
                    break
            assert [one["state"] for one in found] == ["sent", "answered"]
            assert {one["id"] for one in found} == {name}
            assert len(cab.asked) == 1
            for one in [*links, other]:
                await one.close()
        assert len(await stored(bus)) == 1
        await bus.close()

    with BusServer(tmp_path) as server:
        run(main(server))


def test_it_shows_frames_of_a_terminal_and_ends_by_itself(tmp_path: Path) -> None:
    async def main(server: BusServer) -> None:
        bus, port = await filled(server.url), free_port()
        (tmp_path / "addresses.json").write_text(json.dumps({"bus": server.url}))
        with processes(server.url, tmp_path, port) as files:
            words = [sys.executable, "-m", "jiaoan.project.cli", "tap", "0" + PHONE]
            words += ["--data", str(tmp_path), "--json", "--count", "4"]
            tap = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
            assert tap.stdout is not None
            body = octets.location(Fix(29.48, 113.27, 33, 0, MOMENT))
            terminal = await enter(port, PHONE)
            await enter(port, OTHER)  # whom nobody looks at
            first: asyncio.Task[bytes] = asyncio.create_task(tap.stdout.readline())
            while not first.done():  # until the gateways have heard that somebody looks
                await terminal.heartbeat()
                await asyncio.sleep(0.05)
            assert (await terminal.ask(octets.LOCATION, body)).result == 0
            lines = [await first]
            while line := await tap.stdout.readline():
                lines.append(line)
            assert await tap.wait() == 0
            said = [json.loads(line) for line in lines]
            assert len(said) == 4
            assert {one["terminal"] for one in said} == {PHONE}
            assert {one["way"] for one in said} == {"up", "down"}
            beat = next(one for one in said if one["way"] == "up")
            assert beat["frame"]["message_id"] == "0x0002"
            assert beat["frame"]["terminal_phone"] == PHONE
            assert bytes.fromhex(beat["hex"])[:2] == b"\x00\x02"
            assert all(counts(one)["notes_lost"] == 0 for one in files)
            await terminal.close()
        await bus.close()

    with BusServer(tmp_path) as server:
        run(main(server))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_looking_when_it_is_told(tmp_path: Path, number: signal.Signals) -> None:
    with BusServer(tmp_path) as server:
        words = [sys.executable, "-m", "jiaoan.project.cli", "tap", PHONE, "--bus", server.url]
        tap = subprocess.Popen(words, stderr=subprocess.PIPE)
        assert tap.stderr is not None
        assert tap.stderr.readline() == b"looking at 13900000001; Ctrl-C ends it\n"
        tap.send_signal(number)
        _, told = tap.communicate(timeout=20)
        assert (tap.returncode, told) == (0, b"")


def test_it_says_in_one_sentence_that_nothing_runs(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "jiaoan.project.cli", "tap", PHONE, "--data", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert (
        done.stderr == f"tap: no running system in {tmp_path}: name --data, or the bus with --bus\n"
    )


def test_it_logs_a_take_over_as_an_event(tmp_path: Path) -> None:
    async def main(server: BusServer) -> None:
        bus, port = await filled(server.url), free_port()
        words = [sys.executable, "-m", "jiaoan.gateway", "--bus", server.url]
        words += ["--port", str(port), "--data", str(tmp_path), "--log", "json"]
        child = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
        assert child.stderr is not None
        said: list[dict[str, Any]] = []
        while "listening" not in (said[-1]["message"] if said else ""):
            said.append(json.loads(await child.stderr.readline()))
        await enter(port, PHONE)
        newer = await enter(port, PHONE)
        await newer.heartbeat()
        child.terminate()
        said += [json.loads(line) for line in (await child.communicate())[1].splitlines()]
        (event,) = [one for one in said if one.get("event") == "taken_over"]
        assert event["terminal"] == PHONE
        assert event["level"] == "WARNING"
        assert said[-1]["metrics"]["taken_over"] == 1
        await newer.close()
        await bus.close()

    with BusServer(tmp_path) as server:
        run(main(server))
