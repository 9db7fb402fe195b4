"""Signs that a script of drives cannot show: mileage, clock, clones, pairs; and the sentences."""

from __future__ import annotations

import doctest
from datetime import date
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.rules.driving import cards, sentences
from jiaoan.rules.driving import settings as figures
from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.driving.findings import NAMES, Finding, Key
from jiaoan.rules.driving.judge import judge
from jiaoan.rules.driving.kernel import metres
from jiaoan.rules.driving.law import CLAUSES, IDS, TITLES, Rule, clauses_on, severity
from jiaoan.rules.driving.memory import Memory
from jiaoan.rules.driving.sentences import sentence
from jiaoan.rules.driving.settings import Settings
from jiaoan.rules.driving.together import Closeness, Together, near_pairs, slices
from rules.driving.golden import CASES
from rules.driving.test_golden import world
from rules.driving.tracks import METRE, Rows, at, run, track

TEN = at("2024-04-08T10:00")
PLAIN = Book()


def steady(many: int, step: int = 30, speed: float = 60) -> Rows:
    return track([(TEN + 1000 * step * n, speed / 3.6 * step * n, speed) for n in range(many)])


def of(rule: Rule, found: list[Finding]) -> list[Finding]:
    return [each for each in found if each.rule is rule]


@pytest.mark.parametrize(
    ("mileage", "back"),
    [
        ([100, 105, 105, 110], []),
        ([100, 105, 104, 110], [1]),
        ([100, 0xFFFFFFFF, 90, 91], [10]),
        ([100, 90, 80, 70], [10]),  # once a day
        ([0xFFFFFFFF] * 4, []),
    ],
)
def test_mileage_that_runs_backwards(mileage: list[int], back: list[int]) -> None:
    positions = steady(4)
    positions["mileage"] = mileage
    assert [each.values["back"] for each in of(Rule.MILEAGE, run(positions, PLAIN))] == back


@pytest.mark.parametrize(
    ("ahead_s", "source", "told"),
    [
        (600, 0, []), (601, 0, [601]), (-3600, 0, []), (-3601, 0, [-3601]),
        (-86_400, 2, []),  # filled in afterwards 盲区补报 is no wrong clock
        (601, 2, [601]),
    ],
)  # fmt: skip
def test_a_clock_that_is_off(ahead_s: int, source: int, told: list[int]) -> None:
    positions = steady(3)
    positions["received_ms"] = positions["time_ms"] - 1000 * ahead_s
    positions["source"] = source
    assert [each.values["ahead_s"] for each in of(Rule.CLOCK, run(positions, PLAIN))] == told


def test_the_clock_is_told_once_a_day_of_receipt() -> None:
    positions = steady(3)
    positions["received_ms"] = positions["time_ms"] + 4_000_000
    positions["received_ms"][2] += 86_400_000
    assert len(of(Rule.CLOCK, run(positions, PLAIN))) == 2


@pytest.mark.parametrize(
    ("field", "value", "bit"),
    [
        ("lon", 73_550_000, 0), ("lon", 73_549_999, 1), ("lon", 135_083_333, 0),
        ("lon", 135_083_334, 1), ("lat", 3_850_000, 0), ("lat", 3_849_999, 2),
        ("lat", 53_550_000, 0), ("lat", 53_550_001, 2), ("speed", 1600, 0), ("speed", 1601, 4),
        ("direction", 359, 0), ("direction", 360, 8), ("altitude", -200, 0),
        ("altitude", -201, 16), ("altitude", 6500, 0), ("altitude", 6501, 16),
        ("time_ms", -1, 32),
    ],
)  # fmt: skip
def test_the_national_ranges(field: str, value: int, bit: int) -> None:
    positions = steady(1)
    positions[field] = value
    told = of(Rule.INVALID, run(positions, PLAIN))
    assert [each.values["fields"] for each in told] == ([bit] if bit else [])


def test_each_invalid_field_is_told_once_a_day() -> None:
    positions = steady(6)
    positions["altitude"] = -300
    positions["direction"][2:] = 400
    told = of(Rule.INVALID, run(positions, PLAIN, cuts=[1, 2, 4]))
    assert [each.values["fields"] for each in told] == [16, 8]
    assert len({each.id for each in told}) == 2


