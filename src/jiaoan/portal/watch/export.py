"""看到什么导出什么: the queue as it stands on the desk, as Excel or Word."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from jiaoan.kernel.clock import Clock
from jiaoan.kernel.plates import display
from jiaoan.papers.tables import Column, Footer, Kind, Sheet
from jiaoan.portal.access import page
from jiaoan.portal.sheets import answer
from jiaoan.portal.watch.views import shown_in
from jiaoan.watch.states import OPEN, AlarmState

_COLUMNS = (
    Column("number", "序号", Kind.INT, 6),
    Column("plate", "车牌", width=12),
    Column("kind", "报警", width=22),
    Column("folded", "折叠", Kind.INT, 6),
    Column("severity", "等级", width=8),
    Column("carrier", "企业", width=26),
    Column("happened", "发生时间", Kind.DATETIME, 18),
    Column("received", "接收时间", Kind.DATETIME, 18),
    Column("judged", "判定时间", Kind.DATETIME, 18),
    Column("state", "状态", width=10),
    Column("fact", "日志", Kind.INT, 8),
)


@require_safe
@page("alarm.view")
def alarms(request: HttpRequest, form: str) -> HttpResponse:
    if form not in ("xlsx", "docx"):
        raise Http404
    clock: Clock = request.clock  # type: ignore[attr-defined]
    wanted = request.GET.get("state", "")
    states = (AlarmState(wanted),) if wanted in list(AlarmState) else OPEN
    found = shown_in(request)
    rows = [
        {
            "number": number,
            "plate": display(alarm.vehicle.plate),
            "kind": f"{alarm.get_kind_display()} {alarm.figure}".strip(),
            "folded": alarm.folded,
            "severity": alarm.get_severity_display(),
            "carrier": alarm.carrier_name,
            "happened": alarm.happened_at,
            "received": alarm.received_at,
            "judged": alarm.judged_at,
            "state": str(alarm.status.label),
            "fact": alarm.fact.seq,
        }
        for number, alarm in enumerate(found, start=1)
    ]
    chosen = "、".join(str(state.label) for state in states)
    footer = Footer(request.user.name, clock.now(), f"{_('State')}：{chosen}")  # type: ignore[union-attr]
    return answer(Sheet("报警处置清单", _COLUMNS, rows, footer), form, "报警处置清单")
