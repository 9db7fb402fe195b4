"""Verdicts through JSON: what is kept with a verdict, and judging again from what was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias

from jiaoan.rules.hazmat import (
    Entry,
    FilingPaper,
    Judgement,
    Point,
    WaybillPaper,
    judge_entry,
)

Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | list[Json] | None"


class BadRecord(ValueError):
    """A kept record that cannot be judged again: the text names the field."""


def to_record(
    judgement: Judgement,
    entry: Entry,
    filings: Sequence[FilingPaper],
    waybills: Sequence[WaybillPaper],
    at: datetime,
) -> dict[str, Json]:
    """Everything a page needs to explain the verdict, and a machine to repeat it.

    Times are ISO-8601 in UTC, days ISO local dates. No names of persons.
    """
    law = judgement.law
    return {
        "rule": judgement.rule,
        "version": judgement.version,
        "filing": judgement.filing.value,
        "filing_number": judgement.filing_number,
        "waybill": judgement.waybill.value,
        "waybill_number": judgement.waybill_number,
        "lead": judgement.lead.value if judgement.lead else None,
        "reasons": reasons_of(judgement),
        "law": {"code": law.code, "label": law.label, "sentence": law.sentence},
        "law_source": law.source,
        "remark": judgement.remark,
        "inputs": {
            "at": _moment(at),
            "entry": _entry(entry),
            "filings": [_filing(paper) for paper in filings],
            "waybills": [_waybill(bill) for bill in waybills],
        },
    }


def reasons_of(judgement: Judgement) -> list[Json]:
    return [
        {
            "code": reason.code,
            "text": reason.text,
            "value": reason.value,
            "ok": reason.ok,
            "unverified": reason.unverified,
        }
        for reason in judgement.reasons
    ]


def rejudge(record: Mapping[str, object]) -> Judgement:
    """用当时数据复算: run the rule on the kept inputs. :class:`BadRecord` when they are broken."""
    inputs = _mapping(record.get("inputs"), "inputs")
    return judge_entry(
        read_entry(_mapping(inputs.get("entry"), "entry")),
        [_read_filing(one) for one in _mappings(inputs.get("filings"), "filings")],
        [_read_waybill(one) for one in _mappings(inputs.get("waybills"), "waybills")],
        _read_moment(inputs, "at"),
    )


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _entry(entry: Entry) -> dict[str, Json]:
    return {
        "plate": entry.plate,
        "plate_colour": entry.plate_colour,
        "outside": entry.outside,
        "tank_number": entry.tank_number,
        "happened_at": _moment(entry.happened_at),
        "buffer_m": entry.buffer_m,
        "consecutive": entry.consecutive,
        "points": [
            {
                "time": _moment(point.time),
                "lat": point.lat,
                "lon": point.lon,
                "speed_kmh": point.speed_kmh,
                "depth_m": point.depth_m,
                "inside": point.inside,
            }
            for point in entry.points
        ],
    }


def _filing(paper: FilingPaper) -> dict[str, Json]:
    return {
        "number": paper.number,
        "plate": paper.plate,
        "plate_colour": paper.plate_colour,
        "valid_from": paper.valid_from.isoformat(),
        "valid_to": paper.valid_to.isoformat(),
        "approved_at": _moment(paper.approved_at),
        "tank_number": paper.tank_number,
        "un_numbers": list(paper.un_numbers),
    }


def _waybill(bill: WaybillPaper) -> dict[str, Json]:
    return {
        "number": bill.number,
        "plate": bill.plate,
        "tank_number": bill.tank_number,
        "start_date": bill.start_date.isoformat(),
        "un_numbers": list(bill.un_numbers),
        "entered_at": _moment(bill.entered_at),
    }


# ------------------------------------------------------------------ reading back


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise BadRecord(f"{name} is missing or no object")
    return value


def _mappings(value: object, name: str) -> list[Mapping[str, object]]:
    if not isinstance(value, list):
        raise BadRecord(f"{name} is missing or no list")
    return [_mapping(one, name) for one in value]


def _text(source: Mapping[str, object], name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str):
        raise BadRecord(f"{name} is missing or no text")
    return value


def _number(source: Mapping[str, object], name: str) -> float:
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRecord(f"{name} is missing or no number")
    return value


def _flag(source: Mapping[str, object], name: str) -> bool:
    value = source.get(name)
    if not isinstance(value, bool):
        raise BadRecord(f"{name} is missing or neither true nor false")
    return value


def _read_moment(source: Mapping[str, object], name: str) -> datetime:
    try:
        value = datetime.fromisoformat(_text(source, name))
    except ValueError as error:
        raise BadRecord(f"{name}: {error}") from error
    if value.tzinfo is None:
        raise BadRecord(f"{name} has no time zone")
    return value


def _read_day(source: Mapping[str, object], name: str) -> date:
    try:
        return date.fromisoformat(_text(source, name))
    except ValueError as error:
        raise BadRecord(f"{name}: {error}") from error


def _texts(source: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = source.get(name)
    if not isinstance(value, list):
        raise BadRecord(f"{name} is missing or no list")
    return tuple(str(one) for one in value)


def read_point(source: Mapping[str, object]) -> Point:
    """A position of a finding or a record; :class:`BadRecord` names what is missing."""
    return Point(
        _read_moment(source, "time"),
        _number(source, "lat"),
        _number(source, "lon"),
        _number(source, "speed_kmh"),
        None if source.get("depth_m") is None else _number(source, "depth_m"),
        _flag(source, "inside"),
    )


def read_entry(source: Mapping[str, object]) -> Entry:
    return Entry(
        plate=_text(source, "plate"),
        plate_colour=int(_number(source, "plate_colour")),
        outside=_flag(source, "outside"),
        tank_number=_text(source, "tank_number"),
        happened_at=_read_moment(source, "happened_at"),
        points=tuple(read_point(one) for one in _mappings(source.get("points"), "points")),
        buffer_m=_number(source, "buffer_m"),
        consecutive=int(_number(source, "consecutive")),
    )


def _read_filing(source: Mapping[str, object]) -> FilingPaper:
    return FilingPaper(
        number=_text(source, "number"),
        plate=_text(source, "plate"),
        plate_colour=int(_number(source, "plate_colour")),
        valid_from=_read_day(source, "valid_from"),
        valid_to=_read_day(source, "valid_to"),
        approved_at=_read_moment(source, "approved_at"),
        tank_number=_text(source, "tank_number"),
        un_numbers=_texts(source, "un_numbers"),
    )


def _read_waybill(source: Mapping[str, object]) -> WaybillPaper:
    return WaybillPaper(
        number=_text(source, "number"),
        plate=_text(source, "plate"),
        tank_number=_text(source, "tank_number"),
        start_date=_read_day(source, "start_date"),
        un_numbers=_texts(source, "un_numbers"),
        entered_at=_read_moment(source, "entered_at"),
    )
