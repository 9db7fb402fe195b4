"""Duties in time: which windows a duty has, when each is due, and which light it shows.

Theory of operation
-------------------
A duty of a notice is *recurrent* ("每季度至少一次"), *dated* ("3月底前") or *standing* (常态化, no
window at all). :func:`occurrence_windows` turns a :class:`DutySpec` into :class:`Planned` windows:

* Recurrent: the calendar windows that belong to the plan's year. A window that had already begun
  when the obligation began is **partial**; by default it is not owed and the duty starts with the
  next full window (:data:`Partial.NEXT_FULL`, handbook 8.1, no official text: 未核实 [U]). A window
  that is under way when the obligation ends is owed no longer by the same rule. Boundaries at
  1 January and 31 December are those of the plan itself and cut no window short.
* Dated: one window from the start of the obligation to the deadline, both inside.
* Both ("年内至少组织1次，10月底前"): the windows up to the deadline, the last one due on it.

A stricter rate in brackets ("事故多发、危货运输企业每月至少1次") **replaces** the general one for
the firms it names [V: the notice, items 3 and 6]. :func:`planned_for` does that for one firm whose
flags have from and to dates: a conditional window is owed when it begins under the flag, and a
general window is replaced when a conditional window inside it is owed. So a firm that becomes
accident-prone on 20 May owes June, the second quarter is answered by June, and nothing is asked
twice; every :class:`Planned` says its reason.

Due dates are never moved: no clause of the notice moves a date that falls on a holiday.
:func:`advice` only names the working day by which it is wise to be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from jiaoan.kernel.windows import (
    Every,
    Window,
    day_en,
    day_zh,
    short_day_en,
    short_day_zh,
    windows_of,
)
from jiaoan.kernel.workdays import WorkCalendar

NEAR_DAYS = 7  # design principle: near means seven days or fewer, unless a setting says otherwise
_DAY = timedelta(days=1)
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip


class Partial(StrEnum):
    """What becomes of a window that had begun before the obligation did."""

    NEXT_FULL = "next_full"
    OWED = "owed"


@dataclass(frozen=True)
class DutySpec:
    """One demand of a clause, for one obliged body.

    ``every``/``min_count``: at least so many in each window; ``deadline``: a fixed last day;
    neither: a standing duty. ``starts``/``ends``: first and last day of the obligation, which for
    a firm may lie inside the plan's ``year``. ``ValueError`` where these contradict each other.
    """

    every: Every | None
    min_count: int
    deadline: date | None
    starts: date
    ends: date
    year: int

    def __post_init__(self) -> None:
        if self.min_count < 1:
            raise ValueError(f"次数 {self.min_count} 无效：每个窗口至少 1 次。")
        if self.ends < self.starts:
            raise ValueError(f"起始日 {self.starts} 晚于截止日 {self.ends}，请核对任务起止日期。")


@dataclass(frozen=True)
class Planned:
    """One window to be answered: at least ``min_count`` by the end of day ``due``."""

    window: Window
    due: date
    min_count: int
    reason: str = ""


def occurrence_windows(
    spec: DutySpec, *, partial: Partial = Partial.NEXT_FULL
) -> tuple[Planned, ...]:
    """The windows of a duty in the plan's year, in order; empty for a standing duty."""
    if spec.every is not None:
        return tuple(_recurrent(spec, spec.every, partial))
    if spec.deadline is None or spec.deadline < spec.starts:
        return ()
    window = Window(spec.starts, spec.deadline)
    return (Planned(window, spec.deadline, spec.min_count, f"{day_zh(spec.deadline)}前完成"),)


def report_windows(dates: Iterable[date], starts: date) -> tuple[Planned, ...]:
    """Report dates of a notice: each period runs from the day after the date before it."""
    planned: list[Planned] = []
    for due in sorted(set(dates)):
        if due >= starts:
            planned.append(Planned(Window(starts, due), due, 1, f"{day_zh(due)}报送推进情况"))
            starts = due + _DAY
    return tuple(planned)


def _recurrent(spec: DutySpec, every: Every, partial: Partial) -> Iterable[Planned]:
    for window in windows_of(every, spec.year):
        due = window.end if spec.deadline is None else min(window.end, spec.deadline)
        if due < window.start or not _owed(window, due, spec, partial):
            continue
        if spec.ends < date(spec.year, 12, 31):
            due = min(due, spec.ends)
        yield Planned(window, due, spec.min_count, f"{every.label_zh}至少{spec.min_count}次")


