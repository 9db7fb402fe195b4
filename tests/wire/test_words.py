"""Octets eight at a time are the same octets; frames built in words are those of the codec."""

from __future__ import annotations

from functools import reduce
from operator import xor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from numba import njit, uint64

from jiaoan.wire import words
from jiaoan.wire.jt808.framing import checksum, escape
from jiaoan.wire.jt808.jitted_kernels import frame

OCTET = st.sampled_from([0x00, 0x01, 0x02, 0x7C, 0x7D, 0x7E, 0x7F, 0x80, 0xFE, 0xFF])
EIGHT = st.lists(st.one_of(OCTET, st.integers(0, 255)), min_size=8, max_size=8).map(bytes)


def word(octets: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(octets, "little"))


def memory(octets: bytes, more: int = 0) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(octets + bytes(more), np.uint8).copy()


@given(EIGHT, OCTET)
def test_the_first_of_an_octet_is_found_and_only_that_one(octets: bytes, sought: int) -> None:
    found = words.matches(word(octets), words.repeated(sought))
    assert bool(found) == (sought in octets)
    if found:
        assert words.first(np.uint64(found)) == octets.index(sought)


@given(EIGHT, st.integers(0, 7))
def test_parts_and_the_fold_of_a_word(octets: bytes, count: int) -> None:
    assert words.before(word(octets), np.uint64(count)) == word(octets[:count])
    assert words.folded(word(octets)) == reduce(xor, octets)
    there = memory(octets)
    at = np.uint64(there.ctypes.data)
    assert words.rest_at(at, at + np.uint64(count)) == word(octets[:count])


@given(st.binary(min_size=8, max_size=60))
def test_a_copy_is_the_same_and_writes_nothing_else(octets: bytes) -> None:
    source, target = memory(octets), memory(bytes(len(octets)), 8)
    size = np.uint64(len(octets))
    words.copy(np.uint64(source.ctypes.data), size, np.uint64(target.ctypes.data))
    assert target.tobytes() == octets + bytes(8)


@njit(uint64(uint64))
def _numbers(at: words.Int) -> words.Int:
    words.put_octet(at, words.octet_at(at) + 1)
    words.put_u16(at + np.uint64(1), words.u16_at(at + np.uint64(1)) + 1)
    return np.uint64(words.u32_at(at + np.uint64(4)))


def test_numbers_of_the_wire_have_their_highest_octet_first() -> None:
    there = memory(bytes.fromhex("41 12 ff 00 01 02 03 04"))
    assert _numbers(np.uint64(there.ctypes.data)) == 0x01020304
    assert there.tobytes().hex(" ") == "42 13 00 00 01 02 03 04"


@given(st.lists(st.one_of(OCTET, st.integers(0, 255)), min_size=1, max_size=60).map(bytes))
def test_a_frame_is_the_one_that_the_codec_builds(content: bytes) -> None:
    there, out = memory(content, 9), np.zeros(2 * len(content) + 16, np.uint8)
    at, to = np.uint64(there.ctypes.data), np.uint64(out.ctypes.data)
    end = frame(at, at + np.uint64(len(content)), to)
    whole = content + bytes([checksum(content)])
    assert out[: int(end - to)].tobytes() == b"\x7e" + escape(whole) + b"\x7e"
