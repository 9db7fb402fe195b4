"""Every read of requests to enterprises and their answers, through ``restrict``."""

from __future__ import annotations

from django.db.models import QuerySet

from jiaoan.scope import restrict
from jiaoan.watch.models import Alarm, AnswerFile, AnswerRequest


def of_enterprise(actor: object) -> QuerySet[AnswerRequest]:
    """Requests to the actor's own firm, those that wait first, soonest due on top."""
    found = restrict(AnswerRequest.objects.all(), actor, "alarm.answer")
    return found.select_related("alarm__vehicle", "organisation")


def waiting(actor: object) -> QuerySet[AnswerRequest]:
    return of_enterprise(actor).filter(answered_at=None, taken_back_at=None)


def past(actor: object) -> QuerySet[AnswerRequest]:
    """Answered or taken back, newest first."""
    return of_enterprise(actor).exclude(answered_at=None, taken_back_at=None).order_by("-id")


def by_token(token: str) -> AnswerRequest | None:
    """The request a link opens; the token is the right to see it."""
    return AnswerRequest.objects.select_related("alarm__vehicle").filter(token=token).first()


def of_alarm(alarm: Alarm) -> QuerySet[AnswerRequest]:
    """All requests about an alarm that the caller may see, oldest first."""
    found = AnswerRequest.objects.filter(alarm=alarm).order_by("id")
    return found.select_related("asked_by", "organisation").prefetch_related("files__attachment")


def files(actor: object, verb: str) -> QuerySet[AnswerFile]:
    found = restrict(AnswerFile.objects.all(), actor, verb)
    return found.select_related("attachment", "request")
