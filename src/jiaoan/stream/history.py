"""The track writer: all positions and driver cards, in the order of the stream, by local day.

It keeps its own place beside the files (``tracks/sequence.json``), because files and place must
agree. Before a range is written its end is noted; after a crash the same range is read again up
to that end, so the same names are written, and files of it that stand already are left alone.

Beside it, in a thread, files are put together (:mod:`jiaoan.stores.compaction`); a merge that a
stop or a lost lease finds under way is given up and leaves nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from jiaoan.kernel.clock import Clock
from jiaoan.stores import cards, compaction, tracks
from jiaoan.stores.bus import Bus, Message
from jiaoan.stores.positions import NotPositions, Octets, Positions, concatenated, unpack_all
from jiaoan.stores.tables import Overtaken
from jiaoan.stream.ownership import Lease

logger = logging.getLogger("jiaoan.stream")

READ_EVERY_S = 0.25
FLUSH_S = 30.0
FLUSH_ROWS = 20_000  # a larger file keeps the partitions of this process waiting
TIDY_S = 60.0


@dataclass
class _Place:
    """Everything up to ``sequence`` is in files; ``writing`` is the end of a range begun."""

    sequence: int = 0
    writing: int = 0


@dataclass
class _Rows:
    """Blocks not written yet."""

    first: int = 0
    last: int = 0
    count: int = 0
    arrays: list[Positions] = field(default_factory=list)
    octets: list[Octets] = field(default_factory=list)
    cards: list[cards.Numbered] = field(default_factory=list)


class History:
    """Writes tracks under ``root`` while ``lease`` holds."""

    def __init__(self, bus: Bus, root: Path, lease: Lease, clock: Clock) -> None:
        self._bus, self._root, self._lease, self._clock = bus, root, lease, clock
        self._rows = _Rows()
        self._place = _Place()
        self._due = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` (then what was read is written) or :class:`Overtaken`."""
        await asyncio.to_thread(tracks.prepare)
        self._root.mkdir(parents=True, exist_ok=True)
        self._place = self._load()
        queue: asyncio.Queue[list[Message]] = asyncio.Queue(1)
        reading = asyncio.create_task(self._read(queue), name="tracks")
        tidying = asyncio.create_task(self._tidy(), name="compaction")
        stopping = asyncio.create_task(stop.wait())
        getting: asyncio.Task[list[Message]] | None = None
        try:
            while not stop.is_set():
                getting = getting or asyncio.create_task(queue.get())
                await asyncio.wait(
                    {getting, stopping, reading},
                    timeout=self._wait(),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if getting.done():
                    for message in getting.result():
                        self._add(message)
                        if self._is_due():
                            await self._flush()
                    getting = None
                elif reading.done():
                    reading.result()
                if self._is_due():
                    await self._flush()
            # A range begun before a crash is written whole or not at all.
            if self._rows.last >= self._place.writing:
                await self._flush()
        finally:
            for task in (reading, stopping, getting, tidying):
                if task is not None:
                    task.cancel()
            await asyncio.gather(tidying, return_exceptions=True)

    async def _tidy(self) -> None:
        """Now and then put files together; what fails is tried again the next time."""
        given_up = threading.Event()
        try:
            await asyncio.to_thread(compaction.tidy, self._root)
            while True:
                await asyncio.sleep(TIDY_S)
                await asyncio.shield(asyncio.to_thread(self._compact, given_up))
        finally:
            given_up.set()

    def _compact(self, given_up: threading.Event) -> None:
        for job in compaction.jobs(self._root, self._place.sequence, self._clock.now()):
            if given_up.is_set() or not self._lease.holds:
                return
            try:
                path = compaction.merge(job, given_up)
            except (compaction.Stopped, FileNotFoundError):
                return
            except OSError as error:
                logger.error("tracks of %s stay apart: %s", job.output.parent.name, error)
                return
            logger.info("%d files of tracks became %s", len(job.inputs), path.name)

    async def _read(self, queue: asyncio.Queue[list[Message]]) -> None:
        after = self._place.sequence
        async for messages in self._bus.read_several(
            "positions.*", after=after, every_s=READ_EVERY_S
        ):
            await queue.put(messages)

    def _add(self, message: Message) -> None:
        rows = self._rows
        if not rows.first:
            rows.first = message.sequence
            self._due = asyncio.get_running_loop().time() + FLUSH_S
        rows.last = message.sequence
        try:
            array, octets, said = unpack_all(message.data)
        except NotPositions as error:
            logger.error("%s %d is in no track: %s", message.subject, message.sequence, error)
            return
        rows.arrays.append(array)
        rows.octets.append(octets)
        rows.cards += [(message.sequence, card) for card in said]
        rows.count += len(array)

    def _wait(self) -> float | None:
        if not self._rows.first or self._place.writing > self._place.sequence:
            return None  # a range begun before a crash waits for its end, not for the clock
        return max(self._due - asyncio.get_running_loop().time(), 0)

    def _is_due(self) -> bool:
        if self._place.writing > self._place.sequence:
            return self._rows.last >= self._place.writing
        return bool(self._rows.first) and (
            self._rows.count >= FLUSH_ROWS or asyncio.get_running_loop().time() >= self._due
        )

    async def _flush(self) -> None:
        rows, self._rows = self._rows, _Rows()
        if not rows.first:
            return
        if not self._lease.holds:
            raise Overtaken("tracks")
        await asyncio.to_thread(self._write, rows)

    def _write(self, rows: _Rows) -> None:
        self._store(_Place(self._place.sequence, rows.last))
        first = self._place.sequence + 1
        if rows.count:
            array = concatenated(rows.arrays)
            octets = Octets.concatenated(rows.octets)
            tracks.write(self._root, first, rows.last, array, octets)
        cards.write(self._root, first, rows.last, rows.cards)
        self._store(_Place(rows.last, 0))

    def _load(self) -> _Place:
        try:
            said = json.loads((self._root / "sequence.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return _Place()
        return _Place(int(said["sequence"]), int(said["writing"]))

    def _store(self, place: _Place) -> None:
        path = self._root / "sequence.json"
        aside = path.with_suffix(".new")
        with aside.open("w", encoding="utf-8") as file:
            json.dump({"sequence": place.sequence, "writing": place.writing}, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        tracks.sync_folder(self._root)
        self._place = place
