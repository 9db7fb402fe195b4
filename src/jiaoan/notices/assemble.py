"""Steps 7 to 9: what was read of each part becomes report dates, sentences, drafts and items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from jiaoan.notices import doubts as ask
from jiaoan.notices.drafts import Seed, confidence, seeds_of, sketch
from jiaoan.notices.figures import Figures, Writer
from jiaoan.notices.lexicon import STEADY, STEADY_LIMIT
from jiaoan.notices.model import (
    Deadline,
    Doubt,
    Draft,
    FrontField,
    FrontRead,
    Item,
    NamedThing,
    Recurrence,
    RelativeDeadline,
    Sentence,
    SentenceKind,
    Span,
    Subject,
    Target,
)
from jiaoan.notices.named import named_things
from jiaoan.notices.outline import Node
from jiaoan.notices.reports import is_closing_title, report_dates
from jiaoan.notices.sentences import Piece, split_sentences, title_of
from jiaoan.notices.state import Part, State
from jiaoan.notices.text import Text, original
from jiaoan.notices.units import TIME_LABEL


def report_fields(state: State) -> tuple[FrontRead, ...]:
    """The report dates of the covering letter, the closing words and the closing section."""
    if state.outline is None:
        return ()
    texts = [*state.outline.front, *state.outline.rest]
    tops = state.outline.root.children
    for part in state.parts:
        chain = list(_chain(part.node))
        if chain[-1] is tops[-1] or any(is_closing_title(title_of(node)) for node in chain):
            texts.extend(piece.text for piece in part.pieces)
    found: dict[date, FrontRead] = {}
    for text in texts:
        for sentence in split_sentences(text):
            for day in report_dates(sentence.chars, state.front.years, state.front.since):
                sure = 0.95 if f"{day.month}月{day.day}日" in sentence.chars else 0.8
                span = sentence.span(0, len(sentence))
                said = FrontRead(FrontField.REPORT_DATE, day.isoformat(), span, sure)
                found.setdefault(day, said)
    return tuple(found[day] for day in sorted(found))


def _chain(node: Node) -> Iterator[Node]:
    place: Node | None = node
    while place is not None and place.marker is not None:
        yield place
        place = place.parent


def tile(state: State) -> tuple[Sentence, ...]:
    """Sentences end to end over the whole text; blanks belong to the sentence before them."""
    found: list[tuple[Text, SentenceKind, tuple[str, ...]]] = []
    if state.outline is not None:
        for text in state.outline.front:
            found.extend((one, SentenceKind.FRONT, ()) for one in split_sentences(text) or [text])
        found.extend((text, SentenceKind.REST, ()) for text in state.outline.rest)
    for part in state.parts:
        path = part.node.path
        found.extend((piece.text, piece.kind, path) for piece in part.pieces)
    found = sorted((f for f in found if f[0]), key=lambda f: f[0].at[0])
    kept: list[tuple[Text, SentenceKind, tuple[str, ...]]] = []
    for one in found:
        if kept and one[0].at[0] <= kept[-1][0].at[-1]:
            continue  # a page number inside a broken sentence
        kept.append(one)
    out: list[Sentence] = []
    for index, (text, kind, path) in enumerate(kept):
        start = text.at[0] if index else 0
        end = kept[index + 1][0].at[0] if index + 1 < len(kept) else len(state.source)
        out.append(Sentence(index, start, end, original(state.source, text), kind, path))
    return tuple(out)


@dataclass
class _Collected:
    """The values of one item while it is put together."""

    deadlines: list[Deadline]
    relatives: list[RelativeDeadline]
    recurrences: list[Recurrence]
    targets: list[Target]
    doubts: list[Doubt]
    named: list[NamedThing]
    ongoing: bool = False


def drafts_and_items(state: State) -> tuple[tuple[Draft, ...], tuple[Item, ...]]:
    """All drafts and items, in the order of the text."""
    by_start = {sentence.start: sentence.index for sentence in state.sentences}
    drafts: list[Draft] = []
    items: list[Item] = []
    same = _same_bodies(state)
    for part in state.parts:
        kept = _Collected([], [], [], [], [], [])
        for piece, figures in zip(part.pieces, part.figures, strict=True):
            _collect(state, piece, figures, kept)
            made = _drafts_of(state, part, piece, figures, by_start, len(drafts))
            drafts.extend(made)
            kept.doubts.extend(doubt for draft in made for doubt in draft.doubts)
        if part.is_item:
            items.append(_item(part, kept, same))
    drafts.extend(_report_drafts(state, len(drafts)))
    return tuple(drafts), tuple(items)


def _report_drafts(state: State, base: int) -> list[Draft]:
    """One draft for each report date that the covering letter or the closing words set.

    Dates inside an item already stand in that item's own drafts.
    """
    if state.outline is None:
        return []
    out: list[Draft] = []
    seen: set[date] = set()
    for text in (*state.outline.front, *state.outline.rest):
        for sentence in split_sentences(text):
            for day in report_dates(sentence.chars, state.front.years, state.front.since):
                if day not in seen:
                    seen.add(day)
                    out.append(_report_draft(state, sentence, day, base + len(out)))
    return out


def _report_draft(state: State, sentence: Text, day: date, index: int) -> Draft:
    span = sentence.span(0, len(sentence))
    number = next((s.index for s in state.sentences if s.start <= span.start < s.end), 0)
    phrase = f"{day.month}月{day.day}日"
    return Draft(
        index=index,
        path=(),
        start=span.start,
        end=span.end,
        sentence=number,
        title=f"报送工作推进情况（{phrase}）",
        actor="各单位",
        subject=Subject.UNIT,
        enterprise_class=None,
        condition=None,
        lead_units=(),
        coop_units=(),
        joint=False,
        recurrence=None,
        deadline=Deadline(day, phrase, span),
        relative_deadline=None,
        targets=(),
        ongoing=False,
        evidence=("推进情况报告",),
        doubts=(),
        confidence=0.95,
        replaces=None,
    )


def _collect(state: State, piece: Piece, figures: Figures, kept: _Collected) -> None:
    writer = Writer(state.source, piece.text)
    if piece.column == "deadline":
        # "每月" beside a task that says itself how often.
        said = {rule.every for rule in kept.recurrences}
        figures = replace(figures, periods=tuple(p for p in figures.periods if p.every not in said))
    kept.deadlines.extend(writer.deadline(hit) for hit in figures.days)
    kept.relatives.extend(writer.event(hit) for hit in figures.events)
    kept.recurrences.extend(writer.period(hit) for hit in figures.periods)
    kept.targets.extend(writer.target(hit) for hit in figures.targets)
    if piece.kind in (SentenceKind.HEADING, SentenceKind.DEMAND, SentenceKind.STATEMENT):
        kept.named.extend(named_things(piece.text, state.source))
    kept.ongoing = kept.ongoing or _limitless(piece)


def _limitless(piece: Piece) -> bool:
    """True where the time limit says that the work has no end: 持续推进, 长期坚持, 全年."""
    if piece.column == "deadline":
        return STEADY_LIMIT.search(piece.text.chars) is not None
    if piece.kind is not SentenceKind.UNITS:
        return False
    label = TIME_LABEL.search(piece.text.chars)
    limit = piece.text.chars[label.end() :] if label else ""
    return STEADY_LIMIT.match(limit) is not None


def _item(part: Part, kept: _Collected, same: dict[str, str]) -> Item:
    texts = [piece.text for piece in part.pieces if piece.text]
    spans = _spans(texts)
    units = part.units
    said = next((p.text for p in part.pieces if p.kind is SentenceKind.UNITS), None)
    where = Span(said.at[0], said.at[-1] + 1) if said is not None else spans[0]
    own = ask.unit_doubts(units, said.chars if said is not None else "", where)
    for name in (*units.lead_units, *units.coop_units):
        if name in same:
            own.append(ask.same_body_doubt(same[name], name, where))
    return Item(
        part.node.path,
        title_of(part.node),
        units.lead_units,
        units.coop_units,
        units.joint,
        tuple(kept.deadlines),
        tuple(kept.relatives),
        tuple(kept.recurrences),
        tuple(kept.targets),
        spans,
        (*own, *dict.fromkeys(kept.doubts)),
        units.units,
        kept.ongoing or _steady(part, kept),
        tuple(kept.named),
    )


def _steady(part: Part, kept: _Collected) -> bool:
    """Work without an end and without a day: 常态化开展…."""
    said = [p.text.chars for p in part.pieces if p.kind is SentenceKind.DEMAND]
    return not kept.deadlines and any(STEADY.search(words) for words in said)


def _spans(texts: list[Text]) -> tuple[Span, ...]:
    """From the first to the last character of an item; a table row's cells lie side by side."""
    if not texts:
        return (Span(0, 0),)
    return (Span(min(t.at[0] for t in texts), max(t.at[-1] for t in texts) + 1),)


