"""State tables of the ledger: occurrence 事项, intake draft 任务草稿, plan 计划.

Theory of operation
-------------------
An *occurrence* is one window of a duty for one obliged organisation. It is made ``not_started``
when its window lies ahead and is assigned 交办 when the window begins; the organisation may sign
early. The obliged organisation signs for it 签收 and reports back 反馈; the supervising section
checks 核查, returns 退回补正 or passes; closing 销号 is a second act, so that two persons can do
it. A closed one can be reopened, and then waits for a supplement as if it had been returned. An
occurrence that another rule replaces (a firm becomes accident-prone: monthly instead of
quarterly) is waived 免予办理 with the reason, never deleted; it can be restored.

*Overdue is not a state.* It follows from the due date and today, so nothing has to run at midnight
for the ledger to be true: :func:`group_of` counts it, and ``rules.duties.light`` draws it.

A *draft* is accepted, rejected with a reason, or taken back until the plan is published. A draft
that was merged 合并 into another is folded: it stands for nothing by itself, and its sentence is
judged by the draft that took it in. Publishing is one way, because duties stand on it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.kernel.states import Machine, Transition


class OccurrenceState(StrEnum):
    NOT_STARTED = "not_started"
    TO_SIGN = "to_sign"
    TO_REPORT = "to_report"
    TO_CHECK = "to_check"
    RETURNED = "returned"
    CHECKED = "checked"
    CLOSED = "closed"
    WAIVED = "waived"

    @property
    def label(self) -> Promise:
        return _OCCURRENCE_LABELS[self]


_OCCURRENCE_LABELS: dict[OccurrenceState, Promise] = {
    OccurrenceState.NOT_STARTED: _("Not begun"),
    OccurrenceState.TO_SIGN: _("To sign for"),
    OccurrenceState.TO_REPORT: _("To report back"),
    OccurrenceState.TO_CHECK: _("To check"),
    OccurrenceState.RETURNED: _("Returned for supplement"),
    OccurrenceState.CHECKED: _("Checked, to close"),
    OccurrenceState.CLOSED: _("Closed"),
    OccurrenceState.WAIVED: _("Waived"),
}


class OccurrenceVerb(StrEnum):
    ASSIGN = "assign"
    SIGN = "sign"
    REPORT = "report"
    RETURN = "return"
    CHECK = "check"
    CLOSE = "close"
    REOPEN = "reopen"
    WAIVE = "waive"
    RESTORE = "restore"


S, V = OccurrenceState, OccurrenceVerb
OPEN = frozenset({S.NOT_STARTED, S.TO_SIGN, S.TO_REPORT, S.RETURNED})
WITH_CHECKER = frozenset({S.TO_CHECK, S.CHECKED})

OCCURRENCE: Machine[OccurrenceState, OccurrenceVerb] = Machine(
    "ledger.occurrence",
    OccurrenceState,
    OccurrenceVerb,
    S.NOT_STARTED,
    [
        Transition(S.NOT_STARTED, V.ASSIGN, S.TO_SIGN, "ledger.assigned"),
        Transition(S.NOT_STARTED, V.SIGN, S.TO_REPORT, "ledger.signed"),
        Transition(S.NOT_STARTED, V.WAIVE, S.WAIVED, "ledger.waived"),
        Transition(S.TO_SIGN, V.SIGN, S.TO_REPORT, "ledger.signed"),
        Transition(S.TO_SIGN, V.WAIVE, S.WAIVED, "ledger.waived"),
        Transition(S.TO_REPORT, V.REPORT, S.TO_CHECK, "ledger.reported"),
        Transition(S.TO_REPORT, V.WAIVE, S.WAIVED, "ledger.waived"),
        Transition(S.TO_CHECK, V.RETURN, S.RETURNED, "ledger.returned"),
        Transition(S.TO_CHECK, V.CHECK, S.CHECKED, "ledger.checked"),
        Transition(S.RETURNED, V.REPORT, S.TO_CHECK, "ledger.reported"),
        Transition(S.RETURNED, V.WAIVE, S.WAIVED, "ledger.waived"),
        Transition(S.CHECKED, V.RETURN, S.RETURNED, "ledger.returned"),
        Transition(S.CHECKED, V.CLOSE, S.CLOSED, "ledger.closed"),
        Transition(S.CLOSED, V.REOPEN, S.RETURNED, "ledger.reopened"),
        Transition(S.WAIVED, V.RESTORE, S.TO_SIGN, "ledger.restored"),
    ],
)


class Group(StrEnum):
    """The exclusive parts of every counter bar; the first four add up to 应完成."""

    CLOSED = "closed"
    CHECKING = "checking"
    RUNNING = "running"
    LATE = "late"
    IDLE = "idle"
    WAIVED = "waived"

    @property
    def label(self) -> Promise:
        return _GROUP_LABELS[self]


_GROUP_LABELS: dict[Group, Promise] = {
    Group.CLOSED: _("Closed"),
    Group.CHECKING: _("To check"),
    Group.RUNNING: _("In hand"),
    Group.LATE: _("Overdue"),
    Group.IDLE: _("Not begun"),
    Group.WAIVED: _("Waived"),
}
OWED = (Group.CLOSED, Group.CHECKING, Group.RUNNING, Group.LATE)


def group_of(state: OccurrenceState, starts: date, due: date, today: date) -> Group:
    """The one counter that an occurrence stands in; ``queries.in_group`` is the same as SQL."""
    if state is S.CLOSED:
        return Group.CLOSED
    if state is S.WAIVED:
        return Group.WAIVED
    if state in WITH_CHECKER:
        return Group.CHECKING
    if due < today:
        return Group.LATE
    return Group.IDLE if starts > today else Group.RUNNING


class DraftState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FOLDED = "folded"

    @property
    def label(self) -> Promise:
        return _DRAFT_LABELS[self]


_DRAFT_LABELS: dict[DraftState, Promise] = {
    DraftState.OPEN: _("Not judged"),
    DraftState.ACCEPTED: _("Accepted"),
    DraftState.REJECTED: _("No duty"),
    DraftState.FOLDED: _("Merged into another"),
}


class DraftVerb(StrEnum):
    EDIT = "edit"
    ANSWER = "answer"
    ACCEPT = "accept"
    REJECT = "reject"
    TAKE_BACK = "take_back"
    SPLIT = "split"
    MERGE = "merge"
    FOLD = "fold"


D, W = DraftState, DraftVerb
DRAFT: Machine[DraftState, DraftVerb] = Machine(
    "ledger.draft",
    DraftState,
    DraftVerb,
    D.OPEN,
    [
        Transition(D.OPEN, W.EDIT, D.OPEN, "ledger.draft_edited"),
        Transition(D.OPEN, W.ANSWER, D.OPEN, "ledger.doubt_answered"),
        Transition(D.OPEN, W.ACCEPT, D.ACCEPTED, "ledger.draft_accepted"),
        Transition(D.OPEN, W.REJECT, D.REJECTED, "ledger.draft_rejected"),
        Transition(D.ACCEPTED, W.TAKE_BACK, D.OPEN, "ledger.draft_taken_back"),
        Transition(D.REJECTED, W.TAKE_BACK, D.OPEN, "ledger.draft_taken_back"),
        Transition(D.OPEN, W.SPLIT, D.OPEN, "ledger.draft_split"),
        Transition(D.OPEN, W.MERGE, D.OPEN, "ledger.draft_merged"),
        Transition(D.OPEN, W.FOLD, D.FOLDED, "ledger.draft_folded"),
    ],
)


class PlanState(StrEnum):
    INTAKE = "intake"
    PUBLISHED = "published"

    @property
    def label(self) -> Promise:
        return _PLAN_LABELS[self]


_PLAN_LABELS: dict[PlanState, Promise] = {
    PlanState.INTAKE: _("Being taken apart"),
    PlanState.PUBLISHED: _("Published"),
}


class PlanVerb(StrEnum):
    PUBLISH = "publish"


PLAN: Machine[PlanState, PlanVerb] = Machine(
    "ledger.plan",
    PlanState,
    PlanVerb,
    PlanState.INTAKE,
    [Transition(PlanState.INTAKE, PlanVerb.PUBLISH, PlanState.PUBLISHED, "ledger.plan_published")],
)
