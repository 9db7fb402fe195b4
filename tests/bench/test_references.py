"""The measurement of a reference's change at small size: it compares before it says a figure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # bench lies beside src

from bench.result import Impossible

from bench import references
from jiaoan.rules.driving.book import Book


def test_it_measures_both_in_turns() -> None:
    result = references.measured(2, 50)
    assert (result.unit, len(result.runs)) == ("ms", 2)
    assert result.notes["vehicles"] == 50


def test_it_says_no_figure_for_a_book_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Book, "changed", lambda self, _changes: self)
    with pytest.raises(Impossible):
        references.measured(1, 50)
