# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Step 8: sentences → draft duties 任务草稿.

A demand with figures gives one draft per figure (a period, a day); clauses beside it that open work
of their own give one more. A demand without figures gives one draft that runs all year. A rule in a
bracket gives a draft that *replaces* the general one for the firms it names; where the general rule
has no figure (按要求…演练（危货企业每半年一次）) the general draft is made all the same.

Confidence starts at what the draft rests on (a period or day in the text 0.95, a time bound to an
event 0.9, a word of steady work such as 定期 or 常态化 0.7, nothing but a verb 0.55) and loses 0.05
for every doubt and 0.1 where the item names nobody; it never falls below 0.1. It orders a person's
work; it is no probability.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from jiaoan.notices.actors import FIRM, class_of, evidence_of, subject_of
from jiaoan.notices.dates import DayHit, EventHit
from jiaoan.notices.figures import Figures
from jiaoan.notices.lexicon import ONGOING, OWN_DUTY, VERB_START
from jiaoan.notices.model import Subject
from jiaoan.notices.periods import PeriodHit
from jiaoan.notices.targets import TargetHit
from jiaoan.notices.text import split_outside

_ADVERB = re.compile(r"^(?:继续|持续|深入|全面|进一步|大力|扎实|积极|切实|严格|认真|着力|加快)+")
_STRONG = re.compile(
    r"抽考|备案|演练|不得|严禁|清零|全过程[^，]{0,4}监控|全覆盖|定期|常态化|(?<!通)报送|公布|值班|挂牌督办"
    r"|约谈|倒查|销号|专班"
)
_WAY = re.compile(r"^(?:通过|按照?|依托|利用|根据|结合|以|围绕|对照|着眼|聚焦|针对)")
_COUNTED = re.compile(
    r"(?:至少|不少于|不低于)?(?:各)?(?:\d{1,3}|[一二两三四五六七八九十]{1,3})(?:场次|次|轮|遍|回)"
)
_EACH = re.compile(
    r"(?:每|按|逐)(?:个)?"
    r"(?:半个?月|[两二2]个?月|[两二2]周|半年|工作日|日|天|周|旬|月|季度?|年度?|学期)"
)
_TITLE_LENGTH = 30


@dataclass
class Seed:
    """A draft before it is written: clauses ``first``..``last`` of one sentence."""

    start: int
    end: int
    period: PeriodHit | None = None
    day: DayHit | None = None
    event: EventHit | None = None
    targets: list[TargetHit] = field(default_factory=list)
    replaces: Seed | None = None
    title_from: Seed | None = None

    @property
    def figured(self) -> bool:
        """True where the text says when or how often."""
        return self.period is not None or self.day is not None or self.event is not None


def seeds_of(chars: str, figures: Figures) -> list[Seed]:
    """The drafts that a sentence of work holds, in the order of the text."""
    clauses = split_outside(chars, "，；。！")
    if not clauses:
        return []
    seeds: list[Seed] = []
    used: set[int] = set()
    for period in figures.periods:
        _take_period(chars, clauses, period, seeds, used)
    for day in figures.days:
        _take_day(chars, clauses, day, seeds, used)
    for event in figures.events:
        index = _clause_at(clauses, event.start)
        here = _at_clause(seeds, clauses[index])
        if here is not None:
            here.event = here.event or event
        else:
            seed = _seed(chars, clauses, index, used)
            seed.event = event
            seeds.append(seed)
    for target in figures.targets:
        index = _clause_at(clauses, target.start)
        here = _at_clause(seeds, clauses[index])
        if here is None and seeds:
            here = seeds[0]
        if here is None:
            here = _seed(chars, clauses, index, used)
            seeds.append(here)
        here.targets.append(target)
    seeds.extend(_left_over(chars, clauses, used, bool(seeds)))
    return sorted(seeds, key=lambda seed: (seed.start, seed.replaces is not None))


def _clause_at(clauses: list[tuple[int, int]], at: int) -> int:
    return max(i for i, (start, _) in enumerate(clauses) if start <= at or i == 0)


def _at_clause(seeds: list[Seed], clause: tuple[int, int]) -> Seed | None:
    return next((s for s in seeds if s.start <= clause[0] < s.end and s.replaces is None), None)


