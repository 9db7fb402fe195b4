# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""What a reading of a notice 文件 is made of: frozen values, nothing else.

Every ``Span`` counts characters of the text that was given to :func:`jiaoan.notices.read`, so a
screen can underline the words in the document as it came, whatever the reader did to them inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from jiaoan.kernel.windows import Every


@dataclass(frozen=True, order=True)
class Span:
    """Characters ``start`` (included) to ``end`` (not included) of the original text."""

    start: int
    end: int


class SentenceKind(StrEnum):
    """What a stretch of the text is to a person who makes duties of it."""

    HEADING = "heading"
    DEMAND = "demand"
    STATEMENT = "statement"
    UNITS = "units"
    FRONT = "front"
    REST = "rest"

    @property
    def label_zh(self) -> str:
        """The word on screen."""
        return _KIND_ZH[self]


_KIND_ZH = {
    SentenceKind.HEADING: "标题",
    SentenceKind.DEMAND: "要求",
    SentenceKind.STATEMENT: "陈述",
    SentenceKind.UNITS: "责任单位",
    SentenceKind.FRONT: "通知正文",
    SentenceKind.REST: "附注",
}


class Subject(StrEnum):
    """Who does what the sentence demands 责任主体."""

    BUREAU = "bureau"
    UNIT = "unit"
    LEADER = "leader"
    ENTERPRISE_HEAD = "enterprise_head"
    ENTERPRISE = "enterprise"
    STAFF = "staff"


class DoubtCode(StrEnum):
    """Why the reader asks."""

    YEAR_END_DAY = "year_end_day"
    PERIOD_END_DAY = "period_end_day"
    PER_HEAD = "per_head"
    WHO_ARE_THEY = "who_are_they"
    NO_LEAD = "no_lead"
    NO_UNIT = "no_unit"
    GROUP_NAME = "group_name"
    SAME_BODY = "same_body"
    UNDEFINED_CLASS = "undefined_class"
    NO_FIGURE = "no_figure"
    ONGOING = "ongoing"
    WHICH_YEAR = "which_year"
    EVENT_DAY = "event_day"
    ODD_PERIOD = "odd_period"


@dataclass(frozen=True)
class Doubt:
    """A question 疑问 with its possible answers, the first one being the reader's own reading."""

    code: DoubtCode
    question: str
    alternatives: tuple[str, ...]
    phrase: str
    span: Span


@dataclass(frozen=True)
class Deadline:
    """A day 完成时限 and the words that say it. ``exact`` is False where a period was rounded."""

    day: date
    phrase: str
    span: Span
    exact: bool = True
    confidence: float = 1.0


@dataclass(frozen=True)
class RelativeDeadline:
    """A time bound to an event ("事故发生后1小时内"): it has no date until the event has one."""

    phrase: str
    span: Span
    confidence: float = 1.0


@dataclass(frozen=True)
class Recurrence:
    """How often 频次. ``condition`` names those for whom it replaces the general rule, or None."""

    every: Every
    min_count: int
    condition: str | None
    phrase: str
    span: Span
    confidence: float = 1.0


@dataclass(frozen=True)
class Target:
    """A percentage to be reached 指标, written ``"100%"``."""

    value: str
    phrase: str
    span: Span
    confidence: float = 1.0


class UnitRole(StrEnum):
    """What a unit is to an item."""

    LEAD = "lead"
    COOP = "coop"


@dataclass(frozen=True)
class UnitRead:
    """One unit of an item with the place that names it (for an inherited one: in the heading)."""

    name: str
    role: UnitRole
    span: Span
    confidence: float


@dataclass(frozen=True)
class UnitsRead:
    """Who answers for an item: as written, without 等; ``joint`` where nobody is marked as lead."""

    lead_units: tuple[str, ...] = ()
    coop_units: tuple[str, ...] = ()
    joint: bool = False
    units: tuple[UnitRead, ...] = ()


