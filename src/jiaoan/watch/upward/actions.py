"""Every write of reports to superior platforms.

Theory of operation
-------------------
A superior is told of alarms where its link says so (``report_alarms`` in ``platform.json``; off by
default), of every registered vehicle: their positions are forwarded to it anyway. An alarm that
opens is certain: the stream tells the beginning of a finding apart from its proof. So an opened
alarm is one report (0x1402), a closed one its result (0x1403 in 2011, 0x1412 in 2019), a reopened
one the result 处理中. Rows have unique keys, and orders wait for the link in their order: an outage
delays, and loses or doubles nothing. In 2019 a result names the frame of its report, so it is
ordered when that was read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import translation

from jiaoan.journal.actions import Json, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.kernel.plates import display
from jiaoan.scope import Actor, require
from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.models import Alarm, UpwardReport
from jiaoan.watch.supervision import items
from jiaoan.watch.supervision.states import AlarmSource, Direction
from jiaoan.watch.upward.kinds import RESULTS, ReportKind, warn_type

if TYPE_CHECKING:
    from jiaoan.gateway.platform.settings import Superior

_V2011 = "2011"


def superiors() -> tuple[Superior, ...]:
    """The superiors that are told of alarms."""
    from jiaoan.gateway.platform.settings import FILE, BadSettings, load

    path = Path(settings.DATA_DIR) / FILE
    try:
        found = load(path).superiors if path.is_file() else ()
    except BadSettings:
        # The process of the links tells what is wrong with the file; nobody can be told anything.
        return ()
    return tuple(one for one in found if one.report_alarms)


@transaction.atomic
def report(actor: Actor, clock: Clock, alarm: Alarm) -> int:
    """Report an alarm that opened to all superiors that want it; how many reports were made."""
    require(actor, "alarm.open")
    return sum(_report(actor, clock, alarm, one) for one in superiors())


def _report(actor: Actor, clock: Clock, alarm: Alarm, superior: Superior) -> bool:
    code = superior.terms.access_code
    key = f"{alarm.pk}:{code}:{ReportKind.ALARM.value}"
    if UpwardReport.objects.filter(key=key).exists():
        return False
    edition = superior.terms.edition.value
    made = _row(actor, clock, alarm, ReportKind.ALARM, key, superior.name, code, edition=edition)
    _order(made, clock, {
        "kind": "alarm_report",
        "platform_id": superior.platform_id,
        "warn_source": AlarmSource.GOVERNMENT.value,
        "warn_type": warn_type(AlarmKind(alarm.kind), edition).value,
        "warn_time": alarm.happened_at.isoformat(),
        "ended_at": alarm.ended_at.isoformat() if alarm.ended_at else None,
        "text": _words(alarm),
    })  # fmt: skip
    return True


def _words(alarm: Alarm) -> str:
    """What the report says, in the language of the protocol; a letter that GBK lacks is left out,
    so that no place name stops a report."""
    with translation.override("zh-hans"):
        kind = str(AlarmKind(alarm.kind).label)
    said = f"{display(alarm.vehicle.plate)} {kind} {alarm.figure} {alarm.place_name}"
    return " ".join(said.encode("gbk", "ignore").decode("gbk").split())


@transaction.atomic
def report_result(actor: Actor, clock: Clock, alarm: Alarm, cause: Fact) -> int:
    """Tell what became of an alarm to those that were told of it; ``cause`` is the fact that says
    so. How many results were made."""
    require(actor, "alarm.open")
    told = UpwardReport.objects.filter(alarm=alarm, kind=ReportKind.ALARM)
    return sum(_result(actor, clock, one, cause) for one in told)


def _result(actor: Actor, clock: Clock, told: UpwardReport, cause: Fact) -> bool:
    key = f"{told.alarm_id}:{told.access_code}:{ReportKind.RESULT.value}:{cause.pk}"
    if UpwardReport.objects.filter(key=key).exists():
        return False
    made = _row(
        actor, clock, told.alarm, ReportKind.RESULT, key, told.platform, told.access_code,
        edition=told.edition, result=RESULTS[cause.kind].value,
    )  # fmt: skip
    if _can_be_named(told):
        _order_result(made, told, clock)
    return True


def _can_be_named(told: UpwardReport) -> bool:
    """In 2011 a report has a number of ours; in 2019 its frame names it, once that was read."""
    return told.edition == _V2011 or told.sent_serial is not None


@transaction.atomic
def go_on(actor: Actor, clock: Clock, told: UpwardReport) -> int:
    """A report was read: order the results that waited for it. How many."""
    require(actor, "alarm.open")
    if told.kind != ReportKind.ALARM or not _can_be_named(told):
        return 0
    waiting = UpwardReport.objects.filter(
        alarm=told.alarm, access_code=told.access_code, kind=ReportKind.RESULT, queued_at=None
    )
    for one in waiting:
        _order_result(one, told, clock)
    return len(waiting)


def _order_result(row: UpwardReport, told: UpwardReport, clock: Clock) -> None:
    _order(row, clock, {
        "kind": "alarm_result",
        "report_serial": told.sent_serial or 0,
        "result": row.result,
    })  # fmt: skip


def _row(
    actor: Actor,
    clock: Clock,
    alarm: Alarm,
    kind: ReportKind,
    key: str,
    platform: str,
    access_code: int,
    *,
    edition: str,
    result: int | None = None,
) -> UpwardReport:
    fact = record(
        f"watch.{'alarm' if kind is ReportKind.ALARM else 'result'}_reported_up",
        actor=actor,
        obj=alarm,
        clock=clock,
        payload={"access_code": access_code, "result": result},
    )
    return UpwardReport.objects.create(
        key=key,
        kind=kind,
        alarm=alarm,
        platform=platform[:80],
        access_code=access_code,
        edition=edition,
        result=result,
        made_at=clock.now(),
        fact=fact,
    )


def _order(row: UpwardReport, clock: Clock, payload: dict[str, Json]) -> None:
    vehicle = row.alarm.vehicle
    about: dict[str, Json] = {
        "role": items.ROLE[Direction.RECEIVED],
        "number": row.alarm_id & 0xFFFFFFFF,
        "plate": vehicle.plate,
        "plate_colour": vehicle.plate_colour,
    }
    row.queued_at = clock.now()
    row.save(update_fields=["queued_at"])
    items.order(row, row.access_code, about | payload, clock)
