"""State table of an alarm 报警.

Theory of operation
-------------------
An alarm is a lead 线索 until a person has confirmed it. It waits ``pending`` until the first
disposition; from then on somebody is ``handling`` it, and may write as many dispositions as it
takes. It ends only by a person: *close* with a sentence, or *judge false* with a reason, which a
second person reviews and either confirms (closed) or rejects (back to handling). Papers that come
in later (a filing, a waybill) are noted on it and never close it. A closed alarm can be reopened.

待企业申诉: the enterprise may be *asked* to answer within a time. Its answer is an *explanation*,
and handling goes on, or an *appeal* 申诉, which somebody else than the asker reviews: *uphold*
closes the alarm, *reject* sends it back to handling. Until the answer comes the request can be
*taken back*, and calls can still be noted. A review is thus about one of two things, a false alarm
or an appeal; the open appeal says which (:func:`jiaoan.watch.policies.open_appeal`).

*Late is not a state*: it follows from the first-response limit, or from the time the enterprise
was given, and each is noted once.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.kernel.states import Machine, Transition


class AlarmState(StrEnum):
    PENDING = "pending"
    HANDLING = "handling"
    ANSWER = "answer"
    REVIEW = "review"
    CLOSED = "closed"

    @property
    def label(self) -> Promise:
        return _LABELS[self]


_LABELS: dict[AlarmState, Promise] = {
    AlarmState.PENDING: _("To handle"),
    AlarmState.HANDLING: _("Being handled"),
    AlarmState.ANSWER: _("Enterprise to answer"),
    AlarmState.REVIEW: _("To review"),
    AlarmState.CLOSED: _("Closed loop"),
}


class AlarmVerb(StrEnum):
    RESPOND = "respond"
    JUDGE_FALSE = "judge_false"
    CONFIRM_FALSE = "confirm_false"
    REJECT_FALSE = "reject_false"
    ASK = "ask"
    EXPLAIN = "explain"
    APPEAL = "appeal"
    TAKE_BACK = "take_back"
    UPHOLD_APPEAL = "uphold_appeal"
    REJECT_APPEAL = "reject_appeal"
    CLOSE = "close"
    REOPEN = "reopen"


S, V = AlarmState, AlarmVerb
OPEN = (S.PENDING, S.HANDLING, S.ANSWER, S.REVIEW)

ALARM: Machine[AlarmState, AlarmVerb] = Machine(
    "watch.alarm",
    AlarmState,
    AlarmVerb,
    S.PENDING,
    [
        Transition(S.PENDING, V.RESPOND, S.HANDLING, "watch.responded"),
        Transition(S.PENDING, V.JUDGE_FALSE, S.REVIEW, "watch.judged_false"),
        Transition(S.PENDING, V.ASK, S.ANSWER, "watch.answer_asked"),
        Transition(S.HANDLING, V.RESPOND, S.HANDLING, "watch.responded"),
        Transition(S.HANDLING, V.JUDGE_FALSE, S.REVIEW, "watch.judged_false"),
        Transition(S.HANDLING, V.ASK, S.ANSWER, "watch.answer_asked"),
        Transition(S.HANDLING, V.CLOSE, S.CLOSED, "watch.closed"),
        Transition(S.ANSWER, V.RESPOND, S.ANSWER, "watch.responded"),
        Transition(S.ANSWER, V.EXPLAIN, S.HANDLING, "watch.explained"),
        Transition(S.ANSWER, V.APPEAL, S.REVIEW, "watch.appealed"),
        Transition(S.ANSWER, V.TAKE_BACK, S.HANDLING, "watch.answer_taken_back"),
        Transition(S.REVIEW, V.CONFIRM_FALSE, S.CLOSED, "watch.false_confirmed"),
        Transition(S.REVIEW, V.REJECT_FALSE, S.HANDLING, "watch.false_rejected"),
        Transition(S.REVIEW, V.UPHOLD_APPEAL, S.CLOSED, "watch.appeal_upheld"),
        Transition(S.REVIEW, V.REJECT_APPEAL, S.HANDLING, "watch.appeal_rejected"),
        Transition(S.CLOSED, V.REOPEN, S.HANDLING, "watch.reopened"),
    ],
)
