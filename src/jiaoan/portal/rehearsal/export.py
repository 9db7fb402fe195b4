"""看到什么导出什么: the findings of a rehearsal as its list shows them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jiaoan.kernel.plates import display
from jiaoan.papers.tables import Column, Footer, Kind, Sheet
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.rehearsal import shown
from jiaoan.portal.rehearsal.views import chosen_of
from jiaoan.portal.sheets import answer
from jiaoan.watch.rehearsal import queries

_COLUMNS = (
    Column("number", "序号", Kind.INT, 6),
    Column("outcome", "对比", width=8),
    Column("plate", "车牌", width=12),
    Column("rule", "规则", width=18),
    Column("begun", "开始", Kind.DATETIME, 18),
    Column("ended", "结束", Kind.DATETIME, 18),
    Column("sentence", "情况", width=60),
    Column("lon", "经度", width=12),
    Column("lat", "纬度", width=12),
)


@require_safe
@page("rule.view")
def findings(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    if form not in ("xlsx", "docx"):
        raise Http404
    asked = get_object_or_404(queries.rehearsals(request.user), pk=pk)
    outcome, vehicle = chosen_of(request)
    found = queries.findings(request.user, asked)
    found = found.filter(outcome=outcome) if outcome else found
    found = found.filter(vehicle_id=int(vehicle)) if vehicle else found
    rows = [
        {
            "number": number,
            "outcome": one.get_outcome_display(),
            "plate": display(one.vehicle.plate),
            "rule": shown.title_of(one.rule),
            "begun": one.begun_at,
            "ended": one.ended_at,
            "sentence": shown.sentence_of(one),
            "lon": f"{one.lon:.6f}",
            "lat": f"{one.lat:.6f}",
        }
        for number, one in enumerate(found, start=1)
    ]
    words = _("rehearsal of %(title)s, %(first)s to %(last)s") % {
        "title": asked.title, "first": asked.first_day, "last": asked.last_day,
    }  # fmt: skip
    footer = Footer(asker(request).name, clock(request).now(), words)
    return answer(Sheet("试运行结果", _COLUMNS, rows, footer), form, "试运行结果")
