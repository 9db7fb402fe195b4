"""An acknowledgement means "on disk": the server's own system calls are counted.

``kill -9`` proves nothing here (the page cache survives it, scale.md 1), so the calls that empty
the page cache are: at least one fsync of the stream's file for each acknowledged publish.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from bus_server import BusServer
from jiaoan.stores.bus import Bus

pytestmark = [
    pytest.mark.socket,
    pytest.mark.skipif(not shutil.which("strace"), reason="no strace on this machine"),
]

PUBLISHED = 40
_SYNC = re.compile(r"(?:fsync|fdatasync)\(\d+<[^>]*/POSITIONS/msgs/[^>]*>")


async def publish(server: BusServer) -> None:
    """Straight to the stream, so that a server which does not sync can be measured too."""
    bus = await Bus.connect(server.url, name="test")
    for number in range(PUBLISHED):
        await bus._link.ask(bus._link.js.publish("positions.00", b"%064d" % number))
    await bus.close()


async def prepare(server: BusServer) -> None:
    bus = await Bus.connect(server.url, name="test")
    await bus.prepare()
    await bus.close()


def traced(tmp_path: Path, *, lax: bool) -> int:
    log = tmp_path / "calls"
    with BusServer(tmp_path) as server:
        asyncio.run(prepare(server))
        if lax:
            config = server.plan.config
            config.write_text(config.read_text().replace("sync_interval: always", ""))
        # -D: the server stays our direct child, so that stopping it stops it.
        server.restart_under(
            "strace", "-D", "-f", "-qq", "-y", "-e", "trace=fsync,fdatasync", "-o", str(log)
        )
        log.write_text("")
        asyncio.run(publish(server))
        server.stop()
        return len(_SYNC.findall(log.read_text(errors="replace")))


def test_each_acknowledged_publish_is_synced_to_disk(tmp_path: Path) -> None:
    assert traced(tmp_path, lax=False) >= PUBLISHED


def test_the_count_tells_a_server_that_does_not_sync(tmp_path: Path) -> None:
    assert traced(tmp_path, lax=True) < PUBLISHED // 2
