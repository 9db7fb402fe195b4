"""A short run of ``fuzz``: the long ones are made by hand, ten million frames and more."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # fuzz lies beside src

from fuzz.jt808 import Fuzzer
from fuzz.mutate import MUTATIONS, mutated


@pytest.mark.parametrize("seed", [1, 2])
def test_no_broken_frame_takes_its_neighbour_with_it(seed: int) -> None:
    fuzzer = Fuzzer(seed)
    fuzzer.run(1500)
    assert fuzzer.counts["frames"] == 1500
    # A run that never met these would show nothing.
    for met in ("bad: bad_checksum", "bad body", "good body", "part: kept"):
        assert fuzzer.counts[met]


@pytest.mark.slow
def test_no_broken_frame_takes_its_neighbour_with_it_in_a_long_run() -> None:
    Fuzzer(3).run(30_000)


def test_a_run_is_repeated_by_its_seed() -> None:
    first, second = Fuzzer(9), Fuzzer(9)
    first.run(200)
    second.run(200)
    assert first.counts == second.counts


def test_every_way_of_breaking_breaks_something() -> None:
    for mutation in MUTATIONS:
        octets = bytearray(range(60))
        mutation(random.Random(1), octets, [b"\x7eabc\x7e"])
        assert bytes(octets) != bytes(range(60))
    assert mutated(random.Random(1), b"", [b"x"]) is not None
