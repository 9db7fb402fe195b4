"""The template and the export: a workbook that the reader takes."""

from __future__ import annotations

import io
from collections.abc import Iterable

from django.utils.translation import gettext as _

from jiaoan.papers.tables import escaped
from jiaoan.registry.models import Vehicle
from jiaoan.registry.vehicle_files.cells import KINDS, SERVICES, listed
from jiaoan.registry.vehicle_files.columns import COLUMNS, label_of


def write_vehicles(vehicles: Iterable[Vehicle]) -> bytes:
    """A workbook that :func:`read_vehicles` reads: of nobody it is the template.

    The second sheet says what goes into each column.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    page, help_page = book.create_sheet(_("Vehicles")), book.create_sheet(_("How to fill it in"))
    page.append([label_of(column.field) for column in COLUMNS])
    for vehicle in vehicles:
        page.append([escaped(column.write(vehicle)) for column in COLUMNS])
    help_page.append([_("Column"), _("Example"), _("Note")])
    for column in COLUMNS:
        help_page.append([label_of(column.field), column.example, str(_note(column.field))])
    for sheet in (page, help_page):
        sheet.freeze_panes = "A2"
        for at, cell in enumerate(sheet[1], start=1):
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E3ECEA")
            sheet.column_dimensions[get_column_letter(at)].width = 20
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                cell.number_format = "@"
    help_page.column_dimensions["C"].width = 90
    # Text, so that a spreadsheet changes neither 1-5 into a date nor 06:30 into a time.
    for at in range(1, len(COLUMNS) + 1):
        for row_number in range(2, max(page.max_row, 200) + 1):
            page.cell(row_number, at).number_format = "@"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _note(name: str) -> str:
    return {
        "plate": _("Required. A row with a registered plate and colour changes that vehicle: an "
                   "empty cell leaves a field as it is, - clears it."),
        "plate_colour": _("Required, where the plate does not tell it: yellow, blue, … or the "
                          "code of JT/T 697.7."),
        "kind": _("Required for a new vehicle: %(known)s.") % {"known": listed(KINDS)},
        "enterprise": _("Whole name or credit code of a firm in the register."),
        "speed_limit_kmh": _("What the firm set for this vehicle; empty: none is known."),
        "service": _("Coaches only: %(known)s.") % {"known": listed(SERVICES)},
        "one_way_km": _("Coaches only. Decides with the service whether it may run between 02:00 "
                        "and 05:00."),
        "school_hours": _("School buses only, at most two periods a day."),
        "school_days": _("School buses only; 1 is Monday. Empty: Monday to Friday."),
    }.get(name, "")  # fmt: skip
