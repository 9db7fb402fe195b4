"""All vehicles of a fleet at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import MutableMapping

from jiaoan.kernel.clock import Clock
from jiaoan.simulate.config import FleetConfig
from jiaoan.simulate.vehicle import Vehicle


async def run_fleet(
    config: FleetConfig,
    clock: Clock,
    stop: asyncio.Event,
    counts: Counter[str] | None = None,
    driven: MutableMapping[str, float] | None = None,
) -> Counter[str]:
    """Drive until ``stop`` is set; what happened, counted. A vehicle that fails ends the fleet.

    ``driven``: see :class:`Vehicle`; without it every vehicle begins at the start of its route.
    """
    counts = Counter() if counts is None else counts
    driven = {} if driven is None else driven
    drives = [
        asyncio.create_task(Vehicle(plan, config, clock, counts, driven).run())
        for plan in config.vehicles
    ]
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({*drives, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopped}:
            task.result()
    finally:
        for task in (*drives, stopped):
            task.cancel()
        await asyncio.gather(*drives, stopped, return_exceptions=True)
    return counts
