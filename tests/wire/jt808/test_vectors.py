"""Every row of ``tests/vectors/jt808.jsonl``: what is read, and that it is written back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jiaoan.wire.jt808 import (
    BadFrame,
    Fault,
    Frame,
    FrameReader,
    Location,
    Position,
    Tolerance,
    Unknown,
    build_frame,
    decode_batch,
    parse_body,
)
from jiaoan.wire.jt808.describe import describe_frame
from jiaoan.wire.jt808.describe import location as describe_location
from jiaoan.wire.jt808.framing import escape, unescape
from jiaoan.wire.jt808.messages import form_of

from .helpers import frame_octets, read_all, read_one, vectors

ROWS = vectors()
FRAMES = [row for row in ROWS if "message_id" in row["expect"]]
REFUSED = [row for row in ROWS if "error" in row["expect"]]
STREAMS = [row for row in ROWS if row["layer"] == "stream"]
BARE_CHECKSUM, ESCAPES = "jt298", "jt297"
# The vector's word for a fault, where it differs from ours: an open frame at the end of the link
# is a cut one here.
FAULTS = {"unterminated_or_bad_flag": Fault.CUT}

# jt211 has bare 0x7e octets inside its body: its source holds it as it looks *after* escapes are
# undone (that project's tests feed the decoder behind the framing). By clause 4.4.1 such octets
# cannot stand on the line. As one line of a log it is read (UNESCAPED_DUMP); on a link it costs
# itself only, which has a test of its own.
UNESCAPED = "jt211"


def on_the_line(row: dict[str, Any]) -> bytes:
    octets = bytes.fromhex(row["hex"])
    if row["id"] == UNESCAPED:
        return b"\x7e" + escape(octets[1:-1]) + b"\x7e"
    return octets


def described(row: dict[str, Any], *, strict: bool = False) -> dict[str, Any]:
    """What ``jiaoan frames decode`` says, through JSON as it does."""
    facts = describe_frame(bytes.fromhex(row["hex"]), strict=strict)
    read: dict[str, Any] = json.loads(json.dumps(facts))
    return read


def differing(row: dict[str, Any], read: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Fields of the expectation that are missing or read otherwise."""
    expected = row["expect"]
    return {
        key: (expected[key], read.get(key, "missing"))
        for key in expected
        if key not in read or read[key] != expected[key]
    }


def test_it_has_every_row_of_808() -> None:
    assert len(ROWS) == 272
    assert {row["id"] for row in FRAMES + REFUSED + STREAMS} | {BARE_CHECKSUM, ESCAPES} == {
        row["id"] for row in ROWS
    }


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["id"] != BARE_CHECKSUM], ids=lambda row: row["id"]
)
def test_it_says_what_the_row_says(row: dict[str, Any]) -> None:
    """Field by field, errors and streams too. What is said beyond the row is our own."""
    assert differing(row, described(row)) == {}


def test_it_takes_a_checksum_that_was_not_escaped_unless_it_is_strict() -> None:
    (row,) = [row for row in ROWS if row["id"] == BARE_CHECKSUM]
    lenient = {"expect": row["expect"]["lenient"]}
    assert differing(lenient, described(row)) == {}
    assert described(row)["tolerated"] == ["bare_7d_checksum"]
    assert described(row, strict=True)["error"] == row["expect"]["strict_error"]


# Rows that only tolerance reads, and what is tolerated in them. Every other row is sound octet for
# octet, so it says the same to a strict reader.
TOLERATED = {
    UNESCAPED: "unescaped_dump",
}


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: row["id"])
def test_it_names_what_it_tolerates(row: dict[str, Any]) -> None:
    lenient, strict = described(row), described(row, strict=True)
    if "tolerated" in lenient:
        assert "error" in strict
    else:
        assert strict == lenient


