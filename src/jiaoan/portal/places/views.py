"""围栏与场所: the list, one place with its rule in words, a file of many, export as GeoJSON.

Nothing is switched on before its rule was shown in words: the first press answers with the
sentence, the second, which carries the sentence's digest, writes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaoan.journal.models import Fact
from jiaoan.journal.queries import timeline
from jiaoan.kernel.coords import Datum
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Empty
from jiaoan.portal.courses import course_of, names_of
from jiaoan.portal.map import shapes
from jiaoan.portal.places.forms import (
    WINDOWS,
    ImportForm,
    PlaceForm,
    WindowForm,
    proposed,
    typed_of,
    windows_of,
)
from jiaoan.portal.places.outline import Drawing, drawing_of
from jiaoan.portal.rehearsal.views import wanted_of
from jiaoan.registry import actions
from jiaoan.registry.models import Place, PlaceKind, Vehicle, VehicleKind, holding_on
from jiaoan.registry.place_files import FileRefused, read_places
from jiaoan.registry.place_words import rule_sentence
from jiaoan.registry.queries import every_place
from jiaoan.registry.reference import place_value
from jiaoan.scope import can
from jiaoan.watch.models.rehearsal import RehearsalKind
from jiaoan.watch.rehearsal.actions import ask
from jiaoan.watch.rehearsal.queries import rehearsals
from jiaoan.watch.rehearsal.running import NEW_PLACE

ROWS = 50
MANAGE = "place.manage"
_Windows = formset_factory(WindowForm, extra=0, max_num=12, absolute_max=12)


@dataclass(frozen=True)
class Line:
    """One place in the list."""

    place: Place
    drawing: Drawing
    sentence: str
    holds: bool
    changed: Fact | None
    changed_by: str


@require_safe
@page("registry.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Those that hold today first; ``?state=closed`` shows the others, ``?q=`` and ``?kind=``."""
    today = clock(request).today()
    wanted, text = request.GET.get("state", ""), request.GET.get("q", "")[:40].strip()
    kind = request.GET.get("kind", "")
    every = every_place(request.user)
    holding = every.filter(holding_on(today))
    found = every.exclude(holding_on(today)) if wanted == "closed" else holding
    if text:
        found = found.filter(Q(name__icontains=text) | Q(law__icontains=text))
    if kind in PlaceKind.values:
        found = found.filter(kind=kind)
    shown = Paginator(found.order_by("-id"), ROWS).get_page(request.GET.get("page"))
    lines = _lines(list(shown.object_list), today)
    chosen = (("state", wanted), ("q", text), ("kind", kind))
    query = urlencode({key: value for key, value in chosen if value})
    context = {
        "section": "places",
        "page": shown,
        "lines": lines,
        "query": f"{query}&" if query else "",
        "state": wanted,
        "text": text,
        "kind": kind,
        "kinds": PlaceKind.choices,
        "holding_count": holding.count(),
        "closed_count": every.count() - holding.count(),
        "may_draw": can(request.user, MANAGE),
        "empty": Empty(
            title=_("No places here"),
            text=_("Draw one by its coordinates, or bring a GeoJSON or KML file."),
        ),
    }
    return render(request, "portal/places/list.html", context)


@require_safe
@page("registry.view")
def around(request: HttpRequest) -> HttpResponse:
    """The places that hold today, to draw a new one beside: also for who watches no vehicle."""
    rows = every_place(request.user).filter(holding_on(clock(request).today()))
    return JsonResponse(shapes.collection(shapes.place_feature(place) for place in rows))


@require_safe
@page("registry.view")
def base(request: HttpRequest) -> HttpResponse:
    """The ground below them: district and roads."""
    return JsonResponse(shapes.base_map(settings.DATA_DIR))


def _lines(places: list[Place], today: date) -> list[Line]:
    facts = timeline(*places).filter(kind__startswith="registry.place") if places else []
    last = {fact.obj: fact for fact in facts}
    people = names_of(last.values())
    lines = []
    for place in places:
        fact = last.get(f"registry.place:{place.pk}")
        by = people.get(fact.actor, "") if fact else ""
        sentence = rule_sentence(place, len(place.bound.all()))
        lines.append(Line(place, drawing_of(place), sentence, place.holds_on(today), fact, by))
    return lines


