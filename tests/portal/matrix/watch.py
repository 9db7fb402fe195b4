"""The alarm desk: everybody of the bureau looks, the safety section handles."""

from __future__ import annotations

from collections.abc import Mapping

from command_world import command_of, file_of, upload_of, vehicle_with_terminal
from hazmat_world import alarm_of
from jiaoan.registry.models import Place, PlaceKind, PlaceRole
from portal.matrix import Row, World

LOOKERS = ("safety_clerk", "section_head", "leader")
NOT = ("administrator", "outside_carrier")
NOT_HANDLERS = ("section_head", "leader", "enterprise", "administrator", "outside_carrier")


def one(world: World) -> Mapping[str, object]:
    return {"pk": alarm_of(world).pk}


def note(_world: World) -> Mapping[str, object]:
    return {"kind": "phone", "note": "已电话核实"}


def vehicle(world: World) -> Mapping[str, object]:
    return {"pk": vehicle_with_terminal(world).pk}


def with_command(world: World) -> Mapping[str, object]:
    return {"pk": command_of(world).vehicle_id}


def sentence(_world: World) -> Mapping[str, object]:
    return {"text": "前方危货禁行"}


def camera(_world: World) -> Mapping[str, object]:
    return {"channel": "1", "count": "1"}


def memory(_world: World) -> Mapping[str, object]:
    return {"type": "0", "camera": "0", "event": "1"}


def number(_world: World) -> Mapping[str, object]:
    return {"medium": "7"}


def tracked(_world: World) -> Mapping[str, object]:
    return {"interval": "5", "minutes": "10"}


def area(_world: World) -> Mapping[str, object]:
    place, _ = Place.objects.get_or_create(
        name="示意禁行区",
        kind=PlaceKind.FORBIDDEN,
        role=PlaceRole.FORBIDDEN,
        geometry={
            "type": "Polygon",
            "coordinates": [[[113.2, 29.4], [113.3, 29.4], [113.3, 29.5], [113.2, 29.4]]],
        },
    )
    return {"place": str(place.pk), "alarm": "enter"}


def round_(_world: World) -> Mapping[str, object]:
    return {"shape": "circle", "number": "7"}


def limit(_world: World) -> Mapping[str, object]:
    return {"p85": "80"}


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
    Row("alarm_ask", "POST", ("safety_clerk",), NOT_HANDLERS, status=302, kwargs=one, data=note),
    Row(
        "alarm_take_back",
        "POST",
        ("safety_clerk",),
        NOT_HANDLERS,
        status=409,
        kwargs=one,
        data=note,
    ),
    Row("alarm_decide", "POST", ("safety_clerk",), NOT_HANDLERS, status=409, kwargs=one, data=note),
    # The terminal of a vehicle: its firm looks, only the safety section speaks.
    Row(
        "vehicle_terminal",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        elsewhere=("enterprise",),
        kwargs=with_command,
    ),
    Row(
        "vehicle_commands",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        elsewhere=("enterprise",),
        kwargs=with_command,
    ),
    *(
        Row(name, "POST", ("safety_clerk",), NOT_HANDLERS, status=302, kwargs=vehicle, data=data)
        for name, data in (
            ("command_text", sentence),
            ("command_locate", sentence),
            ("command_read", sentence),
            ("command_set", limit),
            ("command_photo", camera),
            ("command_stored", memory),
            ("command_medium", number),
            ("command_track", tracked),
            ("command_untrack", tracked),
            ("command_area", area),
            ("command_areas_ask", round_),
        )
    ),
    Row(
        "vehicle_areas",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        elsewhere=("enterprise",),
        kwargs=with_command,
    ),
    # What was not sent from here cannot be taken away.
    Row(
        "command_area_delete",
        "POST",
        ("safety_clerk",),
        NOT_HANDLERS,
        status=422,
        kwargs=vehicle,
        data=round_,
    ),
    # Without platforms in the settings there is nobody to ask.
    Row("vehicle_order", "POST", ("safety_clerk",), NOT_HANDLERS, status=422, kwargs=vehicle),
    Row("vehicle_papers", "POST", ("safety_clerk",), NOT_HANDLERS, status=422, kwargs=vehicle),
    Row(
        "terminal_file",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        elsewhere=("enterprise",),
        elsewhere_status=404,
        kwargs=lambda world: {"pk": file_of(world).pk},
    ),
    Row(
        "vehicle_uploads",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        elsewhere=("enterprise",),
        kwargs=lambda world: {"pk": upload_of(world).vehicle_id},
    ),
    Row(
        "terminal_upload",
        allowed=(*LOOKERS, "enterprise"),
        denied=NOT,
        elsewhere=("enterprise",),
        elsewhere_status=404,
        kwargs=lambda world: {"pk": upload_of(world).pk},
    ),
]
