"""The track of a vehicle as the stream judged it: from the files, and behind them from the bus.

Read the place of the files first, then the bus, then the files: what is sealed meanwhile is read
twice and counts once (:func:`jiaoan.rules.driving.settle.in_order`), and nothing is missed.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules.driving.cards import Card
from jiaoan.stores import cards as stored
from jiaoan.stores import tracks
from jiaoan.stores.bus import Bus
from jiaoan.stores.positions import (
    DTYPE,
    DriverCard,
    NotPositions,
    Positions,
    concatenated,
    subject_of,
    unpack_all,
)
from jiaoan.stores.unsealed import sealed_up_to
from jiaoan.stream.blocks import cards_of

logger = logging.getLogger("jiaoan.stream")

MOST: Final = 50_000  # messages of the bus that are read again for one round of settling
DAY_MS: Final = 86_400_000
BEFORE_MS: Final = 9 * DAY_MS
CARDS_MS: Final = 40 * DAY_MS  # who drives today may have put his card in so long ago
COLUMNS: Final = (
    "vehicle", "terminal", "time_ms", "received_ms", "lat", "lon", "speed", "direction",
    "altitude", "alarm", "status", "mileage", "source",
)  # fmt: skip


class Behind(Exception):
    """The files are so far behind the bus that a track cannot be read now."""


async def unsealed(
    bus: Bus, root: Path, partition: int, upto: int, vehicles: Collection[int]
) -> tuple[Positions, list[DriverCard]]:
    """Rows and cards of ``vehicles`` in the partition's messages from behind the files to
    ``upto``."""
    sealed = sealed_up_to(root)
    if upto - sealed > MOST:
        raise Behind(f"tracks end at {sealed}, the stream is at {upto}")
    parts, found = [np.zeros(0, DTYPE)], list[DriverCard]()
    newest = await bus.latest(subject_of(partition))
    if newest is None or newest.sequence <= sealed:
        return parts[0], found
    async for message in bus.read(subject_of(partition), after=sealed, batch=500):
        try:
            array, _, said = unpack_all(message.data)
        except NotPositions as error:
            logger.debug("%s %d is in no track: %s", message.subject, message.sequence, error)
        else:
            parts.append(array[np.isin(array["vehicle"], list(vehicles))])
            found += [one for one in said if one.vehicle in vehicles]
        if message.sequence >= min(upto, newest.sequence):
            break
    return concatenated(parts), found


def cards(root: Path, vehicle: int, last_ms: int, fresh: Sequence[DriverCard]) -> list[Card]:
    """The events of a vehicle's cards up to ``last_ms``, from files and ``fresh``, by time.

    They reach farther back than its track: who drives at its beginning came in before.
    """
    found = stored.read(root, vehicle, last_ms - CARDS_MS, last_ms)
    found += [one for one in fresh if one.vehicle == vehicle and one.time_ms <= last_ms]
    return events(found)


def events(found: Sequence[DriverCard]) -> list[Card]:
    """Cards as the driving rules read them, by time, each once."""
    read = {replace(card, before_row=0) for card in cards_of(found)}
    return sorted(read, key=lambda card: (card.time_ms, card.driver))


def sealed(root: Path, vehicle: int, first_ms: int, last_ms: int) -> Positions:
    """Rows of a vehicle in files, with device times from ``first_ms`` to ``last_ms``, doubles too.

    Serial, datum and the coordinates as sent are not read.
    """
    return _gather(root, vehicle, _days(first_ms, last_ms), "time_ms", first_ms, last_ms)


def arrived(root: Path, vehicle: int, first_ms: int, last_ms: int, *times_ms: int) -> Positions:
    """Rows of a vehicle that were received from ``first_ms`` to ``last_ms``, by their arrival.

    Those are found whose device time is not more than nine days before, or on the days of
    ``times_ms``, or cannot be true.
    """
    days = {*_days(first_ms - BEFORE_MS, last_ms + DAY_MS)}
    days |= {day for moment in times_ms if moment > 0 for day in _days(moment, moment)}
    found = _gather(root, vehicle, sorted(days), "received_ms", first_ms, last_ms)
    return found[np.argsort(found["received_ms"], kind="stable")]


def _gather(
    root: Path, vehicle: int, days: Iterable[str], by: str, first_ms: int, last_ms: int
) -> Positions:
    folders = [root / f"day={day}" for day in days]
    while True:
        try:
            parts = [
                part
                for folder in folders
                for source in tracks.current(folder)
                for part in _read(source.path, vehicle, by, first_ms, last_ms)
            ]
        except FileNotFoundError:
            continue  # put together with others since the folder was listed: what counts is new
        return concatenated(parts)


def _days(first_ms: int, last_ms: int) -> Iterator[str]:
    day = datetime.fromtimestamp(max(first_ms, 0) / 1000, UTC).astimezone(LOCAL).date()
    last = datetime.fromtimestamp(max(last_ms, 0) / 1000, UTC).astimezone(LOCAL).date()
    while day <= last:
        yield day.isoformat()
        day += timedelta(days=1)


def _read(path: Path, vehicle: int, by: str, first_ms: int, last_ms: int) -> Iterator[Positions]:
    import pyarrow.parquet

    groups = tracks.groups_of(path)
    wanted = groups.of(vehicle, vehicle)
    if by == "time_ms":
        times = groups.times[wanted]
        wanted = wanted[(times[:, 0] <= last_ms) & (times[:, 1] >= first_ms)]
    if not len(wanted):
        return
    with pyarrow.parquet.ParquetFile(path, metadata=groups.metadata, memory_map=True) as file:
        table = file.read_row_groups(wanted.tolist(), columns=list(COLUMNS), use_threads=False)
    moments = table.column(by).to_numpy()
    mine = (table.column("vehicle").to_numpy() == vehicle) & (moments >= first_ms)
    rows = np.flatnonzero(mine & (moments <= last_ms))
    table = table.take(rows)
    array = np.zeros(len(rows), DTYPE)
    for name in COLUMNS:
        column = table.column(name)
        array[name] = (
            [text.encode() for text in column.to_pylist()]
            if name == "terminal"
            else column.to_numpy()
        )
    yield array
