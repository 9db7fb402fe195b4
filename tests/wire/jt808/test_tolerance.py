"""The tolerance policy, rule by rule: accepted and named by a tolerant reading, refused by a strict
one, counted, and the octets kept."""

from __future__ import annotations

import pytest

from jiaoan.wire.jt808 import (
    BadFrame,
    BodyError,
    DriverCard,
    ExtraItem,
    Fault,
    Frame,
    FrameReader,
    Header,
    LocationBatch,
    MessageId,
    Tolerance,
    ToleranceLog,
    Version,
    build_frame,
    parse_body,
)
from jiaoan.wire.jt808.areas import Route
from jiaoan.wire.jt808.describe import describe_frame
from jiaoan.wire.jt808.driver import Card
from jiaoan.wire.jt808.framing import checksum

from .helpers import MOMENT, frame_octets, location

HERE = location().build()
HEAT = location(extras=(ExtraItem(0x06, bytes.fromhex("fff6")),)).build()


def _with_checksum(wanted: int) -> bytes:
    """A heartbeat whose checksum is ``wanted``: a serial is looked for that makes it so."""
    for serial in range(0x10000):
        content = Header.new(2, Version.V2013, "139", serial).build(0)
        if checksum(content) == wanted and not {0x7D, 0x7E} & set(content):
            return b"\x7e" + content + bytes([wanted]) + b"\x7e"
    raise AssertionError


def _bit_14(version: Version, phone: str, *, bit_14: bool) -> bytes:
    return build_frame(Header(2, version, phone, 7, bit_14=bit_14), b"")


FRAMES = {
    Tolerance.BARE_7D_CHECKSUM: (_with_checksum(0x7D), Fault.BAD_ESCAPE),
    Tolerance.BARE_7E_CHECKSUM: (_with_checksum(0x7E), Fault.BAD_CHECKSUM),
    Tolerance.BIT_14_ON_2013: (
        _bit_14(Version.V2013, "013900000001", bit_14=True),
        Fault.LENGTH_MISMATCH,
    ),
    Tolerance.NO_BIT_14_ON_2019: (
        _bit_14(Version.V2019, "00000000013900000001", bit_14=False),
        Fault.LENGTH_MISMATCH,
    ),
}
BODIES: dict[Tolerance, tuple[int, bytes, Version]] = {
    Tolerance.OTHER_EDITION: (0x8003, bytes.fromhex("1099000200010002"), Version.V2013),
    Tolerance.TRAILING_OCTETS: (0x0001, bytes.fromhex("00018300000000"), Version.V2013),
    Tolerance.EXTRAS_REMAINDER: (0x0200, HERE + b"\x00", Version.V2013),
    Tolerance.WRONG_COUNT: (0x0704, b"\x00\x09\x00" + b"\x00\x22" + HERE, Version.V2013),
    Tolerance.BAD_ITEM: (0x0704, b"\x00\x01\x00" + b"\x00\x02ab", Version.V2013),
    Tolerance.TEXT_PADDING: (0x8300, b"\x05" + b"stop\x00", Version.V2013),
    Tolerance.CUT_TAIL: (0x0102, b"\x03abc" + b"860000000000001" + b"1.0", Version.V2019),
    Tolerance.CARD_FIELDS_WITHOUT_CARD: (
        0x0702,
        DriverCard(2, MOMENT, 0, Card("张三", "1", "岳阳市", "20271231")).build(),
        Version.V2013,
    ),
    Tolerance.ROUTE_WITHOUT_TIMES: (0x8606, Route(1, 0).build(), Version.V2013),
    Tolerance.TWOS_COMPLEMENT_TEMPERATURE: (0x0200, HEAT, Version.V2019),
}
ELSEWHERE = {
    Tolerance.SCATTERED_SERIALS: "test_packages.py",
    Tolerance.UNESCAPED_DUMP: "test_vectors.py",
}


def test_every_rule_is_tried() -> None:
    assert {*FRAMES, *BODIES, *ELSEWHERE} == set(Tolerance)


@pytest.mark.parametrize("rule", FRAMES)
def test_a_frame_is_accepted_named_counted_and_kept(rule: Tolerance) -> None:
    octets, _ = FRAMES[rule]
    reader = FrameReader()
    (frame,) = reader.receive(octets) + reader.end()
    assert isinstance(frame, Frame)
    assert frame.tolerated == (rule,)
    assert reader.counts == {rule: 1}
    assert reader.log.samples == {rule: frame.raw}
    assert describe_frame(octets)["tolerated"] == [str(rule)]


@pytest.mark.parametrize("rule", FRAMES)
def test_a_strict_reader_refuses_the_frame_and_reads_the_next(rule: Tolerance) -> None:
    octets, fault = FRAMES[rule]
    reader = FrameReader(strict=True)
    bad, good = reader.receive(octets + frame_octets())
    assert isinstance(bad, BadFrame)
    assert bad.fault is fault
    assert isinstance(good, Frame)
    assert reader.counts == {fault: 1}
    assert describe_frame(octets, strict=True)["error"] == str(fault)


@pytest.mark.parametrize("rule", BODIES)
def test_a_body_is_accepted_and_named(rule: Tolerance) -> None:
    message_id, octets, version = BODIES[rule]
    frame = Frame(Header.new(message_id, version, "139", 1), octets, octets)
    noted: list[Tolerance] = []
    parse_body(frame, noted=noted)
    assert set(noted) == {rule}
    log: ToleranceLog[Tolerance] = ToleranceLog()
    log.note(noted, frame.raw)
    assert (log.counts[rule], log.samples) == (len(noted), {rule: octets})
    with pytest.raises(BodyError):
        parse_body(frame, strict=True)


def test_what_a_rule_accepts_is_not_lost() -> None:
    message_id, octets, version = BODIES[Tolerance.WRONG_COUNT]
    batch = parse_body(Frame(Header.new(message_id, version, "139", 1), octets, b""))
    assert isinstance(batch, LocationBatch)
    assert (batch.count, len(batch.items)) == (9, 1)


def test_an_encrypted_body_is_the_same_to_a_strict_reader() -> None:
    frame = Frame(Header(MessageId.LOCATION, Version.V2013, "0" * 12, 1, encryption=1), b"x", b"")
    assert parse_body(frame, strict=True) == parse_body(frame)
