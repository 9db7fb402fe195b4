"""What a link answers by itself: questions about its own state, which wait for no person.

A subordinate is told what became of a registration 0x1201 and of its requests for positions 0x1207
to 0x1209, a superior that it was heard when it starts or ends an exchange 0x9205, 0x9206. Positions
are given down to no subordinate here, so its requests are answered with "no" and its reason, and
people are told of them. (The text of the standard was not at hand: the numbers of the results are
those that SmallChi's JT809 and other public implementations name alike.)
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from jiaoan.wire.jt809 import Edition, Message
from jiaoan.wire.jt809.exchange import Answer, Period, SourceAnswer
from jiaoan.wire.jt809.line import Received
from jiaoan.wire.jt809.links import Empty
from jiaoan.wire.jt809.posts import Source

Knows = Callable[[str, int], bool]
"""Whether a vehicle with this plate and colour is registered here."""


class Registered(IntEnum):
    """0x9201 车辆注册信息应答."""

    DONE = 0
    WRONG = 2


class Applied(IntEnum):
    """0x9207 申请交换指定车辆定位信息应答."""

    NO_DATA = 1
    WRONG_PERIOD = 2
    OTHER = 3


class Cancelled(IntEnum):
    """0x9208 取消交换指定车辆定位信息应答."""

    NOT_APPLIED = 1


class Resent(IntEnum):
    """0x9209 补发车辆定位信息应答."""

    NO_DATA = 2
    WRONG_REQUEST = 3
    OTHER = 4


_EXCHANGE = {0x9205: 0x1205, 0x9206: 0x1206}


def reply_of(
    one: Received, role: str, edition: Edition, knows: Knows
) -> tuple[Message, int | None] | None:
    """The answer and its result, if it has one; ``None`` for what a link does not answer.

    ``role`` is ours.
    """
    if role == "subordinate":
        return _to_superior(one, edition)
    message = one.message
    known = knows(message.plate or "", message.plate_color or 0)
    result = _result(message, known)
    sub_type = message.sub_type or 0
    if result is None or (sub_type == 0x1201 and edition is Edition.V2011):
        return None
    if edition is Edition.V2011:
        content: Answer | SourceAnswer = Answer(result)
    else:
        content = SourceAnswer(sub_type, one.serial, result)
    # 0x9201 stands without plate and colour.
    about = (None, None) if sub_type == 0x1201 else (message.plate, message.plate_color)
    return Message.of(sub_type | 0x8000, content, *about), result


def _result(message: Message, known: bool) -> int | None:
    match message.sub_type, message.content:
        case 0x1201, _:
            return Registered.DONE if known else Registered.WRONG
        case 0x1207, Period() as period:
            if not known:
                return Applied.NO_DATA
            return Applied.OTHER if _holds(period) else Applied.WRONG_PERIOD
        case 0x1208, _:
            return Cancelled.NOT_APPLIED
        case 0x1209, Period() as period:
            if not _holds(period):
                return Resent.WRONG_REQUEST
            return Resent.OTHER if known else Resent.NO_DATA
    return None


def _holds(period: Period) -> bool:
    start, end = period.start_time, period.end_time
    return start is not None and end is not None and start <= end


def _to_superior(one: Received, edition: Edition) -> tuple[Message, int | None] | None:
    """0x1205 and 0x1206: in 2019 the frame that asked is named before the length."""
    message = one.message
    answer = _EXCHANGE.get(message.sub_type or 0)
    if answer is None:
        return None
    named = None if edition is Edition.V2011 else Source(message.sub_type or 0, one.serial)
    about = message.plate, message.plate_color
    return Message.of(answer, Empty(), *about, source=named), None
