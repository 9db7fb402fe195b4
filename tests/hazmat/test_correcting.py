"""Late positions correct stays: none is doubled, none is deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pytest

from hazmat.factory import DAY, SYSTEM, World, finding, make_world
from jiaoan.hazmat import actions
from jiaoan.hazmat.findings import BadFinding, Finding, parse
from jiaoan.hazmat.models import Trip, Verdict
from jiaoan.hazmat.queries import trips_of_day
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import at_local
from jiaoan.scope import SystemActor

pytestmark = pytest.mark.django_db
SETTLED = at_local(DAY, 18)


@pytest.fixture
def world() -> World:
    made = make_world()
    made.clock.instant = at_local(DAY, 17)
    return made


def at(hour: int, minute: int = 0) -> datetime:
    return at_local(DAY, hour, minute)


def told(
    world: World,
    rule: str,
    hour: int,
    minute: int = 0,
    *,
    correction: Literal["", "added", "withdrawn"] = "",
) -> Finding:
    found = finding(world.tanker, rule=f"fence.{rule}", at=at(hour, minute))
    if correction:
        found = replace(found, correction=correction, received_at=SETTLED, judged_at=SETTLED)
    actions.handle_finding(SYSTEM, world.clock, found)
    return found


def stays() -> list[tuple[str, datetime, datetime | None]]:
    return [(one.state, one.entered_at, one.left_at) for one in Trip.objects.order_by("entered_at")]


def test_an_entry_that_is_moved_stays_the_same_trip(world: World) -> None:
    told(world, "enter", 10)
    trip = Trip.objects.get()
    for _ in range(2):  # the same messages again change nothing
        told(world, "enter", 10, correction="withdrawn")
        told(world, "enter", 9, 50, correction="added")
        assert stays() == [("inside", at(9, 50), None)]
    assert Trip.objects.get() == trip
    assert [each.happened_at for each in trip.verdicts.all()] == [at(10), at(9, 50)]
    kinds = [each.kind for each in Fact.objects.filter(obj=trip.subject).order_by("id")]
    assert kinds[2:] == ["hazmat.entry_withdrawn", "hazmat.entry_corrected", "hazmat.rejudged"]


def test_the_exit_of_a_moved_stay_stands(world: World) -> None:
    told(world, "enter", 10)
    told(world, "leave", 11)
    told(world, "enter", 10, correction="withdrawn")
    assert stays() == [("withdrawn", at(10), at(11))]
    told(world, "enter", 10, 20, correction="added")
    told(world, "leave", 11, correction="added")  # told once more behind a change
    assert stays() == [("left", at(10, 20), at(11))]
    assert Fact.objects.filter(kind="hazmat.left").count() == 1


def test_a_visit_in_a_blind_spot_is_a_stay_of_its_own(world: World) -> None:
    told(world, "enter", 12)
    told(world, "enter", 8, correction="added")
    assert stays() == [("superseded", at(8), None), ("inside", at(12), None)]
    told(world, "leave", 8, 30, correction="added")
    assert stays() == [("left", at(8), at(8, 30)), ("inside", at(12), None)]
    told(world, "leave", 13)
    assert stays() == [("left", at(8), at(8, 30)), ("left", at(12), at(13))]
    assert Verdict.objects.count() == 2


def test_two_visits_that_were_one(world: World) -> None:
    """It never left: the exit and the second entry are taken back, the latest first."""
    told(world, "enter", 8)
    told(world, "leave", 9)
    told(world, "enter", 10)
    told(world, "enter", 10, correction="withdrawn")
    told(world, "leave", 9, correction="withdrawn")
    assert stays() == [("inside", at(8), None), ("withdrawn", at(10), None)]
    told(world, "leave", 14)
    assert stays()[0] == ("left", at(8), at(14))
    shown = trips_of_day(SystemActor("reader", frozenset({"trip.view"})), DAY)
    assert [one.entered_at for one in shown] == [at(8)]


def test_an_entry_that_is_disproved_lets_the_stay_before_go_on(world: World) -> None:
    told(world, "enter", 8)
    told(world, "enter", 10)
    assert stays() == [("superseded", at(8), None), ("inside", at(10), None)]
    told(world, "enter", 10, correction="withdrawn")
    assert stays() == [("inside", at(8), None), ("withdrawn", at(10), None)]


def test_an_exit_that_is_disproved_while_a_later_entry_stands(world: World) -> None:
    told(world, "enter", 8)
    told(world, "leave", 9)
    told(world, "enter", 10)
    told(world, "leave", 9, correction="withdrawn")
    told(world, "leave", 9, 30, correction="added")
    assert stays() == [("left", at(8), at(9, 30)), ("inside", at(10), None)]


def test_an_entry_that_was_withdrawn_long_ago_is_not_mistaken_for_another(world: World) -> None:
    told(world, "enter", 8)
    told(world, "enter", 8, correction="withdrawn")
    fresh = finding(world.tanker, at=at(9))
    fresh = replace(fresh, correction="added", received_at=SETTLED + timedelta(hours=2))
    actions.handle_finding(SYSTEM, world.clock, fresh)
    assert stays() == [("withdrawn", at(8), None), ("inside", at(9), None)]


def test_the_same_entry_is_added_again_after_it_was_withdrawn(world: World) -> None:
    told(world, "enter", 8)
    told(world, "enter", 8, correction="withdrawn")
    told(world, "enter", 8)  # a replay of the old message
    assert stays() == [("withdrawn", at(8), None)]
    told(world, "enter", 8, correction="added")
    assert stays() == [("inside", at(8), None)]


def test_a_mark_within_a_stay_is_added_to_the_stay_of_its_time(world: World) -> None:
    told(world, "enter", 8)
    told(world, "leave", 9)
    told(world, "enter", 10)
    plant = {"rule": "fence.enter", "place_kind": "plant", "at": at(8, 30)}
    mark = replace(finding(world.tanker, **plant), correction="added")
    actions.handle_finding(SYSTEM, world.clock, mark)
    first = Trip.objects.get(entered_at=at(8))
    assert Fact.objects.get(kind="hazmat.reached_place").obj == first.subject
    actions.handle_finding(SYSTEM, world.clock, replace(mark, correction="withdrawn"))
    assert Fact.objects.get(kind="hazmat.place_withdrawn").obj == first.subject


def test_a_correction_of_another_kind_is_refused(world: World) -> None:
    from hazmat.factory import finding_json

    data = finding_json(world.tanker, at=at(8)).replace(
        b'"kind"', b'"correction": "perhaps", "kind"'
    )
    with pytest.raises(BadFinding, match="correction: must be added or withdrawn, not 'perhaps'"):
        parse(data)
