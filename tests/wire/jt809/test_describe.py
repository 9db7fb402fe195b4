"""Frames as JSON: any octets give one object."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from jiaoan.wire.jt809 import Edition, Message, Raw
from jiaoan.wire.jt809.convert import block_of, carried_of
from jiaoan.wire.jt809.describe import describe_content, describe_frame, looks_like_809
from jiaoan.wire.jt809.location import Backfill2011, Backfill2019

from .helpers import CIPHER, EDITIONS, frame_octets, vectors
from .test_convert import LOCATION


@given(st.binary(max_size=80))
def test_any_octets_give_one_json_object(octets: bytes) -> None:
    for one in (octets, b"\x5b" + octets + b"\x5d"):
        shown = describe_frame(one)
        assert json.loads(json.dumps(shown)) == shown


def test_frames_without_flags_cut_or_several_in_a_line_are_told() -> None:
    octets = frame_octets(Message.of(0x1701, Raw(b"\x01"), "粤A12345", 2), Edition.V2019)
    assert describe_frame(octets[1:-1])["sub_type"] == "0x1701"
    for cut in (octets[:-1], octets[1:], b"\x5b"):
        assert describe_frame(cut)["error"] in ("unterminated_or_bad_flag", "too_short")
    frames = describe_frame(octets + b"noise" + octets[:9] + octets)["frames"]
    assert isinstance(frames, list)
    assert [one.get("error") for one in frames] == [None, "unterminated_or_bad_flag", None]
    assert looks_like_809(octets)


@given(st.data())
def test_a_mutated_frame_gives_an_object_too(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from([row for row in vectors() if row["layer"] == "frame"]))
    octets = bytearray.fromhex(row["hex"])
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    json.dumps(describe_frame(bytes(octets), **row.get("cipher", {})))


def test_it_shows_all_positions_of_a_back_fill() -> None:
    old = Message.of(0x1203, Backfill2011((block_of(LOCATION),) * 2), "鄂BA7263", 2)
    shown = describe_frame(frame_octets(old, Edition.V2011))
    assert shown["count"] == 2
    assert "time" not in shown
    new = Message.of(0x1203, Backfill2019((carried_of(LOCATION.build(), 3),) * 3), "鄂BA7263", 2)
    shown = describe_frame(frame_octets(new, Edition.V2019))
    assert isinstance(shown["items"], list)
    (first, *_) = shown["items"]
    assert isinstance(first, dict)
    assert (first["speed_kmh"], first["altitude_m"]) == (50.5, -45)


def test_it_guesses_the_edition_from_the_header() -> None:
    for edition in EDITIONS:
        message = Message.of(0x1701, Raw(b"\x01"), "粤A12345", 2)
        octets = frame_octets(message, edition, key=256178, cipher=CIPHER)
        shown = describe_frame(octets, ia1=CIPHER.ia1, ic1=CIPHER.ic1, m1=CIPHER.m1)
        assert (shown["sub_type"], shown["plate"]) == ("0x1701", "粤A12345")
        assert ("time" in shown) == (edition is Edition.V2019)


def test_it_names_the_field_that_is_wrong() -> None:
    shown = describe_content(0x120D, bytes.fromhex("000000ff61"), Edition.V2011)
    assert (shown["error"], shown["field"]) == ("inner_length_overrun", "waybill")
