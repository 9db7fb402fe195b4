"""Octets to frames: flags, escapes, CRC, lengths, limits; one bad frame costs one frame."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaoan.wire.jt809 import (
    BadFrame,
    Edition,
    EncodeError,
    Fault,
    Frame,
    FrameReader,
    Header,
    Message,
    Profile,
    Tolerance,
    build_frame,
)
from jiaoan.wire.jt809.framing import LONGEST, checksum, escape, unescape
from jiaoan.wire.jt809.header import LONG, SHORT
from jiaoan.wire.jt809.links import Empty, LoginAnswer

from .helpers import CIPHER, EDITIONS, MOMENT, frame_octets, header, read_all, read_one

LENIENT = {edition: Profile(edition, CIPHER) for edition in EDITIONS}
STRICT = {edition: Profile.strict(edition, CIPHER) for edition in EDITIONS}
KEEP_ALIVE = Message(0x1005, Empty())
ANSWER = Message(0x1002, LoginAnswer(0, 0x5B5D5A5E))


@pytest.mark.parametrize("edition", EDITIONS)
def test_an_empty_message_has_the_length_of_its_edition(edition: Edition) -> None:
    octets = frame_octets(KEEP_ALIVE, edition)
    assert len(octets) == {Edition.V2011: 26, Edition.V2019: 34}[edition]
    assert read_one(octets, STRICT[edition]).header.length == len(octets)


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("key", [0, 256178])
def test_it_reads_a_frame_split_at_every_position(edition: Edition, key: int) -> None:
    octets = frame_octets(ANSWER, edition, key=key, cipher=CIPHER)
    whole = read_one(octets, STRICT[edition])
    assert whole.body == ANSWER.build(edition)
    assert whole.header.time == (MOMENT if edition is Edition.V2019 else None)
    for at in range(len(octets) + 1):
        reader = FrameReader(STRICT[edition])
        assert reader.receive(octets[:at]) + reader.receive(octets[at:]) == [whole]
    reader = FrameReader(STRICT[edition])
    one_by_one = [one for octet in octets for one in reader.receive(bytes([octet]))]
    assert one_by_one == [whole]
    assert reader.end() == []


@given(st.binary(max_size=60), st.sampled_from(EDITIONS), st.integers(0, 0xFFFFFFFF))
def test_every_body_comes_back(body: bytes, edition: Edition, key: int) -> None:
    octets = build_frame(header(0x1700, edition, key=key), body, CIPHER)
    assert octets[1:-1].count(b"\x5b") == octets[1:-1].count(b"\x5d") == 0
    assert read_one(octets, STRICT[edition]).body == body


@given(st.binary(max_size=80))
def test_escapes_are_undone(octets: bytes) -> None:
    assert unescape(escape(octets)) == (octets, False)


@given(st.binary(max_size=40), st.sampled_from(EDITIONS))
def test_noise_around_a_frame_never_costs_the_frame(noise: bytes, edition: Edition) -> None:
    octets = frame_octets(ANSWER, edition)
    found = read_all(noise + octets + noise + octets, LENIENT[edition])
    good = [one for one in found if isinstance(one, Frame)]
    assert len(good) >= 2
    assert {one.body for one in good} >= {ANSWER.build(edition)}


@given(st.data(), st.sampled_from(EDITIONS))
def test_a_changed_frame_costs_only_itself(data: st.DataObject, edition: Edition) -> None:
    octets = frame_octets(ANSWER, edition)
    at = data.draw(st.integers(0, len(octets) - 1))
    changed = octets[:at] + bytes([octets[at] ^ data.draw(st.integers(1, 255))]) + octets[at + 1 :]
    found = read_all(octets + changed + octets, LENIENT[edition])
    assert isinstance(found[0], Frame)
    assert isinstance(found[-1], Frame)
    assert found[0] == found[-1]


def faults(octets: bytes, profile: Profile) -> list[Fault]:
    return [one.fault for one in read_all(octets, profile) if isinstance(one, BadFrame)]


def test_it_names_what_is_wrong() -> None:
    profile, octets = LENIENT[Edition.V2011], frame_octets(KEEP_ALIVE, Edition.V2011)
    assert faults(b"abc" + octets, profile) == [Fault.NOISE]
    assert faults(octets + b"abc", profile) == [Fault.NOISE]
    assert faults(octets[:-1] + octets, profile) == [Fault.CUT]
    assert faults(octets[:-1], profile) == [Fault.CUT]
    assert faults(b"\x5b\x5d", profile) == [Fault.TOO_SHORT]
    assert faults(b"\x5b" + bytes(SHORT + 1) + b"\x5d", profile) == [Fault.TOO_SHORT]
    assert faults(octets[:-2] + b"\xff\x5d", profile) == [Fault.BAD_CHECKSUM]
    content = header(0x1005, Edition.V2011).build(1)
    wrong = b"\x5b" + content + checksum(content).to_bytes(2, "big") + b"\x5d"
    assert faults(wrong, profile) == [Fault.LENGTH_MISMATCH]


def test_a_frame_too_short_for_its_header_is_refused_in_2019() -> None:
    octets = frame_octets(KEEP_ALIVE, Edition.V2011)
    (bad,) = read_all(octets, STRICT[Edition.V2019])
    assert isinstance(bad, BadFrame)
    assert bad.fault is Fault.TOO_SHORT


def test_a_keep_alive_of_2011_is_tolerated_on_a_link_of_2019() -> None:
    octets = frame_octets(KEEP_ALIVE, Edition.V2011)
    frame = read_one(octets, LENIENT[Edition.V2019])
    assert frame.tolerated == (Tolerance.HEADER_WITHOUT_TIME,)


def test_memory_is_bounded_and_the_next_frame_is_found() -> None:
    reader = FrameReader(LENIENT[Edition.V2011])
    octets = frame_octets(ANSWER, Edition.V2011)
    chunk = b"\x00" * 65536
    tracemalloc.start()
    found = reader.receive(b"\x5b")
    for _ in range(64):
        found += reader.receive(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * LONGEST
    found += reader.receive(b"\x5d" + octets)
    assert [getattr(one, "fault", None) for one in found] == [Fault.OVERLONG, None]
    assert reader.counts == {Fault.OVERLONG: 1}
    assert reader.frames == 1


def test_octets_that_were_never_escaped_are_read_where_length_and_crc_agree() -> None:
    """Real logs: an escape pair in them is two octets of the message."""
    content = header(0x1002, Edition.V2011).build(5) + bytes.fromhex("005a015e02")
    raw = b"\x5b" + content + checksum(content).to_bytes(2, "big") + b"\x5d"
    frame = read_one(raw, LENIENT[Edition.V2011])
    assert frame.tolerated == (Tolerance.UNESCAPED,)
    assert frame.body.hex() == "005a015e02"
    assert faults(raw, STRICT[Edition.V2011]) != []


def test_bare_escapes_stand_for_themselves_unless_strict() -> None:
    content = header(0x1002, Edition.V2011).build(5) + bytes.fromhex("005a005e5e")
    raw = b"\x5b" + content + checksum(content).to_bytes(2, "big") + b"\x5d"
    frame = read_one(raw, LENIENT[Edition.V2011])
    assert frame.tolerated == (Tolerance.BARE_ESCAPE,)
    assert frame.body.hex() == "005a005e5e"
    assert faults(raw, STRICT[Edition.V2011]) == [Fault.BAD_ESCAPE]


def test_an_encrypted_frame_without_constants_is_kept_not_guessed() -> None:
    octets = frame_octets(ANSWER, Edition.V2019, key=7, cipher=CIPHER)
    (bad,) = read_all(octets, Profile(Edition.V2019))
    assert isinstance(bad, BadFrame)
    assert (bad.fault, bad.header is not None) == (Fault.NO_CIPHER, True)
    assert bad.raw == octets[1:-1]
    with pytest.raises(ValueError, match="cipher"):
        build_frame(header(0x1002, Edition.V2019, key=7), b"")


def test_header_values_without_room_are_refused() -> None:
    with pytest.raises(EncodeError, match="serial"):
        Header(0, 1 << 32, 0x1005, 1).build(0)
    with pytest.raises(EncodeError, match="time zone"):
        Header(0, 1, 0x1005, 1, time=MOMENT.replace(tzinfo=None), timed=True).build(0)


def test_many_flags_are_read_in_one_pass() -> None:
    """A portion of nothing but begin flags must not be searched again for each of them."""
    reader = FrameReader(LENIENT[Edition.V2011])
    assert reader.receive(b"\x5b" * 1_000_000) == []
    assert len(reader.receive(frame_octets(ANSWER, Edition.V2011))) == 1


def test_the_time_of_2019_is_the_octets_22_to_30() -> None:
    octets = frame_octets(KEEP_ALIVE, Edition.V2019)
    assert int.from_bytes(octets[1 + SHORT : 1 + LONG], "big") == int(MOMENT.timestamp())
