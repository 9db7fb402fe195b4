"""Answers that are files: Excel and Word made from values."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse

from jiaoan.papers.tables import Sheet, sheet_docx, sheet_xlsx

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def answer(sheet: Sheet, form: str, name: str) -> HttpResponse:
    """The sheet as a download; demonstration data say so on the sheet."""
    made = replace(sheet, sample=settings.DEMO)
    return attachment(sheet_xlsx(made) if form == "xlsx" else sheet_docx(made), form, name)


def attachment(octets: bytes, form: str, name: str) -> HttpResponse:
    """``octets`` under a Chinese file name that every browser understands (RFC 6266)."""
    response = HttpResponse(octets, content_type=_EXCEL if form == "xlsx" else _WORD)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.{form}"
    return response
