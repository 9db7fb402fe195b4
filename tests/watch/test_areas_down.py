"""Places in terminals: which fit and as what, and what is known of them afterwards."""

from __future__ import annotations

from datetime import date

import pytest

from command_world import fresh_key
from hazmat.factory import World
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.registry.models import Place, PlaceKind, PlaceRole, PlaceShape, Terminal
from jiaoan.scope import Refused
from jiaoan.watch.commands import actions, told
from jiaoan.watch.commands.areas import Area, DoesNotFit, area_of, usual_alarm
from jiaoan.watch.commands.figures import AREAS
from jiaoan.watch.commands.kinds import AreaAlarm, AreaShape
from jiaoan.watch.commands.policies import WantedArea
from jiaoan.watch.models import Command
from watch.test_commands import _english, world
from watch.test_commands import told as tell

__all__ = ["_english", "world"]
pytestmark = pytest.mark.django_db
TRIANGLE = [[113.27, 29.48], [113.28, 29.48], [113.28, 29.495], [113.27, 29.48]]
BOX = [[113.27, 29.48], [113.28, 29.48], [113.28, 29.49], [113.27, 29.49], [113.27, 29.48]]
LEANING = [[113.27, 29.48], [113.28, 29.481], [113.28, 29.491], [113.27, 29.49], [113.27, 29.48]]
LINE = [[113.27, 29.48], [113.28, 29.48]]


def polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def place(**changes: object) -> Place:
    values = {
        "name": "东湖隧道",
        "kind": PlaceKind.FORBIDDEN,
        "role": PlaceRole.FORBIDDEN,
        "geometry": polygon(TRIANGLE),
    }
    return Place.objects.create(**(values | changes))


def fit(world: World, **changes: object) -> Area:
    return area_of(place(**changes), world.tanker, world.clock.today())


def send(world: World, one: Place, **changes: object) -> Command:
    values: dict[str, object] = {"place": str(one.pk), "alarm": "enter", **changes}
    return actions.set_area(
        world.clerk, world.clock, world.tanker, wanted=WantedArea(**values)  # type: ignore[arg-type]
    )  # fmt: skip


def take_away(world: World, one: told.Told) -> Command:
    return actions.delete_area(
        world.clerk, world.clock, world.tanker, shape=one.shape.value, number=str(one.number)
    )


def held(world: World) -> list[told.Told]:
    return told.areas(world.clerk, world.tanker, "13900000001", world.clock.today())


def test_it_takes_a_place_as_the_shape_that_it_is(world: World) -> None:
    found = fit(world)
    assert (found.shape, found.size_m, found.period) == (AreaShape.POLYGON, 0, None)
    assert found.points == (
        (29_480_000, 113_270_000),
        (29_480_000, 113_280_000),
        (29_495_000, 113_280_000),
    )
    found = fit(world, geometry=polygon(BOX))
    assert found.shape is AreaShape.RECTANGLE
    assert found.points == ((29_490_000, 113_270_000), (29_480_000, 113_280_000))
    assert fit(world, geometry=polygon(LEANING)).shape is AreaShape.POLYGON
    centre = {"type": "Point", "coordinates": [113.27, 29.48]}
    found = fit(world, shape=PlaceShape.CIRCLE, geometry=centre, size_m=499.6)
    assert (found.shape, found.size_m) == (AreaShape.CIRCLE, 500)
    assert found.points == ((29_480_000, 113_270_000),)
    way = {"type": "LineString", "coordinates": [*LINE, LINE[-1]]}
    found = fit(world, shape=PlaceShape.CORRIDOR, geometry=way, size_m=40)
    assert (found.shape, found.size_m, len(found.points)) == (AreaShape.ROUTE, 40, 2)
    one_part = {"type": "MultiPolygon", "coordinates": [[TRIANGLE]]}
    assert fit(world, geometry=one_part).shape is AreaShape.POLYGON


