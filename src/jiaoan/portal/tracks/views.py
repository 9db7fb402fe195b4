"""The replay of one vehicle's day: page, values for the island, export, evidence sheet."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.kernel.clock import local
from jiaoan.kernel.plates import Plate, PlateColour, display, search_key
from jiaoan.papers.track_sheet import TrackEvent, TrackSheet, track_sheet_docx
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Empty
from jiaoan.portal.sheets import attachment
from jiaoan.portal.tracks import asked, notes
from jiaoan.portal.tracks.curve import curve_of
from jiaoan.portal.tracks.events import events_of
from jiaoan.registry.queries import vehicles_on_map
from jiaoan.scope import can
from jiaoan.stores.tracks import Point, points_of
from jiaoan.tracks.actions import digest_of, note_evidence
from jiaoan.tracks.files import day_csv, day_geojson, day_parquet, features
from jiaoan.tracks.queries import Day, day_of

ROWS = 200
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
}


@require_safe
@page("map.view")
def choose(request: HttpRequest) -> HttpResponse:
    """``?q=`` a plate and ``?day=``: the replay of the only one found, or a list to choose from."""
    text = request.GET.get("q", "")[:20].strip()
    wanted, error = asked.day(request)
    found = vehicles_on_map(request.user).select_related("enterprise__organisation")
    if text:
        found = found.filter(plate__icontains=search_key(text))
    shown = Paginator(found.order_by("plate"), ROWS).get_page(request.GET.get("page"))
    if text and shown.paginator.count == 1:
        only = shown.object_list[0]
        return redirect(f"{reverse('track_day', args=[only.pk])}?day={wanted}")
    nothing = Empty(_("No such vehicle here"), _("Any part of the plate will do."))
    context = {
        "section": "map", "q": text, "day": wanted, "error": error, "vehicles": shown,
        "nothing": nothing, "today": clock(request).today(),
        "keeps": can(request.user, "journal.view"),
    }  # fmt: skip
    return render(request, "portal/tracks/choose.html", context)


def _day(request: HttpRequest, pk: int) -> tuple[Day, str]:
    vehicle = asked.vehicle(request, pk)
    wanted, error = asked.day(request)
    return day_of(asked.store(), vehicle, wanted, clock(request)), error


@require_safe
@page("map.view")
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The replay; ``?at=14:11:05`` puts slider and table there, ``?page=`` turns the table."""
    day, error = _day(request, pk)
    points, at = points_of(day.track), request.GET.get("at", "")[:8]
    context = {
        "section": "map",
        "vehicle": day.vehicle,
        "day": day,
        "error": error,
        "reading": day.reading,
        "km": day.reading.metres / 1000,
        "curve": curve_of(day),
        "events": events_of(day),
        "rows": Paginator(points, ROWS).get_page(request.GET.get("page") or _page_at(points, at)),
        "notes": notes.of_day(day),
        "figures": day.figures,
        "at": at,
        "today": clock(request).today(),
        "nothing": Empty(
            _("No position on this day"),
            _("The vehicle said nothing that tells where it was. Choose another day."),
        ),
    }
    return render(request, "portal/tracks/replay.html", context)


def _page_at(points: Sequence[Point], at: str) -> int:
    """The page of the table with the first report from that time of day on."""
    rows = (n for n, point in enumerate(points) if f"{local(point.time):%H:%M:%S}" >= at)
    return next(rows, len(points)) // ROWS + 1 if at else 1


@require_safe
@page("map.view")
def data(request: HttpRequest, pk: int) -> HttpResponse:
    """What the island draws: features as exported, and [ms, lon, lat, km/h, degrees] by time."""
    day, error = _day(request, pk)
    if error:
        return JsonResponse({"error": error}, status=400)
    value = {
        "type": "FeatureCollection",
        "features": features(day.reading, day.driven),
        "points": [_short(point) for point in day.reading.points],
    }
    return JsonResponse(value, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})


def _short(point: Point) -> list[float]:
    ms = round(point.time.timestamp() * 1000)
    return [ms, point.lon, point.lat, point.speed_kmh, point.direction]


@require_safe
@page("map.view")
def export(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """``csv``, ``geojson`` or ``parquet`` of the day."""
    if form not in TYPES:
        raise Http404
    day, error = _day(request, pk)
    if error:
        return HttpResponse(error, status=400, content_type="text/plain; charset=utf-8")
    if form == "csv":
        octets = day_csv(points_of(day.track))
    elif form == "parquet":
        octets = day_parquet(day.track)
    else:
        about = {
            "plate": day.vehicle.plate, "day": day.day.isoformat(), "missing": day.missing.value,
            "sha256_csv": digest_of(day), "sample": settings.DEMO,
        }  # fmt: skip
        octets = day_geojson(day.reading, day.driven, about)
    return file(octets, form, f"轨迹-{display(day.vehicle.plate)}-{day.day}")


def file(octets: bytes, form: str, name: str) -> HttpResponse:
    """``octets`` under a Chinese file name that every browser understands (RFC 6266)."""
    response = HttpResponse(octets, content_type=TYPES[form])
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.{form}"
    return response


@require_POST
@page("map.view")
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """轨迹证据单 as Word: noted in the journal, so the day's positions are kept from now on."""
    day, error = _day(request, pk)
    if error:
        return HttpResponse(error, status=400, content_type="text/plain; charset=utf-8")
    person = asker(request)
    fact = note_evidence(person, clock(request), day)
    with translation.override("zh-hans"):
        events = [
            TrackEvent(each.start, each.end, str(each.label), each.text) for each in events_of(day)
        ]
        remark = "".join(note.on_paper() for note in notes.of_reading(day))
    points = day.reading.points
    sheet = TrackSheet(
        plate=Plate(day.vehicle.plate, PlateColour(day.vehicle.plate_colour)),
        owner=day.vehicle.owner_name,
        day=day.day,
        first=points[0].time if points else None,
        last=points[-1].time if points else None,
        reports=len(day.track["time_ms"]),
        bad=day.reading.bad,
        km=day.reading.metres / 1000,
        top_kmh=day.reading.top_kmh,
        events=events,
        digest=str(fact.payload["sha256"]),
        record=fact.pk,
        remark=remark,
        maker=person.name,
        made_at=clock(request).now(),
        sample=settings.DEMO,
    )
    name = f"轨迹证据单-{display(day.vehicle.plate)}-{local(day.start).date()}"
    return attachment(track_sheet_docx(sheet), "docx", name)
