# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Recurrences 频次: 每季度至少一次, 季度、年度考核, 一月一调度, 年内至少组织1次.

A recurrence in a bracket, or after 其中, replaces the general rule for those it names: 每季度至少1次
（危货运输企业每月至少1次） is two rules, the second with a condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from jiaoan.kernel.windows import Every
from jiaoan.notices.numerals import COUNT, to_int

_TWO = "[两二2]"
_EACH: tuple[tuple[Every, str], ...] = (
    (Every.TWO_MONTHS, rf"每{_TWO}个?月|每?双月|每隔一?个?月"),
    (Every.TWO_WEEKS, rf"每{_TWO}周|每{_TWO}个星期|每双周|每14[天日]"),
    (Every.HALF_MONTH, r"每半个?月|每十五[天日]|每15[天日]|半月一"),
    (Every.TEN_DAYS, r"每一?旬|每十[天日]|每10[天日]"),
    (Every.HALF_YEAR, r"每个?半年度?|每[六6]个月|半年一次|(?<!\d)半年1次"),
    (
        Every.QUARTER,
        r"每一?个?季度?|每[三3]个月|按季度?|逐季度?|一季度?一(?=次|[^、，。]{2})|每季末",
    ),
    (Every.MONTH, r"每一?个?月度?(?!初中)|按月度?|逐月|一月一(?=次|[^、，。]{2})|每30[天日]"),
    (Every.WEEK, r"每一?个?(?:周|星期)|按周|逐周|一周一(?=次|[^、，。]{2})|每7[天日]"),
    (Every.DAY, r"每一?个?(?:工作日|日|天)|逐日|按日|一日一(?=[^、，。]{2})"),
    (Every.TERM, r"每一?个?学期|每学年度?"),
    (Every.YEAR, r"每一?个?年度?|按年度?|一年一(?=次|[^、，。]{2})|每12个月"),
)
_PATTERN = re.compile("|".join(f"(?P<{every.name}>{words})" for every, words in _EACH))
_ODD = re.compile(rf"每(?:[两二三四五六2-9]年|[四4]个月|{COUNT}[天日])")
_NOUNS = (
    "考核|核查|检查|审验|审查|评估|评价|报告|总结|培训|演练|体检|检测|述职|测评|抽查|考评|复训|评定"
    "|讲评|点评|通报|调度|例会|分析|研判|会商|排查|巡查|评比|计划|会议|督查|督导|考试|抽考|排名|公示|简报|汇总|报表"
)
_NOUN_AFTER = re.compile(rf"[^，。；、（）]{{0,12}}?(?:{_NOUNS})")
_ADJECTIVE: tuple[tuple[Every, str], ...] = (
    (Every.HALF_YEAR, "半年度?"),
    (Every.QUARTER, "季度"),
    (Every.MONTH, "月度"),
    (Every.YEAR, "年度"),
)
_ADJ = "|".join(f"(?P<{every.name}>{words})" for every, words in _ADJECTIVE)
_ADJ_LIST = re.compile(
    rf"(?<![每第一二三四1-4上下本当\d年各度半前内])(?:{_ADJ})(?=[、和及]|(?:{_NOUNS})|[^，。；、])"
)
_SHORT = re.compile(
    r"(?:(?<=^)|(?<=[，；、“”（：])|(?<=实行)|(?<=坚持)|(?<=落实)|(?<=执行)|(?<=建立)|(?<=开展)|(?<=推行)|(?<=做到)|(?<=严格))"
    r"(?P<word>[日周月季年])(?:调度|通报|例会|研判|排查|检查|报告|考核|考评|讲评|点评|督查|督导|督办|会办|会商|分析|评比|评估|总结|抽查|巡查|清零|研究|推进|更新|报(?=制|告|送))"
)
_SHORT_EVERY = {
    "日": Every.DAY, "周": Every.WEEK, "月": Every.MONTH, "季": Every.QUARTER, "年": Every.YEAR,
}  # fmt: skip
_REFERENCE = re.compile(r"(?:作为|结合|按照|根据|依据|参照|上|下|该|全|各)$")
_COUNT = re.compile(rf"({COUNT})(?:余)?(?:场次|次(?!性)|场(?!站|所)|轮|遍|回)")
_IN_YEAR = re.compile(
    rf"(?P<word>年度?内|全年|今年|本年度?|年度|20\d{{2}}年)(?:内)?[^，。；：]{{0,16}}?(?P<count>{COUNT})(?:场次|次(?!性)|场(?!站|所)|轮|遍)"
)
_PER = re.compile(rf"({COUNT})(?:次|场|轮)(?:/|每)(?P<word>日|天|周|月|季度?|半年|年)")
_HALVES = re.compile(r"上、?(?:半年)?[、和及]?下半年[^，。；]{0,4}(?:各|分别)")
_AT_MOST = re.compile(r"不(?:得)?(?:超过|多于|高于)|最多|至多")
#: 汛期, 强降雨期间, 库水位超汛限时: for how long the stricter rule holds.
_SITUATION = re.compile(
    r"(?:期间|时段|时期|时候|当月|当日|当天|[汛节冬夏雨旺淡险运]期|季节|汛限时|[^小]时|天气|假日|预警|高峰期?|火险期|假期|[春夏秋冬]季)(?:内|中)?$"
)
_OTHERS = re.compile(r"其他|其它|一般|普通|其余")
_LEADING = re.compile(r"^(?:其中|对于?|而|且|但|并|要求|督促|凡|[，；、：])+")
_TRAILING = re.compile(
    r"(?:加密[至到]|增加[至到]|提高[至到]|调整[为至]|缩短[至到]|改为|应当|应|要|须|必须|至少|则|可|均|都|不少于|按|实行|执行|的)+$"
)
#: 每月至少1次 without a verb says how often what was said before is done.
_VERBLESS = re.compile(rf"每个?[年季度月周日天旬半]{{1,3}}(?:至少|不少于)?{COUNT}[次轮遍]")
_ENDS_THERE = re.compile(r"[。；）]|$")
_PER_WORD = {
    "日": Every.DAY, "天": Every.DAY, "周": Every.WEEK, "月": Every.MONTH, "季": Every.QUARTER,
    "季度": Every.QUARTER, "半年": Every.HALF_YEAR, "年": Every.YEAR,
}  # fmt: skip