@require_http_methods(["GET", "POST"])
@page(MANAGE)
def new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@require_http_methods(["GET", "POST"])
@page("registry.view")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever sees the register sees the place; only who may draw gets the form's buttons."""
    place = get_object_or_404(every_place(request.user), pk=pk)
    if request.method == "POST":
        return page(MANAGE)(lambda asked: _form(asked, place))(request)
    return _form(request, place)


def _form(request: HttpRequest, place: Place | None) -> HttpResponse:
    if request.method != "POST":
        begun, bound = _begun(request, place)
        form = PlaceForm(request.user, initial=typed_of(begun, bound) if begun else None)
        rows = windows_of(begun) if begun else []
        windows = _Windows(initial=rows + [{}] * max(1, WINDOWS - len(rows)), prefix="h")
        return _show(request, place, form, windows)
    form, windows = PlaceForm(request.user, request.POST), _Windows(request.POST, prefix="h")
    if not (form.is_valid() and windows.is_valid()):
        return _show(request, place, form, windows, status=422)
    hours = [one.cleaned_data["window"] for one in windows if "window" in one.cleaned_data]
    fields = form.fields_of_place(hours)
    bound = form.cleaned_data["bound"]
    meant = Place(**{name: value for name, value in fields.items() if name != "bound"})
    try:
        actions.check_place(meant, bound)
        if request.POST.get("act") == "rehearse":
            return _rehearse(request, place, meant, bound)
        sentence = rule_sentence(meant, len(bound))
        if request.POST.get("confirmed") != _digest(sentence):
            return _show(request, place, form, windows, sentence=sentence)
        if place is None:
            place = actions.add_place(asker(request), clock(request), **fields)  # type: ignore[arg-type]
        else:
            seen = request.POST.get("version", "")
            version = int(seen) if seen.isdecimal() and len(seen) < 10 else 0
            actions.change_place(
                asker(request),
                clock(request),
                place,
                seen_version=version,
                **fields,  # type: ignore[arg-type]
            )
    except actions.PlaceRefused as refused:
        for name, text in refused.errors.items():
            field = {"geometry": "coordinates", "dwell_s": "dwell_min", "hours": None,
                     "limits_kmh": "limit_others", "version": None}.get(name, name)  # fmt: skip
            form.add_error(field, str(text))
        return _show(request, place, form, windows, status=422)
    except Unwanted as unwanted:
        return _show(request, place, form, windows, unwanted=unwanted.errors, status=422)
    messages.success(request, _("Written down; the stream judges by it within seconds."))
    return redirect("place", place.pk)


def _begun(request: HttpRequest, place: Place | None) -> tuple[Place | None, list[Vehicle] | None]:
    """What the form begins with: the place, or ``?from=`` a rehearsal of it, as it was typed."""
    wanted = request.GET.get("from", "")
    if wanted.isdecimal() and len(wanted) < 18:
        subject = str(place.pk) if place else ""
        found = rehearsals(request.user).filter(kind=RehearsalKind.PLACE, subject=subject)
        asked = found.filter(pk=wanted).first()
        if asked is not None:
            return proposed(asked.proposal)
    return place, None


def _rehearse(
    request: HttpRequest, place: Place | None, meant: Place, bound: list[Vehicle]
) -> HttpResponse:
    """试运行: the place as typed over past tracks, before it is switched on."""
    value = place_value(meant, bound) | {"place_id": place.pk if place else NEW_PLACE}
    try:
        made = ask(
            asker(request),
            clock(request),
            RehearsalKind.PLACE,
            subject=str(place.pk) if place else "",
            title=meant.name,
            proposal=value,
            wanted=wanted_of(request),
        )
    except FieldErrors as bad:
        raise Unwanted(bad.errors) from bad
    except Blocked as blocked:
        raise Unwanted({"last_day": blocked.sentence}) from blocked
    messages.success(request, _("It begins as soon as the worker is free."))
    return redirect("rehearsal", made.pk)


class Unwanted(Exception):
    """Days or vehicles that cannot be rehearsed: field → sentence."""

    def __init__(self, errors: Mapping[str, str | Promise]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(map(str, self.errors.values())))


def _digest(sentence: str) -> str:
    return hashlib.sha256(sentence.encode()).hexdigest()[:32]


