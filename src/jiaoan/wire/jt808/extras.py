"""Extra items of 0x0200.

Items are kept as octets in their order, repeats included; :meth:`ExtraItem.meaning` reads those
that the standard defines. A vendor's id, or a standard id with another length, stays octets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jiaoan.wire.errors import EncodeError


class Number(NamedTuple):
    """A counted quantity: ``value`` times ``step`` is in ``unit``."""

    name: str
    value: int
    step: float
    unit: str


class TyrePressures(NamedTuple):
    """0x05 (2019): one octet for each tyre, ``None`` where the sender has no data (0xff)."""

    values: tuple[int | None, ...]


class AreaAlarm(NamedTuple):
    """0x11: where the vehicle drove too fast; kind 0 none, 1 circle, 2 rectangle, 3 polygon,
    4 section; ``area`` is there only when kind is not 0."""

    kind: int
    area: int | None


class AreaPassage(NamedTuple):
    """0x12: area or route entered (direction 0) or left (1)."""

    kind: int
    area: int
    direction: int


class SectionTime(NamedTuple):
    """0x13: time on a section in seconds; result 0 too short, 1 too long."""

    section: int
    seconds: int
    result: int


class AnalogueInputs(NamedTuple):
    """0x2B: AD0 in bits 0-15, AD1 in bits 16-31."""

    ad0: int
    ad1: int


Meaning = Number | TyrePressures | AreaAlarm | AreaPassage | SectionTime | AnalogueInputs
MILEAGE = 0x01


def _uint(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _number(name: str, step: float, unit: str) -> Callable[[bytes], Number]:
    return lambda octets: Number(name, _uint(octets), step, unit)


def _temperature(octets: bytes) -> Number:
    """0x06: by the text the highest bit is the sign of a magnitude; some senders use two's
    complement. A magnitude beyond 1,000 degrees is no cabin, so it is the second."""
    raw = _uint(octets)
    value = -(raw & 0x7FFF) if raw & 0x8000 else raw
    return Number("cabin_temperature", raw - 0x10000 if value < -1000 else value, 1.0, "°C")


def in_twos_complement(item: ExtraItem) -> bool:
    """Whether this is a temperature below zero that is not written as the text says."""
    return item.id == 0x06 and len(item.octets) == 2 and _uint(item.octets) > 0x8000 + 1000


def _tyres(octets: bytes) -> TyrePressures:
    return TyrePressures(tuple(None if one == 0xFF else one for one in octets))


def _area_alarm(octets: bytes) -> AreaAlarm:
    return AreaAlarm(octets[0], _uint(octets[1:]) if len(octets) == 5 else None)


def _area_passage(octets: bytes) -> AreaPassage:
    return AreaPassage(octets[0], _uint(octets[1:5]), octets[5])


def _section_time(octets: bytes) -> SectionTime:
    return SectionTime(_uint(octets[:4]), _uint(octets[4:6]), octets[6])


def _analogue(octets: bytes) -> AnalogueInputs:
    return AnalogueInputs(_uint(octets[2:]), _uint(octets[:2]))


_STANDARD: dict[tuple[int, int], Callable[[bytes], Meaning]] = {
    (MILEAGE, 4): _number("mileage", 0.1, "km"),
    (0x02, 2): _number("fuel", 0.1, "L"),
    (0x03, 2): _number("recorder_speed", 0.1, "km/h"),
    (0x04, 2): _number("alarm_to_confirm", 1, ""),
    (0x05, 30): _tyres,
    (0x06, 2): _temperature,
    (0x11, 1): _area_alarm,
    (0x11, 5): _area_alarm,
    (0x12, 6): _area_passage,
    (0x13, 7): _section_time,
    (0x25, 4): _number("vehicle_signals", 1, ""),
    (0x2A, 2): _number("io_status", 1, ""),
    (0x2B, 4): _analogue,
    (0x30, 1): _number("signal_strength", 1, ""),
    (0x31, 1): _number("satellites", 1, ""),
}


@dataclass(frozen=True, slots=True)
class ExtraItem:
    """One item: id and octets as sent."""

    id: int
    octets: bytes

    def meaning(self) -> Meaning | None:
        """What the standard says these octets are; ``None`` for an id or length it lacks."""
        read = _STANDARD.get((self.id, len(self.octets)))
        return read(self.octets) if read else None


def read_extras(octets: bytes) -> tuple[tuple[ExtraItem, ...], bytes]:
    """The items, and what was left when a length ran past the end (a stray octet is common)."""
    items: list[ExtraItem] = []
    at, size = 0, len(octets)
    while at + 2 <= size:
        end = at + 2 + octets[at + 1]
        if end > size:
            break
        items.append(ExtraItem(octets[at], octets[at + 2 : end]))
        at = end
    return tuple(items), octets[at:]


def build_extras(items: Sequence[ExtraItem]) -> bytes:
    """The items in their order; :class:`.EncodeError` for one longer than 255 octets."""
    out = bytearray()
    for item in items:
        if len(item.octets) > 255:
            raise EncodeError(f"extra 0x{item.id:02x}", f"{len(item.octets)} octets, at most 255")
        out += bytes([item.id, len(item.octets)]) + item.octets
    return bytes(out)
