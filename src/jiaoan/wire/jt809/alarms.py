"""0x1400 and 0x9400, alarms 车辆报警信息交互: reports, supervision requests 督办 and answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from jiaoan.wire.jt809.table import (
    U8,
    U16,
    U32,
    U64,
    FixedText,
    LongText,
    Moment,
    SubId,
    Table,
    Word,
)

Text11 = Annotated[str, FixedText(11)]
Text16 = Annotated[str, FixedText(16)]
Text20 = Annotated[str, FixedText(20)]
Text32 = Annotated[str, FixedText(32)]
Plate = Annotated[str, FixedText(21)]
Info = Annotated[str, LongText(4)]
SupervisionId = Annotated[int, Word(4, "")]
"""Shown as eight hexadecimal digits."""
AlarmWord = Annotated[int, Word(2, "0x")]


class AlarmSource(IntEnum):
    """报警信息来源."""

    TERMINAL = 1
    COMPANY = 2
    GOVERNMENT = 3
    OTHER = 9


class SupervisionLevel(IntEnum):
    """督办级别."""

    URGENT = 0
    NORMAL = 1


class HandlingResult(IntEnum):
    """报警处理结果, of 0x1401 and 0x1403."""

    IN_HAND = 0
    DONE = 1
    NOT_NEEDED = 2
    LATER = 3


@dataclass(frozen=True, slots=True)
class SupervisionRequest(Table):
    """0x9401 报警督办请求 (92 octets); implementations send it in both editions."""

    warn_source: U8
    warn_type: U16
    warn_time: Moment
    supervision_id: SupervisionId
    supervision_end: Moment
    level: U8
    supervisor: Text16
    tel: Text20
    email: Text32


@dataclass(frozen=True, slots=True)
class SupervisionRequest2019(Table):
    """0x9401 with the source in front (108 octets): which report of whom is meant. Provisional:
    known from one description only."""

    source_platform: Text11
    warn_type: AlarmWord
    warn_time: Moment
    source_type: SubId
    source_serial: U32
    supervision_id: SupervisionId
    supervision_end: Moment
    level: U8
    supervisor: Text16
    tel: Text20
    email: Text32


@dataclass(frozen=True, slots=True)
class SupervisionNotice(Table):
    """0x1413 (2019) 上报报警督办请求: a subordinate tells that it urged somebody itself."""

    source_platform: Text11
    warn_time: Moment
    source_type: SubId
    source_serial: U32
    supervision_end: Moment
    level: U8
    supervisor: Text16
    tel: Text20
    email: Text32


@dataclass(frozen=True, slots=True)
class SupervisionAnswer2011(Table):
    """0x1401 报警督办应答."""

    supervision_id: SupervisionId
    result: U8


@dataclass(frozen=True, slots=True)
class SupervisionAnswer2019(Table):
    """0x1401 in 2019: 11 octets, as a real inspection showed."""

    supervision_id: SupervisionId
    source_type: SubId
    source_serial: U32
    result: U8


@dataclass(frozen=True, slots=True)
class AlarmReport2011(Table):
    """0x1402 上报报警信息."""

    warn_source: U8
    warn_type: U16
    warn_time: Moment
    info_id: U32
    info: Info


@dataclass(frozen=True, slots=True)
class AlarmTip2011(Table):
    """0x9402 报警预警 and 0x9403 实时交换报警信息 in 2011."""

    warn_source: U8
    warn_type: U16
    warn_time: Moment
    info: Info


@dataclass(frozen=True, slots=True)
class AlarmReport2019(Table):
    """0x1402, 0x1403, 0x9402, 0x9403 in 2019: three times in seconds, 78 octets and the text."""

    source_platform: Text11
    warn_type: AlarmWord
    warn_time: Moment
    start_time: Moment
    end_time: Moment
    plate: Plate
    plate_color: U8
    dest_platform: Text11
    route_id: U32
    info: Info


@dataclass(frozen=True, slots=True)
class AlarmReportTwoTimes(Table):
    """The same with two times in milliseconds, 70 octets, as real inspections showed."""

    source_platform: Text11
    warn_type: AlarmWord
    start_ms: U64
    end_ms: U64
    plate: Plate
    plate_color: U8
    dest_platform: Text11
    route_id: U32
    info: Info


@dataclass(frozen=True, slots=True)
class AlarmResult2011(Table):
    """0x1403 主动上报报警处理结果 in 2011: ``info_id`` is that of 0x1402."""

    info_id: U32
    result: U8
