"""The two processes as they are started, over a real bus."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from bus_server import BusServer
from jiaoan.gateway.platform.main import main
from jiaoan.stores.bus import Bus

from .helpers import CODE, block, until

pytest_plugins = ["bus_fixture"]
pytestmark = [pytest.mark.socket, pytest.mark.slow]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_settings(folder: Path) -> None:
    port, other = free_port(), free_port()
    terms = {
        "access_code": CODE, "user_id": 8, "password": "secret12", "edition": "2019",
    }  # fmt: skip
    value = {
        "superior": {
            "listen": f"127.0.0.1:{port}",
            "subordinates": [terms | {"name": "下级"}],
        },
        "superiors": [
            terms | {"name": "上级", "address": f"127.0.0.1:{port}", "listen": f"127.0.0.1:{other}"}
        ],
    }
    (folder / "platform.json").write_text(json.dumps(value), "utf-8")


def started(role: str, bus: BusServer, folder: Path) -> subprocess.Popen[bytes]:
    words = ["--bus", bus.url, "--data", str(folder), "--stats-file", str(folder / f"{role}.json")]
    return subprocess.Popen([sys.executable, "-m", "jiaoan.gateway.platform", role, *words])


def test_both_processes_meet_and_an_order_passes(bus_server: BusServer, tmp_path: Path) -> None:
    """On one bus both roles serve each other; a supervision request goes around."""

    async def drive() -> None:
        bus = await Bus.connect(bus_server.url, name="test")
        await bus.prepare()
        order = {
            "order": "1", "role": "superior", "kind": "supervision_request", "plate": None,
            "plate_colour": None, "number": 5, "warn_source": 3, "warn_type": 1,
            "warn_time": "2024-04-07T22:40:00+00:00", "deadline": "2024-04-07T23:40:00+00:00",
            "level": 1, "supervisor": "李四", "tel": "1", "email": "",
        }  # fmt: skip
        await bus.publish(
            f"platform.down.{CODE}", json.dumps(order).encode(), message_id=uuid.uuid4().hex
        )
        told: list[dict[str, object]] = []

        async def listen() -> None:
            async for message in bus.read("platform.up", after=0):
                told.append(json.loads(message.data))  # noqa: PERF401

        listening = asyncio.create_task(listen())
        await until(lambda: len(told) >= 2, "sent and arrived", 20)
        assert {one["kind"] for one in told} == {"order_sent", "supervision_request"}
        subject, data = block(7, 0)
        await bus.publish(subject, data, message_id="p")
        stats = tmp_path / "subordinate.json"
        await until(
            lambda: (
                stats.is_file()
                and json.loads(stats.read_text())["not_sent"].get("unknown_vehicle") == 1
            ),
            "a vehicle that nobody knows is counted",
            10,
        )
        listening.cancel()
        await bus.close()

    write_settings(tmp_path)
    children = [started(role, bus_server, tmp_path) for role in ("superior", "subordinate")]
    try:
        asyncio.run(drive())
    finally:
        for child in children:
            os.kill(child.pid, signal.SIGTERM)
        codes = [child.wait(10) for child in children]
    assert codes == [0, 0]


def test_a_missing_setting_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["superior", "--bus", "nats://x", "--data", str(tmp_path)]) == 1
    assert "platform.json is missing" in capsys.readouterr().err
    (tmp_path / "platform.json").write_text("{}", "utf-8")
    assert main(["subordinate", "--bus", "nats://x", "--data", str(tmp_path)]) == 1
    assert "nobody to log in to" in capsys.readouterr().err
