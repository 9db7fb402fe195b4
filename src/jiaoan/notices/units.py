# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Who answers for an item 任务分工: brackets, labels, table columns and subjects, one grammar.

A statement of units is a run of clauses, each a list of names with a role after it (A牵头，B、C配合)
or a label before it (牵头单位：A；配合单位：B). Roles resolve as offices use them: beside a named
lead everybody else cooperates; without one, all who are responsible stand together (``joint``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from itertools import pairwise

from jiaoan.notices.lexicon import FIELD, UNIT_END, VERB_START
from jiaoan.notices.model import Span, UnitRead, UnitRole, UnitsRead
from jiaoan.notices.text import Text, original, split_outside


class Role(Enum):
    """What a unit is to the work."""

    LEAD = "牵头"
    JOINT = "负责"
    DO = "落实"
    COOP = "配合"
    PLAIN = "列名"
    NOBODY = "人名或日期"


_WHAT = r"(?:单位|部门|科室|处室|股室|机构|主体|方)?"
LABEL = re.compile(
    r"(?:(?P<lead>牵头(?:责任)?|主办|主责|负责)"
    r"|(?P<coop>(?:协同|协作|参与|参加)?配合(?:责任)?|协办|协同|协作|参加|参与|督导|支持|督促|指导)"
    r"|(?P<plain>责任|承办|实施|落实|执行|完成|责任分工|任务分工|分工|职责分工)"
    r"|(?P<other>责任人|责任领导|牵头领导|分管领导|联系人|联系方式|联系电话|备注"
    r"|(?:完成|办结|整改|工作)?(?:时限|时间|期限|节点|日期)(?:要求)?|时限要求|时间节点|进度(?:要求|安排)?))"
    + _WHAT
    + "(?:：|(?<=单位|部门|科室|处室|股室|机构)为)"
)
#: Labels of a time: what follows is read by :mod:`jiaoan.notices.times`, not as a name.
TIME_LABEL = re.compile(
    r"(?:(?:完成|办结|整改|工作)?(?:时限|时间|期限|节点|日期)(?:要求)?|时限要求|时间节点|进度(?:要求|安排)?)："
)
DUTIES = r"(?:(?:按照?|依据?|根据|结合)?(?:照)?(?:各自)?(?:的)?(?:工作)?职[责能](?:任务)?(?:分工|范围|要求)?)"
_TAILS: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (
        Role.COOP,
        re.compile(
            r"(?:按(?:照)?职责(?:分工)?|积极|共同|密切|做好|予以|协助|对照)*"
            r"(?:配合(?:开展|落实|实施|推进|做好|抓好|完成)?|协助|协办|对照落实|参加|参与|督导"
            r"|督促指导|督促落实|支持|协同(?:推进|配合)?|指导)(?:工作)?$"
        ),
    ),
    (
        Role.LEAD,
        re.compile(
            r"(?:负责)?(?:总?牵头|主办|主责|主抓|负总责|总负责)(?:抓总|负责|组织|实施|落实|推进|开展)*$"
        ),
    ),
    (
        Role.JOINT,
        re.compile(
            rf"{DUTIES}?(?:分别|共同|各自|各负其责|具体|统一|联合|组织)?(?:抓好|做好)?负责(?:落实|实施|推进)?$"
            rf"|{DUTIES}(?:分工)?(?:分别|共同|各自)?(?:抓好|做好|组织|推进|具体)?(?:落实|实施|推进|开展|完成)?$"
            rf"|各负其责$"
        ),
    ),
    (
        Role.DO,
        re.compile(
            r"(?:(?:按照?|对照|根据|结合)[^、]{1,20}?)?(?:要求)?(?:具体|抓好|组织|分别|共同)?"
            r"(?:落实|实施|执行|承办)$"
        ),
    ),
)
#: 公安、水利等部门: bodies named by their field alone.
LOOSE = re.compile(r"等(?:有关|相关|市直|县直|区直)*(?:部门|单位)")
_MARKED = re.compile(r"（(牵头|主办|负责|配合|协办|参加)(?:单位|部门|科室|股室)?）$")
_MARK_ROLE = {"牵头": Role.LEAD, "主办": Role.LEAD, "负责": Role.JOINT}
_ROLE_WORDS = re.compile(r"牵头|负责|落实|配合|协办|参加|参与|督导|主办|承办|协助")
_AND_SO_ON = re.compile(
    r"等(?:[省市县区州旗]直|[省市县区]级|有关|相关|成员|职能|责任|主管|行业)*(?:单位|部门|股室|科室|处室|机构)?$"
)
_AND = re.compile(r"以及|和|及|与|并")
#: 列首位的为牵头单位，下同: says how the lists of the whole paper are meant.
FIRST_LEADS = re.compile(
    r"(?:列|排)(?:名|在)?(?:首位|第一位?|最前)[^，。；（）]{0,10}牵头|(?:首个|第一个?)[^，。；（）]{0,6}(?:单位|部门)[^，。；（）]{0,4}牵头"
)
#: A time among the names: （2024年6月底前完成，市公交集团负责）.
TIME_CLAUSE = re.compile(
    r"(?:于|在|至|到)?(?:20\d{2}年|\d{1,2}月|[上下]半年|第?[一二三四]季度|年底|年内|全年|每[年月季周日半]|长期|持续|常态)[^、]{0,16}$"
)
_BRACKETS = str.maketrans("([〔［【)]〕］】", "（（（（（）））））")
_ROLE_ENDS = re.compile(r"(?:牵头|负责|主办|主责)(?:组织|实施|落实)?$")
_REMARK = re.compile(r"(?:首位|第一|最前)[^，]{0,10}牵头|^(?:以)?下同$|^下同")
_BRACKET = re.compile(r"（(?:[^（）]|（[^（）]*）)*）")
NO_NAME = re.compile(
    r"[，。；：的]|工作(?!专班|站|组|领导|委|局|部|办)|任务|情况|问题|应当|要|每|按照|通过|其他|有[^关]|牵头|负责(?!人)|配合|做好"
    r"|实行|加强|为|对|会同|约谈|带队|成员(?!单位)|政府分管|组织(?!部|人事|科|股|处|办)"
)


