"""What tells a report from every other of its vehicle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TEXT: Final = re.compile(r"-?\d+-(-?\d+)-(-?\d+)-(-?\d+)-([0-9a-f]+)-([0-9a-f]+)")


@dataclass(frozen=True)
class Key:
    """UTC milliseconds, microdegrees, alarm and status bits; text as ``stores.positions.key_of``.

    >>> Key.read(Key(1, -2, 3, 10, 255).text(7))
    Key(time_ms=1, lat=-2, lon=3, alarm=10, status=255)
    """

    time_ms: int
    lat: int
    lon: int
    alarm: int
    status: int

    def text(self, vehicle: int) -> str:
        return f"{vehicle}-{self.time_ms}-{self.lat}-{self.lon}-{self.alarm:x}-{self.status:x}"

    @classmethod
    def read(cls, text: str) -> Key:
        """What :meth:`text` wrote; ``ValueError`` for anything else."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r:.60} is no key of a report")
        time_ms, lat, lon, alarm, status = match.groups()
        return cls(int(time_ms), int(lat), int(lon), int(alarm, 16), int(status, 16))
