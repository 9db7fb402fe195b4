"""A place as it is typed: coordinates by hand, hours in rows, limits by kind; no script needed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jiaoan.kernel.coords import Datum
from jiaoan.kernel.plates import parse_plate
from jiaoan.portal.components import Text
from jiaoan.registry.actions.places import FASTEST_KMH
from jiaoan.registry.models import (
    GateDirection,
    Place,
    PlaceKind,
    PlaceRole,
    PlaceShape,
    RoadClass,
    Vehicle,
    VehicleKind,
)
from jiaoan.registry.place_files import FileRefused, read_places
from jiaoan.registry.queries import vehicles
from jiaoan.registry.refusals import in_words
from jiaoan.rules.hours import EVERY_DAY, Hours, HoursRefused

_INPUT = {"class": "form-control"}
_SELECT = {"class": "form-select"}
WINDOWS = 3
DATUMS = [
    ("", _("Choose…")),
    (Datum.WGS84.value, _("WGS-84 (BeiDou, CGCS2000)")),
    (Datum.GCJ02.value, _("GCJ-02 (most maps of the net)")),
    (Datum.BD09.value, _("BD-09 (Baidu)")),
]
KINDS = [("", _("Choose…")), *PlaceKind.choices]
WEEKDAYS = [
    ("1", pgettext_lazy("weekday", "Mon")), ("2", pgettext_lazy("weekday", "Tue")),
    ("3", pgettext_lazy("weekday", "Wed")), ("4", pgettext_lazy("weekday", "Thu")),
    ("5", pgettext_lazy("weekday", "Fri")), ("6", pgettext_lazy("weekday", "Sat")),
    ("7", pgettext_lazy("weekday", "Sun")),
]  # fmt: skip
LIMITED: Sequence[tuple[str, Text]] = [
    ("hazmat", _("Speed limit of hazmat vehicles, km/h")),
    ("coach", _("Speed limit of coaches, km/h")),
    ("truck", _("Speed limit of trucks, km/h")),
    ("school_bus", _("Speed limit of school buses, km/h")),
    ("", _("Speed limit of others, km/h")),
]
_DATE = forms.DateInput({**_INPUT, "type": "date"}, format="%Y-%m-%d")


def _limit_field(kind: str) -> str:
    return f"limit_{kind or 'others'}"


def _text(
    label: Text, hint: Text = "", *, required: bool = False, most: int = 200, kind: str = "text"
) -> forms.CharField:
    return forms.CharField(
        label=label,  # type: ignore[arg-type]
        help_text=hint,  # type: ignore[arg-type]
        required=required,
        max_length=most,
        widget=forms.TextInput({**_INPUT, "type": kind}),
    )


class PlaceForm(forms.Form):
    """Everything of a place but its windows, which stand in rows of :class:`WindowForm`."""

    name = _text(_("Name"), required=True, most=80)
    kind = forms.ChoiceField(label=_("Kind of place"), choices=KINDS, widget=forms.Select(_SELECT))
    road_class = forms.ChoiceField(
        label=_("Class of road"),
        help_text=_("Of a road section only."),
        choices=RoadClass.choices,
        required=False,
        widget=forms.Select(_SELECT),
    )
    role = forms.ChoiceField(
        label=_("What it does"), choices=PlaceRole.choices, widget=forms.Select(_SELECT)
    )
    shape = forms.ChoiceField(
        label=_("Shape"), choices=PlaceShape.choices, widget=forms.Select(_SELECT)
    )
    coordinates = forms.CharField(
        label=_("Coordinates"),
        help_text=_(
            "One corner a line: longitude,latitude in degrees. A blank line begins a hole. "
            "A circle has one line, its centre. GeoJSON is read as well."
        ),
        max_length=2_000_000,
        widget=forms.Textarea({**_INPUT, "rows": 8, "spellcheck": "false"}),
    )
    datum = forms.ChoiceField(
        label=_("Datum"),
        help_text=_("Of the coordinates above; what is stored is WGS-84."),
        choices=DATUMS,
        widget=forms.Select(_SELECT),
    )
    size_m = forms.FloatField(
        label=_("Radius or width, m"),
        help_text=_("Of a circle or a corridor only."),
        required=False,
        widget=forms.NumberInput({**_INPUT, "step": "any"}),
    )
    direction = forms.ChoiceField(
        label=_("Direction that is told"),
        help_text=_("Of a line only; left and right as seen along it."),
        choices=GateDirection.choices,
        required=False,
        widget=forms.Select(_SELECT),
    )
    vehicle_kinds = forms.MultipleChoiceField(
        label=_("Vehicle kinds"),
        help_text=_("None chosen: all."),
        choices=VehicleKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
    )
    bound = forms.CharField(
        label=_("Plates bound to the route"),
        help_text=_("One a line; of a route only."),
        required=False,
        max_length=20_000,
        widget=forms.Textarea({**_INPUT, "rows": 3}),
    )
    buffer_m = forms.IntegerField(
        label=_("Buffer, m"), initial=50, widget=forms.NumberInput(_INPUT)
    )
    consecutive = forms.IntegerField(
        label=_("Points in a row"), initial=2, widget=forms.NumberInput(_INPUT)
    )
    figures_confirmed_by = _text(
        _("Buffer and points confirmed by"), _("Empty: shown as unverified."), most=60
    )
    dwell_min = forms.IntegerField(
        label=_("Tell a stay longer than, minutes"),
        required=False,
        widget=forms.NumberInput(_INPUT),
    )
    valid_from = forms.DateField(label=_("First day"), required=False, widget=_DATE)
    valid_to = forms.DateField(label=_("Last day"), required=False, widget=_DATE)
    law = _text(_("Legal ground"), _("The notice or clause that findings cite."))

    def __init__(self, actor: object, data: object = None, **more: object) -> None:
        super().__init__(data, **more)  # type: ignore[arg-type]
        self._actor = actor
        for kind, label in LIMITED:
            self.fields[_limit_field(kind)] = forms.FloatField(
                label=label,  # type: ignore[arg-type]
                required=False,
                min_value=1,
                max_value=FASTEST_KMH,
                widget=forms.NumberInput({**_INPUT, "step": "any"}),
            )

    @property
    def limits(self) -> list[forms.BoundField]:
        """Speed limits, one a kind of vehicle."""
        return [self[_limit_field(kind)] for kind, _label in LIMITED]

    def clean_bound(self) -> list[Vehicle]:
        """Every plate is looked up again in the actor's own scope."""
        found = []
        for line in str(self.cleaned_data["bound"]).split():
            try:
                number = parse_plate(line).number
            except ValueError as error:
                raise forms.ValidationError(str(error)) from error
            vehicle = vehicles(self._actor).filter(plate=number).first()
            if vehicle is None:
                raise forms.ValidationError(
                    _("No vehicle %(plate)s in the register.") % {"plate": line[:20]}
                )
            found.append(vehicle)
        return found

    def clean(self) -> dict[str, object]:
        typed = super().clean() or {}
        if {"coordinates", "datum", "shape"} <= typed.keys():
            try:
                typed["geometry"] = _geometry(typed)
            except ValueError as error:
                self.add_error("coordinates", str(error))
        return typed

    def fields_of_place(self, hours: list[dict[str, object]]) -> dict[str, object]:
        """What ``actions.add_place`` takes."""
        typed = self.cleaned_data
        limits = {kind: typed[_limit_field(kind)] for kind, _label in LIMITED}
        same = (
            "name", "kind", "road_class", "role", "shape", "geometry", "size_m", "direction",
            "vehicle_kinds", "bound", "buffer_m", "consecutive", "figures_confirmed_by",
            "valid_from", "valid_to", "law",
        )  # fmt: skip
        return {
            **{name: typed[name] for name in same},
            "dwell_s": None if typed["dwell_min"] is None else typed["dwell_min"] * 60,
            "limits_kmh": {kind: one for kind, one in limits.items() if one is not None},
            "hours": hours,
        }


