"""Where a request to an enterprise stands, as a light with a word."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from jiaoan.kernel.clock import local
from jiaoan.portal.components import Light, Tone, due_light, moment_light
from jiaoan.watch.models import AnswerRequest
from jiaoan.watch.models.appeal import AnswerKind, Decision


def answer_light(asked: AnswerRequest, now: datetime) -> Light:
    """Where a request stands: the time that is left, or what became of it."""
    if asked.taken_back_at is not None:
        return Light(Tone.IDLE, _("Taken back by the bureau"))
    if asked.answered_at is None:
        if abs(asked.due - now) > timedelta(days=2):
            return due_light(local(asked.due).date(), local(now).date())
        return moment_light(asked.due, now)
    if asked.kind == AnswerKind.EXPLAIN:
        return Light(Tone.DONE, _("Explained"))
    if not asked.decision:
        return Light(Tone.NEAR, _("Appeal under review"))
    tone = Tone.OK if asked.decision == Decision.UPHELD else Tone.LATE
    return Light(tone, str(Decision(asked.decision).label))
