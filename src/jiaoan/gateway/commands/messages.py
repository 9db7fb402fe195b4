"""Commands as messages of 808, and a terminal's answers as replies. No socket, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, TypeAlias

from jiaoan.gateway.commands import areas
from jiaoan.gateway.commands.command import BadCommand, Command, CommandKind, Json
from jiaoan.gateway.rows import in_wgs84
from jiaoan.gateway.session import Session
from jiaoan.wire.jt808 import (
    AlarmSign,
    AskLocation,
    Body,
    BodyError,
    Edition,
    EncodeError,
    Frame,
    MessageId,
    Parameter,
    ParametersAnswer,
    SetParameters,
    Shoot,
    ShootAnswer,
    TerminalAnswer,
    TextMessage,
    UploadOrder,
    editions_of,
    parse_body,
)
from jiaoan.wire.jt808.areas import AreasAnswer
from jiaoan.wire.jt808.commands import Track
from jiaoan.wire.jt808.media import (
    FindMedia,
    FoundMedia,
    StoredMedium,
    UploadMedia,
    UploadMedium,
)
from jiaoan.wire.jt808.parameters import AskParameters, AskTheseParameters

Result: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Composed:
    """One message, and by which ids its terminal may answer it; ``about`` tells questions apart
    whose answers name no serial."""

    serial: int
    octets: bytes
    answers: frozenset[int]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a terminal said to our message ``serial``.

    0x0608 names none: it answers the question of what it is ``about``. ``refusal`` where the
    terminal said no. ``position`` is a location to store before this is told.
    """

    serial: int | None
    message_id: int
    refusal: str | None = None
    result: Result | None = None
    position: Frame | None = None
    about: str = ""


# Values of 0x0001 other than 0 (clause 8.1); some terminals send others.
_REFUSALS: Final = {1: "failed", 2: "bad_message", 3: "unsupported"}
# 0x8803 and 0x8805 have no answer of their own: the general one (0x0001) comes, then the media
# (0x0801). So say the sequence of fakeyanss' jt808-server-go for 0x8803, and what yezhihao's
# jt808-server waits for after 0x8805.
_ANSWERS: Final = {
    CommandKind.TEXT: MessageId.TERMINAL_ANSWER,
    CommandKind.LOCATE: MessageId.LOCATION_ANSWER,
    CommandKind.READ: MessageId.PARAMETERS_ANSWER,
    CommandKind.SET: MessageId.TERMINAL_ANSWER,
    CommandKind.ATTACHMENT: MessageId.TERMINAL_ANSWER,
    CommandKind.PHOTO: MessageId.SHOOT_ANSWER,
    CommandKind.SEARCH: MessageId.FOUND_MEDIA,
    CommandKind.FETCH_MEDIA: MessageId.TERMINAL_ANSWER,
    CommandKind.FETCH_MEDIUM: MessageId.TERMINAL_ANSWER,
    CommandKind.TRACK: MessageId.TERMINAL_ANSWER,
    CommandKind.UNTRACK: MessageId.TERMINAL_ANSWER,
    CommandKind.SET_AREA: MessageId.TERMINAL_ANSWER,
    CommandKind.DELETE_AREA: MessageId.TERMINAL_ANSWER,
    CommandKind.ASK_AREAS: MessageId.AREAS_ANSWER,
}
_SHOT_REFUSALS: Final = {1: "failed", 2: "no_such_channel"}
_MOST_PHOTOS: Final = 10
_MOST_FOUND: Final = 500
"""Finds of one search that are told; how many there were is told too."""


def compose(command: Command, session: Session, attachments: tuple[str, int] | None) -> Composed:
    """The message for the terminal that is live on ``session``; raises :class:`BadCommand`.

    ``attachments`` is where the files of alarms are to go.
    """
    assert session.profile is not None
    try:
        message_id, body = _body(command, session.profile.edition, attachments)
        serial, octets = session.compose(message_id, body)
    except EncodeError as wrong:
        raise BadCommand(str(wrong)) from wrong
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadCommand(f"arguments: {wrong!r}") from wrong
    answer = _ANSWERS[command.kind]
    # 808-2011 has no 0x0805: there the general answer is all that comes.
    if session.profile.edition not in editions_of(answer):
        answer = MessageId.TERMINAL_ANSWER
    about = str(command.arguments["shape"]) if command.kind is CommandKind.ASK_AREAS else ""
    return Composed(serial, octets, frozenset({answer}), about)