class WindowForm(forms.Form):
    """One row: from, to, weekdays (none = every day), first and last day."""

    start = _text(pgettext_lazy("hours", "From"), "07:00", most=5)
    end = _text(pgettext_lazy("hours", "To"), "09:00", most=5)
    weekdays = forms.MultipleChoiceField(
        label=_("Weekdays"),
        choices=WEEKDAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
    )
    first_day = forms.DateField(label=_("First day"), required=False, widget=_DATE)
    last_day = forms.DateField(label=_("Last day"), required=False, widget=_DATE)

    def clean(self) -> dict[str, object]:
        typed = super().clean() or {}
        if not (typed.get("start") or typed.get("end")):
            if typed.get("weekdays") or typed.get("first_day") or typed.get("last_day"):
                self.add_error("start", _("Days without hours: write 00:00 to 24:00."))
            return typed
        try:
            typed["window"] = Hours.parse({
                "from": typed.get("start", ""),
                "to": typed.get("end", ""),
                "weekdays": [int(day) for day in typed.get("weekdays", ())],
                "first_day": typed.get("first_day"),
                "last_day": typed.get("last_day"),
            }).as_json()  # fmt: skip
        except HoursRefused as refused:
            field, text = in_words(refused)
            self.add_error({"from": "start", "to": "end"}.get(field, field), text)
        return typed


