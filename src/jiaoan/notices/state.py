"""What the steps of the reader hand on to each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jiaoan.notices.figures import Figures
from jiaoan.notices.front import Front, Years
from jiaoan.notices.lines import Line
from jiaoan.notices.model import Draft, FrontRead, Item, Sentence, UnitsRead
from jiaoan.notices.outline import Node, Outline
from jiaoan.notices.paragraphs import Paragraph
from jiaoan.notices.sentences import Piece

_NOBODY = UnitsRead()
_NO_FRONT = Front(None, None, None, Years(None, None), 0)


@dataclass(frozen=True)
class Part:
    """One section or item with the stretches of its own text and the figures in each."""

    node: Node
    pieces: tuple[Piece, ...]
    figures: tuple[Figures, ...] = ()
    units: UnitsRead = _NOBODY
    is_item: bool = False


@dataclass(frozen=True)
class State:
    """The reading as far as it has come."""

    source: str
    lines: tuple[Line, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()
    front: Front = _NO_FRONT
    outline: Outline | None = None
    parts: tuple[Part, ...] = ()
    report_dates: tuple[date, ...] = ()
    reports: tuple[FrontRead, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    items: tuple[Item, ...] = ()
    drafts: tuple[Draft, ...] = ()