def _body(
    command: Command, edition: Edition, attachments: tuple[str, int] | None
) -> tuple[MessageId, Body]:
    said = command.arguments
    if command.kind is CommandKind.TEXT:
        return MessageId.TEXT, _text(said, edition)
    if command.kind is CommandKind.LOCATE:
        return MessageId.ASK_LOCATION, AskLocation()
    if command.kind is CommandKind.READ:
        numbers = said.get("ids") or []
        assert isinstance(numbers, list)
        # 808-2011 has no 0x8106: all of them are asked for.
        if not numbers or edition is Edition.V2011:
            return MessageId.ASK_PARAMETERS, AskParameters()
        wanted = tuple(int(str(one)) for one in numbers)
        return MessageId.ASK_THESE_PARAMETERS, AskTheseParameters(wanted)
    if command.kind is CommandKind.SET:
        parameters = said["parameters"]
        if not isinstance(parameters, Mapping) or not parameters:
            raise BadCommand("parameters: nothing to set")
        pairs = tuple(_parameter(int(name), value) for name, value in parameters.items())
        return MessageId.SET_PARAMETERS, SetParameters(pairs)
    if command.kind is CommandKind.PHOTO:
        return MessageId.SHOOT, _shoot(said)
    if command.kind is CommandKind.SEARCH:
        return MessageId.FIND_MEDIA, FindMedia(*_wanted(said))
    if command.kind is CommandKind.FETCH_MEDIA:
        return MessageId.UPLOAD_MEDIA, UploadMedia(*_wanted(said), delete=0)
    if command.kind is CommandKind.FETCH_MEDIUM:
        if edition is Edition.V2011:
            raise BadCommand("kind: 808-2011 has no 0x8805; fetch by camera and time instead")
        return MessageId.UPLOAD_MEDIUM, UploadMedium(int(str(said["medium"])), delete=0)
    if command.kind is CommandKind.TRACK:
        return MessageId.TRACK, _track(said)
    if command.kind is CommandKind.UNTRACK:
        return MessageId.TRACK, Track(0)
    if command.kind is CommandKind.SET_AREA:
        return areas.set_area(said, edition)
    if command.kind is CommandKind.DELETE_AREA:
        return areas.delete_area(said)
    if command.kind is CommandKind.ASK_AREAS:
        return areas.ask_areas(said, edition)
    if attachments is None:
        raise BadCommand("attachments: no address to tell; set it in gateway.toml [attachments]")
    sign = AlarmSign.parse(bytes.fromhex(str(said["alarm"])))
    host, port = attachments
    return MessageId.UPLOAD_ORDER, UploadOrder(host, port, 0, sign, command.id)


def _text(said: Mapping[str, Json], edition: Edition) -> TextMessage:
    """0x8300: bit 2 shows it, bit 3 speaks it; urgent is bit 0, since 2019 bits 0-1 = 10."""
    flag = (4 if said.get("show", True) else 0) | (8 if said.get("speak", True) else 0)
    urgent = bool(said.get("urgent"))
    if edition is Edition.V2019:
        return TextMessage(flag | (2 if urgent else 1), 2, str(said["text"]))
    return TextMessage(flag | (1 if urgent else 0), None, str(said["text"]))


def _track(said: Mapping[str, Json]) -> Track:
    interval, validity = int(str(said["interval_s"])), int(str(said["validity_s"]))
    if interval < 1 or validity < interval:
        raise BadCommand(f"interval_s, validity_s: {interval} s for {validity} s is no tracking")
    return Track(interval, validity)


def _shoot(said: Mapping[str, Json]) -> Shoot:
    """0x8801: so many pictures, sent up at once; light and colours in the middle."""
    channel, count = int(str(said["channel"])), int(str(said["count"]))
    if not 1 <= count <= _MOST_PHOTOS:
        raise BadCommand(f"count: {count} is not from 1 to {_MOST_PHOTOS}")
    return Shoot(
        channel_id=channel,
        command=count,
        interval_s=int(str(said.get("interval_s", 0))),
        save=0,
        resolution=int(str(said.get("resolution", 2))),
        quality=5,
        brightness=127,
        contrast=63,
        saturation=63,
        chroma=127,
    )


