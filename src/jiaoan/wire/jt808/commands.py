"""Short commands and their answers: query, tracking, control, time, links, parts sent again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Annotated

from jiaoan.wire.jt808.columns import FixedText, Octets, Text, Text8, UtcTime
from jiaoan.wire.jt808.forms import Edition
from jiaoan.wire.jt808.location import Location, LocationColumn
from jiaoan.wire.jt808.table import (
    BEFORE_2019,
    BYTE,
    SINCE_2019,
    U8,
    U16,
    U32,
    WORD,
    ByForm,
    Items,
    Row,
    Table,
    Unless,
)
from jiaoan.wire.tables import LongOctets


@dataclass(frozen=True, slots=True)
class Empty(Table):
    """A message without a body. Some terminals append octets; they mean nothing."""


@dataclass(frozen=True, slots=True)
class LogOff(Empty):
    """0x0003 终端注销."""


@dataclass(frozen=True, slots=True)
class AskTime(Empty):
    """0x0004 (2019) 查询服务器时间: answered with 0x8004."""


@dataclass(frozen=True, slots=True)
class ServerTime(Table):
    """0x8004 (2019): the one time of 808 that is in UTC."""

    time: Annotated[datetime | None, UtcTime()]


@dataclass(frozen=True, slots=True)
class LinkCheck(Empty):
    """0x8204 (2019) 链路检测: answered with 0x0001."""


@dataclass(frozen=True, slots=True)
class Resend(Table):
    """0x8003 and (2019) 0x0005 补传分包请求: parts that are missing, by their index from 1.

    ``original_serial`` is the serial of part 1. The count is one octet before 2019.
    """

    original_serial: U16
    package_ids: Annotated[tuple[int, ...], Items(ByForm(BYTE, {Edition.V2019: WORD}), WORD)]


@dataclass(frozen=True, slots=True)
class AskLocation(Empty):
    """0x8201 位置信息查询."""


@dataclass(frozen=True, slots=True)
class LocationAnswer(Table):
    """0x0201 位置信息查询应答, and 0x0500 车辆控制应答: the answered serial and a location."""

    reply_serial: U16
    location: Annotated[Location, LocationColumn()]


@dataclass(frozen=True, slots=True)
class Track(Table):
    """0x8202 临时位置跟踪控制: every ``interval_s`` for ``validity_s``; interval 0 stops it."""

    interval_s: U16
    validity_s: Annotated[U32 | None, Unless("interval_s", 0)] = None


@dataclass(frozen=True, slots=True)
class ConfirmAlarm(Table):
    """0x8203 (2013) 人工确认报警信息: serial 0 means all alarms of these types."""

    alarm_serial: U16
    alarm_type_bits: U32


class Command(IntEnum):
    """Command words of 0x8105."""

    UPGRADE = 1
    CONNECT = 2
    POWER_OFF = 3
    RESET = 4
    FACTORY_SETTINGS = 5
    CLOSE_DATA = 6
    CLOSE_RADIO = 7


@dataclass(frozen=True, slots=True)
class Control(Table):
    """0x8105 终端控制: a command word and its parameters, separated by half-width semicolons.

    Kept as octets: terminals put binary port numbers between the semicolons.
    """

    command: U8
    parameters: Octets = b""


@dataclass(frozen=True, slots=True)
class Switch(Table):
    """One control of 0x8500 (2019): 0x0001 doors, value 0 lock and 1 open."""

    control_type: U16
    value: U8


@dataclass(frozen=True, slots=True)
class ControlVehicle(Table):
    """0x8500 车辆控制: before 2019 one flag (bit 0: 1 lock, 0 open), then a list of controls."""

    flag: Annotated[U8 | None, BEFORE_2019] = None
    controls: Annotated[tuple[Switch, ...] | None, Items(WORD, Row(Switch)), SINCE_2019] = None


@dataclass(frozen=True, slots=True)
class Upgrade(Table):
    """0x8108 (2013) 下发终端升级包."""

    upgrade_type: U8
    maker: Annotated[str, FixedText(5)]
    version: Text8
    data: Annotated[bytes, LongOctets(4)]


@dataclass(frozen=True, slots=True)
class UpgradeResult(Table):
    """0x0108 (2013) 终端升级结果通知: 0 done, 1 failed, 2 cancelled."""

    upgrade_type: U8
    result: U8


@dataclass(frozen=True, slots=True)
class CallBack(Table):
    """0x8400 电话回拨: 0 an ordinary call, 1 listening in."""

    flag: U8
    phone: Text
