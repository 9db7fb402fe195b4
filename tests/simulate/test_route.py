"""Where a simulated vehicle is."""

from __future__ import annotations

import pytest

from jiaoan.kernel.coords import distance_m
from jiaoan.simulate.route import Route, bearing

A, B, C = (29.48, 113.27), (29.48, 113.28), (29.49, 113.28)


@pytest.mark.parametrize(
    ("end", "degrees"),
    [((30.0, 113.0), 0), ((29.0, 114.0), 90), ((28.0, 113.0), 180), ((29.0, 112.0), 270)],
)
def test_it_knows_the_bearing(end: tuple[float, float], degrees: int) -> None:
    assert abs(bearing(29.0, 113.0, *end) - degrees) <= 1


def test_it_moves_by_the_metre_and_stops_at_the_end() -> None:
    route = Route([A, B, C], loop=False)
    first = distance_m(*A, *B)
    for metres in (0.0, 100.0, first, first + 500):
        lat, lon, _, moving = route.at(metres)
        assert moving
        before = distance_m(*A, lat, lon) if metres <= first else first + distance_m(*B, lat, lon)
        assert before == pytest.approx(metres, abs=1)
    lat, lon, _, moving = route.at(10**6)
    assert (round(lat, 6), round(lon, 6), moving) == (*C, False)


def test_it_goes_round_a_ring() -> None:
    route = Route([A, B, C], loop=True)
    assert route.at(route.length_m + 100)[:2] == pytest.approx(route.at(100)[:2])
    assert route.at(10**7)[3]


def test_it_may_stand_still() -> None:
    assert Route([A], loop=True).at(500) == (*A, 0, False)
