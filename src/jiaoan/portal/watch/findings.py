"""研判记录: everything that the rules of the stream found, alarms or not, with its evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jiaoan.kernel.plates import display
from jiaoan.papers.tables import Column, Footer, Kind, Sheet
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.components import Empty
from jiaoan.portal.sheets import answer
from jiaoan.portal.watch.pictures import pictures_of
from jiaoan.portal.watch.why import plates_of, sentence_of, why_finding
from jiaoan.watch.findings import queries
from jiaoan.watch.findings.queries import Wanted
from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.models import Finding

_ROWS = 50
_MOST_EXPORTED = 5000


@dataclass(frozen=True)
class Asked:
    """What the address asks for, with what of it could not be read."""

    wanted: Wanted
    problem: str = ""

    @property
    def query(self) -> str:
        """The part of an address that keeps it."""
        alarms = {True: "yes", False: "no", None: ""}[self.wanted.alarms]
        return urlencode(
            {
                "first": self.wanted.first.isoformat(),
                "last": self.wanted.last.isoformat(),
                "kind": self.wanted.kind or "",
                "q": self.wanted.plate,
                "alarms": alarms,
            }
        )


def _asked(request: HttpRequest) -> Asked:
    today = clock(request).today()
    problem = ""
    days = []
    for name in ("first", "last"):
        typed = request.GET.get(name, "").strip()
        try:
            days.append(date.fromisoformat(typed) if typed else today)
        except ValueError:
            problem = _("Write the day like 2024-04-08.")
            days.append(today)
    first, last = days
    if last < first:
        problem = _("The last day lies before the first day.")
        last = first
    kind = request.GET.get("kind", "")
    alarms = {"yes": True, "no": False}.get(request.GET.get("alarms", ""))
    wanted = Wanted(
        first,
        last,
        AlarmKind(kind) if kind in AlarmKind.values else None,
        request.GET.get("q", "").strip()[:20],
        alarms,
    )
    return Asked(wanted, problem)


@require_safe
@page("alarm.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Findings of some days, newest first, with how many there are of each kind."""
    asked = _asked(request)
    found = queries.of_days(request.user, asked.wanted)
    every = queries.of_days(request.user, Wanted(asked.wanted.first, asked.wanted.last))
    current = Paginator(found, _ROWS).get_page(request.GET.get("page"))
    rows = list(current.object_list)
    plates = plates_of(request.user, rows)
    context = {
        "section": "alarm",
        "asked": asked,
        "page": current,
        "lines": [(one, sentence_of(one, plates)) for one in rows],
        "counts": [(kind, kind.label, n) for kind, n in queries.count_by_kind(every).items()],
        "query": asked.query + "&",
        "empty": Empty(
            title=_("No findings here"),
            text=_("The rules of the stream found nothing of this kind in these days."),
        ),
    }
    return render(request, "portal/watch/findings.html", context)


_COLUMNS = (
    Column("number", "序号", Kind.INT, 6),
    Column("plate", "车牌", width=12),
    Column("kind", "情形", width=20),
    Column("sentence", "研判结论", width=60),
    Column("firm", "企业", width=26),
    Column("happened", "发生时间", Kind.DATETIME, 18),
    Column("ended", "结束时间", Kind.DATETIME, 18),
    Column("received", "接收时间", Kind.DATETIME, 18),
    Column("rule", "规则及版本", width=22),
    Column("alarm", "处理", width=10),
    Column("id", "研判编号", width=34),
)


@require_safe
@page("alarm.view")
def export(request: HttpRequest, form: str) -> HttpResponse:
    """看到什么导出什么, at most five thousand rows."""
    if form not in ("xlsx", "docx"):
        raise Http404
    asked = _asked(request)
    found = list(queries.of_days(request.user, asked.wanted)[:_MOST_EXPORTED])
    plates = plates_of(request.user, found)
    rows = [
        {
            "number": number,
            "plate": display(one.vehicle.plate),
            "kind": f"{one.get_kind_display()} {one.figure}".strip(),
            "sentence": sentence_of(one, plates),
            "firm": one.vehicle.owner_name,
            "happened": one.happened_at,
            "ended": one.ended_at,
            "received": one.received_at,
            "rule": f"{one.rule} {one.version}",
            "alarm": "已撤销" if one.withdrawn_at else "报警" if one.alarm_id else "仅记录",
            "id": one.key,
        }
        for number, one in enumerate(found, start=1)
    ]
    days = f"{asked.wanted.first} – {asked.wanted.last}"
    footer = Footer(asker(request).name, clock(request).now(), days)
    return answer(Sheet("研判记录", _COLUMNS, rows, footer), form, "研判记录")


def _one(request: HttpRequest, pk: int) -> Finding:
    return get_object_or_404(queries.findings(request.user), pk=pk)


@require_safe
@page("alarm.view")
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding with why, where and how fast, from its record and the track."""
    return _finding(request, _one(request, pk))


def _finding(request: HttpRequest, found: Finding, **more: object) -> HttpResponse:
    context = {
        "section": "alarm",
        "finding": found,
        "sentence": sentence_of(found, plates_of(request.user, [found])),
        "why": why_finding(found, request.user),
        **pictures_of(settings.DATA_DIR, found),
        **more,
    }
    return render(request, "portal/watch/finding.html", context)


@require_safe
@page("alarm.view")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """用当时数据复算: judge the track again and lay both results side by side."""
    # The rules are loaded when they are asked for: the pages start without their machinery.
    from jiaoan.watch.findings.evidence import NoEvidence, gather
    from jiaoan.watch.findings.explaining import NotEvidence, explain

    found = _one(request, pk)
    try:
        explained = explain(gather(settings.DATA_DIR, found, actor=request.user))
    except (NoEvidence, NotEvidence) as reason:
        return _finding(request, found, no_evidence=str(reason))
    return _finding(request, found, explained=explained)


@require_safe
@page("alarm.view")
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """All that ``jiaoan explain --from`` needs to come to the same finding, without us."""
    from jiaoan.watch.findings.evidence import NoEvidence, gather

    found = _one(request, pk)
    try:
        made = gather(settings.DATA_DIR, found, actor=request.user)
    except NoEvidence as reason:
        return _finding(request, found, no_evidence=str(reason))
    text = json.dumps(made, ensure_ascii=False, indent=1)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="finding-{found.key}.json"'
    return response