def _owed(window: Window, due: date, spec: DutySpec, partial: Partial) -> bool:
    # ISO weeks and terms reach over New Year: the plan's own boundary is not a partial period.
    whole_year = spec.starts <= date(spec.year, 1, 1), spec.ends >= date(spec.year, 12, 31)
    touches = window.start <= spec.ends and spec.starts <= due
    begun_after = whole_year[0] or spec.starts <= window.start
    over_before = whole_year[1] or due <= spec.ends
    if partial is Partial.OWED:
        return touches
    return touches and begun_after and over_before


# --- conditional replacement -----------------------------------------------------------------


@dataclass(frozen=True)
class Rate:
    """At least ``min_count`` in each window of ``every``."""

    every: Every
    min_count: int = 1

    @property
    def label_zh(self) -> str:
        return f"{self.every.label_zh}至少{self.min_count}次"


@dataclass(frozen=True)
class SubjectFlag:
    """A class that a firm belongs to, from ``since`` to ``until`` (both inside, ``None`` = open).

    ``name`` is the machine's word (``hazmat``, ``accident_prone``), ``label_zh`` the trade's
    (危货运输企业, 事故多发企业), ``reason`` why the official set it.
    """

    name: str
    label_zh: str
    since: date
    until: date | None = None
    reason: str = ""

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Conditional:
    """A rate that replaces the general one for subjects with any of the flags ``names``."""

    rate: Rate
    names: frozenset[str]


@dataclass(frozen=True)
class Frequency:
    """The rate in force on a day, with the sentence that says why; ``None`` = as required."""

    rate: Rate | None
    reason: str


def frequency_for(
    flags: Iterable[SubjectFlag], general: Rate | None, conditional: Conditional | None, day: date
) -> Frequency:
    """Which of two rates a firm is under on ``day``."""
    flag = _flag_on(flags, conditional, day)
    if flag is None or conditional is None:
        return Frequency(general, general.label_zh if general else "按要求组织，无固定频次")
    return Frequency(conditional.rate, _replaced_because(flag, conditional.rate, general))


def planned_for(
    spec: DutySpec,
    flags: Sequence[SubjectFlag],
    conditional: Conditional | None,
    *,
    partial: Partial = Partial.NEXT_FULL,
) -> tuple[Planned, ...]:
    """The windows that one firm owes under ``spec`` when ``conditional`` may replace its rate.

    Ordered by start, then due date. Without a flag that counts this is
    :func:`occurrence_windows`. A flag set inside a window counts from the next full one (or at
    once under :data:`Partial.OWED`).
    """
    general = occurrence_windows(spec, partial=partial)
    if conditional is None:
        return general
    rate = conditional.rate
    strict = DutySpec(rate.every, rate.min_count, spec.deadline, spec.starts, spec.ends, spec.year)
    base = Rate(spec.every, spec.min_count) if spec.every else None
    owed: list[Planned] = []
    for item in occurrence_windows(strict, partial=partial):
        flag = _flag_in(flags, conditional, item, partial, date(spec.year, 1, 1))
        if flag is not None:
            reason = _replaced_because(flag, rate, base)
            owed.append(Planned(item.window, item.due, item.min_count, reason))
    kept = [item for item in general if not any(_within(c, item) for c in owed)]
    return tuple(sorted((*kept, *owed), key=lambda item: (item.window, item.due)))


def _within(conditional: Planned, general: Planned) -> bool:
    """One window lies within the other. A week that hangs over the end of a month answers
    neither month."""
    short, long = sorted((conditional.window, general.window), key=lambda window: window.days)
    return long.start <= short.start and short.end <= long.end


def _flag_on(
    flags: Iterable[SubjectFlag], conditional: Conditional | None, day: date
) -> SubjectFlag | None:
    names = conditional.names if conditional else frozenset[str]()
    held = [flag for flag in flags if flag.name in names and flag.holds(day)]
    return min(held, key=lambda flag: (flag.since, flag.name), default=None)