@pytest.mark.parametrize("row", FRAMES, ids=lambda row: row["id"])
def test_it_writes_the_frame_back(row: dict[str, Any]) -> None:
    """Header and body octets are the same again, except where padding is not kept."""
    octets = on_the_line(row)
    frame = read_one(octets)
    assert build_frame(frame.header, frame.body) == octets
    noted: list[Tolerance] = []
    body = parse_body(frame, noted=noted)
    again = body.build(form_of(frame.header))
    if Tolerance.TEXT_PADDING in noted:
        # Padding may stand in front or behind; the values must survive.
        assert parse_body(read_one(build_frame(frame.header, again))) == body
    elif Tolerance.TRAILING_OCTETS in noted and not isinstance(body, Unknown):
        # Octets that no field has are not kept.
        assert frame.body.startswith(again)
    else:
        assert again == frame.body


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row["id"])
def test_it_refuses_the_frame(row: dict[str, Any]) -> None:
    (bad,) = read_all(bytes.fromhex(row["hex"]))
    assert isinstance(bad, BadFrame)
    expected = row["expect"]["error"]
    assert bad.fault == FAULTS.get(expected, expected)


@pytest.mark.parametrize("row", STREAMS, ids=lambda row: row["id"])
def test_it_keeps_the_good_frames_of_the_stream(row: dict[str, Any]) -> None:
    good = [one for one in read_all(bytes.fromhex(row["hex"])) if isinstance(one, Frame)]
    expected = row["expect"].get("message_ids") or row["expect"]["message_ids_recovered"]
    assert [f"0x{one.header.message_id:04x}" for one in good] == expected


@pytest.mark.parametrize("row", [*FRAMES, *REFUSED, *STREAMS], ids=lambda row: row["id"])
def test_it_reads_the_row_in_any_portions(row: dict[str, Any]) -> None:
    """One octet at a time, and cut at every position, with a good frame behind."""
    octets = on_the_line(row) + frame_octets()
    expected = read_all(octets)
    reader = FrameReader()
    single = [one for octet in octets for one in reader.receive(bytes([octet]))] + reader.end()
    assert single == expected
    for cut in range(len(octets)):
        reader = FrameReader()
        found = reader.receive(octets[:cut]) + reader.receive(octets[cut:]) + reader.end()
        assert found == expected


def test_it_loses_only_a_frame_that_was_not_escaped() -> None:
    (row,) = [row for row in ROWS if row["id"] == UNESCAPED]
    found = read_all(bytes.fromhex(row["hex"]) + frame_octets())
    assert [type(one) for one in found[:-1]] == [BadFrame] * (len(found) - 1)
    assert isinstance(found[-1], Frame)


def test_it_undoes_the_escapes_of_the_worked_example() -> None:
    (row,) = [row for row in ROWS if row["id"] == ESCAPES]
    octets = bytes.fromhex(row["hex"]).strip(b"\x7e")
    assert unescape(octets) == (bytes.fromhex(row["expect"]["unescaped_payload_hex"]), False)


@pytest.mark.parametrize(
    "row",
    [row for row in FRAMES if row["expect"]["message_id"] in ("0x0200", "0x0704")],
    ids=lambda row: row["id"],
)
def test_it_reads_the_same_in_a_batch(row: dict[str, Any]) -> None:
    frame = read_one(on_the_line(row))
    positions = decode_batch([frame])
    expected = row["expect"].get("items") or [row["expect"]]
    assert len(positions) == len(expected)
    for position, one in zip(positions, expected, strict=True):
        assert isinstance(position, Position)
        assert (position.latitude, position.longitude) == (
            round(one["latitude"] * 1e6),
            round(one["longitude"] * 1e6),
        )
        assert (position.alarm, position.status) == (one["alarm"], one["status"])
        assert describe_location(Location.parse(position.octets))["time"] == one["time"]
        told = [item["mileage_km"] for item in one["extras"] if "mileage_km" in item]
        assert position.mileage == (round(told[0] * 10) if told else 0xFFFFFFFF)
