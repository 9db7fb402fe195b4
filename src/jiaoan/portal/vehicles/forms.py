"""A vehicle as it is typed, with its profile for the driving rules; no script needed."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from jiaoan.kernel.plates import PlateColour
from jiaoan.portal.components import Text
from jiaoan.portal.names import COLOURS
from jiaoan.portal.places.forms import WEEKDAYS
from jiaoan.registry.models import CoachService, Enterprise, Vehicle, VehicleKind
from jiaoan.registry.queries import enterprises
from jiaoan.registry.vehicle_files import periods_text, read_periods

_INPUT = {"class": "form-control"}
_SELECT = {"class": "form-select"}
_DATE = forms.DateInput({**_INPUT, "type": "date"}, format="%Y-%m-%d")
_SAME = (
    "plate", "kind", "outside", "carrier_name", "carrier_phone", "speed_limit_kmh", "service",
    "one_way_km", "tank_number", "tank_volume_m3", "transport_certificate", "certificate_valid_to",
    "inspection_valid_to", "valid_from", "valid_to", "enterprise",
)  # fmt: skip


def _text(label: Text, most: int, hint: Text = "", *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,  # type: ignore[arg-type]
        help_text=hint,  # type: ignore[arg-type]
        required=required,
        max_length=most,
        widget=forms.TextInput(_INPUT),
    )


def _number(label: Text, hint: Text = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label,  # type: ignore[arg-type]
        help_text=hint,  # type: ignore[arg-type]
        required=False,
        widget=forms.NumberInput(_INPUT),
    )


def _day(label: Text) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=_DATE)  # type: ignore[arg-type]


class VehicleForm(forms.Form):
    """Everything of a vehicle; what is wrong is said by the action, field by field."""

    plate = _text(_("Plate"), 20, required=True)
    plate_colour = forms.TypedChoiceField(
        label=_("Plate colour"),
        choices=[(int(one), label) for one, label in COLOURS.items()],
        coerce=int,
        initial=int(PlateColour.YELLOW),
        widget=forms.Select(_SELECT),
    )
    kind = forms.ChoiceField(
        label=_("Vehicle kind"),
        choices=[("", _("Choose…")), *VehicleKind.choices],
        widget=forms.Select(_SELECT),
    )
    enterprise = forms.ModelChoiceField(
        label=_("Enterprise"),
        queryset=Enterprise.objects.none(),
        required=False,
        empty_label=_("None in the register"),
        widget=forms.Select(_SELECT),
    )
    outside = forms.BooleanField(label=_("Vehicle from outside"), required=False)
    carrier_name = _text(_("Outside carrier"), 120)
    carrier_phone = _text(_("Outside carrier's phone"), 30)
    speed_limit_kmh = _number(
        _("Firm's speed limit, km/h"), _("What the firm set for this vehicle; empty: not known.")
    )
    service = forms.ChoiceField(
        label=_("Coach service"),
        help_text=_("Of a coach only."),
        choices=CoachService.choices,
        required=False,
        widget=forms.Select(_SELECT),
    )
    one_way_km = _number(_("One way, km"), _("Of a coach only."))
    school_hours = _text(
        _("School-bus hours"), 60, _("Of a school bus only, as 06:30-08:00 16:00-17:30.")
    )
    school_days = forms.TypedMultipleChoiceField(
        label=_("School-bus weekdays"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
    )
    tank_number = _text(_("Tank number"), 40)
    tank_volume_m3 = forms.DecimalField(
        label=_("Tank volume, m³"),
        max_digits=6,
        decimal_places=2,
        required=False,
        widget=forms.NumberInput({**_INPUT, "step": "any"}),
    )
    transport_certificate = _text(_("Transport certificate"), 40)
    certificate_valid_to = _day(_("Certificate valid to"))
    inspection_valid_to = _day(_("Inspection valid to"))
    valid_from = _day(_("First day"))
    valid_to = _day(_("Last day"))

    def __init__(self, actor: object, data: object = None, **more: object) -> None:
        super().__init__(data, **more)  # type: ignore[arg-type]
        firms = self.fields["enterprise"]
        assert isinstance(firms, forms.ModelChoiceField)
        firms.queryset = enterprises(actor).order_by("organisation__name")

    def clean_school_hours(self) -> list[list[int]]:
        text = str(self.cleaned_data["school_hours"])
        if not text:
            return []
        try:
            return read_periods(text)
        except ValueError as refused:
            raise forms.ValidationError(str(refused)) from refused

    def fields_of_vehicle(self) -> dict[str, object]:
        """What ``actions.add_vehicle`` takes."""
        typed = self.cleaned_data
        same = {name: typed[name] for name in (*_SAME, "plate_colour", "school_hours")}
        return {**same, "school_days": sorted(typed["school_days"])}


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("Excel (.xlsx) or CSV"),
        widget=forms.ClearableFileInput({**_INPUT, "accept": ".xlsx,.csv,.txt"}),
    )


def typed_of(vehicle: Vehicle) -> Mapping[str, object]:
    """The form's values of a vehicle."""
    same = {name: getattr(vehicle, name) for name in (*_SAME, "plate_colour")}
    return {
        **same,
        "school_hours": periods_text(vehicle.school_hours),
        "school_days": [str(day) for day in vehicle.school_days],
    }
