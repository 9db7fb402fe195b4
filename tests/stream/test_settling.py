"""Late points, kills and settlements in any order end at the findings of the undisturbed run."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaoan.rules import fences as twin
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.settle import in_order
from jiaoan.rules.fences import Vehicle
from jiaoan.stores.positions import Positions, key_of
from jiaoan.stream import judging
from jiaoan.stream.findings import encode_driven
from jiaoan.stream.judging import Told
from jiaoan.stream.reference import References, VehicleCard
from jiaoan.stream.settling import Case, Story, settled
from rules.driving.tracks import at, fleets, quick_book, track
from rules.test_fence_pass import BOOK, FENCES
from rules.test_fence_pass import tracks as place_tracks
from stream.world import NOW, World, draw_places, places_truth, references_of, truth

quiet = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def pieces(data: st.DataObject, rows: Positions) -> list[Positions]:
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=6))
    edges = [0, *sorted(cuts), len(rows)]
    return [rows[begin:end] for begin, end in itertools.pairwise(edges)]


@quiet
@given(st.data())
def test_any_order_of_points_kills_and_settlements_ends_at_the_truth(data: st.DataObject) -> None:
    drawn, _ = data.draw(fleets(vehicles=2, segments=3))
    positions, _, _ = in_order(
        drawn
    )  # each report once: two of one key with other figures are none
    order = data.draw(st.permutations(range(len(positions))))
    shift = data.draw(st.sampled_from([len(positions), 3, 20]))  # how late points may be
    order = sorted(order, key=lambda row: row // shift)
    book = quick_book(6)
    world = World(references_of(book))
    for piece in pieces(data, positions[order]):
        world.hear(piece)
        for step in data.draw(st.lists(st.sampled_from(["kill", "save", "settle"]), max_size=3)):
            getattr(world, step)()
    world.settle()
    assert not world.memory.late
    assert world.standing() == truth(positions, book)


@quiet
@given(st.data())
def test_driver_cards_too_end_at_the_truth(data: st.DataObject) -> None:
    """Cards and points in any order: hours of every driver as if each had come in its turn."""
    positions, _, _ = in_order(data.draw(fleets(vehicles=2, segments=3))[0])
    times = positions["time_ms"].tolist()
    drawn = st.tuples(
        st.sampled_from(times), st.integers(-90_000, 90_000), st.integers(1, 2), st.integers(1, 3)
    )
    said = data.draw(st.lists(drawn, max_size=6, unique_by=lambda one: one[0] + one[1]))
    cards = [Card(0, vehicle, driver, near + off) for near, off, vehicle, driver in said]
    # All came in when the last was made: a card from after the receipt of a later report is one of
    # a clock that runs ahead, for which no report is out of turn.
    sane = positions["time_ms"] <= positions["received_ms"] + twin.AHEAD_MS
    positions["received_ms"][sane] = max(times + [one.time_ms for one in cards])
    events: list[int | Card] = [*range(len(positions)), *cards]
    events.sort(key=lambda one: one.time_ms if isinstance(one, Card) else times[one] + 0.5)
    shift = data.draw(st.sampled_from([len(events), 3, 20]))
    order = data.draw(st.permutations(range(len(events))))
    mixed = [events[at] for at in sorted(order, key=lambda at: at // shift)]
    book = quick_book(6)
    world = World(references_of(book))
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(mixed)), max_size=6))), len(mixed)]
    for begin, end in itertools.pairwise(cuts):
        piece = mixed[begin:end]
        rows = [one for one in piece if isinstance(one, int)]
        placed = [
            replace(one, before_row=sum(isinstance(each, int) for each in piece[:at]))
            for at, one in enumerate(piece)
            if isinstance(one, Card)
        ]
        world.hear(positions[rows], placed)
        for step in data.draw(st.lists(st.sampled_from(["kill", "save", "settle"]), max_size=3)):
            getattr(world, step)()
    world.settle()
    assert world.standing() == truth(positions, book, cards)


def settled_at_will(data: st.DataObject, world: World, pieces: list[Positions]) -> None:
    for piece in pieces:
        world.hear(piece)
        for step in data.draw(st.lists(st.sampled_from(["kill", "save", "settle"]), max_size=3)):
            getattr(world, step)()
    world.settle()
    assert not world.memory.late


def mixed(data: st.DataObject, positions: Positions) -> list[Positions]:
    """In any order, cut anywhere; most are not late by much."""
    order = data.draw(st.permutations(range(len(positions))))
    shift = data.draw(st.sampled_from([len(positions), 3, 20]))
    return pieces(data, positions[sorted(order, key=lambda row: row // shift)])


def drawn_places(data: st.DataObject) -> References:
    references = references_of(replace(quick_book(4), profiles=BOOK.profiles))
    chosen = data.draw(st.lists(st.sampled_from(FENCES), unique_by=lambda each: each.place_id))
    draw_places(references, chosen)
    return references


@quiet
@given(st.data())
def test_places_too_end_at_the_truth(data: st.DataObject) -> None:
    """Fences of every role, against the plain twin over the points in order."""
    references = drawn_places(data)
    drawn = data.draw(place_tracks())
    drawn["time_ms"] -= drawn["time_ms"] % data.draw(st.sampled_from([1, 60_000]))  # equal moments
    positions, _, _ = in_order(drawn)
    world = World(references)
    settled_at_will(data, world, mixed(data, positions))
    assert world.places() == places_truth(positions, references.fences, references)
    undisturbed: dict[int, Vehicle] = dict(
        twin.judge(
            references.fences, {}, positions, key_of=key_of, kinds=references.book()
        ).vehicles
    )
    assert world.memory.fences.vehicles() == undisturbed


@quiet
@given(st.data())
def test_stays_longer_than_the_track_is_read_back_end_at_the_truth(data: st.DataObject) -> None:
    """The same with a track of some minutes: where the vehicle was before is known by what was
    told and is remembered."""
    references = drawn_places(data)
    drawn = data.draw(place_tracks())
    drawn["vehicle"] = data.draw(st.integers(1, 3))
    positions, _, _ = in_order(drawn)
    world = World(references, before_ms=data.draw(st.sampled_from([30_000, 120_000, 600_000])))
    settled_at_will(data, world, mixed(data, positions))
    assert world.places() == places_truth(positions, references.fences, references)


def test_a_blind_spot_that_is_filled_takes_the_silence_back() -> None:
    book = quick_book(1)  # silent is who says nothing for 180 s
    begin = at("2024-04-08T10:00")
    points = track([(begin + 30_000 * n, 500 * n, 60) for n in range(40)], vehicle=1)
    world = World(references_of(book))
    world.references.vehicles[1] = VehicleCard("1", "鄂A00001", 2, "truck", outside=False)
    world.hear(points[:10])
    memory = world.memory
    now = begin + 20 * 30_000
    assert judging.silences(memory, world.references, now - 240_000) == ()  # it listens since then
    silence, *others = judging.silences(memory, world.references, now)
    assert (silence.rule, silence.phase, others) == (Rule.OFFLINE, "begun", [])
    world.store([Told(1, silence.id, encode_driven(silence, None, NOW))])
    judging.remember_silences(memory, [silence])
    assert judging.silences(memory, world.references, now + 60_000) == ()
    world.hear(points[30:])
    told = [each for each in world.standing().values() if each.rule is Rule.OFFLINE]
    assert [each.phase for each in told] == ["begun", "ended"]
    world.hear(points[10:30])
    world.settle()
    silence_rules = {Rule.OFFLINE, Rule.DISPLACED}
    assert not silence_rules & {each.rule for each in world.standing().values()}
    said = [json.loads(data) for data in world.stored.values()]
    withdrawn = [each["rule"] for each in said if each.get("correction") == "withdrawn"]
    assert sorted(withdrawn) == ["driving.displaced", "driving.offline", "driving.offline"]


def test_nobody_is_silent_while_the_stream_was_not_listening() -> None:
    world = World(references_of(quick_book(1)))
    begin = at("2024-04-08T10:00")
    world.references.vehicles[1] = VehicleCard("1", "鄂A00001", 2, "truck", outside=False)
    world.hear(track([(begin + 30_000 * n, 500 * n, 60) for n in range(10)], vehicle=1))
    day = begin + 86_400_000
    assert judging.silences(world.memory, world.references, day) == ()
    assert judging.silences(world.memory, world.references, day + 179_000) == ()
    assert len(judging.silences(world.memory, world.references, day + 180_000)) == 1
    del world.references.vehicles[1]
    assert judging.silences(world.memory, world.references, day + 240_000) == ()


def test_a_report_said_once_more_is_not_late() -> None:
    world = World(references_of(quick_book(1)))
    begin = at("2024-04-08T10:00")
    points = track([(begin + 30_000 * n, 500 * n, 60) for n in range(10)], vehicle=1)
    world.hear(points)
    world.hear(points[7:9])
    assert world.memory.late == {}
    world = World(references_of(quick_book(1)))
    world.hear(np.concatenate([points[:3], points[1:3], points[3:]]))  # behind, many at once
    assert world.memory.late == {}
    other = points[7:9].copy()
    other["lat"] += 1
    world.hear(other)
    assert world.memory.late == {1: int(points["time_ms"][7])}


def test_a_card_from_a_clock_that_runs_ahead_makes_no_point_late() -> None:
    world = World(references_of(quick_book(1)))
    begin = at("2024-04-08T10:00")
    points = track([(begin + 30_000 * n, 500 * n, 60) for n in range(10)], vehicle=1)
    world.hear(points[:3], [Card(0, 1, 7, begin + 86_400_000)])
    world.hear(points[3:6])
    assert world.memory.late == {}
    world = World(references_of(quick_book(1)))
    world.hear(points[:3], [Card(3, 1, 7, begin + 4 * 30_000)])
    world.hear(points[3:])  # the fourth was made before the card was put in
    assert world.memory.late == {1: begin + 3 * 30_000}


def test_a_track_that_does_not_reach_the_last_point_settles_nothing() -> None:
    world = World(references_of(quick_book(1)))
    begin = at("2024-04-08T10:00")
    points = track([(begin + 30_000 * n, 500 * n, 60) for n in range(10)], vehicle=1)
    world.hear(points[5:])
    world.hear(points[:5])
    case = Case.of(world.memory, 1)
    assert case is not None
    assert settled(case, world.references, points[:9], (), Story()) is None
    assert settled(case, world.references, points, (), Story()) is not None


@pytest.mark.parametrize(("days", "read"), [(8, [9]), (10, [9, 40])])
def test_the_track_of_a_vehicle_that_was_silent_is_read_back_farther(
    days: int, read: list[int]
) -> None:
    """Five points before the late one are what its findings rest on."""
    begin, day = at("2024-04-08T10:00"), 86_400_000
    early = track([(begin - days * day + n * 30_000, n, 0) for n in range(5)], vehicle=1)
    late, last = (track([(moment, 0, 0)], vehicle=1) for moment in (begin - 60_000, begin))
    world = World(references_of(quick_book(1)))
    world.hear(np.concatenate([early, last]))
    world.hear(late)
    asked: list[int] = []

    def answer(first_ms: int, last_ms: int) -> Positions:
        asked.append((begin - 60_000 - first_ms) // day)
        return world.track(1, first_ms, last_ms)

    case = Case.of(world.memory, 1)
    assert case is not None
    assert len(case.track(answer)) == 7
    assert asked == read


def test_an_answer_is_not_taken_when_the_vehicle_spoke_meanwhile() -> None:
    world = World(references_of(quick_book(1)))
    begin = at("2024-04-08T10:00")
    points = track([(begin + 30_000 * n, 500 * n, 60) for n in range(10)], vehicle=1)
    world.hear(points[5:9])
    world.hear(points[:5])
    case = Case.of(world.memory, 1)
    assert case is not None
    assert case.holds(world.memory)
    world.hear(points[9:])
    assert not case.holds(world.memory)
