"""What the starts are held against."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.result import Impossible

from bench import start


@pytest.mark.socket
def test_the_yardstick_of_the_pages_gives_a_page_of_its_own_database(tmp_path: Path) -> None:
    database = tmp_path / "bare.sqlite3"
    assert start._first_page(start._bare(database)) > 0
    assert database.stat().st_size > 0


@pytest.mark.socket
def test_pages_that_end_are_no_figure(tmp_path: Path) -> None:
    with pytest.raises(Impossible, match="ended before its first page"):
        start._first_page(("bench.bare_pages:nothing", {"BARE_DATABASE": str(tmp_path / "x")}))
