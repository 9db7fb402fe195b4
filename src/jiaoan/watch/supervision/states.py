"""State table of a supervision item 督办.

Theory of operation
-------------------
An item is opened by a request: one that a superior sent us (0x9401 received), or one that we sent
to a subordinate. It waits ``open`` until an answer. 处理中 and 将来处理 are not the last word: the
item is ``in_hand`` and waits for another. 已处理完毕 and 不作处理 end it: ``done``. An answer of
ours is queued for the link in the same transaction; that it was really sent is noted on the answer
and is not a state of the item. *Overdue is not a state*: it follows from the deadline, noted once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jiaoan.kernel.states import Machine, Transition


class SupervisionState(StrEnum):
    OPEN = "open"
    IN_HAND = "in_hand"
    DONE = "done"

    @property
    def label(self) -> Promise:
        return _LABELS[self]

    @property
    def tone(self) -> str:
        return {"open": "near", "in_hand": "ok", "done": "done"}[self]


_LABELS: dict[SupervisionState, Promise] = {
    SupervisionState.OPEN: pgettext_lazy("supervision", "To answer"),
    SupervisionState.IN_HAND: pgettext_lazy("supervision", "In hand"),
    SupervisionState.DONE: pgettext_lazy("supervision", "Done"),
}


class SupervisionVerb(StrEnum):
    ANSWER_INTERIM = "answer_interim"
    ANSWER_FINAL = "answer_final"


S, V = SupervisionState, SupervisionVerb
WAITING = (S.OPEN, S.IN_HAND)

SUPERVISION: Machine[SupervisionState, SupervisionVerb] = Machine(
    "watch.supervision",
    SupervisionState,
    SupervisionVerb,
    S.OPEN,
    [
        Transition(S.OPEN, V.ANSWER_INTERIM, S.IN_HAND, "watch.supervision_answered"),
        Transition(S.OPEN, V.ANSWER_FINAL, S.DONE, "watch.supervision_done"),
        Transition(S.IN_HAND, V.ANSWER_INTERIM, S.IN_HAND, "watch.supervision_answered"),
        Transition(S.IN_HAND, V.ANSWER_FINAL, S.DONE, "watch.supervision_done"),
    ],
)


class HandlingResult(models.IntegerChoices):
    """报警处理结果 of 0x1401 and 0x1403 (JT/T 809)."""

    IN_HAND = 0, pgettext_lazy("supervision result", "Being handled")
    FINISHED = 1, pgettext_lazy("supervision result", "Handled")
    NOT_NEEDED = 2, pgettext_lazy("supervision result", "No handling needed")
    LATER = 3, pgettext_lazy("supervision result", "To be handled later")


FINAL = frozenset({HandlingResult.FINISHED, HandlingResult.NOT_NEEDED})


class Sender(models.TextChoices):
    """Who says something on a link between platforms."""

    SUPERIOR = "superior", _("Superior platform")
    SUBORDINATE = "subordinate", _("Subordinate platform")
    CALLER = "caller", _("Unknown caller")


SENDER_BY_ROLE: Final = {"subordinate": Sender.SUPERIOR, "superior": Sender.SUBORDINATE}
"""Who is at the other end, by our own role."""


class Level(models.IntegerChoices):
    """督办级别."""

    URGENT = 0, pgettext_lazy("supervision level", "Urgent")
    NORMAL = 1, pgettext_lazy("supervision level", "Ordinary")


class Direction(models.TextChoices):
    """Who asks: a superior asks us, or we ask a subordinate."""

    RECEIVED = "received", _("Asked by a superior platform")
    SENT = "sent", _("Asked of a subordinate platform")


class AlarmSource(models.IntegerChoices):
    """报警信息来源 of 0x9401."""

    TERMINAL = 1, _("Vehicle terminal")
    COMPANY = 2, _("Enterprise platform")
    GOVERNMENT = 3, _("Government platform")
    OTHER = 9, pgettext_lazy("alarm source", "Other")


class WarnType(models.IntegerChoices):
    """报警类型 of JT/T 809; those of 2019 from 0x10 on."""

    OVERSPEED = 0x01, pgettext_lazy("809 alarm", "Overspeed")
    FATIGUE = 0x02, pgettext_lazy("809 alarm", "Fatigue driving")
    EMERGENCY = 0x03, pgettext_lazy("809 alarm", "Emergency")
    ENTERED = 0x04, pgettext_lazy("809 alarm", "Area entered")
    LEFT = 0x05, pgettext_lazy("809 alarm", "Area left")
    BLOCKED = 0x06, pgettext_lazy("809 alarm", "Road blocked")
    DANGEROUS = 0x07, pgettext_lazy("809 alarm", "Dangerous section")
    BOUNDARY = 0x08, pgettext_lazy("809 alarm", "Boundary crossed")
    THEFT = 0x09, pgettext_lazy("809 alarm", "Theft")
    ROBBERY = 0x0A, pgettext_lazy("809 alarm", "Robbery")
    OFF_ROUTE = 0x0B, pgettext_lazy("809 alarm", "Off route")
    MOVED = 0x0C, pgettext_lazy("809 alarm", "Moved")
    TOO_LONG = 0x0D, pgettext_lazy("809 alarm", "Driving too long")
    OTHER = 0x0E, pgettext_lazy("809 alarm", "Other alarm")
    RULE_BREAK = 0x10, pgettext_lazy("809 alarm", "Driving against rules")
    COLLISION = 0x11, pgettext_lazy("809 alarm", "Forward collision")
    LANE = 0x12, pgettext_lazy("809 alarm", "Lane departure")
    TYRE = 0x13, pgettext_lazy("809 alarm", "Tyre")
    DATA = 0x14, pgettext_lazy("809 alarm", "Dynamic data abnormal")
    OTHER_2019 = 0xFF, pgettext_lazy("809 alarm", "Other alarm")
