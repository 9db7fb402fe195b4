# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Step 5: bodies → sentences, and what kind each is.

A sentence ends at 。！？； outside brackets and quotation marks. Statements of units were carved out
before, so a bracket that hangs after the last full stop is no sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jiaoan.notices.lexicon import MUST, VERB_START
from jiaoan.notices.lines import MarkerKind
from jiaoan.notices.model import SentenceKind
from jiaoan.notices.outline import Node
from jiaoan.notices.text import Text
from jiaoan.notices.units import TIME_LABEL, carve

_ENDS = "。！？；"
#: Text without a full stop for this long is no sentence; cutting it keeps the reader linear.
LONGEST = 500
_OPEN, _CLOSE = "（“《", "）”》"
_GUIDING = re.compile(
    r"指导思想|总体要求|总体思路|基本原则|工作目标|总体目标|编制依据|起草背景|总则$"
)
_SLOGAN = re.compile(
    r"^(?:以.{4,}为(?:指导|引领|目标|主线|抓手|核心|统领)|坚持以|本[计规办方]|为[^，]{4,}，?$|为.{4,}制定本)"
)
_PAST = re.compile(r"去年|上年度?|以来，|已经|现有|目前|截至目前")
_FIGURE = re.compile(
    r"每(?!个人|位|名|一)|至少|不少于|\d+次|月底|月份|年底|年内|季度|\d月|\d+%|以内|日前|年度|定期"
)


@dataclass(frozen=True)
class Piece:
    """A stretch of one node: a heading, a sentence of work or a statement of units."""

    text: Text
    kind: SentenceKind
    #: For a table cell the name of its column, "" elsewhere.
    column: str = ""


def pieces_of(node: Node) -> list[Piece]:
    """The stretches of a node's own text, in order."""
    if node.cells:
        return _cell_pieces(node)
    out: list[Piece] = []
    for number, text in enumerate(node.body):
        if number == 0 and node.marker is not None and node.children and carve(text).units:
            # 一、道路交通安全（牵头单位：县公安局）: meant for all below.
            out.extend(_section_heading(text))
            continue
        if number == 0 and node.marker is not None:
            head, rest = _split_heading(node, text)
            if head:
                out.append(Piece(head, SentenceKind.HEADING))
            text = rest
        out.extend(_paragraph(text))
    guiding = node.marker is not None and _GUIDING.search(title_of(node)) is not None
    return [
        Piece(p.text, SentenceKind.STATEMENT, p.column)
        if guiding and p.kind is SentenceKind.DEMAND and not _FIGURE.search(p.text.chars)
        else p
        for p in out
    ]


def _section_heading(text: Text) -> list[Piece]:
    start, end = carve(text).units[0]
    stop = re.search("。", text.chars[:start])
    head = stop.end() if stop else start
    out = [Piece(text.cut(0, head), SentenceKind.HEADING)] if head else []
    return [
        *out, *_paragraph(text.cut(head, start)), Piece(text.cut(start, end), SentenceKind.UNITS),
        *_paragraph(text.cut(end)),
    ]  # fmt: skip


def _cell_pieces(node: Node) -> list[Piece]:
    out: list[Piece] = []
    for column, cell in node.cells:
        if column == "task":
            out.extend(Piece(p.text, p.kind, "task") for p in _paragraph(cell))
        elif column in ("lead", "unit", "coop"):
            out.append(Piece(cell, SentenceKind.UNITS, column))
        else:
            out.append(Piece(cell, SentenceKind.REST, column))
    return out


def _paragraph(text: Text) -> list[Piece]:
    carved = carve(text)
    cuts = [(a, b, False) for a, b in carved.work] + [(a, b, True) for a, b in carved.units]
    out: list[Piece] = []
    for start, end, units in sorted(cuts):
        part = text.cut(start, end)
        if units:
            out.append(Piece(part, SentenceKind.UNITS))
        else:
            out.extend(Piece(one, _kind(one.chars)) for one in split_sentences(part))
    return out


