"""``jiaoan notice compare OLD NEW``: two notices beside each other, as text or as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from jiaoan.notices import Item, Reading, SourceRefused, extract, read
from jiaoan.notices.compare import Change, ChangedField, ChangeKind, Comparison, compare
from jiaoan.portal.notice.differences import abridged
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

    found = compare(reading(old), reading(new))
    if as_json:
        print(json.dumps(_comparison(found), ensure_ascii=False, indent=1))
        return 0
    for kind in ChangeKind:
        print(f"{kind.label_zh}: {len(found.of(kind))}")
    for change in found.changes:
        if change.kind is not ChangeKind.SAME:
            print("\n".join(_change_lines(change)))
    return 0


def _change_lines(change: Change) -> list[str]:
    """One clause: what became of it, where it stood and stands, and each field before and after."""
    one = change.new or change.old
    places = [_path(item) for item in (change.old, change.new) if item]
    moved = "，位置调整" if change.moved and change.kind == "changed" else ""
    lines = [f"[{change.kind.label_zh}{moved}] {' → '.join(places)} {one.title if one else ''}"]
    if change.nearest:
        word = "可能拆自" if change.new else "可能并入"
        lines.append(f"    {word} {_path(change.nearest)} {change.nearest.title}")
    for field in change.fields:
        before, after = ("、".join(side) or "无" for side in (field.before, field.after))
        if field.field is ChangedField.TEXT:
            before, after = abridged(before, after)
        lines.append(f"    {field.field.label_zh}：{before} → {after}")
    return lines


def _path(item: Item) -> str:
    return "·".join(item.path)


def _comparison(found: Comparison) -> dict[str, object]:
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
                    {
                        "field": field.field.value,
                        "before": list(field.before),
                        "after": list(field.after),
                    }
                    for field in change.fields
                ],
            }
            for change in found.changes
        ],
    }
