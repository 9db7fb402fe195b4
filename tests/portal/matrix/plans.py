"""A published plan and one still taken apart, for the rows of desk, notices and ledger."""

from __future__ import annotations

from jiaoan.ledger import actions
from jiaoan.ledger.models import Occurrence, Plan
from ledger.factory import SYSTEM, make_plan_for
from portal.matrix import Row, World

ROWS: list[Row] = []


def open_plan(world: World) -> Plan:
    """A plan that the section of this world takes apart."""
    found = Plan.objects.filter(state="intake").first()
    return found or make_plan_for(world.person("safety_clerk"), world.clock)


def plan_of(world: World) -> Plan:
    """A published plan whose fence duty the section at home owes."""
    found = Plan.objects.filter(state="published").first()
    if found is not None:
        return found
    world.enterprise()
    plan = make_plan_for(world.person("safety_clerk"), world.clock)
    home = world.place("section")
    for name in plan.unit_names.all():
        actions.settle_unit(SYSTEM, world.clock, name, [home])
    for draft in plan.drafts.filter(state="open"):
        answers = {place: actions.Answer(0) for place in range(len(draft.doubts))}
        actions.accept_draft(SYSTEM, world.clock, draft, answers)
    rest = list(plan.sentences.filter(judgement="unread").values_list("number", flat=True))
    actions.judge_sentences(SYSTEM, world.clock, plan, rest, reason="无")
    actions.publish(SYSTEM, world.clock, plan)
    actions.assign_plan(SYSTEM, world.clock, plan)
    return plan


def fence_item(world: World) -> Occurrence:
    plan = plan_of(world)
    return Occurrence.objects.get(
        duty__plan=plan, duty__title="建成电子围栏系统", organisation=world.place("section")
    )
