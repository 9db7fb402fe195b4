"""The corpus judged by itself: the form of the expected files, and that their quotes are real.

The reader is not imported: these files are its measure and were written before it.
"""

import html
import json
import re
from datetime import date
from pathlib import Path
from typing import TypeAlias, cast

import openpyxl
import pdfplumber
import pytest
from docx import Document

HERE = Path(__file__).parent
TEXTS = sorted(HERE.glob("[0-9][0-9]-*.txt"))
FORMS = sorted((HERE / "forms").glob("[0-9][0-9]-*"))
EVERY = {
    "day", "week", "ten_days", "half_month", "two_weeks", "month",
    "two_months", "quarter", "half_year", "year", "term",
}  # fmt: skip
HEAD = {"title", "doc_number", "issuer", "year", "report_dates", "items"}
ITEM = {
    "path", "title", "lead_units", "coop_units", "joint", "deadlines",
    "relative_deadlines", "recurrences", "targets",
}  # fmt: skip
RECURRENCE = {"every", "min_count", "condition", "phrase"}
CHINESE = {"100%": "百分之百", "95%": "百分之九十五", "90%": "百分之九十", "98%": "百分之九十八"}
FURNITURE = re.compile(r"^\s*(?:[-—–]\s*\d+\s*[-—–]|第\s*\d+\s*页.*)\s*$", re.MULTILINE)
HALF_TO_FULL = str.maketrans("()[],;:", "（）［］，；：")

Row: TypeAlias = dict[str, object]


def squeezed(text: str) -> str:
    """The text without page-number lines, white space, markdown marks and widths of punctuation."""
    text = FURNITURE.sub("", text)
    return re.sub(r"[\s*#|　]", "", text).translate(HALF_TO_FULL)


def reading(text_file: Path) -> Row:
    path = text_file.with_name(text_file.stem + "_expected.json")
    return cast(Row, json.loads(path.read_text(encoding="utf-8")))


def items(text_file: Path) -> list[Row]:
    return cast(list[Row], reading(text_file)["items"])


def strings(row: Row, key: str) -> list[str]:
    found = cast(list[object], row[key])
    assert all(isinstance(value, str) and value for value in found), (key, found)
    return cast(list[str], found)


def test_thirty_notices_each_with_its_reading() -> None:
    assert len(TEXTS) >= 30
    readings = {path.name for path in HERE.glob("*_expected.json")}
    assert readings == {f"{text.stem}_expected.json" for text in TEXTS}


def test_every_form_has_a_text_and_a_reading() -> None:
    kinds = [path.suffix for path in FORMS]
    assert kinds.count(".docx") >= 3
    assert min(kinds.count(kind) for kind in (".html", ".xlsx", ".pdf", ".txt")) >= 2
    assert {path.name.split(".")[0] for path in FORMS} <= {text.stem for text in TEXTS}


def words_of(form: Path) -> str:
    """All words of a form, in any order: enough to see that none got lost."""
    if form.suffix == ".docx":
        document = Document(str(form))
        cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
        return "".join(part.text for part in [*document.paragraphs, *cells])
    if form.suffix == ".xlsx":
        rows = openpyxl.load_workbook(form).worksheets[0].iter_rows(values_only=True)
        return "".join(str(value) for row in rows for value in row if value is not None)
    if form.suffix == ".pdf":
        with pdfplumber.open(form) as pages:
            bodies = [page.extract_text().split("\n", 1)[1] for page in pages.pages]
        return "\n".join(bodies)
    charset = "gb18030" if b"gb18030" in form.read_bytes() + form.name.encode() else "utf-8-sig"
    charset = "utf-16" if ".utf16." in form.name else charset
    text = form.read_text(encoding=charset)
    return html.unescape(re.sub(r"<[^>]+>", "", text)) if form.suffix == ".html" else text


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_a_form_has_the_words_of_its_reading(form: Path) -> None:
    words = squeezed(words_of(form))
    for item in items(HERE / f"{form.name.split('.')[0]}.txt"):
        for quoted in (
            cast(str, item["title"]),
            *strings(item, "lead_units"),
            *strings(item, "coop_units"),
        ):
            assert squeezed(quoted) in words, (item["path"], quoted)


@pytest.mark.parametrize("text_file", TEXTS, ids=lambda path: path.stem)
def test_keys_types_and_dates(text_file: Path) -> None:
    read = reading(text_file)
    assert set(read) == HEAD
    assert isinstance(read["title"], str)
    assert read["year"] is None or isinstance(read["year"], int)
    reports = strings(read, "report_dates")
    assert reports == sorted(set(reports))
    assert all(date.fromisoformat(day).isoformat() == day for day in reports)
    assert items(text_file)
    for item in items(text_file):
        assert set(item) - {"ongoing"} == ITEM
        assert isinstance(item["joint"], bool)
        assert item.get("ongoing", True) is True
        deadlines = strings(item, "deadlines")
        assert len(set(deadlines)) == len(deadlines)
        assert all(date.fromisoformat(day).isoformat() == day for day in deadlines)
        assert all(re.fullmatch(r"\d+(\.\d+)?%", target) for target in strings(item, "targets"))
        for recurrence in cast(list[Row], item["recurrences"]):
            assert set(recurrence) == RECURRENCE
            assert recurrence["every"] in EVERY
            assert isinstance(recurrence["min_count"], int)
            assert recurrence["min_count"] >= 1


@pytest.mark.parametrize("text_file", TEXTS, ids=lambda path: path.stem)
def test_what_is_quoted_stands_in_the_text(text_file: Path) -> None:
    text = squeezed(text_file.read_text(encoding="utf-8"))
    read = reading(text_file)
    for key in ("title", "doc_number", "issuer"):
        assert read[key] is None or squeezed(cast(str, read[key])) in text, (key, read[key])
    for item in items(text_file):
        where = item["path"]
        quoted = [
            cast(str, item["title"]),
            *strings(item, "lead_units"),
            *strings(item, "coop_units"),
        ]
        quoted += strings(item, "relative_deadlines")
        for recurrence in cast(list[Row], item["recurrences"]):
            quoted.append(cast(str, recurrence["phrase"]))
            if recurrence["condition"] is not None:
                quoted.append(cast(str, recurrence["condition"]))
        for words in quoted:
            assert squeezed(words) in text, (where, words)
        for target in strings(item, "targets"):
            assert target in text.replace("％", "%") or CHINESE[target] in text, (where, target)


@pytest.mark.parametrize("text_file", TEXTS, ids=lambda path: path.stem)
def test_paths_are_single_and_every_label_is_printed(text_file: Path) -> None:
    text = squeezed(text_file.read_text(encoding="utf-8"))
    paths = [tuple(strings(item, "path")) for item in items(text_file)]
    assert len(set(paths)) == len(paths)
    for path in paths:
        assert all(squeezed(label) in text for label in path), path
        assert not any(path[:depth] in paths for depth in range(1, len(path))), (
            "a section with items",
            path,
        )


@pytest.mark.parametrize("text_file", TEXTS, ids=lambda path: path.stem)
def test_units_stand_on_one_side_and_joint_means_nobody_leads_alone(text_file: Path) -> None:
    for item in items(text_file):
        lead, coop = strings(item, "lead_units"), strings(item, "coop_units")
        assert len({*lead, *coop}) == len(lead) + len(coop), item["path"]
        assert not item["joint"] or len(lead) >= 2, item["path"]
