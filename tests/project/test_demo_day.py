"""The day a demonstration lives on: a fixed first day, then the days go on."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from jiaoan.kernel.clock import LOCAL
from jiaoan.project.installation import Installation, Kind
from jiaoan.project.system import DEMO_DAY, _demo_day


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "demo")
    made.make(Kind.DEMO)
    return made


def test_it_begins_on_the_day_of_the_demonstration(installation: Installation) -> None:
    assert _demo_day(installation, None) == DEMO_DAY
    assert _demo_day(installation, None) == DEMO_DAY


def test_it_takes_the_day_that_was_asked_for(installation: Installation) -> None:
    asked = date(2024, 6, 5)
    assert _demo_day(installation, asked) == asked
    assert _demo_day(installation, None) == asked


def test_it_goes_on_with_the_real_days(installation: Installation) -> None:
    """A clock that fell back each morning would put facts before those they follow."""
    yesterday = datetime.now(LOCAL).date() - timedelta(days=1)
    kept = {"day": "2024-04-08", "real": yesterday.isoformat()}
    installation.write("demo-day.json", json.dumps(kept))
    assert _demo_day(installation, None) == date(2024, 4, 9)
