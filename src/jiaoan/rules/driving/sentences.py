"""The Chinese and the English sentence of a finding, made from the finding alone.

Screen, printed evidence and ``jiaoan explain`` use the same two sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import Rule


@dataclass(frozen=True)
class Sentence:
    """One statement in both languages of the screen."""

    zh: str
    en: str


_SOURCES: Final[Mapping[int, tuple[str, str]]] = {
    c.GENERAL: ("车辆设定限速", "limit set for the vehicle"),
    c.PLACE: ("路段限速", "limit of the road section"),
    c.KIND: ("车型限速", "limit of the vehicle kind"),
    c.TERMINAL: ("终端设定限速", "limit set in the terminal"),
}
_FIELDS: Final = (
    (c.BAD_LON, "经度", "longitude"),
    (c.BAD_LAT, "纬度", "latitude"),
    (c.BAD_SPEED, "速度", "speed"),
    (c.BAD_DIRECTION, "方向", "direction"),
    (c.BAD_ALTITUDE, "高程", "altitude"),
    (c.BAD_TIME, "时间", "time"),
)


def sentence(finding: Finding, other: str = "") -> Sentence:
    """What the finding says, with its times, figures and limits.

    ``other`` is the plate of the second vehicle of a pair; without it that one stands by its
    number, which is all that the finding itself holds.
    """
    if finding.rule is Rule.TOGETHER:
        return _together(finding, other)
    return _MAKERS[finding.rule](finding)


def span_zh(seconds: int) -> str:
    """
    >>> span_zh(14430), span_zh(31), span_zh(1200), span_zh(0)
    ('4小时0分30秒', '31秒', '20分钟', '0秒')
    """
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = f"{hours}小时" if hours else ""
    if minutes or (hours and rest):
        parts += f"{minutes}分" if rest else f"{minutes}分钟"
    return parts + f"{rest}秒" if rest or not parts else parts


def span_en(seconds: int) -> str:
    """
    >>> span_en(14430), span_en(31), span_en(1200)
    ('4 h 0 min 30 s', '31 s', '20 min')
    """
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [f"{hours} h"] if hours else []
    if minutes or (hours and rest):
        parts.append(f"{minutes} min")
    if rest or not parts:
        parts.append(f"{rest} s")
    return " ".join(parts)


def _local(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, LOCAL)


def _zh(time_ms: int) -> str:
    moment = _local(time_ms)
    return f"{moment.month}月{moment.day}日{moment:%H:%M:%S}"


def _en(time_ms: int) -> str:
    return f"{_local(time_ms):%Y-%m-%d %H:%M:%S}"


def _kmh(tenths: int) -> str:
    return f"{tenths / 10:g}"


def _km(metres: int) -> str:
    return f"{metres / 1000:.1f}"


def _overspeed(f: Finding) -> Sentence:
    v, held = f.values, f.limits["limit_milli"]
    zh_source, en_source = _SOURCES[v["limit_source"] & 7]
    if v["limit_source"] & c.NIGHT_SHARE:
        zh_source, en_source = f"{zh_source}的夜间折算值", f"{en_source}, night share"
    if v["limit_source"] & c.SEVERAL_ROADS:
        zh_source = f"该处有几条道路重叠，按其中最宽的{zh_source}"
        en_source = f"of several roads that lie here the most generous {en_source}"
    speed, limit = v["peak_speed"] / 10, held / 1000
    so_far = f.phase == "begun"
    zh = (
        f"{_zh(f.start_ms)}起{'已' if so_far else ''}超速行驶{span_zh(v['over_s'])}"
        f"（{v['points']}个定位点），最高{speed:g}千米/时"
    )
    en = (
        f"From {_en(f.start_ms)} {'already ' if so_far else ''}over the limit for "
        f"{span_en(v['over_s'])} ({v['points']} points), at most {speed:g} km/h"
    )
    if held:
        share = (speed - limit) * 100 / limit
        zh += f"，{zh_source}{limit:g}千米/时，超{speed - limit:.4g}千米/时（{share:.1f}%）"
        en += f"; {en_source} {limit:g} km/h, {speed - limit:.4g} km/h over ({share:.1f} %)"
    else:
        zh += "，终端报超速报警，其设定限值未知"
        en += "; told by the terminal, whose limit is not known"
    if not so_far:
        zh, en = f"{zh}，{_zh(f.end_ms)}结束", f"{en}; ended {_en(f.end_ms)}"
    return Sentence(zh + "。", en + ".")


def _drive(f: Finding) -> Sentence:
    v, night = f.values, f.rule is Rule.NIGHT
    limit = f.limits["limit_s"]
    zh_kind, en_kind = ("夜间连续驾驶", "at night") if night else ("连续驾驶", "in one go")
    zh = f"{_zh(f.start_ms)}起{zh_kind}{span_zh(v['driven_s'])}，超过{span_zh(limit)}"
    en = f"Driven {en_kind} since {_en(f.start_ms)} for {span_en(v['driven_s'])}, over "
    en += span_en(limit)
    if v["paused_s"]:
        zh += f"，其间停车{span_zh(v['paused_s'])}但每次不足20分钟"
        en += f"; stood {span_en(v['paused_s'])} in all, each time too short to be a rest"
    if f.phase == "ended":
        zh, en = f"{zh}，{_zh(f.end_ms)}停车休息", f"{en}; rested from {_en(f.end_ms)}"
    return Sentence(zh + "。", en + ".")


def _total(f: Finding) -> Sentence:
    days = f.rule is Rule.WEEK_TOTAL
    driven, limit = f.values["driven_s"], f.limits["limit_s"]
    return Sentence(
        f"截至{_zh(f.end_ms)}，{'连续7日' if days else '24小时'}内累计驾驶{span_zh(driven)}，"
        f"超过{span_zh(limit)}。",
        f"By {_en(f.end_ms)} driven {span_en(driven)} within {'7 days' if days else '24 hours'}, "
        f"over {span_en(limit)}.",
    )


def _hours(f: Finding) -> Sentence:
    zh_what, en_what = {
        Rule.SMALL_HOURS: ("客车在凌晨2时至5时内行驶", "coach driving between 02:00 and 05:00"),
        Rule.HAZMAT_BAN: (
            f"危货车辆在禁行时段内行驶（{f.source}）",
            f"hazmat vehicle driving in banned hours ({f.source})",
        ),
        Rule.SCHOOL_HOURS: ("校车在核定开行时间之外行驶", "school bus driving outside its hours"),
    }[f.rule]
    top, many = _kmh(f.values["peak_speed"]), f.values["points"]
    zh = f"{_zh(f.start_ms)}起{zh_what}，{many}个定位点在行驶，最高{top}千米/时"
    en = f"From {_en(f.start_ms)} {en_what}; {many} points moving, at most {top} km/h"
    if f.phase == "ended":
        zh += f"，最后行驶于{_zh(f.end_ms)}"
        en += f"; last moving {_en(f.end_ms)}"
    return Sentence(zh + "。", en + ".")


def _offline(f: Finding) -> Sentence:
    silent = f.values["silent_s"]
    if f.phase == "begun":
        return Sentence(
            f"{_zh(f.start_ms)}后未再上传定位，行驶中的车辆离线已达{span_zh(silent)}。",
            f"No position since {_en(f.start_ms)}: a running vehicle off line for "
            f"{span_en(silent)}.",
        )
    way = _km(f.values["way_m"])
    return Sentence(
        f"{_zh(f.start_ms)}至{_zh(f.end_ms)}离线{span_zh(silent)}，恢复时相距{way}千米。",
        f"Off line from {_en(f.start_ms)} to {_en(f.end_ms)}, {span_en(silent)}; {way} km apart.",
    )


def _displaced(f: Finding) -> Sentence:
    way, silent = _km(f.values["way_m"]), f.values["silent_s"]
    return Sentence(
        f"{_zh(f.start_ms)}至{_zh(f.end_ms)}离线{span_zh(silent)}，其间位移{way}千米（直线距离）。",
        f"Moved {way} km (as the crow flies) while off line from {_en(f.start_ms)} to "
        f"{_en(f.end_ms)}, {span_en(silent)}.",
    )


def _stay(f: Finding) -> Sentence:
    stood, limit = f.values["stood_s"], f.limits["limit_s"]
    zh = f"{_zh(f.start_ms)}起在登记场所之外停留{span_zh(stood)}，超过{span_zh(limit)}"
    en = f"Standing outside known places since {_en(f.start_ms)} for {span_en(stood)}, over "
    en += span_en(limit)
    if f.phase == "ended":
        zh, en = f"{zh}，{_zh(f.end_ms)}后驶离", f"{en}; left after {_en(f.end_ms)}"
    return Sentence(zh + "。", en + ".")


def _drift(f: Finding) -> Sentence:
    way, implied = _km(f.values["way_m"]), f.values["implied_kmh"]
    limit = f.limits["limit_kmh"]
    return Sentence(
        f"{_zh(f.end_ms)}定位跳变{way}千米，折合{implied}千米/时，超过{limit}千米/时，判为漂移。",
        f"At {_en(f.end_ms)} the position jumped {way} km, {implied} km/h, over {limit} km/h: "
        "drift.",
    )


def _invalid(f: Finding) -> Sentence:
    bits = f.values["fields"]
    zh = "、".join(name for bit, name, _ in _FIELDS if bits & bit)
    en = ", ".join(name for bit, _, name in _FIELDS if bits & bit)
    when_zh = f"（终端时间{_zh(f.start_ms)}）" if f.start_ms > 0 else "（终端未给出时间）"
    when_en = f" (device time {_en(f.start_ms)})" if f.start_ms > 0 else " (without a time)"
    return Sentence(
        f"上传数据不合格：{zh}超出规定范围{when_zh}。",
        f"Invalid data: {en} out of range{when_en}.",
    )


def _sign(f: Finding) -> Sentence:
    many = f.values["points"]
    if f.rule is Rule.FROZEN:
        zh, en = "坐标不变而速度不为零", "coordinates frozen while the speed is not zero"
    else:
        zh, en = "速度为零而位置持续移动", "speed zero while the position moves on"
    zh = f"{_zh(f.start_ms)}起连续{many}个定位点{zh}"
    en = f"From {_en(f.start_ms)} {many} points in a row: {en}"
    if f.phase == "ended":
        lasted = f.values["lasted_s"]
        zh, en = f"{zh}，历时{span_zh(lasted)}", f"{en}, for {span_en(lasted)}"
    return Sentence(
        zh + "，疑似人为干扰监控，应予核查。", en + "; possible tampering, to be checked."
    )


def _mileage(f: Finding) -> Sentence:
    back, now = f.values["back"] / 10, f.values["mileage"] / 10
    return Sentence(
        f"{_zh(f.end_ms)}里程倒退{back:.1f}千米（现为{now:.1f}千米），疑似更换或改动终端，应予核查。",
        f"At {_en(f.end_ms)} the mileage went back by {back:.1f} km (now {now:.1f} km): terminal "
        "exchanged or changed, to be checked.",
    )


def _clock(f: Finding) -> Sentence:
    ahead = f.values["ahead_s"]
    zh, en = ("快", "ahead") if ahead > 0 else ("慢", "behind")
    return Sentence(
        f"终端时间{_zh(f.start_ms)}比接收时间{zh}{span_zh(abs(ahead))}。",
        f"Device time {_en(f.start_ms)} is {span_en(abs(ahead))} {en} the time of receipt.",
    )


def _cloned(f: Finding) -> Sentence:
    way, apart = _km(f.values["way_m"]), f.values["apart_s"]
    many = f.values["crossings"]
    return Sentence(
        f"{_zh(f.end_ms)}同一车牌由两台终端上报，相距{way}千米而仅隔{span_zh(apart)}，"
        f"24小时内第{many}次，疑似套牌，应予核查。",
        f"At {_en(f.end_ms)} two terminals reported the same vehicle {way} km apart within "
        f"{span_en(apart)}, time {many} in 24 hours: possibly a cloned plate, to be checked.",
    )


def _together(f: Finding, other: str) -> Sentence:
    v = f.values
    zh_name, en_name = (other, other) if other else (f"编号{v['other']}", f"number {v['other']}")
    zh = f"{_zh(f.start_ms)}起与另一辆危货车辆（{zh_name}）相距不超过{f.limits['near_m']}米，"
    zh += f"历时{span_zh(v['together_s'])}，超过{span_zh(f.limits['limit_s'])}，"
    zh += "疑似倒罐或转运，应予核查。"
    return Sentence(
        zh,
        f"Since {_en(f.start_ms)} within {f.limits['near_m']} m of another hazmat vehicle "
        f"({en_name}) for {span_en(v['together_s'])}, over {span_en(f.limits['limit_s'])}: "
        "possibly a transfer of goods, to be checked.",
    )


_MAKERS: Final[Mapping[Rule, Callable[[Finding], Sentence]]] = {
    Rule.OVERSPEED: _overspeed,
    Rule.CONTINUOUS: _drive,
    Rule.NIGHT: _drive,
    Rule.DAY_TOTAL: _total,
    Rule.WEEK_TOTAL: _total,
    Rule.SMALL_HOURS: _hours,
    Rule.HAZMAT_BAN: _hours,
    Rule.SCHOOL_HOURS: _hours,
    Rule.OFFLINE: _offline,
    Rule.DISPLACED: _displaced,
    Rule.STAY: _stay,
    Rule.DRIFT: _drift,
    Rule.INVALID: _invalid,
    Rule.FROZEN: _sign,
    Rule.MISMATCH: _sign,
    Rule.MILEAGE: _mileage,
    Rule.CLOCK: _clock,
    Rule.CLONED: _cloned,
}
