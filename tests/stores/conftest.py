"""A real bus server on loopback, one for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus_server import BusServer


@pytest.fixture
def bus_server(tmp_path: Path) -> Iterator[BusServer]:
    with BusServer(tmp_path) as running:
        yield running
