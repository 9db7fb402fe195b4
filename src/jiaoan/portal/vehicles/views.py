"""车辆档案: the list, a vehicle with its profile and course, a file of many, template, export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from jiaoan.journal.queries import timeline
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Action, Empty
from jiaoan.portal.sheets import attachment
from jiaoan.portal.vehicles.forms import ImportForm, VehicleForm, typed_of
from jiaoan.portal.vehicles.shown import checks_of, history_of, line_of, missing_of, words_of
from jiaoan.registry import actions, queries
from jiaoan.registry.models import Vehicle, VehicleKind, holding_on
from jiaoan.registry.vehicle_files import FileRefused, label_of, read_vehicles, write_vehicles
from jiaoan.scope import can
from jiaoan.watch.rules.queries import standing

ROWS = 50
SEE, MANAGE = "registry.view", "registry.manage"


@dataclass(frozen=True)
class Asked:
    """What of the register was asked for: ``?state=incomplete`` or ``ended``, ``q``, ``kind``."""

    state: str
    q: str
    kind: str

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        return cls(*(request.GET.get(name, "")[:40].strip() for name in ("state", "q", "kind")))

    @property
    def query(self) -> str:
        """The same as the end of an address."""
        return urlencode({name: value for name, value in vars(self).items() if value})

    def found(self, every: QuerySet[Vehicle], today: date) -> QuerySet[Vehicle]:
        holding = every.filter(holding_on(today))
        found = holding
        if self.state == "incomplete":
            found = queries.incomplete(holding, today)
        elif self.state == "ended":
            found = every.exclude(holding_on(today))
        if self.q:
            found = found.filter(queries.named(self.q))
        if self.kind in VehicleKind.values:
            found = found.filter(kind=self.kind)
        return found.order_by("plate", "id")


@require_safe
@page(SEE)
def listing(request: HttpRequest) -> HttpResponse:
    """Those that hold today, unless others were asked for."""
    today, asked = clock(request).today(), Asked.of(request)
    every = queries.vehicles(request.user)
    holding = every.filter(holding_on(today))
    shown = Paginator(asked.found(every, today), ROWS).get_page(request.GET.get("page"))
    vehicles = list(shown.object_list)
    routes = queries.routes_of(vehicles, today)
    may = can(request.user, MANAGE)
    context = {
        "section": "vehicles",
        "page": shown,
        "lines": [line_of(one, today, len(routes.get(one.pk, ()))) for one in vehicles],
        "query": f"{asked.query}&" if asked.query else "",
        "asked": asked,
        "kinds": VehicleKind.choices,
        "counts": {
            "holding": holding.count(),
            "incomplete": queries.incomplete(holding, today).count(),
            "ended": every.count() - holding.count(),
        },
        "may_manage": may,
        "empty": _nothing(asked, may=may),
    }
    return render(request, "portal/vehicles/list.html", context)


def _nothing(asked: Asked, *, may: bool) -> Empty:
    if asked.query:
        return Empty(
            _("No vehicle fits"),
            _("A plate needs no province character, dot or colour; any part of a name will do."),
        )
    acts = (Action(_("Import a file"), "import"), Action(_("New vehicle"), "new", primary=True))
    return Empty(
        _("No vehicles yet"),
        _("Fill in the template and bring it as a file, or enter them one by one."),
        acts if may else (),
    )


@require_http_methods(["GET", "POST"])
@page(MANAGE)
def new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _show(request, None, VehicleForm(request.user, initial=typed_of(Vehicle())))
    return _write(request, None)


@require_http_methods(["GET", "POST"])
@page(SEE)
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever sees the register sees the card; only who keeps it gets the form."""
    vehicle = get_object_or_404(queries.vehicles(request.user), pk=pk)
    if request.method == "POST":
        return page(MANAGE)(lambda asked: _write(asked, vehicle))(request)
    form = VehicleForm(request.user, initial=typed_of(vehicle))
    return _show(request, vehicle, form)


