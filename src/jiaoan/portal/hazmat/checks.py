"""The automatic checks of a filing in the language of the page."""

from __future__ import annotations

from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from jiaoan.portal.components import Check, Verdict
from jiaoan.rules.filings import Checked, FilingCheck

TITLES: dict[Checked, Promise] = {
    Checked.LICENCE: gettext_lazy("Operating licence valid for the days of the filing"),
    Checked.INSPECTION: gettext_lazy("Vehicle inspection valid for the days of the filing"),
    Checked.INSURANCE: gettext_lazy(
        "Carrier's liability insurance valid for the days of the filing"
    ),
    Checked.TANK_INSPECTION: gettext_lazy("Tank inspection valid for the days of the filing"),
    Checked.DRIVER: gettext_lazy("Driver's certificate valid for the days of the filing"),
    Checked.ESCORT: gettext_lazy("Escort's certificate valid for the days of the filing"),
    Checked.TANK: gettext_lazy("Tank number as in the vehicle's record"),
    Checked.VEHICLE: gettext_lazy("Vehicle on record with positions"),
    Checked.HISTORY: gettext_lazy("Filings of this vehicle refused before"),
}


def shown(check: FilingCheck) -> Check:
    verdict = Verdict.YES if check.ok else Verdict.NO
    return Check(str(TITLES[check.code]), _value(check.value), verdict)


def _value(value: date | str | bool | int | None) -> str:
    match value:
        case None:
            return _("not filled in")
        case bool():
            return _("on record") if value else _("not on record")
        case int():
            return ngettext("%(n)d time", "%(n)d times", value) % {"n": value}
        case date():
            return _("until %(day)s") % {"day": value.isoformat()}
        case _:
            return value
