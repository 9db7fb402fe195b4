"""A request to an enterprise for the matrix: the clerk asked about the alarm of one vehicle."""

from __future__ import annotations

from hazmat_world import alarm_of
from jiaoan.scope import SystemActor
from jiaoan.watch.appeals import actions
from jiaoan.watch.appeals.actions import Upload
from jiaoan.watch.models import AnswerFile, AnswerRequest
from portal.matrix import World

_FIRM = SystemActor("firm", frozenset({"alarm.answer"}))


def asked_of(world: World) -> AnswerRequest:
    """The alarm of an outside vehicle whose carrier has an account here, so it has both ways."""
    alarm = alarm_of(world)
    found = AnswerRequest.objects.filter(alarm=alarm).first()
    if found is not None:
        return found
    clerk = world.person("safety_clerk")
    return actions.ask(clerk, world.clock, alarm, question="请说明未备案入区的原因")


def answer_file_of(world: World) -> AnswerFile:
    asked = asked_of(world)
    found = asked.files.first()
    upload = Upload("行车记录.txt", "text/plain", b"06:40")
    return found or actions.attach(_FIRM, world.clock, asked, [upload])[0]
