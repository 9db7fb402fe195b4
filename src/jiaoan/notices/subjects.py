"""Units that no bracket and no label names: they stand as the subject of a sentence.

县财政局6月15日前拨付…, 由市水利局牵头…, 法规科配合. A word of duty beside the name says the role; a
sentence that merely begins with a body makes it answer for the work. Firms and 各单位 are obliged,
they answer for nothing in a bureau's plan.
"""

from __future__ import annotations

import re

from jiaoan.notices.lexicon import VERB_START, VERBS
from jiaoan.notices.text import Text, split_outside
from jiaoan.notices.units import (
    DUTIES,
    LOOSE,
    NO_NAME,
    Name,
    Named,
    Role,
    is_unit_name,
    names_end,
    names_of,
    role_of,
)

_BY = re.compile(r"(?:^|[^来自缘经理])由(?P<names>(?:[^，。；：（）由]|（[^（）]*）){2,80})$")
_DOES = re.compile(
    rf"{DUTIES}?(?:分别|共同|各自|联合|具体)?(?P<role>牵头|负责|汇总|组织|承办|落实|配合|协助|参加|督导|督促|统筹)"
)
#: What follows the body that a sentence begins with.
_ACTS = re.compile(
    rf"(?:：|要|应|须|必须|将|会同|联合|分别|接报|接到|收到|参照|比照|共同|主动|牢固|结合|于|自|从|每|按|对|在|到|向|依|适时|同步|尽快|立即|统一|\d|[一二三四五六七八九十〇]+[月日]"
    rf"|年底|年内|上半年|下半年|第[一二三四]|[一二三四]季度|是[^，。；]{{0,12}}(?:责任|主体)|{VERBS})"
)
#: Firms and everybody: they are obliged, they do not answer for an item of a bureau's plan.
_OBLIGED = re.compile(
    r"(?:企业|公司|集团|人|学校|医院|项目部|场所|业主|车站|客运站|运营商|法人)$"
    r"|^(?:各|全体|所有|有关|相关|其他|本)(?:有关|相关|级|责任|成员|地|行业|主管|参建|施工|监理|生产|经营)*(?:单位|部门|科室|股室|处室|政府|支部|学校|机关)?$"
    r"|^各级|(?<!管理)单位$"
)
_WITH = re.compile(r"(?:要|应|应当|须|负责|牵头)?(?:会同|联合)")
_PERSONS = re.compile(
    r"(?:党政|党委|主要|分管|联系|有关|相关|负有)*(?:负责人|负责同志|领导|班子|成员)|领导|班子|主要负责"
)
_ASKED = re.compile("（?(?:请|并|同时|具体)?")


def subjects(text: Text, source: str) -> list[Named]:
    """Units that appear only as the subject of the work, in sentences of one paragraph.

    由市水利局牵头…，县水利局水库管理股负责核实…, …法规科配合: a word of duty says the role.
    """
    out: list[Named] = []
    for start, end in split_outside(text.chars, "，。；："):
        clause = text.cut(start, end)
        by = _BY.search(clause.chars)
        asked = _ASKED.match(clause.chars)
        clause = clause.cut(by.start("names") if by else asked.end() if asked else 0)
        names, role = role_of(clause)
        if role is not None and (found := _bodies(names, source)):
            out.extend(name.named(role, 0.85) for name in found)
            continue
        found, rest = _leading(clause, source, by=by is not None)
        does = _DOES.match(rest)
        if not found or not (does or by):
            continue
        word = does["role"] if does else "负责"
        role = Role.JOINT
        if word == "牵头":
            role = Role.LEAD
        elif word in ("配合", "协助", "参加", "督导") and not by:
            role = Role.COOP
        elif does and not by and word not in ("负责", "汇总", "承办"):
            continue  # 科室组织…: a plain subject, see doers
        out.extend(name.named(role, 0.85) for name in found)
    return out


def doers(text: Text, source: str) -> list[Named]:
    """Bodies that a sentence begins with: 县财政局6月15日前拨付…. Firms are obliged, not leads."""
    out: list[Named] = []
    for start, end in split_outside(text.chars, "。；"):
        if text.chars[start] == "请":
            continue  # speaks to those who get the notice
        found, rest = _leading(text.cut(start, end), source, by=False)
        duty = re.match(r"是[^，。；]{0,12}责任(?:主体|单位)", rest) is not None
        if duty or not any(_OBLIGED.search(name.words) for name in found):
            out.extend(name.named(Role.JOINT, 0.7) for name in found)
            if found and (beside := _WITH.match(rest)):
                at = end - len(rest) + beside.end()
                others, _ = _leading(text.cut(at, end), source, by=True)
                out.extend(name.named(Role.COOP, 0.65) for name in others)
    return out


def titled(heading: Text, source: str) -> list[Named]:
    """A clause whose heading is a body: （一）县公安局。负责…."""
    bare = heading.chars.rstrip("。：")
    found = _bodies(heading.cut(0, len(bare)), source) if bare else []
    if any(_OBLIGED.search(name.words) for name in found):
        return []
    return [name.named(Role.JOINT, 0.9) for name in found]


def _leading(text: Text, source: str, *, by: bool) -> tuple[list[Name], str]:
    """The bodies that ``text`` begins with, and what follows them; the longest run of names."""
    chars = text.chars
    limit = min(len(chars), 64)
    stop = re.search("[，。；：]", chars)
    for end in range(min(limit, stop.start() if stop else limit), 1, -1):
        head, rest = chars[:end], chars[end:]
        if not names_end(head) or not (by or _ACTS.match(rest) or _DOES.match(rest)):
            continue
        if _PERSONS.match(rest):
            continue  # 由市政府分管领导约谈
        if found := _bodies(text.cut(0, end), source):
            return found, rest
    return [], ""


def _bodies(text: Text, source: str) -> list[Name]:
    """The names in ``text`` where all of it is names of bodies, else nothing."""
    loose = LOOSE.search(text.chars) is not None
    names = names_of(text, source)
    for name in names:
        bare = re.sub(r"[(（].*?[)）]", "", name.words)
        if VERB_START.match(bare) or NO_NAME.search(bare) or len(bare) > 24:
            return []
        if not is_unit_name(name.words) and not (loose and 2 <= len(bare) <= 8):
            return []
    return names
