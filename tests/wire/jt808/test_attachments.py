"""The attachment link: frames and data blocks, interleaved, in any portions, in bounded memory."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.wire.jt808 import (
    AlarmSign,
    AttachmentReader,
    BadFrame,
    Chunk,
    EncodeError,
    Extents,
    Fault,
    FileAnswer,
    FileInfo,
    FileList,
    FileSent,
    Frame,
    Gap,
    MessageId,
    build_block,
    parse_body,
)
from jiaoan.wire.jt808.attachments import FileEntry
from jiaoan.wire.jt808.framing import LONGEST

from .helpers import MOMENT, frame_octets

SIGN = AlarmSign("T000001", MOMENT, 1, 2)
LIST = FileList("T000001", SIGN, "a1", 0, (FileEntry("01cd.jpg", 9), FileEntry("b.mp4", 70_000)))
NAME = "00_64_6401_0_a1.jpg"


def announced(message_id: int, body: bytes) -> bytes:
    return frame_octets(message_id, body)


FRAMES = [
    announced(MessageId.FILE_LIST, LIST.build()),
    announced(MessageId.FILE_INFO, FileInfo("01cd.jpg", 0, 9).build()),
    announced(MessageId.FILE_SENT, FileSent("01cd.jpg", 0, 9).build()),
]
# Data that look like everything else on this link.
DATA = b"\x7e01cd\x7e\x7d\x02" + bytes(range(256))
UPLOAD = FRAMES[0] + FRAMES[1] + build_block("01cd.jpg", 0, DATA) + FRAMES[2]


def told(events: list[Frame | BadFrame | Chunk]) -> list[object]:
    """Events with the pieces of a block joined: where it was cut is not the sender's doing."""
    joined: list[object] = []
    for one in events:
        last = joined[-1] if joined else None
        if isinstance(one, Chunk) and isinstance(last, Chunk) and not last.last:
            assert (last.name, last.offset + len(last.data)) == (one.name, one.offset)
            joined[-1] = Chunk(one.name, last.offset, last.data + one.data, one.last)
        elif isinstance(one, Frame):
            joined.append(parse_body(one))
        else:
            joined.append(one)
    return joined


def read(octets: bytes, *cuts: int) -> list[object]:
    reader = AttachmentReader()
    found = []
    for start, end in pairwise([0, *cuts, len(octets)]):
        found += reader.receive(octets[start:end])
    return told(found + reader.end())


EXPECTED = [
    LIST,
    FileInfo("01cd.jpg", 0, 9),
    Chunk("01cd.jpg", 0, DATA, last=True),
    FileSent("01cd.jpg", 0, 9),
]


def test_it_reads_frames_and_blocks() -> None:
    assert read(UPLOAD) == EXPECTED


def test_it_reads_the_same_octet_by_octet_and_cut_at_every_position() -> None:
    assert read(UPLOAD, *range(1, len(UPLOAD))) == EXPECTED
    for cut in range(len(UPLOAD)):
        assert read(UPLOAD, cut) == EXPECTED


BAD = bytearray(FRAMES[1])
BAD[-3] ^= 1
BLOCK = build_block(NAME, 65536, DATA)
WHOLE = Chunk(NAME, 65536, DATA, last=True)
CASES: dict[str, tuple[bytes, list[object]]] = {
    "shared flags": (FRAMES[0] + FRAMES[1][1:] + BLOCK, [LIST, EXPECTED[1], WHOLE]),
    "doubled flags": (b"\x7e" + FRAMES[1] + b"\x7e\x7e" + BLOCK, [EXPECTED[1], WHOLE]),
    "block first": (BLOCK + FRAMES[1], [WHOLE, EXPECTED[1]]),
    "blocks alone": (BLOCK * 2, [WHOLE, WHOLE]),
    "empty block": (
        build_block(NAME, 7, b"") + FRAMES[1],
        [Chunk(NAME, 7, b"", last=True), EXPECTED[1]],
    ),
    "bad frame": (
        bytes(BAD) + BLOCK,
        [BadFrame(Fault.BAD_CHECKSUM, bytes(BAD[1:-1])), WHOLE],
    ),
    "noise": (b"GET 0\r\n" + BLOCK, [BadFrame(Fault.NOISE, b"GET 0\r\n"), WHOLE]),
    "cut frame": (FRAMES[1] + FRAMES[2][:9], [EXPECTED[1], BadFrame(Fault.CUT, FRAMES[2][:9])]),
}


