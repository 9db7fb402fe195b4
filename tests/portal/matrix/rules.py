"""Rules: the bureau looks, section head and administrator decide."""

from __future__ import annotations

from collections.abc import Mapping

from jiaoan.kernel.clock import clock_from_environment
from jiaoan.watch.rules import actions
from jiaoan.watch.rules.queries import standing
from portal.matrix import Kwargs, Row, World

LOOKERS = ("safety_clerk", "section_head", "leader", "administrator")
MANAGERS = ("section_head", "administrator")
NOT = ("enterprise", "outside_carrier")
NOT_MANAGERS = ("safety_clerk", "leader", *NOT)
NOW = clock_from_environment()


def rule(_world: World) -> Mapping[str, object]:
    return {"rule": "driving.overspeed"}


def version(_world: World) -> Mapping[str, object]:
    return {"version": standing().version, "note": "局定"}


def figure(world: World) -> Mapping[str, object]:
    day = actions.tomorrow(NOW).isoformat()
    return {**version(world), "over_s": "20", "valid_from": day}


def confirmed(world: World) -> Mapping[str, object]:
    day = NOW.today().isoformat()
    return {
        **version(world), "figure": "hole_s", "confirmed_by": "李建国 股长", "confirmed_on": day,
    }  # fmt: skip


def withdrawn(world: World) -> Mapping[str, object]:
    """A change that does not hold yet; decided before, so a refused request leaves nothing."""
    if not standing().changes:
        actions.change_figures(
            world.person("section_head"),
            NOW,
            {"over_s": "20"},
            valid_from=actions.tomorrow(NOW).isoformat(),
            note="局定",
            seen_version=standing().version,
        )
    return {**version(world), "change": standing().changes[0].version}


def off(world: World) -> Mapping[str, object]:
    return {**version(world), "on": "no"}


def _write(name: str, data: Kwargs) -> Row:
    return Row(name, "POST", MANAGERS, NOT_MANAGERS, status=302, kwargs=rule, data=data)


ROWS = [
    Row("rules", allowed=LOOKERS, denied=NOT),
    Row("rule", allowed=LOOKERS, denied=NOT, kwargs=rule),
    _write("rule_figures", figure),
    _write("rule_confirm", confirmed),
    _write("rule_withdraw", withdrawn),
    _write("rule_switch", off),
]
