"""0x1500/0x9500, vehicle supervision 车辆监管, and 0x1600/0x9600, static data 车辆静态信息."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from jiaoan.wire.errors import BodyError, BodyFault
from jiaoan.wire.jt809.location import SHORT_LOCATION, GnssBlock, ShortBody
from jiaoan.wire.jt809.table import (
    U8,
    U16,
    U32,
    Cursor,
    FixedOctets,
    FixedText,
    LongOctets,
    LongText,
    Moment,
    RestOctets,
    RestText,
    Row,
    SubId,
    Table,
)

Data = Annotated[bytes, LongOctets(4)]


@dataclass(frozen=True, slots=True)
class MonitorRequest(Table):
    """0x9501 车辆单向监听请求: the number that the vehicle calls back."""

    monitor_tel: Annotated[str, FixedText(20)]


@dataclass(frozen=True, slots=True)
class PhotoRequest(Table):
    """0x9502 车辆拍照请求."""

    lens: U8
    photo_size: U8


@dataclass(frozen=True, slots=True)
class _Photo(Table):
    """What the photograph answers share: its length is that of the octets at the end."""

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        one = super(_Photo, cls).read(cursor)
        length, photo = getattr(one, "photo_length"), getattr(one, "photo")  # noqa: B009
        if length != len(photo):
            more = length > len(photo)
            raise BodyError(
                "photo",
                f"{length} octets are claimed, {len(photo)} are there",
                cursor.octets,
                BodyFault.OVERRUN if more else BodyFault.TRAILING,
            )
        return one


@dataclass(frozen=True, slots=True)
class PhotoAnswer2011(_Photo):
    """0x1502 车辆拍照应答."""

    result: U8
    block: Annotated[GnssBlock, Row(GnssBlock, apart="position")]
    lens: U8
    photo_length: U32
    photo_size: U8
    photo_format: U8
    photo: Annotated[bytes, RestOctets()]


@dataclass(frozen=True, slots=True)
class PhotoAnswer2019(_Photo):
    """0x1502 in 2019 with a block of 36 octets, as a real inspection showed."""

    source_type: SubId
    source_serial: U32
    result: U8
    block: Annotated[GnssBlock, Row(GnssBlock, apart="position")]
    lens: U8
    photo_length: U32
    photo_size: U8
    photo_format: U8
    photo: Annotated[bytes, RestOctets()]


@dataclass(frozen=True, slots=True)
class PhotoAnswerBody(_Photo):
    """0x1502 in 2019 with the 28 octets of an 808 location."""

    source_type: SubId
    source_serial: U32
    result: U8
    gnss: Annotated[bytes, ShortBody(SHORT_LOCATION)]
    lens: U8
    photo_length: U32
    photo_size: U8
    photo_format: U8
    photo: Annotated[bytes, RestOctets()]


@dataclass(frozen=True, slots=True)
class TextRequest(Table):
    """0x9503 下发车辆报文请求: priority 0 urgent, 1 normal."""

    info_id: U32
    priority: U8
    info: Annotated[str, LongText(4)]


@dataclass(frozen=True, slots=True)
class TextAnswer(Table):
    """0x1503 下发车辆报文应答."""

    info_id: U32
    result: U8


@dataclass(frozen=True, slots=True)
class TextAnswerLong(Table):
    """0x1503 in 2019 with source and message id."""

    source_type: SubId
    source_serial: U32
    info_id: U32
    result: U8


@dataclass(frozen=True, slots=True)
class RecorderRequest(Table):
    """0x9504 上报车辆行驶记录请求 in 2011: the command of GB/T 19056."""

    command: U8


@dataclass(frozen=True, slots=True)
class RecorderRequest2019(Table):
    """0x9504 in 2019, for a period."""

    start_time: Moment
    end_time: Moment
    command: U8


@dataclass(frozen=True, slots=True)
class RecorderAnswer(Table):
    """0x1504 上报车辆行驶记录应答."""

    command: U8
    recorder_hex: Data


@dataclass(frozen=True, slots=True)
class RecorderAnswer2019(Table):
    """0x1504 in 2019."""

    source_type: SubId
    source_serial: U32
    command: U8
    recorder_hex: Data


@dataclass(frozen=True, slots=True)
class EmergencyAccess(Table):
    """0x9505 车辆应急接入监管平台请求: where the terminal shall report until ``end_time``."""

    auth_code_hex: Annotated[bytes, FixedOctets(10)]
    access_point: Annotated[str, FixedText(20)]
    user_name: Annotated[str, FixedText(49)]
    dial_password: Annotated[str, FixedText(22)]
    server_ip: Annotated[str, FixedText(32)]
    tcp_port: U16
    udp_port: U16
    end_time: Moment


@dataclass(frozen=True, slots=True)
class StaticAnswer2019(Table):
    """0x1601 补报车辆静态信息应答 in 2019: begins with the request that it answers."""

    source_type: SubId
    source_serial: U32
    car_info: Annotated[str, RestText()]

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        one = super(StaticAnswer2019, cls).read(cursor)
        if one.source_type != 0x9601:
            reason = f"0x{one.source_type:04x} is not the request that is answered"
            raise BodyError("source_type", reason, cursor.octets, BodyFault.BAD_VALUE)
        return one
