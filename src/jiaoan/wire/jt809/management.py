"""0x11xx and 0x91xx: how much was sent, how the links were, where the serials stood (2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jiaoan.wire.jt809.table import U8, U32, FixedText, Items, Moment, Row, SubId, Table, UInt


@dataclass(frozen=True, slots=True)
class Tally(Table):
    """0x9101 接收车辆定位信息数量通知, 0x1101 (2019) 发送车辆定位信息数据量通知."""

    dynamic_info_total: U32
    start_time: Moment
    end_time: Moment


@dataclass(frozen=True, slots=True)
class LinkReport(Table):
    """0x1102 (2019) 平台链路连接情况与车辆定位消息传输情况上报应答."""

    platform_id: Annotated[str, FixedText(11)]
    start_time: Moment
    end_time: Moment
    lost_count: U8
    disconnects: U32
    disconnect_s: U32


@dataclass(frozen=True, slots=True)
class LinkReportRequest(Table):
    """0x9102 (2019): the report of a platform's links in a period is asked for."""

    platform_id: Annotated[str, FixedText(11)]
    start_time: Moment
    end_time: Moment


@dataclass(frozen=True, slots=True)
class SerialMark(Table):
    """Where the serial of one sub id stood before the link broke."""

    sub_type: SubId
    serial: U32
    time: Moment


@dataclass(frozen=True, slots=True)
class SerialMarks(Table):
    """0x1103, 0x9103 (2019) 平台间消息序列号通知: sent after each login, to count on from there."""

    items: Annotated[tuple[SerialMark, ...], Items(UInt(1), Row(SerialMark))]
