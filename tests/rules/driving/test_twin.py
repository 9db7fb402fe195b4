"""The jitted pass and the plain Python twin find the same, event by event."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.driving.tracks import (
    cards_for,
    fleets,
    pass_events,
    quick_book,
    twin_findings,
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_pass_finds_what_the_twin_finds(data: st.DataObject) -> None:
    positions, around = data.draw(fleets())
    cards = data.draw(cards_for(positions))
    book = quick_book(6, data.draw(st.integers(0, 1)))
    theirs = twin_findings(positions, book, cards, around)
    assert pass_events(positions, book, cards, around) == theirs
