"""The tables of filings and trips, walked whole."""

from __future__ import annotations

from jiaoan.hazmat.states import FILING, TRIP, FilingState, TripState
from kernel.machines import assert_machine_is_exhaustive


def test_it_walks_the_filing_table() -> None:
    assert_machine_is_exhaustive(FILING)
    assert FILING.final_states() == {
        FilingState.REFUSED,
        FilingState.EXPIRED,
        FilingState.WITHDRAWN,
    }


def test_it_walks_the_trip_table() -> None:
    assert_machine_is_exhaustive(TRIP)
    assert TRIP.final_states() == set()  # late positions may correct each of them


def test_it_has_a_word_for_every_state() -> None:
    assert len({str(state.label) for state in FilingState}) == len(FilingState)
    assert len({str(state.label) for state in TripState}) == len(TripState)
    assert all(state.tone for state in FilingState)
