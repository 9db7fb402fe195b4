"""``jiaoan worker``: start the one background process."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence

from django.conf import settings

from jiaoan.journal import guard
from jiaoan.kernel.clock import clock_from_environment
from jiaoan.stores.bus import Bus, BusUnavailable
from jiaoan.worker.loop import Worker

log = logging.getLogger("jiaoan.worker")
_CONNECT_S = 30.0


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT. 0 = asked to stop, 1 = it could not start or go on."""
    parser = argparse.ArgumentParser(prog="jiaoan worker", description=__doc__)
    parser.add_argument("--bus", default=settings.BUS_URL, help="address of the bus")
    arguments = parser.parse_args(list(argv))
    if not guard.present():
        sentence = (
            "日志表缺少只增触发器，不能启动：请运行 jiaoan manage migrate 重建触发器，"
            "再用 jiaoan verify 核对日志链。"
        )
        print(sentence, file=sys.stderr)
        return 1
    try:
        return asyncio.run(_serve(arguments.bus))
    except* (BusUnavailable, LookupError) as group:
        for error in group.exceptions:
            print(f"worker: {error}", file=sys.stderr)
    return 1


async def _serve(url: str) -> int:
    bus = await _connect(url)
    await bus.prepare()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    work = asyncio.create_task(Worker(bus, clock_from_environment()).run())
    asked = asyncio.create_task(stop.wait())
    print("worker ready", flush=True)
    await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if work.done():
        await bus.close()
        work.result()
        return 1
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await bus.close()
    return 0


async def _connect(url: str) -> Bus:
    """Wait a while for the bus: children are started together."""
    end = asyncio.get_running_loop().time() + _CONNECT_S
    while True:
        try:
            return await Bus.connect(url, name="worker")
        except BusUnavailable:
            if asyncio.get_running_loop().time() > end:
                raise
            await asyncio.sleep(0.2)
