"""Undo 撤销 on the intake page: each act leaves a step that knows what it changed.

A step keeps the changed columns of the rows it touched, before and after. Undoing the last step
of a plan puts them back; a row that the step made (the second half of a split, a draft written by
hand) is folded rather than deleted, because facts of the journal name it. Somebody else's act is
not undone: the one who acted knows why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.actions.base import person
from jiaoan.ledger.errors import Blocked
from jiaoan.ledger.models import IntakeDraft, IntakeStep, Plan, SourceSentence, UnitName
from jiaoan.ledger.states import DraftState, PlanState
from jiaoan.scope import Actor, require

_COLUMNS: dict[type[Model], tuple[str, ...]] = {
    IntakeDraft: (
        *("state", "title", "actor_phrase", "subject", "condition", "lead_units", "coop_units"),
        *(
            "joint",
            "every",
            "min_count",
            "per_person",
            "heads",
            "deadline",
            "phrase",
            "targets",
            "ongoing",
        ),
        *("evidence", "activity", "tags", "doubts", "replaces_id", "edited", "spans"),
        *("merged_into_id", "reject_reason", "judged_by_id", "judged_at"),
    ),
    SourceSentence: ("judgement", "reason"),
    UnitName: ("settled", "outside"),
}
_TABLES = {"drafts": IntakeDraft, "sentences": SourceSentence, "names": UnitName}
_MOMENTS = {"deadline": date.fromisoformat, "judged_at": datetime.fromisoformat}
Rows = dict[str, dict[str, dict[str, Json]]]

VERBS: dict[str, Promise] = {
    "accept": _("accept a draft"),
    "accept_clear": _("accept all drafts without questions"),
    "reject": _("judge a draft no duty"),
    "take_back": _("take a draft back"),
    "edit": _("edit a draft"),
    "split": _("split a draft"),
    "merge": _("merge drafts"),
    "add": _("write a draft by hand"),
    "settle": _("settle a name"),
    "judge": _("judge sentences no duty"),
    "reopen": _("open sentences again"),
}


@dataclass
class Touched:
    """The rows that an act may change; an act adds those that it makes."""

    drafts: list[IntakeDraft] = field(default_factory=list)
    sentences: list[SourceSentence] = field(default_factory=list)
    names: list[UnitName] = field(default_factory=list)
    made: list[IntakeDraft] = field(default_factory=list)

    def rows(self) -> Rows:
        """What the database has now."""
        ids = {
            "drafts": [row.pk for row in (*self.drafts, *self.made)],
            "sentences": [row.pk for row in self.sentences],
            "names": [row.pk for row in self.names],
        }
        return {table: _rows(_TABLES[table], found) for table, found in ids.items() if found}


def _rows(model: type[Model], ids: Sequence[int]) -> dict[str, dict[str, Json]]:
    found: dict[str, dict[str, Json]] = {}
    for row in model._default_manager.filter(pk__in=ids):
        values = {column: _plain(getattr(row, column)) for column in _COLUMNS[model]}
        if isinstance(row, UnitName):
            values["organisations"] = [org.pk for org in row.organisations.order_by("pk")]
        found[str(row.pk)] = values
    return found


def _plain(value: object) -> Json:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value  # type: ignore[return-value]


@contextmanager
def step(
    actor: Actor,
    clock: Clock,
    plan: Plan,
    verb: str,
    *,
    drafts: Sequence[IntakeDraft] | QuerySet[IntakeDraft] = (),
    sentences: Sequence[SourceSentence] = (),
    names: Sequence[UnitName] = (),
) -> Iterator[Touched]:
    """Do an act and keep how to undo it, in one transaction with the plan locked.

    The sentences of ``drafts``, and of what was merged into them, are watched too. ``drafts`` are
    read again under the lock, so that two clerks cannot judge one draft twice. Requires
    ``notice.confirm`` on a plan in intake.
    """
    with transaction.atomic():
        require(actor, "notice.confirm", plan)
        if Plan.objects.select_for_update().get(pk=plan.pk).state != PlanState.INTAKE:
            raise Blocked(_("The plan is published; its drafts can no longer change."))
        touched = Touched(list(drafts), list(sentences), list(names))
        if not isinstance(drafts, QuerySet):
            for draft in drafts:
                draft.refresh_from_db()
        touched.sentences += sentences_of(touched.drafts)
        before = touched.rows()
        yield touched
        after = touched.rows()
        IntakeStep.objects.create(
            plan=plan,
            verb=verb,
            actor=person(actor),
            done_at=clock.now(),
            before=_changed(before, after),
            after=_changed(after, before),
        )


def sentences_of(drafts: Sequence[IntakeDraft]) -> list[SourceSentence]:
    """The sentences whose judgement hangs on these drafts, or on what was merged into them."""
    ids = new = {draft.pk for draft in drafts}
    while new:
        below = IntakeDraft.objects.filter(merged_into__in=new).values_list("pk", flat=True)
        new = set(below) - ids
        ids |= new
    return list(SourceSentence.objects.filter(drafts__in=ids).distinct())


def _changed(one: Rows, other: Rows) -> Rows:
    """The columns of ``one`` that differ in ``other``; whole rows that it lacks."""
    found: Rows = {}
    for table, rows in one.items():
        for key, values in rows.items():
            against = other.get(table, {}).get(key, {})
            differing = {c: v for c, v in values.items() if c not in against or against[c] != v}
            if differing:
                found.setdefault(table, {})[key] = differing
    return found


def last_step(plan: Plan) -> IntakeStep | None:
    """What :func:`undo` would undo."""
    return plan.steps.filter(undone_at=None).select_related("actor").order_by("-id").first()


@transaction.atomic
def undo(actor: Actor, clock: Clock, plan: Plan) -> IntakeStep:
    """Undo the last act on the plan, when it is the actor's own. Raises :class:`Blocked`."""
    require(actor, "notice.confirm", plan)
    if Plan.objects.select_for_update().get(pk=plan.pk).state != PlanState.INTAKE:
        raise Blocked(_("The plan is published; its drafts can no longer change."))
    last = last_step(plan)
    if last is None:
        raise Blocked(_("There is nothing to undo."))
    if last.actor != person(actor):
        who = last.actor.name if last.actor else ""
        raise Blocked(
            _("The last act is %(name)s’s; only they can undo it. Take the draft back instead.")
            % {"name": who}
        )
    for table, model in _TABLES.items():
        was, now = last.before.get(table, {}), last.after.get(table, {})
        for key in {*was, *now}:
            _restore(model, int(key), was.get(key))
    last.undone_at = clock.now()
    last.save(update_fields=["undone_at"])
    payload: dict[str, Json] = {"step": last.pk, "verb": last.verb}
    record("ledger.step_undone", actor=actor, obj=plan, clock=clock, payload=payload)
    return last


def _restore(model: type[Model], pk: int, values: dict[str, Json] | None) -> None:
    if values is None:  # made by the step
        IntakeDraft.objects.filter(pk=pk).update(state=DraftState.FOLDED)
        return
    columns: dict[str, object] = dict(values)
    organisations = columns.pop("organisations", None)
    for column, read in _MOMENTS.items():
        if columns.get(column):
            columns[column] = read(str(columns[column]))
    if columns:
        model._default_manager.filter(pk=pk).update(**columns)
    if isinstance(organisations, list):
        UnitName.objects.get(pk=pk).organisations.set(organisations)
