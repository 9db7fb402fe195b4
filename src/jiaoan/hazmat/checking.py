"""From typed texts to values: every field is checked, all errors are told at once.

A blank or impossible field is refused with a sentence. What is possible but doubtful (a
certificate that ends before the filing does) is not refused here: ``rules.filings`` shows it to
the officer who decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.hazmat.models import Period
from jiaoan.journal.actions import Json
from jiaoan.kernel.plates import PlateColour, PlateRefused, parse_plate
from jiaoan.ledger.errors import FieldErrors

LONGEST_DAYS = 30  # [U] the longest validity of one filing; a setting of the bureau
_UN = re.compile(r"UN\d{4}")
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")  # GB 32100-2015: no I, O, S, V, Z
_PHONE = re.compile(r"\+?\d[\d -]{5,28}\d")
_CLASS = re.compile(r"[1-9](\.[1-6])?")


class Reader:
    """Reads typed fields one by one and collects what is wrong with each."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self._typed = typed
        self.errors: dict[str, str | Promise] = {}

    def text(self, name: str, *, most: int, needed: bool = False) -> str:
        value = str(self._typed.get(name, "")).strip()
        if needed and not value:
            self.errors[name] = _("Fill in this field.")
        elif len(value) > most:
            self.errors[name] = _("%(length)d characters are too many: at most %(most)d.") % {
                "length": len(value),
                "most": most,
            }
        return value

    def like(self, name: str, pattern: re.Pattern[str], hint: str | Promise, most: int) -> str:
        value = self.text(name, most=most, needed=True).upper()
        if value and name not in self.errors and not pattern.fullmatch(value):
            self.errors[name] = hint
        return value

    def day(self, name: str, *, needed: bool = True) -> date | None:
        value = self.text(name, most=10, needed=needed)
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.errors[name] = _("Write the day like 2024-04-08.")
            return None

    def plate(self, name: str, *, needed: bool = True) -> str:
        value = self.text(name, most=20, needed=needed)
        if not value or name in self.errors:
            return ""
        try:
            return parse_plate(value).number
        except PlateRefused as error:
            self.errors[name] = str(error)
            return ""

    def colour(self, name: str) -> int:
        value = self.text(name, most=3, needed=True)
        known = {str(colour.value) for colour in PlateColour}
        if value and value not in known:
            self.errors[name] = _("Choose a plate colour from the list.")
        return int(value) if value in known else 0

    def goods(self) -> list[Json]:
        """One line of goods from the fields ``un``, ``goods_name``, ``goods_class`` …"""
        number = self.like("un", _UN, _("A UN number is UN and four digits, like UN1203."), 6)
        name = self.text("goods_name", most=80, needed=True)
        kind = self.like("goods_class", _CLASS, _("Write the class like 3 or 2.1."), 3)
        quantity = self.text("quantity", most=12, needed=True)
        try:
            if quantity and Decimal(quantity) <= 0:
                self.errors["quantity"] = _("The quantity must be more than 0.")
        except InvalidOperation:
            self.errors["quantity"] = _("Write the quantity in tonnes as a number, like 28.6.")
        return [
            {
                "un": number,
                "name": name,
                "class": kind,
                "packing_group": self.text("packing_group", most=3),
                "quantity": quantity,
                "unit": "吨",
            }
        ]

    def papers(self) -> dict[str, object]:
        """The fields that a filing and a waybill share."""
        return {
            "carrier_name": self.text("carrier_name", most=120, needed=True),
            "licence_number": self.text("licence_number", most=40, needed=True),
            "plate": self.plate("plate"),
            "plate_colour": self.colour("plate_colour"),
            "transport_certificate": self.text("transport_certificate", most=40),
            "trailer_plate": self.plate("trailer_plate", needed=False),
            "tank_number": self.text("tank_number", most=40),
            "driver_name": self.text("driver_name", most=40, needed=True),
            "driver_certificate": self.text("driver_certificate", most=40, needed=True),
            "escort_name": self.text("escort_name", most=40, needed=True),
            "escort_certificate": self.text("escort_certificate", most=40, needed=True),
            "goods": self.goods(),
        }

    def two_people(self, values: Mapping[str, object]) -> None:
        """Driver and escort are two persons (domain 5.4, automatic checks)."""
        if values["driver_certificate"] and (
            values["driver_certificate"] == values["escort_certificate"]
        ):
            self.errors["escort_certificate"] = _(
                "Driver and escort have the same certificate number; they must be two persons."
            )

    def done(self, values: dict[str, object]) -> dict[str, object]:
        if self.errors:
            raise FieldErrors(self.errors)
        return values


