"""Temporary tracking: what may be asked for, and what is known of it afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from command_world import fresh_key
from hazmat.factory import World
from jiaoan.ledger.errors import FieldErrors
from jiaoan.scope import Refused
from jiaoan.watch.commands import actions, queries
from jiaoan.watch.models import Command
from watch.test_commands import _english, told, world

__all__ = ["_english", "world"]
pytestmark = pytest.mark.django_db


def track(world: World, interval: str = "5", minutes: str = "10") -> Command:
    return actions.track(world.clerk, world.clock, world.tanker, interval=interval, minutes=minutes)


def tracking(world: World) -> Command | None:
    return queries.tracking(world.clerk, world.tanker, world.clock.now())


def test_it_is_tracked_from_the_terminals_answer_until_its_time_is_over(world: World) -> None:
    command = track(world)
    assert command.arguments == {"interval_s": 5, "validity_s": 600}
    assert (command.tracked_until, command.tracked_minutes) == (None, 10)
    world.clock.advance(timedelta(minutes=2))
    assert told(world, command, "answered")
    assert command.tracked_until == world.clock.now() + timedelta(minutes=10)
    world.clock.advance(timedelta(minutes=10) - timedelta(seconds=1))
    assert tracking(world) == command
    world.clock.advance(timedelta(seconds=1))
    assert tracking(world) is None


def test_it_can_be_stopped_as_long_as_it_may_go_on(world: World) -> None:
    command = track(world)
    assert tracking(world) == command, "asked for: whoever thinks better of it can stop it"
    told(world, command, "answered")
    key = fresh_key()
    stop = actions.untrack(world.clerk, world.clock, world.tanker, key=key)
    assert actions.untrack(world.clerk, world.clock, world.tanker, key=key) == stop
    assert tracking(world) == command, "not confirmed: it may go on"
    told(world, stop, "timed_out")
    assert tracking(world) == command
    told(world, stop, "answered", tries=2)
    assert tracking(world) is None


def test_a_new_one_replaces_it_unless_the_terminal_refuses(world: World) -> None:
    first = track(world)
    told(world, first, "answered")
    second = track(world, "30", "60")
    assert tracking(world) == second
    told(world, second, "refused", reason="failed")
    assert tracking(world) == first


@pytest.mark.parametrize(
    ("interval", "minutes", "field", "words"),
    [
        ("0", "10", "interval", "from 1 to 300"),
        ("301", "10", "interval", "from 1 to 300"),
        ("五", "10", "interval", "from 1 to 300"),
        ("", "10", "interval", "from 1 to 300"),
        ("5", "0", "minutes", "from 1 to 240"),
        ("5", "241", "minutes", "from 1 to 240"),
        ("61", "1", "interval", "never report"),
        ("1", "61", "minutes", "more than 3600 reports"),
    ],
)
def test_it_says_which_tracking_makes_no_sense(
    world: World, interval: str, minutes: str, field: str, words: str
) -> None:
    with pytest.raises(FieldErrors) as wrong:
        track(world, interval, minutes)
    assert list(wrong.value.errors) == [field]
    assert words in str(wrong.value.errors[field])
    assert not Command.objects.exists()


def test_only_who_may_command_tracks(world: World) -> None:
    with pytest.raises(Refused):
        actions.track(world.firm_user, world.clock, world.tanker, interval="5", minutes="10")
