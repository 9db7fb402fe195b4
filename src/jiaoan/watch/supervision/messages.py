"""What the links between platforms tell on ``platform.up``, checked before anything is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from jiaoan.journal.actions import Json


class BadMessage(ValueError):
    """A message that cannot be used: the text names the field. It is parked, not guessed at."""


@dataclass(frozen=True)
class Request:
    """A superior asks (0x9401)."""

    platform: str
    access_code: int
    number: int
    warn_source: int | None
    warn_type: int
    warn_time: datetime | None
    deadline: datetime | None
    level: int
    plate: str
    plate_colour: int | None
    supervisor: str
    tel: str
    email: str
    serial: int
    source_type: int | None
    source_serial: int | None
    received_at: datetime


@dataclass(frozen=True)
class Answer:
    """A subordinate answers: 0x1401 names the number of the request, 0x1411 of 2019 its frame."""

    platform: str
    access_code: int
    number: int | None
    result: int
    received_at: datetime
    source_serial: int | None = None


@dataclass(frozen=True)
class Asked:
    """A superior asks at the desk (0x9301, ``query``) or tells something (0x9302, ``message``)."""

    platform: str
    access_code: int
    kind: str
    object_type: int
    object_id: str
    number: int
    text: str
    serial: int
    deadline: datetime | None
    received_at: datetime


@dataclass(frozen=True)
class PostAnswered:
    """A subordinate answers our post query (0x1301, ``query``), or says that it read our message
    (0x1302, ``message``): 2011 names its number, 2019 the serial of its frame and who answered."""

    platform: str
    access_code: int
    kind: str
    number: int | None
    source_serial: int | None
    text: str
    responder: str
    responder_phone: str
    received_at: datetime


@dataclass(frozen=True)
class Papers:
    """A subordinate tells the driver or the waybill of a vehicle (0x120A to 0x120D); an answer of
    2019 names the frame that asked (``source_serial``)."""

    platform: str
    access_code: int
    message: int
    edition: str
    octets: bytes
    plate: str
    plate_colour: int | None
    serial: int
    source_serial: int | None
    received_at: datetime


@dataclass(frozen=True)
class PapersAsked:
    """A superior asks for the driver (0x920A) or the waybill (0x920B) of a vehicle."""

    platform: str
    access_code: int
    message: int
    plate: str
    plate_colour: int | None
    serial: int


@dataclass(frozen=True)
class VehicleOrder:
    """A superior wants something of a vehicle (0x9501 to 0x9505, 0x9601)."""

    platform: str
    access_code: int
    message: int
    number: int
    arguments: Mapping[str, Json]
    plate: str
    plate_colour: int | None
    serial: int
    received_at: datetime


@dataclass(frozen=True)
class VehicleAnswer:
    """A subordinate answers an order of ours (0x1501 to 0x1505, 0x1601). ``octets`` are a picture
    or a record; ``None`` where there are none or they were too long for the bus (``size``)."""

    platform: str
    access_code: int
    message: int
    number: int | None
    source_serial: int | None
    result: int | None
    text: str
    octets: bytes | None
    size: int
    lens: int | None
    format: int | None
    plate: str
    plate_colour: int | None
    serial: int
    received_at: datetime


@dataclass(frozen=True)
class AlarmReport:
    """A subordinate reports an alarm (0x1402; 0x1403 of 2019: ``early``, a warning before one), or
    a superior passes one on (0x9403; 0x9402: ``early``). ``role`` is ours."""

    platform: str
    access_code: int
    number: int | None
    warn_source: int | None
    warn_type: int
    warn_time: datetime | None
    ended_at: datetime | None
    plate: str
    plate_colour: int | None
    text: str
    early: bool
    serial: int | None
    received_at: datetime
    role: str = "superior"


@dataclass(frozen=True)
class AlarmHandled:
    """A subordinate says what became of an alarm that it reported: 0x1403 of 2011 names the number
    of the report, 0x1412 of 2019 the serial of its frame."""

    access_code: int
    number: int | None
    source_serial: int | None
    result: int
    received_at: datetime


@dataclass(frozen=True)
class Other:
    """A message that no procedure acts on, a frame that cannot be read, or a caller who was turned
    away, as it came. ``role`` is ours; told again it has the same ``id``."""

    id: str
    role: str
    platform: str
    access_code: int
    why: str
    reason: str
    detail: str
    host: str
    message_id: int | None
    message: int | None
    edition: str
    plate: str
    plate_colour: int | None
    serial: int | None
    result: int | None
    octets: bytes
    size: int
    received_at: datetime


@dataclass(frozen=True)
class OthersMore:
    """How many of those a process only counted on a day, by why."""

    role: str
    platform: str
    access_code: int
    why: str
    run: str
    day: str
    more: int
    received_at: datetime


@dataclass(frozen=True)
class Carried:
    """An order of ours was sent, or cannot be (``reason``)."""

    order: str
    at: datetime
    link: str
    serial: int | None
    reason: str


@dataclass(frozen=True)
class Nothing:
    """A kind that nobody here acts on: newer processes may tell more."""

    kind: str


Told = (
    Request
    | Answer
    | Asked
    | PostAnswered
    | Papers
    | PapersAsked
    | VehicleOrder
    | VehicleAnswer
    | AlarmReport
    | AlarmHandled
    | Other
    | OthersMore
    | Carried
    | Nothing
)
_POSTS = {"post_query": "query", "post_message": "message"}
_POST_ANSWERS = {"post_answer": "query", "post_read": "message"}


def parse(data: bytes) -> Told:
    """The message ``data`` as a value. Raises :class:`BadMessage`."""
    try:
        body = json.loads(data)
    except ValueError as error:
        raise BadMessage(f"no JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadMessage("no JSON object")
    place = _Fields(body)
    kind = place.text("kind")
    if kind == "supervision_request":
        return _request(place)
    if kind == "supervision_answer":
        return Answer(
            place.text("platform"),
            place.number("access_code"),
            place.maybe_number("number"),
            place.number("result"),
            place.moment("received_at"),
            place.maybe_number("source_serial"),
        )
    if kind in _POSTS:
        return _asked(place, _POSTS[kind])
    if kind == "alarm_report":
        return _reported(place)
    if kind == "alarm_result":
        return AlarmHandled(
            place.number("access_code"),
            place.maybe_number("number"),
            place.maybe_number("source_serial"),
            place.number("result"),
            place.moment("received_at"),
        )
    if kind in _POST_ANSWERS:
        return _post_answered(place, _POST_ANSWERS[kind])
    if kind == "papers":
        return _papers(place)
    if kind == "papers_asked":
        return PapersAsked(
            place.text("platform"),
            place.number("access_code"),
            place.number("message"),
            place.text("plate", ""),
            place.maybe_number("plate_colour"),
            place.number("serial"),
        )
    if kind == "vehicle_order":
        return VehicleOrder(
            place.text("platform"),
            place.number("access_code"),
            place.number("message"),
            place.number("number"),
            place.object("arguments"),
            place.text("plate", ""),
            place.maybe_number("plate_colour"),
            place.number("serial"),
            place.moment("received_at"),
        )
    if kind == "vehicle_answer":
        return _vehicle_answer(place)
    if kind == "other":
        return _other(place)
    if kind == "others_more":
        return OthersMore(
            place.text("role"),
            place.text("platform"),
            place.number("access_code"),
            place.text("why"),
            place.text("run"),
            place.text("day"),
            place.number("more"),
            place.moment("received_at"),
        )
    if kind in ("order_sent", "order_refused"):
        return Carried(
            place.text("order"),
            place.moment("at"),
            place.text("link", ""),
            place.maybe_number("serial"),
            place.text("reason", "")[:200] or ("refused" if kind == "order_refused" else ""),
        )
    return Nothing(kind)


def _request(place: _Fields) -> Request:
    return Request(
        platform=place.text("platform"),
        access_code=place.number("access_code"),
        number=place.number("number"),
        warn_source=place.maybe_number("warn_source"),
        warn_type=place.number("warn_type"),
        warn_time=place.maybe_moment("warn_time"),
        deadline=place.maybe_moment("deadline"),
        level=place.number("level"),
        plate=place.text("plate", ""),
        plate_colour=place.maybe_number("plate_colour"),
        supervisor=place.text("supervisor", ""),
        tel=place.text("tel", ""),
        email=place.text("email", ""),
        serial=place.number("serial"),
        source_type=place.maybe_number("source_type"),
        source_serial=place.maybe_number("source_serial"),
        received_at=place.moment("received_at"),
    )


def _asked(place: _Fields, kind: str) -> Asked:
    return Asked(
        platform=place.text("platform"),
        access_code=place.number("access_code"),
        kind=kind,
        object_type=place.number("object_type"),
        object_id=place.text("object_id", ""),
        number=place.number("number"),
        text=place.text("text", ""),
        serial=place.number("serial"),
        deadline=place.maybe_moment("deadline"),
        received_at=place.moment("received_at"),
    )


def _post_answered(place: _Fields, kind: str) -> PostAnswered:
    return PostAnswered(
        platform=place.text("platform"),
        access_code=place.number("access_code"),
        kind=kind,
        number=place.maybe_number("number"),
        source_serial=place.maybe_number("source_serial"),
        text=place.text("text", ""),
        responder=place.text("responder", ""),
        responder_phone=place.text("responder_phone", ""),
        received_at=place.moment("received_at"),
    )


def _papers(place: _Fields) -> Papers:
    return Papers(
        platform=place.text("platform"),
        access_code=place.number("access_code"),
        message=place.number("message"),
        edition=place.text("edition"),
        octets=place.octets("octets"),
        plate=place.text("plate", ""),
        plate_colour=place.maybe_number("plate_colour"),
        serial=place.number("serial"),
        source_serial=place.maybe_number("source_serial"),
        received_at=place.moment("received_at"),
    )


def _vehicle_answer(place: _Fields) -> VehicleAnswer:
    return VehicleAnswer(
        platform=place.text("platform"),
        access_code=place.number("access_code"),
        message=place.number("message"),
        number=place.maybe_number("number"),
        source_serial=place.maybe_number("source_serial"),
        result=place.maybe_number("result"),
        text=place.text("text", ""),
        octets=place.maybe_octets("octets"),
        size=place.maybe_number("size") or 0,
        lens=place.maybe_number("lens"),
        format=place.maybe_number("format"),
        plate=place.text("plate", ""),
        plate_colour=place.maybe_number("plate_colour"),
        serial=place.number("serial"),
        received_at=place.moment("received_at"),
    )


def _other(place: _Fields) -> Other:
    return Other(
        id=place.text("id"),
        role=place.text("role"),
        platform=place.text("platform"),
        access_code=place.number("access_code"),
        why=place.text("why"),
        reason=place.text("reason", ""),
        detail=place.text("detail", ""),
        host=place.text("host", ""),
        message_id=place.maybe_number("message_id"),
        message=place.maybe_number("message"),
        edition=place.text("edition", ""),
        plate=place.text("plate", ""),
        plate_colour=place.maybe_number("plate_colour"),
        serial=place.maybe_number("serial"),
        result=place.maybe_number("result"),
        octets=place.octets("octets"),
        size=place.number("size"),
        received_at=place.moment("received_at"),
    )


def _reported(place: _Fields) -> AlarmReport:
    return AlarmReport(
        platform=place.text("platform"),
        access_code=place.number("access_code"),
        number=place.maybe_number("number"),
        warn_source=place.maybe_number("warn_source"),
        warn_type=place.number("warn_type"),
        warn_time=place.maybe_moment("warn_time"),
        ended_at=place.maybe_moment("ended_at"),
        plate=place.text("plate", ""),
        plate_colour=place.maybe_number("plate_colour"),
        text=place.text("text", ""),
        early=place.flag("early"),
        serial=place.maybe_number("serial"),
        received_at=place.moment("received_at"),
        role=place.text("role", "superior"),
    )


class _Fields:
    """Typed reads that name the field when they fail."""

    def __init__(self, body: Mapping[str, object]) -> None:
        self._body = body

    def text(self, name: str, default: str | None = None) -> str:
        value = self._body.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise BadMessage(f"{name} is no text")
        return value

    def octets(self, name: str) -> bytes:
        try:
            return bytes.fromhex(self.text(name))
        except ValueError as wrong:
            raise BadMessage(f"{name} are not in hexadecimal") from wrong

    def maybe_octets(self, name: str) -> bytes | None:
        return None if self._body.get(name) is None else self.octets(name)

    def object(self, name: str) -> Mapping[str, Json]:
        value = self._body.get(name)
        if not isinstance(value, dict):
            raise BadMessage(f"{name} is no object")
        return value

    def flag(self, name: str) -> bool:
        value = self._body.get(name, False)
        if not isinstance(value, bool):
            raise BadMessage(f"{name} is neither true nor false")
        return value

    def maybe_number(self, name: str) -> int | None:
        return None if self._body.get(name) is None else self.number(name)

    def number(self, name: str) -> int:
        value = self._body.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BadMessage(f"{name} is no number")
        return value

    def maybe_moment(self, name: str) -> datetime | None:
        return None if self._body.get(name) is None else self.moment(name)

    def moment(self, name: str) -> datetime:
        try:
            value = datetime.fromisoformat(self.text(name))
        except ValueError as wrong:
            raise BadMessage(f"{name} is no time") from wrong
        if value.tzinfo is None:
            raise BadMessage(f"{name} has no time zone")
        return value