MANY = [[113.27 + n / 1000, 29.48 + n * n / 1e6] for n in range(AREAS.most_corners + 1)]
SOUTH = [[113.27, -29.48], [113.28, -29.48], [113.28, -29.4], [113.27, -29.48]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"geometry": polygon(BOX, TRIANGLE)}, "holes or several parts"),
        (
            {"geometry": {"type": "MultiPolygon", "coordinates": [[TRIANGLE], [BOX]]}},
            "holes or several parts",
        ),
        ({"geometry": polygon([*MANY, MANY[0]])}, "has 101 corners, a terminal gets at most 100"),
        ({"geometry": polygon(SOUTH)}, "south of the equator"),
        ({"vehicle_kinds": ["coach"]}, "does not concern vehicles of this kind"),
        ({"name": "隧道𠮷"}, "no 𠮷 (GBK)"),
        (
            {
                "shape": PlaceShape.CORRIDOR,
                "geometry": {"type": "LineString", "coordinates": LINE},
                "size_m": 256,
            },
            "is 256 m wide, a route of a terminal at most 255 m",
        ),
        (
            {"shape": PlaceShape.LINE, "geometry": {"type": "LineString", "coordinates": LINE}},
            "A line has no area",
        ),
        ({"role": PlaceRole.ROUTE}, "not bound to the route"),
        (
            {"hours": [{"from": "07:00", "to": "09:00"}, {"from": "17:00", "to": "19:00"}]},
            "hours are more than a terminal knows",
        ),
        ({"hours": [{"from": "07:00", "to": "09:00", "weekdays": [1]}]}, "hours are more"),
        (
            {"hours": [{"from": "07:00", "to": "09:00", "last_day": "2024-05-01"}]},
            "hours are more",
        ),
    ],
)
def test_it_says_before_sending_why_a_place_does_not_fit(
    world: World, changes: dict[str, object], words: str
) -> None:
    one = place(**changes)
    with pytest.raises(DoesNotFit) as misfit:
        area_of(one, world.tanker, world.clock.today())
    assert words in str(misfit.value)
    with pytest.raises(FieldErrors) as wrong:
        send(world, one)
    assert words in str(wrong.value.errors["place"])
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("changes", "period"),
    [
        ({"hours": [{"from": "07:00", "to": "09:30"}]}, ("000000070000", "000000093000")),
        ({"hours": [{"from": "22:00", "to": "05:00"}]}, ("000000220000", "000000050000")),
        ({"hours": [{"from": "20:00", "to": "24:00"}]}, ("000000200000", "000000235959")),
        (
            {
                "hours": [
                    {
                        "from": "00:00",
                        "to": "24:00",
                        "first_day": "2024-04-01",
                        "last_day": "2024-05-01",
                    }
                ]
            },
            ("240401000000", "240501235959"),
        ),
        ({"valid_to": date(2024, 5, 1)}, ("240408000000", "240501235959")),
        ({}, None),
    ],
)
def test_it_tells_when_it_is_in_force(
    world: World, changes: dict[str, object], period: tuple[str, str] | None
) -> None:
    assert fit(world, **changes).period == period


def test_it_goes_down_with_alarm_limit_and_name(world: World) -> None:
    one = place(limits_kmh={"hazmat": 60, "": 80})
    command = send(world, one, alarm="both", to_driver=False, night="48")
    assert command.arguments == {
        "shape": "polygon",
        "points": [[29480000, 113270000], [29480000, 113280000], [29495000, 113280000]],
        "size_m": 0,
        "period": None,
        "id": one.pk,
        "version": 1,
        "name": "东湖隧道",
        "setting": 1,
        "alarms": ["enter", "leave"],
        "to_driver": False,
        "speed": {"limit_kmh": 60, "seconds": 10, "night_kmh": 48},
    }
    assert usual_alarm(one) is AreaAlarm.ENTER


