"""Batch upload of locations 0x0704 (since 808-2013)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from jiaoan.wire.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt808.forms import PLAIN, Form, Reading
from jiaoan.wire.jt808.location import BASE, Location
from jiaoan.wire.jt808.table import BYTE, WORD
from jiaoan.wire.jt808.tolerance import Tolerance

HEAD = 3


class BatchKind(IntEnum):
    """Why locations come in a batch."""

    NORMAL = 0
    BACKFILL = 1


@dataclass(frozen=True, slots=True)
class BadItem:
    """One item of a batch that is no location; the others are not touched by it."""

    reason: str
    octets: bytes


def split_items(octets: bytes) -> Iterator[bytes | BadItem]:
    """The items behind the head. The lengths decide, not the count: senders get the count wrong."""
    at, size = HEAD, len(octets)
    while at < size:
        end = at + 2 + int.from_bytes(octets[at : at + 2], "big")
        if at + 2 > size or end > size:
            yield BadItem("its length runs past the end of the batch", octets[at:])
            return
        item = octets[at + 2 : end]
        if len(item) < BASE.size:
            yield BadItem(f"{len(item)} octets, {BASE.size} are needed", item)
        else:
            yield item
        at = end


@dataclass(frozen=True, slots=True)
class LocationBatch:
    """0x0704. ``count`` is what the sender claims; ``kind`` may be outside :class:`BatchKind`."""

    kind: int
    items: tuple[Location | BadItem, ...]
    count: int

    @classmethod
    def parse(cls, octets: bytes, reading: Reading | None = None) -> LocationBatch:
        if len(octets) < HEAD:
            raise BodyError("location batch", f"{len(octets)} octets, {HEAD} are needed", octets)
        items = tuple(
            one if isinstance(one, BadItem) else Location.parse(one, reading)
            for one in split_items(octets)
        )
        one = cls(octets[2], items, octets[0] << 8 | octets[1])
        if reading is not None:
            one._judge(octets, reading)
        return one

    def _judge(self, octets: bytes, reading: Reading) -> None:
        bad = [item.reason for item in self.items if isinstance(item, BadItem)]
        if bad:
            reading.tolerate(Tolerance.BAD_ITEM, BodyError("item", bad[0], octets))
        if self.count != len(self.items):
            reason = f"{self.count} are claimed, {len(self.items)} are there"
            reading.tolerate(
                Tolerance.WRONG_COUNT,
                BodyError("count", reason, octets, BodyFault.WRONG_COUNT),
            )

    @classmethod
    def of(cls, kind: BatchKind, *locations: Location) -> LocationBatch:
        return cls(kind, locations, len(locations))

    def build(self, form: Form = PLAIN) -> bytes:
        out = bytearray(WORD.write(self.count, "count", form) + BYTE.write(self.kind, "kind", form))
        for item in self.items:
            if isinstance(item, BadItem):
                raise EncodeError("item", "a bad item is not sent on")
            octets = item.build(form)
            out += WORD.write(len(octets), "item", form) + octets
        return bytes(out)