def test_two_terminals_there_and_back_are_a_clone_but_one_exchange_is_not() -> None:
    positions = steady(6)
    other = [2, 4]
    positions["terminal"][other] = b"other"
    positions["lat"][other] += round(50_000 * METRE)
    (clone,) = of(Rule.CLONED, run(positions, PLAIN))
    assert clone.values["crossings"] == 2
    assert clone.deciding.time_ms == positions["time_ms"][3]
    exchanged = steady(6)
    exchanged["terminal"][3:] = b"other"
    exchanged["lat"][3:] += round(50_000 * METRE)
    assert of(Rule.CLONED, run(exchanged, PLAIN)) == []


def test_a_figure_holds_from_its_day_on() -> None:
    book = Book({7: Profile(kind="truck")}, (Settings(), Settings(date(2024, 4, 9), over_s=60)))
    for day, told in (("2024-04-08", 1), ("2024-04-09", 0)):
        start = at(f"{day}T10:00")
        positions = track([(start + 1000 * n, n * 31, 111) for n in range(50)])
        assert len(of(Rule.OVERSPEED, run(positions, book))) == told


def test_figures_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="rest_s must not be negative"):
        Settings(rest_s=-1)
    with pytest.raises(ValueError, match="follow each other"):
        Book({}, (Settings(), Settings()))
    with pytest.raises(ValueError, match="no part of a day"):
        Profile(kind="school_bus", school_hours=((480, 390),))


def test_every_figure_has_its_source_and_mark() -> None:
    names = {name for name in vars(Settings()) if name != "valid_from"}
    assert names == set(figures.SOURCES)


def test_a_clause_is_chosen_by_the_day_of_the_act() -> None:
    assert clauses_on(Rule.HAZMAT_BAN, date(2019, 12, 31), "hazmat") == ()
    (clause,) = clauses_on(Rule.HAZMAT_BAN, date(2020, 1, 1), "hazmat")
    assert clause.label == "《危险货物道路运输安全管理办法》第四十九条"
    kinds = {each.id for each in clauses_on(Rule.OVERSPEED, date(2024, 4, 8), "coach")}
    assert "hazmat-measures.46" not in kinds
    assert {rule for clause in CLAUSES for rule in clause.rules} == set(Rule)
    assert all(severity(rule) for rule in Rule)
    assert set(TITLES) == set(NAMES) == set(IDS) == set(Rule)


# --- pairs ---------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 4000)), max_size=40),
    st.integers(1, 300),
    st.sampled_from([3_860_000, 29_400_000, 53_500_000]),
)
def test_near_pairs_are_all_and_only_the_near_ones(
    offsets: list[tuple[int, int]], near_m: int, latitude: int
) -> None:
    lat = np.array([latitude + north for north, _ in offsets], np.int64)
    lon = np.array([113_000_000 + east for _, east in offsets], np.int64)
    everyone = {
        (one, other): metres(lat[one], lon[one], lat[other], lon[other])
        for one, other in combinations(range(len(lat)), 2)
    }
    found = list(near_pairs(lat, lon, near_m))
    near = {pair: apart for pair, apart in everyone.items() if apart <= near_m}
    assert {(one, other): apart for one, other, apart in found} == near
    assert len(found) == len(near)


def pair(minutes: float, apart_m: float = 50, gap: tuple[int, int] = (0, 0)) -> list[Finding]:
    """Two vehicles side by side for some minutes, then a kilometre apart."""
    together, found = Together(Closeness()), []
    rows = []
    for vehicle in (4, 9):
        points = []
        for n in range(60):
            away = 1000.0 if n * 30 > minutes * 60 else 0.0
            if vehicle == 9 and gap[0] <= n < gap[1]:
                continue
            points.append((TEN + 30_000 * n, (apart_m + away) * (vehicle == 9), 0.0))
        rows.append(track(points, vehicle))
    positions = np.concatenate(rows)
    for end, last, heard in slices(positions, np.zeros(len(positions), np.bool_), 30):
        found += together.slice(end, last, heard)
    return found


@pytest.mark.parametrize(
    ("minutes", "apart_m", "told"),
    [(10, 50, 0), (10.5, 50, 1), (25, 50, 1), (25, 99, 1), (25, 102, 0)],
)
def test_a_pair_is_told_once_after_more_than_ten_minutes(
    minutes: float, apart_m: float, told: int
) -> None:
    found = pair(minutes, apart_m)
    assert len(found) == told
    for finding in found:
        assert (finding.vehicle, finding.values["other"]) == (4, 9)
        assert finding.values["together_s"] == 630


