"""我的报警: the firm that was asked answers; the desk reads its files; a link needs no account."""

from __future__ import annotations

from collections.abc import Mapping

from answer_world import answer_file_of, asked_of
from portal.matrix import Row, World

BUREAU = ("safety_clerk", "section_head", "leader", "administrator")
NOT_HANDLERS = ("section_head", "leader", "enterprise", "administrator", "outside_carrier")


def asked(world: World) -> Mapping[str, object]:
    return {"pk": asked_of(world).pk}


def file(world: World) -> Mapping[str, object]:
    return {"pk": answer_file_of(world).pk}


def token(world: World) -> Mapping[str, object]:
    return {"token": asked_of(world).token}


def explained(_world: World) -> Mapping[str, object]:
    return {"kind": "explain", "text": "已补办备案并教育驾驶员"}


ROWS = [
    Row("my_alarms", allowed=("enterprise", "outside_carrier"), denied=BUREAU),
    Row(
        "my_alarm",
        allowed=("enterprise",),
        denied=BUREAU,
        elsewhere=("enterprise", "outside_carrier"),
        elsewhere_status=404,
        kwargs=asked,
    ),
    Row(
        "my_alarm",
        "POST",
        allowed=("enterprise",),
        denied=BUREAU,
        elsewhere=("enterprise", "outside_carrier"),
        elsewhere_status=404,
        status=302,
        kwargs=asked,
        data=explained,
    ),
    Row(
        "my_alarm_file",
        allowed=("enterprise",),
        denied=BUREAU,
        elsewhere=("enterprise", "outside_carrier"),
        elsewhere_status=404,
        kwargs=file,
    ),
    Row("answer_file", allowed=("safety_clerk",), denied=NOT_HANDLERS, kwargs=file),
    Row("answer_link", public=True, nobody_status=200, kwargs=token),
    Row(
        "answer_link",
        "POST",
        public=True,
        status=302,
        nobody_status=302,
        kwargs=token,
        data=explained,
    ),
]
