"""0x1300 and 0x9300, between platforms: post queries 查岗, messages, gaps (2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jiaoan.wire.jt809.table import U8, U32, FixedText, LongText, Moment, SubId, Table

Info = Annotated[str, LongText(4)]


@dataclass(frozen=True, slots=True)
class PostQuery2011(Table):
    """0x9301 平台查岗请求, 0x9302 下发平台间报文请求, and 0x1301 平台查岗应答 in 2011."""

    object_type: U8
    object_id: Annotated[str, FixedText(12)]
    info_id: U32
    info: Info


@dataclass(frozen=True, slots=True)
class PostQuery2019(Table):
    """0x9301 in 2019: the answer is due within ``answer_seconds``."""

    object_type: U8
    object_id: Annotated[str, FixedText(20)]
    answer_seconds: U8
    info_id: U32
    info: Info


@dataclass(frozen=True, slots=True)
class PostAnswer2019(Table):
    """0x1301 in 2019: who answered."""

    object_type: U8
    responder: Annotated[str, FixedText(16)]
    responder_phone: Annotated[str, FixedText(20)]
    object_id: Annotated[str, FixedText(20)]
    source_type: SubId
    source_serial: U32
    info: Info


@dataclass(frozen=True, slots=True)
class PlatformText2019(Table):
    """0x9302 in 2019."""

    object_type: U8
    object_id: Annotated[str, FixedText(20)]
    info_id: U32
    info: Info


@dataclass(frozen=True, slots=True)
class TextAnswer2011(Table):
    """0x1302 下发平台间报文应答."""

    info_id: U32


@dataclass(frozen=True, slots=True)
class Source(Table):
    """0x1302 in 2019: only which message is answered."""

    source_type: SubId
    source_serial: U32


@dataclass(frozen=True, slots=True)
class GapRequest(Table):
    """0x1303, 0x9303 (2019) 平台间消息补传请求: the serials that never came.

    Asked by serials, or by ``time`` with both serials zero.
    """

    missing_sub_type: SubId
    missing_count: U8
    first_serial: U32
    last_serial: U32
    time: Moment


@dataclass(frozen=True, slots=True)
class GapRequestShort(Table):
    """The same without sub id and count, as another implementation sends it."""

    first_serial: U32
    last_serial: U32
    time: Moment
