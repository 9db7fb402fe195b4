# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Who answers for an item 任务分工: brackets, labels, table columns and subjects, one grammar.

A statement of units is a run of clauses, each a list of names with a role after it (A牵头，B、C配合)
or a label before it (牵头单位：A；配合单位：B). Roles resolve as offices use them: beside a named
lead everybody else cooperates; without one, all who are responsible stand together (``joint``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from jiaoan.notices.lexicon import UNIT_END, VERB_START, VERBS
from jiaoan.notices.model import UnitsRead
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
    + "："
)
#: Labels of a time: what follows is read by :mod:`jiaoan.notices.times`, not as a name.
TIME_LABEL = re.compile(
    r"(?:(?:完成|办结|整改|工作)?(?:时限|时间|期限|节点|日期)(?:要求)?|时限要求|时间节点|进度(?:要求|安排)?)："
)
_DUTIES = r"(?:(?:按照?|依据?|根据|结合)?(?:照)?(?:各自)?(?:的)?(?:工作)?职[责能](?:任务)?(?:分工|范围|要求)?)"
_TAILS: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (
        Role.COOP,
        re.compile(
            r"(?:按(?:照)?职责(?:分工)?|积极|共同|密切|做好|予以|协助|对照)*"
            r"(?:配合(?:开展|落实|实施|推进|做好|抓好|完成)?|协助|协办|对照落实|参加|参与|督导"
            r"|督促指导|督促落实|支持|协同(?:推进|配合)?|指导)(?:工作)?$"
        ),
    ),
    (Role.LEAD, re.compile(r"(?:负责)?(?:牵头|主办|主责)(?:抓总|负责|组织|实施|落实|推进|开展)*$")),
    (
        Role.JOINT,
        re.compile(
            rf"{_DUTIES}?(?:分别|共同|各自|各负其责|具体|统一|联合|组织)?(?:抓好|做好)?负责(?:落实|实施|推进)?$"
            rf"|{_DUTIES}(?:分工)?(?:分别|共同|各自)?(?:抓好|做好|组织|推进|具体)?(?:落实|实施|推进|开展|完成)?$"
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
_LOOSE = re.compile(r"等(?:有关|相关|市直|县直|区直)*(?:部门|单位)")
_MARKED = re.compile(r"（(牵头|主办|负责|配合|协办|参加)(?:单位|部门|科室|股室)?）$")
_MARK_ROLE = {"牵头": Role.LEAD, "主办": Role.LEAD, "负责": Role.JOINT}
_ROLE_WORDS = re.compile(r"牵头|负责|落实|配合|协办|参加|参与|督导|主办|承办|协助")
_AND = re.compile(r"以及|和|及|与|并")
#: 列首位的为牵头单位，下同: says how the lists of the whole paper are meant.
FIRST_LEADS = re.compile(
    r"(?:列|排)(?:名|在)?(?:首位|第一位?|最前)[^，。；（）]{0,10}牵头|(?:首个|第一个?)[^，。；（）]{0,6}(?:单位|部门)[^，。；（）]{0,4}牵头"
)
#: A time among the names: （2024年6月底前完成，市公交集团负责）.
TIME_CLAUSE = re.compile(
    r"(?:于|在|至|到)?(?:20\d{2}年|\d{1,2}月|[上下]半年|第?[一二三四]季度|年底|年内|全年|每[年月季周日半]|长期|持续|常态)[^、]{0,16}$"
)
_REMARK = re.compile(r"(?:首位|第一|最前)[^，]{0,10}牵头|^(?:以)?下同$|^下同")
_BRACKET = re.compile(r"（(?:[^（）]|（[^（）]*）)*）")
_BY = re.compile(r"(?:^|[^来自缘经理])由(?P<names>(?:[^，。；：（）由]|（[^（）]*）){2,80})$")
_DOES = re.compile(
    rf"{_DUTIES}?(?:分别|共同|各自|联合|具体)?(?P<role>牵头|负责|汇总|组织|承办|落实|配合|协助|参加|督导|督促|统筹)"
)
#: What follows the body that a sentence begins with.
_ACTS = re.compile(
    rf"(?:要|应|须|必须|将|会同|联合|分别|参照|比照|共同|主动|牢固|结合|于|自|从|每|按|对|在|到|向|依|适时|同步|尽快|立即|统一|\d|[一二三四五六七八九十〇]+[月日]"
    rf"|年底|年内|上半年|下半年|第[一二三四]|[一二三四]季度|是[^，。；]{{0,12}}(?:责任|主体)|{VERBS})"
)
#: Firms and everybody: they are obliged, they do not answer for an item of a bureau's plan.
_OBLIGED = re.compile(
    r"(?:企业|公司|集团|人|学校|医院|项目部|场所|业主|车站|客运站|运营商|法人)$"
    r"|^(?:各|全体|所有|有关|相关|其他|本)(?:有关|相关|级|责任|成员|地|行业|主管|参建|施工|监理|生产|经营)*(?:单位|部门|科室|股室|处室|政府|支部|学校|机关)?$"
    r"|(?<!管理)单位$"
)
_WITH = re.compile(r"(?:要|应|应当|须|负责|牵头)?(?:会同|联合)")
_ASKED = re.compile("请|并|同时|具体")
_NO_NAME = re.compile(
    r"[，。；：的]|工作(?!专班|站|组|领导|委|局|部|办)|任务|情况|问题|应当|要|每|按照|通过|其他|有[^关]|牵头|负责(?!人)|配合|做好"
    r"|实行|加强|为|对|会同|约谈|带队|成员(?!单位)|政府分管|组织(?!部|人事|科|股|处|办)"
)


@dataclass(frozen=True)
class Named:
    """One unit as written, with its role."""

    name: str
    role: Role


def first_leads(units: UnitsRead) -> UnitsRead:
    """The first of a joint list leads, where the paper says that it is meant so."""
    if not units.joint:
        return units
    return UnitsRead(units.lead_units[:1], (*units.lead_units[1:], *units.coop_units), False)


@dataclass(frozen=True)
class Carved:
    """A paragraph cut into text of work and statements of units, each with its place in it."""

    work: tuple[tuple[int, int], ...]
    units: tuple[tuple[int, int], ...]


def is_unit_name(chars: str) -> bool:
    """True where ``chars`` ends as the name of a body does and holds no verb of work."""
    if not 2 <= len(re.sub(r"（[^（）]*）$", "", chars)) <= 32 or re.search(r"[\d%《》“”]", chars):
        return False
    return UNIT_END.search(chars) is not None


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
    if any(one.role is not Role.PLAIN for one in named):
        loose = _LOOSE.search(inside) is not None
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
        if roles or (last and not any(_NO_NAME.search(one.name) for one in named)):
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
    waiting: list[tuple[str, Role | None]] = []
    for start, end in split_outside(text.chars, "，。；"):
        clause = text.cut(start, end)
        if _REMARK.search(clause.chars) or TIME_CLAUSE.match(clause.chars):
            continue
        names, role = _role_of(clause)
        if role is Role.COOP and clause.chars[:1] == "由":
            role = Role.JOINT  # 由基本建设科督促落实
        waiting.extend(_names(names, source))
        stop = text.chars[end : end + 1] != "，" or end + 1 == len(text)
        if role is not None or stop:
            out.extend(Named(name, own or role or label) for name, own in waiting)
            waiting = []
    return [*out, *(Named(name, own or label) for name, own in waiting)]


def _role_of(clause: Text) -> tuple[Text, Role | None]:
    """The role at the end of a clause: the longest tail that leaves a whole name before it."""
    chars = clause.chars
    for role, tail in _TAILS:
        if tail.search(chars) is None:
            continue
        for at in range(max(1, len(chars) - 36), len(chars)):
            if tail.match(chars, at) and _names_end(chars[:at]):
                return clause.cut(0, at), role
    return clause, None


def _names_end(chars: str) -> bool:
    """True where a list of names may end: at the end of a name, or of 等."""
    return (
        UNIT_END.search(chars) is not None
        or chars.endswith(("等", "支部", "）", "股室"))
        or re.search(r"[乡镇县区市]$", chars) is not None
    )


def _names(text: Text, source: str | None) -> list[tuple[str, Role | None]]:
    out: list[tuple[str, Role | None]] = []
    ranges = split_outside(text.chars, "、")
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
            tail = re.search(r"(?:等(?:有关|相关)?(?:单位|部门|股室|科室|处室)?)$", chars)
            piece = piece.cut(
                lead.end() if lead else 0,
                tail.start() if tail and tail.start() > 1 else len(chars),
            )
            if piece:
                name = original(source, piece) if source is not None else piece.chars
                out.append((name, role))
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
        names, role = _role_of(clause)
        if role is not None and (found := _bodies(names, source)):
            out.extend(Named(name, own or role) for name, own in found)
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
        out.extend(Named(name, own or role) for name, own in found)
    return out


def doers(text: Text, source: str) -> list[Named]:
    """Bodies that a sentence begins with: 县财政局6月15日前拨付…. Firms are obliged, not leads."""
    out: list[Named] = []
    for start, end in split_outside(text.chars, "。；"):
        if text.chars[start] == "请":
            continue  # speaks to those who get the notice
        found, rest = _leading(text.cut(start, end), source, by=False)
        duty = re.match(r"是[^，。；]{0,12}责任(?:主体|单位)", rest) is not None
        if duty or not any(_OBLIGED.search(name) for name, _ in found):
            out.extend(Named(name, own or Role.JOINT) for name, own in found)
            if found and (beside := _WITH.match(rest)):
                at = end - len(rest) + beside.end()
                others, _ = _leading(text.cut(at, end), source, by=True)
                out.extend(Named(name, Role.COOP) for name, _ in others)
    return out


def _leading(text: Text, source: str, *, by: bool) -> tuple[list[tuple[str, Role | None]], str]:
    """The bodies that ``text`` begins with, and what follows them; the longest run of names."""
    chars = text.chars
    limit = min(len(chars), 64)
    stop = re.search("[，。；：]", chars)
    for end in range(min(limit, stop.start() if stop else limit), 1, -1):
        head, rest = chars[:end], chars[end:]
        if not _names_end(head) or not (by or _ACTS.match(rest) or _DOES.match(rest)):
            continue
        if found := _bodies(text.cut(0, end), source):
            return found, rest
    return [], ""


def _bodies(text: Text, source: str) -> list[tuple[str, Role | None]]:
    """The names in ``text`` where all of it is names of bodies, else nothing."""
    loose = _LOOSE.search(text.chars) is not None
    names = _names(text, source)
    for name, _ in names:
        bare = re.sub(r"[(（].*?[)）]", "", name)
        if VERB_START.match(bare) or _NO_NAME.search(bare) or len(bare) > 24:
            return []
        if not is_unit_name(name) and not (loose and 2 <= len(bare) <= 8):
            return []
    return names


def resolve(named: Iterable[Named]) -> UnitsRead:
    """Leads, cooperating units and ``joint`` from all statements of one item."""
    by_role: dict[Role, list[str]] = {role: [] for role in Role}
    order: list[Named] = []
    for one in named:
        if one.name not in {seen.name for seen in order}:
            order.append(one)
            by_role[one.role].append(one.name)
    if by_role[Role.LEAD]:
        leads = by_role[Role.LEAD]
        return UnitsRead(tuple(leads), tuple(n.name for n in order if n.name not in leads), False)
    for group in ((Role.JOINT, Role.PLAIN), (Role.DO,)):
        leads = [n.name for n in order if n.role in group]
        if leads:
            rest = tuple(n.name for n in order if n.name not in leads)
            return UnitsRead(tuple(leads), rest, len(leads) > 1)
    return UnitsRead((), tuple(n.name for n in order), False)
