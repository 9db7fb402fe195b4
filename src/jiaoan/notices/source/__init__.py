"""Bytes of a file → text.

What a file is, is told by its octets and not by its name: a ``.doc`` that is a web page is read as
one. Each form has a module of its own here; all give the same kind of text: a line per paragraph,
and a table row as one line with its cells between bars (``| a | b |``), see :mod:`.rows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from jiaoan.notices.model import UnreadableSource
from jiaoan.notices.source.kinds import Kind, kind_of
from jiaoan.notices.source.plain import decode
from jiaoan.notices.source.refusals import refuse

#: A notice has some tens of thousands of characters; beyond this it is something else.
MAX_BYTES = 20 * 1024 * 1024
#: Far more than the longest notice with its tables; a reading is linear in it.
MAX_CHARACTERS = 200_000


@dataclass(frozen=True)
class SourceText:
    """The text of a file. ``encoding``: that of a plain text, or "docx", "pdf", "html", "xlsx"."""

    text: str
    filename: str
    encoding: str


def extract(data: bytes, filename: str) -> SourceText:
    """The text of a notice file; raises :class:`UnreadableSource` with a sentence for the clerk."""
    source = _extracted(data, filename)
    if len(source.text) > MAX_CHARACTERS:
        raise refuse("too_long", filename)
    return source


def _extracted(data: bytes, filename: str) -> SourceText:
    if not data:
        raise refuse("empty", filename)
    if len(data) > MAX_BYTES:
        raise refuse("too_large", filename)
    kind = kind_of(data, PurePath(filename).suffix.lower())
    if kind in _REFUSED:
        raise refuse(_REFUSED[kind], filename)
    # Imported where they are used: reading .txt needs none of these libraries.
    if kind is Kind.DOCX:
        from jiaoan.notices.source.word import docx_text

        return SourceText(docx_text(data, filename), filename, "docx")
    if kind is Kind.PDF:
        from jiaoan.notices.source.pdf import pdf_text

        return SourceText(pdf_text(data, filename), filename, "pdf")
    if kind is Kind.XLSX:
        from jiaoan.notices.source.sheet import xlsx_text

        return SourceText(xlsx_text(data, filename), filename, "xlsx")
    if kind is Kind.HTML:
        from jiaoan.notices.source.web import html_text

        return SourceText(html_text(data, filename), filename, "html")
    text, encoding = decode(data, filename)
    if kind is Kind.CSV:
        from jiaoan.notices.source.rows import csv_text

        text = csv_text(text)
    return SourceText(text, filename, encoding)


_REFUSED = {
    Kind.HUGE: "unpacks",
    Kind.OLD_OFFICE: "old_office",
    Kind.LOCKED_OFFICE: "locked",
    Kind.OFD: "ofd",
    Kind.RTF: "rtf",
    Kind.IMAGE: "image",
    Kind.ARCHIVE: "archive",
    Kind.BROKEN_DOCX: "docx",
    Kind.BROKEN_XLSX: "xlsx",
    Kind.BROKEN_PDF: "pdf",
    Kind.OTHER: "kind",
}

__all__ = ["MAX_BYTES", "MAX_CHARACTERS", "SourceText", "UnreadableSource", "extract"]
