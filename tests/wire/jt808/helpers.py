"""Frames for the tests of this folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jiaoan.wire.jt808 import (
    BadFrame,
    ExtraItem,
    Frame,
    FrameReader,
    Header,
    Location,
    MessageId,
    Version,
    build_frame,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "jt808.jsonl"
MOMENT = datetime(2024, 4, 7, 22, 40, 0, tzinfo=UTC)


@cache
def vectors() -> list[dict[str, Any]]:
    return [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()]


def read_all(octets: bytes) -> list[Frame | BadFrame]:
    """All that one link gives from its first octet to its end."""
    reader = FrameReader()
    return reader.receive(octets) + reader.end()


def read_one(octets: bytes) -> Frame:
    (frame,) = read_all(octets)
    assert isinstance(frame, Frame), frame
    return frame


def location(**changes: Any) -> Location:
    values: dict[str, Any] = {
        "alarm": 0,
        "status": 0x0C0003,
        "raw_latitude": 29_480_000,
        "raw_longitude": 113_270_000,
        "altitude": 35,
        "speed": 523,
        "direction": 90,
        "time": MOMENT,
        "extras": (ExtraItem(0x01, (123456).to_bytes(4, "big")),),
    }
    return Location(**(values | changes))


def frame_octets(
    message_id: int = MessageId.HEARTBEAT,
    body: bytes = b"",
    *,
    version: Version = Version.V2013,
    phone: str = "13900000001",
    serial: int = 1,
) -> bytes:
    return build_frame(Header.new(message_id, version, phone, serial), body)
