"""Supervision between platforms: the bureau looks, the safety section answers and asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from jiaoan.scope import SystemActor
from jiaoan.watch.models import Post, Supervision
from jiaoan.watch.others.actions import take
from jiaoan.watch.posts.actions import receive
from jiaoan.watch.supervision.actions import receive_request
from jiaoan.watch.supervision.messages import Asked, Other, Request
from portal.matrix import Row, World

LOOKERS = ("safety_clerk", "section_head", "leader")
NOT = ("administrator", "outside_carrier")
NOT_HANDLERS = ("section_head", "leader", "enterprise", "administrator", "outside_carrier")
_LINK = SystemActor("matrix", frozenset({"alarm.open"}))


def item_of(world: World) -> Supervision:
    """A request of a superior about a vehicle of the home firm."""
    vehicle, now = world.vehicle(), world.clock.now()
    asked = Request(
        "示意市级平台", 43060000, 7, 3, 1, now, now + timedelta(hours=2), 1, vehicle.plate,
        vehicle.plate_colour, "李四", "0730", "", 5, None, None, now,
    )  # fmt: skip
    return receive_request(_LINK, world.clock, asked)


def one(world: World) -> Mapping[str, object]:
    return {"pk": item_of(world).pk}


def post_of(world: World) -> Post:
    """A post query of a superior."""
    now = world.clock.now()
    asked = Asked(
        "示意市级平台", 43060000, "query", 1, "4306", 7, "请回复值班人员姓名", 5,
        now + timedelta(seconds=90), now,
    )  # fmt: skip
    return receive(_LINK, world.clock, asked)


def post(world: World) -> Mapping[str, object]:
    return {"pk": post_of(world).pk}


def other(world: World) -> Mapping[str, object]:
    """A message of a superior that nothing acts on."""
    told = Other(
        "other-1", "subordinate", "示意市级平台", 43060000, "no_procedure", "", "", "", 0x9200,
        0x92FF, "2019", "", None, 5, None, b"\x00", 1, world.clock.now(),
    )  # fmt: skip
    return {"pk": take(_LINK, world.clock, told).pk}


def words(_world: World) -> Mapping[str, object]:
    return {"text": "在岗"}


def result(_world: World) -> Mapping[str, object]:
    return {"result": "1", "note": "已约谈驾驶员"}


ROWS = [
    Row("supervisions", allowed=(*LOOKERS, "enterprise"), denied=NOT),
    Row(
        "supervision",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        elsewhere=("enterprise",),
        elsewhere_status=404,
        kwargs=one,
    ),
    Row(
        "supervision_answer",
        "POST",
        ("safety_clerk",),
        NOT_HANDLERS,
        status=302,
        kwargs=one,
        data=result,
    ),
    # About no vehicle: for who sees the whole district.
    Row("posts", allowed=(*LOOKERS, "enterprise"), denied=NOT),
    Row("post", allowed=LOOKERS, denied=NOT, kwargs=post),
    Row(
        "post_answer", "POST", ("safety_clerk",), NOT_HANDLERS, status=302, kwargs=post, data=words
    ),
    # Without platforms in the settings the form says so, and a query has nobody to go to.
    Row("post_new", allowed=("safety_clerk",), denied=NOT_HANDLERS),
    Row("post_new", "POST", ("safety_clerk",), NOT_HANDLERS, status=422),
    Row("platform_messages", allowed=(*LOOKERS, "enterprise"), denied=NOT),
    Row("platform_message", allowed=LOOKERS, denied=NOT, kwargs=other),
    Row(
        "platform_messages_see",
        "POST",
        ("safety_clerk",),
        NOT_HANDLERS,
        status=302,
        data=lambda world: {"upto": other(world)["pk"]},
    ),
    Row("upward_reports", allowed=(*LOOKERS, "enterprise"), denied=NOT),
    Row("reported_alarms", allowed=(*LOOKERS, "enterprise"), denied=NOT),
    Row("supervision_new", allowed=("safety_clerk",), denied=NOT_HANDLERS),
    Row("supervision_new", "POST", ("safety_clerk",), NOT_HANDLERS, status=422),
]
