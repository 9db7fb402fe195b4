"""Every write of the alarm desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Actor, require
from jiaoan.watch import figures
from jiaoan.watch.commands.actions import send_text
from jiaoan.watch.kinds import AlarmKind, DispositionKind, Severity
from jiaoan.watch.models import Alarm, Disposition
from jiaoan.watch.policies import require_no_appeal, require_second_person
from jiaoan.watch.states import ALARM, OPEN, AlarmState, AlarmVerb

_LONGEST_NOTE = 1000


@dataclass(frozen=True)
class Source:
    """What an alarm is opened from: a verdict of another room, or a finding, as plain values.

    ``respond`` and ``finish`` are the time limits where they are not the general ones.
    """

    key: str
    kind: AlarmKind
    vehicle: Vehicle
    place_name: str
    subject: str
    rule: str
    version: str
    record: dict[str, Json]
    happened_at: datetime
    received_at: datetime
    judged_at: datetime
    severity: Severity = Severity.HIGH
    respond: timedelta | None = None
    finish: timedelta | None = None
    told: int = 0
    figure: str = ""
    amount: int = 0
    ended_at: datetime | None = None


@transaction.atomic
def open_alarm(actor: Actor, clock: Clock, source: Source) -> Alarm:
    """Open an alarm, or answer the one that this verdict already opened."""
    require(actor, "alarm.open")
    known = Alarm.objects.filter(key=source.key).first()
    if known is not None:
        return known
    now = clock.now()
    fact = record(
        "watch.opened",
        actor=actor,
        obj=source.subject,
        clock=clock,
        happened_at=source.happened_at,
        reported_at=source.received_at,
        payload={"kind": source.kind.value, "rule": source.rule, "version": source.version},
    )
    alarm = Alarm.objects.create(
        key=source.key,
        kind=source.kind,
        severity=source.severity,
        vehicle=source.vehicle,
        carrier_name=source.vehicle.owner_name,
        place_name=source.place_name,
        subject=source.subject,
        rule=source.rule,
        version=source.version,
        record=source.record,
        happened_at=source.happened_at,
        received_at=source.received_at,
        judged_at=source.judged_at,
        opened_at=now,
        respond_by=now + (source.respond or figures.first_response().span),
        finish_by=now + (source.finish or figures.handling().span),
        told=source.told,
        figure=source.figure,
        amount=source.amount,
        ended_at=source.ended_at,
        fact=fact,
    )
    announce("watch.opened", alarm, clock)
    return alarm


_FIRST_KINDS = (
    DispositionKind.PHONE,
    DispositionKind.TEXT,
    DispositionKind.ROAD,
    DispositionKind.FILING,
    DispositionKind.FALSE_ALARM,
    DispositionKind.NOTE,
)


@transaction.atomic
def dispose(
    actor: User,
    clock: Clock,
    alarm: Alarm,
    *,
    kind: str,
    note: str,
    happened_at: datetime | None = None,
    reference: str = "",
    key: str = "",
) -> Disposition:
    """Write what was done. ``happened_at`` is when (a call, say), default now.

    ``kind`` text sends the note to the driver as it stands; the same ``key`` sends it once.
    Raises :class:`FieldErrors` (``kind``, ``note``, ``happened_at``), ``TransitionRefused``, and
    ``Blocked`` where a text cannot be sent.
    """
    require(actor, "alarm.handle", alarm)
    errors: dict[str, str | Promise] = {}
    if kind not in _FIRST_KINDS:
        errors["kind"] = _("Choose what was done.")
    if happened_at is not None and happened_at > clock.now() + timedelta(minutes=1):
        errors["happened_at"] = _("This time has not come yet.")
    if problem := note_problem(note):
        errors["note"] = problem
    if errors:
        raise FieldErrors(errors)
    chosen = DispositionKind(kind)
    false = chosen is DispositionKind.FALSE_ALARM
    verb = AlarmVerb.JUDGE_FALSE if false else AlarmVerb.RESPOND
    if chosen is DispositionKind.TEXT:
        happened_at, reference = None, _text(actor, clock, alarm, note, key)
        known = alarm.dispositions.filter(reference=reference).first()
        if known is not None:
            return known
    return _move(actor, clock, alarm, verb, chosen, note, happened_at, reference)


def _text(actor: User, clock: Clock, alarm: Alarm, note: str, key: str) -> str:
    """Send the note to the vehicle of the alarm; the name of the command."""
    try:
        command = send_text(actor, clock, alarm.vehicle, text=note, alarm=alarm, key=key)
    except FieldErrors as wrong:
        raise FieldErrors({"note": next(iter(wrong.errors.values()))}) from wrong
    return f"watch.command:{command.pk}"


@transaction.atomic
def review(actor: User, clock: Clock, alarm: Alarm, *, agree: bool, note: str) -> Disposition:
    """复核: a second person confirms or rejects that it was a false alarm."""
    require(actor, "alarm.handle", alarm)
    require_second_person(actor, alarm)
    require_no_appeal(alarm)
    require_note(note)
    verb = AlarmVerb.CONFIRM_FALSE if agree else AlarmVerb.REJECT_FALSE
    kind = DispositionKind.CONFIRM_FALSE if agree else DispositionKind.REJECT_FALSE
    return _move(actor, clock, alarm, verb, kind, note)


@transaction.atomic
def close(actor: User, clock: Clock, alarm: Alarm, *, note: str) -> Disposition:
    """闭环: only a person, only after it has been handled, with a sentence."""
    require(actor, "alarm.handle", alarm)
    require_note(note)
    return _move(actor, clock, alarm, AlarmVerb.CLOSE, DispositionKind.CLOSE, note)


@transaction.atomic
def reopen(actor: User, clock: Clock, alarm: Alarm, *, note: str) -> Disposition:
    require(actor, "alarm.handle", alarm)
    require_note(note)
    return _move(actor, clock, alarm, AlarmVerb.REOPEN, DispositionKind.REOPEN, note)


@transaction.atomic
def note_papers(actor: Actor, clock: Clock, subject: str, *, complete: bool, cause: Fact) -> int:
    """Note on the open alarms of ``subject`` that papers came in. It closes nothing."""
    require(actor, "alarm.open")
    alarms = Alarm.objects.filter(subject=subject, state__in=OPEN)
    for alarm in alarms:
        kind = "watch.papers_complete" if complete else "watch.papers_incomplete"
        record(kind, actor=actor, obj=alarm, clock=clock, payload={"fact": cause.pk})
        announce(kind, alarm, clock)
    return len(alarms)


def note_late(actor: Actor, clock: Clock) -> int:
    """Note once each alarm that nobody answered in time; claimed by a conditional update."""
    require(actor, "alarm.open")
    now, count = clock.now(), 0
    waiting = Alarm.objects.filter(state=AlarmState.PENDING, late_noted_at=None, respond_by__lt=now)
    for alarm in waiting[:200]:
        with transaction.atomic():
            claimed = Alarm.objects.filter(
                pk=alarm.pk, late_noted_at=None, state=AlarmState.PENDING
            ).update(late_noted_at=now)
            if not claimed:
                continue
            record(
                "watch.response_late",
                actor=actor,
                obj=alarm,
                clock=clock,
                happened_at=alarm.respond_by,
            )
            announce("watch.response_late", alarm, clock)
            count += 1
    return count


def note_problem(note: str) -> str | Promise:
    """What is wrong with a note; empty when nothing is."""
    if not note.strip():
        return _("Write what was said or found; it stays with the alarm.")
    return _("At most 1000 characters.") if len(note) > _LONGEST_NOTE else ""


def require_note(note: str) -> None:
    if problem := note_problem(note):
        raise FieldErrors({"note": problem})


def _move(
    actor: User,
    clock: Clock,
    alarm: Alarm,
    verb: AlarmVerb,
    kind: DispositionKind,
    note: str,
    happened_at: datetime | None = None,
    reference: str = "",
) -> Disposition:
    """Take one row of the table; leave disposition and fact."""
    payload: dict[str, Json] = {"kind": kind.value, "reference": reference}
    changes = {} if alarm.responded_at else {"responded_at": clock.now()}
    fact = step(actor, clock, alarm, verb, payload, happened_at=happened_at, changes=changes)
    return write_down(actor, clock, alarm, kind, note, fact, reference)


def step(
    actor: Actor,
    clock: Clock,
    alarm: Alarm,
    verb: AlarmVerb,
    payload: dict[str, Json],
    *,
    happened_at: datetime | None = None,
    changes: Mapping[str, object] | None = None,
) -> Fact:
    """Take one row of the table against others who try the same; leave its fact.

    ``changes`` are columns of the alarm that change with it. Raises ``TransitionRefused`` and
    :class:`Blocked`. Call inside a transaction, after the right was checked.
    """
    row = ALARM.row(alarm.state, verb)
    values: dict[str, object] = {"state": row.target, **(changes or {})}
    if row.target is AlarmState.CLOSED:
        values["closed_at"] = clock.now()
    elif row.source is AlarmState.CLOSED:
        values["closed_at"] = None
    if not Alarm.objects.filter(pk=alarm.pk, state=row.source).update(**values):
        raise Blocked(_("Somebody else has just dealt with this alarm. Look at it again."))
    for name, value in values.items():
        setattr(alarm, name, value)
    fact = record(
        row.fact, actor=actor, obj=alarm, clock=clock, happened_at=happened_at, payload=payload
    )
    announce(row.fact, alarm, clock)
    return fact


def write_down(
    actor: User,
    clock: Clock,
    alarm: Alarm,
    kind: DispositionKind,
    note: str,
    fact: Fact,
    reference: str = "",
) -> Disposition:
    """The words of a person beside the fact of what was done."""
    return Disposition.objects.create(
        alarm=alarm,
        kind=kind,
        note=note.strip(),
        reference=reference,
        by=actor,
        happened_at=fact.happened_at,
        written_at=clock.now(),
        fact=fact,
    )


def announce(kind: str, alarm: Alarm, clock: Clock) -> None:
    """Tell open desks and maps; ids only, each reader asks for what it may see."""
    enqueue(
        "events.alarm",
        {
            "kind": kind,
            "object": "watch.alarm",
            "id": alarm.pk,
            "vehicle": alarm.vehicle_id,
            "state": alarm.state,
        },
        clock=clock,
    )
