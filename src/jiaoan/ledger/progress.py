"""How far a notice has been judged 判读进度, and why it cannot be published yet."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jiaoan.ledger.models import IntakeDraft, Judgement, Plan, UnitName
from jiaoan.ledger.obliged import ENTERPRISE_SUBJECTS
from jiaoan.ledger.states import DraftState


@dataclass(frozen=True)
class Coverage:
    """Sentences by judgement, and what is open. ``total`` counts sentences that need judging."""

    total: int
    duty: int
    no_duty: int
    doubtful: int
    unread: int
    open_drafts: int
    open_doubts: int
    unsettled_units: int
    unowned: int
    structure: int

    @property
    def judged(self) -> int:
        return self.duty + self.no_duty

    @property
    def blocked_because(self) -> Promise | None:
        """One sentence that names all that is missing; ``None`` when the plan can be published."""
        missing: list[object] = []
        if self.doubtful:
            missing.append(_("%(n)s sentences with doubts") % {"n": self.doubtful})
        if self.unread:
            missing.append(_("%(n)s sentences not judged") % {"n": self.unread})
        if self.unsettled_units:
            missing.append(_("%(n)s unit names not settled") % {"n": self.unsettled_units})
        if self.unowned:
            missing.append(_("%(n)s duties without a unit to answer") % {"n": self.unowned})
        if not missing:
            return None
        listed = "、".join(str(part) for part in missing)
        return format_lazy(
            "{}", _("Still open: %(list)s. Not ready to publish.") % {"list": listed}
        )


def coverage(plan: Plan) -> Coverage:
    """Counts over the plan's sentences; doubtful and unread are exclusive."""
    by = dict(plan.sentences.values_list("judgement").annotate(n=Count("id")))
    structure = by.pop(Judgement.STRUCTURE, 0)
    open_drafts = list(plan.drafts.filter(state=DraftState.OPEN))
    doubtful = {draft.sentence_id for draft in open_drafts if draft.open_doubts}
    unread = by.get(Judgement.UNREAD, 0)
    return Coverage(
        total=sum(by.values()),
        duty=by.get(Judgement.DUTY, 0),
        no_duty=by.get(Judgement.NO_DUTY, 0),
        doubtful=len(doubtful),
        unread=unread - len(doubtful),
        open_drafts=len(open_drafts),
        open_doubts=sum(draft.open_doubts for draft in open_drafts),
        unsettled_units=len(unsettled_names(plan)),
        unowned=len(unowned(plan)),
        structure=structure,
    )


def unsettled_names(plan: Plan) -> list[UnitName]:
    """Open unit names among the drafts that still count."""
    used: set[str] = set()
    live = plan.drafts.exclude(state__in=[DraftState.REJECTED, DraftState.FOLDED])
    for lead, coop in live.values_list("lead_units", "coop_units"):
        used |= {*lead, *coop}
    found = plan.unit_names.filter(settled=False, name__in=used)
    return list(found.prefetch_related("organisations"))


def unowned(plan: Plan) -> list[IntakeDraft]:
    """Accepted drafts for which nobody of the bureau would answer: names all outside, or none."""
    accepted = plan.drafts.filter(state=DraftState.ACCEPTED).exclude(
        subject__in=ENTERPRISE_SUBJECTS
    )
    elsewhere = set(plan.unit_names.filter(outside=True).values_list("name", flat=True))
    return [
        draft
        for draft in accepted.select_related("clause", "sentence")
        if not {*draft.lead_units, *draft.coop_units} - elsewhere
    ]
