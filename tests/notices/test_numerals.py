"""Chinese numerals, held against a library that reads them too."""

from __future__ import annotations

import cn2an
import pytest

from jiaoan.notices.numerals import to_int


def test_it_reads_every_number_that_a_notice_can_hold() -> None:
    for number in range(1, 10000):
        assert to_int(cn2an.an2cn(number)) == number


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("二〇二四", 2024), ("二○二五", 2025), ("二零二六", 2026), ("两百", 200), ("二百五", 250),
        ("一百零五", 105), ("两", 2), ("十", 10), ("一十二", 12), ("百", 100), ("12", 12),
        ("股", None), ("", None), ("３", None),
    ],
)  # fmt: skip
def test_it_reads_the_ways_in_which_offices_write(word: str, number: int | None) -> None:
    assert to_int(word) == number
