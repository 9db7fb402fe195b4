"""Every read of hazmat, through ``restrict``."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Count, Model, Q, QuerySet

from jiaoan.hazmat.models import Filing, FilingInvite, Trip, Waybill
from jiaoan.hazmat.states import FilingState, TripState
from jiaoan.journal.models import Fact
from jiaoan.journal.queries import timeline
from jiaoan.kernel.clock import at_local
from jiaoan.kernel.plates import search_key
from jiaoan.rules.filings import FilingCheck, FilingFacts, check_filing
from jiaoan.scope import restrict


def filings(actor: object) -> QuerySet[Filing]:
    return restrict(Filing.objects.all(), actor, "filing.view").select_related("vehicle")


def filings_in(actor: object, state: FilingState | None, text: str = "") -> QuerySet[Filing]:
    """Filings in one state (all when ``None``), those to decide first by time of arrival."""
    found = filings(actor)
    if state is not None:
        found = found.filter(state=state)
    bare = search_key(text)
    if bare:
        found = found.filter(Q(plate__icontains=bare) | Q(carrier_name__icontains=text.strip()))
    return found.order_by("applied_at", "id") if state is FilingState.APPLIED else found


def filing_counts(actor: object) -> dict[FilingState, int]:
    """How many filings stand in each state; adds up to all that the actor may see."""
    rows = filings(actor).order_by().values_list("state").annotate(count=Count("id"))
    counted = dict(rows)
    return {state: counted.get(state.value, 0) for state in FilingState}


def checks_of(filing: Filing) -> list[FilingCheck]:
    """The automatic checks of a filing that the caller may see."""
    refused = Filing.objects.filter(
        plate=filing.plate, plate_colour=filing.plate_colour, state=FilingState.REFUSED
    )
    facts = FilingFacts(
        valid_to=filing.valid_to,
        licence_valid_to=filing.licence_valid_to,
        inspection_valid_to=filing.inspection_valid_to,
        insurance_valid_to=filing.insurance_valid_to,
        tank_inspection_valid_to=filing.tank_inspection_valid_to,
        driver_valid_to=filing.driver_valid_to,
        escort_valid_to=filing.escort_valid_to,
        tank_number=filing.tank_number,
        known_tank=filing.vehicle.tank_number if filing.vehicle else "",
        known_vehicle=filing.vehicle is not None,
        earlier_refused=refused.exclude(pk=filing.pk).count(),
    )
    return list(check_filing(facts))


def invite_by_token(token: str) -> FilingInvite | None:
    """The link itself is the key, so no scope: whoever has it may open it."""
    return FilingInvite.objects.select_related("filing", "trip").filter(token=token).first()


def waybills(actor: object, text: str = "") -> QuerySet[Waybill]:
    found = restrict(Waybill.objects.all(), actor, "filing.view")
    bare = search_key(text)
    return found.filter(Q(plate__icontains=bare) | Q(number__icontains=bare)) if bare else found


def trips(actor: object) -> QuerySet[Trip]:
    found = restrict(Trip.objects.all(), actor, "trip.view")
    return found.select_related("vehicle__enterprise__organisation", "filing", "waybill")


def standing_trips(actor: object) -> QuerySet[Trip]:
    """Without those whose entry late positions disproved."""
    return trips(actor).exclude(state=TripState.WITHDRAWN)


def trips_inside(actor: object) -> QuerySet[Trip]:
    """Vehicles in the district now."""
    return trips(actor).filter(state=TripState.INSIDE)


def trips_of_day(actor: object, day: date) -> QuerySet[Trip]:
    """Stays that touch the local day: entered on it, or still inside then (当日情况单).

    Of a stay without an exit nobody knows how long it was; but one that ended with its district
    line lasted so long.
    """
    first, last = at_local(day), at_local(day + timedelta(days=1))
    touching = Q(entered_at__lt=last) & (Q(left_at__isnull=True) | Q(left_at__gte=first))
    ended = Fact.objects.filter(kind="hazmat.place_ended", happened_at__gt=first)
    lasted = [int(obj.rpartition(":")[2]) for obj in ended.values_list("obj", flat=True)]
    superseded = Q(state=TripState.SUPERSEDED, entered_at__lt=first) & ~Q(pk__in=lasted)
    found = standing_trips(actor).filter(touching).exclude(superseded)
    return found.order_by("entered_at", "id")


def trip_facts(trip: Trip, *others: Model) -> list[Fact]:
    """Facts of a stay that the caller may see, with those of its papers, in order of happening."""
    papers: tuple[Model | None, ...] = (trip, trip.filing, trip.waybill, *others)
    known = [paper for paper in papers if paper is not None]
    return sorted(timeline(*known), key=lambda fact: (fact.happened_at, fact.pk))
