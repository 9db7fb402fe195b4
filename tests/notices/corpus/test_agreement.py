"""The measure of agreement itself: free where the conventions are free, strict elsewhere."""

import copy
import json
from pathlib import Path
from typing import TypedDict, cast

import pytest

from notices.corpus.agreement import Count, agreement, same_recurrence, same_unit

HERE = Path(__file__).parent
READINGS = sorted(HERE.glob("*_expected.json"))


class Item(TypedDict):
    path: list[str]
    lead_units: list[object]
    coop_units: list[object]
    deadlines: list[object]
    recurrences: list[object]
    targets: list[object]


class Reading(TypedDict):
    report_dates: list[object]
    items: list[Item]


def load(path: Path) -> Reading:
    return cast(Reading, json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", READINGS, ids=lambda path: path.stem)
def test_a_reading_agrees_with_itself_in_any_order(path: Path) -> None:
    expected = load(path)
    turned = copy.deepcopy(expected)
    turned["items"].reverse()
    for item in turned["items"]:
        item["lead_units"].reverse()
        item["coop_units"].reverse()
        item["deadlines"].reverse()
        item["recurrences"].reverse()
        item["targets"].reverse()
    for count in agreement(expected, turned).values():
        assert (count.missed, count.invented) == (0, 0)


def test_a_lost_item_loses_what_stands_below_it() -> None:
    expected = load(READINGS[0])
    read = copy.deepcopy(expected)
    lost = read["items"].pop(1)
    counts = agreement(expected, read)
    assert counts["items"].missed == 1
    assert counts["coop_units"].missed == len(lost["coop_units"]) > 0
    assert counts["recurrences"].missed == len(lost["recurrences"]) > 0


def test_an_invented_date_costs_precision_not_recall() -> None:
    expected = load(READINGS[0])
    read = copy.deepcopy(expected)
    read["items"][0]["deadlines"].append("2025-02-18")
    count = agreement(expected, read)["deadlines"]
    assert count.recall == 1.0
    assert count.precision < 1.0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("局安全监督股", "安全监督股", True),
        ("县道路运输服务中心", "道路运输服务中心", True),
        ("各县(区)教育局", "各县（区）教育局", True),
        ("市公安局", "市公安局交通警察支队", False),
        ("市交通运输局安全监督科", "安全监督科", False),
        ("养护科", "监测科", False),
    ],
)
def test_units_are_the_same_but_for_a_prefix(one: str, other: str, same: bool) -> None:
    assert same_unit(one, other) is same
    assert same_unit(other, one) is same


def test_a_condition_must_be_seen() -> None:
    rule = {"every": "month", "min_count": 1, "condition": "危货运输企业", "phrase": "每月1次"}
    assert same_recurrence(rule, {**rule, "condition": "危货运输企业每月"})
    assert not same_recurrence(rule, {**rule, "condition": None})
    assert not same_recurrence(rule, {**rule, "min_count": 2})


def test_nothing_expected_and_nothing_read_is_no_fault() -> None:
    assert Count().precision == Count().recall == 1.0
