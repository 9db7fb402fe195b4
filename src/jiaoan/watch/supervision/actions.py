"""Every write about supervision 督办. What is said on the links goes by the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Actor, require
from jiaoan.watch.models.supervision import Supervision, SupervisionAnswer
from jiaoan.watch.supervision import items
from jiaoan.watch.supervision.messages import Answer, Request
from jiaoan.watch.supervision.states import (
    FINAL,
    SUPERVISION,
    WAITING,
    AlarmSource,
    Direction,
    HandlingResult,
    Level,
    SupervisionState,
    SupervisionVerb,
    WarnType,
)

_LONGEST_NOTE = 500


def default_span() -> timedelta:
    """For a request without a deadline: 24 hours, unverified [U] until the bureau sets it."""
    return timedelta(hours=float(getattr(settings, "WATCH_SUPERVISION_HOURS", 24)))


@transaction.atomic
def receive_request(actor: Actor, clock: Clock, request: Request) -> Supervision:
    """A superior asks: open an item, or answer the one that this request already opened."""
    require(actor, "alarm.open")
    happened = request.warn_time or request.received_at
    key = f"received:{request.access_code}:{request.number:08x}:{happened.isoformat()}"
    known = Supervision.objects.filter(key=key).first()
    if known is not None:
        return known
    vehicle = items.vehicle_of(request.plate, request.plate_colour)
    fact = record(
        "watch.supervision_received",
        actor=actor,
        obj=vehicle or f"platform:{request.access_code}",
        clock=clock,
        happened_at=happened,
        reported_at=request.received_at,
        payload={"number": f"{request.number:08x}", "type": request.warn_type},
    )
    item = Supervision.objects.create(
        key=key,
        direction=Direction.RECEIVED,
        platform=request.platform[:80],
        access_code=request.access_code,
        number=request.number,
        warn_source=request.warn_source,
        warn_type=request.warn_type,
        level=request.level,
        plate=request.plate[:21],
        plate_colour=request.plate_colour,
        vehicle=vehicle,
        supervisor=request.supervisor[:16],
        tel=request.tel[:20],
        email=request.email[:32],
        source_type=request.source_type,
        source_serial=request.source_serial,
        request_serial=request.serial,
        happened_at=happened,
        received_at=request.received_at,
        opened_at=clock.now(),
        deadline=request.deadline or request.received_at + default_span(),
        deadline_told=request.deadline is not None,
        fact=fact,
    )
    items.announce("watch.supervision_received", item, clock)
    return item


@transaction.atomic
def answer(
    actor: User, clock: Clock, item: Supervision, *, result: str | int, note: str
) -> SupervisionAnswer:
    """Answer a superior: the answer goes down the link as soon as one is up.

    Raises :class:`FieldErrors` (``result``, ``note``), :class:`Blocked`, ``TransitionRefused``.
    """
    require(actor, "alarm.handle", item)
    if item.direction != Direction.RECEIVED:
        raise Blocked(_("This is our own request: the subordinate platform answers it."))
    chosen = _result(result)
    errors: dict[str, str | Promise] = {}
    if chosen is None:
        errors["result"] = _("Choose how the alarm is handled.")
    if problem := _note_problem(note):
        errors["note"] = problem
    if chosen is None or errors:
        raise FieldErrors(errors)
    made = _move(actor, clock, item, chosen, note, by=actor, happened_at=clock.now())
    payload: dict[str, Json] = {
        "kind": "supervision_answer",
        "role": items.ROLE[Direction.RECEIVED],
        "plate": item.plate or None,
        "plate_colour": item.plate_colour,
        "number": item.number,
        "result": chosen.value,
        "source_type": item.source_type or 0x9401,
        "source_serial": item.source_serial or item.request_serial,
    }
    items.order(made, item.access_code, payload, clock)
    return made


@dataclass(frozen=True)
class Wanted:
    """What we ask of a subordinate, as typed and checked by :func:`request`."""

    platform: str
    access_code: int
    plate: str
    plate_colour: int
    warn_type: str
    level: str
    happened_at: datetime | None
    deadline: datetime | None
    text: str
    tel: str
    email: str


@transaction.atomic
def request(actor: User, clock: Clock, wanted: Wanted) -> Supervision:
    """Ask a subordinate to handle an alarm (0x9401). Raises :class:`FieldErrors`."""
    require(actor, "alarm.handle")
    now = clock.now()
    vehicle = items.vehicle_of(wanted.plate, wanted.plate_colour)
    errors = _problems(wanted, vehicle, now)
    if errors:
        raise FieldErrors(errors)
    assert vehicle is not None
    assert wanted.happened_at is not None
    assert wanted.deadline is not None
    last = Supervision.objects.filter(direction=Direction.SENT).aggregate(Max("number"))
    number = (last["number__max"] or 0) + 1
    fact = record(
        "watch.supervision_requested",
        actor=actor,
        obj=vehicle,
        clock=clock,
        happened_at=wanted.happened_at,
        payload={"number": f"{number:08x}", "access_code": wanted.access_code},
    )
    item = Supervision.objects.create(
        key=f"sent:{wanted.access_code}:{number:08x}",
        direction=Direction.SENT,
        platform=wanted.platform,
        access_code=wanted.access_code,
        number=number,
        warn_source=AlarmSource.GOVERNMENT,
        warn_type=int(wanted.warn_type),
        level=int(wanted.level),
        plate=vehicle.plate,
        plate_colour=vehicle.plate_colour,
        vehicle=vehicle,
        supervisor=actor.name[:8],
        tel=wanted.tel.strip(),
        email=wanted.email.strip(),
        text=wanted.text.strip(),
        happened_at=wanted.happened_at,
        received_at=now,
        opened_at=now,
        deadline=wanted.deadline,
        fact=fact,
    )
    _ask(item, clock)
    items.announce("watch.supervision_requested", item, clock)
    return item


def _ask(item: Supervision, clock: Clock) -> None:
    payload: dict[str, Json] = {
        "kind": "supervision_request",
        "role": items.ROLE[Direction.SENT],
        "plate": item.plate,
        "plate_colour": item.plate_colour,
        "number": item.number,
        "warn_source": item.warn_source,
        "warn_type": item.warn_type,
        "warn_time": item.happened_at.isoformat(),
        "deadline": item.deadline.isoformat(),
        "level": item.level,
        "supervisor": item.supervisor,
        "tel": item.tel,
        "email": item.email,
    }
    items.order(item, item.access_code, payload, clock)


def _problems(wanted: Wanted, vehicle: Vehicle | None, now: datetime) -> dict[str, str | Promise]:
    errors: dict[str, str | Promise] = {}
    if not wanted.access_code:
        errors["platform"] = _("Choose the subordinate platform.")
    if vehicle is None:
        errors["plate"] = _("No vehicle with this plate and colour is registered.")
    if not wanted.warn_type.isdecimal() or int(wanted.warn_type) not in WarnType.values:
        errors["warn_type"] = _("Choose the kind of alarm.")
    if not wanted.level.isdecimal() or int(wanted.level) not in Level.values:
        errors["level"] = _("Choose the level.")
    if wanted.happened_at is None:
        errors["happened_at"] = _("Write when the alarm happened, as 2024-04-08 06:42.")
    elif wanted.happened_at > now:
        errors["happened_at"] = _("This time has not come yet.")
    if wanted.deadline is None:
        errors["deadline"] = _("Write the deadline, as 2024-04-08 18:00.")
    elif wanted.deadline <= now:
        errors["deadline"] = _("The deadline must lie ahead.")
    for name, longest in (("tel", 20), ("email", 32)):
        if len(getattr(wanted, name).strip().encode("gbk", "replace")) > longest:
            errors[name] = _("Too long for the protocol.")
    return errors


@transaction.atomic
def receive_answer(actor: Actor, clock: Clock, answered: Answer) -> SupervisionAnswer | None:
    """A subordinate answers our request; ``None`` where the same answer came again.

    ``LookupError`` where we asked nothing under this number: it is parked for a person.
    """
    require(actor, "alarm.open")
    named = "request_serial" if answered.number is None else "number"
    value = answered.source_serial if answered.number is None else answered.number
    mine = Supervision.objects.filter(direction=Direction.SENT, access_code=answered.access_code)
    # Serials of a link begin anew: the newest is meant.
    item = None if value is None else mine.filter(**{named: value}).order_by("-id").first()
    if item is None:
        raise LookupError(f"{named} {value} names no request to {answered.access_code}")
    chosen = _result(answered.result)
    if chosen is None:
        raise ValueError(f"result {answered.result} is none")
    last = item.answers.last()
    if item.status is SupervisionState.DONE or (last is not None and last.result == chosen):
        record(
            "watch.supervision_repeated",
            actor=actor,
            obj=item,
            clock=clock,
            happened_at=answered.received_at,
            payload={"result": chosen.value},
        )
        return None
    return _move(actor, clock, item, chosen, "", by=None, happened_at=answered.received_at)


def note_late(actor: Actor, clock: Clock) -> int:
    """Note once each item whose deadline passed."""
    return items.note_late(actor, clock, Supervision.objects.filter(state__in=WAITING))


def _result(value: str | int) -> HandlingResult | None:
    text = str(value)
    known = text.isdecimal() and int(text) in HandlingResult.values
    return HandlingResult(int(text)) if known else None


def _note_problem(note: str) -> str | Promise:
    if not note.strip():
        return _("Write what was done or why not; it stays with the item.")
    return _("At most 500 characters.") if len(note) > _LONGEST_NOTE else ""


def _move(
    actor: Actor,
    clock: Clock,
    item: Supervision,
    result: HandlingResult,
    note: str,
    *,
    by: User | None,
    happened_at: datetime,
) -> SupervisionAnswer:
    """Take one row of the table against others who try the same; leave answer and fact."""
    final = result in FINAL
    verb = SupervisionVerb.ANSWER_FINAL if final else SupervisionVerb.ANSWER_INTERIM
    row, now = SUPERVISION.row(item.state, verb), clock.now()
    changes: dict[str, object] = {"state": row.target}
    if final:
        changes["done_at"] = now
    items.claim(item, row.source, **changes)
    fact = record(
        row.fact,
        actor=actor,
        obj=item,
        clock=clock,
        happened_at=happened_at,
        payload={"result": result.value},
    )
    made = SupervisionAnswer.objects.create(
        supervision=item,
        result=result,
        note=note.strip(),
        by=by,
        happened_at=happened_at,
        written_at=now,
        fact=fact,
    )
    items.announce(row.fact, item, clock)
    return made
