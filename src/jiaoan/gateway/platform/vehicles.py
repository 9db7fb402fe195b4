"""Vehicles by plate and colour, and back: the references ``ref.>`` kept in memory."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.stores.bus import BusUnavailable, Message

logger = logging.getLogger("jiaoan.platform")
SUBJECT = "ref.terminal.*"


class Source(Protocol):
    """The part of the bus that is needed here."""

    def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]: ...
    async def latest(self, subject: str) -> Message | None: ...


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A registered vehicle with one of its terminals."""

    id: int
    plate: str
    colour: int
    phone: str


class Vehicles:
    """All vehicles that the references name."""

    def __init__(self, metrics: Metrics) -> None:
        self._by_subject: dict[str, Vehicle] = {}
        self._by_plate: dict[tuple[str, int], Vehicle] = {}
        self._by_id: dict[int, Vehicle] = {}
        self._metrics, self._last = metrics, 0

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, plate: str, colour: int) -> Vehicle | None:
        """By plate and colour; where only one vehicle has the plate, a wrong colour is forgiven
        only if the sender gave none (0)."""
        found = self._by_plate.get((_bare(plate), colour))
        if found is None and colour == 0:
            same = {one.id: one for one in self._by_id.values() if _bare(one.plate) == _bare(plate)}
            found = next(iter(same.values())) if len(same) == 1 else None
        return found

    def of(self, vehicle_id: int) -> Vehicle | None:
        return self._by_id.get(vehicle_id)

    def apply(self, subject: str, data: bytes) -> None:
        """Take one reference; one that cannot be read is counted and leaves the old entry."""
        try:
            vehicle = _vehicle(data)
        except ValueError as wrong:
            self._metrics.bad_references += 1
            logger.error("the reference %s cannot be read and is left out: %s", subject, wrong)
            return
        older = self._by_subject.pop(subject, None)
        if older is not None:
            self._forget(older)
        if vehicle is not None:
            self._by_subject[subject] = vehicle
            self._by_plate[_bare(vehicle.plate), vehicle.colour] = vehicle
            self._by_id[vehicle.id] = vehicle
        self._metrics.vehicles_known = len(self)

    def _forget(self, older: Vehicle) -> None:
        """Another terminal may still name the vehicle."""
        left = [one for one in self._by_subject.values() if one.id == older.id]
        for table, key in ((self._by_plate, (_bare(older.plate), older.colour)),):
            table.pop(key, None)
        self._by_id.pop(older.id, None)
        for one in left:
            self._by_plate[_bare(one.plate), one.colour] = one
            self._by_id[one.id] = one

    async def load(self, bus: Source) -> None:
        """Read all that is there now; ``BusUnavailable`` when the bus is gone."""
        last = await bus.latest(SUBJECT)
        if last is None or last.sequence <= self._last:
            return
        async for message in bus.read(SUBJECT, after=self._last):
            self._take(message)
            if message.sequence >= last.sequence:
                return

    async def follow(self, bus: Source) -> None:
        """Take every later change, for ever."""
        while True:
            try:
                async for message in bus.read(SUBJECT, after=self._last):
                    self._take(message)
                return
            except BusUnavailable as gone:
                logger.warning("references wait for the bus: %s", gone)
                await asyncio.sleep(1)
            except LookupError as replaced:
                logger.warning("the bus was replaced, references are read anew: %s", replaced)
                self._last = 0
                self._by_subject.clear()
                self._by_plate.clear()
                self._by_id.clear()

    def _take(self, message: Message) -> None:
        self.apply(message.subject, message.data)
        self._last = message.sequence


def _vehicle(data: bytes) -> Vehicle | None:
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    if value.get("deleted"):
        return None
    try:
        return Vehicle(
            int(value["vehicle_id"]),
            str(value["plate"]),
            int(value["plate_colour"]),
            str(value["phone"]),
        )
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"a field is missing or of the wrong kind: {wrong}") from wrong


def _bare(plate: str) -> str:
    """Plates are compared without the dot and the spaces that some write into them."""
    return "".join(letter for letter in plate.upper() if letter.isalnum())
