"""Excel and CSV files of vehicles 车辆档案, read row by row; the template and the export.

The head is found by its plate column, in Chinese, English or our field names; columns may stand in
any order and unknown ones are named, not refused. An empty cell leaves a registered vehicle's field
as it is, ``-`` clears it. A row with a cell that cannot be read is refused by itself.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from jiaoan.kernel.plates import PlateColour, PlateRefused, parse_plate
from jiaoan.papers.tables import escaped
from jiaoan.registry.models import Vehicle

LARGEST: Final = 5_000_000
LARGEST_UNPACKED: Final = 100_000_000
MOST_ROWS: Final = 2_000
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv"
CLEAR: Final = frozenset({"-", "—", "–", "无"})
_HEAD_ROWS: Final = 10

KINDS: Final[Mapping[str, str]] = {
    "危货车辆": "hazmat", "危货车": "hazmat", "危险货物运输车辆": "hazmat",
    "hazmat vehicle": "hazmat",
    "客车": "coach", "coach": "coach", "货车": "truck", "truck": "truck",
    "校车": "school_bus", "school bus": "school_bus",
    "执法车": "enforcement", "执法车辆": "enforcement", "enforcement vehicle": "enforcement",
}  # fmt: skip
SERVICES: Final[Mapping[str, str]] = {
    "班线客运": "long-distance", "班线": "long-distance", "scheduled line": "long-distance",
    "接驳运输": "relay", "接驳": "relay", "relay line": "relay",
    "机场高铁专线": "airport-rail", "机场或高铁专线": "airport-rail",
    "airport or high-speed-rail line": "airport-rail",
    "通勤包车": "commuter", "commuter charter": "commuter",
    "定制客运": "customised", "customised coach": "customised",
    "短途驳载": "shuttle", "short shuttle": "shuttle",
}  # fmt: skip
_TRUE, _FALSE = {"是", "y", "yes", "1", "true"}, {"否", "n", "no", "0", "false"}


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


@dataclass(frozen=True)
class Column:
    """``cleared`` is what ``-`` sets; ``None`` with ``required`` = it cannot be cleared."""

    field: str
    zh: str
    en: str
    read: Callable[[str], object]
    write: Callable[[Vehicle], str]
    example: str
    cleared: object = None
    required: bool = False


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
        known = {place: _BY_HEAD[key] for place, cell in enumerate(cells) if (key := _key(cell)) in
                 _BY_HEAD}  # fmt: skip
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


# --- cells ---------------------------------------------------------------------------------------


def _plate(text: str) -> str:
    try:
        return parse_plate(text).number
    except PlateRefused as refused:
        raise ValueError(str(refused)) from refused


def _plate_colour(text: str) -> int:
    bare = text.removesuffix("牌").removesuffix("色")
    for colour in PlateColour:
        if text == str(int(colour)) or text == colour.label_zh:
            return int(colour)
    words = {"蓝": 1, "黄": 2, "黑": 3, "白": 4, "绿": 5, "黄绿": 93, "渐变绿": 94,
             "blue": 1, "yellow": 2, "black": 3, "white": 4, "green": 5}  # fmt: skip
    if (found := words.get(bare.lower())) is None:
        raise ValueError(_("“%(text)s” is no colour of a plate: write yellow, blue or its code.")
                         % {"text": text[:20]})  # fmt: skip
    return found


def _choice(words: Mapping[str, str]) -> Callable[[str], object]:
    def read(text: str) -> object:
        key = text.lower()
        if key in words:
            return words[key]
        if key in words.values():
            return key
        raise ValueError(
            _("“%(text)s” is none of: %(known)s.") % {"text": text[:20], "known": _words(words)}
        )

    return read


def _whole(text: str) -> object:
    number = re.fullmatch(r"(\d{1,6})(?:\.0+)?\s*(?:km/h|km|公里/小时|公里|千米)?", text, re.I)
    if number is None:
        raise ValueError(_("“%(text)s” is no whole number.") % {"text": text[:20]})
    return int(number[1])


def _volume(text: str) -> object:
    try:
        found = Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ValueError(_("“%(text)s” is no number.") % {"text": text[:20]})
    return found


def _truth(text: str) -> object:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(_("“%(text)s” is neither yes nor no.") % {"text": text[:20]})


def _date(text: str) -> object:
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    try:
        if parts is None:
            raise ValueError
        return date(int(parts[1]), int(parts[2]), int(parts[3]))
    except ValueError:
        raise ValueError(
            _("“%(text)s” is no day; write it as 2024-04-08.") % {"text": text[:20]}
        ) from None


def _plain(text: str) -> object:
    return text


_PERIOD = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~至到]\s*(\d{1,2}):(\d{2})")


def read_periods(text: str) -> list[list[int]]:
    """``06:30-08:00 16:00-17:30`` as pairs of minutes of the day, in order of the day.

    >>> read_periods("16:00-17:30；06:30至08:00")
    [[390, 480], [960, 1050]]
    """
    said = unicodedata.normalize("NFKC", text)
    found = [tuple(int(part) for part in one) for one in _PERIOD.findall(said)]
    strange = re.sub(r"[\s,;、]", "", _PERIOD.sub("", said))
    if not found or strange or any(m1 > 59 or m2 > 59 for _h1, m1, _h2, m2 in found):
        raise ValueError(
            _("“%(text)s”: write the hours as 06:30-08:00 16:00-17:30.") % {"text": text[:40]}
        )
    return sorted([h1 * 60 + m1, h2 * 60 + m2] for h1, m1, h2, m2 in found)


_DAY_DIGITS = str.maketrans("一二三四五六日天", "12345677")


def read_days(text: str) -> list[int]:
    """``1-5``, ``一三五``, ``周一至周五`` as weekdays, 1 = Monday.

    >>> read_days("周一至周五")
    [1, 2, 3, 4, 5]
    """
    said = unicodedata.normalize("NFKC", text).translate(_DAY_DIGITS)
    said = re.sub(r"[周\s,;、]|星期", "", said)
    found: set[int] = set()
    for begin, end, alone in re.findall(r"([1-7])[-–—~至到]([1-7])|([1-7])", said):
        found |= {int(alone)} if alone else set(range(int(begin), int(end) + 1))
    strange = re.sub(r"([1-7])[-–—~至到]([1-7])|[1-7]", "", said)
    if not found or strange:
        raise ValueError(_("“%(text)s”: write the weekdays as 1-5.") % {"text": text[:20]})
    return sorted(found)


def periods_text(periods: Iterable[Sequence[int]]) -> str:
    """The pairs of minutes as they are typed: ``06:30-08:00 16:00-17:30``."""
    return " ".join(f"{_clock(begin)}-{_clock(end)}" for begin, end in periods)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _word(words: Mapping[str, str], value: str) -> str:
    """The first word for it in the language of the screen."""
    ascii_wanted = (get_language() or "zh").startswith("en")
    fit = [word for word, code in words.items() if code == value and word.isascii() == ascii_wanted]
    return fit[0] if fit else value


def _words(words: Mapping[str, str]) -> str:
    """One word for each value, as a list in the language of the screen."""
    return pgettext("list", ", ").join(_word(words, one) for one in dict.fromkeys(words.values()))


def _number(value: object) -> str:
    return "" if value is None else str(value)


def _day_text(value: date | None) -> str:
    return value.isoformat() if value else ""


def _owner(vehicle: Vehicle) -> str:
    return vehicle.enterprise.name if vehicle.enterprise else ""


COLUMNS: Final = (
    Column("plate", "车牌号", "Plate", _plate, lambda v: v.plate, "湘F12345", required=True),
    Column("plate_colour", "车牌颜色", "Plate colour", _plate_colour,
           lambda v: PlateColour(v.plate_colour).label_zh, "黄色", required=True),
    Column("kind", "车辆类型", "Vehicle kind", _choice(KINDS), lambda v: _word(KINDS, v.kind),
           "客车", required=True),
    Column("enterprise", "所属企业", "Enterprise", _plain, _owner, "示意客运有限公司",
           required=True),
    Column("outside", "外籍车辆", "Vehicle from outside", _truth,
           lambda v: "是" if v.outside else "否", "否", cleared=False),
    Column("carrier_name", "外地承运人", "Outside carrier", _plain, lambda v: v.carrier_name, "",
           cleared=""),
    Column("carrier_phone", "外地承运人电话", "Outside carrier's phone", _plain,
           lambda v: v.carrier_phone, "", cleared=""),
    Column("speed_limit_kmh", "企业限速（km/h）", "Firm's speed limit (km/h)", _whole,
           lambda v: _number(v.speed_limit_kmh), "90"),
    Column("service", "客运经营类型", "Coach service", _choice(SERVICES),
           lambda v: _word(SERVICES, v.service), "接驳运输", cleared=""),
    Column("one_way_km", "单程里程（km）", "One way (km)", _whole,
           lambda v: _number(v.one_way_km), "640"),
    Column("school_hours", "校车开行时间", "School-bus hours", read_periods,
           lambda v: periods_text(v.school_hours), "06:30-08:00 16:00-17:30", cleared=[]),
    Column("school_days", "校车开行星期", "School-bus weekdays", read_days,
           lambda v: ",".join(map(str, v.school_days)) if v.school_hours else "", "1-5",
           cleared=[1, 2, 3, 4, 5]),
    Column("tank_number", "罐体编号", "Tank number", _plain, lambda v: v.tank_number, "",
           cleared=""),
    Column("tank_volume_m3", "罐体容积（m³）", "Tank volume (m³)", _volume,
           lambda v: _number(v.tank_volume_m3), ""),
    Column("transport_certificate", "道路运输证号", "Transport certificate", _plain,
           lambda v: v.transport_certificate, "", cleared=""),
    Column("certificate_valid_to", "道路运输证有效期至", "Certificate valid to", _date,
           lambda v: _day_text(v.certificate_valid_to), "2025-12-31"),
    Column("inspection_valid_to", "检验有效期至", "Inspection valid to", _date,
           lambda v: _day_text(v.inspection_valid_to), "2025-06-30"),
    Column("valid_from", "起始日", "First day", _date, lambda v: _day_text(v.valid_from),
           "2024-01-01"),
    Column("valid_to", "截止日", "Last day", _date, lambda v: _day_text(v.valid_to), ""),
)  # fmt: skip
_BY_FIELD: Final = {column.field: column for column in COLUMNS}


def _key(head: str) -> str:
    """A head without unit, spaces and case."""
    bare = unicodedata.normalize("NFKC", head).lower()
    return re.sub(r"\(.*?\)|[\s*_\-]", "", bare)


_BY_HEAD: Final = {
    _key(name): column for column in COLUMNS for name in (column.zh, column.en, column.field)
} | {
    _key(other): _BY_FIELD[name]
    for name, others in {
        "plate": ("号牌", "车牌", "号牌号码", "车牌号码"), "plate_colour": ("号牌颜色", "颜色"),
    }.items()
    for other in others
}  # fmt: skip


def label_of(name: str) -> str:
    """The head of a field's column in the language of the screen; another name as it is."""
    column = _BY_FIELD.get(name)
    if column is None:
        return name
    return column.en if (get_language() or "zh").startswith("en") else column.zh


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
        "kind": _("Required for a new vehicle: %(known)s.") % {"known": _words(KINDS)},
        "enterprise": _("Whole name or credit code of a firm in the register."),
        "speed_limit_kmh": _("What the firm set for this vehicle; empty: none is known."),
        "service": _("Coaches only: %(known)s.") % {"known": _words(SERVICES)},
        "one_way_km": _("Coaches only. Decides with the service whether it may run between 02:00 "
                        "and 05:00."),
        "school_hours": _("School buses only, at most two periods a day."),
        "school_days": _("School buses only; 1 is Monday. Empty: Monday to Friday."),
    }.get(name, "")  # fmt: skip
