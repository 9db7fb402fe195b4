"""Framing: every portioning of the same octets gives the same, and a bad frame costs one frame."""

from __future__ import annotations

import functools
import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.wire.errors import EncodeError
from jiaoan.wire.jt808 import (
    BadFrame,
    Fault,
    Frame,
    FrameReader,
    Header,
    MessageId,
    Package,
    Tolerance,
    Version,
    build_frame,
)
from jiaoan.wire.jt808.framing import LONGEST, checksum, escape, judge, unescape

from .helpers import frame_octets, location, read_all, read_one

GOOD = frame_octets(MessageId.LOCATION, location().build(), serial=0x7E7D)
HEARTBEAT = frame_octets(serial=2)
WRONG_SUM = GOOD[:-2] + bytes([GOOD[-2] ^ 1]) + GOOD[-1:]


def kinds(found: list[Frame | BadFrame]) -> list[int | Fault]:
    return [one.fault if isinstance(one, BadFrame) else one.header.message_id for one in found]


CASES: dict[str, tuple[bytes, list[int | Fault]]] = {
    "two frames": (GOOD + HEARTBEAT, [0x0200, 0x0002]),
    "shared flag": (GOOD + HEARTBEAT[1:], [0x0200, 0x0002]),
    "empty frames": (b"\x7e\x7e" + GOOD + b"\x7e\x7e\x7e" + HEARTBEAT, [0x0200, 0x0002]),
    "noise before": (b"GET / HTTP/1.1\r\n\r\n" + GOOD, [Fault.NOISE, 0x0200]),
    "noise between": (GOOD + b"\x00\xff" + HEARTBEAT, [0x0200, Fault.TOO_SHORT, 0x0002]),
    "wrong checksum": (WRONG_SUM + HEARTBEAT, [Fault.BAD_CHECKSUM, 0x0002]),
    "half frame": (GOOD[:20] + HEARTBEAT, [Fault.BAD_CHECKSUM, 0x0002]),
    "tail missing": (HEARTBEAT + GOOD[:-5], [0x0002, Fault.CUT]),
    "bad escape": (b"\x7e" + b"\x7d\x05" * 10 + b"\x7e" + HEARTBEAT, [Fault.BAD_ESCAPE, 0x0002]),
    "overlong": (b"\x7e" + b"a" * (LONGEST + 9) + GOOD, [Fault.OVERLONG, 0x0200]),
    "only noise": (b"nothing of ours", [Fault.NOISE]),
    "endless noise": (b"x" * 3 * LONGEST + GOOD, [Fault.NOISE, 0x0200]),
}


@pytest.mark.parametrize("name", CASES)
def test_it_reads_the_whole(name: str) -> None:
    octets, expected = CASES[name]
    assert kinds(read_all(octets)) == expected


@pytest.mark.parametrize("name", CASES)
def test_it_reads_octet_by_octet(name: str) -> None:
    octets, _ = CASES[name]
    reader = FrameReader()
    found = [one for octet in octets for one in reader.receive(bytes([octet]))]
    assert found + reader.end() == read_all(octets)


@pytest.mark.parametrize("name", CASES)
def test_it_reads_the_same_split_at_every_position(name: str) -> None:
    octets, _ = CASES[name]
    whole = read_all(octets)
    # Long cases repeat one octet: the first and last stretch hold all that can differ.
    cuts = [*range(min(len(octets), 160)), *range(max(0, len(octets) - 160), len(octets))]
    for cut in cuts:
        reader = FrameReader()
        assert reader.receive(octets[:cut]) + reader.receive(octets[cut:]) + reader.end() == whole


@pytest.mark.parametrize("cut", range(1, len(GOOD)))
def test_it_keeps_the_next_good_frame_after_a_cut_at_any_octet(cut: int) -> None:
    found = read_all(GOOD[:cut] + HEARTBEAT)
    assert isinstance(found[-1], Frame)
    assert found[-1].header.message_id == MessageId.HEARTBEAT
    assert len(found) <= 2


def test_it_keeps_trailing_octets_for_later() -> None:
    reader = FrameReader()
    assert kinds(reader.receive(GOOD + HEARTBEAT[:7])) == [0x0200]
    assert kinds(reader.receive(HEARTBEAT[7:])) == [0x0002]
    assert reader.end() == []


def test_it_bounds_its_memory() -> None:
    reader = FrameReader()
    for _ in range(200):
        reader.receive(b"x" * 1000)
        assert len(reader._pending) <= LONGEST
    reader.receive(b"\x7e")
    for _ in range(200):
        reader.receive(b"x" * 1000)
        assert len(reader._pending) <= LONGEST
    assert reader.counts == {Fault.NOISE: 1, Fault.OVERLONG: 1}


def test_it_has_room_for_the_longest_frame() -> None:
    header = Header(
        0x7E7E,
        Version.V2019,
        "7e" * 10,
        0x7E7E,
        protocol_version=0x7E,
        bit_14=True,
        package=Package(0x7E7E, 0x7E7E),
    )
    octets = build_frame(header, b"\x7e" * 1023)
    assert len(octets) - 2 <= LONGEST
    assert read_one(octets).body == b"\x7e" * 1023
    with pytest.raises(EncodeError):
        build_frame(header, b"\x7e" * 1024)


