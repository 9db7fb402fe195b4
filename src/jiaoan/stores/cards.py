"""Driver cards 驾驶员身份 (0x0702) beside the tracks: ``tracks/day=YYYY-MM-DD/cards-HH.parquet``.

The day is that of the card's own time, ``HH`` the hour in which it was received. Cards are few, so
an hour's file is written anew with what came to it (aside, synced, renamed), under a lock of the
day's folder. Each row has the number of its bus message: a range that is written again after a
crash takes the place of its own rows. Readers of positions do not know these files.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jiaoan.stores.positions import DriverCard
from jiaoan.stores.tracks import DAY_MS, LOCAL_MS, publish, sync_folder

if TYPE_CHECKING:
    import pyarrow

_HOUR_MS: Final = 3_600_000
_FIELDS: Final = (
    "vehicle", "terminal", "time_ms", "received_ms", "version", "octets"
)  # fmt: skip
Numbered = tuple[int, DriverCard]
"""A card and the number of its message in the stream."""


def write(root: Path, first: int, last: int, found: Iterable[Numbered]) -> None:
    """Write the cards of the stream's messages ``first`` to ``last``; written again it is once."""
    files: dict[Path, list[Numbered]] = defaultdict(list)
    for sequence, card in found:
        files[_path(root, card)].append((sequence, card))
    for path, fresh in files.items():
        with _alone(path.parent):
            kept = [one for one in _rows(path) if not first <= one[0] <= last]
            publish(path, [_table([*kept, *fresh])])


def read(root: Path, vehicle: int, first_ms: int, last_ms: int) -> list[DriverCard]:
    """The cards of a vehicle with times from ``first_ms`` to ``last_ms`` (UTC), by time."""
    found = {
        card
        for folder in _folders(root, first_ms, last_ms)
        for path in folder.glob("cards-*.parquet")
        for _, card in _rows(path)
        if card.vehicle == vehicle and first_ms <= card.time_ms <= last_ms
    }
    return sorted(found, key=lambda card: (card.time_ms, card.received_ms))


def leave_out(folder: Path, vehicles: Collection[int]) -> None:
    """Write the cards of a day anew without ``vehicles``; files that hold no others go."""
    if not folder.exists():
        return
    with _alone(folder):
        for path in sorted(folder.glob("cards-*.parquet")):
            rows = list(_rows(path))
            kept = [one for one in rows if one[1].vehicle not in vehicles]
            if kept and len(kept) < len(rows):
                publish(path, [_table(kept)])
            elif not kept:
                path.unlink(missing_ok=True)
        sync_folder(folder)


def remove(folder: Path) -> None:
    """Remove all cards of a day of which no vehicle is kept."""
    with _alone(folder):
        for path in folder.glob("cards-*.parquet"):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one who writes cards of this day; the kernel takes the lock back."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _path(root: Path, card: DriverCard) -> Path:
    day = date(1970, 1, 1) + timedelta(days=(card.time_ms + LOCAL_MS) // DAY_MS)
    hour = (card.received_ms + LOCAL_MS) % DAY_MS // _HOUR_MS
    return root / f"day={day}" / f"cards-{hour:02d}.parquet"


def _folders(root: Path, first_ms: int, last_ms: int) -> Iterator[Path]:
    first, last = ((max(each, 0) + LOCAL_MS) // DAY_MS for each in (first_ms, last_ms))
    for day in range(first, last + 1):
        yield root / f"day={date(1970, 1, 1) + timedelta(days=day)}"


def _rows(path: Path) -> Iterator[Numbered]:
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path, partitioning=None)
    except FileNotFoundError:
        return
    columns = [table.column(name).to_pylist() for name in ("sequence", *_FIELDS)]
    for sequence, *row in zip(*columns, strict=True):
        yield sequence, DriverCard(0, *row)


def _table(found: Sequence[Numbered]) -> pyarrow.Table:
    import pyarrow

    columns: dict[str, object] = {"sequence": [sequence for sequence, _ in found]}
    for name in _FIELDS:
        columns[name] = [getattr(card, name) for _, card in found]
    return pyarrow.table(columns)
