"""The compiled pass says what the readable codec says: on vectors, on fleets, on broken streams."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.wire.jt808 import (
    BadFrame,
    ExtraItem,
    Frame,
    FrameReader,
    Header,
    Position,
    Refused,
    Version,
    build_frame,
    decode_batch,
    jitted,
)
from jiaoan.wire.jt808.framing import FLAG, LONGEST, checksum, escape
from jiaoan.wire.jt808.jitted import DECODED, LETTERS, Batch, decode_octets, is_plain

from .helpers import location, vectors
from .test_vectors import on_the_line

VECTORS = [on_the_line(row) for row in vectors()]

needs_numba = pytest.mark.skipif(not jitted.warm(), reason="numba is not there or switched off")


def readable(octets: bytes) -> list[Position | Refused | BadFrame]:
    """The oracle: one reader over everything from the first flag on."""
    found: list[Position | Refused | BadFrame] = []
    start = octets.find(FLAG)
    for index, one in enumerate(FrameReader().receive(octets[start:]) if start >= 0 else ()):
        if isinstance(one, BadFrame):
            found.append(one)
        else:
            found += [each._replace(frame=index) for each in decode_batch([one])]
    return found


def check(octets: bytes) -> Batch:
    batch = decode_octets(octets)
    assert batch.positions() == readable(octets)
    for index, plain in enumerate(batch.rows["plain"].tolist()):
        judged = batch.judged(index)
        assert plain == (jitted.warm() and isinstance(judged, Frame) and is_plain(judged))
        if plain:
            assert isinstance(judged, Frame)
            assert batch.header(index) == judged.header
            assert batch.body(index) == judged.body
    return batch


def fleet(count: int, seed: int = 0) -> Iterator[bytes]:
    """Sound frames of both editions in which every field moves, hemispheres and datums too."""
    for n in range(seed, seed + count):
        version = Version.V2019 if n % 3 == 0 else Version.V2013
        phone = str(13_900_000_000 + n * 7_919)
        header = Header.new(0x0200, version, phone, n * 251 % 65_536, protocol_version=1 + n % 3)
        body = location(
            alarm=n * 0x7E7D7E7D % 2**32,
            status=(n * 0x2F) % 2**32,
            raw_latitude=n * 7_777_777 % 90_000_001,
            raw_longitude=n * 33_333_331 % 180_000_001,
            altitude=n * 97 % 64_536 - 1_000,
            speed=n * 7 % 65_536,
            direction=n % 360,
            time=None
            if n % 11 == 0
            else datetime.fromtimestamp(946_656_000 + n * 7_777_777 % 3_155_000_000, UTC),
            extras=()
            if n % 5 == 0
            else (
                ExtraItem(0x30, b"\x7d"),
                *([ExtraItem(0x01, b"\x01\x02")] * (n % 2)),
                ExtraItem(0x01, (n * 0x7E7E % 2**32).to_bytes(4, "big")),
                ExtraItem(0x01, bytes(4)),
            ),
            trailing=b"\x01" * (n % 2),
        )
        yield build_frame(header, body.build())


@pytest.mark.parametrize("octets", VECTORS, ids=[row["id"] for row in vectors()])
def test_every_vector(octets: bytes) -> None:
    check(octets)


def test_all_vectors_in_one_batch() -> None:
    check(b"".join(VECTORS))


@needs_numba
def test_a_fleet_is_all_plain() -> None:
    batch = check(b"".join(fleet(3_000)))
    assert len(batch.rows) == 3_000
    assert batch.rows["plain"].all()
    assert (batch.begun, batch.ended) == (0, len(batch.octets) - 1)


@needs_numba
def test_every_day_of_the_century_and_no_day_beside_it() -> None:
    def sent(stamp: bytes) -> bytes:
        body = location().build()
        header = Header.new(0x0200, Version.V2013, "13900000001", 1)
        return build_frame(header, body[:22] + stamp + body[28:])

    days = [
        bytes.fromhex(f"{year:02d}{month:02d}{day:02d}235959")
        for year in range(100)
        for month in range(14)
        for day in (0, 1, 28, 29, 30, 31, 32)
    ]
    parts = [
        bytes([octet if place == at else 0x11 for place in range(6)])
        for at in range(6)
        for octet in range(256)
    ]
    check(b"".join(map(sent, days + parts)))


FLEET = list(fleet(40)) + [octets for octets in VECTORS if len(octets) < 400]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Frames joined, with octets changed, taken out and put in."""
    octets = bytearray(b"".join(draw(st.lists(st.sampled_from(FLEET), max_size=8))))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(octets)))
        new = draw(st.sampled_from([b"", b"\x7e", b"\x7d", b"\x7d\x01", b"\x00", b"\xff"]))
        octets[at : at + draw(st.integers(0, 3))] = new
    return bytes(octets)


