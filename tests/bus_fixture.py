"""The fixture ``bus_server`` for test modules that name this one in ``pytest_plugins``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus_server import BusServer


@pytest.fixture
def bus_server(tmp_path: Path) -> Iterator[BusServer]:
    """One running server for the test, over its temporary folder."""
    with BusServer(tmp_path) as running:
        yield running