@dataclass(frozen=True)
class Named:
    """One unit as written, with its role, its place and how sure the reader is (0..1)."""

    name: str
    role: Role
    span: Span
    sure: float


@dataclass(frozen=True)
class Name:
    """One name of a list; ``own`` is the role that is marked on it: 安全科（牵头）."""

    words: str
    own: Role | None
    span: Span

    def named(self, role: Role, sure: float) -> Named:
        """This name with its own role, or ``role``."""
        return Named(self.words, self.own or role, self.span, sure)


def first_leads(units: UnitsRead) -> UnitsRead:
    """The first of a joint list leads, where the paper says that it is meant so."""
    if not units.joint:
        return units
    return UnitsRead(
        units.lead_units[:1],
        (*units.lead_units[1:], *units.coop_units),
        False,
        (
            *units.units[:1],
            *(replace(unit, role=UnitRole.COOP) for unit in units.units[1:]),
        ),
    )


@dataclass(frozen=True)
class Carved:
    """A paragraph cut into text of work and statements of units, each with its place in it."""

    work: tuple[tuple[int, int], ...]
    units: tuple[tuple[int, int], ...]


def is_unit_name(chars: str) -> bool:
    """True where ``chars`` ends as the name of a body does and holds no verb of work."""
    chars = chars.translate(_BRACKETS)
    if not 2 <= len(re.sub(r"（[^（）]*）$", "", chars)) <= 32 or re.search(r"[\d%《》“”]", chars):
        return False
    return UNIT_END.search(chars) is not None


@lru_cache(maxsize=64)  # a paragraph is carved for its heading, its work and its units
def carve(text: Text) -> Carved:
    """Find the statements of units in a paragraph: whole lines, end brackets, labels, sentences."""
    chars = text.chars
    units: list[tuple[int, int]] = []
    for found in _BRACKET.finditer(chars):
        if _is_statement(text, found.start(), found.end()):
            end = found.end()
            units.append((found.start(), end + 1 if chars[end : end + 1] in ("。", "；") else end))
    label = _first_label(chars, units)
    if label is not None:
        units = [(a, b) for a, b in units if a < label]
        units.append((label, len(chars)))
    else:
        units.extend(_statement_sentences(text, units))
    units.sort()
    work: list[tuple[int, int]] = []
    at = 0
    for start, end in units:
        if start > at:
            work.append((at, start))
        at = max(at, end)
    if at < len(chars):
        work.append((at, len(chars)))
    return Carved(tuple(work), tuple(units))


def _is_statement(text: Text, start: int, end: int) -> bool:
    """True where the bracket ``start``..``end`` names units and does not explain a word."""
    inside = text.chars[start + 1 : end - 1]
    if LABEL.match(inside):
        return True
    before, after = text.chars[:start], text.chars[end:]
    last = after in ("", "。", "；")
    if not last and not before.endswith(("。", "！", "；")):
        return False
    named = parse(text.cut(start + 1, end - 1))
    if not named or len(inside) < 3:
        return False
    if named[0].role in (Role.LEAD, Role.JOINT) and is_unit_name(named[0].name) and last:
        return True  # （市地铁集团负责，轨道处按季度考核）
    if any(one.role is not Role.PLAIN for one in named):
        loose = LOOSE.search(inside) is not None
        return all(_plausible(one.name, loose=loose) for one in named)
    return all(is_unit_name(one.name) for one in named)


