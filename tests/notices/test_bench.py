"""What the bench reads is a notice: as many items as it was made of."""

from __future__ import annotations

from bench.notices import notice

from jiaoan.notices import read


def test_the_notice_of_the_bench_has_its_clauses() -> None:
    reading = read(notice(30))
    assert len(reading.items) == 30
    assert all(item.lead_units for item in reading.items)
    assert all(item.deadlines or item.recurrences for item in reading.items)