class ImportForm(forms.Form):
    """A file and what it cannot say of itself."""

    file = forms.FileField(
        label=_("GeoJSON or KML"),
        widget=forms.ClearableFileInput({**_INPUT, "accept": ".geojson,.json,.kml"}),
    )
    datum = forms.ChoiceField(
        label=_("Datum"),
        help_text=_("Ask who made the file: a wrong datum moves every fence by half a kilometre."),
        choices=DATUMS,
        widget=forms.Select(_SELECT),
    )
    kind = forms.ChoiceField(label=_("Kind of place"), choices=KINDS, widget=forms.Select(_SELECT))
    road_class = forms.ChoiceField(
        label=_("Class of road"),
        help_text=_(
            "Of road sections only, where a feature does not say its own in the property "
            "road_class; limits stand in limits_kmh or limit_kmh."
        ),
        choices=RoadClass.choices,
        required=False,
        widget=forms.Select(_SELECT),
    )
    lines_as = forms.ChoiceField(
        label=_("Lines become"),
        choices=[("corridor", _("Corridor")), ("line", _("Line"))],
        widget=forms.Select(_SELECT),
    )
    size_m = forms.FloatField(
        label=_("Radius of points, width of lines, m"),
        required=False,
        widget=forms.NumberInput({**_INPUT, "step": "any"}),
    )


def proposed(value: Mapping[str, object]) -> tuple[Place, list[Vehicle]]:
    """A place that was rehearsed, as its snapshot says it (not stored), and its vehicles.

    The figures are nobody's any more: whoever confirmed others did not confirm these.
    """
    days = {
        name: date.fromisoformat(str(value[name])) if value.get(name) else None
        for name in ("valid_from", "valid_to")
    }
    same = (
        "name", "kind", "role", "shape", "geometry", "size_m", "direction", "vehicle_kinds",
        "hours", "limits_kmh", "buffer_m", "consecutive", "dwell_s", "law",
    )  # fmt: skip
    road_class = str(value.get("road_class") or "")
    place = Place(road_class=road_class, **{name: value[name] for name in same}, **days)
    bound = value.get("bound")
    ids = bound if isinstance(bound, list) else []
    return place, list(Vehicle.objects.filter(pk__in=ids).order_by("plate"))