@pytest.mark.parametrize("name", CASES)
def test_it_goes_on_after(name: str) -> None:
    octets, expected = CASES[name]
    for cut in range(len(octets)):
        found = [
            BadFrame(one.fault, one.raw) if isinstance(one, BadFrame) else one
            for one in read(octets, cut)
        ]
        assert found == expected, cut


def test_it_tells_a_block_that_is_cut_off() -> None:
    *chunks, last = read(BLOCK[:-10])
    assert chunks == [Chunk(NAME, 65536, DATA[:-10], last=False)]
    assert isinstance(last, BadFrame)
    assert last.fault is Fault.CUT


@pytest.mark.parametrize("head", [b"\xff" * 50 + bytes(8), bytes(58)])
def test_a_block_without_a_name_costs_itself(head: bytes) -> None:
    bad, *rest = read(b"01cd" + head + FRAMES[1])
    assert isinstance(bad, BadFrame)
    assert bad.fault is Fault.BAD_BLOCK
    assert rest[-1] == EXPECTED[1]


def test_it_holds_no_more_than_the_longest_frame() -> None:
    reader = AttachmentReader()
    long = build_block("long.mp4", 0, b"")[:-4] + (1 << 24).to_bytes(4, "big")
    reader.receive(long)
    for _ in range(300):
        (chunk,) = reader.receive(b"\x7e" * 5000)
        assert isinstance(chunk, Chunk)
        assert len(reader._pending) == 0
    for fill in (b"a", b"\x7ea", b"0", b"01c"):
        reader = AttachmentReader()
        for _ in range(3 * LONGEST // len(fill)):
            reader.receive(fill)
            assert len(reader._pending) + len(reader._noise) <= 2 * LONGEST + 70
        assert told(reader.receive(b"\x7e" + FRAMES[1]))[-1] == EXPECTED[1]


def test_a_block_too_long_to_be_one_is_noise() -> None:
    octets = build_block("x", 0, b"")[:-4] + b"\xff\xff\xff\xff"
    found = read(octets + FRAMES[1])
    assert isinstance(found[0], BadFrame)
    assert found[-1] == EXPECTED[1]


def test_it_refuses_to_build_what_has_no_room() -> None:
    with pytest.raises(EncodeError, match="name"):
        build_block("n" * 51, 0, b"")


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
@settings(max_examples=200, deadline=None)
def test_it_ends_in_values_whatever_comes_in(octets: bytes, cuts: list[int]) -> None:
    def all_of(*places: int) -> list[object]:
        reader = AttachmentReader(longest_block=1000)
        found: list[Frame | BadFrame | Chunk] = []
        for start, end in pairwise([0, *places, len(octets)]):
            found += reader.receive(octets[start:end])
        joined: dict[str, bytes] = defaultdict(bytes)
        for one in found:
            if isinstance(one, Chunk):
                joined[one.name] += one.data
        return [*(one for one in found if not isinstance(one, Chunk)), dict(joined)]

    assert all_of(*sorted(cut for cut in cuts if cut <= len(octets))) == all_of()


def test_it_knows_what_is_missing() -> None:
    extents = Extents()
    assert extents.missing(100) == (Gap(0, 100),)
    extents.add(50, 10)
    extents.add(0, 20)
    assert extents.missing(100) == (Gap(20, 30), Gap(60, 40))
    extents.add(15, 40)
    assert extents.missing(100) == (Gap(60, 40),)
    extents.add(60, 100)
    assert extents.missing(100) == ()
    assert extents.missing(200) == (Gap(160, 40),)
    assert Extents().missing(0) == ()


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12))
def test_it_agrees_with_a_plain_map_of_octets(stretches: list[tuple[int, int]]) -> None:
    extents, there = Extents(), set[int]()
    for offset, length in stretches:
        extents.add(offset, length)
        there |= set(range(offset, offset + length))
    lacking = [
        at for gap in extents.missing(70) for at in range(gap.offset, gap.offset + gap.length)
    ]
    assert lacking == sorted(set(range(70)) - there)


def test_too_many_pieces_are_asked_for_again() -> None:
    extents = Extents(most=3)
    for offset in range(0, 100, 10):
        extents.add(offset, 5)
    assert sum(gap.length for gap in extents.missing(100)) == 100 - 15


def test_it_answers_with_the_gaps() -> None:
    sent = FileSent("a.jpg", 0, 100)
    assert FileAnswer.on(sent, ()) == FileAnswer("a.jpg", 0, 0, ())
    gaps = tuple(Gap(at * 2, 1) for at in range(300))
    assert len(FileAnswer.on(sent, gaps).missing) == 255
