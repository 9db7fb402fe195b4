"""The pass says what the text of the rules says, at every edge."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.columns import SURROUNDINGS
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import IDS, Rule
from rules.driving.golden import CASES, Case, Expected
from rules.driving.tracks import Rows, at, run, track, twin_findings

LINE = re.compile(r"(?:\+(\d+) )?(\d\d:\d\d(?::\d\d)?) (.+)")
PAGES = Path(__file__).parents[3] / "docs" / "theory"
ELSEWHERE = {Rule.MILEAGE, Rule.CLOCK, Rule.CLONED, Rule.TOGETHER}  # cases in test_signs


def moment(day: str, text: str) -> int:
    later, _, clock = text.rpartition(" ")
    return at(f"{day}T{clock}") + int(later or 0) * 86_400_000


def tell(case: Case) -> list[tuple[int, float, float]]:
    """The points of a script: (UTC ms, metres, km/h)."""
    lines = []
    for line in case.script.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        lines.append((moment(case.day, f"{match[1] or 0} {match[2]}"), match[3].split()))
    points: list[tuple[int, float, float]] = []
    north = 0.0
    for (begin, what), (end, _) in pairwise(lines):
        if what[0] == "silent":
            north += float(what[1]) - (points[-1][2] * case.step / 3.6 if points else 0)
            continue
        says = 0.0 if what[0] == "stand" else float(what[1])
        goes = float(what[3]) if what[0] == "says" else says
        for time in range(begin, end, case.step * 1000):
            points.append((time, north, says))
            north += goes * case.step / 3.6
    return points


def world(case: Case) -> tuple[Rows, Rows, Book, list[Card]]:
    positions = track(tell(case))
    positions["alarm"] = case.alarm
    around = np.zeros(len(positions), SURROUNDINGS)
    for name in SURROUNDINGS.names or ():
        around[name] = getattr(case, name)
    cards = []
    for time, driver in case.cards:
        moment_ms = moment(case.day, time)
        row = int(np.searchsorted(positions["time_ms"], moment_ms))
        cards.append(Card(row, 7, driver, moment_ms))
    return positions, around, Book({7: case.profile}, (case.settings,)), cards


def said(case: Case, found: list[Finding]) -> list[Expected]:
    mine = [each for each in found if each.rule is case.rule]
    return [
        (
            each.phase,
            _clock(case.day, each.deciding.time_ms),
            {name: value for name, value in each.values.items() if name in wanted[2]}
            | {name: value for name, value in each.limits.items() if name in wanted[2]},
        )
        for each, wanted in zip(mine, [*case.expected, *[("", "", {})] * len(mine)], strict=False)
    ]


def _clock(day: str, time_ms: int) -> str:
    local = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(LOCAL)
    days = (local.date() - datetime.fromisoformat(day).date()) // timedelta(days=1)
    return (f"+{days} " if days else "") + local.strftime("%H:%M:%S")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{IDS[case.rule]}: {case.name}")
def test_it_says_what_the_text_says(case: Case) -> None:
    positions, around, book, cards = world(case)
    assert said(case, run(positions, book, cards, around)) == list(case.expected)


@pytest.mark.parametrize("case", CASES[::4], ids=lambda case: f"{IDS[case.rule]}: {case.name}")
def test_the_twin_says_the_same(case: Case) -> None:
    positions, around, book, cards = world(case)
    told = [
        ("begun" if event.phase == 0 else "ended", int(positions["time_ms"][event.row]))
        for _, event in twin_findings(positions, book, cards, around)
        if event.rule == case.rule
    ]
    assert told == [(phase, moment(case.day, time)) for phase, time, _ in case.expected]


@pytest.mark.parametrize("case", CASES[::5], ids=lambda case: f"{IDS[case.rule]}: {case.name}")
def test_repeats_and_older_points_change_nothing(case: Case) -> None:
    positions, around, book, cards = world(case)
    plain = run(positions, book, cards, around)
    order = np.repeat(np.arange(len(positions)), 3)
    order[2::3] = np.maximum(order[2::3] - 7, 0)  # each point, again, and one of minutes ago
    cards = [replace(card, before_row=3 * card.before_row) for card in cards]
    again = run(positions[order], book, cards, around[order])
    assert [each.id for each in again] == [each.id for each in plain]


def test_every_rule_has_its_page_and_its_golden_cases() -> None:
    covered = {case.rule for case in CASES} | ELSEWHERE
    assert covered == set(Rule)
    for rule in Rule:
        page = PAGES / f"{IDS[rule].replace('.', '-')}.md"
        assert page.is_file(), f"{IDS[rule]} has no page {page.name}"
        assert IDS[rule] in page.read_text(encoding="utf-8")
