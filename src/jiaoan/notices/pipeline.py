"""The reader: one visible list of pure steps from text to a :class:`Reading`.

Each step takes the state and returns it with its own part filled in; a step reads only what the
steps above it wrote. To see what the reader thinks at any point, run the list up to there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from jiaoan.notices.assemble import drafts_and_items, report_fields, tile
from jiaoan.notices.figures import Figures, figures_of, without_repeats
from jiaoan.notices.front import Years, read_front
from jiaoan.notices.lines import split_lines
from jiaoan.notices.model import NotANotice, Reading, SentenceKind, UnitsRead
from jiaoan.notices.ordinals import with_markers
from jiaoan.notices.outline import leaves, walk
from jiaoan.notices.paragraphs import to_paragraphs
from jiaoan.notices.periods import exception
from jiaoan.notices.sentences import Piece, is_past, pieces_of
from jiaoan.notices.state import Part, State
from jiaoan.notices.structure import build
from jiaoan.notices.subjects import doers, subjects, titled
from jiaoan.notices.units import (
    FIRST_LEADS,
    Named,
    Role,
    first_leads,
    parse,
    resolve,
    without_clauses,
)

_COLUMN_ROLE = {"lead": Role.LEAD, "unit": Role.PLAIN, "coop": Role.COOP}


def _lines(state: State) -> State:
    return replace(state, lines=tuple(with_markers(split_lines(state.source))))


def _paragraphs(state: State) -> State:
    return replace(state, paragraphs=tuple(to_paragraphs(list(state.lines))))


def _front(state: State) -> State:
    return replace(state, front=read_front(state.source, list(state.paragraphs)))


def _structure(state: State) -> State:
    outline = build(list(state.paragraphs), state.front.body_from)
    return replace(state, outline=outline)


def _sentences(state: State) -> State:
    if state.outline is None:
        return state
    items = {id(node) for node in leaves(state.outline.root)}
    parts = tuple(
        Part(node, tuple(pieces_of(node)), is_item=id(node) in items)
        for node in walk(state.outline.root)
        if node.marker is not None
    )
    return replace(state, parts=parts)


def _units(state: State) -> State:
    """Own statements first, then those of the headings above, then the subjects of sentences."""
    stated = {id(part.node): _stated(part, state.source) for part in state.parts}
    _spread_labels(state.parts, stated)
    ordered = any(FIRST_LEADS.search(p.text.chars) for p in state.paragraphs)
    parts: list[Part] = []
    for part in state.parts:
        units = _answering(part, stated, state.source)
        parts.append(replace(part, units=first_leads(units) if ordered else units))
    return replace(state, parts=tuple(parts))


def _answering(part: Part, stated: dict[int, list[Named]], source: str) -> UnitsRead:
    own = stated[id(part.node)] or _titled(part, source)
    if own and (_leads(own) or not _only_sentences(part)):
        return resolve(own)
    place = part.node.parent
    while not own and place is not None:
        if above := stated.get(id(place), []):
            return resolve(above, inherited=True)
        place = place.parent
    if part.node.children:
        return resolve(own)
    said = [piece.text for piece in part.pieces if piece.kind in _WORK]
    named = [one for text in said for one in subjects(text, source)]
    if not _leads(named):
        named += [one for text in said for one in doers(text, source)]
    return resolve([*named, *own])


def _titled(part: Part, source: str) -> list[Named]:
    heading = next((p.text for p in part.pieces if p.kind is SentenceKind.HEADING), None)
    if heading is None or part.node.children or part.node.marker is None:
        return []
    return titled(heading.cut(part.node.marker.length), source)


_WORK = (SentenceKind.DEMAND, SentenceKind.STATEMENT)


def _leads(named: list[Named]) -> bool:
    return any(one.role is not Role.COOP for one in named)


def _only_sentences(part: Part) -> bool:
    """True where the units stand in sentences (…。各县局参加。), not in brackets, labels, cells."""
    said = [piece for piece in part.pieces if piece.kind is SentenceKind.UNITS]
    return all(
        not piece.column and piece.text.chars[:1] != "（" and "：" not in piece.text.chars
        for piece in said
    )


def _stated(part: Part, source: str) -> list[Named]:
    return [
        one
        for piece in part.pieces
        if piece.kind is SentenceKind.UNITS
        for one in _named(piece, source)
    ]


def _spread_labels(parts: tuple[Part, ...], stated: dict[int, list[Named]]) -> None:
    """A label line below the last item of each section, and nowhere else, is for all its items."""
    sections = [part.node for part in parts if len(part.node.children) > 1]
    sections = [node for node in sections if not any(kid.children for kid in node.children)]
    spread = [
        node
        for node in sections
        if stated.get(id(node.children[-1]))
        and len(node.children[-1].body) > 1
        and not any(stated.get(id(kid)) for kid in node.children[:-1])
    ]
    if len(spread) > 1 and all(
        node in spread or not any(stated.get(id(kid)) for kid in node.children) for node in sections
    ):
        for node in spread:
            stated[id(node)] = stated[id(node.children[-1])]


def _named(piece: Piece, source: str) -> list[Named]:
    named = without_clauses(parse(piece.text, source))
    role = _COLUMN_ROLE.get(piece.column)
    if role is None:
        return named
    # A cell may say more than its column: "A牵头，B配合" under 责任单位.
    kept = [one for one in named if re.search(r"[\u4e00-\u9fff]{2}", one.name)]
    return [replace(n, role=role, sure=0.97) if n.role is Role.PLAIN else n for n in kept]


def _figures(state: State) -> State:
    return replace(
        state, parts=tuple(_with_figures(part, state.front.years) for part in state.parts)
    )


def _with_figures(part: Part, years: Years) -> Part:
    read = [figures_of(piece, years) for piece in part.pieces]
    body = [
        figures
        for piece, figures in zip(part.pieces, read, strict=True)
        if piece.kind is not SentenceKind.HEADING
    ]
    pieces: list[Piece] = []
    kept: list[Figures] = []
    for piece, figures in zip(part.pieces, read, strict=True):
        if piece.kind is SentenceKind.HEADING:
            figures = without_repeats(figures, body)
        if piece.kind is SentenceKind.UNITS and not piece.column:
            figures = without_repeats(figures, kept)
        if pieces and kept[-1].periods and pieces[-1].text.chars.endswith("；"):
            figures = _excepted(piece.text.chars, figures, pieces[-1].text.chars, kept[-1])
        kind = piece.kind
        if kind is SentenceKind.STATEMENT and figures and not is_past(piece.text.chars):
            kind = SentenceKind.DEMAND  # a time makes a demand of any sentence
        pieces.append(replace(piece, kind=kind))
        kept.append(figures)
    return replace(part, pieces=tuple(pieces), figures=tuple(kept))


def _excepted(chars: str, figures: Figures, above: str, general: Figures) -> Figures:
    """…每周不少于3次；恶劣天气期间每日1次: the second holds for the situation only."""
    if not figures.periods:
        return figures
    named = exception(chars, figures.periods[0], above, general.periods[0])
    if named is None:
        return figures
    first = replace(figures.periods[0], condition=named)
    return replace(figures, periods=(first, *figures.periods[1:]))


def _reports(state: State) -> State:
    reports = report_fields(state)
    days = sorted({date.fromisoformat(one.value) for one in reports})
    return replace(state, reports=reports, report_dates=tuple(days))


def _tiles(state: State) -> State:
    return replace(state, sentences=tile(state))


def _drafts(state: State) -> State:
    drafts, items = drafts_and_items(state)
    return replace(state, drafts=drafts, items=items)


#: The order of the reader. Units come before figures because their brackets hold no dates.
STEPS: tuple[Callable[[State], State], ...] = (
    _lines,
    _paragraphs,
    _front,
    _structure,
    _sentences,
    _units,
    _figures,
    _reports,
    _tiles,
    _drafts,
)


def read(text: str) -> Reading:
    """Read a notice. Raises :class:`NotANotice` where the text holds no items of work.

    Linear in the length of the text; the same text always gives the same reading.
    """
    state = State(text)
    for step in STEPS:
        state = step(state)
    _check(state)
    front = state.front
    return Reading(
        front.title,
        front.doc_number,
        front.issuer,
        front.years.first,
        state.report_dates,
        state.items,
        state.sentences,
        state.drafts,
        (*front.read, *state.reports),
    )


def _check(state: State) -> None:
    """Two signs of a notice are asked for besides items: a shopping list has items as well."""
    if not state.source.strip():
        raise NotANotice(
            "empty",
            "文件里没有文字。请确认上传的是文字版通知，而不是扫描图片。",
            "there is no text",
        )
    if not state.items:
        raise NotANotice(
            "no_items",
            "没有找到“一、”“（一）”“第一条”这样的条目或任务表，不像一份工作要点或通知。"
            "请检查是否选对了文件；如果是扫描件，请先做文字识别。",
            "no numbered items or table of tasks were found; check that this is the right file",
        )
    signs = [
        state.front.title is not None,
        state.front.doc_number is not None,
        state.front.issuer is not None,
        any(item.lead_units or item.coop_units for item in state.items),
        any(item.deadlines or item.recurrences for item in state.items),
        bool(state.report_dates),
    ]
    named = state.front.title is not None and len(state.drafts) > 2
    if (sum(signs) < 2 and not named) or not state.drafts:
        raise NotANotice(
            "no_demands",
            "文中没有标题、文号、责任单位和时限，看不出是安排工作的文件。"
            "请检查是否选对了文件，或补全标题和责任单位后再上传。",
            "there are neither title, number, units nor times of a notice",
        )
