"""The stream process: ``--bus URL --data DIR [--name stream]``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jiaoan.kernel.clock import clock_from_environment
from jiaoan.stores.address import Address
from jiaoan.stores.bus import Bus, BusUnavailable
from jiaoan.stream.ownership import LIFETIME_S, NameTaken
from jiaoan.stream.patience import Stopped, patient

if TYPE_CHECKING:
    from jiaoan.stream.worker import Worker

logger = logging.getLogger("jiaoan.stream")

SWITCH_S = 0.0005
"""How long a thread that writes tracks or snapshots may keep the partitions waiting each time they
come back from the bus; Python's own five milliseconds make a second of such a write."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 after an orderly end, 1 with a sentence otherwise."""
    parser = argparse.ArgumentParser(prog="jiaoan stream", description=__doc__)
    parser.add_argument("--bus", required=True, help="nats://host:port?monitor=host:port")
    parser.add_argument("--data", required=True, type=Path, help="where tracks/ is kept")
    parser.add_argument("--name", default="stream", help="one name for each worker process")
    parser.add_argument("--lease", type=float, default=LIFETIME_S, help="seconds (1.5 or more)")
    options = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s"
    )
    sys.setswitchinterval(SWITCH_S)
    try:
        asyncio.run(_run(options))
    except (BusUnavailable, NameTaken, LookupError) as error:
        print(f"jiaoan stream: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    Address.parse(options.bus)  # a wrong address is refused, not waited for
    # Half of the start is loading the rules and what was compiled of them: the bus is asked
    # meanwhile.
    loading = asyncio.create_task(asyncio.to_thread(_load))
    bus: Bus | None = None
    try:
        bus = await patient(lambda: Bus.connect(options.bus, name=options.name), stop)
        await patient(bus.prepare, stop)
        worker = (await loading)(
            bus, options.data, options.name, clock_from_environment(), options.lease
        )
        await worker.run(stop)
    except Stopped:
        logger.info("stopped before it began")
    finally:
        await asyncio.gather(loading, return_exceptions=True)
        if bus is not None:
            await bus.close()


def _load() -> type[Worker]:
    from jiaoan.stream.worker import Worker

    return Worker


if __name__ == "__main__":
    raise SystemExit(main())
