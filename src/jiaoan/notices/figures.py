"""Step 6: everything in a stretch of text that is a figure: days, periods, events, percentages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from jiaoan.notices.dates import DayHit, EventHit, deadlines, events
from jiaoan.notices.front import Years
from jiaoan.notices.model import (
    Deadline,
    Recurrence,
    RelativeDeadline,
    SentenceKind,
    Target,
)
from jiaoan.notices.periods import PeriodHit, odd_periods, recurrences
from jiaoan.notices.sentences import Piece
from jiaoan.notices.targets import TargetHit, targets
from jiaoan.notices.text import Text, original, split_outside
from jiaoan.notices.units import LABEL, TIME_CLAUSE, TIME_LABEL

_MONTH_DAY = re.compile(r"(?:\d{1,2}\.\d{1,2}日?(?:-|—|至))?(\d{1,2})\.(\d{1,2})日?")
_BARE_YEAR = re.compile(r"^(?:到)?(20\d{2})年(?:度|全年)?$")


@dataclass(frozen=True)
class Figures:
    """The figures of one piece; the positions count its clean characters."""

    days: tuple[DayHit, ...] = ()
    events: tuple[EventHit, ...] = ()
    periods: tuple[PeriodHit, ...] = ()
    targets: tuple[TargetHit, ...] = ()
    odd: tuple[tuple[int, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.days or self.events or self.periods or self.targets)


def figures_of(piece: Piece, years: Years) -> Figures:
    """The figures of a piece; statements of units are read only behind a label of time."""
    chars = piece.text.chars
    if piece.kind is SentenceKind.UNITS and not piece.column:
        return _labelled_parts(chars, years) or _time_clauses(chars, years)
    if piece.column in ("lead", "unit", "coop", "number", "other"):
        return Figures()
    labelled = piece.column == "deadline"
    if label := TIME_LABEL.match(chars):
        inner = _read(chars[label.end() :], years, labelled=True)
        return _moved(inner, label.end())
    return _read(chars, years, labelled=labelled)


def _read(chars: str, years: Years, *, labelled: bool = False) -> Figures:
    days = deadlines(chars, years, labelled=labelled)
    if labelled and not days and (found := _BARE_YEAR.match(chars.strip("。；"))):
        days = [DayHit(0, len(chars), date(int(found.group(1)), 12, 31), False)]
    if labelled and not days and (ends := _month_day(chars, years)):
        days = [ends]
    periods = recurrences(chars)
    taken = [(hit.start, hit.end) for hit in days] + [(hit.start, hit.end) for hit in periods]
    free = [
        hit for hit in events(chars) if not any(a < hit.end and hit.start < b for a, b in taken)
    ]
    return Figures(
        tuple(days), tuple(free), tuple(periods), tuple(targets(chars)), tuple(odd_periods(chars))
    )


def _month_day(chars: str, years: Years) -> DayHit | None:
    """3.31 as a time limit: month and day of the plan's year."""
    found = _MONTH_DAY.match(chars)
    if found is None or chars[found.end() :].strip("。；之前止") != "":
        return None
    month, day = int(found.group(1)), int(found.group(2))
    year = years.of_month(month)
    try:
        return DayHit(0, found.end(), date(year, month, day)) if year else None
    except ValueError:
        return None


def _labelled_parts(chars: str, years: Years) -> Figures:
    out = Figures()
    for label in TIME_LABEL.finditer(chars):
        following = LABEL.search(chars, label.end())
        end = following.start() if following else len(chars)
        inner = _moved(
            _read(chars[label.end() : end].strip("）。"), years, labelled=True), label.end()
        )
        out = _both(out, inner)
    return out


def _time_clauses(chars: str, years: Years) -> Figures:
    """Times among the names of a statement: （2024年6月底前完成，市公交集团负责）."""
    out = Figures()
    start = 1 if chars.startswith("（") else 0
    for begin, end in split_outside(chars[start:].rstrip("）。；"), "，；"):
        words = chars[start + begin : start + end]
        if TIME_CLAUSE.match(words):
            inner = _moved(_read(words, years, labelled=True), start + begin)
            out = _both(out, inner)
    return out


def _both(one: Figures, other: Figures) -> Figures:
    return Figures(
        one.days + other.days, one.events + other.events, one.periods + other.periods,
        one.targets + other.targets, one.odd + other.odd,
    )  # fmt: skip


def _moved(figures: Figures, by: int) -> Figures:
    return Figures(
        tuple(DayHit(h.start + by, h.end + by, h.day, h.exact, h.odd_year) for h in figures.days),
        tuple(EventHit(h.start + by, h.end + by) for h in figures.events),
        tuple(
            PeriodHit(h.start + by, h.end + by, h.every, h.min_count, h.condition)
            for h in figures.periods
        ),
        tuple(TargetHit(h.start + by, h.end + by, h.value) for h in figures.targets),
        tuple((a + by, b + by) for a, b in figures.odd),
    )


def without_repeats(heading: Figures, body: list[Figures]) -> Figures:
    """The figures of a heading, or of a label of time, that the text itself says as well."""
    days = {hit.day for figures in body for hit in figures.days}
    periods = {hit.every for figures in body for hit in figures.periods}
    values = {hit.value for figures in body for hit in figures.targets}
    return Figures(
        tuple(hit for hit in heading.days if hit.day not in days),
        heading.events,
        tuple(hit for hit in heading.periods if hit.every not in periods),
        tuple(hit for hit in heading.targets if hit.value not in values),
        heading.odd,
    )


@dataclass(frozen=True)
class Writer:
    """Turns hits in ``text`` into values that point into the original ``source``."""

    source: str
    text: Text

    def phrase(self, start: int, end: int) -> str:
        """The original words."""
        return original(self.source, self.text.cut(start, end))

    def deadline(self, hit: DayHit) -> Deadline:
        """A day with its words; 前 and 底前 after the date belong to them."""
        end = hit.end
        if found := re.match(r"(?:份)?(?:之?前|以前|止)", self.text.chars[end:]):
            end += found.end()
        phrase = self.phrase(hit.start, end)
        sure = 0.6 if hit.odd_year else 0.97 if hit.exact else 0.9
        if phrase.endswith(("度", "年")):
            sure -= 0.1  # 第三季度: the time of the work, taken for its end
        return Deadline(hit.day, phrase, self.text.span(hit.start, end), hit.exact, round(sure, 2))

    def event(self, hit: EventHit) -> RelativeDeadline:
        """A time bound to an event with its words."""
        span = self.text.span(hit.start, hit.end)
        return RelativeDeadline(self.phrase(hit.start, hit.end), span, 0.9)

    def period(self, hit: PeriodHit) -> Recurrence:
        """A recurrence with its words."""
        phrase = self.phrase(hit.start, hit.end)
        sure = 0.95 if re.search("每|按|逐", phrase) else 0.75  # 年度考核 is read from a noun
        return Recurrence(
            hit.every, hit.min_count, hit.condition, phrase, self.text.span(hit.start, hit.end),
            round(sure - (0.1 if hit.condition else 0.0), 2),
        )  # fmt: skip

    def target(self, hit: TargetHit) -> Target:
        """A target with its words."""
        before = self.text.chars[max(0, hit.start - 16) : hit.start]
        sure = 0.95 if "率" in before else 0.8
        span = self.text.span(hit.start, hit.end)
        return Target(hit.value, self.phrase(hit.start, hit.end), span, sure)
