"""行程: the stays of a day, one stay on one strip, and the day's sheet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from jiaoan.hazmat import actions, queries
from jiaoan.hazmat.models import Trip
from jiaoan.hazmat.states import TripState
from jiaoan.kernel.clock import Clock
from jiaoan.kernel.plates import Plate, PlateColour, display
from jiaoan.papers.tables import Column, Footer, Kind, Sheet
from jiaoan.papers.trip_sheet import TripSheet, trip_sheet_docx, trip_sheet_xlsx
from jiaoan.portal.access import page
from jiaoan.portal.components import Empty
from jiaoan.portal.courses import course_of
from jiaoan.portal.hazmat.strip import known_facts, sheet_events, steps_of
from jiaoan.portal.sheets import answer, attachment
from jiaoan.portal.watch.uploads import papers
from jiaoan.scope import can, restrict
from jiaoan.watch.models import Upload
from jiaoan.watch.queries import of_subject
from jiaoan.watch.uploads.queries import waybills_of

ROWS = 50
_LOADED_BEFORE = timedelta(days=1)


def _day(request: HttpRequest, clock: Clock) -> date:
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return clock.today()


@require_safe
@page("filing.view")
def overview(request: HttpRequest) -> HttpResponse:
    """Stays of one day; people without ``trip.view`` are shown their filings instead."""
    if not can(request.user, "trip.view"):
        return redirect("filings")
    clock: Clock = request.clock  # type: ignore[attr-defined]
    day = _day(request, clock)
    outside = request.GET.get("outside") == "1"
    found = queries.trips_of_day(request.user, day)
    counts = {"all": found.count(), "outside": found.filter(vehicle__outside=True).count()}
    shown = found.filter(vehicle__outside=True) if outside else found
    return render(
        request,
        "portal/hazmat/stays.html",
        {
            "section": "hazmat",
            "tab": "stays",
            "day": day,
            "outside": outside,
            "counts": counts,
            "inside_now": queries.trips_inside(request.user).count(),
            "page": Paginator(shown.order_by("-entered_at", "-id"), ROWS).get_page(
                request.GET.get("page")
            ),
            "query": f"day={day.isoformat()}&" + ("outside=1&" if outside else ""),
            "empty": Empty(
                title=_("No stays on this day"),
                text=_("A stay begins when the fence finds that a hazmat vehicle has entered."),
            ),
        },
    )


@require_safe
@page("trip.view")
def trip(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.trips(request.user), pk=pk)
    entries = course_of(known_facts(request.user, found))
    return render(
        request,
        "portal/hazmat/trip.html",
        {
            "section": "hazmat",
            "trip": found,
            "inside": found.status is TripState.INSIDE,
            "strip": steps_of(request.user, found),
            "alarms": of_subject(request.user, found.subject),
            "told": papers(list(_told(request, found))),
            "verdicts": restrict(found.verdicts.all(), request.user, "trip.view"),
            "timeline": entries,
            "may_invite": can(request.user, "filing.invite") and found.vehicle.outside,
        },
    )


def _told(request: HttpRequest, found: Trip) -> Iterable[Upload]:
    """Waybills that the terminal sent since a day before the stay began: they go with the load."""
    clock: Clock = request.clock  # type: ignore[attr-defined]
    start, end = found.entered_at - _LOADED_BEFORE, found.left_at or clock.now()
    return waybills_of(request.user, found.vehicle, start, end)


@require_safe
@page("trip.view")
def sheet(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """当日情况单 of one stay as Excel or Word."""
    if form not in ("xlsx", "docx"):
        raise Http404
    found = get_object_or_404(queries.trips(request.user), pk=pk)
    octets = (trip_sheet_xlsx if form == "xlsx" else trip_sheet_docx)(_values(request, found))
    return attachment(octets, form, f"当日情况单-{display(found.vehicle.plate)}")


def _values(request: HttpRequest, found: Trip) -> TripSheet:
    clock: Clock = request.clock  # type: ignore[attr-defined]
    bill, filing = found.waybill, found.filing
    papers = bill or filing
    return TripSheet(
        plate=Plate(found.vehicle.plate, PlateColour(found.vehicle.plate_colour)),
        carrier=found.vehicle.owner_name,
        goods=papers.goods_text if papers else "未登记",
        destination=bill.destination if bill else filing.unloading_firm if filing else "未登记",
        events=sheet_events(request.user, found),
        maker=request.user.name,  # type: ignore[union-attr]
        made_at=clock.now(),
        sample=settings.DEMO,
    )


_COLUMNS = (
    Column("number", "序号", Kind.INT, 6),
    Column("plate", "车牌", width=12),
    Column("carrier", "承运企业", width=26),
    Column("entered", "入区", Kind.DATETIME, 18),
    Column("left", "出区", Kind.DATETIME, 18),
    Column("filing", "备案", width=16),
    Column("waybill", "运单", width=22),
    Column("state", "状态", width=10),
)


@require_safe
@page("trip.view")
def export(request: HttpRequest, form: str) -> HttpResponse:
    """The stays as they stand on the page, with its day and filter in the footer."""
    if form not in ("xlsx", "docx"):
        raise Http404
    clock: Clock = request.clock  # type: ignore[attr-defined]
    day, outside = _day(request, clock), request.GET.get("outside") == "1"
    found = queries.trips_of_day(request.user, day).order_by("-entered_at", "-id")
    shown = found.filter(vehicle__outside=True) if outside else found
    rows = [
        {
            "number": number,
            "plate": display(one.vehicle.plate),
            "carrier": one.vehicle.owner_name,
            "entered": one.entered_at,
            "left": one.left_at,
            "filing": str(one.filing or ""),
            "waybill": str(one.waybill or ""),
            "state": str(one.status.label),
        }
        for number, one in enumerate(shown, start=1)
    ]
    chosen = f"{day.isoformat()} {'外籍车辆' if outside else '全部车辆'}"
    footer = Footer(request.user.name, clock.now(), chosen)  # type: ignore[union-attr]
    return answer(Sheet("危货车辆当日情况表", _COLUMNS, rows, footer), form, "危货车辆当日情况表")


@require_POST
@page("filing.invite")
def invite_carrier(request: HttpRequest, pk: int) -> HttpResponse:
    """A filing link for the vehicle of this stay."""
    found = get_object_or_404(queries.trips(request.user), pk=pk)
    clock: Clock = request.clock  # type: ignore[attr-defined]
    vehicle = found.vehicle
    made = actions.invite(
        request.user,  # type: ignore[arg-type]
        clock,
        plate=vehicle.plate,
        plate_colour=vehicle.plate_colour,
        trip=found,
    )
    address = request.build_absolute_uri(f"/hazmat/file/{made.token}/")
    messages.success(request, _("Filing link: %(address)s") % {"address": address})
    return redirect("trip", found.pk)
