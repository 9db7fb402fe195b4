"""The alarm desk: everybody of the bureau looks, the safety section handles."""

from __future__ import annotations

from collections.abc import Mapping

from hazmat_world import alarm_of
from portal.matrix import Row, World

LOOKERS = ("safety_clerk", "section_head", "leader")
NOT = ("administrator", "outside_carrier")
NOT_HANDLERS = ("section_head", "leader", "enterprise", "administrator", "outside_carrier")


def one(world: World) -> Mapping[str, object]:
    return {"pk": alarm_of(world).pk}


def note(_world: World) -> Mapping[str, object]:
    return {"kind": "phone", "note": "已电话核实"}


ROWS = [
    Row("alarms", allowed=(*LOOKERS, "enterprise"), denied=NOT),
    Row("alarm_queue", allowed=(*LOOKERS, "enterprise"), denied=NOT),
    Row(
        "alarms_export",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        kwargs=lambda _w: {"form": "xlsx"},
    ),
    Row(
        "alarm",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        elsewhere=("enterprise",),
        elsewhere_status=404,
        kwargs=one,
    ),
    Row(
        "alarm_again",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        elsewhere=("enterprise",),
        elsewhere_status=404,
        kwargs=one,
    ),
    Row(
        "alarm_dispose", "POST", ("safety_clerk",), NOT_HANDLERS, status=302, kwargs=one, data=note
    ),
    Row("alarm_close", "POST", ("safety_clerk",), NOT_HANDLERS, status=409, kwargs=one, data=note),
    Row("alarm_review", "POST", ("safety_clerk",), NOT_HANDLERS, status=409, kwargs=one, data=note),
    Row("alarm_reopen", "POST", ("safety_clerk",), NOT_HANDLERS, status=409, kwargs=one, data=note),
]
