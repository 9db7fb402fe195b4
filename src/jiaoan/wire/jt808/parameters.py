"""Terminal parameters: 0x8103, 0x8104, 0x8106 and 0x0104.

A parameter keeps its octets; :meth:`Parameter.meaning` reads those that the standard names. Their
widths differ between the editions, so a number is read in the width it came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, NamedTuple

from jiaoan.wire.errors import BodyError, BodyFault
from jiaoan.wire.jt808.commands import Empty
from jiaoan.wire.jt808.fields import text
from jiaoan.wire.jt808.forms import Edition, Form
from jiaoan.wire.jt808.table import (
    BYTE,
    DWORD,
    U16,
    U32,
    ByForm,
    Column,
    Cursor,
    Items,
    Row,
    Table,
)
from jiaoan.wire.jt808.tolerance import Tolerance
from jiaoan.wire.tables import LongOctets


class Kind(Enum):
    """How the value of a parameter is written."""

    NUMBER = "number"
    TEXT = "text"
    DIGITS = "digits"


class Named(NamedTuple):
    """One row of the table of parameters; ``unit`` is "" for counts, flags and texts."""

    name: str
    kind: Kind = Kind.NUMBER
    unit: str = ""


_N, _T = Kind.NUMBER, Kind.TEXT
NAMED: dict[int, Named] = {
    0x0001: Named("heartbeat_interval", _N, "s"),
    0x0002: Named("tcp_answer_timeout", _N, "s"),
    0x0003: Named("tcp_retries"),
    0x0004: Named("udp_answer_timeout", _N, "s"),
    0x0005: Named("udp_retries"),
    0x0006: Named("sms_answer_timeout", _N, "s"),
    0x0007: Named("sms_retries"),
    0x0010: Named("main_apn", _T),
    0x0011: Named("main_user", _T),
    0x0012: Named("main_password", _T),
    0x0013: Named("main_address", _T),
    0x0014: Named("backup_apn", _T),
    0x0015: Named("backup_user", _T),
    0x0016: Named("backup_password", _T),
    0x0017: Named("backup_address", _T),
    0x0018: Named("tcp_port"),
    0x0019: Named("udp_port"),
    0x001A: Named("ic_card_main_address", _T),
    0x001B: Named("ic_card_tcp_port"),
    0x001C: Named("ic_card_udp_port"),
    0x001D: Named("ic_card_backup_address", _T),
    0x0020: Named("report_strategy"),
    0x0021: Named("report_scheme"),
    0x0022: Named("interval_not_logged_in", _N, "s"),
    0x0027: Named("interval_asleep", _N, "s"),
    0x0028: Named("interval_emergency", _N, "s"),
    0x0029: Named("interval_default", _N, "s"),
    0x002C: Named("distance_default", _N, "m"),
    0x002D: Named("distance_not_logged_in", _N, "m"),
    0x002E: Named("distance_asleep", _N, "m"),
    0x002F: Named("distance_emergency", _N, "m"),
    0x0030: Named("turn_angle", _N, "°"),
    0x0031: Named("fence_radius", _N, "m"),
    0x0032: Named("forbidden_hours", Kind.DIGITS),
    0x0040: Named("platform_phone", _T),
    0x0041: Named("reset_phone", _T),
    0x0042: Named("factory_settings_phone", _T),
    0x0043: Named("sms_phone", _T),
    0x0044: Named("sms_alarm_phone", _T),
    0x0045: Named("answering_strategy"),
    0x0046: Named("longest_call", _N, "s"),
    0x0047: Named("longest_calls_of_month", _N, "s"),
    0x0048: Named("listening_phone", _T),
    0x0049: Named("privileged_sms_phone", _T),
    0x0050: Named("alarm_mask"),
    0x0051: Named("alarm_sms_mask"),
    0x0052: Named("alarm_photo_mask"),
    0x0053: Named("alarm_photo_store_mask"),
    0x0054: Named("alarm_key_mask"),
    0x0055: Named("top_speed", _N, "km/h"),
    0x0056: Named("overspeed_duration", _N, "s"),
    0x0057: Named("longest_driving", _N, "s"),
    0x0058: Named("longest_driving_of_day", _N, "s"),
    0x0059: Named("shortest_rest", _N, "s"),
    0x005A: Named("longest_parking", _N, "s"),
    0x005B: Named("overspeed_warning_margin", _N, "0.1 km/h"),
    0x005C: Named("fatigue_warning_margin", _N, "s"),
    0x005D: Named("collision_settings"),
    0x005E: Named("rollover_angle", _N, "°"),
    0x0064: Named("timed_photo_settings"),
    0x0065: Named("distance_photo_settings"),
    0x0070: Named("picture_quality"),
    0x0071: Named("brightness"),
    0x0072: Named("contrast"),
    0x0073: Named("saturation"),
    0x0074: Named("chroma"),
    0x0080: Named("odometer", _N, "0.1 km"),
    0x0081: Named("province"),
    0x0082: Named("city"),
    0x0083: Named("plate", _T),
    0x0084: Named("plate_colour"),
    0x0090: Named("gnss_systems"),
    0x0091: Named("gnss_baud_rate"),
    0x0092: Named("gnss_output_rate"),
    0x0093: Named("gnss_collect_interval", _N, "s"),
    0x0094: Named("gnss_upload_mode"),
    0x0095: Named("gnss_upload_setting"),
    0x0100: Named("can1_collect_interval", _N, "ms"),
    0x0101: Named("can1_upload_interval", _N, "s"),
    0x0102: Named("can2_collect_interval", _N, "ms"),
    0x0103: Named("can2_upload_interval", _N, "s"),
}


@dataclass(frozen=True, slots=True)
class Parameter(Table):
    """One parameter: id and octets as sent."""

    id: U32
    value: Annotated[bytes, LongOctets(1)]

    @classmethod
    def number(cls, id_: int, value: int, octets: int = 4) -> Parameter:
        return cls(id_, value.to_bytes(octets, "big"))

    @property
    def named(self) -> Named | None:
        """The standard's row of this id, if it has one."""
        return NAMED.get(self.id)

    def meaning(self) -> int | str | None:
        """The value as a number or text; ``None`` for an id that the standard does not name."""
        named = self.named
        if named is None:
            return None
        if named.kind is Kind.NUMBER:
            return int.from_bytes(self.value, "big")
        if named.kind is Kind.DIGITS:
            return self.value.hex()
        return text(self.value, named.name)


