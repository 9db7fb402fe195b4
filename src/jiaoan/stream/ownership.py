"""Who works on what: leases by key with a lifetime, renewed by compare-and-set.

Theory of operation
-------------------
A lease is a key in a bucket whose values vanish after ``lifetime_s``. Its holder writes it again
three times in that time, naming the revision it wrote last; whoever is overtaken stops at once.
The deadline is taken on the monotonic clock *before* each write, so a holder that was paused
knows that it may no longer hold. A lease alone is not enough (a paused holder may still be in
the middle of a write): the snapshot's own compare-and-set fences it, and findings carry ids that
are stored once.

Workers share fairly: each announces itself in the same bucket, and holds at most its share of
the partitions, giving up one a turn when it has more. A worker that comes back under the same
name (a restarted child) takes its former leases at once instead of waiting for them to vanish.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from jiaoan.stores.bus import BusUnavailable
from jiaoan.stores.tables import Overtaken, Table

BUCKET = "stream_leases"
LIFETIME_S = 3.0


@dataclass
class Lease:
    """One held key: the revision to name next, and when holding it ends (monotonic seconds)."""

    key: str
    revision: int
    deadline: float

    @property
    def holds(self) -> bool:
        return time.monotonic() < self.deadline


class NameTaken(Exception):
    """Another process works under this worker's name."""


class Leases:
    """The leases of one worker process."""

    def __init__(self, table: Table, name: str, lifetime_s: float) -> None:
        self._table, self.name, self._lifetime = table, name, lifetime_s
        self._boot = secrets.token_hex(6)
        self._announced = 0

    @property
    def value(self) -> bytes:
        return f"{self.name}/{self._boot}".encode()

    def _is_former_self(self, value: bytes) -> bool:
        return value.decode().rpartition("/")[0] == self.name

    async def take(self, key: str) -> Lease | None:
        """The lease of ``key``, or ``None`` while another worker holds it."""
        deadline = time.monotonic() + self._lifetime
        entry = await self._table.get(key)
        if entry is not None and not self._is_former_self(entry.value):
            return None
        try:
            revision = await self._table.put(
                key, self.value, revision=entry.revision if entry else 0
            )
        except Overtaken:
            return None
        return Lease(key, revision, deadline)

    async def renew(self, lease: Lease) -> None:
        """Hold on; :class:`Overtaken` when the lease is lost.

        An outage of the bus is no loss yet: the deadline decides.
        """
        deadline = time.monotonic() + self._lifetime
        try:
            lease.revision = await self._table.put(lease.key, self.value, revision=lease.revision)
        except BusUnavailable:
            if not lease.holds:
                raise Overtaken(lease.key) from None
            return
        except Overtaken:
            # Perhaps by our own write whose answer an outage swallowed, or by nothing at all:
            # the value may have vanished during an outage.
            entry = await self._table.get(lease.key)
            if entry is None or entry.value != self.value:
                if entry is not None and self._is_former_self(entry.value):
                    raise NameTaken(
                        f"another worker runs under the name {self.name}: start one of them "
                        "with another --name"
                    ) from None
                raise
            lease.revision = entry.revision
        lease.deadline = deadline

    async def give_up(self, lease: Lease) -> None:
        try:
            await self._table.remove(lease.key, revision=lease.revision)
        except Overtaken:
            return  # it is another's already, or vanishes by itself

    async def announce(self) -> int:
        """Say that this worker lives; answers how many do."""
        key = f"worker.{self.name}"
        try:
            self._announced = await self._table.put(key, self.value, revision=self._announced)
        except Overtaken:
            entry = await self._table.get(key)
            revision = entry.revision if entry else 0
            self._announced = await self._table.put(key, self.value, revision=revision)
        return len(await self._table.keys("worker."))

    async def withdraw(self) -> None:
        await self.give_up(Lease(f"worker.{self.name}", self._announced, 0))
