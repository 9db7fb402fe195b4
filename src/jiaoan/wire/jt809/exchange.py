"""0x1200 and 0x9200, dynamic exchange 车辆动态信息交换 (positions: see ``location``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jiaoan.wire.jt809.table import (
    U8,
    U32,
    FixedText,
    LongText,
    Moment,
    RestOctets,
    RestText,
    SubId,
    Table,
)

Text11 = Annotated[str, FixedText(11)]
Reason = Annotated[str, LongText(2)]
Waybill = Annotated[str, LongText(4, length_name="length")]


@dataclass(frozen=True, slots=True)
class Register2011(Table):
    """0x1201 上传车辆注册信息."""

    platform_id: Text11
    producer_id: Text11
    terminal_model: Annotated[str, FixedText(20)]
    terminal_id: Annotated[str, FixedText(7)]
    sim: Annotated[str, FixedText(12)]


@dataclass(frozen=True, slots=True)
class RegisterShort(Table):
    """0x1201 of older senders: the model has 8 octets, 49 in all instead of 61."""

    platform_id: Text11
    producer_id: Text11
    terminal_model: Annotated[str, FixedText(8)]
    terminal_id: Annotated[str, FixedText(7)]
    sim: Annotated[str, FixedText(12)]


@dataclass(frozen=True, slots=True)
class Register2019(Table):
    """0x1201 in 2019 (110 octets)."""

    platform_id: Text11
    producer_id: Text11
    terminal_model: Annotated[str, FixedText(30)]
    imei: Annotated[str, FixedText(15)]
    terminal_id: Annotated[str, FixedText(30)]
    sim: Annotated[str, FixedText(13)]


@dataclass(frozen=True, slots=True)
class Answer(Table):
    """An answer of 2011 that is only a result."""

    result: U8


@dataclass(frozen=True, slots=True)
class SourceAnswer(Table):
    """An answer of 2019: which message is answered (its sub id and serial), and the result."""

    source_type: SubId
    source_serial: U32
    result: U8


@dataclass(frozen=True, slots=True)
class ExchangeReason(Table):
    """0x9205 启动 and 0x9206 结束车辆定位信息交换: why.

    0x9205: 0 area entered, 1 by hand, 2 emergency, 3 other. 0x9206: 0 area left, 1 by hand,
    2 emergency over, 3 vehicle offline, 4 other.
    """

    reason: U8


@dataclass(frozen=True, slots=True)
class Period(Table):
    """0x1207 申请交换 and 0x1209 补发车辆定位信息请求: from when to when."""

    start_time: Moment
    end_time: Moment


@dataclass(frozen=True, slots=True)
class Driver2011(Table):
    """0x120A 上报驾驶员身份识别信息应答 and 0x120C 主动上报."""

    driver_name: Annotated[str, FixedText(16)]
    driver_id: Annotated[str, FixedText(20)]
    certificate: Annotated[str, FixedText(40)]
    issuer: Annotated[str, FixedText(200)]


@dataclass(frozen=True, slots=True)
class Driver2019(Table):
    """0x120C in 2019, with the end of validity."""

    driver_name: Annotated[str, FixedText(16)]
    driver_id: Annotated[str, FixedText(20)]
    certificate: Annotated[str, FixedText(40)]
    issuer: Annotated[str, FixedText(200)]
    valid_until: Moment


@dataclass(frozen=True, slots=True)
class DriverAnswer2019(Table):
    """0x120A in 2019."""

    source_type: SubId
    source_serial: U32
    driver_name: Annotated[str, FixedText(16)]
    driver_id: Annotated[str, FixedText(20)]
    certificate: Annotated[str, FixedText(40)]
    issuer: Annotated[str, FixedText(200)]
    valid_until: Moment


@dataclass(frozen=True, slots=True)
class WaybillText(Table):
    """0x120B 上报车辆电子运单应答 (2011) and 0x120D 主动上报."""

    waybill: Waybill


@dataclass(frozen=True, slots=True)
class WaybillAnswer2019(Table):
    """0x120B in 2019."""

    source_type: SubId
    source_serial: U32
    waybill: Waybill


@dataclass(frozen=True, slots=True)
class Route(Table):
    """0x120E (2019) 上报车辆行驶路线: a body like 0x8606 of 808, kept as octets."""

    route_hex: Annotated[bytes, RestOctets()]


@dataclass(frozen=True, slots=True)
class RouteAnswer(Table):
    """0x920D (2019) 车辆行驶路线请求应答: 0 recorded, 1 approved, 2 wrong, 3 refused."""

    route_id: U32
    result: U8
    reason: Reason


@dataclass(frozen=True, slots=True)
class VehicleInfo(Table):
    """0x9204 交换车辆静态信息 and 0x1601 (2011): ``KEY:=value;`` pairs as one text."""

    car_info: Annotated[str, RestText()]
