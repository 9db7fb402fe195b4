"""The gateway process: ``jiaoan gateway --bus URL --port 7808 --data DIR``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jiaoan.gateway.server import Gateway
from jiaoan.kernel.clock import clock_from_environment
from jiaoan.stores.bus import Bus, BusUnavailable, NotDurable

logger = logging.getLogger("jiaoan.gateway")
_RETRY_S = 0.5


class CannotListen(Exception):
    """The address is in use or not ours."""


def main(argv: Sequence[str]) -> int:
    """Run until SIGINT or SIGTERM: 0; a cause that a person must mend: one sentence and 1."""
    options = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    try:
        asyncio.run(_serve(options))
    except (CannotListen, BusUnavailable) as wrong:
        print(f"gateway: {wrong}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("jiaoan gateway", description="JT/T 808 terminals over TCP")
    parser.add_argument("--bus", required=True, help="address of the bus")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7808, help="0 takes a free one")
    parser.add_argument(
        "--data", type=Path, required=True, help="refused octets are kept in its folder gateway"
    )
    parser.add_argument("--stats-file", type=Path, help="counters as JSON, renewed twice a second")
    return parser


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
        gateway = Gateway(
            bus,
            folder=options.data / "gateway",
            clock=clock_from_environment(),
            stats_file=options.stats_file,
        )
        try:
            await gateway.start(options.host, options.port)
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
