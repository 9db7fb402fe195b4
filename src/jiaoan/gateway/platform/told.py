"""Business messages of 809 as what the worker is told of them.

What is not told here is shown to people as it came (``others``): among it a subordinate's request
for messages of ours (0x1303): what a link lost is said again by itself, because the kept places
move only with a keep-alive answer. Positions that a superior asks for again (0x9303) are the
forwarder's; the serials of 2019 (0x1103, 0x9103) stand in the log alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jiaoan.gateway.platform.control import told_answer, told_order
from jiaoan.wire.jt809.alarms import (
    AlarmReport2011,
    AlarmReport2019,
    AlarmReportTwoTimes,
    AlarmResult2011,
    AlarmTip2011,
    SupervisionAnswer2011,
    SupervisionAnswer2019,
    SupervisionRequest,
    SupervisionRequest2019,
)
from jiaoan.wire.jt809.exchange import (
    Driver2011,
    Driver2019,
    DriverAnswer2019,
    SourceAnswer,
    WaybillAnswer2019,
    WaybillText,
)
from jiaoan.wire.jt809.line import Received
from jiaoan.wire.jt809.links import Empty
from jiaoan.wire.jt809.messages import Content
from jiaoan.wire.jt809.posts import (
    PlatformText2019,
    PostAnswer2019,
    PostQuery2011,
    PostQuery2019,
    Source,
    TextAnswer2011,
)

Value = dict[str, object]
_POST_QUERY, _POST_ANSWER, _PLATFORM_TEXT = 0x9301, 0x1301, 0x9302
_TEXT_READ = 0x1302
_URGED, _URGE = 0x1411, 0x9401
_PAPERS_ASKED = (0x920A, 0x920B)
_EARLY, _HANDLED, _REPORT = frozenset({0x1403, 0x9402}), 0x1412, 0x1402


def told(one: Received, role: str, now: datetime) -> Value | None:
    """The JSON object of this message without who sent it; ``None`` where nobody acts on it.

    ``role`` is ours: what a superior asks is taken by a subordinate only, what a subordinate
    reports by a superior only.
    """
    message = one.message
    about: dict[str, object] = {
        "plate": message.plate,
        "plate_colour": message.plate_color,
        "serial": one.serial,
    }
    value = _asked(one, now) if role == "subordinate" else _up(one)
    return None if value is None else about | value


def _asked(one: Received, now: datetime) -> Value | None:
    content, sub_type = one.message.content, one.message.sub_type
    match content:
        case SupervisionRequest() | SupervisionRequest2019():
            return {"kind": "supervision_request"} | _request(content)
        case PostQuery2019():
            due = now + timedelta(seconds=content.answer_seconds)
            asked = _post("post_query", content)
            return asked | {"deadline": due.isoformat() if content.answer_seconds else None}
        case PostQuery2011() if sub_type == _POST_QUERY:
            return _post("post_query", content)
        case PostQuery2011() | PlatformText2019() if sub_type == _PLATFORM_TEXT:
            return _post("post_message", content)
        case Empty() if sub_type in _PAPERS_ASKED:
            return {"kind": "papers_asked", "message": sub_type}
    return told_order(one) or _exchanged(one)


def _post(kind: str, post: PostQuery2011 | PostQuery2019 | PlatformText2019) -> dict[str, object]:
    return {
        "kind": kind,
        "object_type": post.object_type,
        "object_id": post.object_id,
        "number": post.info_id,
        "text": post.info,
        "deadline": None,
    }


def _up(one: Received) -> Value | None:
    """What a subordinate sends up."""
    return _reported(one) or _answered(one) or _papers(one) or told_answer(one)


def _answered(one: Received) -> Value | None:
    """The answer to a post query or message of ours, who gave it, and which one it names."""
    content = one.message.content
    if one.message.sub_type == _TEXT_READ:
        return _read(content)
    if one.message.sub_type != _POST_ANSWER:
        return None
    if isinstance(content, PostQuery2011):
        said: Value = {"number": content.info_id}
    elif isinstance(content, PostAnswer2019):
        said = {
            "responder": content.responder,
            "responder_phone": content.responder_phone,
            "source_serial": content.source_serial,
        }
    else:
        return None
    return {"kind": "post_answer", "text": content.info} | said


def _read(content: Content) -> Value | None:
    """0x1302: a message of ours was read."""
    match content:
        case TextAnswer2011(number):
            return {"kind": "post_read", "number": number}
        case Source(_, serial):
            return {"kind": "post_read", "source_serial": serial}
    return None


def _papers(one: Received) -> Value | None:
    """Driver 驾驶员身份 (0x120A, 0x120C) or waybill 电子运单 (0x120B, 0x120D) of a vehicle, as its
    octets stand there. ``edition`` is the one whose table they follow; an answer of 2019 names the
    frame that asked."""
    named: Value = {}
    match one.message.content:
        case Driver2011() | WaybillText():
            edition = "2011"
        case DriverAnswer2019(source_serial=serial) | WaybillAnswer2019(source_serial=serial):
            edition, named = "2019", {"source_serial": serial}
        case Driver2019():
            edition = "2019"
        case _:
            return None
    octets = one.message.content.build()
    return {
        "kind": "papers",
        "message": one.message.sub_type,
        "edition": edition,
        "octets": octets.hex(),
    } | named


def _exchanged(one: Received) -> Value | None:
    """0x9402 报警预警 and 0x9403 实时交换报警信息: alarms that a superior passes on."""
    match one.message.content:
        case AlarmTip2011() as tip:
            early = one.message.sub_type in _EARLY
            return _alarm(tip.warn_type, tip.warn_time, tip.info) | {
                "warn_source": tip.warn_source,
                "early": early,
            }
    return _report_of_2019(one)


def _reported(one: Received) -> Value | None:
    match one.message.content:
        case SupervisionAnswer2011(number, result):
            return {"kind": "supervision_answer", "number": number, "result": result}
        case SupervisionAnswer2019(number, source_type, source_serial, result):
            return {
                "kind": "supervision_answer",
                "number": number,
                "result": result,
                "source_type": source_type,
                "source_serial": source_serial,
            }
        case AlarmReport2011() as report:
            return _alarm(report.warn_type, report.warn_time, report.info) | {
                "number": report.info_id,
                "warn_source": report.warn_source,
            }
        case AlarmResult2011(number, result):
            return {"kind": "alarm_result", "number": number, "result": result}
        case SourceAnswer(source_type, source_serial, result) if (
            one.message.sub_type == _HANDLED and source_type == _REPORT
        ):
            return {"kind": "alarm_result", "source_serial": source_serial, "result": result}
        case SourceAnswer(source_type, source_serial, result) if (
            one.message.sub_type == _URGED and source_type == _URGE
        ):
            return {
                "kind": "supervision_answer",
                "number": None,
                "result": result,
                "source_type": source_type,
                "source_serial": source_serial,
            }
    return _report_of_2019(one)


def _report_of_2019(one: Received) -> Value | None:
    early = one.message.sub_type in _EARLY
    match one.message.content:
        case AlarmReport2019() as report:
            return (
                _alarm(report.warn_type, report.warn_time, report.info)
                | _about(report, early)
                | {"ended_at": _iso(report.end_time)}
            )
        case AlarmReportTwoTimes() as report:
            begun, ended = _of_ms(report.start_ms), _of_ms(report.end_ms)
            return (
                _alarm(report.warn_type, begun, report.info)
                | _about(report, early)
                | {"ended_at": _iso(ended)}
            )
    return None


def _alarm(warn_type: int, warn_time: datetime | None, text: str) -> dict[str, object]:
    return {
        "kind": "alarm_report",
        "warn_type": warn_type,
        "warn_time": _iso(warn_time),
        "text": text,
    }


def _about(report: AlarmReport2019 | AlarmReportTwoTimes, early: bool) -> dict[str, object]:
    """2019 has the plate inside the data."""
    return {"plate": report.plate, "plate_colour": report.plate_color, "early": early}


def _of_ms(milliseconds: int) -> datetime | None:
    """A time in milliseconds; ``None`` for zero and for what is no time."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
    except (OverflowError, ValueError, OSError):
        return None


def _request(request: SupervisionRequest | SupervisionRequest2019) -> dict[str, object]:
    value: dict[str, object] = {
        "warn_type": request.warn_type,
        "warn_time": _iso(request.warn_time),
        "number": request.supervision_id,
        "deadline": _iso(request.supervision_end),
        "level": request.level,
        "supervisor": request.supervisor,
        "tel": request.tel,
        "email": request.email,
    }
    if isinstance(request, SupervisionRequest):
        return value | {"warn_source": request.warn_source}
    return value | {
        "source_platform": request.source_platform,
        "source_type": request.source_type,
        "source_serial": request.source_serial,
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
