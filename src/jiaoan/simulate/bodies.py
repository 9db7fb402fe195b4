"""What a modern terminal says beyond log-in and location: alarms of active safety with their files,
driver card, waybill, pictures, answers to commands. Written apart from ``jiaoan.wire``."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime

from jiaoan.simulate.octets import Fix, bcd, location

TERMINAL_ANSWER, PARAMETERS, ATTRIBUTES, QUERIED = 0x0001, 0x0104, 0x0107, 0x0201
CONTROLLED, WAYBILL, DRIVER = 0x0500, 0x0701, 0x0702
PICTURE_TAKEN, PICTURE, CAMERA = 0x0800, 0x0801, 0x0805
STORED, AREAS = 0x0802, 0x0608
FILES, FILE, FILE_SENT = 0x1210, 0x1211, 0x1212
ADAS, DSM = 0x64, 0x65
_BLOCK = 65_536


def alarm_id(terminal_id: str, when: datetime, sequence: int, files: int) -> bytes:
    """The 16 octets that name one alarm (T/JSATL 12)."""
    own = terminal_id.encode("gbk")[-7:].ljust(7, b"\0")
    return own + bcd(when) + bytes([sequence & 0xFF, files, 0])


def safety_item(kind: int, alarm_type: int, fix: Fix, number: int, name: bytes) -> bytes:
    """The octets of item 0x64 or 0x65 (47 of them): an alarm of level 1 that begins."""
    middle = bytes([round(fix.speed_kmh), 15, 0, 0, 0]) if kind == ADAS else bytes([6, 0, 0, 0, 0])
    return (
        struct.pack(">IBBB", number, 1, alarm_type, 1)
        + middle
        + struct.pack(
            ">BHII",
            round(fix.speed_kmh),
            fix.altitude,
            round(abs(fix.lat) * 1e6),
            round(abs(fix.lon) * 1e6),
        )
        + bcd(fix.when)
        + struct.pack(">H", 0x0401)
        + name
    )


@dataclass(frozen=True)
class Driver:
    """Who sits at the wheel, as the card says; ``until`` is YYYYMMDD."""

    name: str
    certificate: str = ""
    issuer: str = ""
    until: str = "20991231"
    identity: str = ""


def _short(text: str) -> bytes:
    octets = text.encode("gbk")
    return bytes([len(octets)]) + octets


def driver(version: str, one: Driver, when: datetime, *, card_in: bool = True) -> bytes:
    """Body of 0x0702."""
    if version == "2011":
        return (
            _short(one.name)
            + one.identity.encode("gbk").ljust(20, b"\0")
            + one.certificate.encode("gbk").ljust(40, b"\0")
            + _short(one.issuer)
        )
    if not card_in:
        return b"\x02" + bcd(when)
    body = b"\x01" + bcd(when) + b"\0" + _short(one.name)
    body += one.certificate.encode("gbk").ljust(20, b"\0") + _short(one.issuer)
    body += bytes.fromhex(one.until)
    return body + (one.identity.encode("gbk").ljust(20, b"\0") if version == "2019" else b"")


def waybill(content: bytes) -> bytes:
    """Body of 0x0701."""
    return struct.pack(">I", len(content)) + content


@dataclass(frozen=True)
class Picture:
    """One picture of a channel; event 0 was ordered, 1 timed, 3 a collision."""

    number: int
    channel: int
    event: int
    data: bytes


def picture_taken(one: Picture) -> bytes:
    """Body of 0x0800: a JPEG."""
    return struct.pack(">IBBBB", one.number, 0, 0, one.event, one.channel)


def picture(version: str, one: Picture, fix: Fix) -> bytes:
    """Body of 0x0801, whole."""
    where = struct.pack(">II", 1, 1) if version == "2011" else location(fix)[:28]
    return picture_taken(one) + where + one.data


@dataclass(frozen=True)
class Kept:
    """A picture in the memory of the terminal, and where and when it was made."""

    picture: Picture
    fix: Fix


def stored(serial: int, found: list[Kept]) -> bytes:
    """Body of 0x0802: pictures only."""
    items = b"".join(
        struct.pack(">IBBB", one.picture.number, 0, one.picture.channel, one.picture.event)
        + location(one.fix)[:28]
        for one in found
    )
    return struct.pack(">HH", serial, len(found)) + items


def answer(serial: int, message_id: int, result: int) -> bytes:
    """Body of 0x0001."""
    return struct.pack(">HHB", serial, message_id, result)


def parameters(version: str, serial: int, values: dict[int, bytes]) -> bytes:
    """Body of 0x0104."""
    count = bytes([len(values)]) * (2 if version == "2011" else 1)
    items = b"".join(
        struct.pack(">IB", number, len(value)) + value for number, value in values.items()
    )
    return struct.pack(">H", serial) + count + items


def attributes(version: str, terminal_id: str) -> bytes:
    """Body of 0x0107: the maker keeps five octets in 2019."""
    model, own = (30, 30) if version == "2019" else (20, 7)
    return (
        struct.pack(">H", 0x0007)
        + b"70111"
        + b"SIM-808".ljust(model, b"\0")
        + terminal_id.encode("gbk")[-own:].ljust(own, b"\0")
        + bytes.fromhex("89860000000000000001")
        + _short("1.0")
        + _short("1.0.3")
        + b"\x03\x10"
    )


@dataclass(frozen=True)
class AlarmFile:
    """A file of an alarm: kind 0 image, 1 audio, 2 video, 3 text, 4 other."""

    name: str
    kind: int
    data: bytes


def files(terminal_id: str, name: bytes, number: bytes, given: list[AlarmFile]) -> bytes:
    """Body of 0x1210; ``name`` is the alarm's 16 octets, ``number`` the platform's 32."""
    own = terminal_id.encode("gbk")[-7:].ljust(7, b"\0")
    items = b"".join(_short(one.name) + struct.pack(">I", len(one.data)) for one in given)
    return own + name + number + bytes([0, len(given)]) + items


def file_info(one: AlarmFile) -> bytes:
    """Body of 0x1211 and 0x1212."""
    return _short(one.name) + struct.pack(">BI", one.kind, len(one.data))


def blocks(one: AlarmFile, offset: int = 0, length: int | None = None) -> list[bytes]:
    """The data blocks of a file, or of a part of it that is asked for again."""
    end = len(one.data) if length is None else offset + length
    return [
        b"01cd"
        + one.name.encode("gbk").ljust(50, b"\0")
        + struct.pack(">II", at, len(one.data[at : min(at + _BLOCK, end)]))
        + one.data[at : min(at + _BLOCK, end)]
        for at in range(offset, end, _BLOCK)
    ]
