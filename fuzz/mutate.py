"""What happens to octets between two ends: each way as one function."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Mutation = Callable[[random.Random, bytearray, Sequence[bytes]], None]


def flip(dice: random.Random, octets: bytearray, others: Sequence[bytes]) -> None:
    """One bit."""
    if octets:
        octets[dice.randrange(len(octets))] ^= 1 << dice.randrange(8)


def replace(dice: random.Random, octets: bytearray, others: Sequence[bytes]) -> None:
    """One octet, often by one that means something."""
    if octets:
        octets[dice.randrange(len(octets))] = dice.choice((0, 0xFF, 0x7E, 0x7D, 0x5B, 0x5D, 0x30))


def cut(dice: random.Random, octets: bytearray, others: Sequence[bytes]) -> None:
    """A stretch is lost."""
    at = dice.randrange(len(octets) + 1)
    del octets[at : at + dice.randrange(1, 30)]


def cut_off(dice: random.Random, octets: bytearray, others: Sequence[bytes]) -> None:
    """All behind a place is lost."""
    del octets[dice.randrange(len(octets) + 1) :]


def insert(dice: random.Random, octets: bytearray, others: Sequence[bytes]) -> None:
    """Noise somewhere."""
    at = dice.randrange(len(octets) + 1)
    octets[at:at] = dice.randbytes(dice.randrange(1, 12))


def repeat(dice: random.Random, octets: bytearray, others: Sequence[bytes]) -> None:
    """A stretch comes twice."""
    at = dice.randrange(len(octets) + 1)
    octets[at:at] = octets[at : at + dice.randrange(1, 40)]


def flag(dice: random.Random, octets: bytearray, others: Sequence[bytes]) -> None:
    """Flags, doubled or where none belong."""
    at = dice.choice((0, len(octets), dice.randrange(len(octets) + 1)))
    octets[at:at] = dice.choice((b"\x7e", b"\x7e\x7e", b"\x5b", b"\x5d", b"\x7d", b"\x5a", b"\x5e"))


def join(dice: random.Random, octets: bytearray, others: Sequence[bytes]) -> None:
    """The head of one and the tail of another."""
    other = dice.choice(others)
    del octets[dice.randrange(len(octets) + 1) :]
    octets += other[dice.randrange(len(other) + 1) :]


def follow(dice: random.Random, octets: bytearray, others: Sequence[bytes]) -> None:
    """Another one right behind, sharing a flag or not."""
    octets += dice.choice(others)[dice.randrange(2) :]


MUTATIONS: tuple[Mutation, ...] = (
    flip,
    replace,
    cut,
    cut_off,
    insert,
    repeat,
    flag,
    join,
    follow,
)


TOGETHER = 16
"""Broken frames, each with a good one behind it, that are fed at once."""


def mutated(dice: random.Random, octets: bytes, others: Sequence[bytes]) -> bytes:
    """Octets after one to four accidents."""
    out = bytearray(octets)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 4))):
        dice.choice(MUTATIONS)(dice, out, others)
    return bytes(out)


def portions(dice: random.Random, octets: bytes) -> list[bytes]:
    """The octets as a network might hand them over: whole, or cut here and there, or all in small
    pieces. Small pieces are dear, so they are rarer."""
    kind = dice.random()
    if kind < 0.5:
        return [octets]
    most = dice.choice((1, 3, 20)) if kind > 0.9 else 200
    found, at = [], 0
    while at < len(octets):
        end = at + 1 + int(dice.random() * most)
        found.append(octets[at:end])
        at = end
    return found
