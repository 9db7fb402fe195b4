"""Small values by key on the bus, written by compare-and-set: leases and snapshots.

A *revision* counts the writes of a table; a write names the revision it replaces (0 = no value
yet) and is refused when somebody else wrote meanwhile. That fences a former owner.
"""

from __future__ import annotations

from dataclasses import dataclass

import nats.errors
from nats.js.api import KeyValueConfig
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from jiaoan.stores.address import BusUnavailable
from jiaoan.stores.link import Link


class Overtaken(Exception):
    """Somebody else wrote this key since the revision that was named."""


@dataclass(frozen=True)
class Entry:
    """A value and the revision that a write must name to replace it."""

    value: bytes
    revision: int


class Table:
    """One bucket of keys; make it with :meth:`open`."""

    def __init__(self, link: Link, name: str, bucket: KeyValue) -> None:
        self._link, self._name, self._bucket = link, name, bucket

    @classmethod
    async def open(cls, link: Link, name: str, *, lifetime_s: float | None = None) -> Table:
        """The bucket ``name``, made where it is missing; values vanish after ``lifetime_s``."""
        config = KeyValueConfig(
            bucket=name, history=1, ttl=lifetime_s, replicas=link.address.replicas
        )
        await link.prove()
        return cls(link, name, await link.ask(link.js.create_key_value(config)))

    async def get(self, key: str) -> Entry | None:
        try:
            entry = await self._link.ask(self._bucket.get(key))
        except KeyNotFoundError:
            return None
        return Entry(entry.value or b"", int(entry.revision or 0))

    async def keys(self, under: str = "") -> list[str]:
        """The keys that have a value, sorted; ``under`` = ``a.`` only those like ``a.b``."""
        prefix = f"$KV.{self._name}."
        info = await self._link.ask(
            self._link.js.stream_info(f"KV_{self._name}", subjects_filter=f"{prefix}{under}>")
        )
        found = sorted((info.state.subjects or {}).keys())
        return [
            key
            for key in (subject.removeprefix(prefix) for subject in found)
            if await self.get(key) is not None  # a removed key leaves a mark for a while
        ]

    async def put(self, key: str, value: bytes, *, revision: int) -> int:
        """Replace ``revision`` (0: no value yet) and return the new one, or raise
        :class:`Overtaken`. After :class:`BusUnavailable` it is unknown whether it was written.
        """
        await self._link.prove()
        try:
            if revision:
                return int(await self._link.ask(self._bucket.update(key, value, last=revision)))
            return int(await self._link.ask(self._bucket.create(key, value)))
        except KeyWrongLastSequenceError as error:
            raise Overtaken(key) from error

    async def remove(self, key: str, *, revision: int) -> None:
        """Give the key up, if it is still at ``revision``."""
        try:
            await self._link.ask(self._bucket.delete(key, last=revision))
        except (KeyWrongLastSequenceError, nats.errors.Error, BusUnavailable) as error:
            raise Overtaken(key) from error