def _flag_in(
    flags: Sequence[SubjectFlag],
    conditional: Conditional,
    item: Planned,
    partial: Partial,
    new_year: date,
) -> SubjectFlag | None:
    """The flag that makes ``item`` owed: held when it begins, or at any time when partial counts.

    An ISO week over New Year begins, for this purpose, with the plan on 1 January.
    """
    days = [max(item.window.start, new_year)]
    if partial is Partial.OWED:
        days += [flag.since for flag in flags if item.window.start <= flag.since <= item.due]
    found = [flag for day in days if (flag := _flag_on(flags, conditional, day))]
    return found[0] if found else None


def _replaced_because(flag: SubjectFlag, rate: Rate, general: Rate | None) -> str:
    instead = f"不再适用{general.label_zh}" if general else "一般企业无固定频次"
    why = f"（{flag.reason}）" if flag.reason else ""
    return f"自{day_zh(flag.since)}起列为{flag.label_zh}{why}，按{rate.label_zh}，{instead}"


# --- lights ------------------------------------------------------------------------------------


class Standing(StrEnum):
    """How an occurrence stands, as far as a light needs to know."""

    UPCOMING = "upcoming"  # its window has not begun
    OPEN = "open"  # owed and not closed, whoever has it on the desk
    DONE = "done"  # closed 已销号
    EXEMPT = "exempt"  # excused or replaced, with a reason


class LightKind(StrEnum):
    OK = "ok"
    NEAR = "near"
    LATE = "late"
    NONE = "none"
    DONE = "done"


@dataclass(frozen=True)
class Light:
    """A light with its word. ``days``: left until the due day (0 = today), or days late."""

    kind: LightKind
    days: int
    word_zh: str


def light(state: Standing, due: date, today: date, near_days: int = NEAR_DAYS) -> Light:
    """Green, yellow or red by the days left; never colour alone, always with its word."""
    left = (due - today).days
    match state:
        case Standing.DONE:
            return Light(LightKind.DONE, 0, "已销号")
        case Standing.EXEMPT:
            return Light(LightKind.NONE, 0, "免予办理")
        case Standing.UPCOMING if left >= 0:
            return Light(LightKind.NONE, left, "未开始")
    if left < 0:
        return Light(LightKind.LATE, -left, f"逾期 {-left} 天")
    kind = LightKind.NEAR if left <= near_days else LightKind.OK
    return Light(kind, left, f"还有 {left} 天" if left else "今天到期")


@dataclass(frozen=True)
class Advice:
    """``by``: the working day to aim at; the sentences say why; ``due`` itself stays."""

    by: date
    sentence_zh: str
    sentence_en: str


REPORT_DAY: Final = ("报告日", "Report date")
DUE_DAY: Final = ("期限", "Due day")


def advice(due: date, calendar: WorkCalendar, what: tuple[str, str] = DUE_DAY) -> Advice | None:
    """A word about a due day that is not worked, ``None`` for a working day of a published year.

    >>> advice(date(2024, 6, 10), WorkCalendar(), REPORT_DAY).sentence_zh
    '报告日6月10日为法定假日（端午节），文件未载顺延，请按6月7日安排'
    """
    unknown, unknown_en = "", ""
    if not calendar.published(due.year):
        unknown = f"{due.year}年节假日安排未公布，仅按周末推算"
        unknown_en = f"the holidays of {due.year} are not published, only weekends are known"
    day, day_said = f"{what[0]}{short_day_zh(due)}", f"{what[1]} {short_day_en(due)}"
    if calendar.is_workday(due):
        if not unknown:
            return None
        return Advice(due, f"{day}：{unknown}，公布后重算", f"{day_said}: {unknown_en} so far")
    holiday = calendar.holiday_name(due)
    kind = f"法定假日（{holiday}）" if holiday else f"星期{_WEEKDAYS_ZH[due.weekday()]}"
    kind_en = f"a public holiday ({holiday})" if holiday else f"a {_WEEKDAYS_EN[due.weekday()]}"
    by = calendar.on_or_before(due)
    # The year is named when the working day lies in another one.
    near = by.year == due.year
    aim, aim_en = (short_day_zh(by), short_day_en(by)) if near else (day_zh(by), day_en(by))
    return Advice(
        by,
        f"{day}为{kind}，文件未载顺延，请按{aim}安排" + (f"（{unknown}）" if unknown else ""),
        f"{day_said} is {kind_en} and the document does not move it: plan for {aim_en}"
        + (f" ({unknown_en})" if unknown else ""),
    )
