from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from jiaoan.kernel.clock import (
    LOCAL,
    OFFSET_VARIABLE,
    FixedClock,
    OffsetClock,
    at_local,
    clock_from_environment,
    local,
    offset_for,
)


def test_it_lives_on_the_local_day() -> None:
    clock = FixedClock(datetime(2024, 4, 9, 16, 30, tzinfo=UTC))
    assert clock.today() == date(2024, 4, 10)
    clock.advance(timedelta(hours=-1))
    assert clock.today() == date(2024, 4, 9)


def test_it_keeps_the_time_of_day_when_it_moves_to_another_date() -> None:
    now = datetime(2026, 3, 1, 17, 5, 6, tzinfo=UTC)  # 01:05 on 2 March at the bureau
    moved = now + offset_for(date(2024, 4, 8), now)
    assert local(moved) == datetime(2024, 4, 8, 1, 5, 6, tzinfo=LOCAL)


def test_it_takes_its_offset_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OFFSET_VARIABLE, str(-86400.0 * 365))
    clock = clock_from_environment()
    assert clock == OffsetClock(timedelta(days=-365))
    assert abs(clock.now() - (datetime.now(UTC) - timedelta(days=365))) < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC
    monkeypatch.delenv(OFFSET_VARIABLE)
    assert clock_from_environment() == OffsetClock(timedelta(0))


def test_it_turns_a_wall_clock_time_into_utc() -> None:
    assert at_local(date(2024, 1, 1)) == datetime(2023, 12, 31, 16, tzinfo=UTC)
    assert at_local(date(2024, 6, 5), 14, 16, 37).utcoffset() == timedelta(0)
