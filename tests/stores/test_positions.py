from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaoan.stores import positions
from jiaoan.stores.positions import DTYPE, NotPositions


def row(**fields: object) -> positions.Positions:
    array = positions.empty(1)
    for name, value in fields.items():
        array[name] = value
    return array


@given(st.binary(max_size=400), st.lists(st.binary(max_size=40), max_size=12))
def test_it_gives_back_what_it_was_given(noise: bytes, octets: list[bytes]) -> None:
    raw = (noise * (len(octets) * DTYPE.itemsize // max(len(noise), 1) + 1)) or bytes(
        len(octets) * DTYPE.itemsize
    )
    array = np.frombuffer(raw, DTYPE, len(octets)).copy()
    array["source"][array["source"] == positions.DRIVER_CARD] = positions.LIVE
    again, said = positions.unpack(positions.pack(array, octets))
    assert again.tobytes() == array.tobytes()
    assert list(said) == octets
    assert [said[at] for at in range(len(said))] == octets


@given(st.lists(st.booleans(), max_size=12))
def test_it_keeps_cards_between_positions_at_their_places(order: list[bool]) -> None:
    """Whoever wants positions sees none of them; whoever wants them learns what they precede."""
    rows = np.concatenate(
        [positions.empty(0)]
        + [
            np.array([positions.card_row(7, "13912345678", 50 + at, 99, 1, at)], DTYPE)
            if card
            else row(vehicle=7, serial=at)
            for at, card in enumerate(order)
        ]
    )
    data = positions.pack(rows, [b"%d" % at for at in range(len(order))])
    array, octets = positions.unpack(data)
    places = [at for at, card in enumerate(order) if not card]
    assert array["serial"].tolist() == places
    assert list(octets) == [b"%d" % at for at in places]
    assert positions.unpack_cards(data) == [
        (sum(place < at for place in places), 7, "13912345678", 50 + at, 99, 1, b"%d" % at)
        for at, card in enumerate(order)
        if card
    ]


@given(st.lists(st.integers(0, 5), max_size=4), st.integers(1, 3))
def test_it_puts_arrays_together_in_their_order(lengths: list[int], step: int) -> None:
    arrays = [positions.empty(length * step)[::step] for length in lengths]
    for number, array in enumerate(arrays):
        array["vehicle"], array["terminal"] = number, b"13912345678"
    whole = positions.concatenated(arrays)
    assert whole.tobytes() == np.concatenate([positions.empty(0), *arrays]).tobytes()
    assert whole.dtype == DTYPE
    whole["vehicle"] = 8


def test_it_hands_out_an_array_that_may_be_written_to() -> None:
    array, _ = positions.unpack(positions.pack(row(vehicle=7), [b"x"]))
    array["vehicle"] = 8
    assert array["vehicle"][0] == 8


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "too few"),
        (b"ARROW1" + bytes(60), "not a block of positions"),
        (b"JAP1" + bytes(60), "another form"),
    ],
)
def test_it_refuses_foreign_data_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(NotPositions, match=why):
        positions.unpack(data)


def test_it_refuses_every_damaged_octet_and_every_cut() -> None:
    good = positions.pack(row(vehicle=1, lat=29_500_000), [b"\x7e\x02"])
    for place in range(len(good)):
        with pytest.raises(NotPositions):
            positions.unpack(good[:place])
        bad = bytearray(good)
        bad[place] ^= 0x10
        with pytest.raises(NotPositions):
            positions.unpack(bytes(bad))


def test_it_refuses_octets_that_do_not_belong_to_the_rows() -> None:
    with pytest.raises(ValueError, match="1 positions but octets of 2"):
        positions.pack(row(), [b"", b""])
    with pytest.raises(ValueError, match="DTYPE"):
        positions.pack(np.zeros(1, [("vehicle", "<i8")]), [b""])


def test_it_tells_doubles_without_the_serial_and_the_way_they_came() -> None:
    facts = {"vehicle": 5, "time_ms": 10, "lat": -3, "lon": 4, "alarm": 255, "status": 3}
    first = positions.key_of(row(**facts, serial=1, source=0)[0])
    assert positions.key_of(row(**facts, serial=9, source=2, version=1)[0]) == first
    assert first == "5-10--3-4-ff-3"
    for name in facts:
        other = positions.key_of(row(**{**facts, name: 77})[0])
        assert other != first, name


def test_it_spreads_vehicles_over_sixteen_partitions() -> None:
    assert {positions.partition_of(vehicle) for vehicle in range(1, 100)} == set(range(16))
    assert positions.subject_of(positions.partition_of(23)) == "positions.07"
