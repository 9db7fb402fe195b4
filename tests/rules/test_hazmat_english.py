"""Every reason of a verdict has an English sentence that says the same figures."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from jiaoan.rules.hazmat import FilingPaper, WaybillPaper, judge_entry
from jiaoan.rules.hazmat_english import reason
from jiaoan.rules.hazmat_record import to_record
from rules.test_hazmat import AT, BILL, DAY, ENTRY, FILING

ENDED = replace(FILING, valid_from=DAY - timedelta(days=9), valid_to=DAY - timedelta(days=2))
OTHER = replace(BILL, plate="湘F12345", tank_number="WG999", un_numbers=("UN1830",))
LOCAL = replace(ENTRY, outside=False)


def said(
    filings: list[FilingPaper], bills: list[WaybillPaper], *, local: bool = False
) -> dict[str, tuple[str, str]]:
    entry = LOCAL if local else ENTRY
    judgement = judge_entry(entry, filings, bills, AT)
    record = to_record(judgement, entry, filings, bills, AT)
    return {one.code: reason(record, one.code, one.text, one.value) for one in judgement.reasons}


@pytest.mark.parametrize("filings", [[], [FILING], [ENDED]])
@pytest.mark.parametrize("bills", [[], [BILL], [OTHER]])
@pytest.mark.parametrize("local", [True, False])
def test_no_reason_is_left_in_chinese(
    filings: list[FilingPaper], bills: list[WaybillPaper], local: bool
) -> None:
    for sentence, value in said(filings, bills, local=local).values():
        assert not re.search("[\u4e00-\u9fff，。：]", sentence + value), sentence


def test_it_says_the_figures_of_the_record() -> None:
    found = said([FILING], [BILL])
    assert found["entry.consecutive"][0].startswith("fixes in a row inside the district line: 1 ")
    assert "more than 50 m" in found["entry.depth"][0]
    assert found["entry.depth"][1] == "86 m"
    assert found["filing.valid"] == ("valid filing BA-2024-00001, 8 Apr to 8 Apr", "1")
    assert found["waybill.match"][0].startswith("valid waybill 420202404080317")


def test_it_names_what_differs_and_what_ended() -> None:
    found = said([FILING], [OTHER])
    assert found["waybill.match"] == (
        "waybill 420202404080317 does not agree in: plate, tank, UN number",
        "0 agree",
    )
    assert "BA-2024-00001, ended on 6 Apr" in said([ENDED], [])["filing.valid"][0]


def test_a_code_it_does_not_know_stays_as_it_is_kept() -> None:
    assert reason({}, "new.rule", "新的理由", "3 条") == ("新的理由", "3 条")
