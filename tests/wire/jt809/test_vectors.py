"""Every row of ``tests/vectors/jt809.jsonl``: all expected fields are read, frames written back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from jiaoan.wire.jt809 import (
    BadFrame,
    Cipher,
    Edition,
    Fault,
    Frame,
    FrameReader,
    Header,
    Message,
    Profile,
    Tolerance,
    build_frame,
    parse,
)
from jiaoan.wire.jt809.describe import describe_content, describe_frame
from jiaoan.wire.jt809.framing import escape, judge, unescape

from .helpers import read_one, vectors

FRAMES = [
    row for row in vectors() if row["layer"] == "frame" and "strict_error" not in row["expect"]
]
SOUND = [row for row in FRAMES if "error" not in row["expect"]]
CONTENTS = [row for row in vectors() if row["layer"] == "sub_body"]

# Disagreements of notation, not of value.
# jt292: the row's source asserts the alarm type as a number; the rows that are whole frames of the
# same message (jt271, jt277, jt283) write it as a hexadecimal word, and so does every frame here.
NOTATION = {("jt292", "warn_type"): "0x000b"}

# jt269 pads its texts in front; they are padded behind when they are written, as the other rows do.
PADDED_IN_FRONT = {"jt269"}


def cipher_of(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get("cipher", {}).get(name, 0) for name in ("ia1", "ic1", "m1")}


def profile_of(row: dict[str, Any]) -> Profile:
    return Profile(Edition(row["protocol"][-4:]), Cipher(**cipher_of(row)))


def expected(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: NOTATION.get((row["id"], name), value)
        for name, value in row["expect"].get("lenient", row["expect"]).items()
    }


def test_it_uses_every_row() -> None:
    used = {row["id"] for row in FRAMES + CONTENTS} | {"jt286", "jt295", "jt296"}
    assert used == {row["id"] for row in vectors()}
    assert len(vectors()) == 40


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: row["id"])
def test_it_shows_every_expected_field_of_a_frame(row: dict[str, Any]) -> None:
    shown = describe_frame(bytes.fromhex(row["hex"]), **cipher_of(row))
    wanted = expected(row)
    assert {name: shown.get(name, "absent") for name in wanted} == wanted
    if "error" not in wanted:
        assert "error" not in shown


@pytest.mark.parametrize(
    "row", [row for row in FRAMES if "hex_unescaped" in row], ids=lambda row: row["id"]
)
def test_it_shows_the_same_of_a_dump_without_escapes(row: dict[str, Any]) -> None:
    shown = describe_frame(bytes.fromhex(row["hex_unescaped"]), **cipher_of(row))
    wanted = expected(row)
    assert {name: shown.get(name, "absent") for name in wanted} == wanted


@pytest.mark.parametrize("row", CONTENTS, ids=lambda row: row["id"])
def test_it_shows_every_expected_field_of_data(row: dict[str, Any]) -> None:
    edition = Edition(row["protocol"][-4:])
    shown = describe_content(int(row["sub_type"], 16), bytes.fromhex(row["hex"]), edition)
    wanted = expected(row)
    assert {name: shown.get(name, "absent") for name in wanted} == wanted


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: row["id"])
def test_it_reads_the_row_in_any_portions(row: dict[str, Any]) -> None:
    """One octet at a time, and cut at every position, with a good frame behind."""
    profile = profile_of(row)
    timed = profile.edition is Edition.V2019
    header = Header(
        0, 7, 0x1005, 1, time=datetime(2024, 4, 8, tzinfo=UTC) if timed else None, timed=timed
    )
    octets = bytes.fromhex(row["hex"]) + build_frame(header, b"")

    def read(*portions: bytes) -> list[Frame | BadFrame]:
        reader = FrameReader(profile)
        return [one for portion in portions for one in reader.receive(portion)] + reader.end()

    expected = read(octets)
    assert isinstance(expected[-1], Frame)
    assert expected[-1].header.serial == 7
    assert read(*(bytes([octet]) for octet in octets)) == expected
    for cut in range(len(octets)):
        assert read(octets[:cut], octets[cut:]) == expected


@pytest.mark.parametrize("row", SOUND, ids=lambda row: row["id"])
def test_it_writes_the_frame_back(row: dict[str, Any]) -> None:
    """Header, envelope and data give the same octets again."""
    profile = profile_of(row)
    frame = read_one(bytes.fromhex(row["hex"]), profile)
    assert profile.edition is not None
    message = parse(frame, profile.edition)
    body = message.build(profile.edition)
    if row["id"] in PADDED_IN_FRONT:
        again = parse(replace(frame, body=body), profile.edition)
        assert again == message
        return
    assert body == frame.body
    assert build_frame(frame.header, body, profile.cipher) == bytes.fromhex(row["hex"])


def test_it_reads_a_body_of_2019_behind_a_header_of_2011() -> None:
    """jt286: 22 octets of header, no plate, and a bare 0x5e in the text of 78 octets."""
    (row,) = [row for row in vectors() if row["id"] == "jt286"]
    octets = bytes.fromhex(row["hex"])
    shown = describe_frame(octets)
    assert {name: shown[name] for name in row["expect"]["lenient"]} == row["expect"]["lenient"]
    assert describe_frame(octets, strict=True)["error"] == row["expect"]["strict_error"]
    frame = read_one(octets, Profile(Edition.V2019))
    message = parse(frame, Edition.V2019)
    assert message.tolerated == (Tolerance.BARE_ESCAPE, Tolerance.HEADER_WITHOUT_TIME)
    assert isinstance(message, Message)
    assert message.sub_type == 0x1402
    assert message.build(Edition.V2019) == frame.body


def test_it_deciphers_with_32_bits() -> None:
    (row,) = [row for row in vectors() if row["id"] == "jt295"]
    cipher = Cipher(**cipher_of(row))
    plain = bytes.fromhex(row["expect"]["plain_hex"])
    assert cipher.apply(bytes.fromhex(row["hex"]), row["cipher"]["key"]) == plain


def test_it_undoes_the_escapes_of_the_row() -> None:
    (row,) = [row for row in vectors() if row["id"] == "jt296"]
    lenient = bytes.fromhex(row["expect"]["lenient_unescaped_hex"])
    assert unescape(bytes.fromhex(row["hex"])) == (lenient, True)
    strict = judge(bytes.fromhex(row["hex"]), Profile.strict(Edition.V2011))
    assert getattr(strict, "fault", None) is Fault.BAD_ESCAPE
    assert unescape(escape(lenient)) == (lenient, False)


def test_a_plain_and_an_encrypted_capture_of_one_message_agree() -> None:
    plain, hidden = (next(r for r in vectors() if r["id"] == i) for i in ("jt273", "jt272"))
    one = describe_frame(bytes.fromhex(plain["hex"]))
    other = describe_frame(bytes.fromhex(hidden["hex"]), **cipher_of(hidden))
    assert one["payload_hex"] == other["payload_hex"]
    assert describe_frame(bytes.fromhex(hidden["hex"]))["error"] == "no_cipher"
