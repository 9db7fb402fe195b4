"""The left side of the intake page: the original in sentences, and its table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from jiaoan.ledger.models import Clause, IntakeDraft, Judgement, Plan, SourceSentence
from jiaoan.ledger.states import DraftState

_CSS = {
    Judgement.DUTY: "is-got",
    Judgement.NO_DUTY: "is-dim",
    Judgement.STRUCTURE: "is-dim",
    Judgement.UNREAD: "",
}


@dataclass(frozen=True)
class Stretch:
    """A sentence on the page; ``css`` says how far it was judged, ``marked`` that it is looked at.

    ``words`` are its text in pieces, the key phrases apart. ``breaks``: the document begins a new
    line here. ``drafts``: how many drafts rest on it. ``title``: its judgement in words.
    """

    number: int
    words: list[tuple[str, bool]]
    css: str
    marked: bool
    breaks: bool
    drafts: int
    title: str | Promise
    url: str


@dataclass(frozen=True)
class Part:
    """A clause with its sentences; ``is_heading``: a heading of its own line."""

    clause: Clause
    stretches: list[Stretch]
    is_heading: bool


@dataclass(frozen=True)
class Line:
    """A line of the table of contents; ``count`` is judged/sentences."""

    label: str
    url: str
    sub: bool
    current: bool
    count: str
    document: bool = False


def parts(
    plan: Plan,
    clauses: Sequence[Clause],
    sentences: Sequence[SourceSentence],
    drafts: Sequence[IntakeDraft],
    looked: frozenset[int],
) -> list[Part]:
    """The whole text; ``looked`` are the numbers of the sentences that are marked."""
    by_clause: dict[int | None, list[SourceSentence]] = {}
    for sentence in sentences:
        by_clause.setdefault(sentence.clause_id, []).append(sentence)
    phrases, counts = _phrases(drafts)
    url = reverse("notice", args=[plan.pk])

    def stretch(s: SourceSentence) -> Stretch:
        judged = Judgement(s.judgement)
        return Stretch(
            s.number,
            pieces(s.text, phrases.get(s.pk, ())),
            _CSS[judged],
            s.number in looked,
            "\n" in plan.text[max(0, s.start - 2) : s.start + 2],
            counts.get(s.pk, 0),
            s.reason or judged.label,
            f"{url}?show=sentence&s={s.number}#s{s.number}",
        )

    return [
        Part(
            clause,
            [stretch(s) for s in by_clause.get(clause.pk, [])],
            len(clause.path) == 1 and not clause.is_item,
        )
        for clause in clauses
    ]


def _phrases(drafts: Iterable[IntakeDraft]) -> tuple[Mapping[int, set[str]], Mapping[int, int]]:
    phrases: dict[int, set[str]] = {}
    counts: dict[int, int] = {}
    for draft in drafts:
        if draft.state == DraftState.FOLDED:
            continue
        counts[draft.sentence_id] = counts.get(draft.sentence_id, 0) + 1
        said = {draft.phrase, *(doubt["phrase"] for doubt in draft.doubts)}
        phrases.setdefault(draft.sentence_id, set()).update(word for word in said if word)
    return phrases, counts


def pieces(text: str, phrases: Iterable[str]) -> list[tuple[str, bool]]:
    """``text`` cut at its key phrases; the longer one wins where two overlap."""
    ordered = sorted(phrases, key=len, reverse=True)
    if not ordered:
        return [(text, False)]
    pattern = "|".join(re.escape(phrase) for phrase in ordered)
    cut = re.split(f"({pattern})", text)
    return [(words, place % 2 == 1) for place, words in enumerate(cut) if words]


def contents(
    plan: Plan,
    clauses: Sequence[Clause],
    sentences: Sequence[SourceSentence],
    chosen: Clause | None,
    attached: Sequence[Plan],
) -> list[Line]:
    """Clauses with how far they are judged; second documents stand under theirs."""
    done: dict[int, int] = {}
    total: dict[int, int] = {}
    for sentence in sentences:
        if sentence.judgement == Judgement.STRUCTURE or sentence.clause_id is None:
            continue
        total[sentence.clause_id] = total.get(sentence.clause_id, 0) + 1
        if sentence.judgement != Judgement.UNREAD:
            done[sentence.clause_id] = done.get(sentence.clause_id, 0) + 1
    url = reverse("notice", args=[plan.pk])
    lines: list[Line] = []
    for clause in clauses:
        count = f"{done.get(clause.pk, 0)}/{total[clause.pk]}" if clause.pk in total else ""
        here = f"{url}?show=clause&clause={clause.pk}#c{clause.pk}"
        current = chosen is not None and chosen.pk == clause.pk
        lines.append(Line(clause_label(clause), here, len(clause.path) > 1, current, count))
        lines += [
            Line(one.title, reverse("notice", args=[one.pk]), True, False, "", document=True)
            for one in attached
            if one.under_id == clause.pk
        ]
    return lines


def clause_label(clause: Clause) -> str:
    """Number and words; the title carries the number already where it is printed so."""
    if not clause.path:
        return clause.label
    last = str(clause.path[-1])
    title = clause.title.strip().rstrip("。")
    return title if title.startswith(last) else f"{last} {title}"


def place_label(plan: Plan, clause: Clause, ordinal: int | None = None) -> str:
    """要点 一·2 第2句: where in which document."""
    path = "·".join(clause.path)
    where = f"{plan.word} {path}" if path else clause.label
    return where if ordinal is None else f"{where} 第{ordinal}句"
