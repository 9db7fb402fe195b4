"""Alarms up to superior platforms: reported once where the link says so, with their results."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from hazmat.factory import World, make_world
from jiaoan.flows.actions import run_pending
from jiaoan.journal.models import Outgoing
from jiaoan.scope import Refused, SystemActor
from jiaoan.watch import actions as watch
from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.models import Alarm, UpwardReport
from jiaoan.watch.supervision.items import note_carried
from jiaoan.watch.supervision.messages import Carried
from jiaoan.watch.supervision.states import WarnType
from jiaoan.watch.upward import actions
from jiaoan.watch.upward.kinds import warn_type
from jiaoan.watch.upward.queries import reports
from jiaoan.worker import steps

pytestmark = pytest.mark.django_db
CODE, OTHER = 43060001, 43060002


def link(code: int, edition: str, *, reports: bool) -> dict[str, object]:
    return {
        "name": f"示意上级平台{code}", "access_code": code, "user_id": 8, "password": "secret12",
        "edition": edition, "address": "127.0.0.1:7809", "listen": f"127.0.0.1:{code % 10000}",
        "platform_id": "43060000001", "report_alarms": reports,
    }  # fmt: skip


def superiors(settings: object, folder: Path, *links: dict[str, object]) -> None:
    (folder / "platform.json").write_text(json.dumps({"superiors": links}), "utf-8")
    settings.DATA_DIR = folder  # type: ignore[attr-defined]


@pytest.fixture
def world() -> World:
    return make_world()


def opened(world: World, key: str = "overspeed:1") -> Alarm:
    now = world.clock.now()
    source = watch.Source(
        key=key, kind=AlarmKind.OVERSPEED, vehicle=world.own_truck, place_name="示意大道",
        subject=f"registry.vehicle:{world.own_truck.pk}", rule="overspeed", version="1", record={},
        happened_at=now - timedelta(minutes=2), received_at=now, judged_at=now, figure="78/60",
    )  # fmt: skip
    made = watch.open_alarm(steps.ACTOR, world.clock, source)
    run_pending(world.clock)
    return made


def handled(world: World, alarm: Alarm) -> None:
    """A person calls, and closes it."""
    for verb in ("dispose", "close"):
        alarm.refresh_from_db()
        if verb == "dispose":
            watch.dispose(world.clerk, world.clock, alarm, kind="phone", note="已电话核实")
        else:
            watch.close(world.clerk, world.clock, alarm, note="已减速，闭环")
    run_pending(world.clock)


def orders(code: int) -> list[dict[str, object]]:
    rows = Outgoing.objects.filter(topic=f"platform.down.{code}").order_by("pk")
    return [row.payload for row in rows]


def read(world: World, row: UpwardReport, serial: int) -> None:
    """The link tells that the superior has read it."""
    said = {
        "kind": "order_sent", "order": f"report-{row.pk}", "at": world.clock.now().isoformat(),
        "link": "main", "serial": serial,
    }  # fmt: skip
    done = steps.platform_checkpoint()
    data = json.dumps(said).encode()
    assert steps.handle_platform(data, done + 1, world.clock.now(), world.clock)


def test_nothing_is_reported_where_no_link_says_so(
    world: World, settings: object, tmp_path: Path
) -> None:
    superiors(settings, tmp_path, link(CODE, "2019", reports=False))
    handled(world, opened(world))
    assert not UpwardReport.objects.exists()
    (tmp_path / "platform.json").write_text("{", "utf-8")
    opened(world, "overspeed:2")
    assert not UpwardReport.objects.exists()


def test_an_alarm_is_reported_once_to_each_superior_that_wants_it(
    world: World, settings: object, tmp_path: Path
) -> None:
    before = opened(world, "overspeed:0")
    superiors(
        settings, tmp_path, link(CODE, "2011", reports=True), link(OTHER, "2019", reports=False)
    )
    alarm = opened(world)
    assert actions.report(steps.ACTOR, world.clock, alarm) == 0
    (row,) = UpwardReport.objects.all()
    assert orders(OTHER) == []
    assert orders(CODE) == [{
        "order": f"report-{row.pk}", "role": "subordinate", "kind": "alarm_report",
        "number": alarm.pk, "plate": world.own_truck.plate,
        "plate_colour": int(world.own_truck.plate_colour), "platform_id": "43060000001",
        "warn_source": 3, "warn_type": 1, "warn_time": alarm.happened_at.isoformat(),
        "ended_at": None, "text": "湘F·30001 超速行驶 78/60 示意大道",
    }]  # fmt: skip
    # What the superior never heard of has no result there.
    handled(world, before)
    assert len(orders(CODE)) == 1
    with pytest.raises(Refused):
        actions.report(SystemActor("nobody", frozenset()), world.clock, alarm)


def test_a_result_of_2011_follows_at_once(world: World, settings: object, tmp_path: Path) -> None:
    superiors(settings, tmp_path, link(CODE, "2011", reports=True))
    alarm = opened(world)
    handled(world, alarm)
    (_, result) = orders(CODE)
    assert (result["kind"], result["number"], result["result"]) == ("alarm_result", alarm.pk, 1)


def test_a_result_of_2019_waits_until_its_report_was_read(
    world: World, settings: object, tmp_path: Path
) -> None:
    superiors(settings, tmp_path, link(CODE, "2019", reports=True))
    alarm = opened(world)
    handled(world, alarm)
    report, result = UpwardReport.objects.all()
    assert len(orders(CODE)) == 1
    assert result.queued_at is None
    for _ in range(2):
        read(world, report, 41)
    (_, order) = orders(CODE)
    assert (order["kind"], order["report_serial"], order["result"]) == ("alarm_result", 41, 1)
    # Reopened, and closed again: each is a result of its own.
    alarm.refresh_from_db()
    watch.reopen(world.clerk, world.clock, alarm, note="误闭环")
    run_pending(world.clock)
    assert [one["result"] for one in orders(CODE)[1:]] == [1, 0]
    read(world, result, 42)
    result.refresh_from_db()
    assert (result.sent_link, result.sent_serial) == ("main", 42)
    assert reports(world.clerk).count() == 3
    assert not reports(world.carrier_user).exists()


def test_the_kinds_of_2011_have_no_type_of_2019() -> None:
    for kind in AlarmKind:
        assert warn_type(kind, "2011") < WarnType.RULE_BREAK
    assert warn_type(AlarmKind.HAZMAT_BAN, "2019") is WarnType.RULE_BREAK
    assert warn_type(AlarmKind.UNFILED, "2011") is WarnType.OTHER
    assert warn_type(AlarmKind.UNFILED, "2019") is WarnType.OTHER_2019


def test_a_refused_order_says_why(world: World, settings: object, tmp_path: Path) -> None:
    superiors(settings, tmp_path, link(CODE, "2019", reports=True))
    opened(world)
    (row,) = UpwardReport.objects.all()
    refused = Carried(f"report-{row.pk}", world.clock.now(), "", None, "text has no room")
    note_carried(steps.ACTOR, world.clock, refused)
    row.refresh_from_db()
    assert (row.send_error, row.sent_at) == ("text has no room", None)
