# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Last year's notice and this year's 新旧对照: which clauses are new, changed, moved or dropped.

Numbers say little (a clause inserted at the top moves all others), so clauses are matched by what
they say: the share of character pairs that two clauses have in common (Dice, 0..1), the pairs that
are rare in both papers weighing more. The best match is taken first and each clause is used once.
A clause that was cut in two, or put together from two, keeps its best half; the other half is new
or dropped and names the clause it comes from in ``nearest``.

Deadlines and report dates move with the plan's year: 31 December of each plan is no change.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from jiaoan.notices.model import Item, Reading, SentenceKind

#: Below this two clauses are not the same clause; between it and LIKE a person should look.
MATCH, LIKE = 0.34, 0.22
#: From here on the words of two clauses are the same but for a character or two.
SAME_WORDS = 0.985
#: How many rare pairs of a clause look for it, and how many clauses they may bring.
_RARE, _CANDIDATES = 60, 16
_SAID = (SentenceKind.HEADING, SentenceKind.DEMAND, SentenceKind.STATEMENT)
_MARKS = re.compile(r"[\s#*，。；：、（）()“”《》,.;:]+")
_PREFIX = re.compile(r"^(?:局|委|区|市|县|州|旗|省)(?=.{3,})")


class ChangeKind(StrEnum):
    """What became of a clause. A changed clause may have moved too, see ``Change.moved``."""

    SAME = "same"
    MOVED = "moved"
    CHANGED = "changed"
    NEW = "new"
    DROPPED = "dropped"

    @property
    def label_zh(self) -> str:
        """The word on screen."""
        return {
            ChangeKind.SAME: "未变", ChangeKind.MOVED: "位置调整", ChangeKind.CHANGED: "有修改",
            ChangeKind.NEW: "新增", ChangeKind.DROPPED: "取消",
        }[self]  # fmt: skip


class ChangedField(StrEnum):
    """Which field of a clause differs."""

    TITLE = "title"
    TEXT = "text"
    LEAD_UNITS = "lead_units"
    COOP_UNITS = "coop_units"
    JOINT = "joint"
    DEADLINES = "deadlines"
    RELATIVE_DEADLINES = "relative_deadlines"
    RECURRENCES = "recurrences"
    TARGETS = "targets"

    @property
    def label_zh(self) -> str:
        """The word on screen."""
        return _FIELD_ZH[self]


_FIELD_ZH = {
    ChangedField.TITLE: "标题", ChangedField.TEXT: "文字", ChangedField.LEAD_UNITS: "牵头单位",
    ChangedField.COOP_UNITS: "配合单位", ChangedField.JOINT: "是否共同负责",
    ChangedField.DEADLINES: "完成时限", ChangedField.RELATIVE_DEADLINES: "事件时限",
    ChangedField.RECURRENCES: "频次", ChangedField.TARGETS: "指标",
}  # fmt: skip


@dataclass(frozen=True)
class FieldChange:
    """One field before and after, as words for the screen."""

    field: ChangedField
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One clause in both papers (or in one: then the other side is None).

    ``similarity`` is 0..1; for a new or dropped clause it is that of ``nearest``, the clause of the
    other paper that it may have been cut from (or None).
    """

    kind: ChangeKind
    old: Item | None
    new: Item | None
    moved: bool
    similarity: float
    fields: tuple[FieldChange, ...] = ()
    nearest: Item | None = None


@dataclass(frozen=True)
class Comparison:
    """All clauses: those of the new paper in its order, a dropped one after its old neighbour."""

    changes: tuple[Change, ...]
    report_dates_before: tuple[date, ...]
    report_dates_after: tuple[date, ...]
    report_dates_changed: bool

    def of(self, kind: ChangeKind) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)


def compare(old: Reading, new: Reading) -> Comparison:
    """What changed from ``old`` to ``new``; the same two readings always give the same answer."""
    before, after = _texts(old), _texts(new)
    pairs = _pairs(before, after)
    matched = _assign(pairs, len(old.items), len(new.items))
    shift = (new.year or 0) - (old.year or 0) if old.year and new.year else 0
    moved = _moved(matched, old, new)
    changes = [
        _change(old, new, before, after, matched[n], n, moved, shift)
        if n in matched
        else _alone(ChangeKind.NEW, None, item, _nearest(pairs, old.items, n, old_side=True))
        for n, item in enumerate(new.items)
    ]
    placed = _with_dropped(changes, old, {o: n for n, (o, _) in matched.items()}, pairs, new)
    return Comparison(
        tuple(placed),
        old.report_dates,
        new.report_dates,
        {_shifted(day, shift) for day in old.report_dates} != set(new.report_dates),
    )


def _texts(reading: Reading) -> list[str]:
    """What each item says without its number, units and punctuation; the plan's year is one sign."""
    out: list[str] = []
    for item in reading.items:
        said = [
            sentence.text
            for sentence in reading.sentences
            if sentence.kind in _SAID and sentence.path == item.path
            and any(span.start <= sentence.start < span.end for span in item.spans)
        ]  # fmt: skip
        words = _MARKS.sub("", "".join(said) or item.title).removeprefix(item.path[-1])
        out.append(_relative_years(words, reading.year) if reading.year else words)
    return out


