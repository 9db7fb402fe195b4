"""What the bus holds of the tracks and no file does yet: the last half minute.

The writer notes in ``tracks/sequence.json`` up to which message everything stands in files. Whoever
asks reads that place *first*, then the messages behind it, then the files: a report that is sealed
meanwhile is read twice and told once (:func:`jiaoan.stores.tracks.once`), and none is missed.

A writer that is far behind (it was stopped) would make a question read days from the bus: only the
newest :data:`MOST` messages and at most :data:`WAIT_S` are spent, and the answer says so.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import numpy as np

from jiaoan.stores.address import Address, BusUnavailable
from jiaoan.stores.bus import Bus
from jiaoan.stores.positions import (
    DTYPE,
    NotPositions,
    Positions,
    concatenated,
    partition_of,
    subject_of,
    unpack,
)
from jiaoan.stores.reader import Message

logger = logging.getLogger("jiaoan.tracks")

MOST: Final = 100_000  # messages; the writer seals every 30 s or 50,000 rows
WAIT_S: Final = 2.0
AGAIN_S: Final = 10.0  # a bus that gave no answer is not asked again for so long


class Missing(StrEnum):
    """Why the newest reports may be missing from an answer."""

    NOTHING = ""
    NO_BUS = "no-bus"
    BEHIND = "behind"


@dataclass(frozen=True)
class Unsealed:
    """Rows that may stand in no file yet, of one vehicle's partition or of all."""

    rows: Positions = field(default_factory=lambda: np.zeros(0, DTYPE))
    missing: Missing = Missing.NOTHING


class Source(Protocol):
    """The part of the bus that is needed here."""

    async def latest(self, subject: str) -> Message | None: ...

    def read(self, subject: str, *, after: int, batch: int) -> AsyncIterator[Message]: ...


def sealed_up_to(root: Path) -> int:
    """The last message of the bus that stands in files under ``root``; 0 before the first."""
    try:
        return int(json.loads((root / "sequence.json").read_text(encoding="utf-8"))["sequence"])
    except FileNotFoundError:
        return 0


async def read(bus: Source, root: Path, vehicle: int | None = None) -> Unsealed:
    """What is behind the place of the files, of the partition of ``vehicle`` or of all.

    Raises :class:`BusUnavailable` when the bus gives no answer.
    """
    subject = "positions.*" if vehicle is None else subject_of(partition_of(vehicle))
    sealed = sealed_up_to(root)
    newest = await bus.latest(subject)
    if newest is None or newest.sequence <= sealed:
        return Unsealed()
    after = max(sealed, newest.sequence - MOST)
    missing = Missing.BEHIND if after > sealed else Missing.NOTHING
    parts: list[Positions] = []
    try:
        async with asyncio.timeout(WAIT_S):
            async for message in bus.read(subject, after=after, batch=500):
                parts += _rows(message, vehicle)
                if message.sequence >= newest.sequence:
                    break
    except TimeoutError:
        missing = Missing.BEHIND
    return Unsealed(concatenated(parts), missing)


def _rows(message: Message, vehicle: int | None) -> list[Positions]:
    try:
        array, _ = unpack(message.data)
    except NotPositions as error:
        logger.error("%s %d is in no track: %s", message.subject, message.sequence, error)
        return []
    return [array if vehicle is None else array[array["vehicle"] == vehicle]]


async def _knock(url: str) -> None:
    """Tell a bus that is not there at once: its client would try again until the time is over."""
    refused = f"no bus listens at {url}"
    for server in Address.parse(url).servers:
        where = urlsplit(server)
        try:
            _, writer = await asyncio.open_connection(where.hostname, where.port or 4222)
        except OSError as error:
            refused = f"{server}: {error}"
            continue
        writer.close()
        return
    raise BusUnavailable(refused)


_silent_until: dict[str, float] = {}


def ask(url: str, root: Path, vehicle: int | None = None) -> Unsealed:
    """The same for a caller without an event loop, over a connection of its own.

    Never raises for the bus's sake: a bus that gives no answer is what ``missing`` says.
    """
    if _silent_until.get(url, 0.0) > time.monotonic():
        return Unsealed(missing=Missing.NO_BUS)
    try:
        return asyncio.run(_ask(url, root, vehicle))
    except (BusUnavailable, LookupError, TimeoutError) as error:
        logger.warning("the newest positions are missing from a track: %s", error)
        _silent_until[url] = time.monotonic() + AGAIN_S
        return Unsealed(missing=Missing.NO_BUS)


async def _ask(url: str, root: Path, vehicle: int | None) -> Unsealed:
    async with asyncio.timeout(2 * WAIT_S):
        await _knock(url)
        bus = await Bus.connect(url, name="tracks")
        try:
            return await read(bus, root, vehicle)
        finally:
            await bus.close()