def typed_of(place: Place, bound: Iterable[Vehicle] | None = None) -> dict[str, object]:
    """The form's values of a place, in WGS-84; ``bound`` of one that is not stored."""
    vehicles = place.bound.all() if bound is None else bound
    return {
        "name": place.name, "kind": place.kind, "road_class": place.road_class,
        "role": place.role, "shape": place.shape,
        "coordinates": _coordinates(place.geometry), "datum": Datum.WGS84.value,
        "size_m": place.size_m, "direction": place.direction,
        "vehicle_kinds": place.vehicle_kinds,
        "bound": "\n".join(vehicle.plate for vehicle in vehicles),
        **{_limit_field(kind): place.limits_kmh.get(kind) for kind, _label in LIMITED},
        "buffer_m": place.buffer_m, "consecutive": place.consecutive,
        "figures_confirmed_by": place.figures_confirmed_by,
        "dwell_min": None if place.dwell_s is None else place.dwell_s // 60,
        "valid_from": place.valid_from, "valid_to": place.valid_to, "law": place.law,
    }  # fmt: skip


def windows_of(place: Place) -> list[dict[str, object]]:
    rows = []
    for said in place.hours:
        window = Hours.parse(said)
        days = [] if window.weekdays == EVERY_DAY else [str(day) for day in window.weekdays]
        rows.append({
            "start": said["from"], "end": said["to"], "weekdays": days,
            "first_day": window.first_day, "last_day": window.last_day,
        })  # fmt: skip
    return rows


def _coordinates(geometry: Mapping[str, object]) -> str:
    """As lines where that says all, else as GeoJSON."""
    kind, said = geometry["type"], geometry["coordinates"]
    rings = {"Polygon": said, "LineString": [said], "Point": [[said]]}.get(str(kind))
    if not isinstance(rings, list):
        return json.dumps(geometry)
    return "\n\n".join("\n".join(f"{x},{y}" for x, y, *_ in ring) for ring in rings)


def _geometry(typed: Mapping[str, object]) -> Mapping[str, object]:
    """The typed coordinates as GeoJSON in WGS-84; ``ValueError`` says what is wrong."""
    text, shape = str(typed["coordinates"]).strip(), str(typed["shape"])
    if text.startswith("{"):
        data = text.encode()
    else:
        data = json.dumps(_of_lines(text, shape)).encode()
    size = typed.get("size_m")
    lines_as = "line" if shape == "line" else "corridor"
    try:
        read = read_places(
            data,
            "",
            Datum(str(typed["datum"])),
            lines_as=lines_as,
            size_m=float(str(size)) if size else 1e3,  # the action asks for it where it is needed
        )
    except FileRefused as refused:
        raise ValueError(str(refused)) from refused
    (feature, *more) = read.features
    if more:
        raise ValueError(_("One place has one geometry; bring a file with many by the import."))
    if feature.geometry is None:
        raise ValueError(str(feature.reason))
    if feature.note:
        raise ValueError(
            _("%(note)s Correct it here, or bring it as a file, which repairs it.")
            % {"note": feature.note}
        )
    return feature.geometry


def _of_lines(text: str, shape: str) -> dict[str, object]:
    rings: list[list[list[float]]] = [[]]
    for line in text.splitlines():
        parts = line.replace("，", ",").replace("\t", ",").split(",")
        if not line.strip():
            rings.append([])
            continue
        try:
            rings[-1].append([float(parts[0]), float(parts[1])])
        except (IndexError, ValueError):
            raise ValueError(
                _("%(line)s is no longitude,latitude.") % {"line": line.strip()[:40]}
            ) from None
    rings = [ring for ring in rings if ring]
    if shape == "circle":
        return {"type": "Point", "coordinates": rings[0][0]}
    if shape in ("corridor", "line"):
        return {"type": "LineString", "coordinates": [one for ring in rings for one in ring]}
    closed = [ring if ring[0] == ring[-1] else [*ring, ring[0]] for ring in rings]
    return {"type": "Polygon", "coordinates": closed}
