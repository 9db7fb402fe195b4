"""Late points and places: the versions of the time judge them, and long stays are remembered."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from jiaoan.rules import fences as twin
from jiaoan.rules.driving import settle
from jiaoan.rules.keys import Key
from jiaoan.stores.bus import Message
from jiaoan.stores.positions import Positions, key_of
from rules.driving.tracks import at, quick_book, track
from rules.test_fences import SQUARE
from stream.world import NOW, World, references_of

BEGIN = at("2024-04-08T10:00")
LAT, WEST = 29_450_000, 113_200_000  # on the western edge of SQUARE
MINUTE, DAY = 60_000, 86_400_000


def said(version: int, since_ms: int, **more: object) -> dict[str, object]:
    return {
        "place_id": 1, "name": f"name {version}", "kind": "district", "version": version,
        "shape": "polygon", "geometry": SQUARE, "size_m": None, "buffer_m": 50, "consecutive": 2,
        "since": datetime.fromtimestamp(since_ms / 1000, UTC).isoformat(), **more,
    }  # fmt: skip


def publish(world: World, value: dict[str, object]) -> None:
    """As the stream hears it, and looks at places before its next block."""
    world.references.apply(Message("ref.place.1", json.dumps(value).encode(), 1, NOW))
    world.references.rebuild()
    world.look_at_places()


def points(*seen: tuple[int, int]) -> Positions:
    """(UTC ms, microdegrees east of the western edge); a thousand are 97 m."""
    rows = track([(moment, 0, 40) for moment, _ in seen], vehicle=1)
    rows["lat"], rows["lon"] = LAT, [WEST + east for _, east in seen]
    return rows


def told(world: World) -> list[tuple[str, int, int]]:
    """(kind, minute, version of the place) of what stands, by time."""
    stands = [each for story in world.stories().values() for each in story.places.standing.values()]
    moments = [
        (round(datetime.fromisoformat(each["happened_at"]).timestamp() * 1000) - BEGIN) // MINUTE
        for each in stands
    ]
    found = [
        (each["kind"], minute, each["place_version"])
        for each, minute in zip(stands, moments, strict=True)
    ]
    return sorted(found, key=lambda one: one[1])


@pytest.fixture
def world() -> World:
    return World(references_of(quick_book(1)))


def test_points_from_before_a_place_was_drawn_are_not_judged_by_it(world: World) -> None:
    world.hear(points((BEGIN, -9000), (BEGIN + 10 * MINUTE, 9000)))
    publish(world, said(1, BEGIN + 12 * MINUTE))
    world.hear(points((BEGIN + 20 * MINUTE, -9000)))
    assert told(world) == [("left", 20, 1)]
    world.hear(points((BEGIN + 5 * MINUTE, 9000), (BEGIN + 6 * MINUTE, -9000)))
    world.settle()
    assert told(world) == [("left", 20, 1)]


def test_what_was_told_of_points_from_before_a_place_was_drawn_is_left(world: World) -> None:
    """They came in order, but only now: a new installation hears of yesterday."""
    publish(world, said(1, BEGIN + DAY))
    world.hear(points((BEGIN, -9000), (BEGIN + 2 * MINUTE, 9000), (BEGIN + 9 * MINUTE, 9100)))
    assert told(world) == [("entered", 2, 1)]
    world.hear(points((BEGIN + MINUTE, -9000)))
    world.settle()
    world.hear(points((BEGIN + 10 * MINUTE, -9000)))
    assert told(world) == [("entered", 2, 1), ("left", 10, 1)]


def test_a_crossing_in_a_blind_spot_is_told_by_the_version_of_its_time(world: World) -> None:
    publish(world, said(1, BEGIN - DAY))
    world.hear(points((BEGIN, -9000), (BEGIN + 10 * MINUTE, -9000)))
    ring = [[114.2, 29.4], [114.3, 29.4], [114.3, 29.5], [114.2, 29.5], [114.2, 29.4]]
    moved = {"type": "Polygon", "coordinates": [ring]}
    publish(
        world,
        said(2, BEGIN + 12 * MINUTE, geometry=moved, before=[said(1, BEGIN - DAY)]),
    )
    world.hear(points((BEGIN + 20 * MINUTE, -9000)))
    world.hear(points((BEGIN + 5 * MINUTE, 9000), (BEGIN + 6 * MINUTE, -9000)))
    assert told(world) == []
    world.settle()
    assert told(world) == [("entered", 5, 1), ("left", 6, 1)]
    messages = [json.loads(data) for data in world.stored.values()]
    assert {each["place_name"] for each in messages if "place_id" in each} >= {"name 1"}
    assert {each.get("correction") for each in messages if each["rule"] == "fence.enter"} == {
        "added"
    }


def test_of_a_version_that_is_not_kept_what_was_told_is_left(world: World) -> None:
    publish(world, said(1, BEGIN - DAY))
    world.hear(points((BEGIN, -9000), (BEGIN + 10 * MINUTE, 9000)))
    publish(world, said(2, BEGIN + 12 * MINUTE, buffer_m=90))  # without "before"
    world.hear(points((BEGIN + 5 * MINUTE, 9000), (BEGIN + 20 * MINUTE, 9000)))
    before = told(world)
    world.settle()
    assert told(world) == before == [("entered", 10, 1)]


@pytest.mark.parametrize("gap_days", [1, 12])
def test_who_stands_in_a_place_for_weeks_does_not_enter_it_again(
    world: World, gap_days: int
) -> None:
    publish(world, said(1, BEGIN - 90 * DAY, dwell_s=3600))
    long_ago = BEGIN - 30 * DAY
    world.hear(points((long_ago, -9000), (long_ago + MINUTE, 9000)))
    stands = [(long_ago + n * 12 * 3_600_000, 9000) for n in range(1, 60 - 2 * gap_days)]
    world.hear(points(*stands))
    world.hear(points((BEGIN + 10 * MINUTE, 9000)))
    before = told(world)
    assert [kind for kind, _, _ in before] == ["entered", "stayed"]
    world.hear(points((BEGIN + 5 * MINUTE, 9000)))
    world.settle()
    assert told(world) == before
    world.hear(points((BEGIN + 20 * MINUTE, -9000), (BEGIN + 15 * MINUTE, 9000)))
    world.settle()
    assert [kind for kind, _, _ in told(world)] == ["entered", "stayed", "left"]


def test_a_late_point_never_moves_the_live_state_backwards(world: World) -> None:
    publish(world, said(1, BEGIN - DAY))
    world.hear(points((BEGIN, -9000), (BEGIN + 10 * MINUTE, 9000)))
    state = world.memory.fences.encode()
    world.hear(points((BEGIN + 5 * MINUTE, -9000), (BEGIN + 6 * MINUTE, -9000)))
    assert world.memory.fences.encode() == state
    assert world.memory.late == {1: BEGIN + 5 * MINUTE}
    assert told(world) == [("entered", 10, 1)]


def of_places(world: World) -> list[tuple[str, str]]:
    """(kind, correction) of all that was ever told of places, in the order of the bus."""
    bodies = [json.loads(data) for data in world.stored.values()]
    return [(each["kind"], each.get("correction", "")) for each in bodies if "finding" not in each]


@pytest.mark.parametrize("stored", range(7))
def test_an_exit_behind_a_change_is_told_once_more_whatever_was_killed(
    world: World, stored: int
) -> None:
    """It was out between 5 and 6: the exit at 20 ends the second of two visits, not the first."""
    publish(world, said(1, BEGIN - DAY))
    inside = [(BEGIN + minute * MINUTE, 9000) for minute in (1, 10, 11, 12, 13, 14, 15)]
    world.hear(points((BEGIN, -9000), *inside, (BEGIN + 20 * MINUTE, -9000)))
    world.hear(points((BEGIN + 5 * MINUTE, -9000), (BEGIN + 6 * MINUTE, 9000)))
    world.save()
    before = len(world.stored)
    world.settle()
    world.stored = dict(list(world.stored.items())[: before + stored])  # killed behind so many
    world.kill()
    world.settle()
    assert told(world) == [
        ("entered", 1, 1), ("left", 5, 1), ("entered", 6, 1), ("left", 20, 1)
    ]  # fmt: skip
    changes = [("left", "added"), ("entered", "added"), ("left", "added")]
    assert of_places(world) == [("entered", ""), ("left", ""), *changes]
    # And not again and again: what changes nothing behind it tells nothing.
    world.hear(points((BEGIN + 7 * MINUTE, 9000), (BEGIN + 8 * MINUTE, 9000)))
    world.settle()
    world.hear(points((BEGIN + 30 * MINUTE, -9000), (BEGIN + 25 * MINUTE, -9000)))
    world.settle()
    assert of_places(world) == [("entered", ""), ("left", ""), *changes]


def test_an_exit_from_what_was_never_entered_is_taken_back_whatever_was_killed(
    world: World,
) -> None:
    """Within the edge at 0 and 10, far out at 5: killed behind the withdrawal of the entry, the
    next owner still remembers it, and tells the exit."""
    publish(world, said(1, BEGIN - DAY))
    world.hear(points((BEGIN, 300), (BEGIN + 10 * MINUTE, 300)))
    world.hear(points((BEGIN + 5 * MINUTE, -9000)))
    world.save()
    world.settle()
    world.kill()
    world.hear(points((BEGIN + 20 * MINUTE, -9000)))
    changes = [("entered", ""), ("entered", "withdrawn"), ("left", "")]
    assert of_places(world) == changes
    world.settle()
    assert of_places(world) == [*changes, ("left", "withdrawn")]
    assert told(world) == []


ROUTE = {"role": "route", "bound": [1]}


@pytest.fixture
def route(world: World) -> World:
    publish(world, said(1, BEGIN - 90 * DAY, **ROUTE))
    return world


def ends(world: World) -> list[tuple[str, float]]:
    """(kind, farthest metres) of what stands."""
    found = [
        (each["kind"], each["inputs"]["farthest_m"], each["happened_at"])
        for story in world.stories().values()
        for each in story.places.standing.values()
    ]
    return [(kind, far) for kind, far, _ in sorted(found, key=lambda one: one[2])]


def test_the_return_to_a_route_is_told_once(route: World) -> None:
    route.hear(points((BEGIN, 9000), (BEGIN + 2 * MINUTE, -1000)))
    route.hear(points((BEGIN + 4 * MINUTE, -9000), (BEGIN + 6 * MINUTE, 9000)))
    route.hear(points((BEGIN + 8 * MINUTE, 9000)))
    assert told(route) == [("off_route", 2, 1), ("off_route_over", 6, 1)]
    assert [round(far) for _, far in ends(route)] == [97, 873]
    assert len({each["first_position"] for each in map(json.loads, route.stored.values())}) == 1


def test_late_points_move_the_return_to_a_route(route: World) -> None:
    route.hear(points((BEGIN, 9000), (BEGIN + 2 * MINUTE, -9000), (BEGIN + 20 * MINUTE, 9000)))
    route.hear(points((BEGIN + 5 * MINUTE, -20_000), (BEGIN + 9 * MINUTE, 9000)))
    route.settle()
    assert told(route) == [("off_route", 2, 1), ("off_route_over", 9, 1)]
    assert [round(far) for _, far in ends(route)] == [873, 1940]
    assert of_places(route) == [
        ("off_route", ""), ("off_route_over", ""), ("off_route_over", "added")
    ]  # fmt: skip


def test_a_return_behind_late_points_off_the_route_is_told_once_more(route: World) -> None:
    """Live it was off from 2 to 20 min; in truth it was back between, and left again."""
    route.hear(points((BEGIN, 9000), (BEGIN + 2 * MINUTE, -9000), (BEGIN + 20 * MINUTE, 9000)))
    route.hear(points((BEGIN + 5 * MINUTE, 9000), (BEGIN + 9 * MINUTE, -9000)))
    route.settle()
    assert told(route) == [
        ("off_route", 2, 1), ("off_route_over", 5, 1), ("off_route", 9, 1),
        ("off_route_over", 20, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("gap_days", [1, 12])
def test_who_is_off_a_route_for_weeks_is_off_it_until_the_return(
    route: World, gap_days: int
) -> None:
    long_ago = BEGIN - 30 * DAY
    route.hear(points((long_ago, 9000), (long_ago + MINUTE, -9000)))
    route.hear(
        points(*((long_ago + n * 12 * 3_600_000, -9000) for n in range(1, 60 - 2 * gap_days)))
    )
    route.hear(points((BEGIN + 10 * MINUTE, -9000)))
    route.hear(points((BEGIN + 5 * MINUTE, -9000)))
    route.settle()
    assert [kind for kind, _, _ in told(route)] == ["off_route"]
    route.hear(points((BEGIN + 20 * MINUTE, 9000)))
    route.hear(points((BEGIN + 15 * MINUTE, -9000)))
    route.settle()
    assert [kind for kind, _, _ in told(route)] == ["off_route", "off_route_over"]
    assert "withdrawn" not in {correction for _, correction in of_places(route)}


SOUTH = 100  # microdegrees: of two reports of one moment the southern one comes first in order


@pytest.mark.parametrize(
    "heard",
    [
        pytest.param([(0, 9000), (0, -9000)], id="on it, then off it at the same moment"),
        pytest.param([(0, -9000), (0, 9000)], id="off it, then on it at the same moment"),
        pytest.param([(0, 9000), (0, -9000), (2, -9000)], id="and off it behind"),
        pytest.param([(0, 9000), (0, -300), (2, -300), (3, -300)], id="and off it within the edge"),
        pytest.param([(0, 9000), (0, -9000), (2, 9000), (3, -9000)], id="and on it behind"),
        pytest.param([(1, 9000), (0, -9000)], id="the second one first"),
        pytest.param([(1, -9000), (0, 9000)], id="the second one first, off it"),
    ],
)
@pytest.mark.parametrize("first", ["western", "eastern"])
def test_the_first_reports_of_a_vehicle_settle_as_if_they_came_in_order(
    route: World, heard: list[tuple[int, int]], first: str
) -> None:
    """No track before them says that it was on its route already."""
    rows = points(*((BEGIN + minute * MINUTE, east) for minute, east in heard))
    if first == "eastern":
        rows["lat"][rows["lon"] > WEST] -= SOUTH
    for row in range(len(rows)):
        route.hear(rows[row : row + 1])
    route.settle()
    ordered, _, _ = settle.in_order(rows)
    plain = twin.judge(
        route.references.fences, {}, ordered, key_of=key_of, kinds=route.references.book()
    )
    assert route.memory.fences.vehicles() == dict(plain.vehicles)
    assert [kind for kind, _, _ in told(route)] == [each.kind for each in plain.findings]


def test_a_late_point_off_a_route_begins_what_the_point_behind_it_began(route: World) -> None:
    """On it for weeks, silent for longer than a track is read back, then two points off it."""
    long_ago = BEGIN - 30 * DAY
    route.hear(points((long_ago, 9000), (BEGIN, -300)))
    route.hear(points((BEGIN - MINUTE, -300)))
    assert told(route) == []
    route.settle()
    stands = [each for story in route.stories().values() for each in story.places.standing.values()]
    assert [(each["kind"], each["happened_at"]) for each in stands] == [
        ("off_route", datetime.fromtimestamp(BEGIN / 1000, UTC).isoformat())
    ]
    assert Key.read(stands[0]["first_position"]).time_ms == BEGIN - MINUTE


LONG = BEGIN - 30 * DAY
HALF_DAY = 12 * 3_600_000


def stays(world: World) -> list[tuple[str, int | None]]:
    """(kind, days before BEGIN at which the stay began that it ends) of what stands, by time."""
    stands = [each for story in world.stories().values() for each in story.places.standing.values()]
    found = []
    for each in sorted(stands, key=lambda one: str(one["happened_at"])):
        begun = each["stay"]["begun_at"] if "stay" in each else None
        ago = None if begun is None else BEGIN / 1000 - datetime.fromisoformat(begun).timestamp()
        found.append((str(each["kind"]), None if ago is None else round(ago / 86_400)))
    return found


def standing_there(last: int, east: int = 9000) -> Positions:
    """Two points a day from the day of LONG on, so many; the last nine days are read back."""
    return points(*((LONG + n * HALF_DAY, east) for n in range(1, last)))


def test_an_exit_says_when_the_stay_began(world: World) -> None:
    publish(world, said(1, BEGIN - 90 * DAY))
    world.hear(points((LONG, 9000), (BEGIN, 9000), (BEGIN + MINUTE, -9000)))
    assert stays(world) == [("entered", None), ("left", 30)]


@pytest.mark.parametrize("noise", [-300, -1])
def test_a_noisy_point_at_the_beginning_of_the_track_ends_no_stay(world: World, noise: int) -> None:
    """In it for 30 days, and a long stay is one of 20: it was told, and is not told again."""
    publish(world, said(1, BEGIN - 90 * DAY, dwell_s=20 * 86_400))
    world.hear(points((LONG, 9000)))
    world.hear(standing_there(42))
    world.hear(points((BEGIN - 9 * DAY + 5 * MINUTE, noise)))  # the first that is read back
    world.hear(points(*((BEGIN - n * HALF_DAY, 9000) for n in range(17, 0, -1))))
    world.hear(points((BEGIN + 10 * MINUTE, 9000)))
    assert stays(world) == [("entered", None), ("stayed", 30)]
    world.hear(points((BEGIN + 5 * MINUTE, 9000)))
    world.settle()
    world.hear(points((BEGIN + 12 * DAY, 9000), (BEGIN + 13 * DAY, -9000)))
    assert stays(world) == [("entered", None), ("stayed", 30), ("left", 30)]


def test_a_long_stay_that_came_later_is_not_taken_for_the_first_one(world: World) -> None:
    """Two points within the edge ended the first stay; a late one between them says they did not,
    so there was no second one either."""
    publish(world, said(1, BEGIN - 90 * DAY, dwell_s=3600))
    world.hear(points((LONG, 9000)))
    world.hear(standing_there(60))
    shallow = [(BEGIN + 10 * MINUTE, -300), (BEGIN + 20 * MINUTE, -300)]
    back = [(BEGIN + 40 * MINUTE, 9000), (BEGIN + 110 * MINUTE, 9000)]
    world.hear(points(*shallow, *back))
    assert stays(world) == [
        ("entered", None), ("stayed", 30), ("left", 30), ("entered", None), ("stayed", 0)
    ]  # fmt: skip
    world.hear(points((BEGIN + 15 * MINUTE, 9000)))
    world.settle()
    assert stays(world) == [("entered", None), ("stayed", 30)]
    world.hear(points((BEGIN + 120 * MINUTE, -9000)))
    assert stays(world)[2:] == [("left", 30)]


@pytest.mark.parametrize("stored", range(4))
def test_a_stay_from_before_the_track_outlives_a_kill_in_the_middle_of_a_settlement(
    world: World, stored: int
) -> None:
    """Its exit is withdrawn, and with it goes what said since when it was there."""
    publish(world, said(1, BEGIN - 90 * DAY, dwell_s=3600))
    world.hear(points((LONG, 9000)))
    world.hear(standing_there(60))
    world.hear(points((BEGIN + 10 * MINUTE, -300), (BEGIN + 20 * MINUTE, -300)))
    world.hear(points((BEGIN + 15 * MINUTE, 9000)))
    world.save()
    before = len(world.stored)
    world.settle()
    world.stored = dict(list(world.stored.items())[: before + stored])
    world.kill()
    world.settle()
    assert stays(world) == [("entered", None), ("stayed", 30)]
    world.hear(points((BEGIN + 30 * MINUTE, -9000)))
    assert stays(world)[2:] == [("left", 30)]


@pytest.mark.parametrize("role", ["area", "forbidden"])
def test_who_was_silent_for_longer_than_the_track_is_told_of_nothing_twice(
    world: World, role: str
) -> None:
    """In it, told so and silent for 30 days; a late point inside comes behind its exit."""
    publish(world, said(1, BEGIN - 90 * DAY, dwell_s=3600, role=role))
    world.hear(points((LONG, 9000), (LONG + 2 * 3_600_000, 9000)))
    early = stays(world)
    world.hear(points((BEGIN + 20 * MINUTE, -9000)))
    world.hear(points((BEGIN + 10 * MINUTE, 9000)))
    world.settle()
    assert stays(world) == [*early, ("left", 30)]
