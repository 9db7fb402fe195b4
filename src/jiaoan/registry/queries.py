"""Every read of the master data, through ``restrict``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from jiaoan.kernel.plates import parse_plate, search_key
from jiaoan.registry.models import (
    Enterprise,
    Place,
    PlaceRole,
    Terminal,
    Vehicle,
    VehicleKind,
    holding_on,
)
from jiaoan.rules.driving.book import NEAR_EXEMPT
from jiaoan.scope import restrict


def enterprises(actor: object) -> QuerySet[Enterprise]:
    found = restrict(Enterprise.objects.all(), actor, "registry.view")
    return found.select_related("organisation")


def vehicles(actor: object) -> QuerySet[Vehicle]:
    found = restrict(Vehicle.objects.all(), actor, "registry.view")
    return found.select_related("enterprise__organisation")


def vehicles_on_map(actor: object) -> QuerySet[Vehicle]:
    """Vehicles whose positions the actor may watch: tracks and push take these ids."""
    return restrict(Vehicle.objects.all(), actor, "map.view")


def places(actor: object, day: date) -> QuerySet[Place]:
    found = restrict(Place.objects.filter(holding_on(day)), actor, "map.view")
    return found.prefetch_related("bound")


def every_place(actor: object) -> QuerySet[Place]:
    """Also those that hold no longer, or not yet: for who keeps them."""
    found = restrict(Place.objects.all(), actor, "registry.view")
    return found.select_related("source_file").prefetch_related("bound")


def obliged(day: date) -> QuerySet[Enterprise]:
    """Firms that exist on ``day`` with their accident-prone flags, for the duty engine."""
    return (
        Enterprise.objects.filter(holding_on(day))
        .select_related("organisation")
        .prefetch_related("prone")
    )


def vehicle_by_plate(plate: str) -> Vehicle | None:
    """The vehicle with this number, whatever way it is written; for papers that name a plate."""
    return Vehicle.objects.filter(plate=parse_plate(plate).number).first()


def search_vehicles(actor: object, text: str) -> QuerySet[Vehicle]:
    """Plate search that forgives a missing province character, dots, case and spaces."""
    bare = search_key(text)
    return vehicles(actor).filter(Q(plate__icontains=bare)) if bare else vehicles(actor).none()


def named(text: str) -> Q:
    """Vehicles that a typed text means: by plate as :func:`search_vehicles` does, or by owner."""
    owner = Q(enterprise__organisation__name__icontains=text) | Q(carrier_name__icontains=text)
    bare = search_key(text)
    return owner | Q(plate__icontains=bare) if bare else owner


def incomplete(vehicles: QuerySet[Vehicle], day: date) -> QuerySet[Vehicle]:
    """Of ``vehicles`` those of which a rule asks for something that the register does not say."""
    coach = Q(kind=VehicleKind.COACH)
    near = Q(service__in=NEAR_EXEMPT, one_way_km__isnull=True)
    bus = Q(kind=VehicleKind.SCHOOL_BUS)
    routed = Place.objects.filter(_routes_on(day), bound=OuterRef("pk"))
    return vehicles.filter(
        (coach & (Q(service="") | near)) | (bus & (Q(school_hours=[]) | ~Exists(routed)))
    )


def routes_of(vehicles: Iterable[Vehicle], day: date) -> dict[int, list[Place]]:
    """Vehicle → the routes it is bound to on ``day``. Places are seen by everybody who sees it."""
    ids = {vehicle.pk for vehicle in vehicles}
    found: dict[int, list[Place]] = {}
    for place in Place.objects.filter(_routes_on(day), bound__in=ids).distinct():
        for pk in place.bound.filter(pk__in=ids).values_list("pk", flat=True):
            found.setdefault(pk, []).append(place)
    return found


def _routes_on(day: date) -> Q:
    return Q(role=PlaceRole.ROUTE) & holding_on(day)


def terminals_of(actor: object, vehicle: Vehicle) -> QuerySet[Terminal]:
    return restrict(Terminal.objects.filter(vehicle=vehicle), actor, "registry.view")


def live_terminals(day: date) -> QuerySet[Terminal]:
    return Terminal.objects.filter(holding_on(day)).select_related(
        "vehicle__enterprise__organisation"
    )