def _plausible(name: str, *, loose: bool = False) -> bool:
    clean = re.sub(r"[(（\[〔【].*?[)）\]〕】]", "", name)
    if not 2 <= len(clean) <= 36 or re.search(r"[，。；：\d%]", clean):
        return False
    return (
        loose
        or UNIT_END.search(clean) is not None
        or re.match(r"各|有关|相关|局|区|市|县|委", clean) is not None
    )


def _first_label(chars: str, taken: list[tuple[int, int]]) -> int | None:
    """Where a label outside brackets opens: at the start, or after the end of a sentence."""
    for found in LABEL.finditer(chars):
        at = found.start()
        if any(a <= at < b for a, b in taken):
            continue
        if at == 0 or chars[at - 1] in "。；！）（":
            return at - 1 if at and chars[at - 1] == "（" else at
    return None


def _statement_sentences(text: Text, taken: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences that say nothing but who: 由安全科牵头，执法大队配合; at the end also bare names."""
    out: list[tuple[int, int]] = []
    ranges = split_outside(text.chars, "。！；")
    for place, (start, end) in enumerate(ranges):
        chars = text.chars[start:end]
        last = place == len(ranges) - 1 and place > 0
        if any(a < end and start < b for a, b in taken):
            continue
        if not _ROLE_WORDS.search(chars[-14:]) and not last:
            continue
        named = parse(text.cut(start, end))
        if not named or not all(
            is_unit_name(one.name) and not VERB_START.match(one.name) for one in named
        ):
            continue
        roles = all(one.role is not Role.PLAIN for one in named)
        if roles or (last and not any(NO_NAME.search(one.name) for one in named)):
            out.append((start, min(end + 1, len(text))))
    return out


def parse(text: Text, source: str | None = None) -> list[Named]:
    """The units of one statement. With ``source`` names come back as they were written."""
    body = _strip(text)
    segments: list[tuple[Role | None, Text]] = []
    at, role = 0, None
    for found in LABEL.finditer(body.chars):
        if found.start() > at:
            segments.append((role, body.cut(at, found.start())))
        role = {
            "lead": Role.LEAD, "coop": Role.COOP, "plain": Role.PLAIN, "other": Role.NOBODY
        }[found.lastgroup or "other"]  # fmt: skip
        at = found.end()
    segments.append((role, body.cut(at)))
    out: list[Named] = []
    for label, segment in segments:
        if label is not Role.NOBODY:
            out.extend(_segment(segment, label or Role.PLAIN, source))
    return out


def _strip(text: Text) -> Text:
    start, end = 0, len(text)
    while end > start and text.chars[end - 1] in "。；，":
        end -= 1
    inner = text.cut(start, end)
    found = _BRACKET.fullmatch(inner.chars)
    return _strip(inner.cut(1, len(inner) - 1)) if found and len(inner) > 2 else inner


def _segment(text: Text, label: Role, source: str | None) -> list[Named]:
    """Clauses between commas; names before a clause with a role share that role."""
    out: list[Named] = []
    waiting: list[Name] = []
    for start, end in _clauses(text.chars):
        clause = text.cut(start, end)
        if _REMARK.search(clause.chars) or TIME_CLAUSE.match(clause.chars):
            continue
        names, role = role_of(clause)
        if role is Role.COOP and clause.chars[:1] == "由":
            role = Role.JOINT  # 由基本建设科督促落实
        waiting.extend(names_of(names, source))
        stop = text.chars[end : end + 1] != "，" or end + 1 == len(text)
        if role is not None or stop:
            sure = 0.9 if role is None and label is Role.PLAIN else 0.97
            out.extend(name.named(role or label, sure) for name in waiting)
            waiting = []
    return [*out, *(name.named(label, 0.85) for name in waiting)]


def without_clauses(named: list[Named]) -> list[Named]:
    """Beside names with roles 轨道处按季度考核 says what, not who."""
    if not any(one.role in (Role.LEAD, Role.JOINT) for one in named):
        return named
    return [
        one
        for one in named
        if one.role is not Role.PLAIN or is_unit_name(one.name) or len(one.name) <= 6
    ]


def _clauses(chars: str) -> list[tuple[int, int]]:
    """Clauses between commas; 质安科牵头、建管科配合 is two as well."""
    out: list[tuple[int, int]] = []
    for start, end in split_outside(chars, "，。；"):
        at = start
        for a, b in split_outside(chars[start:end], "、"):
            if _ROLE_ENDS.search(chars[start + a : start + b]) and start + b < end:
                out.append((at, start + b))
                at = start + b + 1
        out.append((at, end))
    return out


def role_of(clause: Text) -> tuple[Text, Role | None]:
    """The role at the end of a clause: the longest tail that leaves a whole name before it."""
    chars = clause.chars
    for role, tail in _TAILS:
        if tail.search(chars) is None:
            continue
        for at in range(max(1, len(chars) - 36), len(chars)):
            if tail.match(chars, at) and names_end(chars[:at]):
                return clause.cut(0, at), role
    return clause, None


def names_end(chars: str) -> bool:
    """True where a list of names may end: at the end of a name, or of 等."""
    return (
        UNIT_END.search(chars) is not None
        or FIELD.search(chars) is not None
        or chars.endswith(("等", "支部", "）", "股室"))
        or re.search(r"[乡镇县区市]$", chars) is not None
    )


def names_of(text: Text, source: str | None) -> list[Name]:
    """The names of one list, roles marked on them set apart, without 由, 请 and 等单位."""
    out: list[Name] = []
    ranges = _whole_names(text.chars, split_outside(text.chars, "、/／"))
    if len(ranges) == 1:
        ranges = _at_gaps(text, source)
    for start, end in ranges:
        for a, b in _at_and(text.chars, start, end):
            piece = text.cut(a, b)
            role: Role | None = None
            if marked := _MARKED.search(piece.chars):
                role = _MARK_ROLE.get(marked.group(1), Role.COOP)
                piece = piece.cut(0, marked.start())
            chars = piece.chars
            lead = re.match(r"^(?:[^、（）由]{0,16}由|请|以及|并由)(?=.{2})", chars)
            tail = _AND_SO_ON.search(chars)
            piece = piece.cut(
                lead.end() if lead else 0,
                tail.start() if tail and tail.start() > 1 else len(chars),
            )
            if piece:
                name = original(source, piece) if source is not None else piece.chars
                out.append(Name(name, role, piece.span(0, len(piece))))
    return out


def _whole_names(chars: str, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """各市、县（市、区）人民政府 is one name."""
    out: list[tuple[int, int]] = []
    for start, end in ranges:
        above = chars[slice(*out[-1])] if out else ""
        if re.fullmatch("各(?:市|省|州|地市?)", above) and re.match("县|区|自治", chars[start:end]):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def _at_gaps(text: Text, source: str | None) -> list[tuple[int, int]]:
    """Names set apart by blanks only: 安监股 运管股 执法大队. A line end is no blank."""
    cuts = [
        i + 1
        for i in range(len(text) - 1)
        if text.gap_after(i) and not (source and "\n" in source[text.at[i] + 1 : text.at[i + 1]])
    ]
    edges = [0, *cuts, len(text)]
    pieces = [(a, b) for a, b in pairwise(edges) if b > a]
    if all(is_unit_name(text.chars[a:b]) for a, b in pieces):
        return pieces
    return [(0, len(text))]


def _at_and(chars: str, start: int, end: int) -> list[tuple[int, int]]:
    """Split at 和, 及, 与 only between two whole names: 公路建设和养护中心 stays one."""
    out: list[tuple[int, int]] = []
    at = start
    for found in _AND.finditer(chars, start, end):
        left, right = chars[at : found.start()], chars[found.end() : end]
        if found.start() == start:
            continue
        if is_unit_name(left) and (is_unit_name(right) or right.endswith("等")):
            out.append((at, found.start()))
            at = found.end()
    out.append((at, end))
    return out


def resolve(named: Iterable[Named], *, inherited: bool = False) -> UnitsRead:
    """Leads, cooperating units and ``joint`` from all statements of one item.

    Units that come from a heading are a little less sure than the item's own.
    """
    order: dict[str, Named] = {}
    for one in named:
        order.setdefault(one.name, one)
    leads, joint = _answering(list(order.values()))
    units = [
        UnitRead(
            one.name,
            UnitRole.LEAD if one.name in leads else UnitRole.COOP,
            one.span,
            round(one.sure * (0.92 if inherited else 1.0), 2),
        )
        for one in order.values()
    ]
    return UnitsRead(
        tuple(leads),
        tuple(name for name in order if name not in leads),
        joint and len(leads) > 1,
        tuple(sorted(units, key=lambda unit: unit.role is UnitRole.COOP)),
    )


def _answering(named: list[Named]) -> tuple[list[str], bool]:
    """Who leads, and whether they stand together because nobody is marked."""
    leads = [one.name for one in named if one.role is Role.LEAD]
    if leads:
        return leads, False
    for group in ((Role.JOINT, Role.PLAIN), (Role.DO,)):
        leads = [one.name for one in named if one.role in group]
        if leads:
            return leads, True
    return [], False
