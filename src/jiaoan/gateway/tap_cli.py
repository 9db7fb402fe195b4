"""``jiaoan tap TERMINAL``: frames of a terminal as they come and go, decoded, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

from jiaoan.gateway.tap import ASK_EVERY_S, FRAMES, WANT
from jiaoan.kernel.clock import local
from jiaoan.stores.bus import Bus, BusUnavailable
from jiaoan.wire.jt808.describe import Facts, describe_frame

_UNREAD = 1000


class NoBus(Exception):
    """Nothing runs on this directory."""


def main(argv: Sequence[str]) -> int:
    """0 = asked to stop or ``--count`` reached, 1 = the bus is gone, 2 = wrong words."""
    options = _parser().parse_args(list(argv))
    try:
        return asyncio.run(_look(options, sys.stdout))
    except (BusUnavailable, NoBus) as gone:
        print(f"tap: {gone}", file=sys.stderr)
    except BrokenPipeError:
        # Whoever read has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("jiaoan tap", description=__doc__)
    parser.add_argument("terminal", type=_phone, help="its phone, as the register has it")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("JIAOAN_DATA", "var/demo")),
        help="directory of the installation",
    )
    parser.add_argument("--bus", help="address of the bus, instead of that of --data")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--count", type=int, default=0, help="end after so many frames")
    return parser


def running_bus(data: Path) -> str:
    """The address of the bus of the system that runs on ``data``; :class:`NoBus`."""
    try:
        return str(json.loads((data / "addresses.json").read_text("utf-8"))["bus"])
    except (OSError, ValueError, KeyError) as wrong:
        raise NoBus(f"no running system in {data}: name --data, or the bus with --bus") from wrong


def _phone(text: str) -> str:
    bare = text.strip().lstrip("0")
    if not bare.isascii() or not bare.isalnum():
        raise argparse.ArgumentTypeError(f"{text!r} is no terminal phone")
    return bare.lower()


async def _look(options: argparse.Namespace, out: TextIO) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bus = await Bus.connect(options.bus or running_bus(options.data), name="tap")
    heard: asyncio.Queue[bytes] = asyncio.Queue(_UNREAD)
    lost = 0

    def take(_subject: str, data: bytes) -> None:
        nonlocal lost
        if heard.full():
            lost += 1
        else:
            heard.put_nowait(data)

    write: Callable[[bytes], str] = as_json if options.json else as_text
    try:
        await bus.hear(f"{FRAMES}.{options.terminal}", take)
        print(f"looking at {options.terminal}; Ctrl-C ends it", file=sys.stderr, flush=True)
        asking = asyncio.create_task(_ask(bus, options.terminal))
        showing = asyncio.create_task(_show(heard, write, out, options.count))
        asked = asyncio.create_task(_until(stop))
        done, _ = await asyncio.wait({asking, showing, asked}, return_when=asyncio.FIRST_COMPLETED)
        for task in (asking, showing, asked):
            task.cancel()
        for task in done:
            task.result()
    finally:
        await bus.close()
    if lost:
        print(f"tap: {lost} frames came too fast and were not shown", file=sys.stderr)
    return 0


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


async def _ask(bus: Bus, terminal: str) -> None:
    """Say again and again that somebody looks; a gateway that starts anew hears it too."""
    while True:
        await bus.tell(WANT, terminal.encode())
        await asyncio.sleep(ASK_EVERY_S)


async def _show(
    heard: asyncio.Queue[bytes], write: Callable[[bytes], str], out: TextIO, count: int
) -> None:
    seen = 0
    while not count or seen < count:
        print(write(await heard.get()), file=out, flush=True)
        seen += 1


def as_json(data: bytes) -> str:
    """One line: what was told, with the decoded frame."""
    said = json.loads(data)
    return json.dumps(said | {"frame": _frame(said)}, ensure_ascii=False)


def as_text(data: bytes) -> str:
    """Time, way, hexadecimal octets; below them the decoded frame."""
    said = json.loads(data)
    at = local(datetime.fromisoformat(said["at"]))
    arrow = "→ up  " if said["way"] == "up" else "← down"
    head = f"{at:%H:%M:%S.%f}"[:-3] + f" {arrow} {said['peer']} {said['link']}"
    body = json.dumps(_frame(said), ensure_ascii=False)
    return f"{head}\n  7e {bytes.fromhex(said['hex']).hex(' ')} 7e\n  {body}"


def _frame(said: dict[str, str]) -> Facts:
    """The named fields, as ``jiaoan frames decode`` gives them."""
    return describe_frame(b"\x7e" + bytes.fromhex(said["hex"]) + b"\x7e")
