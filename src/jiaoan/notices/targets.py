"""Targets 指标: percentages that are to be reached.

Caps (控制在5%以内), shares of staff (从业人员的2%) and figures of the past are no targets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jiaoan.notices.numerals import to_int

_PERCENT = re.compile(
    r"(?P<digits>\d{1,3}(?:\.\d+)?)(?:%|个百分点)|百分之(?P<words>百|[〇零一二三四五六七八九十]{1,4})(?:点(?P<point>[一二三四五六七八九]))?|百分百"
)
_CAP_BEFORE = re.compile(
    r"(?:≤|＜|小于等于|不(?:得)?(?:超过|高于|大于|突破|多于)|(?<!不)(?<!不得)低于|小于|少于(?<!不少于)(?<!不得少于)|控制在|降(?:低)?至|降到|压减至|以内)[^，。；]{0,4}$"
)
_CAP_AFTER = re.compile(r"^(?:以内|以下|之内|（含）以下|及以下)")
_SHARE_BEFORE = re.compile(
    r"(?:占|从业人员|职工|员工|人员|驾驶员)[^，。；]{0,10}(?:的|比例|总数|人数|总人数)?[^，。；]{0,6}$"
)
_NOT_SHARE = re.compile(
    r"[率度][^，。；]{0,10}$|比例(?:达到?|不低于|不少于)[^，。；]{0,4}$|覆盖|持证|培训|上岗"
)
_PAST = re.compile(r"(?:去年|上年|20\d{2}年[^，。；]{0,10}(?:同比|下降|增长|为)|截至)")
_GOAL = re.compile(r"力争|确保|达到|实现|目标|不低于|完成|要")
_MONEY = re.compile(r"(?:提取|营业收入|罚款|收入|经费)[^，。；]{0,14}$")
#: 占从业人员的比例不低于2%, 最大承载量的80%, 按50%的标准: a share of something, no aim.
_SHARE = re.compile(
    r"(?:权重|分值)[^，。；]{0,8}$|占[^，。；]{0,30}$|比例为$|(?:可|可以)[^，。；]{0,6}$"
)
#: 新能源公交车占比达到80%: a share of things that is to be reached.
_RISE = re.compile(
    r"^(?!.*(?:人员|员工|人数|职工|队伍|干部|比例)).*占比(?:均|分别)?(?:达到?|提高到|提升[至到])[^，。；]{0,4}$"
)
_OF = re.compile(r"(?<!任务)(?<!计划)(?<!总量)(?<!目标)的$")
_SHARE_AFTER = re.compile(r"^(?:以上|以下)?的(?:标准|比例|从业|职工|员工|人员|驾驶员|比例配|幅度)")


@dataclass(frozen=True)
class TargetHit:
    """A target in a sentence: clean characters ``start``..``end``, the value as "100%"."""

    start: int
    end: int
    value: str


def targets(chars: str) -> list[TargetHit]:
    """The percentages of a sentence that are targets."""
    hits: list[TargetHit] = []
    shared = False
    for found in _PERCENT.finditer(chars):
        before, after = chars[: found.start()], chars[found.end() :]
        clause = re.split("[，。；]", before)[-1]
        share = _SHARE.search(clause) is not None and _RISE.search(clause) is None
        carried = (
            shared and "率" not in clause and re.match(r"[^，。；]{0,14}$", clause) is not None
        )
        shared = share or carried
        if shared or _OF.search(before) or _SHARE_AFTER.match(after):
            continue
        if chars[found.start() : found.end()].endswith("点") and found["digits"]:
            continue
        if _CAP_BEFORE.search(before) or _CAP_AFTER.match(after) or _MONEY.search(before):
            continue
        of_staff = _SHARE_BEFORE.search(before) and not _NOT_SHARE.search(before[-16:])
        if of_staff and not _RISE.search(clause):
            continue
        if _PAST.search(before) and not _GOAL.search(before[-12:]):
            continue
        hits.append(TargetHit(found.start(), found.end(), _value(found)))
    return hits


def _value(found: re.Match[str]) -> str:
    if digits := found["digits"]:
        return f"{digits}%"
    words = found["words"]
    if words is None or words == "百":
        return "100%"
    number = to_int(words)
    point = f".{to_int(found['point'])}" if found["point"] else ""
    return f"{number}{point}%"
