"""The driving rules by name, and the clauses they rest on, chosen by the day of the act.

``mark`` as in the field: ``V`` the figure was seen in the text or an official table, ``weak`` seen
second-hand (二手来源), ``U`` general knowledge, shown as 未核实 until an official confirms it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Final, Literal

Mark = Literal["V", "weak", "U"]
Severity = Literal["major", "high", "normal", "low"]


class Rule(IntEnum):
    """Numbers are the kernel's; names on the bus are :data:`IDS`. Never renumber."""

    OVERSPEED = 1
    CONTINUOUS = 2
    NIGHT = 3
    DAY_TOTAL = 4
    WEEK_TOTAL = 5
    SMALL_HOURS = 6
    HAZMAT_BAN = 7
    SCHOOL_HOURS = 8
    OFFLINE = 9
    DISPLACED = 10
    STAY = 11
    DRIFT = 12
    INVALID = 13
    FROZEN = 14
    MISMATCH = 15
    MILEAGE = 16
    CLOCK = 17
    CLONED = 18
    TOGETHER = 19


_CHANGED: Final = {Rule.OVERSPEED: "2", Rule.HAZMAT_BAN: "2"}
"""Rules whose outcome is another one since their first version."""


def version_of(rule: Rule) -> str:
    """The version of a rule: raised when its outcome changes, for its findings are others then."""
    return _CHANGED.get(rule, "1")


IDS: Final[Mapping[Rule, str]] = {
    Rule.OVERSPEED: "driving.overspeed",
    Rule.CONTINUOUS: "driving.continuous",
    Rule.NIGHT: "driving.night",
    Rule.DAY_TOTAL: "driving.day-total",
    Rule.WEEK_TOTAL: "driving.week-total",
    Rule.SMALL_HOURS: "driving.small-hours",
    Rule.HAZMAT_BAN: "driving.hazmat-ban",
    Rule.SCHOOL_HOURS: "driving.school-hours",
    Rule.OFFLINE: "driving.offline",
    Rule.DISPLACED: "driving.displaced",
    Rule.STAY: "driving.stay",
    Rule.DRIFT: "driving.drift",
    Rule.INVALID: "driving.invalid",
    Rule.FROZEN: "driving.frozen",
    Rule.MISMATCH: "driving.mismatch",
    Rule.MILEAGE: "driving.mileage",
    Rule.CLOCK: "driving.clock",
    Rule.CLONED: "driving.cloned",
    Rule.TOGETHER: "driving.together",
}
BY_ID: Final[Mapping[str, Rule]] = {name: rule for rule, name in IDS.items()}

# Judged on every row as it arrives, because such rows have no place in time.
ON_ARRIVAL: Final = frozenset({Rule.INVALID, Rule.CLOCK})

TITLES: Final[Mapping[Rule, tuple[str, str]]] = {
    Rule.OVERSPEED: ("超速行驶", "Overspeed"),
    Rule.CONTINUOUS: ("连续驾驶超时", "Continuous driving too long"),
    Rule.NIGHT: ("夜间连续驾驶超时", "Night driving too long"),
    Rule.DAY_TOTAL: ("24小时累计驾驶超时", "Driving too long in 24 hours"),
    Rule.WEEK_TOTAL: ("7日累计驾驶超时", "Driving too long in 7 days"),
    Rule.SMALL_HOURS: ("凌晨2至5时运行", "Coach running between 02:00 and 05:00"),
    Rule.HAZMAT_BAN: ("危货车辆禁行时段行驶", "Hazmat vehicle in banned hours"),
    Rule.SCHOOL_HOURS: ("校车超出开行时间", "School bus outside its hours"),
    Rule.OFFLINE: ("车辆离线", "Vehicle off line"),
    Rule.DISPLACED: ("离线位移", "Moved while off line"),
    Rule.STAY: ("长时间停留", "Long stay"),
    Rule.DRIFT: ("卫星定位漂移", "Position drift"),
    Rule.INVALID: ("数据不合格", "Invalid data"),
    Rule.FROZEN: ("坐标冻结", "Frozen coordinates"),
    Rule.MISMATCH: ("速度与位移不符", "Speed does not match the way"),
    Rule.MILEAGE: ("里程倒退", "Mileage runs backwards"),
    Rule.CLOCK: ("终端时钟偏差", "Terminal clock off"),
    Rule.CLONED: ("疑似套牌", "Suspected cloned plate"),
    Rule.TOGETHER: ("危货车辆异常靠近", "Two hazmat vehicles too long together"),
}

SEVERITY: Final[Mapping[Rule, Severity]] = {
    Rule.SMALL_HOURS: "high",  # on routes of 800 km and more a major hazard, criteria a.4(1)
    Rule.OVERSPEED: "high",
    Rule.CONTINUOUS: "high",
    Rule.NIGHT: "high",
    Rule.HAZMAT_BAN: "high",
    Rule.TOGETHER: "high",
    Rule.CLONED: "high",
    Rule.FROZEN: "high",
    Rule.MISMATCH: "high",
    Rule.OFFLINE: "low",
    Rule.DRIFT: "low",
    Rule.INVALID: "low",
    Rule.CLOCK: "low",
}


