"""The terminal's side of JT/T 808: frames out, answers in. Written apart from ``jiaoan.wire``."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jiaoan.kernel.clock import local

FLAG = 0x7E
GENERAL_ANSWER, REGISTER_ANSWER = 0x8001, 0x8100
HEARTBEAT, REGISTER, AUTHENTICATE = 0x0002, 0x0100, 0x0102
LOCATION, LOCATION_BATCH = 0x0200, 0x0704
ACC_ON, FIXED, SOUTH, WEST, GPS, BEIDOU = 1, 2, 4, 8, 1 << 18, 1 << 19


def frame(
    version: str,
    phone: str,
    serial: int,
    message_id: int,
    body: bytes,
    part: tuple[int, int] | None = None,
) -> bytes:
    """A frame with flags; ``version`` is "2011", "2013" or "2019"; ``part`` is total and index."""
    new = version == "2019"
    marks = (0x4000 if new else 0) | (0x2000 if part else 0)
    head = struct.pack(">HH", message_id, len(body) | marks)
    if new:
        head += b"\x01" + bytes.fromhex(phone.zfill(20))
    else:
        head += bytes.fromhex(phone.zfill(12))
    head += struct.pack(">H", serial)
    if part:
        head += struct.pack(">HH", *part)
    total = 0
    for octet in head + body:
        total ^= octet
    out = bytearray([FLAG])
    for octet in (*head, *body, total):
        if octet == 0x7E:
            out += b"\x7d\x02"
        elif octet == 0x7D:
            out += b"\x7d\x01"
        else:
            out.append(octet)
    out.append(FLAG)
    return bytes(out)


def register(version: str, plate: str, colour: int, terminal_id: str) -> bytes:
    """Body of 0x0100; province and county 0 leave the choice to the platform."""
    maker, model, own = {"2011": (5, 8, 7), "2013": (5, 20, 7), "2019": (11, 30, 30)}[version]
    return (
        bytes(4)
        + b"70111".ljust(maker, b"\0")
        + (b"SIM-808".rjust if version == "2019" else b"SIM-808".ljust)(model, b"\0")
        + terminal_id.encode("gbk")[-own:].ljust(own, b"\0")
        + bytes([colour])
        + plate.encode("gbk")
        + (b"\0" if version == "2011" else b"")
    )


def authenticate(version: str, code: str) -> bytes:
    """Body of 0x0102."""
    octets = code.encode("gbk")
    if version == "2019":
        return bytes([len(octets)]) + octets + b"860000000000000" + b"1.0".ljust(20, b"\0")
    return octets + (b"\0" if version == "2011" else b"")


@dataclass(frozen=True)
class Fix:
    """Where a terminal thinks it is: degrees, km/h, degrees from north, m, 0.1 km."""

    lat: float
    lon: float
    speed_kmh: float
    direction: int
    when: datetime
    altitude: int = 40
    mileage: int | None = None
    alarm: int = 0
    status: int = ACC_ON | FIXED | GPS | BEIDOU
    items: tuple[tuple[int, bytes], ...] = ()
    """Extra items beyond those every report has: id and octets."""


def bcd(when: datetime) -> bytes:
    """YYMMDDhhmmss at GMT+8."""
    return bytes(int(pair, 16) for pair in local(when).strftime("%y %m %d %H %M %S").split())


def location(fix: Fix) -> bytes:
    """Body of 0x0200 with mileage, signal strength and satellites."""
    status = fix.status | (SOUTH if fix.lat < 0 else 0) | (WEST if fix.lon < 0 else 0)
    body = struct.pack(
        ">IIIIHHH",
        fix.alarm,
        status,
        round(abs(fix.lat) * 1e6),
        round(abs(fix.lon) * 1e6),
        fix.altitude,
        round(fix.speed_kmh * 10),
        fix.direction % 360,
    )
    body += bcd(fix.when)
    if fix.mileage is not None:
        body += struct.pack(">BBI", 0x01, 4, fix.mileage)
    body += bytes([0x30, 1, 25, 0x31, 1, 14])
    for item, octets in fix.items:
        body += struct.pack(">BB", item, len(octets)) + octets
    return body


def batch(bodies: Sequence[bytes], *, backfill: bool) -> bytes:
    """Body of 0x0704."""
    items = b"".join(struct.pack(">H", len(body)) + body for body in bodies)
    return struct.pack(">HB", len(bodies), int(backfill)) + items


@dataclass(frozen=True)
class Answer:
    """What the platform said: to which serial, and the result; the code of a registration."""

    message_id: int
    serial: int
    result: int
    code: str = ""


@dataclass(frozen=True)
class Command:
    """A message of the platform that is no answer: something is to be done."""

    message_id: int
    serial: int
    body: bytes


class AnswerReader:
    """Octets of the platform to answers and commands; what is no sound frame is left out and
    counted. A command in parts is given when its last part has come; parts come in order."""

    def __init__(self) -> None:
        self.bad = 0
        self._rest = b""
        self._parts: list[bytes] = []

    def receive(self, data: bytes) -> Iterable[Answer | Command]:
        *whole, self._rest = (self._rest + data).split(b"\x7e")
        for part in whole:
            if part:
                plain = self._plain(part)
                if plain is None:
                    self.bad += 1
                    continue
                answer = self._message(plain)
                if answer:
                    yield answer

    def _plain(self, part: bytes) -> bytes | None:
        """Header and body of a sound frame."""
        plain = bytearray()
        at = 0
        while at < len(part):
            if part[at] == 0x7D and at + 1 < len(part):
                plain.append(0x7C + part[at + 1])
                at += 2
            else:
                plain.append(part[at])
                at += 1
        total = 0
        for octet in plain:
            total ^= octet
        if total or len(plain) < 13:
            return None
        attributes = struct.unpack_from(">H", plain, 2)[0]
        if len(plain) - _head(attributes) - 1 != attributes & 0x3FF:
            return None
        return bytes(plain[:-1])

    def _message(self, plain: bytes) -> Answer | Command | None:
        message_id, attributes = struct.unpack_from(">HH", plain)
        size = _head(attributes)
        body = plain[size:]
        number = struct.unpack_from(">H", plain, 15 if attributes & 0x4000 else 10)[0]
        if attributes & 0x2000:
            total, index = struct.unpack_from(">HH", plain, size - 4)
            self._parts = [*(self._parts if index > 1 else ()), body]
            if index < total or len(self._parts) != total:
                return None
            body, number = b"".join(self._parts), (number - total + 1) & 0xFFFF
        if message_id in (GENERAL_ANSWER, REGISTER_ANSWER):
            return _answer(message_id, body)
        return Command(message_id, number, body)


def _head(attributes: int) -> int:
    """Octets before the body."""
    return (17 if attributes & 0x4000 else 12) + (4 if attributes & 0x2000 else 0)


def _answer(message_id: int, body: bytes) -> Answer | None:
    if message_id == GENERAL_ANSWER and len(body) == 5:
        serial, _, result = struct.unpack(">HHB", body)
        return Answer(message_id, serial, result)
    if message_id == REGISTER_ANSWER and len(body) >= 3:
        serial, result = struct.unpack_from(">HB", body)
        return Answer(message_id, serial, result, body[3:].decode("gbk"))
    return None
