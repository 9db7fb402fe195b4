"""What the desk shows of requests to enterprises: where each stands, its link, its appeal."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from jiaoan.org.models import User
from jiaoan.portal.appeals.lights import answer_light
from jiaoan.portal.asked import clock
from jiaoan.portal.components import Light
from jiaoan.scope import can
from jiaoan.watch.appeals import queries
from jiaoan.watch.models import Alarm, AnswerRequest
from jiaoan.watch.policies import may_decide, open_appeal
from jiaoan.watch.states import ALARM, AlarmVerb


@dataclass(frozen=True)
class ShownAnswer:
    """``url`` is the link to send, empty when there is none or it was used."""

    asked: AnswerRequest
    light: Light
    url: str


def answers_of(request: HttpRequest, alarm: Alarm) -> dict[str, object]:
    """The part of the desk about the enterprise. Links are for those who handle, nobody else."""
    now, user = clock(request).now(), request.user
    handles = can(user, "alarm.handle")
    appeal = open_appeal(alarm)
    return {
        "answers": [
            ShownAnswer(
                one,
                answer_light(one, now),
                request.build_absolute_uri(reverse("answer_link", args=[one.token]))
                if handles and one.token and one.waits
                else "",
            )
            for one in queries.of_alarm(alarm)
        ],
        "may_answer": can(user, "alarm.answer"),
        "may_ask": ALARM.allows(alarm.state, AlarmVerb.ASK),
        "appeal": appeal,
        "may_decide": appeal is not None and isinstance(user, User) and may_decide(user, appeal),
    }


def words_of(alarm: Alarm) -> dict[int, str]:
    """Fact of an answer → what the enterprise said, for the course."""
    return {
        one.answer_fact_id: one.text
        for one in queries.of_alarm(alarm)
        if one.answer_fact_id is not None
    }
