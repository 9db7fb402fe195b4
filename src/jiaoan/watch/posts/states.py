"""State table of a post query 查岗 or message between platforms.

Theory of operation
-------------------
An item is opened by a frame: a post query (0x9301) asks in words whether somebody is at the desk,
a message (0x9302) tells something. Both wait ``open`` until a person answers: a query with words
(0x1301), a message by confirming that it was read (0x1302). One answer ends it: ``done``. The
answer is queued for the link in the same transaction; its sending is noted and is no state. Nobody
but a person answers: a machine that said "somebody is here" would make the query worthless. A query
of ours to a subordinate waits in the same way; its answer comes up the link.
*Overdue is not a state*: it follows from the deadline, noted once.
"""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jiaoan.kernel.states import Machine, Transition


class PostKind(models.TextChoices):
    QUERY = "query", _("Post query")
    MESSAGE = "message", _("Message of a platform")


class PostState(StrEnum):
    OPEN = "open"
    DONE = "done"

    @property
    def label(self) -> Promise:
        return _LABELS[self]


_LABELS: dict[PostState, Promise] = {
    PostState.OPEN: pgettext_lazy("post query", "To answer"),
    PostState.DONE: pgettext_lazy("post query", "Answered"),
}


class PostVerb(StrEnum):
    ANSWER = "answer"


POST: Machine[PostState, PostVerb] = Machine(
    "watch.post",
    PostState,
    PostVerb,
    PostState.OPEN,
    [Transition(PostState.OPEN, PostVerb.ANSWER, PostState.DONE, "watch.post_answered")],
)
