"""``jiaoan simulate CONFIG``: a fleet until SIGINT or SIGTERM.

How long each vehicle has been driving stands in ``CONFIG.driven``, beside the file of the fleet:
started again, vehicles go on where they stopped and do not leap back to the start of their route.
"""

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
    counts = asyncio.run(_run(config, options.seconds, options.config.with_suffix(".driven")))
    print(json.dumps(dict(sorted(counts.items()))))
    return 0


async def _run(config: FleetConfig, seconds: float | None, kept: Path) -> Counter[str]:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    counts: Counter[str] = Counter()
    driven = _driven(kept)
    telling = asyncio.create_task(_tell(counts, driven, kept))
    try:
        return await run_fleet(config, clock_from_environment(), stop, counts, driven)
    finally:
        telling.cancel()
        _keep(driven, kept)


def _driven(kept: Path) -> dict[str, float]:
    """Seconds by phone; nothing where there is no such file, or one that cannot be read."""
    try:
        said = json.loads(kept.read_text("utf-8"))
        return {str(phone): float(seconds) for phone, seconds in said.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        logger.warning("%s is not used, every vehicle begins anew: %s", kept, error)
        return {}


def _keep(driven: dict[str, float], kept: Path) -> None:
    aside = kept.with_suffix(".new")
    aside.write_text(json.dumps({phone: round(one, 1) for phone, one in driven.items()}), "utf-8")
    aside.replace(kept)


async def _tell(counts: Counter[str], driven: dict[str, float], kept: Path) -> None:
    while True:
        await asyncio.sleep(_LINE_S)
        _keep(driven, kept)
        logger.info("simulate.counts %s", json.dumps(dict(sorted(counts.items()))))
