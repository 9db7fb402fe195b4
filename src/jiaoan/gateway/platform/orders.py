"""Orders of the worker as messages of 809."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from jiaoan.gateway.platform.control import answer_table, order_table
from jiaoan.wire.jt809 import Edition, Message
from jiaoan.wire.jt809.alarms import (
    AlarmReport2011,
    AlarmReport2019,
    AlarmResult2011,
    SupervisionAnswer2011,
    SupervisionAnswer2019,
    SupervisionRequest,
)
from jiaoan.wire.jt809.exchange import (
    Driver2011,
    DriverAnswer2019,
    SourceAnswer,
    WaybillAnswer2019,
    WaybillText,
)
from jiaoan.wire.jt809.line import Terms
from jiaoan.wire.jt809.links import Empty
from jiaoan.wire.jt809.posts import (
    PlatformText2019,
    PostAnswer2019,
    PostQuery2011,
    PostQuery2019,
    Source,
    TextAnswer2011,
)

Value = Mapping[str, object]
_TOLD: Final = ("driver_told", "waybill_told")
_VEHICLE: Final = ("vehicle_order", "vehicle_answer")
_PAPERS: Final = {"driver_request": 0x920A, "waybill_request": 0x920B}
"""Requests for the papers of a vehicle; they carry nothing but its plate and colour."""


class BadOrder(ValueError):
    """An order of the worker that cannot be carried out: it is told back, not tried again."""


def message_of(order: Value, terms: Terms) -> Message:
    """The message of an order; ``ValueError``, ``KeyError`` or ``TypeError`` for a bad one."""
    edition, kind = terms.edition, str(order["kind"])
    about: tuple[str | None, int | None] = (None, None)
    # Alarm messages of 2019 have no plate in front, unless the two sides agreed otherwise.
    always = kind in (*_PAPERS, *_TOLD, *_VEHICLE)
    plated = edition is Edition.V2011 or terms.plate_in_alarms or always
    if order.get("plate") is not None and plated:
        about = (str(order["plate"]), _int(order, "plate_colour"))
    match kind:
        case "supervision_answer":
            return Message.of(0x1401, _answer(order, edition), *about)
        case "supervision_request":
            return Message.of(0x9401, _asked(order), *about)
        case "post_answer":
            return Message.of(0x1301, _post_answer(order, edition))
        case "post_read":
            return Message.of(0x1302, _post_read(order, edition))
        case "post_query":
            return Message.of(0x9301, _post_query(order, edition))
        case "post_message":
            return Message.of(0x9302, _post_message(order, edition))
        case "driver_request" | "waybill_request":
            return Message.of(_PAPERS[kind], Empty(), *about)
        case "driver_told":
            return Message.of(0x120A, _driver(order, edition), *about)
        case "waybill_told":
            return Message.of(0x120B, _waybill(order, edition), *about)
        case "vehicle_order":
            return Message.of(_int(order, "message"), order_table(order, edition), *about)
        case "vehicle_answer":
            return Message.of(_int(order, "message"), answer_table(order, edition), *about)
        case "alarm_report":
            return Message.of(0x1402, _alarm(order, edition), *about)
        case "alarm_result" if edition is Edition.V2011:
            result = AlarmResult2011(_int(order, "number"), _int(order, "result"))
            return Message.of(0x1403, result, *about)
        case "alarm_result":
            return Message.of(0x1412, _result(order), *about)
    raise BadOrder(f"unknown kind {kind!r}")


def _answer(order: Value, edition: Edition) -> SupervisionAnswer2011 | SupervisionAnswer2019:
    number, result = _int(order, "number"), _int(order, "result")
    if edition is Edition.V2011:
        return SupervisionAnswer2011(number, result)
    # The request is the source where it did not name an alarm report itself.
    source = _int(order, "source_type") if order.get("source_type") else 0x9401
    serial = _int(order, "source_serial") if order.get("source_serial") else 0
    return SupervisionAnswer2019(number, source, serial, result)


def _post_answer(order: Value, edition: Edition) -> PostQuery2011 | PostAnswer2019:
    kind, object_id, text = _int(order, "object_type"), str(order["object_id"]), str(order["text"])
    if edition is Edition.V2011:
        return PostQuery2011(kind, object_id, _int(order, "number"), text)
    name, phone = str(order["responder"]), str(order["responder_phone"])
    return PostAnswer2019(kind, name, phone, object_id, 0x9301, _int(order, "serial"), text)


def _post_read(order: Value, edition: Edition) -> TextAnswer2011 | Source:
    if edition is Edition.V2011:
        return TextAnswer2011(_int(order, "number"))
    return Source(0x9302, _int(order, "serial"))


def _post_query(order: Value, edition: Edition) -> PostQuery2011 | PostQuery2019:
    kind, object_id, text = _int(order, "object_type"), str(order["object_id"]), str(order["text"])
    number = _int(order, "number")
    if edition is Edition.V2011:
        return PostQuery2011(kind, object_id, number, text)
    return PostQuery2019(kind, object_id, _int(order, "answer_seconds"), number, text)


def _post_message(order: Value, edition: Edition) -> PostQuery2011 | PlatformText2019:
    about = _int(order, "object_type"), str(order["object_id"])
    number, text = _int(order, "number"), str(order["text"])
    if edition is Edition.V2011:
        return PostQuery2011(*about, number, text)
    return PlatformText2019(*about, number, text)


def _driver(order: Value, edition: Edition) -> Driver2011 | DriverAnswer2019:
    names = ("name", "identity", "certificate", "issuer")
    name, identity, certificate, issuer = (str(order[field]) for field in names)
    if edition is Edition.V2011:
        return Driver2011(name, identity, certificate, issuer)
    until = _moment(order, "valid_until") if order.get("valid_until") else None
    serial = _int(order, "serial")
    return DriverAnswer2019(0x920A, serial, name, identity, certificate, issuer, until)


def _waybill(order: Value, edition: Edition) -> WaybillText | WaybillAnswer2019:
    text = str(order["text"])
    if edition is Edition.V2011:
        return WaybillText(text)
    return WaybillAnswer2019(0x920B, _int(order, "serial"), text)


def _alarm(order: Value, edition: Edition) -> AlarmReport2011 | AlarmReport2019:
    """0x1402; 2019 has the plate inside, and names no target: the receiver is the one on the
    link."""
    warn_type, warn_time, text = (
        _int(order, "warn_type"),
        _moment(order, "warn_time"),
        order["text"],
    )
    if edition is Edition.V2011:
        return AlarmReport2011(
            _int(order, "warn_source"), warn_type, warn_time, _int(order, "number"), str(text)
        )
    ended = _moment(order, "ended_at") if order.get("ended_at") else None
    plate, colour = str(order["plate"]), _int(order, "plate_colour")
    return AlarmReport2019(
        str(order["platform_id"]), warn_type, warn_time, warn_time, ended, plate, colour, "", 0,
        str(text),
    )  # fmt: skip


def _result(order: Value) -> SourceAnswer:
    """0x1412 names the frame of the report."""
    return SourceAnswer(0x1402, _int(order, "report_serial"), _int(order, "result"))


def _asked(order: Value) -> SupervisionRequest:
    return SupervisionRequest(
        _int(order, "warn_source"),
        _int(order, "warn_type"),
        _moment(order, "warn_time"),
        _int(order, "number"),
        _moment(order, "deadline"),
        _int(order, "level"),
        str(order["supervisor"]),
        str(order["tel"]),
        str(order["email"]),
    )


def _int(order: Value, name: str) -> int:
    value = order[name]
    if not isinstance(value, int):
        raise BadOrder(f"{name} is no number")
    return value


def _moment(order: Value, name: str) -> datetime:
    moment = datetime.fromisoformat(str(order[name]))
    if moment.tzinfo is None:
        raise BadOrder(f"{name} has no time zone")
    return moment.astimezone(UTC)