@dataclass(frozen=True)
class PeriodHit:
    """A recurrence in a sentence: clean characters ``start``..``end``.

    ``condition_at`` is where the words of the condition begin; ``odd`` marks a period that has no
    window of its own (每两年).
    """

    start: int
    end: int
    every: Every
    min_count: int
    condition: str | None = None


@dataclass(frozen=True)
class _Raw:
    start: int
    end: int
    every: Every
    count: int | None


def odd_periods(chars: str) -> list[tuple[int, int]]:
    """Periods that the plan's windows cannot hold (每两年一次): the reader asks about them."""
    known = [found.span() for found in _PATTERN.finditer(chars)]
    return [
        found.span()
        for found in _ODD.finditer(chars)
        if not any(a <= found.start() < b for a, b in known)
    ]


def recurrences(chars: str) -> list[PeriodHit]:
    """The recurrences of a sentence, in order, conditions assigned."""
    raws = sorted(_raws(chars), key=lambda raw: (raw.start, -raw.end))
    kept: list[_Raw] = []
    for raw in raws:
        if (
            kept
            and raw.start < kept[-1].end
            and (raw.every is kept[-1].every or raw.start < kept[-1].end - 1)
        ):
            continue
        kept.append(raw)
    counted = [hit for i in range(len(kept)) if (hit := _counted(chars, kept, i)) is not None]
    return _conditions(chars, _without_names(chars, counted))


def _without_names(chars: str, hits: list[PeriodHit]) -> list[PeriodHit]:
    """实行日报制度，每日15时前报送: the name of the habit and the habit itself are one rule."""
    out: list[PeriodHit] = []
    for index, hit in enumerate(hits):
        named = re.match(r"[日周月季年]报", chars[hit.start :]) is not None
        after = hits[index + 1] if index + 1 < len(hits) else None
        if named and after is not None and after.every is hit.every:
            between = chars[hit.end : after.start]
            if re.search("[。；]", between) is None and "报" in chars[after.end : after.end + 24]:
                continue
        out.append(hit)
    return out


def _raws(chars: str) -> Iterator[_Raw]:
    odd = [found.span() for found in _ODD.finditer(chars)]
    for found in _HALVES.finditer(chars):
        yield _Raw(found.start(), found.end(), Every.HALF_YEAR, None)
    for found in _PATTERN.finditer(chars):
        end = found.end()
        if any(a == found.start() and b > end for a, b in odd):
            continue
        if _quoted_name(chars, found.start()):
            continue
        yield _Raw(found.start(), end, Every[found.lastgroup or ""], None)
    for found in _PER.finditer(chars):
        yield _Raw(found.start(), found.end(), _PER_WORD[found["word"]], to_int(found.group(1)))
    for found in _IN_YEAR.finditer(chars):
        digits = (
            found["word"].startswith("20") or chars[found.start() - 1 : found.start()].isdigit()
        )
        if not digits and not chars[: found.start()].endswith(
            ("每", "三", "两", "近", "上", "去", "前", "半")
        ):
            yield _Raw(found.start(), found.end(), Every.YEAR, to_int(found["count"]))
    for found in _SHORT.finditer(chars):
        yield _Raw(found.start(), found.end(), _SHORT_EVERY[found["word"]], None)
    for found in _ADJ_LIST.finditer(chars):
        if _REFERENCE.search(chars[: found.start()]) or _quoted_name(chars, found.start()):
            continue
        after = re.sub(rf"^(?:[、和及](?:{_ADJ_WORDS}))+", "", chars[found.end() :])
        noun = _NOUN_AFTER.match(after)
        listed = chars[: found.start()].endswith(("列入", "纳入"))
        if noun is not None and not (listed and noun.group().endswith("计划")):
            yield _Raw(found.start(), found.end(), Every[found.lastgroup or ""], None)


_ADJ_WORDS = "半年度?|季度|月度|年度"


