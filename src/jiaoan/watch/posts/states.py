"""State table of a post query 查岗, message or request for papers between platforms.

Theory of operation
-------------------
An item is opened by a frame: a post query (0x9301) asks in words whether somebody is at the desk,
a message (0x9302) tells something. Both wait ``open`` until a person answers: a query with words
(0x1301), a message by confirming that it was read (0x1302). One answer ends it: ``done``. The
answer is queued for the link in the same transaction; its sending is noted and is no state. Nobody
but a person answers: a machine that said "somebody is here" would make the query worthless.

What we ask or tell a subordinate waits in the same way; its answer comes up the link. Besides
queries and messages these are requests for the driver (0x920A) and the waybill (0x920B) of one
vehicle: their answer (0x120A, 0x120B) is kept among what the vehicle's terminals sent.
Orders about a vehicle (0x9501 to 0x9505) and requests for its static data (0x9601) are the third
kind. A superior's order for a text or a photograph goes to the terminal at once, and what the
terminal says answers it (0x1503, 0x1502); static data are told from the register at once. For the
others, and where the terminal cannot be reached from here, a person does it and says how it went.

*Overdue is not a state*: it follows from the deadline, noted once.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jiaoan.kernel.states import Machine, Transition


class PostKind(models.TextChoices):
    QUERY = "query", _("Post query")
    MESSAGE = "message", _("Message of a platform")
    DRIVER = "driver", _("Request for the driver")
    WAYBILL = "waybill", _("Request for the waybill")
    MONITOR = "monitor", _("Listening in to a vehicle")
    PHOTO = "photo", _("Photograph from a vehicle")
    TEXT = "text", _("Text to a vehicle")
    RECORDER = "recorder", _("Record of the driving recorder")
    ACCESS = "access", _("Emergency access to a vehicle")
    STATIC = "static", _("Static data of a vehicle")


PAPERS: Final[Mapping[int, PostKind]] = {0x120A: PostKind.DRIVER, 0x120B: PostKind.WAYBILL}
"""Messages of 809 that answer a request for papers."""


class Addressee(models.IntegerChoices):
    """查岗对象类型: ``wire.jt809.posts.ObjectType`` in words."""

    ONE_PLATFORM = 0, pgettext_lazy("whom a platform asks", "one platform below")
    THIS_PLATFORM = 1, pgettext_lazy("whom a platform asks", "the platform on the link")
    ONE_OPERATOR = 2, pgettext_lazy("whom a platform asks", "one operator")
    ALL_OPERATORS = 3, pgettext_lazy("whom a platform asks", "all operators")
    ALL_PLATFORMS = 4, pgettext_lazy("whom a platform asks", "all platforms below")
    ALL = 5, pgettext_lazy("whom a platform asks", "all platforms and operators")
    ALL_OF_GOVERNMENT = 6, pgettext_lazy("whom a platform asks", "all platforms of authorities")
    ALL_OF_FIRMS = 7, pgettext_lazy("whom a platform asks", "all platforms of firms")
    ALL_COMMERCIAL = 8, pgettext_lazy("whom a platform asks", "all commercial platforms of firms")
    ALL_NOT_COMMERCIAL = (
        9,
        pgettext_lazy("whom a platform asks", "all non-commercial platforms of firms"),
    )


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
