"""The header of a message, in the form of 2011 (22 octets) and of 2019 (30, with a send time)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from struct import Struct

from jiaoan.wire.errors import EncodeError

_HEAD = Struct(">IIHI3sBI")
SHORT, LONG = _HEAD.size, _HEAD.size + 8
OVERHEAD = 4
"""Both flags and the CRC."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # 2000-01-01 and 2100-01-01


class Edition(StrEnum):
    """The edition that a link speaks. The header does not say it: it is set for each link."""

    V2011 = "2011"
    V2019 = "2019"


@dataclass(frozen=True, slots=True)
class Header:
    """Header fields; ``time`` is the send time of 2019 (``None`` in 2011, or where it is zero).

    ``length`` counts the whole message with flags and CRC before escaping. ``serial`` counts in
    each direction of a link. ``timed`` says whether the octets have the field of the time.
    """

    length: int
    serial: int
    message_id: int
    access_code: int
    version: tuple[int, int, int] = (1, 0, 0)
    encrypted: bool = False
    key: int = 0
    time: datetime | None = None
    timed: bool = False

    @property
    def octets(self) -> int:
        return LONG if self.timed else SHORT

    @property
    def body_length(self) -> int:
        return self.length - OVERHEAD - self.octets

    @classmethod
    def parse(cls, octets: bytes, *, timed: bool) -> Header:
        """``octets`` begin behind the first flag and are long enough."""
        length, serial, message_id, access_code, version, flag, key = _HEAD.unpack_from(octets)
        seconds = int.from_bytes(octets[SHORT:LONG], "big") if timed else 0
        time = _EPOCH + timedelta(seconds=seconds) if plausible(seconds) else None
        numbers = (version[0], version[1], version[2])
        return cls(length, serial, message_id, access_code, numbers, flag != 0, key, time, timed)

    def build(self, body_octets: int) -> bytes:
        length = self.octets + body_octets + OVERHEAD
        for name in ("serial", "access_code", "key"):
            if not 0 <= getattr(self, name) <= 0xFFFFFFFF:
                raise EncodeError(name, "does not fit a DWORD")
        head = _HEAD.pack(
            length,
            self.serial,
            self.message_id,
            self.access_code,
            bytes(self.version),
            int(self.encrypted),
            self.key,
        )
        return head + (_seconds(self.time).to_bytes(8, "big") if self.timed else b"")


def _seconds(time: datetime | None) -> int:
    if time is None:
        return 0
    if time.tzinfo is None:
        raise EncodeError("time", "has no time zone")
    return (time - _EPOCH) // timedelta(seconds=1)


def plausible(seconds: int) -> bool:
    """Whether these seconds are a moment of this century."""
    return _EARLIEST <= seconds < _LATEST


def looks_timed(octets: bytes) -> bool:
    """Whether the octets behind a header of 2011 look like a send time of 2019."""
    if len(octets) < LONG:
        return False
    seconds = int.from_bytes(octets[SHORT:LONG], "big")
    return seconds == 0 or plausible(seconds)
