"""Pictures, sound and video of the terminal: 0x0800-0x0805 up, 0x8800-0x8805 down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from jiaoan.wire.jt808.columns import Moment, Octets
from jiaoan.wire.jt808.location import Location, PlaceColumn
from jiaoan.wire.jt808.table import (
    BYTE,
    DWORD,
    ONLY_2011,
    SINCE_2013,
    U8,
    U16,
    U32,
    WORD,
    IfMore,
    Items,
    OnlyIf,
    Row,
    Table,
)


class MediaType(IntEnum):
    """What a medium is."""

    IMAGE = 0
    AUDIO = 1
    VIDEO = 2


class MediaFormat(IntEnum):
    """How a medium is coded."""

    JPEG = 0
    TIF = 1
    MP3 = 2
    WAV = 3
    WMV = 4


class MediaEvent(IntEnum):
    """Why a medium was made."""

    PLATFORM_ORDER = 0
    TIMER = 1
    ROBBERY = 2
    COLLISION_OR_ROLLOVER = 3
    DOOR_OPENED = 4
    DOOR_CLOSED = 5
    DOOR_SHUT_AND_20_KMH = 6
    DISTANCE = 7


@dataclass(frozen=True, slots=True)
class MediaNotice(Table):
    """0x0800 多媒体事件信息上传. Numbers may be outside the enumerations of this module."""

    media_id: U32
    media_type: U8
    media_format: U8
    event_code: U8
    channel_id: U8


@dataclass(frozen=True, slots=True)
class MediaUpload(Table):
    """0x0801 多媒体数据上传. 808-2011 has its own part numbers and no location."""

    media_id: U32
    media_type: U8
    media_format: U8
    event_code: U8
    channel_id: U8
    location: Annotated[Location | None, PlaceColumn(), SINCE_2013] = None
    part_total: Annotated[U32 | None, ONLY_2011] = None
    part_number: Annotated[U32 | None, ONLY_2011] = None
    data: Octets = b""


@dataclass(frozen=True, slots=True)
class MediaAnswer(Table):
    """0x8800 多媒体数据上传应答: which parts are wanted again; ``None`` when it is complete."""

    reply_serial: Annotated[U16 | None, ONLY_2011] = None
    media_id: U32 = 0
    retransmit_ids: Annotated[tuple[int, ...] | None, Items(BYTE, WORD, most=255), IfMore()] = None


@dataclass(frozen=True, slots=True)
class Shoot(Table):
    """0x8801 摄像头立即拍摄命令: command 0 stop, 0xffff record, else so many pictures."""

    channel_id: U8
    command: U16
    interval_s: U16
    save: U8
    resolution: U8
    quality: U8
    brightness: U8
    contrast: U8
    saturation: U8
    chroma: U8


@dataclass(frozen=True, slots=True)
class ShootAnswer(Table):
    """0x0805 (2013) 摄像头立即拍摄命令应答: 0 ok, 1 failed, 2 no such channel."""

    reply_serial: U16
    result: U8
    media_ids: Annotated[tuple[int, ...] | None, Items(WORD, DWORD), OnlyIf("result", 0)] = None


@dataclass(frozen=True, slots=True)
class FindMedia(Table):
    """0x8802 存储多媒体数据检索: channel 0 all; no time on both sides is any time."""

    media_type: U8
    channel_id: U8
    event_code: U8
    start: Moment
    end: Moment


@dataclass(frozen=True, slots=True)
class StoredMedium(Table):
    """One find of 0x0802."""

    media_id: U32
    media_type: U8
    channel_id: U8
    event_code: U8
    location: Annotated[Location, PlaceColumn()]


@dataclass(frozen=True, slots=True)
class FoundMedia(Table):
    """0x0802 存储多媒体数据检索应答."""

    reply_serial: U16
    media: Annotated[tuple[StoredMedium, ...], Items(WORD, Row(StoredMedium))]


@dataclass(frozen=True, slots=True)
class UploadMedia(Table):
    """0x8803 存储多媒体数据上传命令: ``delete`` 0 keep, 1 delete afterwards."""

    media_type: U8
    channel_id: U8
    event_code: U8
    start: Moment
    end: Moment
    delete: U8


@dataclass(frozen=True, slots=True)
class Record(Table):
    """0x8804 录音开始命令: command 0 stop, 1 start; rate 0 8 kHz, 1 11, 2 23, 3 32."""

    command: U8
    duration_s: U16
    save: U8
    rate: U8


@dataclass(frozen=True, slots=True)
class UploadMedium(Table):
    """0x8805 (2013) 单条存储多媒体数据检索上传命令."""

    media_id: U32
    delete: U8
