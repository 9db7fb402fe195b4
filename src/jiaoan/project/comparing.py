"""``jiaoan notice compare OLD NEW``: two notices beside each other, as text or as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from jiaoan.notices import Item, Reading, SourceRefused, extract, read
from jiaoan.notices.compare import (
    Change,
    ChangedField,
    ChangeKind,
    Comparison,
    FieldChange,
    compare,
)
from jiaoan.portal.notice.differences import abridged, signed, with_year
from jiaoan.project.refusal import Refusal


def compare_notices(old: Path, new: Path, *, as_json: bool) -> int:
    """Say what became of each clause of ``old`` in ``new``; nothing is stored."""

    def reading(file: Path) -> Reading:
        try:
            return read(extract(file.read_bytes(), file.name).text)
        except OSError as error:
            raise Refusal(f"cannot read {file}: {error.strerror or error}") from error
        except SourceRefused as refused:
            raise Refusal(f"{file.name}：{refused}") from refused

    before, after = reading(old), reading(new)
    years = (before.year, after.year)
    found = compare(before, after)
    if as_json:
        print(json.dumps(_comparison(found, years), ensure_ascii=False, indent=1))
        return 0
    for kind in ChangeKind:
        print(f"{kind.label_zh}: {len(found.of(kind))}")
    for change in found.changes:
        if change.kind is not ChangeKind.SAME:
            print("\n".join(_change_lines(change, years)))
    return 0


Years = tuple[int | None, int | None]


def _sides(field: FieldChange, years: Years) -> tuple[list[str], list[str]]:
    """What stood and what stands, each with the year of its own plan."""
    if field.field is not ChangedField.TEXT:
        return list(field.before), list(field.after)
    return [_said(one, years[0]) for one in field.before], [
        _said(one, years[1]) for one in field.after
    ]


def _said(words: str, year: int | None) -> str:
    return words if year is None else with_year(signed(words), year)


def _change_lines(change: Change, years: Years) -> list[str]:
    """One clause: what became of it, where it stood and stands, and each field before and after."""
    one = change.new or change.old
    places = [_path(item) for item in (change.old, change.new) if item]
    moved = "，位置调整" if change.moved and change.kind == "changed" else ""
    lines = [f"[{change.kind.label_zh}{moved}] {' → '.join(places)} {one.title if one else ''}"]
    if change.nearest:
        word = "可能拆自" if change.new else "可能并入"
        lines.append(f"    {word} {_path(change.nearest)} {change.nearest.title}")
    for field in change.fields:
        before, after = ("、".join(side) or "无" for side in _sides(field, years))
        if field.field is ChangedField.TEXT:
            before, after = abridged(before, after)
        lines.append(f"    {field.field.label_zh}：{before} → {after}")
    return lines


def _path(item: Item) -> str:
    return "·".join(item.path)


def _comparison(found: Comparison, years: Years) -> dict[str, object]:
    def side(item: Item | None) -> dict[str, object] | None:
        return {"path": list(item.path), "title": item.title} if item else None

    return {
        "report_dates": {
            "before": [day.isoformat() for day in found.report_dates_before],
            "after": [day.isoformat() for day in found.report_dates_after],
            "changed": found.report_dates_changed,
        },
        "changes": [
            {
                "kind": change.kind.value,
                "moved": change.moved,
                "similarity": round(change.similarity, 3),
                "old": side(change.old),
                "new": side(change.new),
                "nearest": side(change.nearest),
                "fields": [
                    {"field": field.field.value, "before": before, "after": after}
                    for field in change.fields
                    for before, after in [_sides(field, years)]
                ],
            }
            for change in found.changes
        ],
    }
