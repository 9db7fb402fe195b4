"""A vehicle terminal from outside: its own writer and reader of JT/T 808, over a plain socket.

Written from the standard a second time on purpose: an error that the product makes in both
directions would pass a check that borrowed the product's own code. Clause numbers are those of
JT/T 808-2019.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

REGISTER, AUTHENTICATE, LOCATION, BATCH = 0x0100, 0x0102, 0x0200, 0x0704
ANSWER, REGISTERED = 0x8001, 0x8100
FIXED, ACC_ON = 1 << 1, 1 << 0
_BEIJING = timezone(timedelta(hours=8))  # 8.12: all times are GMT+8


@dataclass(frozen=True)
class Answer:
    """A frame from the platform. ``serial`` and ``result`` are of 0x8001 and 0x8100 only."""

    kind: int
    body: bytes
    serial: int
    result: int


def bcd(digits: str, octets: int) -> bytes:
    return bytes.fromhex(digits.rjust(octets * 2, "0"))


def frame(kind: int, body: bytes, *, phone: str, serial: int, year: int = 2013) -> bytes:
    """One whole frame with flags, escapes and check octet (4.4.1 to 4.4.3)."""
    attributes = len(body)
    if year == 2019:
        head = struct.pack(">HHB", kind, attributes | 1 << 14, 1) + bcd(phone, 10)
    else:
        head = struct.pack(">HH", kind, attributes) + bcd(phone, 6)
    whole = head + struct.pack(">H", serial) + body
    check = 0
    for octet in whole:
        check ^= octet
    inner = (whole + bytes([check])).replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")
    return b"\x7e" + inner + b"\x7e"


def location(
    latitude: float,
    longitude: float,
    moment: datetime,
    *,
    speed_kmh: float = 40.0,
    status: int = FIXED | ACC_ON,
    alarm: int = 0,
) -> bytes:
    """The body of 0x0200 without extra items (8.12). ``moment`` is aware."""
    stamp = moment.astimezone(_BEIJING).strftime("%y%m%d%H%M%S")
    where = struct.pack(">IIII", alarm, status, round(latitude * 1e6), round(longitude * 1e6))
    return where + struct.pack(">HHH", 30, round(speed_kmh * 10), 90) + bcd(stamp, 6)


class Terminal:
    """One terminal with its link. Every call waits for the platform's answer to it."""

    def __init__(self, host: str, port: int, phone: str, *, year: int = 2013) -> None:
        self.phone, self.year = phone, year
        self._serial = 0
        self._buffer = b""
        self._socket = socket.create_connection((host, port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def ask(self, kind: int, body: bytes) -> Answer:
        """Send one message and wait for the answer that names its serial."""
        serial = self._serial
        self._serial = (serial + 1) % 65536
        self._socket.sendall(frame(kind, body, phone=self.phone, serial=serial, year=self.year))
        end = time.monotonic() + 10
        while time.monotonic() < end:
            answer = self._next()
            if answer.serial == serial:
                return answer
        raise TimeoutError(f"no answer to {kind:#06x} with serial {serial}")

    def register(self, plate: str, colour: int) -> Answer:
        """0x0100 (8.5); the answer's body holds the authentication code after its result."""
        widths = (11, 30, 30) if self.year == 2019 else (5, 20, 7)
        texts = (b"CHECK", b"CHECK-1", self.phone[-7:].encode())
        names = b"".join(
            text.ljust(width, b"\0") for text, width in zip(texts, widths, strict=True)
        )
        body = struct.pack(">HH", 42, 1) + names + bytes([colour]) + plate.encode("gbk")
        return self.ask(REGISTER, body)

    def authenticate(self, code: str) -> Answer:
        """0x0102 (8.8)."""
        text = code.encode("gbk")
        if self.year == 2019:
            return self.ask(AUTHENTICATE, bytes([len(text)]) + text + b"\0" * 35)
        return self.ask(AUTHENTICATE, text)

    def report(self, latitude: float, longitude: float, moment: datetime) -> Answer:
        """0x0200: a place with a fix."""
        return self.ask(LOCATION, location(latitude, longitude, moment))

    def send_raw(self, octets: bytes) -> None:
        """Anything, also what no terminal should send."""
        self._socket.sendall(octets)

    def _next(self) -> Answer:
        while (cut := self._whole()) is None:
            more = self._socket.recv(4096)
            if not more:
                raise ConnectionError("the platform closed the link")
            self._buffer += more
        return _read(cut, self.year)

    def _whole(self) -> bytes | None:
        """The inside of the next frame of the buffer, flags taken off."""
        start = self._buffer.find(b"\x7e")
        end = self._buffer.find(b"\x7e", start + 1)
        if start < 0 or end < 0:
            return None
        inner, self._buffer = self._buffer[start + 1 : end], self._buffer[end + 1 :]
        return inner


def _read(inner: bytes, year: int) -> Answer:
    whole = inner.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
    check = 0
    for octet in whole:
        check ^= octet
    if check:
        raise ValueError(f"the platform sent a frame with a wrong check octet: {inner.hex()}")
    kind, attributes = struct.unpack(">HH", whole[:4])
    start = 17 if attributes & 1 << 14 else 12
    body = whole[start : start + (attributes & 0x3FF)]
    if kind == ANSWER:
        serial, _, result = struct.unpack(">HHB", body)
    elif kind == REGISTERED:
        serial, result = struct.unpack(">HB", body[:3])
    else:
        serial, result = -1, -1
    return Answer(kind, body, serial, result)
