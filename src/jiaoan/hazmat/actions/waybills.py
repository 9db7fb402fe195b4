"""Entering waybills 电子运单 and matching them with the stays they belong to."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jiaoan.hazmat.actions.judging import rejudge
from jiaoan.hazmat.checking import waybill_values
from jiaoan.hazmat.models import Trip, Waybill
from jiaoan.hazmat.states import TripState
from jiaoan.journal.actions import record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import FieldErrors
from jiaoan.org.models import Organisation
from jiaoan.registry.queries import vehicle_by_plate
from jiaoan.scope import Actor, Refused, organisations_in_reach, require


def enter_waybill(
    actor: Actor,
    clock: Clock,
    typed: Mapping[str, str],
    *,
    carrier: Organisation | None = None,
    source: Waybill.Source = Waybill.Source.PAGE,
) -> Waybill:
    """Enter one waybill from typed values (one text for each field of the form).

    Raises :class:`FieldErrors` with a sentence for each bad field; nothing is written then.
    """
    require_carrier(actor, carrier)
    values = waybill_values(typed, clock.today())
    vehicle = vehicle_by_plate(str(values["plate"]))
    try:
        with transaction.atomic():
            bill = Waybill.objects.create(
                carrier=carrier,
                vehicle=vehicle,
                source=source,
                entered_at=clock.now(),
                entered_by=actor.journal_name,
                **values,
            )
            record(
                "hazmat.waybill_entered",
                actor=actor,
                obj=bill,
                clock=clock,
                payload={"source": source.value, "vehicle": vehicle.pk if vehicle else None},
            )
    except IntegrityError as error:
        if not Waybill.objects.filter(number=values["number"]).exists():
            raise
        raise FieldErrors(
            {"number": _("A waybill with this number is already here. Check the number.")}
        ) from error
    return bill


def require_carrier(actor: Actor, carrier: Organisation | None) -> None:
    """The actor may apply, and for this carrier: an enterprise files only for itself."""
    require(actor, "filing.apply")
    reached = organisations_in_reach(actor, "filing.apply")
    if reached is not None and (carrier is None or carrier.pk not in reached):
        raise Refused(actor, "filing.apply", carrier)


@transaction.atomic
def match_waybill(actor: Actor, clock: Clock, bill: Waybill) -> list[Fact]:
    """Judge the open stays that the waybill may belong to again; once for each stay."""
    require(actor, "hazmat.judge")
    named = Q(vehicle__plate__in=[plate for plate in (bill.plate, bill.trailer_plate) if plate])
    if bill.tank_number:
        named |= Q(vehicle__tank_number=bill.tank_number)
    trips = Trip.objects.filter(named, state=TripState.INSIDE, waybill=None)
    found = (rejudge(actor, clock, trip, f"waybill:{bill.pk}") for trip in trips.distinct())
    return [fact for fact in found if fact is not None]
