"""The highest speed that is set in a terminal: from its answer to what the stream tells by it.

Command → news of the gateway → journal → flow → register → reference → the stream's own judging.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

import pytest

from command_world import WORKER
from hazmat.factory import World, make_world
from jiaoan.flows import actions as flows
from jiaoan.flows.models import Step
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.registry.models import Terminal, Vehicle
from jiaoan.registry.profiles import profile_by_day
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.sentences import sentence
from jiaoan.stores.bus import Bus
from jiaoan.stream.reference import References
from jiaoan.watch.commands import actions
from jiaoan.watch.models import Command
from stream.test_profiles import apply, drive
from stream.world import World as Stream

pytestmark = pytest.mark.django_db
PHONE = "13900000002"
NOON = "2024-04-08T12:00"


@pytest.fixture
def world() -> World:
    made = make_world()
    Terminal.objects.create(phone=PHONE, auth_code="code", vehicle=made.own_truck)
    return made


def read(world: World) -> Command:
    return actions.read_parameters(world.clerk, world.clock, world.own_truck, numbers=(0x55,))


def set_(world: World, kmh: int) -> Command:
    typed = {"85": str(kmh), "86": "10"}
    return actions.set_parameters(world.clerk, world.clock, world.own_truck, typed=typed)


def told(value: object, octets: str = "") -> Mapping[str, object]:
    """The result of a reading, as the gateway says it."""
    others = {"41": {"value": 30, "hex": "0000001e"}}
    return {"parameters": {**others, "85": {"value": value, "hex": octets}}}


def answer(
    world: World, command: Command, result: object = None, *, state: str = "answered",
    at: datetime | None = None,
) -> Vehicle:  # fmt: skip
    """What the worker does with the terminal's answer, and what follows from it."""
    said = {
        "id": command.key, "state": state, "at": (at or world.clock.now()).isoformat(),
        "tries": 1, "reason": "", "result": result,
    }  # fmt: skip
    assert actions.apply_news(WORKER, world.clock, json.loads(json.dumps(said)))
    flows.run_pending(world.clock)
    assert not Step.objects.exclude(error="").exists()
    return Vehicle.objects.get(pk=world.own_truck.pk)


def sentences(world: World, kmh: float) -> list[str]:
    """What the stream tells of a drive of three minutes, by what was published of the vehicle."""
    references = References(cast(Bus, None))
    for letter in Outgoing.objects.filter(topic__startswith="ref.").order_by("pk"):
        apply(references, letter.topic, letter.payload)
    references.rebuild()
    rows = drive(NOON, 3, kmh)
    rows["vehicle"], rows["terminal"] = world.own_truck.pk, PHONE.encode()
    stream = Stream(references)
    stream.hear(rows)
    found = (Finding.from_json(json.loads(each)["finding"]) for each in stream.stored.values())
    return [sentence(one).zh for one in found]


def test_a_limit_that_the_terminal_confirmed_is_judged_by(world: World) -> None:
    assert sentences(world, 71) == []
    vehicle = answer(world, set_(world, 70))
    assert (vehicle.terminal_limit_kmh, vehicle.version) == (70, 2)
    (said,) = sentences(world, 71)
    assert "终端设定限速70千米/时" in said
    assert sentences(world, 70) == []


def test_a_limit_that_the_terminal_told_is_judged_by(world: World) -> None:
    answer(world, read(world), told(60, "0000003c"))
    (said,) = sentences(world, 61)
    assert "终端设定限速60千米/时" in said
    assert sentences(world, 60) == []


def test_the_journal_says_which_answer_told_it_and_when(world: World) -> None:
    command, at = set_(world, 70), world.clock.now() + timedelta(seconds=9)
    world.clock.advance(timedelta(minutes=5))
    vehicle = answer(world, command, at=at)
    fact = Fact.objects.get(kind="registry.terminal_limit_told")
    assert (fact.obj, fact.actor) == (f"registry.vehicle:{vehicle.pk}", "system:flows")
    assert (fact.happened_at, fact.reported_at, fact.recorded_at) == (at, at, world.clock.now())
    assert fact.payload["cause"] == f"watch.command:{command.pk}"
    assert fact.payload["terminal"] == Terminal.objects.get(phone=PHONE).pk
    assert fact.payload["changes"] == {"terminal_limit_kmh": [None, 70]}
    assert PHONE not in str(fact.payload)
    assert vehicle.terminal_limit_told_at == at


