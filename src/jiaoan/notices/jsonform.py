"""A reading as JSON: the keys and conventions that every reader of notices shares."""

from __future__ import annotations

from typing import TypeAlias

from jiaoan.notices.model import Item, Reading

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def to_json(reading: Reading) -> dict[str, Json]:
    """``reading`` as values that :func:`json.dumps` writes; dates are ISO days."""
    return {
        "title": reading.title,
        "doc_number": reading.doc_number,
        "issuer": reading.issuer,
        "year": reading.year,
        "report_dates": [day.isoformat() for day in reading.report_dates],
        "items": [_item(item) for item in reading.items],
    }


def _item(item: Item) -> dict[str, Json]:
    days = sorted({deadline.day for deadline in item.deadlines})
    targets = dict.fromkeys(target.value for target in item.targets)
    return {
        "path": list(item.path),
        "title": item.title,
        "lead_units": list(item.lead_units),
        "coop_units": list(item.coop_units),
        "joint": item.joint,
        "deadlines": [day.isoformat() for day in days],
        "relative_deadlines": [relative.phrase for relative in item.relative_deadlines],
        "recurrences": [
            {
                "every": str(rule.every),
                "min_count": rule.min_count,
                "condition": rule.condition,
                "phrase": rule.phrase,
            }
            for rule in item.recurrences
        ],
        "targets": list(targets),
        "spans": [[span.start, span.end] for span in item.spans],
        "doubts": [
            {
                "code": str(doubt.code),
                "question": doubt.question,
                "alternatives": list(doubt.alternatives),
                "phrase": doubt.phrase,
            }
            for doubt in item.doubts
        ],
    }
