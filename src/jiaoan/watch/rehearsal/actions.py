"""Every write about rehearsals: asked, started, told how far, ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.registry.models import VehicleKind
from jiaoan.registry.queries import vehicles
from jiaoan.scope import Actor, require
from jiaoan.watch.models import Rehearsal, RehearsalFinding
from jiaoan.watch.models.rehearsal import RehearsalKind
from jiaoan.watch.rehearsal.states import REHEARSAL, RehearsalState, RehearsalVerb

_VERBS = {RehearsalKind.RULE: "rule.manage", RehearsalKind.PLACE: "place.manage"}


def most_days() -> int:
    """How many days one rehearsal may look at [U]: a setting of the installation."""
    return int(getattr(settings, "REHEARSAL_DAYS", 31))


def most_vehicles() -> int:
    return int(getattr(settings, "REHEARSAL_VEHICLES", 1000))


def most_findings() -> int:
    """How many findings are kept and listed; the counts are of all."""
    return int(getattr(settings, "REHEARSAL_FINDINGS", 2000))


@dataclass(frozen=True)
class Wanted:
    """Days as typed (2024-06-05); ``vehicle_kind`` empty = all in the asker's reach."""

    first_day: str
    last_day: str
    vehicle_kind: str = ""


@transaction.atomic
def ask(
    actor: User,
    clock: Clock,
    kind: RehearsalKind,
    *,
    subject: str,
    title: str,
    proposal: Mapping[str, Json],
    wanted: Wanted,
) -> Rehearsal:
    """Queue a rehearsal over past days and vehicles; at most one of a person waits at a time.

    Raises :class:`FieldErrors` (``first_day``, ``last_day``, ``vehicle_kind``), :class:`Blocked`.
    """
    require(actor, _VERBS[kind])
    first, last, chosen = _bounds(actor, clock, wanted)
    if Rehearsal.objects.filter(asked_by=actor, state=RehearsalState.QUEUED).exists():
        raise Blocked(_("Another rehearsal of yours still waits. Cancel it, or let it run."))
    payload: dict[str, Json] = {
        "subject": subject, "first_day": first.isoformat(), "last_day": last.isoformat(),
        "vehicles": len(chosen),
    }  # fmt: skip
    fact = record(
        "watch.rehearsal_asked",
        actor=actor,
        obj=f"watch.rule:{subject}" if kind == RehearsalKind.RULE else "watch.place",
        clock=clock,
        payload=payload,
    )
    made = Rehearsal.objects.create(
        kind=kind,
        subject=subject,
        title=title[:120],
        proposal=dict(proposal),
        first_day=first,
        last_day=last,
        vehicles=chosen,
        asked_at=clock.now(),
        asked_by=actor,
        fact=fact,
    )
    _announce(made, clock)
    return made


def _bounds(actor: User, clock: Clock, wanted: Wanted) -> tuple[date, date, list[int]]:
    errors: dict[str, str | Promise] = {}
    days: dict[str, date] = {}
    for name in ("first_day", "last_day"):
        try:
            days[name] = date.fromisoformat(getattr(wanted, name).strip())
        except ValueError:
            errors[name] = _("Write the day as 2024-06-05.")
    if len(days) == 2:
        first, last = days["first_day"], days["last_day"]
        if last < first:
            errors["last_day"] = _("The last day lies before the first.")
        elif last > clock.today():
            errors["last_day"] = _("Only days that have passed, or today, can be rehearsed.")
        elif (last - first).days >= most_days():
            errors["last_day"] = _("At most %(n)s days at a time.") % {"n": most_days()}
    found = vehicles(actor)
    if wanted.vehicle_kind:
        if wanted.vehicle_kind in VehicleKind.values:
            found = found.filter(kind=wanted.vehicle_kind)
        else:
            errors["vehicle_kind"] = _("Choose a kind of vehicle.")
    chosen = list(found.order_by("id").values_list("id", flat=True))
    if not chosen:
        errors.setdefault("vehicle_kind", _("There are no such vehicles."))
    if len(chosen) > most_vehicles():
        errors["vehicle_kind"] = _("These are %(n)s vehicles, at most %(most)s go at a time.") % {
            "n": len(chosen), "most": most_vehicles(),
        }  # fmt: skip
    if errors:
        raise FieldErrors(errors)
    return days["first_day"], days["last_day"], chosen