@pytest.mark.parametrize(
    ("changes", "typed", "field", "words"),
    [
        ({}, {"alarm": "sometimes"}, "alarm", "Choose one"),
        ({}, {"alarm": "none"}, "alarm", "no limit of speed"),
        ({}, {"night": "40"}, "night", "no limit of speed"),
        ({"limits_kmh": {"": 60}}, {"night": "61"}, "night", "from 1 to 60"),
        ({"limits_kmh": {"": 60}}, {"night": "slow"}, "night", "from 1 to 60"),
        ({}, {"place": "999999"}, "place", "holds today"),
        ({}, {"place": "东湖"}, "place", "holds today"),
        ({"valid_to": date(2024, 4, 7)}, {}, "place", "holds today"),
    ],
)
def test_it_says_what_was_typed_wrong(
    world: World, changes: dict[str, object], typed: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises(FieldErrors) as wrong:
        send(world, place(**changes), **typed)
    assert list(wrong.value.errors) == [field]
    assert words in str(wrong.value.errors[field])


def test_it_holds_what_the_terminal_confirmed_until_it_confirms_the_deletion(
    world: World,
) -> None:
    one = place()
    command = send(world, one)
    (area,) = held(world)
    assert (area.confirmed, area.pending, area.place) == (None, command, one)
    tell(world, command, "answered")
    (area,) = held(world)
    assert (area.confirmed, area.pending, area.changed) == (command, None, False)
    away = take_away(world, area)
    assert away.arguments == {"shape": "polygon", "id": one.pk, "name": "东湖隧道"}
    tell(world, away, "timed_out")
    (area,) = held(world)
    assert (area.confirmed, area.pending) == (command, away)
    tell(world, away, "answered", tries=2)
    assert held(world) == []
    with pytest.raises(FieldErrors, match="no such area"):
        take_away(world, area)


def test_what_the_terminal_refused_leaves_what_it_held(world: World) -> None:
    one = place()
    refused = send(world, one)
    tell(world, refused, "refused", reason="failed")
    assert held(world) == []
    first = send(world, one)
    tell(world, first, "answered")
    again = send(world, one)
    assert again.arguments["setting"] == 2, "it is changed, for the terminal holds it"
    tell(world, again, "refused", reason="failed")
    (area,) = held(world)
    assert (area.confirmed, area.pending) == (first, None)


def test_it_says_that_a_place_is_another_than_the_one_that_was_sent(world: World) -> None:
    one = place()
    tell(world, send(world, one), "answered")
    Place.objects.update(version=2)
    (area,) = held(world)
    assert area.changed
    Place.objects.update(geometry=polygon(BOX))
    with pytest.raises(FieldErrors, match="take that away first"):
        send(world, one)
    Place.objects.update(valid_to=date(2024, 4, 7))
    (area,) = held(world)
    assert (area.place, area.changed) == (None, False)


def test_a_new_terminal_holds_nothing(world: World) -> None:
    tell(world, send(world, place()), "answered")
    assert told.areas(world.clerk, world.tanker, "13900000002", world.clock.today()) == []
    assert told.areas(world.firm_user, world.own_truck, "1", world.clock.today()) == []


def test_it_is_one_order_however_often_it_is_pressed(world: World) -> None:
    key, one, other = fresh_key(), place(), place(name="西湖隧道")

    def press(pressed: Place) -> Command:
        wanted = WantedArea(str(pressed.pk), "enter")
        return actions.set_area(world.clerk, world.clock, world.tanker, wanted=wanted, key=key)

    assert press(one) == press(one)
    assert press(other) != press(one)


def test_it_asks_only_terminals_that_can_answer(world: World) -> None:
    def ask(shape: str) -> Command:
        return actions.ask_areas(world.clerk, world.clock, world.tanker, shape=shape)

    with pytest.raises(FieldErrors):
        ask("star")
    first = ask("circle")
    assert first.arguments == {"shape": "circle"}
    tell(world, first, "answered", result={"shape": "circle", "count": 0, "areas": []})
    assert told.last_answers(world.clerk, world.tanker, "13900000001") == [first]
    Terminal.objects.update(protocol="2013")
    with pytest.raises(Blocked, match="older than 2019"):
        ask("circle")


def test_only_who_may_command_sends_areas(world: World) -> None:
    wanted = WantedArea(str(place().pk), "enter")
    with pytest.raises(Refused):
        actions.set_area(world.firm_user, world.clock, world.tanker, wanted=wanted)
    assert not Command.objects.exists()
