"""Taking vehicles out of a day whose time is over 到期清理: the day is written anew without them.

Who may go is decided above (:mod:`jiaoan.tracks.retention`); here are the files. A day is rewritten
as the compaction does it: aside, synced, renamed, and only then the old files go. A kill leaves the
day as it was, or as it will be. When nobody is left the day's folder goes.

Which vehicles a closed day holds is kept beside it (``vehicles.json``, with the names of the files
it was read from), because asking every file of half a year each night would cost minutes.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from jiaoan.stores import cards, compaction, tracks
from jiaoan.stores.compaction import Job, alone
from jiaoan.stores.tracks import Source

NOTE: Final = "vehicles.json"


@dataclass(frozen=True)
class Removed:
    """What became of one day: rows taken out, rows left."""

    day: date
    vehicles: frozenset[int]
    rows: int
    left: int


def days(root: Path) -> Iterator[tuple[date, Path]]:
    """Every day that has a folder, oldest first."""
    for folder in sorted(root.glob("day=*")):
        yield date.fromisoformat(folder.name[4:]), folder


def vehicles_in(folder: Path) -> frozenset[int]:
    """Every vehicle with a row in the day's files."""
    while True:
        try:
            return _held(folder, tracks.current(folder))
        except FileNotFoundError:
            continue  # put together with others meanwhile


def _held(folder: Path, files: Sequence[Source]) -> frozenset[int]:
    if not files:
        return frozenset()
    names = [source.path.name for source in files]
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
        kept = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        if kept["files"] == names:
            return frozenset(kept["vehicles"])
    found = frozenset(each for source in files for each in _vehicles(source.path))
    _note(folder, names, found)
    return found


def _vehicles(path: Path) -> list[int]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path, columns=["vehicle"], partitioning=None)
    found: list[int] = np.unique(table.column("vehicle").to_numpy()).tolist()
    return found


def _note(folder: Path, names: list[str], vehicles: frozenset[int]) -> None:
    aside = folder / f"{NOTE}.{os.getpid()}"
    value = {"files": names, "vehicles": sorted(vehicles)}
    aside.write_text(json.dumps(value), encoding="utf-8")
    aside.replace(folder / NOTE)


def leave_out(
    folder: Path, vehicles: Collection[int], stop: threading.Event | None = None
) -> Removed:
    """Write the day anew without ``vehicles``. Waits for a merge under way.

    Raises ``compaction.Stopped`` when told to stop; the day is then as it was.
    """
    day, gone = date.fromisoformat(folder.name[4:]), frozenset(vehicles)
    with alone(folder.parent, wait=True):
        listed, inputs = tracks.sources(folder), tuple(tracks.current(folder))
        before, held = _rows(inputs), _held(folder, inputs)
        cards.leave_out(folder, gone)
        if not gone & held:
            return Removed(day, frozenset(), 0, before)
        if held <= gone:
            cards.remove(folder)
            _remove(folder, listed)
            return Removed(day, held, before, 0)
        output = compaction.write_anew(Job(inputs, gone), stop)
        left = tracks.groups_of(output).metadata.num_rows
        return Removed(day, gone & held, before - left, left)


def _rows(files: Sequence[Source]) -> int:
    return sum(tracks.groups_of(source.path).metadata.num_rows for source in files)


def _remove(folder: Path, files: Sequence[Source]) -> None:
    """These files and the note; a file that the writer puts beside them meanwhile stays."""
    for source in files:
        source.path.unlink(missing_ok=True)
    (folder / NOTE).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty: the writer has just put a late row into it
        folder.rmdir()
    tracks.sync_folder(folder.parent)
