"""``jiaoan platform superior|subordinate --bus URL --data DIR``: one process for each role."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from jiaoan.gateway.platform.settings import FILE, BadSettings, Settings, load
from jiaoan.gateway.platform.subordinate import Subordinate
from jiaoan.gateway.platform.superior import Superior
from jiaoan.kernel.clock import clock_from_environment
from jiaoan.stores.bus import Bus, BusUnavailable, NotDurable

logger = logging.getLogger("jiaoan.platform")
_RETRY_S = 0.5
_LINE_S = 10.0
_FILE_S = 0.5


class CannotStart(Exception):
    """A cause that a person must mend, as one sentence."""


def main(argv: Sequence[str]) -> int:
    """Run until SIGINT or SIGTERM: 0; a cause that a person must mend: one sentence and 1."""
    options = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    try:
        settings = load(options.settings or options.data / FILE)
        _needed(options.role, settings)
        asyncio.run(_serve(options, settings))
    except (BadSettings, CannotStart, BusUnavailable) as wrong:
        print(f"platform {options.role}: {wrong}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "jiaoan platform", description="JT/T 809, platform to platform"
    )
    parser.add_argument("role", choices=("superior", "subordinate"))
    parser.add_argument(
        "--bus", default=os.environ.get("JIAOAN_BUS_URL"), help="address of the bus"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("JIAOAN_DATA"),
        help="the settings are its file platform.json; messages are kept in its folder platform",
    )
    parser.add_argument("--settings", type=Path, metavar="FILE", help="other settings")
    parser.add_argument("--stats-file", type=Path, help="counters as JSON, renewed twice a second")
    return parser


def _needed(role: str, settings: Settings) -> None:
    if role == "superior" and settings.superior is None:
        raise BadSettings(f"{FILE} has no superior: nobody can log in.")
    if role == "subordinate" and not settings.superiors:
        raise BadSettings(f"{FILE} has no superiors: there is nobody to log in to.")


async def _serve(options: argparse.Namespace, settings: Settings) -> None:
    if not options.bus or not options.data:
        raise CannotStart("--bus and --data are needed (or JIAOAN_BUS_URL and JIAOAN_DATA).")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    bus = await _connected(options.bus, stop)
    if bus is None:
        return
    try:
        await _run(options, settings, bus, stop)
    finally:
        await bus.close()


async def _run(
    options: argparse.Namespace, settings: Settings, bus: Bus, stop: asyncio.Event
) -> None:
    folder, clock = Path(options.data) / "platform", clock_from_environment()
    house: Superior | Subordinate
    if options.role == "superior":
        assert settings.superior is not None
        house = Superior(settings.superior, bus, folder, clock)
    else:
        house = Subordinate(settings.superiors, bus, folder, clock)
    try:
        await house.start()
    except OSError as wrong:
        why = os.strerror(wrong.errno) if wrong.errno else str(wrong)
        raise CannotStart(f"an address cannot be used: {why}.") from wrong
    try:
        await _until(stop, house, options.stats_file)
    finally:
        await house.stop()


async def _until(
    stop: asyncio.Event, house: Superior | Subordinate, stats_file: Path | None
) -> None:
    """Tell the counters until ``stop``, or raise what ended a part that must not end."""
    stopped = asyncio.create_task(stop.wait())
    told = 0.0
    try:
        while not stop.is_set():
            waited: set[asyncio.Task[object]] = {stopped, *house.tasks}
            done, _ = await asyncio.wait(
                waited, timeout=_FILE_S, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stopped}:
                task.result()
                raise RuntimeError("a part of the process ended by itself")
            now = asyncio.get_running_loop().time()
            if now - told >= _LINE_S:
                told = now
                logger.info("platform.metrics %s", house.metrics.line())
            if stats_file:
                try:
                    house.metrics.save(stats_file)
                except OSError as wrong:
                    logger.error("counters cannot be written: %s", wrong)
    finally:
        stopped.cancel()


async def _connected(url: str, stop: asyncio.Event) -> Bus | None:
    """The bus once it is there and proves that it syncs; ``None`` when told to stop before."""
    told = False
    while not stop.is_set():
        try:
            bus = await Bus.connect(url, name="platform")
            try:
                await bus.prepare()
            except BaseException:
                await bus.close()
                raise
            return bus
        except NotDurable:
            raise
        except BusUnavailable as gone:
            if not told:
                logger.warning("waiting for the bus: %s", gone)
            told = True
            await asyncio.sleep(_RETRY_S)
    return None