@pytest.mark.parametrize("state", ["sent", "refused", "timed_out"])
def test_what_no_terminal_confirmed_is_not_known(world: World, state: str) -> None:
    vehicle = answer(world, set_(world, 70), state=state)
    assert (vehicle.terminal_limit_kmh, vehicle.terminal_limit_told_at) == (None, None)


def test_another_answer_changes_nothing(world: World) -> None:
    answer(world, set_(world, 70))
    others = {"parameters": {"41": {"value": 30, "hex": "0000001e"}}}
    assert answer(world, read(world), others).terminal_limit_kmh == 70
    answer(world, actions.locate(world.clerk, world.clock, world.own_truck))
    assert Fact.objects.filter(kind="registry.terminal_limit_told").count() == 1


def test_nought_makes_the_limit_unknown(world: World) -> None:
    answer(world, set_(world, 70))
    vehicle = answer(world, read(world), told(0, "00000000"))
    assert vehicle.terminal_limit_kmh is None
    assert sentences(world, 71) == []


@pytest.mark.parametrize(
    ("value", "octets"), [(221, "000000dd"), (-1, ""), (None, "00"), ("80", ""), (True, "")]
)
def test_a_value_that_is_no_speed_is_kept_out_and_said(
    world: World, caplog: pytest.LogCaptureFixture, value: object, octets: str
) -> None:
    answer(world, set_(world, 70))
    before = Outgoing.objects.filter(topic__startswith="ref.").count()
    command = read(world)
    with caplog.at_level(logging.WARNING, "jiaoan.flows"):
        vehicle = answer(world, command, told(value, octets))
    assert (vehicle.terminal_limit_kmh, vehicle.version) == (70, 2)
    assert Outgoing.objects.filter(topic__startswith="ref.").count() == before
    shown = repr(octets if value is None else value)
    assert f"watch.command:{command.pk}: parameter 0x0055 is not kept: {shown}" in caplog.text


def test_the_greatest_speed_is_one(world: World) -> None:
    assert answer(world, read(world), told(220, "000000dc")).terminal_limit_kmh == 220


def test_what_was_told_last_holds_whichever_terminal_told_it(world: World) -> None:
    first = read(world)
    Terminal.objects.create(phone="13900000003", auth_code="code", vehicle=world.own_truck)
    second, now = read(world), world.clock.now()
    assert (first.terminal, second.terminal) == (PHONE, "13900000003")
    answer(world, second, told(80), at=now + timedelta(seconds=20))
    # The answer of the other was given before and came by later.
    vehicle = answer(world, first, told(60), at=now + timedelta(seconds=10))
    assert vehicle.terminal_limit_kmh == 80
    assert answer(world, read(world), told(50), at=now + timedelta(30)).terminal_limit_kmh == 50


def test_the_same_again_is_newer_but_no_other_version(world: World) -> None:
    answer(world, set_(world, 70))
    world.clock.advance(timedelta(hours=1))
    vehicle = answer(world, read(world), told(70))
    assert (vehicle.version, vehicle.terminal_limit_told_at) == (2, world.clock.now())
    assert Fact.objects.filter(kind="registry.terminal_limit_told").count() == 2


def test_a_terminal_that_went_to_another_vehicle_says_nothing_of_this_one(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    command = set_(world, 70)
    Terminal.objects.filter(phone=PHONE).update(vehicle=world.tanker)
    assert answer(world, command).terminal_limit_kmh is None
    assert Vehicle.objects.get(pk=world.tanker.pk).terminal_limit_kmh is None
    assert "no longer that of the vehicle" in caplog.text


def test_the_past_is_judged_by_what_was_known_then(world: World) -> None:
    start = world.clock.now()
    for hour, kmh in ((1, 70), (2, 50)):
        world.clock.advance(timedelta(hours=1))
        vehicle = answer(world, set_(world, kmh))
        assert world.clock.now() == start + timedelta(hours=hour)
    known = profile_by_day(vehicle)
    limits = [
        known.at(round((start + timedelta(hours=hours)).timestamp() * 1000)).terminal_limit
        for hours in (0.5, 1.5, 2.5)
    ]
    assert limits == [0, 700, 500]
