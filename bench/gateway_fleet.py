"""The terminals of the gateway's benches: their entries in the register and their frames."""

from __future__ import annotations

import json
import random
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jiaoan.wire.jt808 import (
    Authenticate,
    ExtraItem,
    Header,
    Location,
    PlatformAnswer,
    Result,
    Version,
    build_frame,
)
from jiaoan.wire.jt808.messages import MessageId

REPORTS = 8
"""Different reports of one terminal, sent over and over."""
_FIRST_PHONE = 13_900_000_000


def phone_of(number: int) -> str:
    return str(_FIRST_PHONE + number)


def reference(number: int) -> bytes:
    """What ``registry`` publishes for one terminal."""
    return json.dumps(
        {
            "phone": phone_of(number),
            "auth_code": f"code-{number}",
            "vehicle_id": number + 1,
            "plate": f"湘F{number % 100_000:05d}",
            "plate_colour": 2,
            "vehicle_kind": "hazmat",
            "outside": False,
            "enterprise": "示意危货运输",
            "protocol": "2013",
            "valid_from": None,
            "valid_to": None,
            "version": 1,
        }
    ).encode()


def acknowledgement() -> bytes:
    """The one answer of the yardstick: 0x8001 of 2013, as long as the gateway's."""
    header = Header.new(MessageId.PLATFORM_ANSWER, Version.V2013, phone_of(0), 1)
    return build_frame(header, PlatformAnswer(1, MessageId.LOCATION, Result.OK).build())


def write_frames(path: Path, terminals: int) -> None:
    """The file that ``fleet`` reads: for each terminal its log-in and its reports."""
    chance = random.Random(808)
    with path.open("wb") as file:
        file.write(struct.pack("<I", terminals))
        for number in range(terminals):
            frames = [_login(number), *(_report(chance, number, n) for n in range(REPORTS))]
            file.write(struct.pack("<I", len(frames)))
            for frame in frames:
                file.write(struct.pack("<I", len(frame)) + frame)


def _header(message: MessageId, number: int, serial: int) -> Header:
    return Header.new(message, Version.V2013, phone_of(number), serial)


def _login(number: int) -> bytes:
    body = Authenticate(f"code-{number}").build()
    return build_frame(_header(MessageId.AUTHENTICATE, number, 0), body)


def _report(chance: random.Random, number: int, serial: int) -> bytes:
    body = Location(
        alarm=0,
        status=0x0C0003,
        raw_latitude=29_200_000 + chance.randrange(600_000),
        raw_longitude=112_900_000 + chance.randrange(600_000),
        altitude=chance.randrange(20, 90),
        speed=chance.randrange(1_000),
        direction=chance.randrange(360),
        time=datetime(2024, 4, 7, 22, 40, tzinfo=UTC) + timedelta(seconds=10 * serial),
        extras=(
            ExtraItem(0x01, chance.randrange(5_000_000).to_bytes(4, "big")),
            ExtraItem(0x30, bytes([chance.randrange(32)])),
            ExtraItem(0x31, bytes([chance.randrange(24)])),
        ),
    )
    return build_frame(_header(MessageId.LOCATION, number, serial + 1), body.build())
