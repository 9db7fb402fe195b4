"""Every read of the master data, through ``restrict``."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from jiaoan.kernel.plates import parse_plate, search_key
from jiaoan.registry.models import Enterprise, Place, Terminal, Vehicle, holding_on
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


def live_terminals(day: date) -> QuerySet[Terminal]:
    return Terminal.objects.filter(holding_on(day)).select_related(
        "vehicle__enterprise__organisation"
    )
