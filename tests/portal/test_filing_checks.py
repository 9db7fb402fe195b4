"""The checks of a filing are told in the language of the page."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from jiaoan.portal.hazmat.checks import TITLES, shown
from jiaoan.rules.filings import Checked, FilingCheck, FilingFacts, check_filing

FACTS = FilingFacts(
    valid_to=date(2024, 4, 10),
    licence_valid_to=date(2024, 4, 8),
    inspection_valid_to=date(2024, 12, 31),
    insurance_valid_to=None,
    tank_inspection_valid_to=date(2024, 4, 10),
    driver_valid_to=date(2025, 1, 1),
    escort_valid_to=date(2025, 1, 1),
    tank_number="",
    known_tank="WG001",
    known_vehicle=True,
    earlier_refused=1,
)


@pytest.mark.parametrize(
    ("code", "chinese", "english"),
    [
        ("licence", ("经营许可证有效期覆盖备案期", "至 2024-04-08"),
         ("Operating licence valid for the days of the filing", "until 2024-04-08")),
        ("insurance", ("承运人责任险有效期覆盖备案期", "未填"),
         ("Carrier's liability insurance valid for the days of the filing", "not filled in")),
        ("tank", ("罐体号与车辆档案一致", "未填"),
         ("Tank number as in the vehicle's record", "not filled in")),
        ("vehicle", ("车辆已有定位档案", "有"),
         ("Vehicle on record with positions", "on record")),
        ("history", ("该车以往未予备案", "1 次"),
         ("Filings of this vehicle refused before", "1 time")),
    ],
)  # fmt: skip
def test_it_says_a_check_in_both_languages(
    code: str, chinese: tuple[str, str], english: tuple[str, str]
) -> None:
    check = next(one for one in check_filing(FACTS) if one.code == code)
    for language, words in (("zh-hans", chinese), ("en", english)):
        with override(language):
            told = shown(check)
            assert (told.text, told.value) == words


def test_it_has_a_title_for_each_check_and_keeps_a_tank_number() -> None:
    assert set(TITLES) == set(Checked)
    with override("en"):
        assert all(str(words).isascii() for words in TITLES.values())
        assert shown(FilingCheck(Checked.TANK, "罐7", True)).value == "罐7"
        assert shown(FilingCheck(Checked.VEHICLE, False, True)).value == "not on record"
