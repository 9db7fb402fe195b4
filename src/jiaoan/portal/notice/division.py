"""任务分解表 on screen, as Word and as Excel: one sheet of values makes all three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext
from django.views.decorators.http import require_safe

from jiaoan.ledger import queries
from jiaoan.ledger.models import DutyRole, IntakeDraft, Plan
from jiaoan.ledger.report import part_title, part_titles, title_of
from jiaoan.ledger.states import DraftState
from jiaoan.ledger.wording import SUBJECTS, condition_words, frequency_words
from jiaoan.papers.division import Task, division_docx, division_sheet
from jiaoan.papers.tables import Footer, sheet_xlsx
from jiaoan.portal.access import page
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.names import reads_english
from jiaoan.portal.notice.document import place_label
from jiaoan.portal.sheets import attachment

#: The states that a division of an unpublished notice can be narrowed to.
STATES = (DraftState.OPEN, DraftState.ACCEPTED)


@dataclass(frozen=True)
class By:
    """The filter: the label of a part, a unit's name, a draft's state; empty is all."""

    part: str = ""
    unit: str = ""
    state: str = ""

    @classmethod
    def asked(cls, request: HttpRequest, plan: Plan) -> By:
        state = "" if plan.is_published else request.GET.get("state", "")
        return cls(
            request.GET.get("part", "")[:120],
            request.GET.get("unit", "")[:120],
            state if state in STATES else "",
        )

    @property
    def words(self) -> str:
        """In the language of the page; 全部 where nothing narrows it."""
        said = [_("part %(name)s") % {"name": self.part}] if self.part else []
        said += [_("unit %(name)s") % {"name": self.unit}] if self.unit else []
        if self.state:
            said.append(_("state %(name)s") % {"name": DraftState(self.state).label})
        return (", " if reads_english() else "，").join(said) or pgettext("filter", "all")

    def takes(self, row: Task) -> bool:
        units = (*row.lead, *row.coop, *row.outside)
        return (not self.part or row.part == self.part) and (not self.unit or self.unit in units)


@require_safe
@page("notice.view")
def division(request: HttpRequest, pk: int) -> HttpResponse:
    """The table; ``?as=docx`` or ``?as=xlsx`` is what stands there as a file."""
    plan = queries.plan(request.user, pk)
    by = By.asked(request, plan)
    everything = tasks_of(plan, by.state)
    rows = [row for row in everything if by.takes(row)]
    with override("zh-hans"):
        filtered = by.words
    sheet = division_sheet(
        rows,
        plan_title=plan.title,
        plan_number=plan.doc_number,
        footer=Footer(asker(request).name, clock(request).now(), filtered),
        sample=settings.DEMO,
    )
    form = request.GET.get("as", "")
    if form == "xlsx":
        return attachment(sheet_xlsx(sheet), form, f"{plan.title}任务分解表")
    if form == "docx":
        octets = division_docx(sheet, [row.part for row in rows])
        return attachment(octets, form, f"{plan.title}任务分解表")
    units = dict.fromkeys(n for row in everything for n in (*row.lead, *row.coop, *row.outside))
    query = {"part": by.part, "unit": by.unit, "state": by.state}
    context = {
        "section": "notice",
        "plan": plan,
        "by": by,
        "sheet": sheet,
        "rows": [
            (row.part, [sheet_row[c.key] for c in sheet.columns])
            for row, sheet_row in zip(rows, sheet.rows, strict=True)
        ],
        "count": len(rows),
        "parts": list(dict.fromkeys(row.part for row in everything)),
        "units": list(units),
        "states": [(one.value, one.label) for one in STATES] if not plan.is_published else [],
        "export": urlencode({k: v for k, v in query.items() if v}),
    }
    return render(request, "portal/notice/division.html", context)


def tasks_of(plan: Plan, state: str = "") -> list[Task]:
    """Duties when the document is published, before that the drafts that still count."""
    if plan.is_published:
        return _from_duties(plan)
    found = plan.drafts.exclude(state__in=[DraftState.REJECTED, DraftState.FOLDED])
    if state:
        found = found.filter(state=state)
    rows = found.select_related("clause").order_by("sentence__number", "number")
    titles = part_titles(list(plan.clauses.all()))
    outside = set(plan.unit_names.filter(outside=True).values_list("name", flat=True))
    return [_from_draft(plan, row, part_title(row.clause, titles), outside) for row in rows]


def _from_draft(plan: Plan, row: IntakeDraft, part: str, outside: set[str]) -> Task:
    return Task(
        part=part,
        source=place_label(plan, row.clause),
        task=row.title,
        who=SUBJECTS.get(row.subject, row.subject),
        firms=condition_words(row.condition),
        lead=_without(row.lead_units, outside),
        coop=_without(row.coop_units, outside),
        outside=tuple(n for n in (*row.lead_units, *row.coop_units) if n in outside),
        often=frequency_words(row),
        evidence=tuple(row.evidence),
        state=str(DraftState(row.state).label),
    )


def _without(names: Sequence[str], outside: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in outside)


def _from_duties(plan: Plan) -> list[Task]:
    own = plan.own_duties if plan.under_id else plan.duties
    rows = own.select_related("clause", "sentence__clause", "plan").prefetch_related(
        "units__organisation", "plan__report_dates"
    )
    clauses = list(plan.clauses.all())
    titles = part_titles(clauses)
    state = "已交办" if plan.assigned_at else "已发布"
    found = []
    for duty in rows:
        clause = duty.sentence.clause if plan.under_id and duty.sentence.clause else duty.clause
        units = list(duty.units.all())
        found.append(
            Task(
                part=part_title(clause, titles),
                source=place_label(plan, clause) if plan.under_id else duty.source,
                task=title_of(duty),
                who=SUBJECTS.get(duty.subject, duty.subject),
                firms=condition_words(duty.condition),
                lead=tuple(u.organisation.label for u in units if u.role != DutyRole.COOP),
                coop=tuple(u.organisation.label for u in units if u.role == DutyRole.COOP),
                outside=tuple(duty.outside_units),
                often=frequency_words(duty),
                evidence=tuple(duty.evidence),
                state=state,
            )
        )
    return found