def _seed(chars: str, clauses: list[tuple[int, int]], index: int, used: set[int]) -> Seed:
    """A seed over the clause ``index``, and the next one where this one only says when or how."""
    start, end = clauses[index]
    used.add(index)
    if index and index - 1 not in used and chars[clauses[index - 1][0]] == "对":
        before = clauses[index - 1]
        if _leads_over(chars[before[0] : before[1]]):
            used.add(index - 1)
            start = before[0]
            return Seed(start, end)
    rest = _bare(chars[start:end])
    if (len(rest) < 4 or _WAY.match(rest)) and index + 1 < len(clauses):
        used.add(index + 1)
        end = clauses[index + 1][1]
    return Seed(start, end)


def _take_period(
    chars: str,
    clauses: list[tuple[int, int]],
    period: PeriodHit,
    seeds: list[Seed],
    used: set[int],
) -> None:
    index = _clause_at(clauses, period.start)
    if period.condition is None:
        work = _work_before(chars, clauses, index)
        seed = _seed(chars, clauses, index, used) if work is None else Seed(*clauses[index])
        if work is not None:
            used.update((index, work))
            seed.title_from = Seed(*clauses[work])
        seed.end = max(seed.end, period.end)
        seed.period = period
        seeds.append(seed)
        return
    general = next((s for s in reversed(seeds) if s.period and not s.period.condition), None)
    in_bracket = chars[clauses[index][0] : period.start].count("（") > 0
    if in_bracket and (general is None or not general.start <= clauses[index][0] < general.end):
        # The general rule has no figure of its own: 按要求…演练（…每半年组织一次演练）.
        general = _seed(chars, clauses, index, used)
        seeds.append(general)
    used.add(index)
    start, end = clauses[index]
    seed = Seed(start, max(end, period.end), period=period, replaces=general)
    seed.title_from = general if in_bracket or _only_who(chars[start:end]) else None
    seeds.append(seed)


def _work_before(chars: str, clauses: list[tuple[int, int]], index: int) -> int | None:
    """The clause that holds the work where clause ``index`` only says who and how often.

    督促企业开展演练，客运企业每年至少1次，危货企业每半年至少1次: the work stands two clauses before.
    """
    if not _only_who(chars[slice(*clauses[index])]):
        return None
    for earlier in range(index - 1, -1, -1):
        if not _only_who(chars[slice(*clauses[earlier])]):
            return earlier
    return None


def _only_who(words: str) -> bool:
    rest = _COUNTED.sub("", _EACH.sub("", words))
    who = rf"(?:(?:其中)?[^，。；]{{0,14}}{FIRM})?(?:应|要|须|则|为)?(?:开展|组织|进行|实施)?"
    return re.fullmatch(who, rest.replace("至少", "").strip("。")) is not None


def _take_day(
    chars: str, clauses: list[tuple[int, int]], day: DayHit, seeds: list[Seed], used: set[int]
) -> None:
    index = _clause_at(clauses, day.start)
    for seed in seeds:
        # 年内至少组织1次 is one duty: a period with a last day.
        if seed.period is not None and seed.period.start <= day.start < seed.period.end:
            seed.day = day
            return
    here = _at_clause(seeds, clauses[index])
    if here is not None and here.day is None and here.event is None:
        here.day = day  # 4月底前印发年度计划: a yearly duty with a day
        return
    seed = _seed(chars, clauses, index, used)
    seed.day = day
    seeds.append(seed)


def _left_over(
    chars: str, clauses: list[tuple[int, int]], used: set[int], figured: bool
) -> list[Seed]:
    """Clauses without a figure that are work of their own."""
    out: list[Seed] = []
    running: Seed | None = None
    way: int | None = None
    for index, (start, end) in enumerate(clauses):
        words = chars[start:end]
        if index not in used and _leads_over(words) and index + 1 < len(clauses):
            way = start if way is None else way
            continue
        start, way = (start if way is None or index in used else way), None
        if index in used:
            running = None
        elif _STRONG.search(_outside_quotes(words)):
            out.append(Seed(start, end))
            running = None
        elif running is not None:
            running.end = end
        elif (not figured and not out) or OWN_DUTY.match(_ADVERB.sub("", words)):
            running = Seed(start, end)
            out.append(running)
    whole = len(out) == 1 and not figured
    if whole:
        out[0].start, out[0].end = clauses[0][0], clauses[-1][1]
    return out


def _leads_over(words: str) -> bool:
    """按照…的要求, 对…的企业: a clause that only prepares the next one."""
    if _WAY.match(words) or words.endswith(("期间", "时段", "时期", "等时")):
        return True
    return words.startswith("对") and words.endswith(
        ("企业", "单位", "领域", "行为", "车辆", "部位")
    )


