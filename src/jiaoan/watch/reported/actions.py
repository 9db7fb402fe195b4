"""Every write about alarms that subordinate platforms report."""

from __future__ import annotations

from django.db import transaction

from jiaoan.journal.actions import record
from jiaoan.kernel.clock import Clock
from jiaoan.scope import Actor, require
from jiaoan.watch.models import ReportedAlarm
from jiaoan.watch.supervision.items import vehicle_of
from jiaoan.watch.supervision.messages import AlarmHandled, AlarmReport
from jiaoan.watch.supervision.states import SENDER_BY_ROLE, HandlingResult, Sender


@transaction.atomic
def receive(actor: Actor, clock: Clock, report: AlarmReport) -> ReportedAlarm:
    """Keep a report (0x1402), or what a superior passes on (0x9402, 0x9403); the same one comes
    again without a second row."""
    require(actor, "alarm.open")
    happened = report.warn_time or report.received_at
    number = "" if report.number is None else f"{report.number:08x}"
    key = (
        f"{report.access_code}:{number}:{report.plate}:{report.plate_colour}:"
        f"{report.warn_type:04x}:{happened.isoformat()}:{int(report.early)}"
    )
    sender = SENDER_BY_ROLE[report.role]
    if sender is Sender.SUPERIOR:
        # The access code is the same one in both directions.
        key = f"{key}:{report.role}"
    known = ReportedAlarm.objects.filter(key=key).first()
    if known is not None:
        if report.serial is not None and known.serial != report.serial:
            # Said again after a lost link: a result will name the newest frame.
            known.serial = report.serial
            known.save(update_fields=["serial"])
        return known
    vehicle = vehicle_of(report.plate, report.plate_colour)
    fact = record(
        "watch.alarm_reported",
        actor=actor,
        obj=vehicle or f"platform:{report.access_code}",
        clock=clock,
        happened_at=happened,
        reported_at=report.received_at,
        payload={"type": report.warn_type, "access_code": report.access_code},
    )
    return ReportedAlarm.objects.create(
        key=key,
        sender=sender,
        platform=report.platform[:80],
        access_code=report.access_code,
        number=report.number,
        serial=report.serial,
        plate=report.plate[:21],
        plate_colour=report.plate_colour,
        vehicle=vehicle,
        warn_source=report.warn_source,
        warn_type=report.warn_type,
        early=report.early,
        text=report.text,
        happened_at=happened,
        ended_at=report.ended_at,
        received_at=report.received_at,
        fact=fact,
    )


@transaction.atomic
def note_result(actor: Actor, clock: Clock, handled: AlarmHandled) -> ReportedAlarm:
    """What a subordinate says became of an alarm that it reported (0x1403 of 2011, 0x1412).

    ``LookupError`` for one that it never reported, ``ValueError`` for a result that is none: parked
    for a person.
    """
    require(actor, "alarm.open")
    named = "number" if handled.number is not None else "serial"
    value = handled.number if handled.number is not None else handled.source_serial
    known = (
        ReportedAlarm.objects.filter(
            sender=Sender.SUBORDINATE, access_code=handled.access_code, **{named: value}
        )
        .order_by("-received_at", "-id")
        .first()
    )
    if known is None or value is None:
        raise LookupError(f"{handled.access_code} reported no alarm with {named} {value}")
    result = HandlingResult(handled.result)
    if known.result == result:
        return known
    known.result, known.result_at = result, handled.received_at
    known.save(update_fields=["result", "result_at"])
    record(
        "watch.alarm_report_handled",
        actor=actor,
        obj=known.vehicle or f"platform:{handled.access_code}",
        clock=clock,
        happened_at=handled.received_at,
        payload={named: f"{value:08x}", "result": result.value},
    )
    return known
