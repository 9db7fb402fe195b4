"""Frames as JSON: what ``jiaoan frames decode`` and ``jiaoan tap`` show.

Names are those of the vectors (``tests/vectors``), in the standard's neutral terms. A body is
described from its own fields; :data:`NAMES` holds every name that differs from the field's.
Messages that the vectors have no names for are described in the same style and carry ``body_hex``
besides, as do those that are not read (unknown, encrypted, a part of a larger one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias, TypeVar

from jiaoan.kernel.clock import LOCAL
from jiaoan.wire.errors import BodyError
from jiaoan.wire.jt808 import areas, extras
from jiaoan.wire.jt808.answers import PlatformAnswer, RegisterAnswer, TerminalAnswer
from jiaoan.wire.jt808.areas import Point
from jiaoan.wire.jt808.batch import BadItem, LocationBatch
from jiaoan.wire.jt808.commands import LocationAnswer, ServerTime
from jiaoan.wire.jt808.data import Compressed
from jiaoan.wire.jt808.driver import Card
from jiaoan.wire.jt808.extras import ExtraItem
from jiaoan.wire.jt808.framing import (
    BadFrame,
    Fault,
    Frame,
    FrameReader,
    checksum,
    judge,
    judge_dump,
    strictly,
    unescape,
)
from jiaoan.wire.jt808.header import Header, Version
from jiaoan.wire.jt808.location import Location
from jiaoan.wire.jt808.login import Attributes, Authenticate, Register
from jiaoan.wire.jt808.media import MediaAnswer
from jiaoan.wire.jt808.messages import Body, Heartbeat, MessageId, Unknown, parse_body
from jiaoan.wire.jt808.parameters import Parameter, ParametersAnswer, SetParameters
from jiaoan.wire.jt808.profile import Profile
from jiaoan.wire.jt808.safety import AlarmPlace, Dsm, read_alarm
from jiaoan.wire.jt808.texts import TextMessage
from jiaoan.wire.jt808.tolerance import Tolerance

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Facts: TypeAlias = dict[str, Json]

NAMES: Mapping[tuple[type, str], str] = {
    (TerminalAnswer, "serial"): "reply_serial",
    (TerminalAnswer, "message_id"): "reply_id",
    (PlatformAnswer, "serial"): "reply_serial",
    (PlatformAnswer, "message_id"): "reply_id",
    (RegisterAnswer, "serial"): "reply_serial",
    (Register, "province"): "province_id",
    (Register, "city"): "city_id",
    (Register, "maker"): "maker_id",
    (Register, "model"): "terminal_model",
    (Register, "plate_colour"): "plate_color",
    (Register, "layout"): "register_layout",
    (Authenticate, "software"): "software_version",
    (Attributes, "maker"): "maker_id",
    (Attributes, "model"): "terminal_model",
    (Attributes, "hardware"): "hardware_version",
    (Attributes, "firmware"): "firmware_version",
    (TextMessage, "flag"): "text_flag",
    (TextMessage, "kind"): "text_type",
    (areas.Circle, "center_latitude"): "center_latitude_raw",
    (areas.Circle, "center_longitude"): "center_longitude_raw",
    (areas.RoutePoint, "latitude"): "latitude_raw",
    (areas.RoutePoint, "longitude"): "longitude_raw",
    (areas.AskAreas, "kind"): "area_type",
    (areas.AreasAnswer, "kind"): "area_type",
    (LocationBatch, "kind"): "batch_type",
    (LocationBatch, "count"): "item_count",
}
"""JSON names that are not the name of the field. Octets get ``_hex`` behind their name."""

_LEFT_OUT: frozenset[tuple[type, str]] = frozenset({(Dsm, "reserved")})
_NAMED = frozenset(
    {
        MessageId.TERMINAL_ANSWER,
        MessageId.HEARTBEAT,
        MessageId.LOG_OFF,
        MessageId.TERMINAL_RESEND,
        MessageId.REGISTER,
        MessageId.AUTHENTICATE,
        MessageId.PARAMETERS_ANSWER,
        MessageId.LOCATION,
        MessageId.LOCATION_ANSWER,
        MessageId.CONTROL_VEHICLE_ANSWER,
        MessageId.DRIVER_CARD,
        MessageId.LOCATION_BATCH,
        MessageId.MEDIA_NOTICE,
        MessageId.MEDIA_UPLOAD,
        MessageId.SHOOT_ANSWER,
        MessageId.PASSTHROUGH_UP,
        MessageId.FILE_LIST,
        MessageId.FILE_INFO,
        MessageId.FILE_SENT,
        MessageId.PLATFORM_ANSWER,
        MessageId.PLATFORM_RESEND,
        MessageId.SERVER_TIME,
        MessageId.REGISTER_ANSWER,
        MessageId.SET_PARAMETERS,
        MessageId.ASK_PARAMETERS,
        MessageId.ASK_LOCATION,
        MessageId.TRACK,
        MessageId.CONFIRM_ALARM,
        MessageId.TEXT,
        MessageId.SET_CIRCLES,
        MessageId.DELETE_CIRCLES,
        MessageId.SET_RECTANGLES,
        MessageId.MEDIA_ANSWER,
        MessageId.SHOOT,
        MessageId.PLATFORM_KEY,
        MessageId.UPLOAD_ORDER,
        MessageId.FILE_ANSWER,
    }
)
"""Messages whose fields the vectors name."""

_SENTENCES: Mapping[Fault, str] = {
    Fault.NOISE: "Octets outside any frame: a frame stands between two 0x7e.",
    Fault.CUT: "The frame has no closing 0x7e: the line may be cut off.",
    Fault.OVERLONG: "No closing 0x7e within the length that the longest frame can have.",
    Fault.TOO_SHORT: "Too few octets for a header and a checksum.",
    Fault.BAD_ESCAPE: "0x7d is followed by neither 01 nor 02.",
    Fault.BAD_CHECKSUM: "The checksum does not agree: at least one octet was changed.",
    Fault.LENGTH_MISMATCH: "The body is not as long as the header says.",
    Fault.BAD_BLOCK: "A data block without a readable name.",
}
_FAULT_NAMES: Mapping[Fault, str] = {Fault.CUT: "unterminated_or_bad_flag"}


def describe_frame(octets: bytes, *, profile: Profile | None = None, strict: bool = False) -> Facts:
    """What one line of octets holds: one frame, with its flags or without, or several of them.

    Never raises: what is no frame, or has a body that breaks its table, has a field ``error``.
    """
    if not octets.startswith(b"\x7e") and not octets.endswith(b"\x7e"):
        return describe(_alone(octets, strict), profile, strict=strict)
    reader = FrameReader(strict=strict)
    found = reader.receive(octets) + reader.end()
    real = [one for one in found if not _is_noise(one)]
    if not strict and not any(isinstance(one, Frame) for one in real):
        dump = judge_dump(octets[1:-1])
        real = [dump] if dump else real
    if len(real) == 1:
        return describe(real[0], profile, strict=strict)
    if not real:
        return describe(BadFrame(Fault.CUT if found else Fault.TOO_SHORT, octets.strip(b"\x7e")))
    return _several(real, profile, strict=strict)


def _is_noise(one: Frame | BadFrame) -> bool:
    return isinstance(one, BadFrame) and one.fault is Fault.NOISE


def _alone(octets: bytes, strict: bool) -> Frame | BadFrame:
    """Octets without flags, with or without their escapes."""
    found = judge(octets)
    if isinstance(found, BadFrame):
        found = judge_dump(octets) or found
    return strictly(found) if strict else found


def _several(found: Sequence[Frame | BadFrame], profile: Profile | None, *, strict: bool) -> Facts:
    good = [_hex(one.header.message_id, 4) for one in found if isinstance(one, Frame)]
    frames = [describe(one, profile, strict=strict) for one in found]
    if not good:
        return frames[0] | {"frames": frames}
    whole = len(good) == len(found)
    return {"frames": frames, "message_ids" if whole else "message_ids_recovered": good}


def describe(
    found: Frame | BadFrame, profile: Profile | None = None, *, strict: bool = False
) -> Facts:
    """One frame, or why it is none."""
    if isinstance(found, BadFrame):
        return _describe_bad(found)
    facts = describe_header(found.header)
    noted = list(found.tolerated)
    try:
        body = parse_body(found, profile, strict=strict, noted=noted)
        facts |= describe_body(body, found)
    except BodyError as wrong:
        facts |= {
            "error": str(wrong.fault),
            "sentence": f"The body does not follow its table: {wrong}.",
            "body_hex": found.body.hex(),
        }
    if noted:
        facts["tolerated"] = [str(rule) for rule in dict.fromkeys(noted)]
        if {Tolerance.BARE_7D_CHECKSUM, Tolerance.BARE_7E_CHECKSUM} & set(noted):
            facts["checksum_ok"] = True
    return facts


def _describe_bad(bad: BadFrame) -> Facts:
    undone = unescape(bad.raw)
    plain = undone[0] if undone else b""
    facts: Facts = {
        "error": _FAULT_NAMES.get(bad.fault, str(bad.fault)),
        "sentence": _SENTENCES[bad.fault] + _figures(bad, plain),
    }
    return facts | ({"unescaped_payload_hex": plain.hex()} if undone else {})


def _figures(bad: BadFrame, plain: bytes) -> str:
    """What was found against what was said, where both are numbers."""
    if bad.fault is Fault.BAD_CHECKSUM:
        return f" It is {plain[-1]:02x}, the octets before it give {checksum(plain[:-1]):02x}."
    if bad.fault is Fault.LENGTH_MISMATCH and bad.header:
        there = len(plain) - bad.header.octets - 1
        return f" It says {bad.header.body_length} octets, {there} are there."
    return ""


def describe_header(header: Header) -> Facts:
    """The header alone."""
    facts: Facts = {
        "message_id": _hex(header.message_id, 4),
        "version": str(header.version),
        "body_length": header.body_length,
        "encryption": header.encryption,
        "subpackage": header.package is not None,
        "terminal_phone_raw": header.phone,
        "terminal_phone": header.terminal,
        "serial": header.serial,
    }
    if header.version is Version.V2019:
        facts["protocol_version"] = header.protocol_version
    if header.package:
        facts |= {"package_total": header.package.total, "package_index": header.package.index}
    return facts


def describe_body(body: Body, frame: Frame) -> Facts:
    """The fields of a body, without its header."""
    if isinstance(body, Unknown):
        return {"body_hex": body.octets.hex()}
    facts = _row(body)
    if isinstance(body, Location):
        for item in body.extras:
            facts |= _beside(item)
    if isinstance(body, SetParameters | ParametersAnswer):
        facts["params_named"] = dict(_named(body.params))
    if frame.header.message_id not in _NAMED:
        facts["body_hex"] = frame.body.hex()
    return facts


def _named(params: Sequence[Parameter]) -> Iterator[tuple[str, Json]]:
    """The parameters that the text names, beside their octets; a text that is none is left out."""
    for one in params:
        with suppress(BodyError):
            if one.named:
                yield one.named.name, one.meaning()


def describe_location(one: Location) -> Facts:
    """A location alone, as messages of 809 carry it."""
    facts = _row(one)
    for item in one.extras:
        facts |= _beside(item)
    return facts


def _hex(number: int, digits: int) -> str:
    return f"0x{number:0{digits}x}"


def _row(one: object) -> Facts:
    """The fields of a dataclass, those of its flat parts among them."""
    special = _SPECIAL.get(type(one))
    if special:
        return special(one)
    facts: Facts = {}
    for name, value in _values(one):
        if isinstance(value, Location):
            # Only an answer has room for extra items.
            facts |= location(value) if isinstance(one, LocationAnswer) else place(value)
        elif isinstance(value, AlarmPlace | Card):
            facts |= _row(value)
        else:
            key = NAMES.get((type(one), name), name)
            facts[key + ("_hex" if isinstance(value, bytes) else "")] = _value(key, value)
    return facts


def _values(one: object) -> Iterator[tuple[str, object]]:
    """The fields that are there: ``None`` stands for "not there", but for a time for "no time"."""
    if not is_dataclass(one):
        return
    for field in fields(one):
        value = getattr(one, field.name)
        absent = value is None and field.default is None
        if not absent and (type(one), field.name) not in _LEFT_OUT:
            yield field.name, value


def _time(value: datetime | None, zone: tzinfo = LOCAL) -> str | None:
    return None if value is None else value.astimezone(zone).isoformat()


def _value(name: str, value: object) -> Json:
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_value(name, one) for one in value]
    if isinstance(value, Point):
        return [value.latitude, value.longitude]
    if isinstance(value, int):
        return _hex(value, _AS_HEX[name]) if name in _AS_HEX else int(value)
    if value is None or isinstance(value, float | str):
        return value if value is None or isinstance(value, float) else str(value)
    return _row(value)


_AS_HEX = {"reply_id": 4, "param_ids": 4}


_SPECIAL: dict[type, Callable[[object], Facts]] = {}
One = TypeVar("One")


def _describes(kind: type[One]) -> Callable[[Callable[[One], Facts]], Callable[[One], Facts]]:
    """Marks the function that describes this kind, where its fields alone do not."""

    def take(function: Callable[[One], Facts]) -> Callable[[One], Facts]:
        _SPECIAL[kind] = lambda one: function(one) if isinstance(one, kind) else {}
        return function

    return take


@_describes(ServerTime)
def _server_time(one: ServerTime) -> Facts:
    return {"time": _time(one.time, UTC)}


@_describes(Parameter)
def _parameter(one: Parameter) -> Facts:
    return {"id": _hex(one.id, 4), "hex": one.value.hex()}


@_describes(MediaAnswer)
def _media_answer(one: MediaAnswer) -> Facts:
    facts: Facts = {"media_id": one.media_id, "retransmit_ids": list(one.retransmit_ids or ())}
    return facts if one.reply_serial is None else {"reply_serial": one.reply_serial} | facts


@_describes(Compressed)
def _compressed(one: Compressed) -> Facts:
    facts: Facts = {"data_length": len(one.data), "data_hex": one.data.hex()}
    try:
        inside = one.unpacked()
    except BodyError as wrong:
        return facts | {"unpacked_error": str(wrong)}
    return facts | {"unpacked_length": len(inside), "unpacked_hex": inside.hex()}


@_describes(LocationBatch)
def _batch(one: LocationBatch) -> Facts:
    return {
        "item_count": one.count,
        "batch_type": one.kind,
        "items": [
            {"error": "too_short", "sentence": item.reason, "hex": item.octets.hex()}
            if isinstance(item, BadItem)
            else location(item)
            for item in one.items
        ],
    }


@_describes(Heartbeat)
def _heartbeat(one: Heartbeat) -> Facts:
    return {"body_hex": one.octets.hex()} if one.octets else {}


@_describes(AlarmPlace)
def _alarm_place(one: AlarmPlace) -> Facts:
    return {
        "speed_kmh": one.speed_kmh,
        "altitude_m": one.altitude_m,
        "latitude": one.raw_latitude / 1e6,
        "longitude": one.raw_longitude / 1e6,
        "time": _time(one.time),
        "vehicle_state": one.vehicle_state,
        "alarm_sign": _row(one.alarm_sign),
    }


def place(one: Location) -> Facts:
    """The 28 octets of a location."""
    return {
        "alarm": one.alarm,
        "status": one.status,
        "latitude_raw": one.raw_latitude,
        "longitude_raw": one.raw_longitude,
        "latitude": one.latitude / 1e6,
        "longitude": one.longitude / 1e6,
        "altitude_m": one.altitude,
        "speed_kmh": one.speed / 10,
        "direction_deg": one.direction,
        "time": _time(one.time),
    }


@_describes(Location)
def location(one: Location) -> Facts:
    """A whole 0x0200 body."""
    facts = place(one) | {"extras": [extra(item) for item in one.extras]}
    if one.trailing:
        facts["extras_trailing_hex"] = one.trailing.hex()
    return facts


def _beside(item: ExtraItem) -> Facts:
    """Items of 2019 that the vectors keep as octets: their values stand beside the items of a
    live report, so that the items look alike everywhere."""
    match item.meaning():
        case extras.TyrePressures(values):
            return {"tyre_pressures": list(values)}
        case extras.Number("cabin_temperature", degrees, _, _):
            return {"cabin_temperature_c": degrees}
    return {}


_NUMBERS = {
    "mileage": "mileage_km",
    "fuel": "fuel_l",
    "recorder_speed": "recorder_speed_kmh",
    "alarm_to_confirm": "manual_alarm_id",
    "vehicle_signals": "vehicle_signal_bits",
    "io_status": "io_bits",
    "signal_strength": "signal_strength",
    "satellites": "satellites",
}


def extra(item: ExtraItem) -> Facts:
    """One extra item: id, length and octets always, and what they mean where they are read."""
    facts: Facts = {
        "id": _hex(item.id, 2),
        "length": len(item.octets),
        "hex": item.octets.hex(),
    }
    alarm = read_alarm(item.id, item.octets)
    return facts | (_row(alarm[0]) if alarm else _meaning(item))


def _meaning(item: ExtraItem) -> Facts:
    match item.meaning():
        case extras.Number(name, value, step, _) if name in _NUMBERS:
            return {_NUMBERS[name]: round(value * step, 1) if step != 1 else value}
        case extras.AnalogueInputs(ad0, ad1):
            return {"ad0": ad0, "ad1": ad1}
        case extras.AreaAlarm(kind, None):
            return {"location_type": kind}
        case extras.AreaAlarm(kind, area):
            return {"location_type": kind, "area_id": area}
        case extras.AreaPassage(kind, area, direction):
            return {"location_type": kind, "area_id": area, "direction": direction}
        case extras.SectionTime(section, seconds, result):
            return {"route_id": section, "drive_time_s": seconds, "result": result}
    return {}
