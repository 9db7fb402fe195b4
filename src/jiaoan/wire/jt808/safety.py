"""Active safety (T/JSATL 12-2017 and its kin): the alarm items 0x64-0x67 of a location.

Guangdong and Heilongjiang use the same ids with a longer alarm identification. The length of the
item tells them apart; where a tyre item fits two of them, its count octet does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from jiaoan.wire.errors import BodyError
from jiaoan.wire.jt808.columns import FixedText, Moment
from jiaoan.wire.jt808.forms import Dialect, Edition, Form, Reading
from jiaoan.wire.jt808.table import BYTE, U8, U16, U32, WORD, ByForm, Items, Row, Table, UInt
from jiaoan.wire.tables import FixedOctets

_WIDE = FixedText(30)
TERMINAL_ID = ByForm(FixedText(7), {Dialect.GUANGDONG: _WIDE, Dialect.HEILONGJIANG: _WIDE})
"""The terminal id of active safety: 7 octets in Jiangsu, 30 elsewhere."""


class SafetyItem(IntEnum):
    """Ids of the alarm items."""

    ADAS = 0x64
    DSM = 0x65
    TYRES = 0x66
    BLIND_SPOT = 0x67


@dataclass(frozen=True, slots=True)
class AlarmSign(Table):
    """The alarm identification (报警标识号): it names one alarm and ties its files to it."""

    terminal_id: Annotated[str, TERMINAL_ID]
    time: Moment
    sequence: U8
    attachments: U8
    reserved: Annotated[
        int, ByForm(BYTE, {Dialect.GUANGDONG: WORD, Dialect.HEILONGJIANG: UInt(0)})
    ] = 0


@dataclass(frozen=True, slots=True)
class AlarmPlace(Table):
    """The common tail: speed in km/h, altitude in m, microdegrees; bits of ``vehicle_state``:
    0 ACC, 1 left, 2 right, 3 wiper, 4 brake, 5 card, 10 fixed."""

    speed_kmh: U8
    altitude_m: U16
    raw_latitude: U32
    raw_longitude: U32
    time: Moment
    vehicle_state: U16
    alarm_sign: Annotated[AlarmSign, Row(AlarmSign)]


@dataclass(frozen=True, slots=True)
class Adas(Table):
    """0x64 高级驾驶辅助: ``flag_state`` 0 not available, 1 start, 2 end; types:
    1 forward collision, 2 lane departure, 3 too close, 4 pedestrian, 5 frequent lane change,
    6 sign limit exceeded, 7 obstacle, 0x10 sign recognised, 0x11 active snapshot."""

    alarm_id: U32
    flag_state: U8
    alarm_type: U8
    alarm_level: U8
    front_speed_kmh: U8
    front_distance_100ms: U8
    deviation_type: U8
    road_sign_type: U8
    road_sign_data: U8
    place: Annotated[AlarmPlace, Row(AlarmPlace)]


@dataclass(frozen=True, slots=True)
class Dsm(Table):
    """0x65 驾驶员状态监测: types: 1 fatigue, 2 phone, 3 smoking, 4 distraction, 5 driver abnormal,
    0x10 automatic snapshot, 0x11 driver changed."""

    alarm_id: U32
    flag_state: U8
    alarm_type: U8
    alarm_level: U8
    fatigue_level: U8
    reserved: Annotated[bytes, FixedOctets(4)]
    place: Annotated[AlarmPlace, Row(AlarmPlace)]


@dataclass(frozen=True, slots=True)
class Tyre(Table):
    """One tyre: bits of ``alarm_bits`` 0 timed report, 1 high pressure, 2 low, 3 hot, 4 sensor,
    5 unbalanced, 6 slow leak, 7 battery; kPa, degrees, per cent."""

    position: Annotated[int, ByForm(BYTE, {Dialect.GUANGDONG: WORD})]
    alarm_bits: U16
    pressure_kpa: U16
    temperature_c: U16
    battery_percent: U16


@dataclass(frozen=True, slots=True)
class Tyres(Table):
    """0x66 胎压监测: the printed offsets of count and list are one too low; the sizes decide."""

    alarm_id: U32
    flag_state: U8
    place: Annotated[AlarmPlace, Row(AlarmPlace)]
    tyres: Annotated[tuple[Tyre, ...], Items(BYTE, Row(Tyre), most=255)]


@dataclass(frozen=True, slots=True)
class BlindSpot(Table):
    """0x67 盲区监测: types 1 rear, 2 left rear, 3 right rear."""

    alarm_id: U32
    flag_state: U8
    alarm_type: U8
    place: Annotated[AlarmPlace, Row(AlarmPlace)]


SafetyAlarm = Adas | Dsm | Tyres | BlindSpot
_TABLES: dict[int, type[Adas] | type[Dsm] | type[Tyres] | type[BlindSpot]] = {
    SafetyItem.ADAS: Adas,
    SafetyItem.DSM: Dsm,
    SafetyItem.TYRES: Tyres,
    SafetyItem.BLIND_SPOT: BlindSpot,
}


def read_alarm(item_id: int, octets: bytes) -> tuple[SafetyAlarm, Dialect] | None:
    """The alarm of an item and whose text it follows; ``None`` where no table fits exactly (the
    ids are used by others for other things, so nothing is guessed)."""
    table = _TABLES.get(item_id)
    if table is None:
        return None
    for dialect in Dialect:
        try:
            return table.parse(octets, Reading.exact(Form(Edition.V2013, dialect))), dialect
        except BodyError:
            continue
    return None