@transaction.atomic
def cancel(actor: User, clock: Clock, asked: Rehearsal) -> None:
    """取消: a running one stops within a vehicle."""
    require(actor, _VERBS[RehearsalKind(asked.kind)])
    _step(actor, clock, asked, RehearsalVerb.CANCEL, ended_at=clock.now())


@transaction.atomic
def again(actor: User, clock: Clock, asked: Rehearsal) -> None:
    """Begin anew what was broken off or cancelled."""
    require(actor, _VERBS[RehearsalKind(asked.kind)])
    _step(
        actor, clock, asked, RehearsalVerb.AGAIN,
        done=0, started_at=None, ended_at=None, reason="", heard_at=None,
    )  # fmt: skip


def claim(actor: Actor, clock: Clock) -> Rehearsal | None:
    """The oldest that waits, started under a new number; ``None`` when none does.

    It is asked every second, so it opens a transaction only when there is something to start.
    """
    require(actor, "alarm.open")
    asked = Rehearsal.objects.filter(state=RehearsalState.QUEUED).order_by("id").first()
    return None if asked is None else _start(actor, clock, asked)


@transaction.atomic
def _start(actor: Actor, clock: Clock, asked: Rehearsal) -> Rehearsal | None:
    now = clock.now()
    try:
        _step(
            actor, clock, asked, RehearsalVerb.START,
            run=asked.run + 1, started_at=now, heard_at=now, done=0,
        )  # fmt: skip
    except Blocked:
        return None  # cancelled at this very moment
    return asked


@transaction.atomic
def break_off(actor: Actor, clock: Clock, asked: Rehearsal, reason: str) -> bool:
    """It ended without a result; whether it still ran under this number."""
    require(actor, "alarm.open")
    fresh = Rehearsal.objects.filter(pk=asked.pk, run=asked.run, state=RehearsalState.RUNNING)
    running = fresh.first()
    if running is None:
        return False
    _step(actor, clock, running, RehearsalVerb.BREAK, ended_at=clock.now(), reason=reason[:300])
    return True


def break_all(actor: Actor, clock: Clock) -> int:
    """A worker starts: what ran under the one before has nobody who would end it."""
    running = Rehearsal.objects.filter(state=RehearsalState.RUNNING)
    return sum(break_off(actor, clock, one, "the worker was started again") for one in running)


def tell(clock: Clock, asked: Rehearsal, done: int) -> bool:
    """How far it is; ``False`` when it no longer runs under its number and must stop."""
    held = Rehearsal.objects.filter(pk=asked.pk, run=asked.run, state=RehearsalState.RUNNING)
    return bool(held.update(done=done, heard_at=clock.now()))


@transaction.atomic
def finish(
    actor: Actor,
    clock: Clock,
    asked: Rehearsal,
    summary: Mapping[str, Json],
    findings: Sequence[RehearsalFinding],
) -> bool:
    """The result at once, or nothing: ``False`` when it was cancelled meanwhile."""
    require(actor, "alarm.open")
    held = Rehearsal.objects.filter(pk=asked.pk, run=asked.run, state=RehearsalState.RUNNING)
    running = held.first()
    if running is None:
        return False
    RehearsalFinding.objects.filter(rehearsal=running).delete()
    RehearsalFinding.objects.bulk_create(findings, batch_size=200)
    _step(
        actor, clock, running, RehearsalVerb.FINISH,
        done=running.total, summary=dict(summary), ended_at=clock.now(),
    )  # fmt: skip
    return True


def _step(
    actor: Actor, clock: Clock, asked: Rehearsal, verb: RehearsalVerb, **changes: object
) -> None:
    """Take one row of the table against others who try the same; leave its fact."""
    row = REHEARSAL.row(asked.state, verb)
    values = {"state": row.target, **changes}
    held = Rehearsal.objects.filter(pk=asked.pk, state=row.source)
    if not held.update(**values):
        raise Blocked(_("Its state has just changed. Look at it again."))
    for name, value in values.items():
        setattr(asked, name, value)
    record(row.fact, actor=actor, obj=asked, clock=clock, payload={"run": asked.run})
    _announce(asked, clock)


def _announce(asked: Rehearsal, clock: Clock) -> None:
    """Ids only: open pages ask for what they may see."""
    enqueue(
        "events.rehearsal",
        {"object": "watch.rehearsal", "id": asked.pk, "state": asked.state},
        clock=clock,
    )