def _quoted_name(chars: str, at: int) -> bool:
    """Inside 《》 stands the name of a paper, not a demand."""
    head = chars[:at]
    return head.count("《") > head.count("》")


def _counted(chars: str, raws: list[_Raw], index: int) -> PeriodHit | None:
    """The recurrence with its number of times and the end of its phrase; None for a cap."""
    raw = raws[index]
    if raw.count is not None:
        return PeriodHit(raw.start, raw.end, raw.every, max(1, raw.count))
    limit = raws[index + 1].start if index + 1 < len(raws) else len(chars)
    stop = raw.end
    commas = 0
    while stop < limit and chars[stop] not in "。；）（" and stop - raw.end < 40:
        if chars[stop] == "，":
            commas += 1
            if commas > 1 or not re.match(
                r"，(?:至少|不少于|[^，。；]{0,8}?不少于|各)", chars[stop:]
            ):
                break
        stop += 1
    found = _COUNT.search(chars, raw.end, stop)
    if found is None:
        return PeriodHit(raw.start, raw.end, raw.every, 1)
    if _AT_MOST.search(chars[raw.end : found.start()]):
        return None  # 原则上每年检查不超过1次
    return PeriodHit(raw.start, found.end(), raw.every, max(1, to_int(found.group(1)) or 1))


def _conditions(chars: str, hits: list[PeriodHit]) -> list[PeriodHit]:
    out: list[PeriodHit] = []
    for hit in hits:
        named = _condition(chars, hit, out[-1] if out else None)
        out.append(replace(hit, condition=named))
    # "危货企业每月、其他企业每季度" names the exception first.
    if len(out) == 2 and out[1].condition is None and out[0].every is not out[1].every:
        first, second = _subject(chars, 0, out[0].start), _subject(chars, out[0].end, out[1].start)
        if first and second and _OTHERS.search(second) and not _OTHERS.search(first):
            exception = PeriodHit(out[0].start, out[0].end, out[0].every, out[0].min_count, first)
            out[0] = exception
    return out


def _condition(chars: str, hit: PeriodHit, above: PeriodHit | None) -> str | None:
    previous = above.end if above else 0
    bracket = chars.rfind("（", 0, hit.start)
    if bracket > chars.rfind("）", 0, hit.start) and bracket > 0:
        subject = _subject(chars, max(bracket + 1, previous), hit.start)
        return subject or None
    mark = chars.rfind("其中", 0, hit.start)
    if mark >= 0 and "。" not in chars[mark : hit.start]:
        subject = _subject(chars, max(mark, previous), hit.start)
        return subject if mark >= previous or _is_class(subject) else None
    if above is None:
        return None
    subject = _subject(chars, previous, hit.start)
    general = _subject(chars, 0, previous)
    if subject and _SITUATION.search(subject):
        return subject
    if subject and _OTHERS.search(general) and _is_class(subject):
        return subject
    answering = _subject(chars, 0, above.start)
    if _narrower(subject, answering):
        return subject
    if (
        _is_class(subject)
        and not _is_class(answering)
        and _ENDS_THERE.match(chars[hit.end :])
        and _VERBLESS.fullmatch(chars[hit.start : hit.end])
    ):
        return subject  # 每季度对危货运输企业排查一次，剧毒化学品运输企业每月一次
    narrowed = re.search(r"的([^的、，]{2,12})$", subject)
    if narrowed and narrowed.group(1).strip("（）") in chars[:previous]:
        return subject  # 各社区（村）每年…，位于低洼易涝的社区（村）每半年…
    return None


def exception(chars: str, hit: PeriodHit, above: str, general: PeriodHit) -> str | None:
    """For whom or when ``hit``, the first of ``chars``, replaces ``general`` of the sentence above.

    …每周不少于3次；恶劣天气期间每日1次。承运企业每半年一次；剧毒品承运企业每季度一次。
    """
    subject = _subject(chars, 0, hit.start)
    if hit.condition is not None:
        return None
    if _SITUATION.search(subject) or _narrower(subject, _subject(above, 0, general.start)):
        return subject
    return None


def _narrower(subject: str, general: str) -> bool:
    """True where ``subject`` names some of those whom ``general`` names: 剧毒品承运企业, 承运企业."""
    everybody = re.sub("^(?:各类?|所有|全部|全体|辖区内?)", "", general)
    return len(everybody) >= 2 and subject != everybody and subject.endswith(everybody)


def _is_class(words: str) -> bool:
    return re.search(r"企业|单位|公司|领域|项目|场站|车辆|码头|工程", words) is not None


def _subject(chars: str, start: int, end: int) -> str:
    """The words before a period that say whose it is, without commas and words of duty."""
    depth = 0
    at = end
    while at > start:
        char = chars[at - 1]
        if char == "）":
            depth += 1
        elif char == "（":
            if depth == 0:
                break
            depth -= 1
        elif char in "，。；" and depth == 0 and _TRAILING.sub("", chars[at:end]).strip("、"):
            break
        at -= 1
    part = chars[at:end].strip("，")
    return _TRAILING.sub("", _LEADING.sub("", part)).strip("、，")
