"""Frames and values for the tests of this folder."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from jiaoan.wire.jt809 import (
    BadFrame,
    Cipher,
    Edition,
    Frame,
    FrameReader,
    Header,
    Message,
    Profile,
    build_frame,
)
from jiaoan.wire.jt809 import location as places_
from jiaoan.wire.jt809.table import (
    Column,
    FixedOctets,
    FixedText,
    Items,
    LongOctets,
    LongText,
    RestOctets,
    RestText,
    Row,
    Seconds,
    Table,
    UInt,
    places,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "jt809.jsonl"
MOMENT = datetime(2024, 4, 7, 22, 40, 0, tzinfo=UTC)
CIPHER = Cipher(20_000_000, 20_000_000, 30_000_000)
EDITIONS = tuple(Edition)


@cache
def vectors() -> list[dict[str, Any]]:
    return [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()]


def header(
    message_id: int, edition: Edition, *, serial: int = 1, key: int = 0, code: int = 70000001
) -> Header:
    timed = edition is Edition.V2019
    return Header(
        0, serial, message_id, code, (1, 2, 15), key != 0, key, MOMENT if timed else None, timed
    )


def frame_octets(
    message: Message,
    edition: Edition,
    *,
    serial: int = 1,
    key: int = 0,
    cipher: Cipher | None = None,
) -> bytes:
    head = header(message.message_id, edition, serial=serial, key=key)
    return build_frame(head, message.build(edition), cipher)


def read_all(octets: bytes, profile: Profile) -> list[Frame | BadFrame]:
    """All that one link gives from its first octet to its end."""
    reader = FrameReader(profile)
    return reader.receive(octets) + reader.end()


def read_one(octets: bytes, profile: Profile) -> Frame:
    (frame,) = read_all(octets, profile)
    assert isinstance(frame, Frame), frame
    return frame


TEXTS = st.text(st.sampled_from("鄂湘京A1B2C3 查岗车辆超速报警。[]Z^"), max_size=5)
SECONDS = st.integers(1, 4_000_000_000).map(
    lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
BLOCK_TIMES = st.integers(946_684_800, 4_000_000_000).map(
    lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def _text(size: int) -> st.SearchStrategy[str]:
    return TEXTS.map(lambda text: text[: size // 2])


def values_of(column: Column[Any]) -> st.SearchStrategy[Any]:
    """Values that a column has room for."""
    match column:
        case UInt(size=size):
            return st.integers(0, (1 << 8 * size) - 1)
        case FixedText(size=size):
            return _text(size)
        case LongText() | RestText():
            return TEXTS
        case FixedOctets(size=size):
            return st.binary(min_size=size, max_size=size)
        case LongOctets() | RestOctets():
            return st.binary(max_size=40)
        case Seconds():
            return st.none() | SECONDS
        case places_.BlockTime():
            return st.none() | BLOCK_TIMES
        case places_.Metres():
            return st.integers(-1000, 0x7FFF)
        case Row(table=table):
            return tables_of(table)
        case Items(item=item):
            return st.lists(values_of(item), max_size=3).map(tuple)
    raise TypeError(f"no values for {column!r}")


def tables_of(table: type[Table]) -> st.SearchStrategy[Table]:
    """Whole tables; where one field tells the length or the kind of another, it does so."""
    parts = {name: values_of(column) for name, column, _ in places(table)}
    if "photo" in parts:
        parts["photo_length"] = st.just(0)
    if table.__name__ == "StaticAnswer2019":
        parts["source_type"] = st.just(0x9601)
    made = st.builds(table, **parts)
    return made.map(_with_photo) if "photo" in parts else made


def _with_photo(one: Any) -> Any:
    return replace(one, photo_length=len(one.photo))
