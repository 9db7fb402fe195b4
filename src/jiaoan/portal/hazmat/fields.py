"""The fields of a filing and a waybill as a form shows them: one list for page and phone.

What a field accepts is said once, in ``hazmat.checking``; here stand its label, kind and place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.kernel.plates import PlateColour
from jiaoan.portal.names import COLOURS

Text = str | Promise


@dataclass(frozen=True)
class Spec:
    """One field: ``kind`` is an input type, ``select`` or ``checkbox``."""

    name: str
    label: Text
    kind: str = "text"
    required: bool = False
    hint: Text = ""
    choices: Sequence[tuple[str, Text]] = ()


@dataclass(frozen=True)
class Shown:
    """A field with what was typed and what was wrong with it."""

    spec: Spec
    value: str
    error: Text = ""
    fixed: bool = False


@dataclass(frozen=True)
class Group:
    title: Text
    fields: tuple[Shown, ...]


PLATE_COLOURS = tuple(
    (str(colour.value), COLOURS[colour])
    for colour in (PlateColour.YELLOW, PlateColour.BLUE, PlateColour.GREEN, PlateColour.WHITE)
)
_VEHICLE = (
    Spec("plate", _("Plate"), required=True, hint=_("Of the tractor, with the province character")),
    Spec("plate_colour", _("Plate colour"), "select", True, choices=PLATE_COLOURS),
    Spec("trailer_plate", _("Trailer plate")),
    Spec("tank_number", _("Tank number")),
    Spec("transport_certificate", _("Transport certificate")),
)
_PEOPLE = (
    Spec("driver_name", _("Driver"), required=True),
    Spec("driver_certificate", _("Driver's certificate"), required=True),
    Spec("escort_name", _("Escort"), required=True),
    Spec("escort_certificate", _("Escort's certificate"), required=True),
)
_GOODS = (
    Spec("un", _("UN number"), required=True, hint="UN1203"),
    Spec("goods_name", _("Name of the goods"), required=True),
    Spec("goods_class", _("Class"), required=True, hint="3、2.1"),
    Spec("quantity", _("Quantity, tonnes"), required=True),
)
_CARRIER = (
    Spec("carrier_name", _("Carrier"), required=True),
    Spec("licence_number", _("Licence number"), required=True),
)
FILING: tuple[tuple[Text, tuple[Spec, ...]], ...] = (
    (
        _("Vehicle"),
        (*_VEHICLE, Spec("inspection_valid_to", _("Inspection valid to"), "date", True)),
    ),
    (_("Goods"), _GOODS),
    (
        _("Stay"),
        (
            Spec("unloading_firm", _("Unloading at"), required=True),
            Spec("loading_firm", _("Loaded at")),
            Spec("route", _("Route in the district")),
            Spec(
                "period",
                _("Period"),
                "select",
                choices=(("single", _("Single trip")), ("days", _("Several days"))),
            ),
            Spec("valid_from", _("First day"), "date", True),
            Spec("valid_to", _("Last day"), "date", True),
        ),
    ),
    (
        _("Driver and escort"),
        (
            *_PEOPLE,
            Spec("driver_valid_to", _("Driver's certificate valid to"), "date", True),
            Spec("escort_valid_to", _("Escort's certificate valid to"), "date", True),
        ),
    ),
    (
        _("Carrier"),
        (
            *_CARRIER,
            Spec("credit_code", _("Credit code"), required=True, hint=_("18 digits and letters")),
            Spec("licence_valid_to", _("Licence valid to"), "date", True),
            Spec("licence_scope", _("Licence scope")),
            Spec("contact_name", _("Contact"), required=True),
            Spec("contact_phone", _("Telephone"), "tel", True),
        ),
    ),
)
PROMISE = Spec(
    "promise",
    _("All of this is true; the vehicle keeps to route and time, and the escort is on board."),
    "checkbox",
    True,
)
WAYBILL: tuple[tuple[Text, tuple[Spec, ...]], ...] = (
    (_("Waybill"), (Spec("number", _("Waybill number"), required=True),)),
    (_("Vehicle"), _VEHICLE),
    (_("Goods"), _GOODS),
    (
        _("Trip"),
        (
            Spec("shipper", _("Shipper"), required=True),
            Spec("consignee", _("Consignee"), required=True),
            Spec("origin", _("From"), required=True),
            Spec("destination", _("To"), required=True),
            Spec("start_date", _("Day of departure"), "date", True),
        ),
    ),
    (_("Driver and escort"), _PEOPLE),
    (_("Carrier"), _CARRIER),
)


def groups(
    wanted: Sequence[tuple[Text, Sequence[Spec]]],
    typed: Mapping[str, str],
    errors: Mapping[str, Text],
    fixed: Sequence[str] = (),
) -> list[Group]:
    """The form with everything that was typed still in it."""
    return [
        Group(title, tuple(shown(spec, typed, errors, spec.name in fixed) for spec in specs))
        for title, specs in wanted
    ]


def shown(
    spec: Spec, typed: Mapping[str, str], errors: Mapping[str, Text], fixed: bool = False
) -> Shown:
    return Shown(spec, typed.get(spec.name, ""), errors.get(spec.name, ""), fixed)