@given(streams())
@settings(deadline=None, max_examples=300)
def test_broken_streams(octets: bytes) -> None:
    check(octets)


@given(streams(), st.lists(st.integers(0, 2_000), max_size=6))
@settings(deadline=None, max_examples=200)
def test_portions_cut_anywhere_give_the_same(octets: bytes, cuts: list[int]) -> None:
    octets = b"\x7e" + octets
    found: list[Position | Refused | BadFrame] = []
    waiting = b""
    begun = 0
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(octets)], strict=True):
        waiting += octets[start:end]
        batch = decode_octets(waiting)
        assert batch.begun in (0, len(waiting))
        found += [
            one if isinstance(one, BadFrame) else one._replace(frame=begun + one.frame)
            for one in batch.positions()
        ]
        begun += len(batch.rows)
        waiting = waiting[batch.ended :]
    assert found == readable(octets)


@pytest.mark.parametrize("size", [LONGEST, LONGEST + 1, LONGEST + 500])
def test_a_candidate_beyond_the_longest_is_overlong_here_too(size: int) -> None:
    check(b"\x7e" + bytes(size) + b"\x7e" + next(fleet(1)))


@pytest.mark.parametrize(
    "octets", [b"", b"\x7e", b"\x7e\x7e", b"noise", b"noise\x7e", b"\x7e\x7d", b"\x7d\x7e\x7e"]
)
def test_what_holds_no_frame_gives_no_row(octets: bytes) -> None:
    assert len(check(octets).rows) == 0


def framed(content: bytes) -> bytes:
    return b"\x7e" + escape(content + bytes([checksum(content)])) + b"\x7e"


@pytest.mark.parametrize("following", [0x00, 0x01, 0x02, 0x03, 0x7D])
@pytest.mark.parametrize("place", range(36, 60))
def test_an_escape_that_is_none_wherever_it_stands_although_the_checksum_is_right(
    place: int, following: int
) -> None:
    """The octets as they are, so that 7d 01 and 7d 02 are escapes and all others are none."""
    body = location(extras=(), trailing=bytes(20)).build()
    content = Header.new(0x0200, Version.V2013, "13900000001", 9).build(len(body)) + body
    changed = content[: place - 2] + bytes([0x7D, following]) + content[place:]
    sent = changed + bytes([checksum(changed)])
    batch = check(
        b"\x7e" + sent + b"\x7e" + b"\x7e" + content + bytes([checksum(content)]) + b"\x7e"
    )
    if jitted.warm():
        assert batch.rows["plain"][1]


@pytest.mark.parametrize("bit", range(10, 16))
@pytest.mark.parametrize("version", list(Version))
def test_every_attribute_bit(version: Version, bit: int) -> None:
    """Encryption, parts, the layout's bit and the reserved one, each turned over."""
    content = bytearray(Header.new(0x0200, version, "13900000001", 9).build(34))
    content += location().build()
    content[2] ^= 1 << (bit - 8)
    check(framed(bytes(content)))


@pytest.mark.parametrize(
    "changes",
    [
        {"raw_latitude": 90_000_000, "raw_longitude": 180_000_000, "status": 12},
        {"raw_latitude": 90_000_001},
        {"raw_longitude": 180_000_001},
        {"raw_latitude": 2**32 - 1, "raw_longitude": 2**32 - 1},
    ],
)
def test_the_edge_of_the_globe(changes: dict[str, int]) -> None:
    header = Header.new(0x0200, Version.V2013, "13900000001", 9)
    check(build_frame(header, location(**changes).build()))


def test_both_forms_of_a_row_have_the_same_octets() -> None:
    assert DECODED.itemsize == LETTERS.itemsize
    assert {name: at for name, (_, at, *_) in (DECODED.fields or {}).items()} == {
        name: at for name, (_, at, *_) in (LETTERS.fields or {}).items()
    }


def test_without_numba_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = b"".join(fleet(50)) + b"".join(VECTORS)
    with_it = decode_octets(octets).positions()
    monkeypatch.setattr(jitted, "_compiled", lambda: None)
    without = decode_octets(octets)
    assert not without.rows["plain"].any()
    assert without.positions() == with_it


@pytest.mark.parametrize("switch", ["0", "1"])
def test_numba_is_loaded_only_where_octets_are_decoded(switch: str) -> None:
    code = (
        "import sys; import jiaoan.wire.jt808.jitted as j; assert 'numba' not in sys.modules;"
        "j.decode_octets(b'\\x7e'); print('numba' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"JIAOAN_NUMBA": switch, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == str(switch == "1" and jitted.warm())
