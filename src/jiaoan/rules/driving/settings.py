"""The figures of the driving rules, each with its unit, source and mark.

A figure holds from its day on; a changed figure is a new :class:`Settings` with a later
``valid_from``, so that an act is judged by the figures of its day (:class:`~.book.Book`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Final

from jiaoan.rules.driving.law import Mark


class Origin(StrEnum):
    """A source that is no text with a title: its words are those of the page that shows it."""

    ASSESSMENT = "assessment"  # 考核表说明
    SOFTWARE = "software"  # 软件默认值
    PRACTICE = "practice"  # 地方做法


@dataclass(frozen=True)
class Source:
    """Where a figure comes from: the title of an official text, or what else it is."""

    unit: str
    text: str | Origin
    mark: Mark


_TABLE, _OWN = Origin.ASSESSMENT, Origin.SOFTWARE
SOURCES: Final[Mapping[str, Source]] = {
    "over_s": Source("s", _TABLE, "V"),
    "merge_s": Source("s", _TABLE, "V"),
    "hole_s": Source("s", _OWN, "U"),
    "moving": Source("0.1 km/h", _OWN, "U"),
    "moved_m": Source("m", _OWN, "U"),
    "gap_s": Source("s", _OWN, "U"),
    "fastest_kmh": Source("km/h", _OWN, "U"),
    "rest_s": Source("s", "道路交通安全法实施条例第六十二条第七项", "V"),
    "continuous_s": Source("s", "道路交通安全法实施条例第六十二条第七项", "V"),
    "night_s": Source("s", "道路旅客运输企业安全管理规范；动态监督管理办法", "V"),
    "night_from": Source("minute of day", "两类人员题库（客车夜间80%限速）", "weak"),
    "night_to": Source("minute of day", "两类人员题库（客车夜间80%限速）", "weak"),
    "night_percent": Source("%", "道路运输车辆动态监督管理办法", "weak"),
    "day_total_min": Source("min", "道路旅客运输企业安全管理规范", "V"),
    "week_total_min": Source("min", "道路旅客运输企业安全管理规范", "V"),
    "pauses_count": Source("0/1", _OWN, "U"),
    "halt_s": Source("s", _OWN, "U"),
    "small_from": Source("minute of day", "道路客运接驳运输管理办法第三十二条", "V"),
    "small_to": Source("minute of day", "道路客运接驳运输管理办法第三十二条", "V"),
    "offline_s": Source("s", _OWN, "U"),
    "displaced_m": Source("m", _OWN, "U"),
    "stay_s": Source("s", _OWN, "U"),
    "stay_m": Source("m", _OWN, "U"),
    "drift_kmh": Source("km/h", _TABLE, "U"),
    "drift_m": Source("m", _OWN, "U"),
    "astray_points": Source("points", _OWN, "U"),
    "frozen_points": Source("points", _OWN, "U"),
    "frozen_s": Source("s", _OWN, "U"),
    "mismatch_kmh": Source("km/h", _OWN, "U"),
    "mismatch_points": Source("points", _OWN, "U"),
    "ahead_s": Source("s", _OWN, "U"),
    "behind_s": Source("s", _OWN, "U"),
    "clone_kmh": Source("km/h", _OWN, "U"),
    "clone_m": Source("m", _OWN, "U"),
    "hazmat_express": Source("0.1 km/h", "危险货物道路运输安全管理办法第四十六条", "V"),
    "hazmat_other": Source("0.1 km/h", "危险货物道路运输安全管理办法第四十六条", "V"),
    "school_express": Source("0.1 km/h", "校车安全管理条例", "U"),
    "school_other": Source("0.1 km/h", "校车安全管理条例", "U"),
    "heavy_general": Source("0.1 km/h", "道路交通安全法实施条例（高速公路其他机动车）", "U"),
    "relay_exempt_km": Source("km", "道路客运接驳运输管理办法第三十二条", "V"),
    "hazmat_fatigue": Source("0/1", Origin.PRACTICE, "U"),
}


@dataclass(frozen=True)
class Settings:
    """All figures, in force from the local day ``valid_from`` on. See :data:`SOURCES`."""

    valid_from: date = date.min
    over_s: int = 30  # longer than this 持续30秒以上
    merge_s: int = 60  # a next stretch within this is the same event
    hole_s: int = 60  # a longer hole between two points over the limit breaks the stretch
    moving: int = 50  # from this speed on a vehicle is moving
    moved_m: int = 50  # …or when it says it stands, twice, and came this far in between
    gap_s: int = 300  # a longer hole is a gap: what happened there is not known
    fastest_kmh: int = 120  # nobody drove faster through a gap
    rest_s: int = 1200
    continuous_s: int = 14400
    night_s: int = 7200
    night_from: int = 22 * 60
    night_to: int = 6 * 60
    night_percent: int = 80
    day_total_min: int = 480
    week_total_min: int = 2640
    pauses_count: int = 1  # stands shorter than a rest are part of continuous driving
    halt_s: int = 180  # shorter stands are traffic and count in the totals
    small_from: int = 2 * 60
    small_to: int = 5 * 60
    offline_s: int = 1800
    displaced_m: int = 2000
    stay_s: int = 7200
    stay_m: int = 100  # found again within this after a gap, it stayed
    drift_kmh: int = 160
    drift_m: int = 500  # a shorter jump is noise
    astray_points: int = 3  # so many points astray in a row are the new place
    frozen_points: int = 5
    frozen_s: int = 120
    mismatch_kmh: int = 20
    mismatch_points: int = 3
    ahead_s: int = 600
    behind_s: int = 3600
    clone_kmh: int = 200
    clone_m: int = 10_000
    hazmat_express: int = 800
    hazmat_other: int = 600
    school_express: int = 800
    school_other: int = 600
    heavy_general: int = 1000
    relay_exempt_km: int = 200
    hazmat_fatigue: int = 0  # night, 24 h and 7-day limits for hazmat vehicles too

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name != "valid_from" and value < 0:
                raise ValueError(f"{each.name} must not be negative, not {value}")
        if not 0 < self.gap_s * 1000 < 86_400_000 or self.halt_s > self.rest_s:
            raise ValueError("gap_s must lie within a day and halt_s not above rest_s")


# The coach exemption was 100 km before the relay measures of 2023 (交运规〔2023〕2号) [U: the day].
DEFAULTS: Final = (Settings(relay_exempt_km=100), Settings(valid_from=date(2023, 1, 1)))