def severity(rule: Rule) -> Severity:
    """The severity that an alarm starts with; a setting may change it."""
    return SEVERITY.get(rule, "normal")


@dataclass(frozen=True)
class Clause:
    """A clause with the local days on which it is in force, both inclusive."""

    id: str
    title: str
    article: str
    rules: frozenset[Rule]
    valid_from: date
    valid_to: date = date.max
    mark: Mark = "V"
    from_mark: Mark = "U"  # the day itself: how sure it is

    @property
    def label(self) -> str:
        """《…》第…条 as it is cited on screen."""
        return f"《{self.title}》{self.article}"


def _clause(
    id: str,
    title: str,
    article: str,
    rules: set[Rule],
    valid_from: date,
    valid_to: date = date.max,
    mark: Mark = "V",
    from_mark: Mark = "U",
) -> Clause:
    return Clause(id, title, article, frozenset(rules), valid_from, valid_to, mark, from_mark)


_R = Rule
_ASSESSMENT = "道路运输车辆卫星定位考核表（交运发〔2016〕160号）"
CLAUSES: Final = (
    _clause(
        "road-safety-regulation.62.7", "道路交通安全法实施条例", "第六十二条第七项",
        {_R.CONTINUOUS}, date(2004, 5, 1),
    ),
    _clause(
        "road-transport-regulation.28", "道路运输条例", "第二十八条",
        {_R.CONTINUOUS}, date(2004, 7, 1),
    ),
    _clause(
        "monitoring-measures.limits", "道路运输车辆动态监督管理办法", "限值设置条款",
        {_R.OVERSPEED, _R.NIGHT, _R.DAY_TOTAL, _R.SMALL_HOURS}, date(2014, 7, 1), mark="weak",
    ),
    _clause(
        "coach-safety-code.38", "道路旅客运输企业安全管理规范", "第三十八条",
        {_R.NIGHT, _R.DAY_TOTAL, _R.WEEK_TOTAL}, date(2018, 6, 1), mark="weak",
    ),
    _clause(
        "relay-measures.32", "道路客运接驳运输管理办法", "第三十二条",
        {_R.SMALL_HOURS}, date(2023, 1, 1), from_mark="U",
    ),
    _clause(
        "hazmat-measures.46", "危险货物道路运输安全管理办法", "第四十六条",
        {_R.OVERSPEED}, date(2020, 1, 1),
    ),
    _clause(
        "hazmat-measures.49", "危险货物道路运输安全管理办法", "第四十九条",
        {_R.HAZMAT_BAN}, date(2020, 1, 1),
    ),
    _clause(
        "hazchem-regulation.48", "危险化学品安全管理条例", "第四十八条",
        # Which clause such a finding rests on is our own reading.
        {_R.STAY, _R.TOGETHER}, date(2011, 12, 1), mark="U",
    ),
    _clause(
        "school-bus-regulation.hours", "校车安全管理条例", "开行时间与线路条款",
        {_R.SCHOOL_HOURS, _R.OVERSPEED}, date(2012, 4, 5), mark="U",
    ),
    _clause(
        "assessment-2016", _ASSESSMENT, "考核表说明",
        {_R.OVERSPEED, _R.CONTINUOUS, _R.NIGHT, _R.DRIFT, _R.INVALID, _R.CLOCK}, date(2016, 9, 1),
    ),
    _clause(
        "hunan-indicators", "湖南省“两客一危”联网联控考核指标", "离线位移、凌晨2至5时运行",
        {_R.DISPLACED, _R.SMALL_HOURS, _R.OFFLINE}, date(2021, 9, 1),
    ),
    _clause(
        "work-safety-law.99.4", "安全生产法", "第九十九条第四项",
        # Our own reading too.
        {_R.FROZEN, _R.MISMATCH, _R.MILEAGE, _R.CLOCK, _R.CLONED, _R.DISPLACED, _R.OFFLINE},
        date(2021, 9, 1), mark="U",
    ),
)  # fmt: skip


def clauses_on(rule: Rule, day: date, kind: str = "") -> tuple[Clause, ...]:
    """The clauses that held for ``rule`` on that local day; empty when none was loaded for it.

    Clauses of one vehicle kind (hazmat, school bus, coach) are left out for the others.
    """
    return tuple(
        clause
        for clause in CLAUSES
        if rule in clause.rules
        and clause.valid_from <= day <= clause.valid_to
        and _KINDS.get(clause.id, kind) == kind
    )


_KINDS: Final[Mapping[str, str]] = {
    "hazmat-measures.46": "hazmat",
    "hazmat-measures.49": "hazmat",
    "hazchem-regulation.48": "hazmat",
    "school-bus-regulation.hours": "school_bus",
    "relay-measures.32": "coach",
    "coach-safety-code.38": "coach",
}
