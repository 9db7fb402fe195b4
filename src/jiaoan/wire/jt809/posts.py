"""0x1300 and 0x9300, between platforms: post queries 查岗, messages, gaps (2019)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from jiaoan.wire.jt809.table import U8, U32, FixedText, LongText, Moment, SubId, Table


class ObjectType(IntEnum):
    """Whom a post query 查岗 or a message is for; a query knows 1 to 3 only.

    ``object_id`` is the area code and the own code of a platform for 0 and 1, the number of the
    operating licence for 2, and empty for all others. (The text of the standard was not at hand:
    SmallChi's JT809 and the 809 classes of CTFO's gateway name the same numbers.)
    """

    ONE_PLATFORM = 0
    """下级平台所属单一平台."""
    THIS_PLATFORM = 1
    """当前连接的下级平台."""
    ONE_OPERATOR = 2
    """下级平台所属单一业户."""
    ALL_OPERATORS = 3
    """下级平台所属所有业户."""
    ALL_PLATFORMS = 4
    """下级平台所属所有平台."""
    ALL = 5
    """下级平台所属所有平台和业户."""
    ALL_OF_GOVERNMENT = 6
    """下级平台所属所有政府监管平台 (含监控端)."""
    ALL_OF_FIRMS = 7
    """下级平台所属所有企业监控平台."""
    ALL_COMMERCIAL = 8
    """下级平台所属所有经营性企业监控平台."""
    ALL_NOT_COMMERCIAL = 9
    """下级平台所属所有非经营性企业监控平台."""


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
