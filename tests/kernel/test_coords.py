from __future__ import annotations

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaoan.kernel.coords import (
    Datum,
    distance_m,
    from_wgs84,
    offset_applies,
    to_wgs84,
)

# Inside the rectangle of the offset by more than the offset itself.
LATS = st.floats(1.0, 55.7)
LONS = st.floats(72.1, 137.7)
YUNXI = (29.47, 113.27)


@given(LATS, LONS, st.sampled_from(list(Datum)))
def test_it_comes_back_to_where_it_was(lat: float, lon: float, datum: Datum) -> None:
    there = from_wgs84(lat, lon, datum)
    back = to_wgs84(*there, datum)
    assert abs(back[0] - lat) < 1e-9
    assert abs(back[1] - lon) < 1e-9


def test_it_moves_a_point_at_the_district_as_measured() -> None:
    """The offset here was measured once against a map service: 564 m east, 293 m south."""
    lat, lon = from_wgs84(*YUNXI, Datum.GCJ02)
    assert distance_m(YUNXI[0], YUNXI[1], YUNXI[0], lon) == pytest.approx(564, abs=8)
    assert distance_m(YUNXI[0], YUNXI[1], lat, YUNXI[1]) == pytest.approx(293, abs=8)
    assert lat < YUNXI[0]
    assert lon > YUNXI[1]


def test_it_agrees_with_a_published_pair() -> None:
    """Tiananmen as it is quoted with the community formula: 39.90734, 116.39089 in WGS-84 is
    39.90874, 116.39713 in GCJ-02 and 39.91509, 116.40350 in BD-09."""
    gcj = from_wgs84(39.907340, 116.390890, Datum.GCJ02)
    assert distance_m(*gcj, 39.908742, 116.397130) < 3
    bd = from_wgs84(39.907340, 116.390890, Datum.BD09)
    assert distance_m(*bd, 39.915090, 116.403500) < 8


def test_it_leaves_points_abroad_alone() -> None:
    for point in [(51.5, -0.12), (-33.9, 151.2), (0.0, 0.0)]:
        assert not offset_applies(*point)
        assert from_wgs84(*point, Datum.GCJ02) == point == to_wgs84(*point, Datum.GCJ02)


@given(LATS, LONS)
def test_wgs84_is_left_as_it_is(lat: float, lon: float) -> None:
    assert to_wgs84(lat, lon, Datum.WGS84) == (lat, lon) == from_wgs84(lat, lon, Datum.WGS84)


@pytest.mark.parametrize(
    ("lat", "lon", "word"), [(113.2, 29.4, "纬度"), (29.4, 181.0, "经度"), (nan, 113.0, "纬度")]
)
def test_it_refuses_what_is_no_coordinate(lat: float, lon: float, word: str) -> None:
    for call in (
        lambda: to_wgs84(lat, lon, Datum.GCJ02),
        lambda: from_wgs84(lat, lon, Datum.WGS84),
        lambda: distance_m(lat, lon, 0, 0),
    ):
        with pytest.raises(ValueError, match=word):
            call()


def test_it_measures_known_distances() -> None:
    assert distance_m(0, 0, 0, 1) == pytest.approx(111_195, abs=1)
    assert distance_m(0, 0, 90, 0) == pytest.approx(10_007_557, abs=1)
    assert distance_m(0, 0, 0, 180) == pytest.approx(2 * 10_007_557, abs=2)
    assert distance_m(*YUNXI, *YUNXI) == 0


@given(LATS, LONS, LATS, LONS)
def test_distance_is_the_same_both_ways(a: float, b: float, c: float, d: float) -> None:
    assert distance_m(a, b, c, d) == pytest.approx(distance_m(c, d, a, b), abs=1e-6)