def test_a_silent_partner_is_waited_for_but_not_for_ever() -> None:
    assert len(pair(25, gap=(5, 14))) == 1
    (finding,) = pair(29, gap=(5, 16))
    assert finding.start_ms == TEN + 16 * 30_000


def test_known_places_do_not_count() -> None:
    positions = np.concatenate([track([(TEN, 0, 0)], 4), track([(TEN, 10, 0)], 9)])
    ((_, last, heard),) = slices(positions, np.array([True, False]), 30)
    assert (sorted(last), heard) == ([9], [4, 9])


# --- sentences -----------------------------------------------------------------------------------


def one_of_each() -> list[Finding]:
    found: dict[tuple[Rule, str], Finding] = {}
    for case in CASES:
        if not case.expected or (case.rule, case.expected[-1][0]) in found:
            continue
        positions, around, book, events = world(case)
        for each in run(positions, book, events, around):
            found.setdefault((each.rule, each.phase), each)
    signs = steady(6)
    signs["mileage"] = [9, 8, 9, 9, 9, 9]
    signs["terminal"][[2, 4]], signs["lat"][[2, 4]] = b"other", signs["lat"][[2, 4]] + 450_000
    signs["received_ms"][5] += 4_000_000
    return [*found.values(), *run(signs, PLAIN), *pair(25)]


def test_every_finding_has_a_sentence_in_both_languages() -> None:
    told = one_of_each()
    for finding in told:
        said = sentence(finding)
        assert said.zh.endswith("。")
        assert said.en.endswith(".")
        assert not set("{}") & set(said.zh + said.en)
        assert "None" not in said.zh + said.en
    assert {each.rule for each in told} == set(Rule)


def test_the_sentences_read_as_the_trade_says_it() -> None:
    def first(name: str, phase: str = "begun") -> Finding:
        case = next(case for case in CASES if case.name == name)
        positions, around, book, events = world(case)
        found = run(positions, book, events, around)
        return next(each for each in found if each.rule is case.rule and each.phase == phase)

    assert sentence(first("31 seconds", "ended")).zh == (
        "4月8日10:00:00起超速行驶31秒（32个定位点），最高61千米/时，路段限速60千米/时，"
        "超1千米/时（1.7%），4月8日10:00:31结束。"
    )
    assert sentence(first("19 minutes are no rest")).zh == (
        "4月8日08:00:00起连续驾驶4小时0分30秒，超过4小时，其间停车19分钟但每次不足20分钟。"
    )
    assert sentence(first("2,001 m while off line")).zh == (
        "4月8日10:09:30至4月8日10:50:00离线40分30秒，其间位移2.0千米（直线距离）。"
    )
    assert sentence(first("at 22:00 the limit falls")).en == (
        "Driven at night since 2024-04-08 19:00:00 for 3 h, over 2 h."
    )


def test_the_examples_in_the_docstrings_hold() -> None:
    for room in (cards, sentences):
        assert doctest.testmod(room).failed == 0
        assert doctest.testmod(room).attempted > 0


def test_ids_do_not_depend_on_anything_but_rule_version_vehicle_and_first_key() -> None:
    key = Key(TEN, 29_400_000, 113_100_000, 0, 3)
    one = Finding(Rule.STAY, "begun", 7, "hazmat", 0, key, key, TEN, {"stood_s": 1}, {})
    other = Finding(Rule.STAY, "begun", 7, "", 5, key, key, TEN + 9, {"stood_s": 2}, {})
    end = Finding(Rule.STAY, "ended", 7, "hazmat", 0, key, key, TEN, {"stood_s": 1}, {})
    assert one.id == other.id != end.id
    assert end.begun_id == one.id
    assert len(one.id) == 32


def test_an_unknown_vehicle_is_judged_by_the_rules_for_everybody() -> None:
    positions = track([(TEN + 30_000 * n, n * 500, 60) for n in range(500)], vehicle=99)
    outcome = judge(Memory(), positions, Book())
    assert [each.rule for each in outcome.findings] == [Rule.CONTINUOUS]
