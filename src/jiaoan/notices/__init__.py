"""Notices 文件拆解: official text in, items, sentences and draft duties out.

:func:`extract` turns a file's bytes into text, :func:`read` turns text into a :class:`Reading`,
:func:`to_json` writes a reading down. All three are pure: no clock, no database, no network.
"""

from __future__ import annotations

from jiaoan.notices.jsonform import to_json
from jiaoan.notices.model import (
    Deadline,
    Doubt,
    DoubtCode,
    Draft,
    FrontField,
    FrontRead,
    Item,
    NamedKind,
    NamedThing,
    NotANotice,
    Reading,
    Recurrence,
    RelativeDeadline,
    Sentence,
    SentenceKind,
    SourceRefused,
    Span,
    Subject,
    Target,
    UnitRead,
    UnitRole,
    UnreadableSource,
)
from jiaoan.notices.pipeline import read
from jiaoan.notices.source import SourceText, extract

__all__ = [
    "Deadline",
    "Doubt",
    "DoubtCode",
    "Draft",
    "FrontField",
    "FrontRead",
    "Item",
    "NamedKind",
    "NamedThing",
    "NotANotice",
    "Reading",
    "Recurrence",
    "RelativeDeadline",
    "Sentence",
    "SentenceKind",
    "SourceRefused",
    "SourceText",
    "Span",
    "Subject",
    "Target",
    "UnitRead",
    "UnitRole",
    "UnreadableSource",
    "extract",
    "read",
    "to_json",
]
