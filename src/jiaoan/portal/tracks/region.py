"""区域查车: which vehicles were in a place or a drawn box in a time, and from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from jiaoan.kernel.clock import local
from jiaoan.portal.access import page
from jiaoan.portal.asked import clock
from jiaoan.portal.components import Empty
from jiaoan.portal.tracks import asked, notes
from jiaoan.portal.tracks.asked import RegionAsked
from jiaoan.portal.tracks.events import span
from jiaoan.portal.tracks.views import file
from jiaoan.registry.models import PlaceShape, Vehicle
from jiaoan.registry.queries import places
from jiaoan.stores.region import CLOSE, Edge, Stay
from jiaoan.tracks.files import named, region_csv, region_geojson
from jiaoan.tracks.queries import Region, Visit, region_of

ROWS = 100
_BEGINS: dict[Edge, str | Promise] = {
    Edge.CROSSED: pgettext_lazy("stay begins", "Entered"),
    Edge.SILENCE: pgettext_lazy("stay begins", "After a silence"),
    Edge.WINDOW: pgettext_lazy("stay begins", "Inside already"),
}
_ENDS: dict[Edge, str | Promise] = {
    Edge.CROSSED: pgettext_lazy("stay ends", "Left"),
    Edge.SILENCE: pgettext_lazy("stay ends", "Fell silent"),
    Edge.WINDOW: pgettext_lazy("stay ends", "Still inside"),
}


@dataclass(frozen=True)
class Line:
    """A stay in the table."""

    visit: Visit

    @property
    def vehicle(self) -> Vehicle:
        return self.visit.vehicle

    @property
    def stay(self) -> Stay:
        return self.visit.stay

    @property
    def day(self) -> str:
        return local(self.stay.first).date().isoformat()

    @property
    def begins(self) -> str | Promise:
        return _BEGINS[self.stay.begins]

    @property
    def ends(self) -> str | Promise:
        return _ENDS[self.stay.ends]

    @property
    def span(self) -> str:
        return span(round((self.stay.last - self.stay.first).total_seconds()))


def _answer(request: HttpRequest, question: RegionAsked) -> Region | None:
    area, begins, until = question.area, question.begins, question.until
    if question.errors or area is None or begins is None or until is None:
        return None
    return region_of(asked.store(), request.user, area, begins, until, clock(request))


@require_safe
@page("map.view")
def show(request: HttpRequest) -> HttpResponse:
    """``?place=`` or ``?box=``, ``?start=&end=``; without any, the last hour to choose from."""
    question = asked.region(request)
    found = _answer(request, question)
    visits: Sequence[Visit] = found.visits if found else ()
    shown = Paginator([Line(each) for each in visits], ROWS).get_page(request.GET.get("page"))
    known = places(request.user, clock(request).today()).exclude(shape=PlaceShape.LINE)
    context = {
        "section": "map",
        "asked": question,
        "found": found,
        "rows": shown,
        "places": known.order_by("name"),
        "notes": notes.of_missing(found.missing) if found else [],
        "geometry": question.geometry,
        "passings": found.passings[:ROWS] if found else (),
        "close": round((found.close if found else CLOSE).total_seconds()),
        "nothing": Empty(
            _("No vehicle was there"),
            _("None of the vehicles in your scope reported from inside the area in this time."),
        ),
    }
    return render(request, "portal/tracks/region.html", context)


@require_safe
@page("map.view")
def export(request: HttpRequest, form: str) -> HttpResponse:
    """``csv`` or ``geojson`` of the same question; 400 with the sentences of what is wrong."""
    if form not in ("csv", "geojson"):
        raise Http404
    question = asked.region(request)
    found = _answer(request, question)
    if found is None:
        words = "\n".join(question.errors.values()) or _(
            "Choose a place, or draw a box on the map."
        )
        return HttpResponse(words, status=400, content_type="text/plain; charset=utf-8")
    stays = [(named(each.vehicle), each.stay) for each in found.visits]
    passages = [(named(each.vehicle), each.passage) for each in found.passings]
    octets = (
        region_csv(stays, passages)
        if form == "csv"
        else region_geojson(question.geometry, stays, passages)
    )
    return file(octets, form, f"区域查车-{question.name}-{_stamp(question.begins)}")


def _stamp(moment: datetime | None) -> str:
    return f"{local(moment):%Y%m%d%H%M}" if moment else ""
