"""Doubts 疑问: what a person has to say because the text does not. The first answer is ours."""

from __future__ import annotations

import re
from datetime import date
from itertools import combinations

from jiaoan.notices.lexicon import GROUP
from jiaoan.notices.model import (
    Deadline,
    Doubt,
    DoubtCode,
    Recurrence,
    RelativeDeadline,
    Span,
    Subject,
    UnitsRead,
)

_YEAR_END = re.compile(r"年底|年末|年终|岁末|年内|年度内")
_NO_FIGURE = re.compile(r"不定期|定期|按要求|按规定|适时")
_UNDEFINED = re.compile(r"事故多发|高风险企业|风险较高|问题突出|重点企业|隐患突出")
_PLURAL = re.compile(r"班子成员|各|领导干部|负责同志们|分管")
_PREFIX = re.compile(r"^(?:局|区|市|县|委|省|旗)+")


def day_doubts(deadline: Deadline, odd_year: bool, report_dates: tuple[date, ...]) -> list[Doubt]:
    """Which day 年底前 or 第三季度 means, and of which year a plan of several years speaks."""
    out: list[Doubt] = []
    day = deadline.day
    if not deadline.exact:
        year_end = _YEAR_END.search(deadline.phrase) is not None
        reports = [one for one in report_dates if one.year == day.year and one <= day]
        own = f"{day.year}年{day.month}月{day.day}日"
        choices = [own]
        if reports and reports[-1] != day:
            last = reports[-1]
            choices.append(f"{last.month}月{last.day}日（随推进情况报告）")
        out.append(
            Doubt(
                DoubtCode.YEAR_END_DAY if year_end else DoubtCode.PERIOD_END_DAY,
                f"“{deadline.phrase}”止于哪一天？",
                (*choices, "另定"),
                deadline.phrase,
                deadline.span,
            )
        )
    if odd_year:
        out.append(
            Doubt(
                DoubtCode.WHICH_YEAR,
                f"“{deadline.phrase}”未写年份，是哪一年？",
                (f"{day.year}年", f"{day.year + 1}年"),
                deadline.phrase,
                deadline.span,
            )
        )
    return out


def event_doubt(relative: RelativeDeadline) -> list[Doubt]:
    """A time before an event asks for the day of the event."""
    if not relative.phrase.endswith("前"):
        return []
    return [
        Doubt(
            DoubtCode.EVENT_DAY,
            f"“{relative.phrase}”按哪一天计算？",
            ("由安全监管机构确定日期", "不设日期，按事件登记"),
            relative.phrase,
            relative.span,
        )
    ]


def count_doubts(rule: Recurrence, subject: Subject, actor: str, span: Span) -> list[Doubt]:
    """Per person or all together, and who the persons are."""
    if subject is not Subject.LEADER or not _PLURAL.search(actor):
        return []
    each = rule.every.label_zh
    return [
        Doubt(
            DoubtCode.PER_HEAD,
            f"“{rule.phrase}”按谁计数？",
            (f"每人{each}各{rule.min_count}次", f"全局{each}合计{rule.min_count}次"),
            rule.phrase,
            rule.span,
        ),
        Doubt(
            DoubtCode.WHO_ARE_THEY,
            f"“{actor}”是哪几位？",
            ("逐一列名", "全体班子成员"),
            actor,
            span,
        ),
    ]


def word_doubts(words: str, figured: bool, span: Span) -> list[Doubt]:
    """定期 without a figure, 事故多发 without a definition."""
    out: list[Doubt] = []
    if not figured and (found := _NO_FIGURE.search(words)):
        out.append(
            Doubt(
                DoubtCode.NO_FIGURE,
                f"“{found.group()}”未写次数，按多久一次？",
                ("每季度1次", "每月1次", "每半年1次", "不设频次"),
                found.group(),
                span,
            )
        )
    if found := _UNDEFINED.search(words):
        out.append(
            Doubt(
                DoubtCode.UNDEFINED_CLASS,
                f"“{found.group()}”文件未作界定，哪些企业算？",
                ("由安全监管机构逐户认定并写明理由", "按事故起数设定标准"),
                found.group(),
                span,
            )
        )
    return out


def odd_period_doubt(phrase: str, span: Span) -> Doubt:
    """A period that no window of the plan's year holds."""
    return Doubt(
        DoubtCode.ODD_PERIOD,
        f"“{phrase}”超出年度计划的周期，今年是否要做？",
        ("今年做一次", "今年不做"),
        phrase,
        span,
    )


def unit_doubts(units: UnitsRead, phrase: str, span: Span) -> list[Doubt]:
    """Nobody leads, nobody is named, or a group has to be expanded."""
    out: list[Doubt] = []
    if not units.lead_units and not units.coop_units:
        out.append(
            Doubt(
                DoubtCode.NO_UNIT,
                "本条未写责任单位，由谁负责？",
                ("另行指定", "全体单位"),
                "",
                span,
            )
        )
    elif units.joint:
        out.append(
            Doubt(
                DoubtCode.NO_LEAD,
                "多家单位共同负责，未写明牵头单位，由谁牵头？",
                ("不设牵头，各负其责", *units.lead_units),
                phrase,
                span,
            )
        )
    elif not units.lead_units:
        out.append(
            Doubt(
                DoubtCode.NO_LEAD,
                "本条只写配合单位，主办的是哪一家？",
                ("无牵头，只配合", *units.coop_units),
                phrase,
                span,
            )
        )
    out.extend(
        Doubt(
            DoubtCode.GROUP_NAME,
            f"“{name}”包括哪些单位？",
            ("逐一列出", "全部下属单位"),
            name,
            span,
        )
        for name in (*units.lead_units, *units.coop_units)
        if GROUP.search(name)
    )
    return out


def same_bodies(items: list[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Pairs of names that are probably one body: alike, and never side by side in one item."""
    names = list(dict.fromkeys(name for units in items for name in units))
    apart = {frozenset(pair) for units in items for pair in combinations(dict.fromkeys(units), 2)}
    return [
        (one, other)
        for one, other in combinations(names, 2)
        if frozenset((one, other)) not in apart and _alike(one, other)
    ]


def _alike(one: str, other: str) -> bool:
    a, b = _PREFIX.sub("", one), _PREFIX.sub("", other)
    if a == b or min(len(a), len(b)) < 3 or GROUP.search(a) or GROUP.search(b):
        return False  # a dropped prefix (局, 区) is how offices write, no question
    if a[-1] != b[-1]:
        return False
    short, long = sorted((a, b), key=len)
    if len(short) < len(long) and _is_abbreviation(short, long):
        return True
    pairs = [{text[i : i + 2] for i in range(len(text) - 1)} for text in (a, b)]
    shared = len(pairs[0] & pairs[1])
    return (
        min(len(a), len(b)) >= 6
        and a[:2] == b[:2]
        and 2 * shared / (len(pairs[0]) + len(pairs[1])) >= 0.45
    )


def _is_abbreviation(short: str, long: str) -> bool:
    """安监股 of 安全监督股: the same first character, and every character in order."""
    rest = iter(long)
    return short[0] == long[0] and len(short) <= 4 and all(char in rest for char in short)


def same_body_doubt(one: str, other: str, span: Span) -> Doubt:
    """Two names that are probably one body."""
    return Doubt(
        DoubtCode.SAME_BODY,
        f"“{one}”与“{other}”是否同一单位？",
        ("是同一单位", "是两个单位"),
        other,
        span,
    )
