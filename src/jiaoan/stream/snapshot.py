"""The snapshot of one owned job on the bus: read once, then written by compare-and-set.

The first write fences a former owner: whoever wrote before finds its revision gone and ends.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

from jiaoan.stores.bus import LARGEST, BusUnavailable
from jiaoan.stores.tables import Overtaken, Table
from jiaoan.stream.ownership import Lease

logger = logging.getLogger("jiaoan.stream")

T = TypeVar("T")
RETRY_S = 0.05


async def still(lease: Lease, ask: Callable[[], Awaitable[T]]) -> T:
    """The answer of ``ask``, asked again through outages while ``lease`` holds."""
    while True:
        if not lease.holds:
            raise Overtaken(lease.key)
        try:
            return await ask()
        except BusUnavailable:
            await asyncio.sleep(RETRY_S)


class Snapshot:
    """``owner`` must stand in what is written; ``owner_of`` reads it out again."""

    def __init__(self, table: Table, lease: Lease, owner_of: Callable[[bytes], str]) -> None:
        self._table, self._lease, self._owner_of = table, lease, owner_of
        self._revision = 0
        self.owner = secrets.token_hex(8)

    async def read(self) -> bytes | None:
        """What the owner before wrote last."""
        entry = await still(self._lease, lambda: self._table.get(self._lease.key))
        if entry is None:
            return None
        self._revision = entry.revision
        return entry.value

    async def write(self, data: bytes) -> None:
        """Through outages; :class:`Overtaken` when the lease is over or another wrote."""
        key = self._lease.key
        if len(data) > LARGEST:
            logger.error(
                "the snapshot of %s has %d octets, the bus takes %d: a restart will read on from "
                "the last one that fitted; more partitions are needed",
                key, len(data), LARGEST,
            )  # fmt: skip
            return
        while True:
            try:
                self._revision = await still(
                    self._lease, lambda: self._table.put(key, data, revision=self._revision)
                )
                return
            except Overtaken:
                if not self._lease.holds:
                    raise
                await self._find_own_write()

    async def _find_own_write(self) -> None:
        """An outage may have swallowed the answer to our own write: go on from it, else end."""
        entry = await still(self._lease, lambda: self._table.get(self._lease.key))
        if entry is None or self._owner_of(entry.value) != self.owner:
            raise Overtaken(self._lease.key)
        self._revision = entry.revision
