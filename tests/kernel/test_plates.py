from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaoan.kernel.plates import (
    PROVINCES,
    Plate,
    PlateColour,
    PlateRefused,
    display,
    implied_colour,
    is_plate,
    matches,
    parse_plate,
    search_key,
)

SERIAL = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
NUMBERS = st.builds(
    "{}{}{}".format,
    st.sampled_from(PROVINCES),
    st.sampled_from("ABCDEFGHJKLMNOPQRSTUVWXYZ"),
    st.text(SERIAL, min_size=5, max_size=5),
)


@pytest.mark.parametrize(
    ("text", "number", "colour"),
    [
        ("湘F32718", "湘F32718", None),
        ("鄂b·a7263 黄", "鄂BA7263", PlateColour.YELLOW),
        ("鄂Ｂ・Ａ７２６３（黄）", "鄂BA7263", PlateColour.YELLOW),
        ("湘F-327 18 蓝色", "湘F32718", PlateColour.BLUE),
        ("湘F D12345", "湘FD12345", PlateColour.GRADIENT_GREEN),
        ("湘FDF1234", "湘FDF1234", PlateColour.GRADIENT_GREEN),
        ("湘F12345F", "湘F12345F", PlateColour.YELLOW_GREEN),
        ("湘F·1234挂", "湘F1234挂", PlateColour.YELLOW),
        ("湘A1234学", "湘A1234学", PlateColour.YELLOW),
        ("湘A1234警", "湘A1234警", PlateColour.WHITE),
        ("粤Z·AB12港", "粤ZAB12港", PlateColour.BLACK),
        ("粤ZAB12澳", "粤ZAB12澳", PlateColour.BLACK),
        ("使224·578", "使224578", PlateColour.BLACK),
        ("224578使", "224578使", PlateColour.BLACK),
        ("沪A0023领", "沪A0023领", PlateColour.BLACK),
        ("湘X1234应急", "湘X1234应急", PlateColour.WHITE),
        ("黑A12345黑", "黑A12345", PlateColour.BLACK),
        ("云A12345黄绿", "云A12345", PlateColour.YELLOW_GREEN),
    ],
)
def test_it_reads_the_forms_of_ga_36(text: str, number: str, colour: PlateColour | None) -> None:
    assert parse_plate(text) == Plate(number, colour)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" · ", "empty"),
        ("黄", "empty"),
        ("BA7263", "province"),
        ("鄂BA726O", "letter"),
        ("鄂BI7263", "letter"),
        ("鄂IA7263", "form"),
        ("鄂BA726", "form"),
        ("鄂B172634", "form"),
        ("湘FL12345", "form"),  # L is no new-energy letter
        ("湘ZAB12港", "form"),  # only Guangdong has these
        ("使22457", "form"),
        ("湘F1234挂1", "form"),
        ("<script>", "province"),
    ],
)
def test_it_refuses_with_a_sentence(text: str, code: str) -> None:
    with pytest.raises(PlateRefused) as refusal:
        parse_plate(text)
    assert refusal.value.code == code
    assert str(refusal.value).startswith("号牌")
    assert text.strip(" ·黄") in str(refusal.value)


def test_the_callers_colour_wins() -> None:
    assert parse_plate("湘F32718黄", PlateColour.BLUE).colour is PlateColour.BLUE
    assert parse_plate("湘FD12345", PlateColour.GREEN).colour is PlateColour.GREEN


@given(NUMBERS)
def test_it_reads_back_what_it_displays(number: str) -> None:
    assert is_plate(number)
    shown = display(number)
    assert shown == number[:2] + "·" + number[2:] == str(Plate(number))
    assert parse_plate(shown.lower()).number == number
    assert parse_plate(f" {number[0]} {number[1:]} 黄 ") == Plate(number, PlateColour.YELLOW)
    assert implied_colour(number) is None


@given(NUMBERS, st.integers(0, 6), st.integers(1, 7))
def test_any_part_of_a_plate_finds_it(number: str, start: int, length: int) -> None:
    assert matches(number[start : start + length], number)
    assert matches(display(number), number)
    assert matches(number[1:].lower(), number)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("a7263", True),
        ("b a72", True),
        ("Ｂ·Ａ７２", True),
        ("鄂BA7263 黄", True),
        ("", True),
        ("湘BA7263", False),
        ("7236", False),
        ("黄", False),
    ],
)
def test_the_search_forgives_form_but_not_substance(query: str, found: bool) -> None:
    assert matches(query, "鄂BA7263") is found


def test_the_search_key_is_what_the_store_holds() -> None:
    assert search_key("ｂ·a72 63") == "BA7263"
    assert search_key("黑") == "黑"  # a province, not a colour


def test_a_text_that_is_no_plate_is_shown_as_it_is() -> None:
    assert display("LGAX3A136D3012345") == "LGAX3A136D3012345"


@given(st.text(max_size=20))
def test_it_reads_or_refuses_any_text(text: str) -> None:
    try:
        number = parse_plate(text).number
    except PlateRefused:
        number = ""
    assert number == "" or is_plate(number)


def test_every_colour_has_its_words() -> None:
    assert [colour.char_zh for colour in PlateColour] == list("蓝黄黑白绿其黄绿绿绿")
    assert len({colour.label_zh for colour in PlateColour}) == 10