def _write(request: HttpRequest, vehicle: Vehicle | None) -> HttpResponse:
    form = VehicleForm(request.user, request.POST)
    if not form.is_valid():
        return _show(request, vehicle, form, status=422)
    fields = form.fields_of_vehicle()
    try:
        if vehicle is None:
            made = actions.add_vehicle(asker(request), clock(request), **fields)  # type: ignore[arg-type]
        else:
            seen = request.POST.get("version", "")
            version = int(seen) if seen.isdecimal() and len(seen) < 10 else 0
            made = actions.change_vehicle(
                asker(request), clock(request), vehicle, seen_version=version, **fields
            )
    except actions.VehicleRefused as refused:
        for name, text in refused.errors.items():
            form.add_error(None if name == "version" else name, str(text))
        return _show(request, vehicle, form, status=422)
    if vehicle is not None and made.version == vehicle.version:
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("Written down; the stream judges by it within seconds."))
    return redirect("vehicle", made.pk)


def _show(
    request: HttpRequest, vehicle: Vehicle | None, form: VehicleForm, *, status: int = 200
) -> HttpResponse:
    today = clock(request).today()
    context = {
        "section": "vehicles",
        "vehicle": vehicle,
        "form": form,
        "version": request.POST.get("version") or (vehicle.version if vehicle else ""),
        "may_manage": can(request.user, MANAGE),
        "may_watch": can(request.user, "map.view"),
        "may_ask": can(request.user, "alarm.view"),
        **(_of(request, vehicle, today) if vehicle else {}),
    }
    return render(request, "portal/vehicles/vehicle.html", context, status=status)


def _of(request: HttpRequest, vehicle: Vehicle, today: date) -> dict[str, object]:
    routes = queries.routes_of([vehicle], today).get(vehicle.pk, [])
    return {
        "words": words_of(vehicle),
        "missing": missing_of(vehicle, len(routes)),
        "checks": checks_of(vehicle, standing(), today, routes),
        "routes": routes,
        "holds": vehicle.holds_on(today),
        "terminals": queries.terminals_of(request.user, vehicle),
        "timeline": history_of(timeline(vehicle)),
    }


@require_http_methods(["GET", "POST"])
@page(MANAGE)
def bring(request: HttpRequest) -> HttpResponse:
    """A file of many: what became of each row."""
    if request.method != "POST":
        return _import(request, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _import(request, form, status=422)
    file = form.cleaned_data["file"]
    data = file.read()
    try:
        read = read_vehicles(data, str(file.name))
    except FileRefused as refused:
        form.add_error("file", str(refused))
        return _import(request, form, status=422)
    done = actions.import_vehicles(asker(request), clock(request), read, data)
    lines = [(one, [(label_of(name), text) for name, text in one.errors]) for one in done]
    counts = {
        result: sum(one.result == result for one in done)
        for result in ("added", "changed", "same", "refused")
    }
    # What was refused comes first: it is what is left to do.
    lines.sort(key=lambda line: line[0].result != "refused")
    return _import(
        request, ImportForm(), done=lines, counts=counts, file_name=read.name, unknown=read.unknown
    )


def _import(
    request: HttpRequest, form: ImportForm, *, status: int = 200, **more: object
) -> HttpResponse:
    context = {"section": "vehicles", "form": form, **more}
    return render(request, "portal/vehicles/import.html", context, status=status)


@require_safe
@page(SEE)
def template(_request: HttpRequest) -> HttpResponse:
    """An empty workbook with the columns that the import reads, and how to fill it in."""
    return attachment(write_vehicles([]), "xlsx", _("Vehicle register template"))


@require_safe
@page(SEE)
def export(request: HttpRequest) -> HttpResponse:
    """The list as it was asked for, all of its pages, in the form that the import reads."""
    today = clock(request).today()
    found = Asked.of(request).found(queries.vehicles(request.user), today)
    name = f"{_('Vehicle register')}{today.isoformat()}"
    return attachment(write_vehicles(found), "xlsx", name)