def _wanted(said: Mapping[str, Json]) -> tuple[int, int, int, datetime | None, datetime | None]:
    """Type, camera, event, start and end of 0x8802 and 0x8803; without times any."""
    start, end = _moment(said, "start"), _moment(said, "end")
    if (start is None) != (end is None):
        raise BadCommand("start, end: both are needed, or neither")
    if start is not None and end is not None and end < start:
        raise BadCommand("end: lies before start")
    numbers = (int(str(said[name])) for name in ("type", "channel", "event"))
    kind, channel, event = numbers
    return kind, channel, event, start, end


def _moment(said: Mapping[str, Json], name: str) -> datetime | None:
    value = said.get(name)
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise BadCommand(f"{name}: without offset from UTC")
    return moment.astimezone(UTC)


def _parameter(number: int, value: Json) -> Parameter:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadCommand(f"parameters: {number:#06x} is neither a number nor a text")
    if isinstance(value, str):
        return Parameter(number, value.encode("gbk"))
    return Parameter.number(number, value)


def read_reply(frame: Frame, session: Session) -> Reply | None:
    """An answer of a terminal; ``None`` for one that cannot be read."""
    header = frame.header
    if header.message_id == MessageId.LOCATION_ANSWER and len(frame.body) > 2:
        # The octets behind the serial are a 0x0200 body: it is stored as it came.
        inner = replace(header, message_id=MessageId.LOCATION, body_length=header.body_length - 2)
        position = Frame(inner, frame.body[2:], frame.raw)
        serial = int.from_bytes(frame.body[:2], "big")
        return Reply(serial, header.message_id, position=position)
    try:
        body = parse_body(frame, session.profile)
    except BodyError:
        return None
    if isinstance(body, TerminalAnswer):
        refusal = _REFUSALS.get(body.result, f"result_{body.result}") if body.result else None
        return Reply(body.serial, header.message_id, refusal)
    if isinstance(body, ParametersAnswer):
        return Reply(body.reply_serial, header.message_id, result=_parameters(body))
    if isinstance(body, ShootAnswer):
        refusal = _SHOT_REFUSALS.get(body.result, f"result_{body.result}") if body.result else None
        return Reply(body.reply_serial, header.message_id, refusal, _shot(body))
    if isinstance(body, FoundMedia):
        return Reply(body.reply_serial, header.message_id, result=_found(body))
    if isinstance(body, AreasAnswer):
        assert session.profile is not None
        told = areas.told(body, session.profile.form)
        return Reply(None, header.message_id, result=told, about=str(told["shape"]))
    return None


def _shot(body: ShootAnswer) -> Result | None:
    """``{"media_ids": [...]}``: the numbers under which the pictures come up."""
    return None if body.result else {"media_ids": list(body.media_ids or ())}


def _found(body: FoundMedia) -> Result:
    """``{"found": how many, "media": [{"id", "type", "channel", "event", "at", "place"}, …]}``."""
    media: list[Json] = [_stored(one) for one in body.media[:_MOST_FOUND]]
    return {"found": len(body.media), "media": media}


def _stored(one: StoredMedium) -> Json:
    """One find: ``at`` and ``place`` (microdegrees WGS-84) are where and when it was made."""
    lat, lon = in_wgs84(one.location)
    at = one.location.time
    return {
        "id": one.media_id,
        "type": one.media_type,
        "channel": one.channel_id,
        "event": one.event_code,
        "at": at.isoformat() if at else None,
        "place": {"lat": lat, "lon": lon} if one.location.fixed else None,
    }


def _parameters(body: ParametersAnswer) -> Result:
    """``{"parameters": {number in decimal: {"value", "hex"}}}``; the octets stay beside the
    reading, since widths and meanings differ between makers."""
    found: dict[str, Json] = {}
    for one in body.params:
        try:
            value = one.meaning()
        except BodyError:
            value = None
        found[str(one.id)] = {"value": value, "hex": one.value.hex()}
    return {"parameters": found}
