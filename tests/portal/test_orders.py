"""Tracking a vehicle from its terminal's page, as people see it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from command_world import NOW, WORKER, fresh_key, news
from command_world import vehicle_with_terminal as vehicle_of
from jiaoan.kernel.clock import local
from jiaoan.watch.commands import actions
from jiaoan.watch.models import Command
from portal.matrix import World
from portal.test_commands import clerk, seen, world

__all__ = ["clerk", "world"]
pytestmark = pytest.mark.django_db


def tell(command: Command, state: str, **changes: object) -> None:
    actions.apply_news(WORKER, NOW, news(command, state, **changes))  # type: ignore[arg-type]
    command.refresh_from_db()


def test_it_tracks_shows_until_when_and_stops(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    page = reverse("vehicle_terminal", args=[vehicle.pk])
    typed = {"interval": "5", "minutes": "10", "key": fresh_key()}
    for _ in range(2):  # pressed twice
        answer = clerk.post(reverse("command_track", args=[vehicle.pk]), typed)
        assert answer.headers["Location"] == page
    command = Command.objects.get()
    body = seen(clerk, page)
    assert "every 5 s for 10 min" in body
    assert "Tracking asked for, not confirmed" in body
    tell(command, "answered")
    assert command.tracked_until is not None
    until = f"every 5 s until {local(command.tracked_until):%H:%M}"
    for name in ("vehicle_terminal", "vehicle_commands", "map_vehicle"):
        body = seen(clerk, reverse(name, args=[vehicle.pk]))
        assert until in body
        assert reverse("command_untrack", args=[vehicle.pk]) in body
    clerk.post(reverse("command_untrack", args=[vehicle.pk]), {"key": fresh_key()})
    tell(Command.objects.latest("id"), "answered")
    body = seen(clerk, page)
    assert until not in body
    assert "End of temporary tracking" in body


def test_it_says_beside_the_field_what_no_tracking_is(world: World, clerk: Client) -> None:
    vehicle = vehicle_of(world)
    typed = {"interval": "1", "minutes": "240"}
    answer = clerk.post(reverse("command_track", args=[vehicle.pk]), typed)
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "That is more than 3600 reports" in body
    assert 'name="minutes" type="number" min="1" max="240" required value="240"' in body
    assert not Command.objects.exists()
