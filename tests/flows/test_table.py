"""What follows from what: once for each fact, whoever wrote it, and one failure stops no other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hazmat.factory import (
    SYSTEM,
    World,
    approved_filing,
    finding,
    make_world,
    typed_filing,
    typed_waybill,
)
from jiaoan.flows import actions as flows
from jiaoan.flows import table
from jiaoan.flows.models import Mark, Step
from jiaoan.hazmat import actions as hazmat
from jiaoan.hazmat.models import Filing, Trip
from jiaoan.journal.chain import seal
from jiaoan.journal.models import Fact
from jiaoan.rules.hazmat import Lead
from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.models import Alarm
from jiaoan.watch.states import AlarmState

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def enter(world: World) -> None:
    world.clock.advance(timedelta(minutes=40))
    hazmat.handle_finding(SYSTEM, world.clock, finding(world.tanker, at=world.clock.now()))


def test_it_has_an_alarm_for_every_lead() -> None:
    assert {lead.value for lead in Lead} <= set(AlarmKind.values)
    for lead in Lead:
        assert [flow.name for flow in table.flows_for(f"hazmat.verdict.{lead}")] == ["open_alarm"]
    assert table.flows_for("hazmat.verdict.clear") == ()
    assert len({flow.name for flow in table.TABLE}) == len(table.TABLE)


def test_it_opens_the_alarm_with_the_verdicts_own_record(world: World) -> None:
    enter(world)
    flows.run_pending(world.clock)
    alarm, trip = Alarm.objects.get(), Trip.objects.get()
    assert (alarm.kind, alarm.subject) == (AlarmKind.UNFILED, trip.subject)
    assert alarm.record == trip.verdicts.get().record
    assert alarm.vehicle == world.tanker


def test_it_runs_a_flow_once_whether_sealed_or_not(world: World, tmp_path: Path) -> None:
    enter(world)
    # The alarm that opens is a fact too, and superior platforms may want to know of it.
    assert flows.run_pending(world.clock) == 2
    assert flows.run_pending(world.clock) == 0
    seal(tmp_path / "head", world.clock)
    assert flows.run_pending(world.clock) == 0
    assert (Alarm.objects.count(), Step.objects.count()) == (1, 2)


def test_it_finds_facts_that_were_sealed_before_it_looked(world: World, tmp_path: Path) -> None:
    enter(world)
    seal(tmp_path / "head", world.clock)
    assert flows.run_pending(world.clock) == 2
    assert Alarm.objects.count() == 1
    assert Mark.objects.get().seq == Fact.objects.filter(seq__isnull=False).count()


def test_it_judges_again_when_a_filing_is_approved_and_closes_nothing(world: World) -> None:
    enter(world)
    flows.run_pending(world.clock)
    hazmat.enter_waybill(SYSTEM, world.clock, typed_waybill(), carrier=world.carrier)
    flows.run_pending(world.clock)
    approved_filing(world)
    flows.run_pending(world.clock)
    alarm = Alarm.objects.get()
    kinds = set(Fact.objects.filter(obj=f"watch.alarm:{alarm.pk}").values_list("kind", flat=True))
    assert kinds == {"watch.papers_incomplete", "watch.papers_complete"}
    assert alarm.status is AlarmState.PENDING
    assert Trip.objects.get().filing is not None


def test_it_parks_a_flow_that_fails_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(fact: Fact, clock: object) -> None:
        Filing.objects.filter(pk=int(fact.obj.rpartition(":")[2])).update(route="halfway")
        raise RuntimeError("the verb broke")

    rows = [
        table.Flow(flow.name, flow.kinds, broken) if flow.name == "rejudge_for_filing" else flow
        for flow in table.TABLE
    ]
    monkeypatch.setattr(table, "TABLE", tuple(rows))
    filing = hazmat.apply(SYSTEM, world.clock, typed_filing(), carrier=world.carrier)
    hazmat.approve(world.clerk, world.clock, filing)
    assert flows.run_pending(world.clock) == 2
    steps = dict(Step.objects.values_list("flow", "error"))
    assert steps == {"rejudge_for_filing": "RuntimeError: the verb broke", "offer_filing": ""}
    filing.refresh_from_db()
    assert filing.route == "临江大道", "a failed flow leaves nothing behind"
    assert flows.run_pending(world.clock) == 0