def split_sentences(text: Text) -> list[Text]:
    """The sentences of a paragraph; a mark that is never closed does not swallow the rest."""
    last_close = max((text.chars.rfind(char) for char in _CLOSE), default=-1)
    out: list[Text] = []
    depth = start = 0
    for index, char in enumerate(text.chars):
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(0, depth - 1)
        elif char in _ENDS:
            if depth and index > last_close:
                depth = 0
            after = text.chars[index + 1 : index + 2]
            if depth == 0 and after not in ("”", "）"):
                out.append(text.cut(start, index + 1))
                start = index + 1
        if depth == 0 and char in "”）" and index and text.chars[index - 1] in "。！？":
            out.append(text.cut(start, index + 1))
            start = index + 1
    if start < len(text):
        out.append(text.cut(start))
    return [
        sentence.cut(at, at + LONGEST)
        for sentence in out
        if sentence.chars.strip("。！？；，")
        for at in range(0, len(sentence), LONGEST)
    ]


def _kind(chars: str) -> SentenceKind:
    if _SLOGAN.match(chars) and not _FIGURE.search(chars):
        return SentenceKind.STATEMENT
    if _FIGURE.search(chars) or MUST.search(chars) or VERB_START.match(chars.lstrip("（")):
        return SentenceKind.STATEMENT if is_past(chars) else SentenceKind.DEMAND
    return SentenceKind.DEMAND if _verb_in_clause(chars) else SentenceKind.STATEMENT


def is_past(chars: str) -> bool:
    """True where a sentence tells what was, not what is to be done."""
    return _PAST.search(chars[:8]) is not None


def _verb_in_clause(chars: str) -> bool:
    return any(VERB_START.match(clause) for clause in re.split("[，、；：]", chars) if clause)


def _split_heading(node: Node, text: Text) -> tuple[Text, Text]:
    """The heading of a node and what follows it in the same paragraph.

    "1. 强化思想引领。将…" has a heading; "1. 每季度开展1次检查。" is the demand itself.
    """
    marker = node.marker
    if marker is None:
        return Text("", ()), text
    if marker.kind is MarkerKind.PLAIN or node.children:
        return _to_stop(text, len(text))
    rest = text.cut(marker.length)
    sentences = split_sentences(rest)
    if not sentences:
        return text, Text("", ())
    first = sentences[0].chars
    more = len(first) < len(rest) or len(node.body) > 1
    end = len(first)
    if (units := carve(rest).units) and (not more or units[0][0] < end):
        end = units[0][0]
    colon = re.match(r"[^，。；：（）]{2,24}：(?=.)", first)
    if colon and more is False and not TIME_LABEL.match(first):
        end, more = colon.end(), True
    head = first[:end]
    only = not _has_work(node, rest.cut(end))
    plain = re.sub(r"（[^（）]*）", "", head)
    if (
        only
        or len(plain) > 40
        or _FIGURE.search(plain)
        or marker.kind is MarkerKind.ARTICLE
        or (plain.endswith("；"))
    ):
        end = 0
    return text.cut(0, marker.length + end), text.cut(marker.length + end)


def _to_stop(text: Text, limit: int) -> tuple[Text, Text]:
    found = re.search("[。：]", text.chars)
    end = found.end() if found else limit
    return text.cut(0, end), text.cut(end)


def _has_work(node: Node, rest: Text) -> bool:
    """True where sentences of work follow the first one."""
    following = [rest, *node.body[1:]]
    return any(
        len(text.cut(a, b).chars.strip("。；，")) > 3
        for text in following
        for a, b in carve(text).work
    )


def title_of(node: Node) -> str:
    """The heading, or the first words where there is none (at most 40 characters)."""
    if node.cells:
        source = next((cell.chars for name, cell in node.cells if name == "task"), "")
    else:
        source = node.body[0].chars[node.marker.length if node.marker else 0 :] if node.body else ""
    if not source and len(node.body) > 1:
        source = node.body[1].chars
    source = re.sub(
        r"（(?:[^（）]|（[^（）]*）)*(?:负责|落实|配合|牵头|单位：[^（）]*)）?。?$", "", source
    )
    source = re.sub(r"（[^（）]*\d+月[^（）]*）", "", source)
    source = re.sub(r"^[^，。；：]{0,14}(?:前|底|内|起|期间|季度|半年)，(?=.{4})", "", source)
    first = re.match(r"[^。；！？]+", source)
    words = first.group() if first else source
    whole = len(words) < len(source.rstrip("。")) and len(words) <= 30 and "：" not in words
    if whole and not _FIGURE.search(words):
        return words.strip("，：")
    cut = re.match(r"[^，。；：！？]+", words)
    return (cut.group() if cut else words)[:40].strip()
