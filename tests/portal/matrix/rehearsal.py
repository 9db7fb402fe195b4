"""Rehearsals: who sees the rules sees them, who manages a rule or place starts and stops them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from jiaoan.kernel.clock import clock_from_environment
from jiaoan.watch.models import Rehearsal
from jiaoan.watch.models.rehearsal import RehearsalKind
from jiaoan.watch.rehearsal import actions
from jiaoan.watch.rehearsal.actions import Wanted
from portal.matrix import Kwargs, Row, World

LOOKERS = ("safety_clerk", "section_head", "leader", "administrator")
MANAGERS = ("section_head", "administrator")
NOT = ("enterprise", "outside_carrier")
NOW = clock_from_environment()


def days(_world: World) -> Mapping[str, object]:
    yesterday = (NOW.today() - timedelta(days=1)).isoformat()
    return {"first_day": yesterday, "last_day": yesterday}


def waiting(world: World) -> Rehearsal:
    found = Rehearsal.objects.first()
    if found is not None:
        return found
    world.vehicle()
    day = str(days(world)["first_day"])
    return actions.ask(
        world.person("section_head"), NOW, RehearsalKind.RULE, subject="driving.overspeed",
        title="超速行驶", proposal={"over_s": 10}, wanted=Wanted(day, day),
    )  # fmt: skip


def one(world: World) -> Mapping[str, object]:
    return {"pk": waiting(world).pk}


def sheet(world: World) -> Mapping[str, object]:
    return {"pk": waiting(world).pk, "form": "xlsx"}


def cancelled(world: World) -> Mapping[str, object]:
    asked = waiting(world)
    if asked.state == "queued":
        actions.cancel(world.person("section_head"), NOW, asked)
    return {"pk": asked.pk}


def rule(world: World) -> Mapping[str, object]:
    world.vehicle()
    return {"rule": "driving.overspeed"}


def _write(name: str, kwargs: Kwargs) -> Row:
    not_managers = ("safety_clerk", "leader", *NOT)
    return Row(name, "POST", MANAGERS, not_managers, status=302, kwargs=kwargs, data=days)


ROWS = [
    Row("rehearsals", allowed=LOOKERS, denied=NOT),
    Row("rehearsal", allowed=LOOKERS, denied=NOT, kwargs=one),
    Row("rehearsal_progress", allowed=LOOKERS, denied=NOT, kwargs=one),
    Row("rehearsal_export", allowed=LOOKERS, denied=NOT, kwargs=sheet),
    _write("rehearsal_rule", rule),
    _write("rehearsal_cancel", one),
    _write("rehearsal_again", cancelled),
]
