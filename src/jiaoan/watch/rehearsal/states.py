"""State table of a rehearsal 试运行.

Theory of operation
-------------------
A person *asks*; it waits ``queued`` until the worker *starts* it, one at a time, in a process of
its own. It ends as ``done`` with all its findings at once, as ``broken`` with the reason, or as
``cancelled`` by a person; the process notices that its row no longer runs under its own number and
stops. A worker that starts finds what ran under the one before and breaks it. What was broken or
cancelled can be asked *again*: it begins anew, nothing of the first run is kept.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from jiaoan.kernel.states import Machine, Transition


class RehearsalState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    BROKEN = "broken"
    CANCELLED = "cancelled"

    @property
    def label(self) -> Promise:
        return _LABELS[self]


_LABELS: dict[RehearsalState, Promise] = {
    RehearsalState.QUEUED: pgettext_lazy("rehearsal", "Waits"),
    RehearsalState.RUNNING: pgettext_lazy("rehearsal", "Runs"),
    RehearsalState.DONE: pgettext_lazy("rehearsal", "Done"),
    RehearsalState.BROKEN: pgettext_lazy("rehearsal", "Broken off"),
    RehearsalState.CANCELLED: pgettext_lazy("rehearsal", "Cancelled"),
}


class RehearsalVerb(StrEnum):
    START = "start"
    FINISH = "finish"
    BREAK = "break"
    CANCEL = "cancel"
    AGAIN = "again"


S, V = RehearsalState, RehearsalVerb
WAITING = (S.QUEUED, S.RUNNING)

REHEARSAL: Machine[RehearsalState, RehearsalVerb] = Machine(
    "watch.rehearsal",
    RehearsalState,
    RehearsalVerb,
    S.QUEUED,
    [
        Transition(S.QUEUED, V.START, S.RUNNING, "watch.rehearsal_started"),
        Transition(S.QUEUED, V.CANCEL, S.CANCELLED, "watch.rehearsal_cancelled"),
        Transition(S.RUNNING, V.FINISH, S.DONE, "watch.rehearsal_done"),
        Transition(S.RUNNING, V.BREAK, S.BROKEN, "watch.rehearsal_broken"),
        Transition(S.RUNNING, V.CANCEL, S.CANCELLED, "watch.rehearsal_cancelled"),
        Transition(S.BROKEN, V.AGAIN, S.QUEUED, "watch.rehearsal_asked"),
        Transition(S.CANCELLED, V.AGAIN, S.QUEUED, "watch.rehearsal_asked"),
    ],
)
