"""Windows at their edges: opening, closing, midnight, weekdays, calendar days, year end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaoan.rules.hours import ALWAYS_OPENED, Hours, HoursRefused, opened

LOCAL = timezone(timedelta(hours=8))


def at(text: str) -> int:
    """Local time as UTC milliseconds."""
    moment = datetime.fromisoformat(text).replace(tzinfo=LOCAL)
    return round(moment.astimezone(UTC).timestamp() * 1000)


def hours(**said: object) -> Hours:
    return Hours.parse({"from": "07:00", "to": "09:00", **said})


NIGHT = {"from": "22:00", "to": "05:00"}


@pytest.mark.parametrize(
    ("said", "time", "since"),
    [
        ({}, "2024-04-08T06:59:59.999", None),
        ({}, "2024-04-08T07:00:00.000", "2024-04-08T07:00"),
        ({}, "2024-04-08T08:59:59.999", "2024-04-08T07:00"),
        ({}, "2024-04-08T09:00:00.000", None),
        ({"from": "00:00", "to": "24:00"}, "2024-04-08T00:00", "2024-04-08T00:00"),
        ({"from": "00:00", "to": "24:00"}, "2024-04-08T23:59:59.999", "2024-04-08T00:00"),
        (NIGHT, "2024-04-08T21:59:59.999", None),
        (NIGHT, "2024-04-08T22:00", "2024-04-08T22:00"),
        (NIGHT, "2024-04-09T00:00", "2024-04-08T22:00"),
        (NIGHT, "2024-04-09T04:59:59.999", "2024-04-08T22:00"),
        (NIGHT, "2024-04-09T05:00", None),
        (NIGHT, "2025-01-01T01:00", "2024-12-31T22:00"),
        (NIGHT, "2024-03-01T01:00", "2024-02-29T22:00"),
        # A window belongs to the weekday on which it opens: 2024-04-12 is a Friday.
        ({**NIGHT, "weekdays": [5]}, "2024-04-12T23:00", "2024-04-12T22:00"),
        ({**NIGHT, "weekdays": [5]}, "2024-04-13T01:00", "2024-04-12T22:00"),
        ({**NIGHT, "weekdays": [5]}, "2024-04-12T01:00", None),
        ({**NIGHT, "weekdays": [6]}, "2024-04-13T01:00", None),
        ({"weekdays": [1]}, "2024-04-08T08:00", "2024-04-08T07:00"),
        ({"weekdays": [2, 3, 4, 5, 6, 7]}, "2024-04-08T08:00", None),
        ({"first_day": "2024-04-08"}, "2024-04-07T08:00", None),
        ({"first_day": "2024-04-08"}, "2024-04-08T08:00", "2024-04-08T07:00"),
        ({"last_day": "2024-04-08"}, "2024-04-08T08:00", "2024-04-08T07:00"),
        ({"last_day": "2024-04-08"}, "2024-04-09T08:00", None),
        # The last day's window is open to its end, in the small hours of the day after.
        ({**NIGHT, "last_day": "2024-04-08"}, "2024-04-09T04:00", "2024-04-08T22:00"),
        ({**NIGHT, "first_day": "2024-04-08"}, "2024-04-08T04:00", None),
    ],
)
def test_a_window_is_open(said: dict[str, object], time: str, since: str | None) -> None:
    assert hours(**said).opened(at(time)) == (None if since is None else at(since))


def test_without_windows_it_is_always_in_force() -> None:
    assert opened([], at("2024-04-08T03:00")) == ALWAYS_OPENED


def test_of_two_open_windows_the_first_to_open_counts() -> None:
    both = [hours(**{"from": "06:00", "to": "08:00"}), hours()]
    assert opened(both, at("2024-04-08T07:30")) == at("2024-04-08T06:00")
    assert opened(both, at("2024-04-08T08:30")) == at("2024-04-08T07:00")
    assert opened(both, at("2024-04-08T10:00")) is None


@given(
    start=st.integers(0, 1439), end=st.integers(1, 1440), minute=st.integers(0, 20_000_000),
    weekdays=st.sets(st.integers(1, 7), min_size=1),
)  # fmt: skip
def test_it_agrees_with_the_calendar(start: int, end: int, minute: int, weekdays: set[int]) -> None:
    if start == end:
        return
    window = Hours(start, end, frozenset(weekdays))
    time = datetime(1999, 12, 31, tzinfo=LOCAL) + timedelta(minutes=minute)
    expected = None
    for back in (0, 1):
        opens = time.replace(hour=0, minute=0) - timedelta(days=back) + timedelta(minutes=start)
        lasts = (end - start) if end > start else (end - start + 1440)
        if opens <= time < opens + timedelta(minutes=lasts) and opens.isoweekday() in weekdays:
            expected = round(opens.timestamp() * 1000)
    assert window.opened(round(time.timestamp() * 1000)) == expected


def test_it_reads_what_it_writes() -> None:
    window = Hours(1320, 300, frozenset({1, 5}), date(2024, 1, 15), date(2024, 2, 25))
    assert Hours.parse(window.as_json()) == window
    assert hours(to="24:00").as_json()["to"] == "24:00"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"from": "7"}, "from: '7' is no time of day"),
        ({"from": "07:60"}, "from: '07:60' is no time"),
        ({"to": "24:01"}, "to: '24:01' is no time"),
        ({"to": ""}, "to: '' is no time of day"),
        ({"to": "07:00"}, "to: must differ"),
        ({"from": "24:00"}, "from: a window begins"),
        ({"weekdays": [0]}, "weekdays"),
        ({"weekdays": "1"}, "weekdays"),
        ({"first_day": "8.4."}, "first_day"),
        ({"first_day": "2024-04-09", "last_day": "2024-04-08"}, "last_day"),
    ],
)
def test_it_refuses_what_is_no_window(said: dict[str, object], why: str) -> None:
    with pytest.raises(HoursRefused, match=why):
        hours(**said)
