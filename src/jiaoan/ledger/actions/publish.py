"""From judged drafts to duties: publishing a plan 发布.

A plan of its own gets a ledger; a second document's duties join the ledger of the plan that it
hangs on, under that clause. Nothing is to be signed for before it was given out, see ``assign``.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.actions.generate import generate_occurrences
from jiaoan.ledger.activities import Activity
from jiaoan.ledger.errors import Blocked
from jiaoan.ledger.models import Duty, DutyRole, DutyUnit, IntakeDraft, Plan, UnitName
from jiaoan.ledger.obliged import bodies_for_reports
from jiaoan.ledger.progress import coverage
from jiaoan.ledger.states import PLAN, DraftState, PlanState, PlanVerb
from jiaoan.scope import Actor, require


def publish(actor: Actor, clock: Clock, plan: Plan, *, effective_from: date | None = None) -> Plan:
    """Make the duties and this year's occurrences, in one transaction.

    ``effective_from``: recurring windows that were over before this day are not owed; the first
    day of the month of import where it is not given. Raises :class:`Blocked` with what is missing.
    """
    require(actor, "notice.confirm", plan)
    row = PLAN.row(plan.state, PlanVerb.PUBLISH)
    reason = coverage(plan).blocked_because
    if reason is not None:
        raise Blocked(reason)
    since = effective_from or clock.today().replace(day=1)
    with transaction.atomic():
        taken = Plan.objects.filter(pk=plan.pk, state=row.source).update(
            state=row.target, published_at=clock.now(), effective_from=since
        )
        if not taken:
            raise Blocked(_("This plan has already been published."))
        plan.refresh_from_db()
        home = plan.under.plan if plan.under else plan
        made = _make_duties(plan, home)
        record(
            row.fact,
            actor=actor,
            obj=plan,
            clock=clock,
            payload={"duties": made, "effective_from": since.isoformat(), "ledger": home.pk},
        )
        generate_occurrences(actor, clock, home)
        enqueue(
            "events.ledger", {"kind": row.fact, "object": "ledger.plan", "id": plan.pk}, clock=clock
        )
    assert plan.state == PlanState.PUBLISHED
    return plan


def _make_duties(plan: Plan, home: Plan) -> int:
    """Duties in the ledger of ``home``; their number."""
    if home == plan:
        first = _report_duty(plan) + 1
    else:  # numbers go on after those that stand there
        Plan.objects.select_for_update().get(pk=home.pk)
        first = 1 + (home.duties.aggregate(last=Max("number"))["last"] or 0)
    names = _meanings(plan)
    made: dict[int, Duty] = {}
    accepted = plan.drafts.filter(state=DraftState.ACCEPTED).select_related("clause")
    for number, draft in enumerate(accepted.order_by("sentence__number", "number"), start=first):
        made[draft.pk] = _duty_from(plan, home, draft, number, names)
    for draft in accepted:
        if draft.replaces_id in made:
            duty = made[draft.pk]
            duty.replaces = made[draft.replaces_id]
            duty.save(update_fields=["replaces"])
    return len(made) + (first - 1 if home == plan else 0)


def _report_duty(plan: Plan) -> int:
    """The duty to report progress on the dates of the covering letter; 0 where there are none."""
    if not plan.report_dates.exists():
        return 0
    letter = plan.clauses.filter(path=[]).first() or plan.clauses.order_by("sort").first()
    named = plan.sentences.filter(text__contains="推进情况").order_by("number").first()
    sentence = named or plan.sentences.order_by("number").first()
    if letter is None or sentence is None:
        raise Blocked(_("The notice has report dates but no text to hang them on."))
    duty = Duty.objects.create(
        plan=plan,
        clause=letter,
        sentence=sentence,
        number=1,
        title="推进情况报告",
        subject="unit",
        activity=Activity.PROGRESS,
        phrase="、".join(f"{d.day.month}月{d.day.day}日" for d in plan.report_dates.all()),
        evidence=["推进情况报告"],
        is_progress_report=True,
    )
    DutyUnit.objects.bulk_create(
        DutyUnit(duty=duty, organisation=unit, role=DutyRole.JOINT)
        for unit in bodies_for_reports(plan)
    )
    return 1


def _meanings(plan: Plan) -> dict[str, list[int]]:
    rows = UnitName.objects.filter(plan=plan).prefetch_related("organisations")
    return {row.name: [org.pk for org in row.organisations.all()] for row in rows}


def _source(plan: Plan, draft: IntakeDraft) -> str:
    """The place in a second document: 实施方案 二·1."""
    return f"{plan.word} {'·'.join(draft.clause.path) or '正文'}"[:80]


def _duty_from(
    plan: Plan, home: Plan, draft: IntakeDraft, number: int, names: dict[str, list[int]]
) -> Duty:
    second = home != plan
    named = (*draft.lead_units, *draft.coop_units)
    duty = Duty.objects.create(
        plan=home,
        clause=plan.under or draft.clause,
        document=plan if second else None,
        source_label=_source(plan, draft) if second else "",
        outside_units=[name for name in dict.fromkeys(named) if not names.get(name)],
        sentence_id=draft.sentence_id,
        draft=draft,
        number=number,
        title=draft.title,
        actor_phrase=draft.actor_phrase,
        subject=draft.subject,
        condition=draft.condition,
        every=draft.every,
        min_count=draft.min_count,
        per_person=draft.per_person,
        deadline=draft.deadline,
        phrase=draft.phrase,
        targets=draft.targets,
        ongoing=draft.ongoing,
        evidence=draft.evidence,
        activity=draft.activity,
        tags=draft.tags,
    )
    lead_role = DutyRole.JOINT if draft.joint else DutyRole.LEAD
    roles: dict[int, str] = {}
    for role, units in ((lead_role, draft.lead_units), (DutyRole.COOP, draft.coop_units)):
        for unit in units:
            for organisation in names.get(unit, []):
                roles.setdefault(organisation, role)
    DutyUnit.objects.bulk_create(
        DutyUnit(duty=duty, organisation_id=organisation, role=role)
        for organisation, role in roles.items()
    )
    return duty