def _same_bodies(state: State) -> dict[str, str]:
    units = [(*part.units.lead_units, *part.units.coop_units) for part in state.parts]
    return {other: one for one, other in ask.same_bodies(units)}


def _drafts_of(
    state: State,
    part: Part,
    piece: Piece,
    figures: Figures,
    by_start: dict[int, int],
    base: int,
) -> list[Draft]:
    worth = piece.kind is SentenceKind.DEMAND or (
        piece.kind is SentenceKind.HEADING and bool(figures)
    )
    if not worth or not piece.text:
        return []
    chars = piece.text.chars
    seeds = seeds_of(chars, figures)
    place = {id(seed): base + number for number, seed in enumerate(seeds)}
    sentence = by_start.get(piece.text.at[0], 0)
    return [_draft(state, part, piece.text, figures, seed, place, sentence) for seed in seeds]


def _draft(
    state: State,
    part: Part,
    text: Text,
    figures: Figures,
    seed: Seed,
    place: dict[int, int],
    sentence: int,
) -> Draft:
    writer = Writer(state.source, text)
    span = text.span(seed.start, seed.end)
    period = writer.period(seed.period) if seed.period else None
    day = writer.deadline(seed.day) if seed.day else None
    event = writer.event(seed.event) if seed.event else None
    units = part.units
    drawn = sketch(text.chars, seed, figures, units.lead_units)
    asked: list[Doubt] = []
    if day is not None and seed.day is not None:
        asked.extend(ask.day_doubts(day, seed.day.odd_year, state.report_dates))
    if event is not None:
        asked.extend(ask.event_doubt(event))
    if period is not None:
        asked.extend(ask.count_doubts(period, drawn.subject, drawn.actor, span))
    words = text.chars[seed.start : seed.end]
    if seed.replaces is None:
        words = "".join(part for part in _outside_brackets(words))
    asked.extend(ask.word_doubts(words, seed.figured, span))
    for start, end in figures.odd:
        if seed.start <= start < seed.end:
            asked.append(ask.odd_period_doubt(writer.phrase(start, end), text.span(start, end)))
    nobody = not units.lead_units and not units.coop_units
    return Draft(
        index=place[id(seed)],
        path=part.node.path,
        start=span.start,
        end=span.end,
        sentence=sentence,
        title=drawn.title,
        actor=drawn.actor,
        subject=drawn.subject,
        enterprise_class=drawn.enterprise_class,
        condition=seed.period.condition if seed.period else None,
        lead_units=units.lead_units,
        coop_units=units.coop_units,
        joint=units.joint,
        recurrence=period,
        deadline=day,
        relative_deadline=event,
        targets=tuple(writer.target(hit) for hit in seed.targets),
        ongoing=drawn.ongoing,
        evidence=drawn.evidence,
        doubts=tuple(asked),
        confidence=confidence(drawn.base, len(asked), nobody),
        replaces=place.get(id(seed.replaces)) if seed.replaces is not None else None,
    )


def _outside_brackets(words: str) -> Iterator[str]:
    depth = 0
    for char in words:
        if char == "（":
            depth += 1
        elif char == "）":
            depth = max(0, depth - 1)
        elif depth == 0:
            yield char
