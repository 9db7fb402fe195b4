"""The map 一张图: page, table, what it draws, one vehicle, a day's track, the live stream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jiaoan.kernel.clock import Clock
from jiaoan.kernel.plates import matches
from jiaoan.portal.access import page
from jiaoan.portal.live.hub import last_known
from jiaoan.portal.live.positions import Fix
from jiaoan.portal.live.views import open_stream
from jiaoan.portal.map import shapes
from jiaoan.portal.map.alarms import MapAlarm, alarms, connected
from jiaoan.portal.watch.commands import shown
from jiaoan.registry.models import Vehicle
from jiaoan.registry.queries import places, vehicles_on_map
from jiaoan.scope import Refused
from jiaoan.tracks.files import features
from jiaoan.tracks.queries import Store, day_of

ONLINE_S = 300  # a figure of the house, shown as such: no text says when a vehicle is offline
LISTED = 200


@dataclass(frozen=True)
class Line:
    """A vehicle in the table view."""

    vehicle: Vehicle
    fix: Fix | None
    age_s: int | None
    alarm: MapAlarm | None

    @property
    def online(self) -> bool:
        return self.age_s is not None and self.age_s <= ONLINE_S


def _clock(request: HttpRequest) -> Clock:
    clock: Clock = request.clock  # type: ignore[attr-defined]
    return clock


def _vehicle(request: HttpRequest, pk: int) -> Vehicle:
    """A vehicle the person may watch; one outside the scope is refused and written down."""
    found = vehicles_on_map(request.user).select_related("enterprise__organisation")
    vehicle = found.filter(pk=pk).first()
    if vehicle is None:
        other = Vehicle.objects.filter(pk=pk).first()
        if other is None:
            raise Http404
        raise Refused(request.user, "map.view", other)
    return vehicle


@require_safe
@page("map.view")
def show(request: HttpRequest) -> HttpResponse:
    """The map; ``?view=table`` is the same as a table, which needs neither WebGL nor script."""
    asked = request.GET.get("vehicle", "")
    chosen = _vehicle(request, int(asked)) if asked.isdecimal() and len(asked) < 16 else None
    found = alarms(request.user, _clock(request))
    context: dict[str, object] = {
        "section": "map",
        "alarms": found[:LISTED],
        "alarms_connected": connected(),
        "open_count": sum(alarm.is_open for alarm in found),
        "online_minutes": ONLINE_S // 60,
        "online_s": ONLINE_S,
    }
    if chosen is not None:
        context |= {"chosen": chosen, **_drawer(request, chosen)}
    if request.GET.get("view") == "table":
        context["lines"] = _lines(request, found)
        return render(request, "portal/map/table.html", context)
    return render(request, "portal/map/page.html", context)


def _lines(request: HttpRequest, found: list[MapAlarm]) -> list[Line]:
    known, now_ms = last_known(), _clock(request).now().timestamp() * 1000
    open_ones = {alarm.vehicle: alarm for alarm in reversed(found) if alarm.is_open}
    lines = []
    wanted = request.GET.get("q", "")[:20]
    for vehicle in vehicles_on_map(request.user).select_related("enterprise__organisation"):
        if not matches(wanted, vehicle.plate):
            continue
        fix = known.of(vehicle.pk)
        age = max(0, round((now_ms - fix.received_ms) / 1000)) if fix else None
        lines.append(Line(vehicle, fix, age, open_ones.get(vehicle.pk)))
    # Alarms first, then by the freshest report; vehicles without any stand last.
    return sorted(lines, key=lambda line: (line.alarm is None, line.age_s is None, line.age_s or 0))


@require_safe
@page("map.view")
def map_places(request: HttpRequest) -> HttpResponse:
    rows = places(request.user, _clock(request).today())
    return JsonResponse(shapes.collection(shapes.place_feature(place) for place in rows))


@require_safe
@page("map.view")
def base(request: HttpRequest) -> HttpResponse:
    return JsonResponse(shapes.base_map(settings.DATA_DIR))


@require_safe
@page("map.view")
def map_vehicles(request: HttpRequest) -> HttpResponse:
    rows = vehicles_on_map(request.user).select_related("enterprise__organisation")
    found = alarms(request.user, _clock(request))
    return JsonResponse(
        {
            "vehicles": [shapes.vehicle_record(vehicle) for vehicle in rows],
            "alarms": [
                {"vehicle": alarm.vehicle, "label": str(alarm.label)}
                for alarm in found
                if alarm.is_open
            ],
        }
    )


@require_safe
@page("map.view")
def happenings(request: HttpRequest) -> HttpResponse:
    """The list below the map, fetched again after each alarm."""
    found = alarms(request.user, _clock(request))
    context = {
        "alarms": found[:LISTED],
        "alarms_connected": connected(),
        "open_count": sum(alarm.is_open for alarm in found),
    }
    return render(request, "portal/map/stream.html", context)


def _drawer(request: HttpRequest, vehicle: Vehicle) -> dict[str, object]:
    clock = _clock(request)
    fix = last_known().of(vehicle.pk)
    age = max(0, round(clock.now().timestamp() - fix.received_ms / 1000)) if fix else None
    mine = [a for a in alarms(request.user, clock) if a.vehicle == vehicle.pk]
    today = clock.today()
    return shown(request, vehicle) | {
        "fix": fix,
        "age_s": age,
        "vehicle_alarms": mine,
        "today": today,
        "yesterday": today - timedelta(days=1),
    }


@require_safe
@page("map.view")
def vehicle(request: HttpRequest, pk: int) -> HttpResponse:
    """The right drawer for one vehicle."""
    return render(request, "portal/map/vehicle.html", _drawer(request, _vehicle(request, pk)))


@require_safe
@page("map.view")
def track(request: HttpRequest) -> HttpResponse:
    """``?vehicle=&day=``: one local day of a vehicle as GeoJSON, silences as gaps."""
    asked = request.GET.get("vehicle", "")
    if not (asked.isdecimal() and len(asked) < 16):
        return _bad(_("Which vehicle? Give its number as vehicle=…"))
    chosen = _vehicle(request, int(asked))
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return _bad(_("The day must be written as 2024-06-05."))
    found = day_of(Store(settings.DATA_DIR, settings.BUS_URL), chosen, day, _clock(request))
    drawn = [each for each in features(found.reading, found.driven) if each["geometry"]]
    summary = shapes.summary(found.reading)
    return JsonResponse({**shapes.collection(drawn), "summary": summary})


def _bad(sentence: str) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=400)


@require_safe
async def live(request: HttpRequest) -> HttpResponseBase:
    """Positions at most once a second, alarms at once."""
    return await open_stream(request, "map.view", positions=True)
