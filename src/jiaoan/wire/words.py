"""Octets of memory, one or several at a time, for compiled code.

numba gives a function that is handed an array two locked instructions for each call, and knows no
reading of eight octets at any place. So what looks at every octet is handed *addresses* here, as
plain numbers (``array.ctypes.data`` and what is added to it). Nobody looks whether an address is
within its array: who calls has to know. A *word* is ``uint64``, and its first octet is its lowest.

Importing this module needs numba, and compiles, or loads from numba's cache on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

import numpy as np
from llvmlite import ir
from numba import njit, types, uint8, uint64, void
from numba.extending import intrinsic

Int: TypeAlias = Any
"""A number; how wide it is, and whether it has a sign, the signature given to numba says."""
WORD: Final = 8
"""Octets of a word."""
_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_BITS = np.uint64(3)  # a shift: an octet has eight


def _reader(bits: int, result: Any, *, swapped: bool = False) -> Callable[[Int], Int]:
    """What reads so many bits at an address; ``swapped`` where the first octet is the highest."""

    def read(typing_context: Any, address: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kind = ir.IntType(bits)
            found = builder.load(builder.inttoptr(values[0], kind.as_pointer()), align=1)
            found = builder.bswap(found) if swapped else found
            return found if bits == result.bitwidth else builder.zext(found, ir.IntType(64))

        return result(types.uint64), build

    return cast(Callable[[Int], Int], intrinsic(read))


def _writer(bits: int, *, swapped: bool = False) -> Callable[[Int, Int], None]:
    """What lays down the lowest bits of a value at an address."""

    def write(typing_context: Any, address: Any, value: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kind = ir.IntType(bits)
            value = values[1] if bits == 64 else builder.trunc(values[1], kind)
            value = builder.bswap(value) if swapped else value
            builder.store(value, builder.inttoptr(values[0], kind.as_pointer()), align=1)
            return context.get_dummy_value()

        return types.void(types.uint64, types.uint64), build

    return cast(Callable[[Int, Int], None], intrinsic(write))


word_at = _reader(64, types.uint64)
octet_at = _reader(8, types.int64)
u16_at = _reader(16, types.int64, swapped=True)
"""Two octets as the wire has them, the highest first."""
u32_at = _reader(32, types.int64, swapped=True)
put_word = _writer(64)
put_octet = _writer(8)
put_u16 = _writer(16, swapped=True)


def _lowest(typing_context: Any, word: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), build


_lowest_bit = cast(Callable[[Int], Int], intrinsic(_lowest))


def repeated(octet: int) -> np.uint64:
    """A word of eight times the same octet."""
    return np.uint64(octet) * _ONES


@njit(uint64(uint64, uint64), cache=True, nogil=True, forceinline=True)
def matches(word: Int, pattern: Int) -> Int:
    """Not 0 where an octet of both words is the same; its lowest bit is in the first of them."""
    other = word ^ pattern
    return (other - _ONES) & ~other & _HIGHS


@njit(uint64(uint64), cache=True, nogil=True, forceinline=True)
def first(found: Int) -> Int:
    """How many octets stand before the first that :func:`matches` found, which is not 0."""
    return _lowest_bit(found) >> _BITS


@njit(uint64(uint64, uint64), cache=True, nogil=True, forceinline=True)
def before(word: Int, count: Int) -> Int:
    """The first ``count`` octets, fewer than 8, of a word, and 0 behind them."""
    return word & ((np.uint64(1) << (count << _BITS)) - np.uint64(1))


@njit(uint64(uint64, uint64), cache=True, nogil=True, forceinline=True)
def rest_at(address: Int, end: Int) -> Int:
    """The word of the octets at ``address:end``, fewer than 8, and 0 behind them."""
    word = np.uint64(0)
    shift = np.uint64(0)
    while address < end:
        word |= np.uint64(octet_at(address)) << shift
        shift += np.uint64(8)
        address += np.uint64(1)
    return word


@njit(uint8(uint64), cache=True, nogil=True, forceinline=True)
def folded(word: Int) -> Int:
    """The exclusive or of the eight octets of a word."""
    word ^= word >> np.uint64(32)
    word ^= word >> np.uint64(16)
    return (word ^ (word >> np.uint64(8))) & np.uint64(0xFF)


@njit(void(uint64, uint64, uint64), cache=True, nogil=True, forceinline=True)
def copy(source: Int, size: Int, to: Int) -> None:
    """Copy ``size`` octets, 8 or more."""
    last = size - np.uint64(WORD)
    at = np.uint64(0)
    while at < last:
        put_word(to + at, word_at(source + at))
        at += np.uint64(WORD)
    put_word(to + last, word_at(source + last))