_MOST = 1024
"""The count is one octet; what goes far beyond it is no list of parameters."""


class _TwoCounts(Column[int]):
    """The count of 0x0104 in 808-2011: all parameters, then those of this package."""

    def read(self, cursor: Cursor, name: str) -> int:
        cursor.take(1, name)
        return cursor.uint(1, name)

    def write(self, value: int, name: str, form: Form) -> bytes:
        return BYTE.write(value, name, form) * 2


class Parameters(Items[Cursor, Form, Parameter]):
    """A count and parameters. Senders get the count wrong; the lengths of the items decide."""

    def read(self, cursor: Cursor, name: str) -> tuple[Parameter, ...]:
        assert self.count is not None
        claimed = self.count.read(cursor, f"{name}.count")
        items: list[Parameter] = []
        while cursor.left:
            if len(items) == _MOST:
                reason = f"more than {_MOST} parameters"
                raise BodyError(name, reason, cursor.octets, BodyFault.WRONG_COUNT)
            items.append(self.item.read(cursor, name))
        if claimed != len(items):
            reason = f"{claimed} are claimed, {len(items)} are there"
            cursor.reading.tolerate(
                Tolerance.WRONG_COUNT,
                BodyError(name, reason, cursor.octets, BodyFault.WRONG_COUNT),
            )
        return tuple(items)


@dataclass(frozen=True, slots=True)
class SetParameters(Table):
    """0x8103 设置终端参数."""

    params: Annotated[tuple[Parameter, ...], Parameters(BYTE, Row(Parameter), most=255)]


@dataclass(frozen=True, slots=True)
class AskParameters(Empty):
    """0x8104 查询终端参数: all of them."""


@dataclass(frozen=True, slots=True)
class AskTheseParameters(Table):
    """0x8106 (2013) 查询指定终端参数."""

    param_ids: Annotated[tuple[int, ...], Items(BYTE, DWORD, most=255)]


@dataclass(frozen=True, slots=True)
class ParametersAnswer(Table):
    """0x0104 查询终端参数应答. 808-2011 has two count octets."""

    reply_serial: U16
    params: Annotated[
        tuple[Parameter, ...],
        Parameters(ByForm(BYTE, {Edition.V2011: _TwoCounts()}), Row(Parameter), most=255),
    ]
