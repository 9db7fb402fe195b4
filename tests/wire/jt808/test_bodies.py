"""Bodies: built and read back; every broken form ends in a value or an error."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.kernel.clock import LOCAL
from jiaoan.wire.jt808 import (
    Authenticate,
    BadItem,
    BatchKind,
    BodyError,
    Edition,
    EncodeError,
    ExtraItem,
    Frame,
    Header,
    Heartbeat,
    Location,
    LocationBatch,
    MessageId,
    Package,
    PlatformAnswer,
    Position,
    Refused,
    Register,
    RegisterAnswer,
    Source,
    TerminalAnswer,
    Unknown,
    Version,
    build_frame,
    decode_batch,
    parse_body,
)
from jiaoan.wire.jt808.extras import AnalogueInputs, Number, TyrePressures, read_extras
from jiaoan.wire.jt808.fields import NO_TIME, bcd_time, moment, time_ms
from jiaoan.wire.jt808.messages import form_of

from .bodies import LOCATIONS
from .helpers import MOMENT, frame_octets, location, read_one


def framed(message_id: int, body: bytes, version: Version = Version.V2013) -> Frame:
    return read_one(frame_octets(message_id, body, version=version))


def test_it_reads_time_as_gmt_plus_8() -> None:
    assert moment(time_ms(bytes.fromhex("240408064000"))) == MOMENT
    assert moment(time_ms(bytes.fromhex("240229235959"))) == datetime(
        2024, 2, 29, 15, 59, 59, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "stamp",
    [
        "000000000000",
        "230229120000",
        "241301000000",
        "240400000000",
        "240408240000",
        "240408066000",
        "240408064060",
        "24040806400a",
        "2404080640a0",
        "ffffffffffff",
        "24040a064000",
    ],
)
def test_it_takes_an_impossible_time_for_no_time(stamp: str) -> None:
    assert time_ms(bytes.fromhex(stamp)) == NO_TIME
    body = location(time=None).build()
    parsed = Location.parse(body[:22] + bytes.fromhex(stamp) + body[28:])
    assert parsed.time is None


@given(st.integers(0, 100 * 365 * 86400))
def test_it_writes_and_reads_any_time_of_the_century(seconds: int) -> None:
    when = datetime(2000, 1, 1, tzinfo=LOCAL) + timedelta(seconds=seconds)
    assert moment(time_ms(bcd_time(when))) == when


def test_it_refuses_to_write_a_time_without_zone() -> None:
    with pytest.raises(EncodeError):
        bcd_time(datetime(2024, 4, 8))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("status", "latitude", "longitude"),
    [(0, 1, 1), (4, -1, 1), (8, 1, -1), (12, -1, -1)],
)
def test_it_takes_the_sign_from_the_status(status: int, latitude: int, longitude: int) -> None:
    one = Location.parse(location(status=status).build())
    assert (one.latitude, one.longitude) == (latitude * 29_480_000, longitude * 113_270_000)


def test_it_tells_shifted_and_unfixed_positions() -> None:
    assert Location.parse(location(status=0b100010).build()).shifted
    assert not Location.parse(location(status=0b000010).build()).shifted
    assert not Location.parse(location(status=0b100000).build()).fixed


def test_it_reads_heights_below_the_sea() -> None:
    assert Location.parse(location(altitude=-5).build()).altitude == -5


def meaning(id_: int, octets: str) -> object:
    return ExtraItem(id_, bytes.fromhex(octets)).meaning()


def test_it_reads_the_standard_items() -> None:
    assert meaning(0x01, "0001e240") == Number("mileage", 123456, 0.1, "km")
    assert meaning(0x2B, "00020001") == AnalogueInputs(1, 2)
    pressures = meaning(0x05, "37" * 3 + "ff" * 27)
    assert pressures == TyrePressures((0x37,) * 3 + (None,) * 27)


@pytest.mark.parametrize(
    ("octets", "degrees"),
    [("0019", 25), ("800a", -10), ("fff6", -10), ("0000", 0), ("8000", 0)],
)
def test_it_reads_both_ways_of_writing_a_temperature(octets: str, degrees: int) -> None:
    assert meaning(0x06, octets) == Number("cabin_temperature", degrees, 1.0, "°C")


def test_it_leaves_other_ids_and_lengths_as_octets() -> None:
    assert meaning(0x01, "0001") is None
    assert meaning(0x05, "000000") is None
    assert meaning(0xEB, "00040001") is None


def test_it_keeps_repeated_items_and_what_runs_past_the_end() -> None:
    octets = bytes.fromhex("3001 08 3001 09 e502 aabb 64ff 0102".replace(" ", ""))
    items, left = read_extras(octets)
    assert [(one.id, one.octets.hex()) for one in items] == [
        (0x30, "08"),
        (0x30, "09"),
        (0xE5, "aabb"),
    ]
    assert left.hex() == "64ff0102"


REGISTER = Register(43, 603, "70111", "JA-808", "T000001", 2, "湘F32718")


@pytest.mark.parametrize("layout", Edition)
@pytest.mark.parametrize(
    ("colour", "plate"), [(2, "湘F32718"), (94, "鄂BD12345"), (0, "LSVAM4187C2184841")]
)
def test_it_tells_the_layouts_of_registration(layout: Edition, colour: int, plate: str) -> None:
    """A 2011 body with a VIN is as long as a 2013 one with a plate: content decides."""
    one = Register(43, 603, "70111", "JA-808", "T000001", colour, plate, layout)
    version = Version.V2019 if layout is Edition.V2019 else Version.V2013
    assert parse_body(framed(MessageId.REGISTER, one.build(), version)) == one


def test_it_pads_the_model_of_2019_in_front() -> None:
    one = Register(43, 603, "70111", "JA-808", "T000001", 2, "湘F32718", Edition.V2019)
    assert one.build()[15:45] == b"JA-808".rjust(30, b"\x00")


@pytest.mark.parametrize("version", Version)
def test_it_reads_authentication(version: Version) -> None:
    new = version is Version.V2019
    one = Authenticate("9f2c密", *(("860000000000001", "1.0.3") if new else ()))
    octets = one.build(form_of(Header.new(0, version, "1", 1)))
    assert parse_body(framed(MessageId.AUTHENTICATE, octets, version)) == one


def test_it_reads_the_old_body_in_a_2019_frame() -> None:
    body = parse_body(framed(MessageId.AUTHENTICATE, b"code1", Version.V2019))
    assert body == Authenticate("code1")


@pytest.mark.parametrize("result", [0, 1, 4])
def test_it_gives_the_code_only_with_success(result: int) -> None:
    octets = RegisterAnswer(9, result, "abc").build()
    assert octets == bytes([0, 9, result]) + (b"abc" if result == 0 else b"")
    assert RegisterAnswer.parse(octets) == RegisterAnswer(9, result, None if result else "abc")


def test_it_lets_a_bad_item_of_a_batch_cost_only_itself() -> None:
    good = location().build()
    octets = b"\x00\x03\x01" + b"".join(
        len(one).to_bytes(2, "big") + one for one in (good, good[:20], good)
    )
    batch = LocationBatch.parse(octets + b"\xff\xff\x00")
    assert [type(one) for one in batch.items] == [Location, BadItem, Location, BadItem]
    found = decode_batch([framed(MessageId.LOCATION_BATCH, octets + b"\xff\xff\x00")])
    assert [type(one) for one in found] == [Position, Refused, Position, Refused]


def test_it_decodes_a_batch_of_frames_in_order() -> None:
    one = location(status=0b101110)
    frames = [
        framed(MessageId.LOCATION, one.build()),
        framed(MessageId.HEARTBEAT, b""),
        framed(MessageId.LOCATION_BATCH, LocationBatch.of(BatchKind.BACKFILL, one, one).build()),
        framed(MessageId.LOCATION_BATCH, LocationBatch.of(BatchKind.NORMAL, one).build()),
        framed(MessageId.LOCATION, b"short"),
    ]
    found = decode_batch(frames)
    assert [(entry.frame, type(entry)) for entry in found] == [
        (0, Position),
        (1, Refused),
        (2, Position),
        (2, Position),
        (3, Position),
        (4, Refused),
    ]
    positions = [entry for entry in found if isinstance(entry, Position)]
    assert [entry.source for entry in positions] == [
        Source.LIVE,
        Source.BACKFILL,
        Source.BACKFILL,
        Source.BATCH,
    ]
    first = positions[0]
    assert (first.latitude, first.longitude) == (-29_480_000, -113_270_000)
    assert first.time_ms == MOMENT.timestamp() * 1000
    assert (first.shifted, first.mileage, first.terminal) == (True, 123456, "13900000001")
    assert first.octets == one.build()


def test_it_does_not_read_parts_or_encrypted_bodies() -> None:
    part = Header(0x0704, Version.V2013, "013900000001", 1, package=Package(2, 1))
    secret = Header(0x0200, Version.V2013, "013900000001", 1, encryption=1)
    frames = [read_one(build_frame(header, location().build())) for header in (part, secret)]
    assert all(isinstance(parse_body(frame), Unknown) for frame in frames)
    assert [type(one) for one in decode_batch(frames)] == [Refused, Refused]


def test_it_keeps_what_follows_a_heartbeat() -> None:
    assert parse_body(framed(MessageId.HEARTBEAT, b"abc")) == Heartbeat(b"abc")


@given(LOCATIONS)
def test_it_reads_back_every_location(one: Location) -> None:
    assert Location.parse(one.build()) == one
    (position,) = decode_batch([Frame(Header.new(0x0200, Version.V2013, "1", 1), one.build(), b"")])
    assert isinstance(position, Position)
    mileage = [
        int.from_bytes(x.octets, "big") for x in one.extras if (x.id, len(x.octets)) == (1, 4)
    ]
    assert position.mileage == (mileage[0] if mileage else 0xFFFFFFFF)
    assert (position.latitude, position.longitude) == (one.latitude, one.longitude)
    assert moment(position.time_ms) == one.time


@given(st.lists(LOCATIONS, max_size=4), st.sampled_from(BatchKind))
def test_it_reads_back_every_batch(items: list[Location], kind: BatchKind) -> None:
    one = LocationBatch.of(kind, *items)
    assert LocationBatch.parse(one.build()) == one


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 255))
def test_it_reads_back_every_general_answer(serial: int, message_id: int, result: int) -> None:
    for kind in (TerminalAnswer, PlatformAnswer):
        one = kind(serial, message_id, result)
        assert kind.parse(one.build()) == one


@given(
    st.sampled_from([*MessageId, 0x0801]), st.binary(max_size=120), st.sampled_from(list(Version))
)
@settings(max_examples=400, deadline=None)
def test_it_ends_in_a_body_or_a_body_error(
    message_id: int, octets: bytes, version: Version
) -> None:
    frame = framed(message_id, octets, version)
    with suppress(BodyError):
        assert parse_body(frame) is not None
