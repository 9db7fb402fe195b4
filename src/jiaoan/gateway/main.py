"""The gateway process: ``python -m jiaoan.gateway --bus URL --port 7808 --data DIR``.

Several processes share one port with ``--process 1``, ``--process 2``, …: the system spreads the
connections over them, and each keeps its own counters and refused octets in ``DIR/gateway`` (the
first) or ``DIR/gateway/N``.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jiaoan.gateway.access import FILE, BadSettings, read_limits
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.log import JsonLines
from jiaoan.gateway.server import Gateway
from jiaoan.kernel.clock import clock_from_environment
from jiaoan.stores.bus import Bus, BusUnavailable, NotDurable

logger = logging.getLogger("jiaoan.gateway")
_RETRY_S = 0.5
_OTHER_FILES = 400
"""The bus, the logs, files of alarms on their way."""


class CannotListen(Exception):
    """The address is in use or not ours."""


def main(argv: Sequence[str]) -> int:
    """Run until SIGINT or SIGTERM: 0; a cause that a person must mend: one sentence and 1."""
    options = _parser().parse_args(argv)
    _log(options.log)
    try:
        asyncio.run(_serve(options))
    except (CannotListen, BadSettings, BusUnavailable) as wrong:
        print(f"gateway: {wrong}", file=sys.stderr)
        return 1
    return 0


def _log(form: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else text)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("jiaoan gateway", description="JT/T 808 over TCP and UDP")
    parser.add_argument("--bus", required=True, help="address of the bus")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7808, help="0 takes a free one")
    parser.add_argument(
        "--attachment-port", type=int, default=0, help="for files of alarms; 0 takes a free one"
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="refused octets are kept in its folder gateway"
    )
    parser.add_argument(
        "--stats-file",
        type=Path,
        help="counters as JSON, renewed twice a second; the same for Prometheus in .prom beside it",
    )
    parser.add_argument(
        "--process", type=int, default=0, metavar="N", help="one of several on this port, from 1"
    )
    parser.add_argument("--log", choices=("text", "json"), default="text", help="form of the log")
    return parser


def _descriptors(limits: Limits) -> None:
    """A link is an open file: take what the system allows, and say where that is too little."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + limits.attachment_links + _OTHER_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        logger.warning(
            "the system allows %d open files, %d links need %d: raise ulimit -n (LimitNOFILE)",
            allowed,
            limits.connections,
            wanted,
        )


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await _run(options, stop)


async def _run(options: argparse.Namespace, stop: asyncio.Event) -> None:
    connecting = asyncio.create_task(_connected(options.bus))
    if not await _before(stop, connecting):
        return
    bus = connecting.result()
    try:
        folder = options.data / "gateway"
        own = folder / str(options.process) if options.process > 1 else folder
        limits = read_limits(folder / FILE, Limits())
        _descriptors(limits)
        gateway = Gateway(
            bus,
            folder=own,
            settings=folder / FILE,
            clock=clock_from_environment(),
            limits=limits,
            stats_file=options.stats_file,
            files=options.data / "attachments",
            name=f"gateway-{options.process or 1}",
        )
        try:
            await gateway.start(
                options.host,
                options.port,
                attachment_port=options.attachment_port,
                shared=options.process > 0,
            )
        except OSError as wrong:
            why = os.strerror(wrong.errno) if wrong.errno else str(wrong)
            raise CannotListen(f"{options.host}:{options.port} cannot be used: {why}") from wrong
        try:
            await _until(stop, gateway)
        finally:
            await gateway.stop()
    finally:
        await bus.close()


async def _until(stop: asyncio.Event, gateway: Gateway) -> None:
    failing = asyncio.create_task(gateway.failure())
    if await _before(stop, failing):
        failing.result()


async def _before(stop: asyncio.Event, task: asyncio.Task[Any]) -> bool:
    """Wait for either: whether ``task`` ended before ``stop``; else it is cancelled."""
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, task}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False


async def _connected(url: str) -> Bus:
    """The bus once it is there and proves that it syncs."""
    told = False
    while True:
        try:
            return await _prepared(url)
        except NotDurable:
            raise
        except BusUnavailable as gone:
            if not told:
                logger.warning("waiting for the bus: %s", gone)
            told = True
            await asyncio.sleep(_RETRY_S)


async def _prepared(url: str) -> Bus:
    bus = await Bus.connect(url, name="gateway")
    try:
        await bus.prepare()
    except BaseException:
        await bus.close()
        raise
    return bus