def _relative_years(words: str, year: int) -> str:
    """2026 in a plan of 2025 is the year after: Y+1."""
    return re.sub(r"20\d{2}", lambda found: f"Y{int(found.group()) - year:+d}", words)


def _grams(words: str) -> Counter[str]:
    return Counter(words[i : i + 2] for i in range(len(words) - 1)) or Counter([words])


def _pairs(before: list[str], after: list[str]) -> dict[tuple[int, int], float]:
    """The similarity of every pair (old, new) that shares something worth a look."""
    grams = [_grams(words) for words in (*before, *after)]
    seen: Counter[str] = Counter(gram for counted in grams for gram in counted)
    weight = {gram: math.log(1 + len(grams) / count) for gram, count in seen.items()}
    size = [sum(weight[g] * n for g, n in counted.items()) for counted in grams]
    places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, counted in enumerate(grams[: len(before)]):
        for gram, count in counted.items():
            places[gram].append((number, count))
    out: dict[tuple[int, int], float] = {}
    for number, counted in enumerate(grams[len(before) :]):
        for old in _candidates(counted, places, weight, number / max(1, len(after)), len(before)):
            exact = sum(
                weight[g] * min(n, grams[old][g]) for g, n in counted.items() if g in grams[old]
            )
            whole = size[old] + size[len(before) + number]
            alike = round(2 * exact / whole, 4) if whole else 0.0
            if alike >= LIKE:
                out[old, number] = alike
    return out


def _candidates(
    counted: Counter[str],
    places: dict[str, list[tuple[int, int]]],
    weight: dict[str, float],
    place: float,
    olds: int,
) -> list[int]:
    """The old clauses worth a look: those that share most of this one's rarest pairs."""
    shared: defaultdict[int, float] = defaultdict(float)
    rare = sorted((gram for gram in counted if gram in places), key=lambda g: (-weight[g], g))
    for gram in rare[:_RARE]:
        for old, times in places[gram]:
            shared[old] += weight[gram] * min(counted[gram], times)
    order = sorted(shared, key=lambda old: (-shared[old], abs(old / max(1, olds) - place), old))
    return order[:_CANDIDATES]


def _assign(
    pairs: dict[tuple[int, int], float], olds: int, news: int
) -> dict[int, tuple[int, float]]:
    """New → (old, similarity): the best first, at equal likeness the one that moved least."""
    order = sorted(
        pairs.items(),
        key=lambda pair: (
            -pair[1],
            abs(pair[0][0] / max(olds, 1) - pair[0][1] / max(news, 1)),
            pair[0],
        ),
    )
    taken: set[int] = set()
    out: dict[int, tuple[int, float]] = {}
    for (old, new), alike in order:
        if alike >= MATCH and old not in taken and new not in out:
            taken.add(old)
            out[new] = (old, alike)
    return out


def _moved(matched: dict[int, tuple[int, float]], old: Reading, new: Reading) -> set[int]:
    """New clauses that stand elsewhere: outside the longest run that kept its order, or elsewhere
    among the sections. A mere new number (5 was 4, because one was put in above) is no move."""
    news = sorted(matched)
    kept = _longest_rising([matched[n][0] for n in news])
    steady = {n for n in news if matched[n][0] in kept}
    return {n for n in news if n not in steady} | {
        n for n in steady if _section(old, matched[n][0]) != _section(new, n)
        and not _same_section(matched, old, new, n)
    }  # fmt: skip


def _section(reading: Reading, index: int) -> tuple[str, ...]:
    return reading.items[index].path[:-1]


def _same_section(
    matched: dict[int, tuple[int, float]], old: Reading, new: Reading, index: int
) -> bool:
    """True where most clauses of the new section come from the old clause's section."""
    mine = _section(new, index)
    if not mine and not _section(old, matched[index][0]):
        return True
    votes = Counter(
        _section(old, matched[n][0]) for n in matched if _section(new, n) == mine
    )  # fmt: skip
    return votes.most_common(1)[0][0] == _section(old, matched[index][0])


