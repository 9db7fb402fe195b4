"""Filings 外籍车辆备案: invited by link, handed in by the carrier, decided by an officer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jiaoan.hazmat.actions.waybills import require_carrier
from jiaoan.hazmat.checking import filing_values
from jiaoan.hazmat.models import Filing, FilingInvite, Trip
from jiaoan.hazmat.states import FILING, FilingState, FilingVerb
from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.kernel.plates import parse_plate
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import Organisation, User
from jiaoan.registry.queries import vehicle_by_plate
from jiaoan.scope import Actor, SystemActor, require

INVITE_HOURS = 24  # [U] how long a link stays open; a setting of the bureau


def link_holder(invite: FilingInvite) -> SystemActor:
    """Whoever holds the link: may hand in and see what this link is for, nothing else."""
    return SystemActor(f"filing-link-{invite.pk}", frozenset({"filing.apply"}))


@transaction.atomic
def invite(
    actor: Actor, clock: Clock, *, plate: str, plate_colour: int, trip: Trip | None = None
) -> FilingInvite:
    """Make a link 备案链接 for one plate. The token is unguessable (256 bits) and expires."""
    require(actor, "filing.invite")
    now = clock.now()
    made = FilingInvite.objects.create(
        token=secrets.token_urlsafe(32),
        plate=parse_plate(plate).number,
        plate_colour=plate_colour,
        trip=trip,
        made_by=actor.journal_name,
        made_at=now,
        expires_at=now + timedelta(hours=INVITE_HOURS),
    )
    record(
        "hazmat.filing_invited",
        actor=actor,
        obj=trip or made,
        clock=clock,
        payload={"invite": made.pk},
    )
    return made


def apply(
    actor: Actor,
    clock: Clock,
    typed: Mapping[str, str],
    *,
    carrier: Organisation | None = None,
    invite: FilingInvite | None = None,
) -> Filing:
    """Hand in a filing from typed values. Raises :class:`FieldErrors`; nothing is lost by it.

    By link the plate is the link's plate, whatever was typed, and one link makes one filing.
    """
    if invite is None:
        require_carrier(actor, carrier)
    else:
        require(actor, "filing.apply")
        if not invite.is_open(clock.now()):
            raise Blocked(_("This link has expired. Ask the bureau for a new one."))
        typed = {**typed, "plate": invite.plate, "plate_colour": str(invite.plate_colour)}
    values = filing_values(typed, clock.today())
    vehicle = vehicle_by_plate(str(values["plate"]))
    now = clock.now()
    with transaction.atomic():
        filing = Filing.objects.create(
            carrier=carrier,
            vehicle=vehicle,
            applied_at=now,
            promised_at=now,
            applied_by=actor.journal_name,
            **values,
        )
        filing.number = f"BA-{clock.today():%Y}-{filing.pk:05d}"
        filing.save(update_fields=["number"])
        if invite is not None:
            taken = FilingInvite.objects.filter(pk=invite.pk, filing=None).update(filing=filing)
            if not taken:
                raise Blocked(_("This link has already been used. Its filing is with the bureau."))
        _record("hazmat.filing_applied", actor, clock, filing)
    return filing


def resubmit(
    actor: Actor,
    clock: Clock,
    filing: Filing,
    typed: Mapping[str, str],
    *,
    invite: FilingInvite | None = None,
) -> Filing:
    """Hand in again what was returned, with all fields anew. Raises :class:`FieldErrors`."""
    if invite is None:
        require(actor, "filing.apply", filing)
    else:
        require(actor, "filing.apply")
        if invite.filing_id != filing.pk or not invite.is_open(clock.now()):
            raise Blocked(_("This link has expired. Ask the bureau for a new one."))
    typed = {**typed, "plate": filing.plate, "plate_colour": str(filing.plate_colour)}
    values = filing_values(typed, clock.today())
    with transaction.atomic():
        _move(actor, clock, filing, FilingVerb.RESUBMIT, values)
    return filing


@transaction.atomic
def approve(actor: User, clock: Clock, filing: Filing, *, note: str = "") -> Filing:
    """Approve 备案: the record stands from now on; ``flows`` judges open stays again."""
    require(actor, "filing.approve", filing)
    _decide(actor, clock, filing, FilingVerb.APPROVE, note, "")
    return filing


@transaction.atomic
def return_(actor: User, clock: Clock, filing: Filing, *, reason: str) -> Filing:
    """退回补正 with what is missing; the carrier reads the reason on its page."""
    require(actor, "filing.approve", filing)
    if not reason.strip():
        raise FieldErrors({"reason": _("Write what the carrier has to supplement.")})
    _decide(actor, clock, filing, FilingVerb.RETURN, reason, "")
    return filing


@transaction.atomic
def refuse(actor: User, clock: Clock, filing: Filing, *, reason: str, legal_ground: str) -> Filing:
    """Refuse. A filing is a registration, so a refusal must cite its legal ground (domain 5.5)."""
    require(actor, "filing.approve", filing)
    errors = {}
    if not reason.strip():
        errors["reason"] = _("Write why the vehicle is not filed.")
    if not legal_ground.strip():
        errors["legal_ground"] = _("Name the legal ground: law, article and paragraph.")
    if errors:
        raise FieldErrors(errors)
    _decide(actor, clock, filing, FilingVerb.REFUSE, reason, legal_ground)
    return filing


@transaction.atomic
def withdraw(actor: Actor, clock: Clock, filing: Filing) -> Filing:
    """The carrier takes its filing back."""
    require(actor, "filing.apply", filing)
    _move(actor, clock, filing, FilingVerb.WITHDRAW, {})
    return filing


def expire_filings(actor: Actor, clock: Clock) -> int:
    """Expire approved filings whose last day is over. Each is claimed by a conditional update."""
    require(actor, "hazmat.judge")
    due = Filing.objects.filter(state=FilingState.APPROVED, valid_to__lt=clock.today())
    count = 0
    for filing in due[:200]:
        try:
            with transaction.atomic():
                _move(actor, clock, filing, FilingVerb.EXPIRE, {})
        except Blocked:
            continue
        count += 1
    return count


def _decide(
    actor: User, clock: Clock, filing: Filing, verb: FilingVerb, note: str, ground: str
) -> None:
    if len(note) > 300:
        raise FieldErrors({"reason": _("At most 300 characters.")})
    changes = {
        "decided_at": clock.now(),
        "decided_by": actor,
        "decision_note": note.strip(),
        "legal_ground": ground.strip()[:200],
    }
    _move(actor, clock, filing, verb, changes)


def _move(
    actor: Actor, clock: Clock, filing: Filing, verb: FilingVerb, changes: Mapping[str, object]
) -> None:
    """Take one row of the table against others who try the same, and leave its fact."""
    row = FILING.row(filing.state, verb)
    changed = {**changes, "state": row.target}
    taken = Filing.objects.filter(pk=filing.pk, state=row.source).update(**changed)
    if not taken:
        raise Blocked(_("Somebody else has just dealt with this filing. Look at it again."))
    for name, value in changed.items():
        setattr(filing, name, value)
    _record(row.fact, actor, clock, filing)


def _record(kind: str, actor: Actor, clock: Clock, filing: Filing) -> None:
    payload: dict[str, Json] = {
        "vehicle": filing.vehicle_id,
        "valid_from": filing.valid_from.isoformat(),
        "valid_to": filing.valid_to.isoformat(),
    }
    record(kind, actor=actor, obj=filing, clock=clock, payload=payload)
    enqueue(
        "events.alarm",
        {"kind": kind, "object": "hazmat.filing", "id": filing.pk, "vehicle": filing.vehicle_id},
        clock=clock,
    )