def _outside_quotes(words: str) -> str:
    return re.sub(r"“[^”]*”|《[^》]*》|（[^（）]*）", "", words)


def _bare(words: str) -> str:
    """A clause without the words that say when and how often."""
    return _COUNTED.sub("", re.sub(r"[^，。；]{0,12}(?:前|底|内|日|月|年|季度)$", "", words))


def _before_word(chars: str, at: int) -> int:
    found = re.match(r"(?:份)?(?:之?前|以前|止)", chars[at:])
    return found.end() if found else 0


def title_of(chars: str, seed: Seed, figures: Figures) -> str:
    """What is to be done, at most 30 characters, without times, counts, brackets and comments."""
    base = seed.title_from or seed
    whens: list[DayHit | EventHit] = [*figures.days, *figures.events]
    holes = [(hit.start, hit.end + _before_word(chars, hit.end)) for hit in whens]
    for start, _ in list(holes):
        if chars[max(base.start, start - 1) : start] in ("在", "于", "自"):
            holes.append((start - 1, start))
    kept = "".join(
        char
        for index, char in enumerate(chars[base.start : base.end], start=base.start)
        if not any(a <= index < b for a, b in holes)
        or any(p.start <= index < p.end for p in figures.periods)
    )
    words = re.sub(r"（[^（）]*）", "", kept)
    words = re.sub(rf"{_EACH.pattern}|年内|全年|^之?前|(?<=[，])之?前", "", words)
    words = _COUNTED.sub("", words)
    words = re.sub(r"至少|不少于|不低于", "", words)
    clauses = [clause.strip("，；。、 ") for clause in re.split("[，；。！]", words)]
    clauses = [re.sub(r"^(?:要|应当|应|须|必须|并|同时|请|于)+", "", c) for c in clauses]
    clauses = [clause for clause in clauses if len(clause) >= 2]
    if not clauses:
        return chars[base.start : base.end].strip("，；。")[:_TITLE_LENGTH]
    place = next((i for i, c in enumerate(clauses) if _says_work(c)), 0)
    best = clauses[place]
    if place and len(best) < 5 and clauses[place - 1].startswith("对"):
        best = clauses[place - 1] + best  # 对投诉较多的企业约谈
    return best if len(best) <= _TITLE_LENGTH else best[: _TITLE_LENGTH - 1] + "…"


def _title_clause(words: str) -> str:
    """The clause that the title is made of: what follows it is how and what for."""
    clauses = [words[a:b] for a, b in split_outside(words, "，；。！")]
    return next((clause for clause in clauses if _says_work(clause)), words)


def _says_work(clause: str) -> bool:
    if _WAY.match(clause):
        return False
    return VERB_START.match(clause) is not None or _STRONG.search(clause) is not None


@dataclass(frozen=True)
class Sketch:
    """What the words of a seed say besides its figures."""

    title: str
    actor: str
    subject: Subject
    enterprise_class: str | None
    evidence: tuple[str, ...]
    ongoing: bool
    base: float


def sketch(chars: str, seed: Seed, figures: Figures, leads: tuple[str, ...]) -> Sketch:
    """Title, actor, class, evidence and the confidence that a seed starts with."""
    base = seed.title_from or seed
    words = chars[base.start : base.end]
    own = chars[seed.start : seed.end]
    first = words if seed.figured else _title_clause(words)
    subject, actor = subject_of(first, chars, leads)
    title = title_of(chars, seed, figures)
    named = _class(seed, own) or _class(seed, words)
    if named is None and subject in (Subject.ENTERPRISE, Subject.ENTERPRISE_HEAD):
        named = "all"
    if seed.period is not None and seed.period.condition:
        actor = seed.period.condition if seed.title_from is None else actor
    proof = evidence_of(title)
    if proof == ("工作记录",):
        proof = evidence_of(words)
    steady = ONGOING.search(words) is not None or _STRONG.search(words) is not None
    if seed.period is not None or seed.day is not None:
        start = 0.95
    elif seed.event is not None:
        start = 0.9
    else:
        start = 0.7 if steady else 0.55
    return Sketch(title, actor, subject, named, proof, not seed.figured, start)


def _class(seed: Seed, words: str) -> str | None:
    if seed.period is not None and seed.period.condition:
        return class_of(seed.period.condition) or "all"
    return class_of(re.sub(r"（[^（）]*）", "", words))


def confidence(start: float, doubts: int, nobody: bool) -> float:
    """See the head of this file."""
    return round(max(0.1, start - 0.05 * doubts - (0.1 if nobody else 0.0)), 2)
