"""What the tests of the notice reader share: their data and how a reading is compared with it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import docx

from jiaoan.notices import Reading, to_json

DATA = Path(__file__).parent / "notices" / "data"
OWN = ("harbour", "articles", "headings", "running", "table")


def expected(name: str) -> dict[str, Any]:
    """What a person reads in the notice ``name``."""
    loaded: dict[str, Any] = json.loads((DATA / f"{name}_expected.json").read_text("utf-8"))
    return loaded


def data_of(name: str) -> tuple[bytes, str]:
    """The bytes and file name of a notice: GB18030 for one, a real Word file for the table."""
    if name == "table":
        return word_table(), "table.docx"
    if name == "yunxi":
        return (DATA / "2024-yunxi.txt").read_bytes(), "2024-yunxi.txt"
    text = (DATA / f"{name}.txt").read_text("utf-8")
    return text.encode("gb18030" if name == "running" else "utf-8"), f"{name}.txt"


def word_table() -> bytes:
    """``table.json`` as a .docx: section rows are one cell merged over all columns."""
    rows = json.loads((DATA / "table.json").read_text("utf-8"))
    document = docx.Document()
    for text in rows["paragraphs"]:
        document.add_paragraph(text)
    width = len(rows["rows"][0])
    table = document.add_table(rows=0, cols=width)
    for cells in rows["rows"]:
        row = table.add_row().cells
        if len(cells) == 1:
            row[0].merge(row[width - 1]).text = cells[0]
        else:
            for cell, text in zip(row, cells, strict=True):
                cell.text = text
    for text in rows["after"]:
        document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def facts(reading: Reading) -> dict[str, Any]:
    """A reading in the form of the expected files."""
    written: Any = to_json(reading)
    keys = ("title", "doc_number", "issuer", "year", "report_dates")
    out = {key: written[key] for key in keys}
    out["items"] = [
        {
            "path": item["path"],
            "title": item["title"],
            "lead": item["lead_units"],
            "coop": item["coop_units"],
            "joint": item["joint"],
            "deadlines": item["deadlines"],
            "recurrences": [
                [rule["every"], rule["min_count"], rule["condition"]]
                for rule in item["recurrences"]
            ],
            "targets": item["targets"],
            "relative": len(item["relative_deadlines"]),
        }
        for item in written["items"]
    ]
    return out
