"""Vehicles by plate and colour, and back: ``ref.vehicle.*`` and ``ref.terminal.*`` in memory.

``ref.vehicle.*`` names every registered vehicle, also one without a terminal of its own, which
another platform forwards. ``ref.terminal.*`` adds the phone that 0x1201 tells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jiaoan.gateway.following import Following, Value
from jiaoan.gateway.platform.metrics import Metrics

SUBJECT = "ref.>"
"""One reading for both kinds; the others are passed over."""
_KINDS = ("vehicle", "terminal")


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A registered vehicle; ``phone`` is that of one of its terminals, empty where it has none."""

    id: int
    plate: str
    colour: int
    phone: str = ""


class Vehicles:
    """All vehicles that the references name."""

    def __init__(self, metrics: Metrics) -> None:
        self._by_subject: dict[str, Vehicle] = {}
        self._by_plate: dict[tuple[str, int], Vehicle] = {}
        self._by_id: dict[int, Vehicle] = {}
        self._subjects: dict[int, set[str]] = {}
        self._metrics = metrics
        following = Following(SUBJECT, self._apply, self._clear, metrics)
        self.apply, self.load, self.follow = following.take, following.load, following.follow

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

    def knows(self, plate: str, colour: int) -> bool:
        return self.find(plate, colour) is not None

    def of(self, vehicle_id: int) -> Vehicle | None:
        return self._by_id.get(vehicle_id)

    def _apply(self, subject: str, value: Value | None) -> None:
        if subject.split(".")[1] not in _KINDS:
            return
        vehicle = None if value is None else _vehicle(value)
        before = self._by_subject.pop(subject, None)
        if before is not None:
            self._subjects[before.id].discard(subject)
        if vehicle is not None:
            self._by_subject[subject] = vehicle
            self._subjects.setdefault(vehicle.id, set()).add(subject)
        for one in (before, vehicle):
            if one is not None:
                self._settle(one.id, subject)
        self._metrics.vehicles_known = len(self)

    def _settle(self, number: int, newest: str) -> None:
        """What all references of a vehicle say together: the newest tells its plate, any its
        phone."""
        known = self._by_id.pop(number, None)
        if known is not None and self._by_plate.get(_key(known)) == known:
            del self._by_plate[_key(known)]
        subjects = self._subjects.get(number)
        if not subjects:
            self._subjects.pop(number, None)
            return
        said = self._by_subject[newest if newest in subjects else min(subjects)]
        phones = sorted(self._by_subject[one].phone for one in subjects)
        vehicle = replace(said, phone=said.phone or phones[-1])
        self._by_id[number] = self._by_plate[_key(vehicle)] = vehicle

    def _clear(self) -> None:
        for table in (self._by_subject, self._by_plate, self._by_id, self._subjects):
            table.clear()


def _vehicle(value: Value) -> Vehicle:
    return Vehicle(
        int(str(value["vehicle_id"])),
        str(value["plate"]),
        int(str(value["plate_colour"])),
        str(value.get("phone") or ""),
    )


def _key(vehicle: Vehicle) -> tuple[str, int]:
    return _bare(vehicle.plate), vehicle.colour


def _bare(plate: str) -> str:
    """Plates are compared without the dot and the spaces that some write into them."""
    return "".join(letter for letter in plate.upper() if letter.isalnum())