def filing_values(typed: Mapping[str, str], today: date) -> dict[str, object]:
    """Values of a filing 备案 for its row. Raises :class:`FieldErrors` naming every bad field."""
    read = Reader(typed)
    values = read.papers()
    values |= {
        "credit_code": read.like(
            "credit_code",
            _CREDIT_CODE,
            _("A credit code has 18 digits and capital letters (without I, O, S, V, Z)."),
            18,
        ),
        "licence_scope": read.text("licence_scope", most=120),
        "licence_valid_to": read.day("licence_valid_to"),
        "home_authority": read.text("home_authority", most=80),
        "contact_name": read.text("contact_name", most=40, needed=True),
        "contact_phone": read.like(
            "contact_phone", _PHONE, _("Write a telephone number with its area code."), 30
        ),
        "inspection_valid_to": read.day("inspection_valid_to"),
        "insurance_valid_to": read.day("insurance_valid_to", needed=False),
        "terminal_provider": read.text("terminal_provider", most=80),
        "tank_inspection_valid_to": read.day("tank_inspection_valid_to", needed=False),
        "driver_valid_to": read.day("driver_valid_to"),
        "escort_valid_to": read.day("escort_valid_to"),
        "loading_firm": read.text("loading_firm", most=120),
        "unloading_firm": read.text("unloading_firm", most=120, needed=True),
        "route": read.text("route", most=200),
        "entry_gate": read.text("entry_gate", most=80),
        "exit_gate": read.text("exit_gate", most=80),
        "period": read.text("period", most=10) or Period.SINGLE,
        "valid_from": read.day("valid_from"),
        "valid_to": read.day("valid_to"),
    }
    if values["period"] not in Period.values:
        read.errors["period"] = _("Choose a single trip or several days.")
    read.two_people(values)
    _span(read, values, today)
    if typed.get("promise") not in ("on", "true", "1"):
        read.errors["promise"] = _("Tick the promise, or the filing cannot be handed in.")
    return read.done(values)


def _span(read: Reader, values: Mapping[str, object], today: date) -> None:
    first, last = values["valid_from"], values["valid_to"]
    if not isinstance(first, date) or not isinstance(last, date):
        return
    if last < first:
        read.errors["valid_to"] = _("The last day lies before the first day.")
    elif last < today:
        read.errors["valid_to"] = _("The last day is already over.")
    elif (last - first).days >= LONGEST_DAYS:
        read.errors["valid_to"] = _("One filing holds for %(days)d days at most; file again.") % {
            "days": LONGEST_DAYS
        }


def waybill_values(typed: Mapping[str, str], today: date) -> dict[str, object]:
    """Values of a waybill 运单 for its row. Raises :class:`FieldErrors`."""
    read = Reader(typed)
    values = read.papers()
    values |= {
        "number": read.text("number", most=40, needed=True),
        "shipper": read.text("shipper", most=120, needed=True),
        "consignee": read.text("consignee", most=120, needed=True),
        "loader": read.text("loader", most=120),
        "origin": read.text("origin", most=120, needed=True),
        "destination": read.text("destination", most=120, needed=True),
        "start_date": read.day("start_date"),
        "dispatcher": read.text("dispatcher", most=40),
        "remarks": read.text("remarks", most=300),
    }
    read.two_people(values)
    starts = values["start_date"]
    # A waybill made after the trip proves nothing (domain 5, mistakes); one far ahead is a slip.
    if isinstance(starts, date) and abs((starts - today).days) > LONGEST_DAYS:
        read.errors["start_date"] = _("The start lies more than %(days)d days away. Check it.") % {
            "days": LONGEST_DAYS
        }
    return read.done(values)
