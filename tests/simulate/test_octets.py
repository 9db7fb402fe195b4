"""The simulator's own encoder against the reader of ``wire``: two hands, one standard."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jiaoan.simulate
from jiaoan.simulate import octets
from jiaoan.simulate.octets import Answer, AnswerReader, Fix
from jiaoan.wire.jt808 import (
    Authenticate,
    Frame,
    FrameReader,
    Header,
    Heartbeat,
    Location,
    LocationBatch,
    PlatformAnswer,
    Register,
    RegisterAnswer,
    Version,
    build_frame,
    parse_body,
)

VERSIONS = st.sampled_from(["2013", "2019"])
PHONES = st.text("0123456789", min_size=1, max_size=12)
MOMENT = datetime(2024, 4, 7, 22, 40, 0, tzinfo=UTC)
FIXES = st.builds(
    Fix,
    lat=st.integers(-89_000_000, 89_000_000).map(lambda micro: micro / 1e6),
    lon=st.integers(-179_000_000, 179_000_000).map(lambda micro: micro / 1e6),
    speed_kmh=st.integers(0, 1200).map(lambda tenths: tenths / 10),
    direction=st.integers(0, 359),
    when=st.integers(0, 10**8).map(lambda s: MOMENT + timedelta(seconds=s)),
    mileage=st.none() | st.integers(0, 2**32 - 1),
    alarm=st.integers(0, 2**32 - 1),
)


def read(data: bytes) -> Frame:
    (frame,) = FrameReader().receive(data)
    assert isinstance(frame, Frame)
    assert frame.tolerated == ()
    return frame


@given(VERSIONS, PHONES, st.integers(0, 0xFFFF), FIXES)
def test_it_is_read_as_it_was_meant(version: str, phone: str, serial: int, fix: Fix) -> None:
    frame = read(octets.frame(version, phone, serial, octets.LOCATION, octets.location(fix)))
    header = frame.header
    assert (header.version, header.terminal, header.serial) == (version, phone.lstrip("0"), serial)
    one = parse_body(frame)
    assert isinstance(one, Location)
    assert (one.latitude, one.longitude) == (round(fix.lat * 1e6), round(fix.lon * 1e6))
    assert (one.speed, one.direction, one.alarm) == (
        round(fix.speed_kmh * 10),
        fix.direction,
        fix.alarm,
    )
    assert one.time == fix.when
    assert one.fixed
    assert not one.shifted


@pytest.mark.parametrize("version", ["2013", "2019"])
def test_it_logs_in_as_the_standard_says(version: str) -> None:
    body = octets.register(version, "湘F32718", 2, "T000001")
    one = parse_body(read(octets.frame(version, "139", 1, octets.REGISTER, body)))
    assert isinstance(one, Register)
    assert (one.plate, one.plate_colour, one.terminal_id) == ("湘F32718", 2, "T000001")
    assert str(one.layout) == version
    code = octets.authenticate(version, "abc-1")
    said = parse_body(read(octets.frame(version, "139", 2, octets.AUTHENTICATE, code)))
    assert isinstance(said, Authenticate)
    assert said.auth_code == "abc-1"
    beat = parse_body(read(octets.frame(version, "139", 3, octets.HEARTBEAT, b"")))
    assert beat == Heartbeat()


@given(st.lists(FIXES, max_size=12), st.booleans())
def test_it_batches(fixes: list[Fix], backfill: bool) -> None:
    body = octets.batch([octets.location(fix) for fix in fixes], backfill=backfill)
    one = parse_body(read(octets.frame("2013", "139", 1, octets.LOCATION_BATCH, body)))
    assert isinstance(one, LocationBatch)
    assert (one.kind, one.count, len(one.items)) == (int(backfill), len(fixes), len(fixes))
    assert [item.time for item in one.items if isinstance(item, Location)] == [
        fix.when for fix in fixes
    ]


@given(
    st.sampled_from(Version),
    st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 4)), min_size=1, max_size=5),
    st.integers(1, 40),
)
def test_it_reads_answers_in_any_portions(
    version: Version, answers: list[tuple[int, int]], portion: int
) -> None:
    header = Header.new(0x8001, version, "13900000001", 0x7E7D)
    data = b"".join(
        build_frame(header, PlatformAnswer(serial, 0x0200, result).build())
        for serial, result in answers
    )
    reader = AnswerReader()
    found = [
        answer
        for at in range(0, len(data), portion)
        for answer in reader.receive(data[at : at + portion])
    ]
    assert found == [Answer(0x8001, serial, result) for serial, result in answers]
    assert reader.bad == 0


def test_it_reads_the_code_of_a_registration_and_counts_what_it_cannot_read() -> None:
    header = Header.new(0x8100, Version.V2013, "139", 1)
    good = build_frame(header, RegisterAnswer(5, 0, "码1").build())
    reader = AnswerReader()
    assert list(reader.receive(good[:-3] + b"\x00" + good[-2:])) == []
    assert list(reader.receive(good)) == [Answer(0x8100, 5, 0, "码1")]
    assert reader.bad == 1


def test_it_shares_nothing_with_the_decoder_it_exercises() -> None:
    folder = Path(jiaoan.simulate.__file__).parent
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            ours = [name for name in names if name.startswith("jiaoan.")]
            assert all(name.split(".")[1] in ("kernel", "simulate") for name in ours), file
