"""A finding as values of JSON: read back it is the same; anything else is refused by its field."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaoan.rules.driving.findings import Finding, Key, NotFinding
from jiaoan.rules.driving.law import Rule
from rules.driving.golden import CASES
from rules.driving.test_golden import world
from rules.driving.tracks import cards_for, fleets, quick_book, run

FINDING = Finding(
    Rule.INVALID, "begun", 7, "hazmat", 3, Key(1_712_520_000_000, 29_400_000, 113_200_000, 2, 3),
    Key(1_712_520_030_000, 29_400_100, 113_200_000, 0, 3), 1_712_520_030_000,
    {"fields": 4, "all_fields": 5}, {"limit_s": 30}, "通告甲",
)  # fmt: skip


def through_text(finding: Finding) -> Finding:
    return Finding.from_json(json.loads(json.dumps(finding.as_json())))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_every_finding_of_a_random_fleet_is_read_back_equal(data: st.DataObject) -> None:
    positions, around = data.draw(fleets())
    cards = data.draw(cards_for(positions))
    for finding in run(positions, quick_book(6), cards, around):
        again = through_text(finding)
        assert again == finding
        assert (again.id, again.begun_id) == (finding.id, finding.begun_id)


def test_every_golden_finding_is_read_back_equal() -> None:
    seen = set()
    for case in CASES:
        positions, around, book, cards = world(case)
        for finding in run(positions, book, cards, around):
            assert through_text(finding) == finding
            seen.add(finding.rule)
    assert len(seen) >= 12


def test_it_is_a_copy() -> None:
    said = FINDING.as_json()
    values = said["values"]
    assert isinstance(values, dict)
    values["fields"] = 9
    assert FINDING.values["fields"] == 4


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("form", 2, "form: this release reads 1, not 2"),
        ("version", "0", "version: this release has version 1 of the rule"),
        ("rule", "driving.flying", "rule: no driving rule is called 'driving.flying'"),
        ("rule", None, "rule: must be a text"),
        ("phase", "middle", "phase: must be begun or ended"),
        ("vehicle", "7", "vehicle: must be a whole number"),
        ("driver", True, "driver: must be a whole number"),
        ("end_ms", 1.5, "end_ms: must be a whole number"),
        ("first", [1, 2, 3], "first: must be a list of 5 numbers"),
        ("deciding", [1, 2, 3, 4, "5"], "deciding: must be a whole number"),
        ("values", {"fields": "4"}, "values.fields: must be a whole number"),
        ("values", {}, "values.fields: is missing"),
        ("limits", [1], "limits: must be an object"),
    ],
)
def test_it_refuses_by_the_field(field: str, value: object, reason: str) -> None:
    with pytest.raises(NotFinding, match=reason.replace("[", r"\[")):
        Finding.from_json(FINDING.as_json() | {field: value})


def test_it_refuses_what_is_no_object() -> None:
    with pytest.raises(NotFinding, match="must be an object"):
        Finding.from_json([FINDING.as_json()])


def test_the_other_vehicle_of_a_pair_is_needed_for_the_id() -> None:
    pair = replace(FINDING, rule=Rule.TOGETHER, values={"together_s": 700})
    with pytest.raises(NotFinding, match=r"values\.other: is missing"):
        Finding.from_json(pair.as_json())
