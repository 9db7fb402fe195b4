"""``jiaoan simulate CONFIG``: a fleet until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jiaoan.kernel.clock import clock_from_environment
from jiaoan.simulate.config import ConfigRefused, FleetConfig, load
from jiaoan.simulate.fleet import run_fleet

logger = logging.getLogger("jiaoan.simulate")
_LINE_S = 30.0


def main(argv: Sequence[str]) -> int:
    """0 at the end; 1 and one sentence for a fleet file that cannot be used."""
    parser = argparse.ArgumentParser("jiaoan simulate", description="a fleet of 808 terminals")
    parser.add_argument("config", type=Path, help="the fleet as JSON")
    parser.add_argument("--port", type=int, help="report to this port instead of the file's")
    parser.add_argument("--seconds", type=float, help="end by itself after so long")
    options = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    try:
        config = load(options.config)
        if options.port is not None:
            config = replace(config, port=options.port)
    except ConfigRefused as wrong:
        print(f"simulate: {wrong}", file=sys.stderr)
        return 1
    counts = asyncio.run(_run(config, options.seconds))
    print(json.dumps(dict(sorted(counts.items()))))
    return 0


async def _run(config: FleetConfig, seconds: float | None) -> Counter[str]:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    counts: Counter[str] = Counter()
    telling = asyncio.create_task(_tell(counts))
    try:
        return await run_fleet(config, clock_from_environment(), stop, counts)
    finally:
        telling.cancel()


async def _tell(counts: Counter[str]) -> None:
    while True:
        await asyncio.sleep(_LINE_S)
        logger.info("simulate.counts %s", json.dumps(dict(sorted(counts.items()))))
