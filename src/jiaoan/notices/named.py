# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Systems, programmes and papers that a clause names 系统、行动、文件.

A clause that names a system (危货车辆“电子围栏”系统), a programme (“强执法防事故”行动) or another paper
(《…实施方案》) is done together with it; a person ties the two on the intake page. Names are taken
where a verb introduces them or marks enclose them, so that their left end is sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jiaoan.notices.model import NamedKind, NamedThing
from jiaoan.notices.text import Text, original

_QUOTE = "“[^”“]{1,24}”"
_WORD = rf"(?:{_QUOTE}|[\u4e00-\u9fff\w+—]){{2,26}}?"
_BUILDS = "建设|建成|建立|完善|运行|运用|依托|利用|推广|接入|搭建|升级|用好|开发|上线|启用|完成|推进|发挥|优化|使用|通过|改造"
_HOLDS = "开展|深化|推进|实施|部署|落实|抓好|组织|启动|继续|持续|深入|全面|配合|巩固"
_STYLES: tuple[tuple[NamedKind, re.Pattern[str]], ...] = (
    (NamedKind.PAPER, re.compile("《(?P<name>[^《》]{2,60})》")),
    (NamedKind.SYSTEM, re.compile(rf"(?:{_BUILDS})+(?P<name>{_WORD}(?:信息系统|系统|平台|数据库|小程序))(?!性)")),
    (
        NamedKind.PROGRAMME,
        re.compile(rf"(?P<name>(?:安全生产)?{_QUOTE}(?:{_WORD})?(?:专项)?(?:行动|工程|整治|活动|计划|制度|机制))"),
    ),
    (
        NamedKind.PROGRAMME,
        re.compile(rf"(?:{_HOLDS})+(?P<name>{_WORD}(?:专项整治(?:行动)?|专项(?:治理)?行动|集中整治|三年行动|攻坚行动|提升行动|清零行动|大检查|大排查|回头看))"),
    ),
)  # fmt: skip
_CUT = re.compile(r"[，。；、：的和及与]")


def named_things(text: Text, source: str) -> Iterator[NamedThing]:
    """What a sentence names, in order of the kinds; nothing is named twice at one place."""
    taken: list[tuple[int, int]] = []
    for kind, style in _STYLES:
        for found in style.finditer(text.chars):
            start, end = found.span("name")
            if kind is not NamedKind.PAPER and _CUT.search(re.sub(_QUOTE, "", found["name"])):
                continue
            if any(a < end and start < b for a, b in taken):
                continue
            taken.append((start, end))
            yield NamedThing(kind, original(source, text.cut(start, end)), text.span(start, end))
