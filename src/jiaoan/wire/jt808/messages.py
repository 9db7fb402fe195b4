"""Message ids, and from a frame to its body: one table.

Theory of operation
-------------------
The header tells 2019 from the rest; what is remembered of the terminal (:class:`.Profile`) tells
2011 from 2013 and one dialect of active safety from another. A body is read in that form. Some
tables differ in length between the forms (``_TOLD_BY_LENGTH``): there an exact reading in the
terminal's form comes first, then an exact one in another form (:attr:`.Tolerance.OTHER_EDITION`),
and only then a tolerant one in its own. What is encrypted, a part of a larger message, or not in
the table becomes :class:`Unknown`: kept, named, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import product
from typing import Protocol, TypeVar

from jiaoan.wire.errors import BodyError, BodyFault
from jiaoan.wire.jt808 import (
    answers,
    areas,
    attachments,
    batch,
    commands,
    data,
    driver,
    location,
    login,
    media,
    parameters,
    texts,
    video,
)
from jiaoan.wire.jt808.forms import PLAIN, Dialect, Edition, Form, Reading
from jiaoan.wire.jt808.framing import Frame
from jiaoan.wire.jt808.header import Header, Version
from jiaoan.wire.jt808.profile import Profile, edition_of
from jiaoan.wire.jt808.tolerance import Tolerance


class MessageId(IntEnum):
    """All messages that are spoken here."""

    TERMINAL_ANSWER = 0x0001
    HEARTBEAT = 0x0002
    LOG_OFF = 0x0003
    ASK_TIME = 0x0004
    TERMINAL_RESEND = 0x0005
    REGISTER = 0x0100
    AUTHENTICATE = 0x0102
    PARAMETERS_ANSWER = 0x0104
    ATTRIBUTES = 0x0107
    UPGRADE_RESULT = 0x0108
    LOCATION = 0x0200
    LOCATION_ANSWER = 0x0201
    EVENT_REPORT = 0x0301
    QUESTION_ANSWER = 0x0302
    SUBSCRIBE = 0x0303
    CONTROL_VEHICLE_ANSWER = 0x0500
    AREAS_ANSWER = 0x0608
    RECORDER_UPLOAD = 0x0700
    WAYBILL = 0x0701
    DRIVER_CARD = 0x0702
    LOCATION_BATCH = 0x0704
    CAN_UPLOAD = 0x0705
    MEDIA_NOTICE = 0x0800
    MEDIA_UPLOAD = 0x0801
    FOUND_MEDIA = 0x0802
    SHOOT_ANSWER = 0x0805
    PASSTHROUGH_UP = 0x0900
    COMPRESSED = 0x0901
    TERMINAL_KEY = 0x0A00
    ABILITIES = 0x1003
    PASSENGERS = 0x1005
    RECORDINGS = 0x1205
    FILE_UPLOADED = 0x1206
    FILE_LIST = 0x1210
    FILE_INFO = 0x1211
    FILE_SENT = 0x1212
    PLATFORM_ANSWER = 0x8001
    PLATFORM_RESEND = 0x8003
    SERVER_TIME = 0x8004
    REGISTER_ANSWER = 0x8100
    SET_PARAMETERS = 0x8103
    ASK_PARAMETERS = 0x8104
    CONTROL = 0x8105
    ASK_THESE_PARAMETERS = 0x8106
    ASK_ATTRIBUTES = 0x8107
    UPGRADE = 0x8108
    ASK_LOCATION = 0x8201
    TRACK = 0x8202
    CONFIRM_ALARM = 0x8203
    LINK_CHECK = 0x8204
    TEXT = 0x8300
    SET_EVENTS = 0x8301
    QUESTION = 0x8302
    SET_MENU = 0x8303
    SERVICE = 0x8304
    CALL_BACK = 0x8400
    SET_PHONE_BOOK = 0x8401
    CONTROL_VEHICLE = 0x8500
    SET_CIRCLES = 0x8600
    DELETE_CIRCLES = 0x8601
    SET_RECTANGLES = 0x8602
    DELETE_RECTANGLES = 0x8603
    SET_POLYGON = 0x8604
    DELETE_POLYGONS = 0x8605
    SET_ROUTE = 0x8606
    DELETE_ROUTES = 0x8607
    ASK_AREAS = 0x8608
    RECORDER_COMMAND = 0x8700
    RECORDER_PARAMETERS = 0x8701
    ASK_DRIVER = 0x8702
    MEDIA_ANSWER = 0x8800
    SHOOT = 0x8801
    FIND_MEDIA = 0x8802
    UPLOAD_MEDIA = 0x8803
    RECORD = 0x8804
    UPLOAD_MEDIUM = 0x8805
    PASSTHROUGH_DOWN = 0x8900
    PLATFORM_KEY = 0x8A00
    ASK_ABILITIES = 0x9003
    START_LIVE = 0x9101
    CONTROL_LIVE = 0x9102
    LOSS_NOTICE = 0x9105
    PLAY_BACK = 0x9201
    CONTROL_PLAY_BACK = 0x9202
    ASK_RECORDINGS = 0x9205
    UPLOAD_FILE = 0x9206
    CONTROL_UPLOAD = 0x9207
    UPLOAD_ORDER = 0x9208
    FILE_ANSWER = 0x9212
    TURN_CAMERA = 0x9301
    FOCUS_CAMERA = 0x9302
    IRIS_CAMERA = 0x9303
    WIPE_CAMERA = 0x9304
    LIGHT_CAMERA = 0x9305
    ZOOM_CAMERA = 0x9306


_ID = MessageId
_SINCE_2013 = frozenset(
    {
        _ID.PLATFORM_RESEND,
        _ID.LOCATION_BATCH,
        _ID.CAN_UPLOAD,
        _ID.SHOOT_ANSWER,
        _ID.ASK_THESE_PARAMETERS,
        _ID.ASK_ATTRIBUTES,
        _ID.ATTRIBUTES,
        _ID.UPGRADE,
        _ID.UPGRADE_RESULT,
        _ID.CONFIRM_ALARM,
        _ID.ASK_DRIVER,
        _ID.UPLOAD_MEDIUM,
    }
)
_SINCE_2019 = frozenset(
    {
        _ID.ASK_TIME,
        _ID.SERVER_TIME,
        _ID.TERMINAL_RESEND,
        _ID.LINK_CHECK,
        _ID.ASK_AREAS,
        _ID.AREAS_ANSWER,
    }
)
_UNTIL_2013 = frozenset(
    {
        _ID.SET_EVENTS,
        _ID.EVENT_REPORT,
        _ID.QUESTION,
        _ID.QUESTION_ANSWER,
        _ID.SET_MENU,
        _ID.SUBSCRIBE,
        _ID.SERVICE,
    }
)


def editions_of(message_id: int) -> frozenset[Edition]:
    """Which editions of 808 have this message: a terminal of another answers "unsupported".

    Reading does not ask: what comes is read by whoever sent it.
    """
    if message_id in _SINCE_2019:
        return frozenset({Edition.V2019})
    if message_id in _SINCE_2013:
        return frozenset({Edition.V2013, Edition.V2019})
    if message_id in _UNTIL_2013:
        return frozenset({Edition.V2011, Edition.V2013})
    return frozenset(Edition)


class Body(Protocol):
    """What every body can: be built in the form of a terminal."""

    def build(self, form: Form = PLAIN) -> bytes:
        """The octets; :class:`.EncodeError` where a value has no room in the form."""
        ...


BodyT_co = TypeVar("BodyT_co", bound=Body, covariant=True)


class _Reader(Protocol[BodyT_co]):
    def __call__(self, octets: bytes, reading: Reading | None = None, /) -> BodyT_co: ...


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """0x0002: empty by the text; some terminals append octets, which are kept."""

    octets: bytes = b""

    @classmethod
    def parse(cls, octets: bytes, reading: Reading | None = None) -> Heartbeat:
        if octets and reading is not None:
            reason = f"{len(octets)} octets, none by the table"
            reading.tolerate(
                Tolerance.TRAILING_OCTETS,
                BodyError("heartbeat", reason, octets, BodyFault.TRAILING),
            )
        return cls(octets)

    def build(self, form: Form = PLAIN) -> bytes:
        return self.octets


@dataclass(frozen=True, slots=True)
class Unknown:
    """A body that cannot be read here: another id, a part of a sub-packaged message, or one that
    is encrypted. It is answered with "unsupported", and its octets are kept."""

    message_id: int
    octets: bytes
    reason: str

    def build(self, form: Form = PLAIN) -> bytes:
        return self.octets


READERS: Mapping[int, _Reader[Body]] = {
    _ID.TERMINAL_ANSWER: answers.TerminalAnswer.parse,
    _ID.HEARTBEAT: Heartbeat.parse,
    _ID.LOG_OFF: commands.LogOff.parse,
    _ID.ASK_TIME: commands.AskTime.parse,
    _ID.TERMINAL_RESEND: commands.Resend.parse,
    _ID.REGISTER: login.Register.parse,
    _ID.AUTHENTICATE: login.Authenticate.parse,
    _ID.PARAMETERS_ANSWER: parameters.ParametersAnswer.parse,
    _ID.ATTRIBUTES: login.Attributes.parse,
    _ID.UPGRADE_RESULT: commands.UpgradeResult.parse,
    _ID.LOCATION: location.Location.parse,
    _ID.LOCATION_ANSWER: commands.LocationAnswer.parse,
    _ID.EVENT_REPORT: texts.EventReport.parse,
    _ID.QUESTION_ANSWER: texts.QuestionAnswer.parse,
    _ID.SUBSCRIBE: texts.Subscribe.parse,
    _ID.CONTROL_VEHICLE_ANSWER: commands.LocationAnswer.parse,
    _ID.AREAS_ANSWER: areas.AreasAnswer.parse,
    _ID.RECORDER_UPLOAD: data.RecorderUpload.parse,
    _ID.WAYBILL: driver.Waybill.parse,
    _ID.DRIVER_CARD: driver.read_driver,
    _ID.LOCATION_BATCH: batch.LocationBatch.parse,
    _ID.CAN_UPLOAD: data.CanUpload.parse,
    _ID.MEDIA_NOTICE: media.MediaNotice.parse,
    _ID.MEDIA_UPLOAD: media.MediaUpload.parse,
    _ID.FOUND_MEDIA: media.FoundMedia.parse,
    _ID.SHOOT_ANSWER: media.ShootAnswer.parse,
    _ID.PASSTHROUGH_UP: data.Passthrough.parse,
    _ID.COMPRESSED: data.Compressed.parse,
    _ID.TERMINAL_KEY: data.PublicKey.parse,
    _ID.ABILITIES: video.Abilities.parse,
    _ID.PASSENGERS: video.Passengers.parse,
    _ID.RECORDINGS: video.Recordings.parse,
    _ID.FILE_UPLOADED: video.FileUploaded.parse,
    _ID.FILE_LIST: attachments.FileList.parse,
    _ID.FILE_INFO: attachments.FileInfo.parse,
    _ID.FILE_SENT: attachments.FileSent.parse,
    _ID.PLATFORM_ANSWER: answers.PlatformAnswer.parse,
    _ID.PLATFORM_RESEND: commands.Resend.parse,
    _ID.SERVER_TIME: commands.ServerTime.parse,
    _ID.REGISTER_ANSWER: answers.RegisterAnswer.parse,
    _ID.SET_PARAMETERS: parameters.SetParameters.parse,
    _ID.ASK_PARAMETERS: parameters.AskParameters.parse,
    _ID.CONTROL: commands.Control.parse,
    _ID.ASK_THESE_PARAMETERS: parameters.AskTheseParameters.parse,
    _ID.ASK_ATTRIBUTES: login.AskAttributes.parse,
    _ID.UPGRADE: commands.Upgrade.parse,
    _ID.ASK_LOCATION: commands.AskLocation.parse,
    _ID.TRACK: commands.Track.parse,
    _ID.CONFIRM_ALARM: commands.ConfirmAlarm.parse,
    _ID.LINK_CHECK: commands.LinkCheck.parse,
    _ID.TEXT: texts.TextMessage.parse,
    _ID.SET_EVENTS: texts.SetEvents.parse,
    _ID.QUESTION: texts.Question.parse,
    _ID.SET_MENU: texts.SetMenu.parse,
    _ID.SERVICE: texts.Service.parse,
    _ID.CALL_BACK: commands.CallBack.parse,
    _ID.SET_PHONE_BOOK: texts.SetPhoneBook.parse,
    _ID.CONTROL_VEHICLE: commands.ControlVehicle.parse,
    _ID.SET_CIRCLES: areas.SetCircles.parse,
    _ID.DELETE_CIRCLES: areas.DeleteAreas.parse,
    _ID.SET_RECTANGLES: areas.SetRectangles.parse,
    _ID.DELETE_RECTANGLES: areas.DeleteAreas.parse,
    _ID.SET_POLYGON: areas.Polygon.parse,
    _ID.DELETE_POLYGONS: areas.DeleteAreas.parse,
    _ID.SET_ROUTE: areas.Route.parse,
    _ID.DELETE_ROUTES: areas.DeleteAreas.parse,
    _ID.ASK_AREAS: areas.AskAreas.parse,
    _ID.RECORDER_COMMAND: data.RecorderCommand.parse,
    _ID.RECORDER_PARAMETERS: data.RecorderCommand.parse,
    _ID.ASK_DRIVER: driver.AskDriver.parse,
    _ID.MEDIA_ANSWER: media.MediaAnswer.parse,
    _ID.SHOOT: media.Shoot.parse,
    _ID.FIND_MEDIA: media.FindMedia.parse,
    _ID.UPLOAD_MEDIA: media.UploadMedia.parse,
    _ID.RECORD: media.Record.parse,
    _ID.UPLOAD_MEDIUM: media.UploadMedium.parse,
    _ID.PASSTHROUGH_DOWN: data.Passthrough.parse,
    _ID.PLATFORM_KEY: data.PublicKey.parse,
    _ID.ASK_ABILITIES: video.AskAbilities.parse,
    _ID.START_LIVE: video.StartLive.parse,
    _ID.CONTROL_LIVE: video.ControlLive.parse,
    _ID.LOSS_NOTICE: video.LossNotice.parse,
    _ID.PLAY_BACK: video.PlayBack.parse,
    _ID.CONTROL_PLAY_BACK: video.ControlPlayBack.parse,
    _ID.ASK_RECORDINGS: video.AskRecordings.parse,
    _ID.UPLOAD_FILE: video.UploadFile.parse,
    _ID.CONTROL_UPLOAD: video.ControlUpload.parse,
    _ID.UPLOAD_ORDER: attachments.UploadOrder.parse,
    _ID.FILE_ANSWER: attachments.FileAnswer.parse,
    _ID.TURN_CAMERA: video.Turn.parse,
    _ID.FOCUS_CAMERA: video.AdjustCamera.parse,
    _ID.IRIS_CAMERA: video.AdjustCamera.parse,
    _ID.WIPE_CAMERA: video.AdjustCamera.parse,
    _ID.LIGHT_CAMERA: video.AdjustCamera.parse,
    _ID.ZOOM_CAMERA: video.AdjustCamera.parse,
}
_TOLD_BY_LENGTH = frozenset(
    {
        _ID.TERMINAL_RESEND,
        _ID.PLATFORM_RESEND,
        _ID.PARAMETERS_ANSWER,
        _ID.ATTRIBUTES,
        _ID.CONTROL_VEHICLE,
        _ID.SET_CIRCLES,
        _ID.SET_RECTANGLES,
        _ID.SET_POLYGON,
        _ID.SET_ROUTE,
        _ID.MEDIA_ANSWER,
        _ID.UPLOAD_ORDER,
        _ID.FILE_LIST,
    }
)
"""Messages whose tables have other lengths in another edition or dialect."""
_LONGEST_TOLD = 1 << 16
"""Beyond so many octets a body is read once, in the terminal's own form."""


