"""The search box at the top of every page: plates, firms, and what other rooms add.

A *finder* answers hits for an actor and a text, through the queries of its room, so nobody finds
what scope hides. Rooms add theirs with :func:`register_finder` from their ``urls`` module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from jiaoan.portal.access import page
from jiaoan.portal.components import Empty
from jiaoan.registry.queries import enterprises, search_vehicles
from jiaoan.scope import can

LIMIT = 20


@dataclass(frozen=True)
class Hit:
    """One line found; a vehicle shows its plate instead of ``text``."""

    text: str
    note: str = ""
    url: str = ""
    plate: str = ""
    plate_colour: int | None = None


@dataclass(frozen=True)
class Group:
    label: str | Promise
    hits: Sequence[Hit]


Finder = Callable[[object, str], Sequence[Hit]]
_finders: list[tuple[str | Promise, Finder]] = []


def register_finder(label: str | Promise, finder: Finder) -> None:
    """``finder(actor, text)`` answers at most :data:`LIMIT` hits that the actor may see."""
    _finders.append((label, finder))


@require_safe
@page("desk.view")
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:80]
    groups = [Group(label, finder(request.user, text)) for label, finder in _finders if text]
    nothing = Empty(
        _("Nothing found for “%(text)s”") % {"text": text} if text else _("Type what you look for"),
        _("A plate needs no province character, dot or colour; any part of a name will do."),
    )
    found = [group for group in groups if group.hits]
    context = {"groups": found, "search_text": text, "nothing": nothing}
    return render(request, "portal/search.html", context)


def _vehicles(actor: object, text: str) -> Sequence[Hit]:
    """Who may look at the map is led there, others to the card."""
    on_map = can(actor, "map.view")
    return [
        Hit(
            str(vehicle),
            note=vehicle.owner_name,
            url=f"{reverse('map')}?vehicle={vehicle.pk}"
            if on_map
            else reverse("vehicle", args=[vehicle.pk]),
            plate=vehicle.plate,
            plate_colour=vehicle.plate_colour,
        )
        for vehicle in search_vehicles(actor, text)[:LIMIT]
    ]


def _enterprises(actor: object, text: str) -> Sequence[Hit]:
    named = enterprises(actor).filter(organisation__name__icontains=text)
    return [Hit(firm.name, note=firm.credit_code) for firm in named[:LIMIT]]


register_finder(gettext_lazy("Vehicles"), _vehicles)
register_finder(gettext_lazy("Enterprises"), _enterprises)
