"""Any cutting, doubling and lateness gives the findings of the undisturbed run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaoan.rules.driving import settle
from jiaoan.rules.driving.cards import Card, driver_number
from jiaoan.rules.driving.columns import SURROUNDINGS
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.judge import judge, silent
from jiaoan.rules.driving.law import ON_ARRIVAL, Rule
from jiaoan.rules.driving.memory import Memory, NotMemory
from jiaoan.stores.positions import key_of
from rules.driving.golden import CASES
from rules.driving.test_golden import world
from rules.driving.tracks import at, cards_for, fleets, quick_book, run, track

quiet = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def in_time(found: list[Finding]) -> list[Finding]:
    return [each for each in found if each.rule not in ON_ARRIVAL]


@quiet
@given(st.data())
def test_any_cutting_into_batches_and_any_restart_gives_the_same(data: st.DataObject) -> None:
    positions, around = data.draw(fleets())
    cards = data.draw(cards_for(positions))
    cuts = data.draw(st.lists(st.integers(0, len(positions)), max_size=6))
    book = quick_book(6)
    memory = Memory()
    whole = run(positions, book, cards, around, memory=memory)
    pieces = Memory()
    assert run(positions, book, cards, around, cuts, pieces) == whole
    assert pieces.encode() == memory.encode()
    assert run(positions, book, cards, around, cuts, through_snapshots=True) == whole


@quiet
@given(st.data())
def test_vehicles_do_not_see_each_other(data: st.DataObject) -> None:
    positions, around = data.draw(fleets())
    book = quick_book(6)
    whole = run(positions, book, (), around)
    for vehicle in set(positions["vehicle"].tolist()):
        mine = positions["vehicle"] == vehicle
        alone = run(positions[mine], book, (), around[mine])
        assert alone == [each for each in whole if each.vehicle == vehicle]


@quiet
@given(st.data())
def test_repeats_add_nothing(data: st.DataObject) -> None:
    positions, around = data.draw(fleets())
    book = quick_book(6)
    rows = list(range(len(positions)))
    for row in data.draw(st.lists(st.sampled_from(rows), max_size=10)):
        rows.insert(data.draw(st.integers(rows.index(row) + 1, len(rows))), row)
    told = run(positions[rows], book, (), around[rows])
    plain = run(positions, book, (), around)
    assert [each.id for each in in_time(told)] == [each.id for each in in_time(plain)]


@quiet
@given(st.data())
def test_late_points_are_settled_to_the_undisturbed_run(data: st.DataObject) -> None:
    positions, around = data.draw(fleets(vehicles=1))
    cards = data.draw(cards_for(positions))
    book = quick_book(6)
    order = data.draw(st.permutations(range(len(positions))))
    told = run(positions[order], book, (), around[order])
    outcome = settle.settle(told, positions[order], book, cards=cards, surroundings=around[order])
    straight, there, placed = settle.in_order(positions, around, cards)
    truth = run(straight, book, placed, there)
    ours = {each.id: each for each in (*outcome.confirmed, *outcome.added)}
    assert ours == {each.id: each for each in in_time(truth)}
    assert {each.id for each in outcome.withdrawn}.isdisjoint(ours)


def test_a_late_point_never_moves_the_state() -> None:
    memory, book = Memory(), quick_book(1)
    positions = track([(at("2024-04-08T10:00") + 30_000 * n, n * 500, 60) for n in range(40)])
    memory.take(judge(memory, positions, book).changes)
    before = memory.encode()
    outcome = judge(memory, positions[5:30], book)
    memory.take(outcome.changes)
    assert memory.encode() == before
    assert [each.time_ms for each in outcome.late] == positions["time_ms"][5:30].tolist()
    assert (outcome.counted, outcome.findings) == (0, ())


def test_judging_leaves_the_memory_alone_until_it_takes_the_changes() -> None:
    memory, book = Memory(), quick_book(1)
    positions = track([(at("2024-04-08T10:00") + 30_000 * n, n * 500, 60) for n in range(9)])
    outcome = judge(memory, positions, book)
    assert len(memory) == 0
    memory.take(outcome.changes)
    assert len(memory) == 1


@pytest.mark.parametrize("case", CASES[::3], ids=lambda case: f"{case.rule.name}: {case.name}")
def test_a_finding_comes_out_of_its_exported_positions_again(case: object) -> None:
    positions, around, book, cards = world(case)  # type: ignore[arg-type]
    for finding in run(positions, book, cards, around):
        begin, end = settle.window_ms(finding)
        part = (positions["time_ms"] >= begin) & (positions["time_ms"] <= end)
        answer = settle.recompute(
            finding, positions[part], book, cards=cards, surroundings=around[part]
        )
        assert answer.equal, answer.differences
        assert finding.first_key in [key_of(row) for row in positions]


def test_a_changed_export_is_noticed() -> None:
    case = next(case for case in CASES if case.name == "31 seconds")
    positions, around, book, cards = world(case)
    finding = run(positions, book, cards, around)[0]
    slower, missing = positions.copy(), positions.copy()
    slower["speed"][3] += 10
    answer = settle.recompute(finding, slower, book, surroundings=around)
    assert {each.field for each in answer.differences} == {"values.peak_speed", "values.peak_at_ms"}
    missing["speed"][0] = 0
    answer = settle.recompute(finding, missing, book, surroundings=around)
    assert (answer.finding, answer.equal) == (None, False)


def test_silence_is_the_same_finding_whenever_it_is_asked_for() -> None:
    memory, book = Memory(), quick_book(1)
    positions = track([(at("2024-04-08T10:00") + 30_000 * n, n * 500, 60) for n in range(9)])
    memory.take(judge(memory, positions, book).changes)
    last = int(positions["time_ms"][-1])
    limit = book.settings[0].offline_s * 1000
    assert silent(memory, book, last + limit - 1) == ()
    (first,) = silent(memory, book, last + limit)
    assert silent(memory, book, last + 20 * limit) == (first,)
    back = track([(last + 3 * limit, 4_500, 0)])
    (ended,) = (each for each in judge(memory, back, book).findings if each.rule is Rule.OFFLINE)
    assert (ended.begun_id, ended.phase) == (first.id, "ended")


def test_a_parked_vehicle_with_the_ignition_off_may_be_silent() -> None:
    memory, book = Memory(), quick_book(1)
    positions = track([(at("2024-04-08T10:00") + 30_000 * n, 0, 0) for n in range(9)])
    positions["status"] = 2
    memory.take(judge(memory, positions, book).changes)
    assert silent(memory, book, at("2024-04-09T10:00")) == ()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:5], "too few"),
        (lambda data: b"XXXX" + data[4:], "begins with"),
        (lambda data: data[:4] + b"\x09" + data[5:], "another form"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "checksum"),
    ],
)
def test_a_foreign_or_damaged_memory_is_refused(damage: object, reason: str) -> None:
    memory = Memory()
    positions = track([(at("2024-04-08T10:00"), 0, 0)])
    memory.take(judge(memory, positions, quick_book(1)).changes)
    with pytest.raises(NotMemory, match=reason):
        Memory.decode(damage(memory.encode()))  # type: ignore[operator]


def test_a_driver_keeps_his_work_through_a_snapshot_while_another_drives() -> None:
    case = next(case for case in CASES if case.name.startswith("back after 19"))
    positions, around, book, cards = world(case)
    cuts = range(0, len(positions), 17)
    found = run(positions, book, cards, around, list(cuts), through_snapshots=True)
    assert [each.rule for each in found] == [Rule.CONTINUOUS]
    assert found[0].driver == 1


def test_it_refuses_what_does_not_fit_together() -> None:
    positions, book = track([(at("2024-04-08T10:00"), 0, 0)]), quick_book(1)
    with pytest.raises(ValueError, match="surroundings of 3"):
        judge(Memory(), positions, book, surroundings=np.zeros(3, SURROUNDINGS))
    with pytest.raises(ValueError, match="outside a batch"):
        judge(Memory(), positions, book, cards=[Card(2, 7, 1, 1)])
    with pytest.raises(ValueError, match="above 0"):
        Card(0, 7, 0, 1)
    with pytest.raises(ValueError, match="names no driver"):
        driver_number("  ")


def test_an_empty_batch_changes_nothing() -> None:
    memory = Memory()
    outcome = judge(memory, track([]), quick_book(1))
    memory.take(outcome.changes)
    assert (outcome.findings, outcome.late, len(memory)) == ((), (), 0)
