"""Plans, duties, occurrences and what hangs on them, as the actor may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404

from jiaoan.journal.models import Fact
from jiaoan.journal.queries import timeline as facts_about
from jiaoan.ledger.models import Duty, Evidence, Occurrence, Plan, ProgressReport
from jiaoan.ledger.queries.counts import in_group
from jiaoan.ledger.states import Group, PlanState
from jiaoan.scope import can, restrict


def plans(actor: object) -> QuerySet[Plan]:
    """Plans, newest first; those still being taken apart only for who confirms them."""
    found = restrict(Plan.objects.all(), actor, "notice.view")
    return found if can(actor, "notice.confirm") else found.filter(state=PlanState.PUBLISHED)


def ledgers(actor: object) -> QuerySet[Plan]:
    """Published plans with a ledger of their own: a second document's duties stand in another's."""
    return plans(actor).filter(state=PlanState.PUBLISHED, under=None)


def attached_to(actor: object, of: Plan) -> QuerySet[Plan]:
    """The second documents 配套方案 of a plan's clauses, oldest first."""
    return plans(actor).filter(under__plan=of).select_related("under", "under_duty").order_by("id")


def plan(actor: object, pk: int) -> Plan:
    return get_object_or_404(plans(actor), pk=pk)


def duties(actor: object, of: Plan) -> QuerySet[Duty]:
    """Duties of a published plan with what a list shows, in a fixed number of queries."""
    found = restrict(Duty.objects.filter(plan=of), actor, "ledger.view")
    return found.select_related("plan", "clause", "sentence", "replaces").prefetch_related(
        "units__organisation", "plan__report_dates"
    )


@dataclass(frozen=True)
class Filter:
    """What narrows a list of occurrences; the same words stand in the address.

    ``clause`` is a clause's id, ``section`` the printed label of a first-level part (一).
    ``document`` is a second document's id. ``due_from``/``due_to`` are inclusive local days.
    """

    clause: int | None = None
    section: str = ""
    organisation: int | None = None
    duty: int | None = None
    group: str = ""
    state: str = ""
    due_from: date | None = None
    due_to: date | None = None
    document: int | None = None
    text: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Filter:
        """Read an address; a value that makes no sense is left out, never an error page."""
        return cls(
            clause=_number(query.get("clause")),
            section=query.get("section", "")[:20],
            organisation=_number(query.get("organisation")),
            duty=_number(query.get("duty")),
            group=_one_of(query.get("group", ""), {"owed", *Group}),
            state=_one_of(query.get("state", ""), _STATES),
            due_from=_day(query.get("due_from")),
            due_to=_day(query.get("due_to")),
            document=_number(query.get("document")),
            text=query.get("q", "").strip()[:80],
        )

    def to_query(self, **changes: object) -> dict[str, str]:
        """The address parameters of this filter, with some changed (``None`` or "" leaves out)."""
        values = {field.name: getattr(self, field.name) for field in fields(self)} | changes
        values["q"] = values.pop("text")
        return {
            name: value.isoformat() if isinstance(value, date) else str(value)
            for name, value in values.items()
            if value not in (None, "")
        }

    @property
    def narrows(self) -> bool:
        return bool(self.to_query())


_STATES = {"not_started", "to_sign", "to_report", "to_check", "returned", "checked", "closed"}


def _number(typed: str | None) -> int | None:
    return (
        int(typed) if typed and typed.isascii() and typed.isdecimal() and len(typed) < 12 else None
    )


def _day(typed: str | None) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        return None


def _one_of(typed: str, known: set[str]) -> str:
    return typed if typed in known else ""


def occurrences(
    actor: object, of: Plan, today: date, narrowed: Filter | None = None
) -> QuerySet[Occurrence]:
    """Occurrences of a plan, by due day, narrowed by a filter."""
    found = restrict(Occurrence.objects.filter(duty__plan=of), actor, "ledger.view")
    by = narrowed or Filter()
    if by.clause:
        found = found.filter(duty__clause_id=by.clause)
    if by.section:
        found = found.filter(duty__clause__in=section_clauses(of, by.section))
    if by.organisation:
        found = found.filter(organisation_id=by.organisation)
    if by.duty:
        found = found.filter(duty_id=by.duty)
    if by.document:
        found = found.filter(duty__document_id=by.document)
    if by.state:
        found = found.filter(state=by.state)
    if by.due_from:
        found = found.filter(due__gte=by.due_from)
    if by.due_to:
        found = found.filter(due__lte=by.due_to)
    if by.text:
        found = found.filter(
            Q(duty__title__icontains=by.text)
            | Q(organisation__name__icontains=by.text)
            | Q(organisation__short_name__icontains=by.text)
        )
    if by.group:
        found = in_group(found, by.group, today)
    return found


def section_clauses(of: Plan, section: str) -> list[int]:
    """Ids of the clauses below a first-level part; ``通知正文`` means the covering letter."""
    return [
        clause.pk
        for clause in of.clauses.all()
        if (clause.path[0] if clause.path else "通知正文") == section
    ]


def listed(found: QuerySet[Occurrence]) -> QuerySet[Occurrence]:
    """With everything that one line of a list shows."""
    return (
        found.select_related("duty__clause", "duty__sentence", "organisation")
        .annotate(evidence_count=Count("evidence", distinct=True))
        .order_by("due", "id")
    )


def occurrence(actor: object, pk: int, verb: str = "ledger.view") -> Occurrence:
    """One occurrence; 404 outside the reach, as if it were not there."""
    found = restrict(Occurrence.objects.all(), actor, verb)
    return get_object_or_404(
        found.select_related("duty__plan", "duty__clause", "duty__sentence", "organisation"), pk=pk
    )


def siblings(actor: object, of: Occurrence) -> QuerySet[Occurrence]:
    """The windows before and after, of the same duty and organisation."""
    found = restrict(Occurrence.objects.all(), actor, "ledger.view")
    return found.filter(duty_id=of.duty_id, organisation_id=of.organisation_id).order_by("starts")


def evidence_of(actor: object, pk: int) -> Evidence:
    """One piece of evidence with its file, for a download."""
    found = restrict(Evidence.objects.all(), actor, "ledger.view")
    return get_object_or_404(found.select_related("attachment"), pk=pk)


def timeline(of: Occurrence) -> list[Fact]:
    """Facts about an occurrence and about the making of its duty's windows, newest first."""
    found = facts_about(of, of.duty)
    return sorted(found, key=lambda fact: fact.pk, reverse=True)


def reports(actor: object, of: Plan) -> QuerySet[ProgressReport]:
    found = restrict(ProgressReport.objects.filter(plan=of), actor, "paper.make")
    return found.select_related("attachment", "made_by")


def search_occurrences(actor: object, text: str, today: date) -> QuerySet[Occurrence]:
    """Begun occurrences whose duty or organisation holds ``text``, open and soonest first."""
    found = restrict(Occurrence.objects.filter(starts__lte=today), actor, "ledger.view")
    named = found.filter(
        Q(duty__title__icontains=text)
        | Q(organisation__name__icontains=text)
        | Q(organisation__short_name__icontains=text)
    )
    return named.select_related("duty", "organisation").order_by("-due", "id")