def _show(
    request: HttpRequest,
    place: Place | None,
    form: PlaceForm,
    windows: BaseFormSet[WindowForm],
    *,
    sentence: str = "",
    unwanted: Mapping[str, str | Promise] | None = None,
    status: int = 200,
) -> HttpResponse:
    today = clock(request).today()
    context = {
        "section": "places",
        "place": place,
        "form": form,
        "windows": windows,
        "sentence": sentence,
        "digest": _digest(sentence),
        "version": request.POST.get("version") or (place.version if place else ""),
        "may_draw": can(request.user, MANAGE),
        "closes_on": today.isoformat(),
        "today": today.isoformat(),
        "first_day": request.POST.get("first_day") or (today - timedelta(days=7)).isoformat(),
        "last_day": request.POST.get("last_day") or (today - timedelta(days=1)).isoformat(),
        "rehearsed_kinds": VehicleKind.choices,
        "rehearsed_kind": request.POST.get("rehearse_kind", ""),
        "errors": unwanted or {},
        "current_rule": rule_sentence(place, len(place.bound.all())) if place else "",
        "drawing": drawing_of(place) if place else None,
        "timeline": course_of(timeline(place)) if place else [],
    }
    return render(request, "portal/places/place.html", context, status=status)


@require_POST
@page(MANAGE)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Its last day, included; it stays in the list of closed ones."""
    place = get_object_or_404(every_place(request.user), pk=pk)
    try:
        last_day = date.fromisoformat(request.POST.get("last_day", ""))
        actions.close_place(asker(request), clock(request), place, last_day=last_day)
    except actions.PlaceRefused as refused:
        messages.error(request, "; ".join(map(str, refused.errors.values())))
    except ValueError:
        messages.error(request, _("The day must be written as 2024-06-05."))
    else:
        messages.success(request, _("It holds to %(day)s, included.") % {"day": last_day})
    return redirect("place", place.pk)


@require_http_methods(["GET", "POST"])
@page(MANAGE)
def bring(request: HttpRequest) -> HttpResponse:
    """A file of many: what became of each feature, row by row."""
    if request.method != "POST":
        return _import(request, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _import(request, form, status=422)
    typed = form.cleaned_data
    data, name = typed["file"].read(), str(typed["file"].name)
    try:
        read = read_places(
            data, name, Datum(typed["datum"]),
            lines_as=typed["lines_as"], size_m=typed["size_m"],
        )  # fmt: skip
    except FileRefused as refused:
        form.add_error("file", str(refused))
        return _import(request, form, status=422)
    role = "gate" if typed["lines_as"] == "line" else ""
    done = actions.import_places(
        asker(request), clock(request), read, data,
        kind=typed["kind"], role=role, road_class=typed["road_class"],
    )  # fmt: skip
    good = sum(one.place is not None for one in done)
    return _import(
        request, ImportForm(), done=done, file_name=name, good=good, bad=len(done) - good
    )


def _import(
    request: HttpRequest, form: ImportForm, *, status: int = 200, **more: object
) -> HttpResponse:
    context = {"section": "places", "form": form, **more}
    return render(request, "portal/places/import.html", context, status=status)


@require_safe
@page("registry.view")
def export(request: HttpRequest) -> HttpResponse:
    """All places as they are judged, in WGS-84, with their rule; of a road the middle, with its
    width: that is what it is drawn and read by.
    """
    features = [
        {
            "type": "Feature",
            "id": place.pk,
            "geometry": place.geometry if place.kind == PlaceKind.ROAD else place.ground(),
            "properties": {
                "name": place.name, "kind": place.kind, "road_class": place.road_class,
                "role": place.role, "shape": place.shape, "size_m": place.size_m,
                "hours": place.hours, "limits_kmh": place.limits_kmh,
                "vehicle_kinds": place.vehicle_kinds, "buffer_m": place.buffer_m,
                "consecutive": place.consecutive, "dwell_s": place.dwell_s,
                "valid_from": place.valid_from.isoformat() if place.valid_from else None,
                "valid_to": place.valid_to.isoformat() if place.valid_to else None,
                "law": place.law, "version": place.version, "datum": Datum.WGS84.value,
                "rule": rule_sentence(place, len(place.bound.all())),
            },
        }
        for place in every_place(request.user)
    ]  # fmt: skip
    said = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    answer = HttpResponse(said, content_type="application/geo+json")
    answer["Content-Disposition"] = 'attachment; filename="places.geojson"'
    return answer
