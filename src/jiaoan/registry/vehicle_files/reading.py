"""Rows of vehicles from an Excel or CSV file; one that cannot be read stops no other."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from jiaoan.kernel.plates import parse_plate
from jiaoan.registry.vehicle_files.columns import BY_HEAD, Column, key_of, label_of

LARGEST: Final = 5_000_000
LARGEST_UNPACKED: Final = 100_000_000
MOST_ROWS: Final = 2_000
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv"
CLEAR: Final = frozenset({"-", "—", "–", "无"})
_HEAD_ROWS: Final = 10


class FileRefused(ValueError):
    """Not a single row could be read; the text says why and what to do."""


@dataclass(frozen=True)
class VehicleRow:
    """One row: ``number`` as the spreadsheet counts it, ``plate`` as it was written.

    ``fields`` are the filled cells as ``add_vehicle`` takes them (``enterprise`` still a text),
    ``errors`` by field what could not be read.
    """

    number: int
    plate: str
    fields: Mapping[str, object] = field(default_factory=dict)
    errors: Mapping[str, str | Promise] = field(default_factory=dict)


@dataclass(frozen=True)
class VehicleFile:
    name: str
    content_type: str
    rows: tuple[VehicleRow, ...]
    unknown: tuple[str, ...] = ()  # heads of columns that were passed over


def read_vehicles(data: bytes, name: str) -> VehicleFile:
    """All rows of the file ``name``, in order. Raises :class:`FileRefused`."""
    if len(data) > LARGEST:
        raise FileRefused(_("The file is larger than 5 MB; split it."))
    packed = data[:2] == b"PK"
    table = list(_xlsx(data) if packed else _csv(data))
    head, columns, unknown = _head(table)
    rows = [(number, cells) for number, cells in table[head + 1 :] if any(cells)]
    if not rows:
        raise FileRefused(_("There is no row below the head."))
    if len(rows) > MOST_ROWS:
        raise FileRefused(_("More than 2,000 rows; split the file."))
    made = _once(_row(number, cells, columns) for number, cells in rows)
    return VehicleFile(name, XLSX if packed else CSV, tuple(made), unknown)


Line = tuple[int, list[str]]


def _xlsx(data: bytes) -> Iterator[Line]:
    """Every row of the first visible sheet as texts."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(one.file_size for one in packed.infolist()) > LARGEST_UNPACKED:
                raise FileRefused(_("This workbook unpacks to more than 100 MB; split it."))
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = next(one for one in book.worksheets if one.sheet_state == "visible")
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > MOST_ROWS * 10:
                return
            yield number, [_text(cell) for cell in row]
    except (
        InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError,
        SyntaxError, IndexError, EOFError, StopIteration,
    ) as error:  # fmt: skip
        if isinstance(error, FileRefused):
            raise
        raise FileRefused(
            _("This workbook cannot be opened; save it again as .xlsx or CSV.")
        ) from error


def _csv(data: bytes) -> Iterator[Line]:
    """CSV in UTF-8 or GB 18030, as spreadsheets of this country save it."""
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise FileRefused(_("This is an old workbook (.xls); save it as .xlsx or CSV."))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise FileRefused(_("Neither a workbook (.xlsx) nor CSV in UTF-8 or GB 18030."))
    if "\0" in text:
        raise FileRefused(_("Neither a workbook (.xlsx) nor CSV in UTF-8 or GB 18030."))
    first = text.splitlines()[0] if text.strip() else ""
    mark = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=mark)
    try:
        for row in reader:
            yield reader.line_num, [_text(cell) for cell in row]
    except csv.Error as error:
        raise FileRefused(
            _("Line %(line)d is no CSV: %(error)s") % {"line": reader.line_num, "error": error}
        ) from error


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
        case date():
            return cell.isoformat()
        case time():
            return f"{cell:%H:%M}"
        case float() if cell.is_integer():
            return str(int(cell))
    text = unicodedata.normalize("NFKC", str(cell)).strip()
    # Our own export marks what a spreadsheet might run.
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def _head(table: Sequence[Line]) -> tuple[int, dict[int, Column], tuple[str, ...]]:
    """Where the head stands in the table, its columns by place, and the heads nobody knows."""
    for at, (_number, cells) in enumerate(table[:_HEAD_ROWS]):
        known = {place: BY_HEAD[key] for place, cell in enumerate(cells) if (key := key_of(cell)) in
                 BY_HEAD}  # fmt: skip
        if any(column.field == "plate" for column in known.values()):
            fields = [column.field for column in known.values()]
            if twice := next((one for one in fields if fields.count(one) > 1), ""):
                raise FileRefused(
                    _("Two columns are headed %(name)s; leave one.") % {"name": label_of(twice)}
                )
            strange = [cell for place, cell in enumerate(cells) if cell and place not in known]
            return at, known, tuple(strange)
    raise FileRefused(
        _("No column is headed %(plate)s; use the template.") % {"plate": label_of("plate")}
    )


def _row(number: int, cells: Sequence[str], columns: Mapping[int, Column]) -> VehicleRow:
    fields: dict[str, object] = {}
    errors: dict[str, str | Promise] = {}
    plate = ""
    for place, column in columns.items():
        text = cells[place] if place < len(cells) else ""
        if column.field == "plate":
            plate = text
        if text in CLEAR and not column.required:
            fields[column.field] = column.cleared
        elif text:
            try:
                fields[column.field] = column.read(text)
            except ValueError as refused:
                errors[column.field] = str(refused)
    if not plate:
        errors["plate"] = _("The plate is missing.")
    else:
        _colour(plate, fields, errors)
    return VehicleRow(number, plate, fields, errors)


def _colour(plate: str, fields: dict[str, object], errors: dict[str, str | Promise]) -> None:
    """The colour that the plate tells (湘F12345黄, or by its form), where no cell says it."""
    if "plate_colour" in fields or "plate_colour" in errors or "plate" in errors:
        return
    colour = parse_plate(plate).colour
    if colour is None:
        errors["plate_colour"] = _("Write the colour of the plate, such as yellow or 2.")
    else:
        fields["plate_colour"] = int(colour)


def _once(rows: Iterable[VehicleRow]) -> Iterator[VehicleRow]:
    """A plate that came before in the file is refused: which row would hold?"""
    seen: dict[tuple[object, object], int] = {}
    for row in rows:
        key = (row.fields.get("plate"), row.fields.get("plate_colour"))
        if None in key or key not in seen:
            seen.setdefault(key, row.number)
            yield row
            continue
        why = _("Row %(row)d has the same plate; keep one of them.") % {"row": seen[key]}
        yield VehicleRow(row.number, row.plate, row.fields, {**row.errors, "plate": why})
