"""How far a notice has been judged 判读进度, and why it cannot be published yet."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jiaoan.ledger.models import Judgement, Plan
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
        if not missing:
            return None
        listed = "、".join(str(part) for part in missing)
        return format_lazy(
            "{}", _("Still open: %(list)s. Not ready to publish.") % {"list": listed}
        )


def coverage(plan: Plan) -> Coverage:
    """Counts over the plan's sentences; doubtful and unread are exclusive."""
    by = dict(
        plan.sentences.exclude(judgement=Judgement.STRUCTURE)
        .values_list("judgement")
        .annotate(n=Count("id"))
    )
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
        unsettled_units=_unsettled(plan),
    )


def _unsettled(plan: Plan) -> int:
    """Open unit names among the drafts that are not rejected."""
    used: set[str] = set()
    for lead, coop in plan.drafts.exclude(state=DraftState.REJECTED).values_list(
        "lead_units", "coop_units"
    ):
        used |= {*lead, *coop}
    return plan.unit_names.filter(settled=False, name__in=used).count()