class NamedKind(StrEnum):
    """What a name in a clause stands for."""

    SYSTEM = "system"
    PROGRAMME = "programme"
    PAPER = "paper"

    @property
    def label_zh(self) -> str:
        """The word on screen."""
        return {"system": "系统平台", "programme": "专项行动", "paper": "文件"}[self.value]


@dataclass(frozen=True)
class NamedThing:
    """A system, programme or paper that a clause names."""

    kind: NamedKind
    name: str
    span: Span


class FrontField(StrEnum):
    """A field of the whole notice."""

    TITLE = "title"
    DOC_NUMBER = "doc_number"
    ISSUER = "issuer"
    YEAR = "year"
    REPORT_DATE = "report_date"


@dataclass(frozen=True)
class FrontRead:
    """A field of the whole notice with the place that says it and how sure the reader is, 0..1."""

    field: FrontField
    value: str
    span: Span
    confidence: float


@dataclass(frozen=True)
class Item:
    """One numbered piece of work 条款; ``path`` holds the labels as printed, outermost first."""

    path: tuple[str, ...]
    title: str
    lead_units: tuple[str, ...]
    coop_units: tuple[str, ...]
    joint: bool
    deadlines: tuple[Deadline, ...]
    relative_deadlines: tuple[RelativeDeadline, ...]
    recurrences: tuple[Recurrence, ...]
    targets: tuple[Target, ...]
    spans: tuple[Span, ...]
    doubts: tuple[Doubt, ...]
    #: Leads and cooperating units once more, each with its place and confidence.
    units: tuple[UnitRead, ...] = ()
    #: The time limit says 持续推进, 常态化, 全年, or the text does and sets no day.
    ongoing: bool = False
    named: tuple[NamedThing, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """A stretch of the original; the sentences of a reading lie end to end from 0 to its length.

    ``text`` is the stretch without line ends, page numbers and marks of extraction.
    """

    index: int
    start: int
    end: int
    text: str
    kind: SentenceKind
    path: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A draft duty 任务草稿: one demand with the sentence it came from.

    ``replaces`` is the place in ``Reading.drafts`` of the general duty that this one stands in for
    (企业每季度…，其中危货企业每月…), or None. ``enterprise_class`` is None where no enterprise is
    meant. ``confidence`` is 0..1, see :mod:`jiaoan.notices.drafts`.
    """

    index: int
    path: tuple[str, ...]
    start: int
    end: int
    sentence: int
    title: str
    actor: str
    subject: Subject
    enterprise_class: str | None
    condition: str | None
    lead_units: tuple[str, ...]
    coop_units: tuple[str, ...]
    joint: bool
    recurrence: Recurrence | None
    deadline: Deadline | None
    relative_deadline: RelativeDeadline | None
    targets: tuple[Target, ...]
    ongoing: bool
    evidence: tuple[str, ...]
    doubts: tuple[Doubt, ...]
    confidence: float
    replaces: int | None


@dataclass(frozen=True)
class Reading:
    """A notice, read. ``title`` … ``year`` are None where the text does not say."""

    title: str | None
    doc_number: str | None
    issuer: str | None
    year: int | None
    report_dates: tuple[date, ...]
    items: tuple[Item, ...]
    sentences: tuple[Sentence, ...] = field(default=(), repr=False)
    drafts: tuple[Draft, ...] = field(default=(), repr=False)
    #: Title, number, issuer, year and report dates, each with its place and confidence.
    front: tuple[FrontRead, ...] = field(default=(), repr=False)


class SourceRefused(ValueError):
    """A file or text that the reader sends back. ``str()`` is the Chinese sentence for the clerk."""

    def __init__(self, reason: str, sentence: str, english: str) -> None:
        super().__init__(sentence)
        self.reason, self.sentence, self.english = reason, sentence, english


class UnreadableSource(SourceRefused):
    """The bytes cannot be turned into text."""


class NotANotice(SourceRefused):
    """There is text, but no items of work in it."""