def test_it_keeps_the_octets_of_a_bad_frame() -> None:
    (bad,) = read_all(WRONG_SUM)
    assert isinstance(bad, BadFrame)
    assert bad.raw == WRONG_SUM[1:-1]
    assert bad.header is not None
    assert bad.header.terminal == "13900000001"


def test_it_counts_by_kind() -> None:
    reader = FrameReader()
    for octets, _ in (CASES["wrong checksum"], CASES["half frame"], CASES["noise between"]):
        reader.receive(octets)
    assert reader.frames == 4
    assert reader.counts == {Fault.BAD_CHECKSUM: 2, Fault.TOO_SHORT: 1}


def with_checksum(wanted: int) -> tuple[bytes, bytes]:
    """Header and body whose checksum is ``wanted``, and that checksum, nothing escaped."""
    for serial in range(0x10000):
        content = Header.new(0x0002, Version.V2013, "13900000001", serial).build(0)
        if checksum(content) == wanted and not set(content) & {0x7D, 0x7E}:
            return content, bytes([wanted])
    raise AssertionError("no such serial")


@pytest.mark.parametrize(
    ("wanted", "tolerance"),
    [(0x7D, Tolerance.BARE_7D_CHECKSUM), (0x7E, Tolerance.BARE_7E_CHECKSUM)],
)
def test_it_takes_a_checksum_without_its_escape(wanted: int, tolerance: Tolerance) -> None:
    content, bare = with_checksum(wanted)
    octets = b"\x7e" + content + bare + b"\x7e"
    found = read_all(octets + HEARTBEAT)
    assert kinds(found) == [0x0002, 0x0002]
    assert isinstance(found[0], Frame)
    assert found[0].tolerated == (tolerance,)
    assert read_one(b"\x7e" + content + escape(bare) + b"\x7e").tolerated == ()


def test_it_takes_2013_frames_that_set_bit_14() -> None:
    header = Header(0x0002, Version.V2013, "013900000001", 7, bit_14=True)
    frame = read_one(build_frame(header, b"abc"))
    assert frame.tolerated == (Tolerance.BIT_14_ON_2013,)
    assert (frame.header.version, frame.header.phone) == (Version.V2013, "013900000001")
    answer = frame.header.answer(0x8001, 1)
    assert (answer.version, answer.bit_14, answer.phone) == (Version.V2013, True, "013900000001")


def test_it_takes_2019_frames_that_leave_out_bit_14() -> None:
    header = Header(0x0002, Version.V2019, "00000000013900000001", 7)
    frame = read_one(build_frame(header, b""))
    assert frame.tolerated == (Tolerance.NO_BIT_14_ON_2019,)
    assert frame.header.terminal == "13900000001"


def test_it_refuses_a_length_that_neither_layout_explains() -> None:
    octets = bytearray(GOOD[1:-2])
    octets[3] ^= 3
    bad = judge(bytes(octets) + escape(bytes([checksum(unescaped(bytes(octets)))])))
    assert isinstance(bad, BadFrame)
    assert bad.fault is Fault.LENGTH_MISMATCH


def unescaped(octets: bytes) -> bytes:
    undone = unescape(octets)
    assert undone is not None
    return undone[0]


@given(st.binary(max_size=300))
def test_it_agrees_with_the_plain_checksum(octets: bytes) -> None:
    assert checksum(octets) == functools.reduce(operator.xor, octets, 0)


@given(st.binary(max_size=200))
def test_it_undoes_what_it_escapes(octets: bytes) -> None:
    escaped = escape(octets)
    assert b"\x7e" not in escaped
    assert unescape(escaped) == (octets, False)


HEADERS = st.builds(
    Header,
    message_id=st.integers(0, 0xFFFF),
    version=st.just(Version.V2013),
    phone=st.text("0123456789abcdef", min_size=12, max_size=12),
    serial=st.integers(0, 0xFFFF),
    encryption=st.integers(0, 7),
    bit_15=st.booleans(),
    package=st.none() | st.builds(Package, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
) | st.builds(
    Header,
    message_id=st.integers(0, 0xFFFF),
    version=st.just(Version.V2019),
    phone=st.text("0123456789abcdef", min_size=20, max_size=20),
    serial=st.integers(0, 0xFFFF),
    encryption=st.integers(0, 7),
    protocol_version=st.integers(0, 255),
    bit_14=st.just(True),
    package=st.none() | st.builds(Package, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
)


@given(HEADERS, st.binary(max_size=1023))
@settings(max_examples=200, deadline=None)
def test_it_reads_back_every_frame_it_builds(header: Header, body: bytes) -> None:
    octets = build_frame(header, body)
    frame = read_one(octets)
    assert frame.body == body
    assert frame.tolerated == ()
    assert build_frame(frame.header, frame.body) == octets


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_it_ends_in_a_value_whatever_comes_in(octets: bytes) -> None:
    found = read_all(octets + GOOD)
    assert isinstance(found[-1], Frame)
    assert found[-1].header.message_id == MessageId.LOCATION
