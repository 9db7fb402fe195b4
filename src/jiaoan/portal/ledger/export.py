"""Lists of the ledger as Excel and Word: the same rows, columns and filter as on screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import override

from jiaoan.ledger.models import Occurrence, Plan
from jiaoan.ledger.queries import Filter
from jiaoan.ledger.report import title_of
from jiaoan.papers.tables import Column, Footer, Kind, Sheet, sheet_docx, sheet_xlsx
from jiaoan.portal.ledger.shown import light
from jiaoan.portal.ledger.words import filter_words

_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def answer(sheet: Sheet, form: str) -> HttpResponse:
    """The sheet as a download; an unknown form is Excel."""
    kind = "docx" if form == "docx" else "xlsx"
    data = sheet_docx(sheet) if kind == "docx" else sheet_xlsx(sheet)
    return download(data, f"{sheet.title}.{kind}", _TYPES[kind])


def download(data: bytes, name: str, content_type: str) -> HttpResponse:
    """A file to keep, never shown in the page of our own origin."""
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def ledger_sheet(
    found: Sequence[Occurrence], plan: Plan, by: Filter, today: date, *,
    maker: object, made_at: datetime,
) -> Sheet:  # fmt: skip
    """The paper is Chinese, and so is its filter, whoever makes it."""
    with override("zh-hans"):
        filtered = filter_words(plan, by)
    columns = [
        Column("number", "序号", Kind.INT, 5),
        Column("title", "任务", width=28),
        Column("clause", "来源条款", width=10),
        Column("owner", "承办单位", width=20),
        Column("window", "窗口", width=16),
        Column("due", "期限", Kind.DATE, 11),
        Column("state", "状态", width=10),
        Column("light", "灯", width=11),
        Column("evidence", "证据数", Kind.INT, 7),
        Column("why", "说明", width=24),
    ]
    rows = [
        {
            "number": place,
            "title": title_of(item.duty),
            "clause": item.duty.source,
            "owner": item.organisation.name,
            "window": item.window_label,
            "due": item.due,
            "state": str(item.status.label),
            "light": str(light(item, today).text),
            "evidence": getattr(item, "evidence_count", 0),
            "why": item.why,
        }
        for place, item in enumerate(found, 1)
    ]
    return Sheet(
        "任务台账",
        columns,
        rows,
        Footer(getattr(maker, "name", ""), made_at, filtered),
        sample=settings.DEMO,
        subtitle=f"{plan.title} {plan.doc_number}".strip(),
    )