def _longest_rising(numbers: list[int]) -> set[int]:
    """The members of a longest rising run (patience sorting)."""
    tops: list[int] = []
    back: list[int] = []
    for index, number in enumerate(numbers):
        low, high = 0, len(tops)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if numbers[tops[middle]] < number else (low, middle)
        back.append(tops[low - 1] if low else -1)
        tops[low : low + 1] = [index]
    run: set[int] = set()
    at = tops[-1] if tops else -1
    while at >= 0:
        run.add(numbers[at])
        at = back[at]
    return run


def _change(
    old: Reading, new: Reading, before: list[str], after: list[str],
    match: tuple[int, float], number: int, moved: set[int], shift: int,
) -> Change:  # fmt: skip
    one, other = old.items[match[0]], new.items[number]
    fields = tuple(_fields(one, other, before[match[0]], after[number], match[1], shift))
    kind = ChangeKind.SAME
    if fields:
        kind = ChangeKind.CHANGED
    elif number in moved:
        kind = ChangeKind.MOVED
    return Change(kind, one, other, number in moved, match[1], fields)


def _fields(
    old: Item, new: Item, before: str, after: str, alike: float, shift: int
) -> list[FieldChange]:
    out: list[FieldChange] = []

    def put(field: ChangedField, one: list[str], other: list[str]) -> None:
        out.append(FieldChange(field, tuple(one), tuple(other)))

    if _MARKS.sub("", old.title) != _MARKS.sub("", new.title):
        put(ChangedField.TITLE, [old.title], [new.title])
    if before != after and alike < SAME_WORDS:
        put(ChangedField.TEXT, [before], [after])
    for field, one, other in (
        (ChangedField.LEAD_UNITS, old.lead_units, new.lead_units),
        (ChangedField.COOP_UNITS, old.coop_units, new.coop_units),
    ):
        if {_PREFIX.sub("", name) for name in one} != {_PREFIX.sub("", name) for name in other}:
            put(field, list(one), list(other))
    if old.joint != new.joint and bool(old.lead_units) and bool(new.lead_units):
        put(ChangedField.JOINT, [str(old.joint)], [str(new.joint)])
    days = sorted({d.day for d in old.deadlines}), sorted({d.day for d in new.deadlines})
    if {_shifted(day, shift) for day in days[0]} != set(days[1]):
        put(
            ChangedField.DEADLINES,
            [d.isoformat() for d in days[0]],
            [d.isoformat() for d in days[1]],
        )
    phrases = [r.phrase for r in old.relative_deadlines], [r.phrase for r in new.relative_deadlines]
    if set(phrases[0]) != set(phrases[1]):
        put(ChangedField.RELATIVE_DEADLINES, *phrases)
    rules = [
        Counter((str(r.every), r.min_count, r.condition) for r in item.recurrences)
        for item in (old, new)
    ]
    if rules[0] != rules[1]:
        put(
            ChangedField.RECURRENCES,
            [r.phrase for r in old.recurrences],
            [r.phrase for r in new.recurrences],
        )
    values = [list(dict.fromkeys(t.value for t in item.targets)) for item in (old, new)]
    if set(values[0]) != set(values[1]):
        put(ChangedField.TARGETS, *values)
    return out


def _shifted(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February becomes the last day of February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _nearest(
    pairs: dict[tuple[int, int], float], items: tuple[Item, ...], index: int, *, old_side: bool
) -> tuple[Item | None, float]:
    found = [
        (alike, -pair[0 if old_side else 1])
        for pair, alike in pairs.items()
        if pair[1 if old_side else 0] == index
    ]
    if not found:
        return None, 0.0
    alike, place = max(found)
    return items[-place], alike


def _alone(
    kind: ChangeKind, old: Item | None, new: Item | None, nearest: tuple[Item | None, float]
) -> Change:
    return Change(kind, old, new, False, nearest[1], (), nearest[0])


def _with_dropped(
    changes: list[Change], old: Reading, matched: dict[int, int],
    pairs: dict[tuple[int, int], float], new: Reading,
) -> list[Change]:  # fmt: skip
    """Dropped clauses stand after the clause that stood before them in the old paper."""
    after: defaultdict[int, list[Change]] = defaultdict(list)
    place = -1
    for number, item in enumerate(old.items):
        if number in matched:
            place = matched[number]
        else:
            nearest = _nearest(pairs, new.items, number, old_side=False)
            after[place].append(_alone(ChangeKind.DROPPED, item, None, nearest))
    out = list(after[-1])
    for number, change in enumerate(changes):
        out.append(change)
        out.extend(after[number])
    return out
