"""Golden cases of the entry rule, by hand: every outcome of filing and waybill, at its edge."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from jiaoan.rules.hazmat import (
    WAYBILL_DAYS,
    Entry,
    FilingOutcome,
    FilingPaper,
    Judgement,
    Lead,
    Point,
    WaybillOutcome,
    WaybillPaper,
    judge_entry,
)
from jiaoan.rules.hazmat_law import basis_on
from jiaoan.rules.hazmat_record import BadRecord, rejudge, to_record

# 06:40:05 in the district is the evening before in UTC: the local day must be taken.
AT = datetime(2024, 4, 7, 22, 40, 5, tzinfo=UTC)
DAY = date(2024, 4, 8)


def point(seconds: int, depth: float | None) -> Point:
    inside = depth is not None and depth >= 0
    return Point(AT + timedelta(seconds=seconds), 29.49, 113.17, 52.0, depth, inside)


ENTRY = Entry(
    plate="鄂B9K307",
    plate_colour=2,
    outside=True,
    tank_number="WG006",
    happened_at=AT,
    points=(point(-10, None), point(-5, -20.0), point(0, 86.0)),
    buffer_m=50,
    consecutive=2,
)
FILING = FilingPaper(
    "BA-2024-00001", "鄂B9K307", 2, DAY, DAY, AT - timedelta(days=1), "WG006", ("UN1203",)
)
BILL = WaybillPaper("420202404080317", "鄂B9K307", "WG006", DAY, ("UN1203",), AT)


def judge(
    *, filings: list[FilingPaper], bills: list[WaybillPaper], entry: Entry = ENTRY
) -> Judgement:
    return judge_entry(entry, filings, bills, AT)


def outcome(verdict: Judgement) -> tuple[FilingOutcome, WaybillOutcome, Lead | None]:
    return verdict.filing, verdict.waybill, verdict.lead


def test_it_clears_a_filed_vehicle_with_its_waybill() -> None:
    verdict = judge(filings=[FILING], bills=[BILL])
    assert outcome(verdict) == (FilingOutcome.FILED, WaybillOutcome.MATCHED, None)
    assert (verdict.filing_number, verdict.waybill_number) == (FILING.number, BILL.number)
    assert [r.ok for r in verdict.reasons if r.code in ("filing.valid", "waybill.match")] == [
        True,
        True,
    ]


def test_it_finds_a_vehicle_unfiled_even_with_a_good_waybill() -> None:
    verdict = judge(filings=[], bills=[BILL])
    assert outcome(verdict) == (FilingOutcome.UNFILED, WaybillOutcome.MATCHED, Lead.UNFILED)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (DAY, DAY, FilingOutcome.FILED),
        (DAY - timedelta(days=9), DAY, FilingOutcome.FILED),
        (DAY - timedelta(days=9), DAY - timedelta(days=1), FilingOutcome.EXPIRED),
        (DAY + timedelta(days=1), DAY + timedelta(days=2), FilingOutcome.UNFILED),
    ],
)
def test_it_counts_the_days_of_a_filing_locally_and_inclusively(
    first: date, last: date, expected: FilingOutcome
) -> None:
    filing = replace(FILING, valid_from=first, valid_to=last)
    assert judge(filings=[filing], bills=[BILL]).filing is expected


def test_it_names_the_last_filing_when_it_has_expired() -> None:
    older = replace(FILING, number="BA-1", valid_from=date(2024, 1, 1), valid_to=date(2024, 2, 1))
    newer = replace(older, number="BA-2", valid_to=date(2024, 3, 31))
    verdict = judge(filings=[newer, older], bills=[])
    assert verdict.lead is Lead.FILING_EXPIRED
    (reason,) = [r for r in verdict.reasons if r.code == "filing.valid"]
    assert (reason.ok, reason.value) == (False, "0 条")
    assert "BA-2" in reason.text
    assert "3月31日" in reason.text


def test_it_does_not_count_a_filing_that_is_approved_later() -> None:
    late = replace(FILING, approved_at=AT + timedelta(seconds=1))
    assert judge(filings=[late], bills=[BILL]).lead is Lead.UNFILED
    assert judge_entry(ENTRY, [late], [BILL], AT + timedelta(seconds=1)).lead is None


def test_it_does_not_take_the_filing_of_another_colour() -> None:
    assert judge(filings=[replace(FILING, plate_colour=1)], bills=[]).lead is Lead.UNFILED


@pytest.mark.parametrize(
    ("bill", "word"),
    [
        (replace(BILL, plate="鄂B00001"), "车牌"),
        (replace(BILL, tank_number="WG999"), "罐体"),
        (replace(BILL, un_numbers=("UN1203", "UN1830")), "UN 号"),
    ],
)
def test_it_says_in_what_a_waybill_differs(bill: WaybillPaper, word: str) -> None:
    verdict = judge(filings=[FILING], bills=[bill])
    assert (verdict.waybill, verdict.lead) == (WaybillOutcome.MISMATCH, Lead.WAYBILL_MISMATCH)
    (reason,) = [r for r in verdict.reasons if r.code == "waybill.match"]
    assert word in reason.text
    assert not reason.ok


def test_it_prefers_the_waybill_that_fits() -> None:
    wrong = replace(BILL, number="0", tank_number="WG999")
    assert judge(filings=[FILING], bills=[wrong, BILL]).waybill_number == BILL.number


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, WaybillOutcome.MATCHED),
        (WAYBILL_DAYS, WaybillOutcome.MATCHED),
        (WAYBILL_DAYS + 1, WaybillOutcome.MISSING),
        (-1, WaybillOutcome.MISSING),
    ],
)
def test_it_takes_waybills_of_the_last_days_only(days: int, expected: WaybillOutcome) -> None:
    bill = replace(BILL, start_date=DAY - timedelta(days=days))
    assert judge(filings=[FILING], bills=[bill]).waybill is expected


def test_it_does_not_count_a_waybill_made_after_the_judgement() -> None:
    later = replace(BILL, entered_at=AT + timedelta(seconds=1))
    assert judge(filings=[FILING], bills=[later]).lead is Lead.WAYBILL_MISSING


def test_it_asks_no_filing_of_a_vehicle_of_the_district() -> None:
    own = replace(ENTRY, outside=False)
    verdict = judge(filings=[], bills=[], entry=own)
    assert outcome(verdict) == (FilingOutcome.NOT_REQUIRED, WaybillOutcome.MISSING, None)


def test_it_puts_the_limit_beside_the_measured_depth() -> None:
    by_code = {reason.code: reason for reason in judge(filings=[], bills=[]).reasons}
    depth, points = by_code["entry.depth"], by_code["entry.consecutive"]
    assert (depth.value, depth.ok, depth.unverified) == ("86 米", True, True)
    assert "50 米" in depth.text
    assert (points.value, points.ok) == ("06:40:05", False)
    assert "连续 1 个" in points.text


def test_it_chooses_the_law_by_the_day_of_the_act() -> None:
    assert judge(filings=[], bills=[]).law.code == "notice.2024.11"
    assert basis_on(date(2024, 12, 31)).code == "notice.2024.11"
    assert basis_on(date(2025, 1, 1)).code == "none"
    new_year = replace(ENTRY, happened_at=datetime(2023, 12, 31, 16, 0, tzinfo=UTC))
    assert judge(filings=[], bills=[], entry=new_year).law.code == "notice.2024.11"


def test_it_repeats_a_verdict_from_its_record() -> None:
    expired = replace(FILING, valid_from=date(2024, 3, 1), valid_to=date(2024, 3, 31))
    verdict = judge(filings=[expired], bills=[BILL])
    record = json.loads(json.dumps(to_record(verdict, ENTRY, [expired], [BILL], AT)))
    assert rejudge(record) == verdict
    record["inputs"]["filings"][0]["valid_to"] = "2024-04-08"
    assert rejudge(record).lead is None


@pytest.mark.parametrize("broken", ["at", "entry", "filings", "waybills"])
def test_it_names_what_a_broken_record_lacks(broken: str) -> None:
    record = json.loads(json.dumps(to_record(judge(filings=[], bills=[]), ENTRY, [], [], AT)))
    del record["inputs"][broken]
    with pytest.raises(BadRecord, match=broken):
        rejudge(record)
