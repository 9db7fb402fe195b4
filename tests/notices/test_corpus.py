"""The whole corpus: how much is right, and what must hold of every reading of it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from jiaoan.notices import Reading, Span, extract, read, to_json
from notices.score import FIELDS, Score, folded, pairs, score_folder

CORPUS = Path(__file__).parent / "corpus"
NOTICES = sorted(CORPUS.glob("[0-9][0-9]-*.txt"))
#: What share of each field must be right; the aim of the product is 0.95 on notices never seen.
FLOORS = dict.fromkeys(FIELDS, 0.99)
each_notice = pytest.mark.parametrize("path", NOTICES, ids=lambda path: path.stem)


@cache
def text_of(path: Path) -> str:
    return extract(path.read_bytes(), path.name).text


@cache
def reading_of(path: Path) -> Reading:
    return read(text_of(path))


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    assert len(NOTICES) >= 30
    assert len(list(pairs(CORPUS))) > len(NOTICES)
    return score_folder(CORPUS)


@pytest.mark.parametrize("field", FIELDS)
def test_it_reads_the_corpus_as_a_person_does(field: str, scores: dict[str, Score]) -> None:
    score = scores[field]
    assert score.right > 0
    assert score.precision >= FLOORS[field], score.misses
    assert score.recall >= FLOORS[field], score.misses


@each_notice
def test_it_gives_every_character_to_one_sentence(path: Path) -> None:
    reading = reading_of(path)
    assert reading.sentences[0].start == 0
    assert reading.sentences[-1].end == len(text_of(path))
    assert all(one.end == two.start for one, two in pairwise(reading.sentences))


def squeezed(words: str) -> str:
    return re.sub(r"[\s*#|]", "", words)


@each_notice
def test_every_field_stands_where_it_says_and_says_how_sure_it_is(path: Path) -> None:
    text, reading = text_of(path), reading_of(path)

    def said(span: Span) -> str:
        assert 0 <= span.start < span.end <= len(text)
        return squeezed(text[span.start : span.end])

    for item in reading.items:
        assert {unit.name for unit in item.units} == {*item.lead_units, *item.coop_units}
        told = [(one.phrase, one.span, one.confidence) for one in item.deadlines]
        told += [(one.phrase, one.span, one.confidence) for one in item.relative_deadlines]
        told += [(one.phrase, one.span, one.confidence) for one in item.recurrences]
        told += [(one.phrase, one.span, one.confidence) for one in item.targets]
        told += [(one.name, one.span, one.confidence) for one in item.units]
        told += [(one.name, one.span, 1.0) for one in item.named]
        for words, span, sure in told:
            broken = "\n" in text[span.start : span.end]  # a page number stands in between
            assert squeezed(words) in said(span) or broken
            assert 0 < sure <= 1
    for field in reading.front:
        assert said(field.span)
        assert 0 < field.confidence <= 1
    named = {str(field.field) for field in reading.front}
    assert {"title", "year"} <= named
    assert ("report_date" in named) == bool(reading.report_dates)


@each_notice
def test_the_same_text_gives_the_same_reading(path: Path) -> None:
    assert read(text_of(path)) == reading_of(path)


def full_width_digits(text: str) -> str:
    return re.sub(r"\d", lambda found: chr(ord(found.group()) + 0xFEE0), text)


def half_width_points(text: str) -> str:
    return text.translate(str.maketrans("，：；（）？！", ",:;()?!"))


def page_numbers(text: str) -> str:
    dice, out = random.Random(7), list[str]()
    forms = ["- {} -", "— {} —", "第{}页", "第 {} 页 共 9 页", "{} / 9"]
    for number, line in enumerate(text.split("\n"), start=1):
        out.append(line)
        if dice.random() < 0.2:
            out.append(dice.choice(forms).format(number))
    return "\n".join(out)


def broken_lines(text: str) -> str:
    """A line end inside a sentence of each long paragraph, but not beside a number."""
    dice, out = random.Random(3), list[str]()
    for line in text.split("\n"):
        place = dice.randrange(20, len(line) - 3) if len(line) > 40 else 0
        apart = place and not re.search(r"[\d*. 。；：]", line[place - 1 : place + 1])
        if apart and not re.search(r"[|\t]", line) and not line.startswith("#"):
            line = f"{line[:place]}\n{line[place:]}"
        out.append(line)
    return "\n".join(out)


def blanks_after_digits(text: str) -> str:
    return re.sub(r"(\d)(?=[年月日%次个])", r"\1 ", text)


def indents(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(f"　　{line}" if line and line[0] not in "|#" else line for line in lines)


def empty_lines(text: str) -> str:
    return text.replace("\n", "\n\n")


def no_empty_lines(text: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", text)


def facts_of(reading: Reading) -> str:
    written: Any = to_json(reading)
    for item in written["items"]:
        del item["spans"], item["doubts"]
    return folded(json.dumps(written, ensure_ascii=False))


@pytest.mark.parametrize(
    "change",
    [
        full_width_digits, half_width_points, page_numbers, broken_lines, blanks_after_digits,
        indents, empty_lines, no_empty_lines,
    ],
)  # fmt: skip
@each_notice
def test_it_reads_the_same_whatever_extraction_did(
    path: Path, change: Callable[[str], str]
) -> None:
    assert facts_of(read(change(text_of(path)))) == facts_of(reading_of(path))


#: Too few lines to see the width (a table), or a signature of several bodies that is itself broken.
NARROW = [path for path in NOTICES if path.stem[:2] not in {"14", "21", "42", "52"}]


def fixed_width(text: str, width: int) -> str:
    """Paragraphs set in by two and broken at ``width``, as text copied from a page comes."""
    out: list[str] = []
    for line in text.split("\n"):
        if len(line) <= width or line[0] in "|#":
            out.append(line)
            continue
        line = f"　　{line}"
        while line:
            end = width
            while end < len(line) and line[end] in "，。；：、）】〕”》":
                end += 1  # such marks do not begin a line
            out.append(line[:end])
            line = line[end:]
    return "\n".join(out)


@pytest.mark.parametrize("width", [24, 30, 37])
@pytest.mark.parametrize("path", NARROW, ids=lambda path: path.stem)
def test_it_reads_the_same_through_lines_of_one_width(path: Path, width: int) -> None:
    assert facts_of(read(fixed_width(text_of(path), width))) == facts_of(reading_of(path))
