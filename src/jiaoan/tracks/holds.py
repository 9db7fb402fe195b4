"""暂停清除: keep the positions of a vehicle for a case, and let them go again; each with a fact.

The removal asks for the holds again before every day (:class:`jiaoan.tracks.retention.Judge`), so
one that is made while it runs is honoured from the next day on. What is gone already stays gone.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import record
from jiaoan.kernel.clock import Clock
from jiaoan.kernel.plates import PlateRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.registry.models import Vehicle
from jiaoan.registry.queries import vehicle_by_plate
from jiaoan.scope import require, restrict
from jiaoan.tracks.queries import FIRST_DAY
from jiaoan.watch.models import TrackHold

VERB: Final = "alarm.handle"
SEEN: Final = "journal.view"
HELD, RELEASED = "tracks.held", "tracks.released"
LONGEST_REASON: Final = 200


def holds(actor: object) -> QuerySet[TrackHold]:
    """Those in force first, the newest first."""
    found = restrict(TrackHold.objects.all(), actor, SEEN).select_related(
        "vehicle__enterprise__organisation", "by", "released_by", "fact"
    )
    return found.order_by(F("released_at").desc(nulls_first=True), "-made_at")


def hold(actor: User, clock: Clock, *, plate: str, first: str, last: str, reason: str) -> TrackHold:
    """Keep the positions of these local days (``2024-04-08``), both included.

    Raises :class:`FieldErrors` (``plate``, ``first``, ``last``, ``reason``) and ``scope.Refused``.
    """
    require(actor, VERB)
    errors: dict[str, str | Promise] = {}
    vehicle = _vehicle(plate, errors)
    begin, end = _day("first", first, errors), _day("last", last, errors)
    if begin and end and end < begin:
        errors["last"] = _("The last day must not lie before the first.")
    why = _reason(reason, errors)
    if errors or vehicle is None or begin is None or end is None:
        raise FieldErrors(errors)
    require(actor, VERB, vehicle)
    with transaction.atomic():
        fact = record(
            HELD,
            actor=actor,
            obj=vehicle,
            clock=clock,
            payload={
                "first": begin.isoformat(),
                "last": end.isoformat(),
                "reason_sha256": hashlib.sha256(why.encode()).hexdigest(),
            },
        )
        return TrackHold.objects.create(
            vehicle=vehicle, first_day=begin, last_day=end, reason=why, by=actor,
            made_at=clock.now(), fact=fact,
        )  # fmt: skip


def release(actor: User, clock: Clock, pk: int, *, reason: str) -> TrackHold:
    """Let them go again: what is over goes with the next removal, unless something else holds it.

    Raises ``TrackHold.DoesNotExist``, :class:`FieldErrors` (``reason``), :class:`Blocked` when it
    was released before, and ``scope.Refused``.
    """
    require(actor, VERB)
    held = restrict(TrackHold.objects.all(), actor, VERB).select_related("vehicle").get(pk=pk)
    errors: dict[str, str | Promise] = {}
    why = _reason(reason, errors)
    if errors:
        raise FieldErrors(errors)
    with transaction.atomic():
        claimed = TrackHold.objects.filter(pk=pk, released_at=None).update(
            released_at=clock.now(), released_by=actor, release_reason=why
        )
        if not claimed:
            raise Blocked(_("Somebody has released it already."))
        record(
            RELEASED,
            actor=actor,
            obj=held.vehicle,
            clock=clock,
            payload={
                "hold": held.pk,
                "reason_sha256": hashlib.sha256(why.encode()).hexdigest(),
            },
        )
    held.refresh_from_db()
    return held


def _vehicle(plate: str, errors: dict[str, str | Promise]) -> Vehicle | None:
    try:
        found = vehicle_by_plate(plate.strip())
    except PlateRefused as refused:
        errors["plate"] = str(refused)
        return None
    if found is None:
        errors["plate"] = _("No vehicle with this plate is registered here.")
    return found


def _day(name: str, text: str, errors: dict[str, str | Promise]) -> date | None:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        errors[name] = _("The day must be written as 2024-06-05.")
        return None
    if found < FIRST_DAY:
        errors[name] = _("That day lies before any record.")
        return None
    return found


def _reason(text: str, errors: dict[str, str | Promise]) -> str:
    why = text.strip()
    if not why:
        errors["reason"] = _("Say why: the case or its number.")
    elif len(why) > LONGEST_REASON:
        errors["reason"] = _("At most 200 characters.")
    return why
