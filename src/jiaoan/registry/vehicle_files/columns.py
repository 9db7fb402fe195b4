"""The columns of a file of vehicles, and how each is headed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import get_language

from jiaoan.kernel.plates import PlateColour
from jiaoan.registry.models import Vehicle
from jiaoan.registry.vehicle_files.cells import (
    KINDS,
    SERVICES,
    choice,
    day,
    day_text,
    number_text,
    owner_name,
    periods_text,
    plain,
    plate_colour,
    plate_number,
    read_days,
    read_periods,
    truth,
    volume,
    whole,
    word_of,
)


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


COLUMNS: Final = (
    Column("plate", "车牌号", "Plate", plate_number, lambda v: v.plate, "湘F12345", required=True),
    Column("plate_colour", "车牌颜色", "Plate colour", plate_colour,
           lambda v: PlateColour(v.plate_colour).label_zh, "黄色", required=True),
    Column("kind", "车辆类型", "Vehicle kind", choice(KINDS), lambda v: word_of(KINDS, v.kind),
           "客车", required=True),
    Column("enterprise", "所属企业", "Enterprise", plain, owner_name, "示意客运有限公司",
           required=True),
    Column("outside", "外籍车辆", "Vehicle from outside", truth,
           lambda v: "是" if v.outside else "否", "否", cleared=False),
    Column("carrier_name", "外地承运人", "Outside carrier", plain, lambda v: v.carrier_name, "",
           cleared=""),
    Column("carrier_phone", "外地承运人电话", "Outside carrier's phone", plain,
           lambda v: v.carrier_phone, "", cleared=""),
    Column("speed_limit_kmh", "企业限速（km/h）", "Firm's speed limit (km/h)", whole,
           lambda v: number_text(v.speed_limit_kmh), "90"),
    Column("service", "客运经营类型", "Coach service", choice(SERVICES),
           lambda v: word_of(SERVICES, v.service), "接驳运输", cleared=""),
    Column("one_way_km", "单程里程（km）", "One way (km)", whole,
           lambda v: number_text(v.one_way_km), "640"),
    Column("school_hours", "校车开行时间", "School-bus hours", read_periods,
           lambda v: periods_text(v.school_hours), "06:30-08:00 16:00-17:30", cleared=[]),
    Column("school_days", "校车开行星期", "School-bus weekdays", read_days,
           lambda v: ",".join(map(str, v.school_days)) if v.school_hours else "", "1-5",
           cleared=[1, 2, 3, 4, 5]),
    Column("tank_number", "罐体编号", "Tank number", plain, lambda v: v.tank_number, "",
           cleared=""),
    Column("tank_volume_m3", "罐体容积（m³）", "Tank volume (m³)", volume,
           lambda v: number_text(v.tank_volume_m3), ""),
    Column("transport_certificate", "道路运输证号", "Transport certificate", plain,
           lambda v: v.transport_certificate, "", cleared=""),
    Column("certificate_valid_to", "道路运输证有效期至", "Certificate valid to", day,
           lambda v: day_text(v.certificate_valid_to), "2025-12-31"),
    Column("inspection_valid_to", "检验有效期至", "Inspection valid to", day,
           lambda v: day_text(v.inspection_valid_to), "2025-06-30"),
    Column("valid_from", "起始日", "First day", day, lambda v: day_text(v.valid_from),
           "2024-01-01"),
    Column("valid_to", "截止日", "Last day", day, lambda v: day_text(v.valid_to), ""),
)  # fmt: skip
_BY_FIELD: Final = {column.field: column for column in COLUMNS}


def key_of(head: str) -> str:
    """A head without unit, spaces and case."""
    bare = unicodedata.normalize("NFKC", head).lower()
    return re.sub(r"\(.*?\)|[\s*_\-]", "", bare)


BY_HEAD: Final = {
    key_of(name): column for column in COLUMNS for name in (column.zh, column.en, column.field)
} | {
    key_of(other): _BY_FIELD[name]
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
