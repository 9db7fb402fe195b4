"""Orders about a vehicle 车辆监管 (0x9501 to 0x9505), its static data (0x9601), and their answers.

What the worker is told of them, and what it wants to have said.

An order and an answer are each one JSON object with the sub id as ``message``; what the table of
the message holds besides stands under ``arguments`` or beside it, times in ISO 8601, octets in
hexadecimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from jiaoan.wire.jt809 import Edition
from jiaoan.wire.jt809.control import (
    EmergencyAccess,
    MonitorRequest,
    PhotoAnswer2011,
    PhotoAnswer2019,
    PhotoAnswerBody,
    PhotoRequest,
    RecorderAnswer,
    RecorderAnswer2019,
    RecorderRequest,
    RecorderRequest2019,
    StaticAnswer2019,
    TextAnswer,
    TextAnswerLong,
    TextRequest,
)
from jiaoan.wire.jt809.exchange import Answer, SourceAnswer, VehicleInfo
from jiaoan.wire.jt809.line import Received
from jiaoan.wire.jt809.links import Empty
from jiaoan.wire.jt809.location import GnssBlock
from jiaoan.wire.jt809.table import Table

Value = dict[str, object]
ANSWERED: Final = frozenset({0x1501, 0x1502, 0x1503, 0x1504, 0x1601})
"""Answers to orders of ours; emergency access (0x1505) is not among them."""
_URGENT = 0
MOST_PHOTO = 400_000
"""Octets of a photograph that go over the bus; of a longer one only its length is told, the whole
stands in the log."""


def told_order(one: Received) -> Value | None:
    """What a superior wants of a vehicle; ``None`` for anything else."""
    number = 0
    match one.message.content:
        case MonitorRequest(tel):
            said: Value = {"tel": tel}
        case PhotoRequest(lens, size):
            said = {"lens": lens, "size": size}
        case TextRequest(number, priority, text):
            said = {"text": text, "urgent": priority == _URGENT}
        case RecorderRequest(command):
            said = {"command": command}
        case RecorderRequest2019(start, end, command):
            said = {"command": command, "start": _iso(start), "end": _iso(end)}
        case EmergencyAccess() as access:
            said = {
                "auth_code": access.auth_code_hex.hex(),
                "access_point": access.access_point,
                "user_name": access.user_name,
                "password": access.dial_password,
                "server": access.server_ip,
                "tcp_port": access.tcp_port,
                "udp_port": access.udp_port,
                "end": _iso(access.end_time),
            }
        case Empty() if one.message.sub_type == 0x9601:
            said = {}
        case _:
            return None
    return {
        "kind": "vehicle_order",
        "message": one.message.sub_type,
        "number": number,
        "arguments": said,
    }


def told_answer(one: Received) -> Value | None:
    """What a subordinate answers about a vehicle; ``None`` for anything else."""
    if one.message.sub_type not in ANSWERED:
        return None
    match one.message.content:
        case Answer(result):
            said: Value = {"result": result}
        case SourceAnswer(_, serial, result):
            said = {"source_serial": serial, "result": result}
        case PhotoAnswer2011() | PhotoAnswer2019() | PhotoAnswerBody() as photo:
            said = {
                "source_serial": getattr(photo, "source_serial", None),
                "result": photo.result,
                "lens": photo.lens,
                "format": photo.photo_format,
                "size": len(photo.photo),
                "octets": photo.photo.hex() if len(photo.photo) <= MOST_PHOTO else None,
            }
        case TextAnswer(number, result):
            said = {"number": number, "result": result}
        case TextAnswerLong(_, serial, number, result):
            said = {"source_serial": serial, "number": number, "result": result}
        case RecorderAnswer(_, data):
            said = {"octets": data.hex(), "size": len(data)}
        case RecorderAnswer2019(_, serial, _, data):
            said = {"source_serial": serial, "octets": data.hex(), "size": len(data)}
        case VehicleInfo(text):
            said = {"text": text}
        case StaticAnswer2019(_, serial, text):
            said = {"source_serial": serial, "text": text}
        case _:
            return None
    return {"kind": "vehicle_answer", "message": one.message.sub_type} | said


def order_table(order: Mapping[str, object], edition: Edition) -> Table:
    """The table of an order of ours; ``KeyError`` or ``ValueError`` for a bad one."""
    said = order["arguments"]
    if not isinstance(said, Mapping):
        raise ValueError("arguments are no object")
    match order["message"]:
        case 0x9501:
            return MonitorRequest(str(said["tel"]))
        case 0x9502:
            return PhotoRequest(_number(said["lens"]), _number(said["size"]))
        case 0x9503:
            priority = 0 if said["urgent"] else 1
            return TextRequest(_number(order["number"]), priority, str(said["text"]))
        case 0x9504 if edition is Edition.V2011:
            return RecorderRequest(_number(said["command"]))
        case 0x9504:
            span = _moment(said.get("start")), _moment(said.get("end"))
            return RecorderRequest2019(*span, _number(said["command"]))
        case 0x9601:
            return Empty()
    raise ValueError(f"no order of ours: {order['message']}")


def answer_table(order: Mapping[str, object], edition: Edition) -> Table:
    """The table of an answer of ours; in 2019 it names the frame that asked (``serial``)."""
    new, message = edition is Edition.V2019, _number(order["message"])
    asked, serial = message | 0x8000, _number(order["serial"])
    match message:
        case 0x1501 | 0x1505:
            result = _number(order["result"])
            return SourceAnswer(asked, serial, result) if new else Answer(result)
        case 0x1502:
            return _photo(order, SourceAnswer(asked, serial, 0) if new else None)
        case 0x1503:
            result = _number(order["result"])
            if new:
                return SourceAnswer(asked, serial, result)
            return TextAnswer(_number(order["number"]), result)
        case 0x1504:
            command, data = _number(order["command"]), bytes.fromhex(str(order["octets"]))
            if new:
                return RecorderAnswer2019(asked, serial, command, data)
            return RecorderAnswer(command, data)
        case 0x1601:
            text = str(order["text"])
            return StaticAnswer2019(asked, serial, text) if new else VehicleInfo(text)
    raise ValueError(f"no answer of ours: {message}")


def _photo(order: Mapping[str, object], source: SourceAnswer | None) -> Table:
    photo = bytes.fromhex(str(order["octets"]))
    rest = (
        _number(order["result"]), _block(order), _number(order["lens"]), len(photo),
        _number(order["size"]), _number(order["format"]), photo,
    )  # fmt: skip
    if source is None:
        return PhotoAnswer2011(*rest)
    return PhotoAnswer2019(source.source_type, source.source_serial, *rest)


def _block(order: Mapping[str, object]) -> GnssBlock:
    """Where the picture was taken; all zeros where that is not known."""
    place = order.get("place")
    if not isinstance(place, Mapping):
        return GnssBlock(0, None, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    lat, lon = _number(place["lat"], signed=True), _number(place["lon"], signed=True)
    fixed, south, west = 1 << 1, (1 << 2) * (lat < 0), (1 << 3) * (lon < 0)
    speed = round(_number(place.get("speed", 0)) / 10)
    direction = _number(place.get("direction", 0))
    at, status = _moment(place.get("at")), fixed | south | west
    return GnssBlock(0, at, abs(lon), abs(lat), speed, 0, 0, direction, 0, status, 0)


def _number(value: object, *, signed: bool = False) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or (value < 0 and not signed):
        raise ValueError(f"{value!r} is no number")
    return value


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return moment.astimezone(UTC)


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