def unreadable(frame: Frame) -> str | None:
    """Why no body can be read from this frame here; ``None`` where one can."""
    if frame.header.package:
        return "part of a sub-packaged message"
    if frame.header.encryption:
        return "encrypted"
    if frame.header.message_id not in READERS:
        return "message not spoken here"
    return None


def is_named(message_id: int) -> bool:
    """Whether 808, or a text that builds on it, names this id: it has a table here."""
    return message_id in READERS


_FORMS = {version: Form(edition_of(version)) for version in Version}


def form_of(header: Header, profile: Profile | None = None) -> Form:
    """The form of a body under this header: as remembered, or as the header alone tells."""
    return profile.form_of(header) if profile else _FORMS[header.version]


def parse_body(
    frame: Frame,
    profile: Profile | None = None,
    *,
    strict: bool = False,
    noted: list[Tolerance] | None = None,
) -> Body:
    """The body of a sound frame; :class:`.BodyError` where it does not follow its table.

    What was tolerated is added to ``noted``; a ``strict`` reading tolerates nothing.
    """
    reason = unreadable(frame)
    if reason:
        return Unknown(frame.header.message_id, frame.body, reason)
    form = form_of(frame.header, profile)
    read = READERS[frame.header.message_id]
    if strict:
        return read(frame.body, Reading.strict(form))
    reading = Reading(form)
    if frame.header.message_id in _TOLD_BY_LENGTH and len(frame.body) <= _LONGEST_TOLD:
        body = _told_by_length(read, frame.body, reading)
    else:
        body = read(frame.body, reading)
    if noted is not None:
        noted += reading.noted
    return body


def _told_by_length(read: _Reader[Body], octets: bytes, reading: Reading) -> Body:
    forms = [Form(edition, dialect) for edition, dialect in product(Edition, Dialect)]
    # The own form first; then those that share most with it.
    forms.sort(key=lambda one: (one != reading.form, one.edition != reading.form.edition))
    for form in forms:
        attempt = Reading.exact(form)
        try:
            body = read(octets, attempt)
        except BodyError:
            continue
        if form != reading.form:
            reading.noted.append(Tolerance.OTHER_EDITION)
        reading.noted += attempt.noted
        return body
    return read(octets, reading)
