"""State table of a command to a terminal 下行指令.

Theory of operation
-------------------
A command is ``queued`` with the click. The gateway that holds the terminal's link sends it and says
so (*send*, and again for each repetition); then the terminal *answers* or *refuses*, or nobody
answers in time (*time out*). A terminal that is not connected cannot be told apart from a gateway
that is slow, so the clock alone says *wait*: not sent within some seconds, it goes out when the
terminal comes back; at its end *expire* closes it. What cannot be put into a message *fails*.

News from the gateway travels and may come after the clock has spoken: a command that was sent in
time, or answered late, is put right. What the terminal said is final. News that the table does not
allow (a repetition, something older) changes nothing and is no error.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jiaoan.kernel.states import Machine, Transition


class CommandState(StrEnum):
    QUEUED = "queued"
    WAITING = "waiting"
    SENT = "sent"
    ANSWERED = "answered"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    EXPIRED = "expired"
    FAILED = "failed"

    @property
    def label(self) -> str | Promise:
        return _LABELS[self]

    @property
    def light(self) -> str:
        """The light it is shown with."""
        return _LIGHTS.get(self, "near")


_LABELS: dict[CommandState, str | Promise] = {
    CommandState.QUEUED: _("Being sent"),
    CommandState.WAITING: _("Terminal not connected; goes out when it comes back"),
    CommandState.SENT: _("Sent, the terminal has not answered yet"),
    CommandState.ANSWERED: _("Confirmed by the terminal"),
    CommandState.REFUSED: _("Refused by the terminal"),
    CommandState.TIMED_OUT: _("Sent, never answered"),
    CommandState.EXPIRED: pgettext_lazy("command", "Not delivered, expired"),
    CommandState.FAILED: _("Cannot be sent"),
}
_LIGHTS: dict[CommandState, str] = {
    CommandState.ANSWERED: "done",
    CommandState.REFUSED: "late",
    CommandState.TIMED_OUT: "late",
    CommandState.EXPIRED: "late",
    CommandState.FAILED: "late",
}


class CommandVerb(StrEnum):
    WAIT = "wait"
    SEND = "send"
    ANSWER = "answer"
    REFUSE = "refuse"
    TIME_OUT = "time_out"
    EXPIRE = "expire"
    FAIL = "fail"


S, V = CommandState, CommandVerb
OPEN = (S.QUEUED, S.WAITING, S.SENT)
_TARGETS = {
    V.WAIT: S.WAITING,
    V.SEND: S.SENT,
    V.ANSWER: S.ANSWERED,
    V.REFUSE: S.REFUSED,
    V.TIME_OUT: S.TIMED_OUT,
    V.EXPIRE: S.EXPIRED,
    V.FAIL: S.FAILED,
}
_ENDS = (V.ANSWER, V.REFUSE, V.TIME_OUT)
_ALLOWED: dict[CommandState, tuple[CommandVerb, ...]] = {
    S.QUEUED: (V.WAIT, V.SEND, *_ENDS, V.EXPIRE, V.FAIL),
    S.WAITING: (V.SEND, *_ENDS, V.EXPIRE, V.FAIL),
    S.SENT: (V.SEND, *_ENDS, V.FAIL),
    S.TIMED_OUT: (V.ANSWER, V.REFUSE),
    S.EXPIRED: (V.SEND, *_ENDS, V.FAIL),
}

COMMAND: Machine[CommandState, CommandVerb] = Machine(
    "watch.command",
    CommandState,
    CommandVerb,
    S.QUEUED,
    [
        Transition(source, verb, _TARGETS[verb], f"watch.command_{_TARGETS[verb]}")
        for source, verbs in _ALLOWED.items()
        for verb in verbs
    ],
)
