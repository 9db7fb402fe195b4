# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Report dates 报送时间: the days on which progress is to be reported.

They stand in the covering letter, in the closing words or in the closing section. Periodic ones with
a fixed day (每季度末月25日前) are written out for the plan's years, within the months that the text
names (5月至11月每月5日前) and not before the notice is issued and its rule in force.
"""

from __future__ import annotations

import calendar
import re
from datetime import date

from jiaoan.notices.dates import DayHit, deadlines
from jiaoan.notices.front import Years
from jiaoan.notices.numerals import to_int

_SENDS = re.compile(
    r"报送|上报|函告|函报|函复|(?<!评估)(?<!总结)(?<!检测)(?<!书面)报告|报至|报备|报回|反馈|提交|汇总(?=[^，。；]{0,10}[报送至到给])|(?:书面|统一|按时|及时)?报(?=[^，。；]{0,24}(?:局|委|厅|处|科|股|办|中心|大队|支队|站|所|队|部|室|政府|邮箱|我|市|区|县|镇|街道))"
)
#: What is reported on: progress, not a plan, a list of names or a filing.
_PROGRESS = re.compile(
    r"情况|进展|进度|总结|小结|报告|工作信息|月报|季报|统计表|汇总表|报表|台账|台帐|成效|成果"
)
_OTHER = re.compile(r"方案|名单|联络员|备案|信息表|回执|责任书")
_CLOSING = re.compile(
    r"要求|保障|组织|报送|信息|附则|总结|督查|调度|考核|其他|强化|严格|加强|落实|进度|安排|步骤"
)
_N = r"(\d{1,2}|[一二三四五六七八九十]{1,3})"
_DAY = r"(?:日|号)"
_IN_QUARTER = re.compile(
    rf"每个?季度?(?:的)?(?P<which>末月|最后一个?月|最末月|末|首月|第一个?月|第二个?月|第三个?月|次月|结束后(?:的)?(?:次月|下月)?|后)?的?{_N}{_DAY}"
)
_QUARTER_END = re.compile(
    r"每个?季度?(?:末|底|结束|最后一个?工作日)(?!(?:前|后)?的?\d{1,2}[月日]|[末底]?月)"
)
_IN_MONTH = re.compile(rf"每个?月(?:的)?{_N}{_DAY}")
_MONTH_END = re.compile(r"每个?月(?:底|末)(?!的?\d)")
_IN_HALF = re.compile(rf"每半年(?:末月|最后一个?月|末)?的?{_N}{_DAY}")
_HALF_END = re.compile(r"每半年(?:末|底|结束)")
_IN_YEAR = re.compile(
    rf"每年(?:的)?(?P<list>{_N}月(?:{_N}{_DAY}|底)(?:前)?(?:[、和及，]{_N}月(?:{_N}{_DAY}|底)(?:前)?)*)"
)
_DAY_OF_MONTH = re.compile(rf"{_N}月(?:{_N}{_DAY}|底)")
_MONTHS = re.compile(
    rf"(?:(?P<y1>20\d{{2}})年)?{_N}月(?:份|起)?(?:至|到|—|-)(?:(?P<y2>20\d{{2}})年|次年|翌年)?{_N}月"
)
_STARTS = re.compile(rf"(?:自|从)(?:(?P<year>20\d{{2}})年)?{_N}月(?:份)?(?:起|开始)")
_FIRST_REPORT = re.compile(
    rf"首次[^，。；]{{0,8}}(?:于|为|：|时间)[^，。；]{{0,4}}?(?:(?P<year>20\d{{2}})年)?{_N}月"
)
_LAST_PERIOD = re.compile(r"上(?:一)?个?(?:月|季度?)")
_TO_SEND = re.compile(r"(?:各|请)?[^，。]{0,12}(?:将|把|向|书面|统一|由|对)")
_GAP = re.compile(
    r"(?:之?前|以前)?(?:[、，和及与或]|以及|分别)*(?:于|在)?|、各[\u4e00-\u9fff（）、]{1,10}"
)


def is_closing_title(title: str) -> bool:
    """True for the heading of a section about the notice itself: 工作要求, 组织保障, 附则 …"""
    return _CLOSING.search(title) is not None


def report_dates(sentence: str, years: Years, since: date | None = None) -> list[date]:
    """The report dates that one sentence of the covering letter or closing section sets."""
    if not _SENDS.search(sentence) or not _PROGRESS.search(sentence):
        return []
    days = _explicit(sentence, years)
    if years.first is not None:
        found = _periodic(sentence, years)
        days += [day for day in found if since is None or day >= since]
    return sorted(set(days))


def _explicit(sentence: str, years: Years) -> list[date]:
    """Days whose own part of the sentence speaks of a report: …前报送方案，…前报送总结."""
    hits = deadlines(sentence, years)
    groups: list[list[DayHit]] = []
    for hit in hits:
        if groups and _GAP.fullmatch(sentence[groups[-1][-1].end : hit.start]):
            groups[-1].append(hit)
        else:
            groups.append([hit])
    days: list[date] = []
    for number, group in enumerate(groups):
        end = groups[number + 1][0].start if number + 1 < len(groups) else len(sentence)
        part = sentence[group[-1].end : end]
        before = sentence[groups[number - 1][-1].end if number else 0 : group[0].start]
        clause = re.split("，", part.lstrip("之以前，止"))[0]
        works = _SENDS.search(clause) is None and _TO_SEND.match(clause) is None
        if works and clause.strip("。"):
            continue  # 9月25日前开展检查，每日报送情况
        sends = _SENDS.search(part) or (part.strip("前。，") == "" and _SENDS.search(before))
        said = _PROGRESS.search(part) or (not _OTHER.search(part) and _PROGRESS.search(before))
        if sends and said:
            days.extend(hit.day for hit in group)
    return days


def _periodic(sentence: str, years: Years) -> list[date]:
    months = _months(sentence, years)
    late = _LAST_PERIOD.search(sentence) is not None
    if found := _IN_QUARTER.search(sentence):
        which, day = found["which"] or "末月", to_int(found.group(2)) or 0
        if which.startswith(("次月", "结束", "后")):
            return _days([(y, m) for y, m in _after(months, 1) if m % 3 == 1], day)
        first = {"首月": 1, "第一个月": 1, "第二个月": 2}.get(which, 0)
        if late and first == 1:
            months = _after(months, 1)
        return _days([(y, m) for y, m in months if m % 3 == first], day)
    if found := _IN_HALF.search(sentence):
        return _days([(y, m) for y, m in months if m % 6 == 0], to_int(found.group(1)) or 0)
    if found := _IN_MONTH.search(sentence):
        return _days(_after(months, 1) if late else months, to_int(found.group(1)) or 0)
    if found := _IN_YEAR.search(sentence):
        parts = [one.groups() for one in _DAY_OF_MONTH.finditer(found["list"])]
        named = [(to_int(m) or 0, to_int(d) if d else 31) for m, d in parts]
        whole = range(years.first or 0, (years.last or years.first or 0) + 1)
        return [day for y in whole for m, d in named for day in _days([(y, m)], d or 0)]
    if _QUARTER_END.search(sentence):
        return _days([(y, m) for y, m in months if m % 3 == 0], 31)
    if _HALF_END.search(sentence):
        return _days([(y, m) for y, m in months if m % 6 == 0], 31)
    return _days(months, 31) if _MONTH_END.search(sentence) else []


def _months(sentence: str, years: Years) -> list[tuple[int, int]]:
    """The months in which reports fall: those that the sentence names, else all of the plan."""
    first = years.first or 0
    if found := _MONTHS.search(sentence):
        one, other = to_int(found.group(2)) or 1, to_int(found.group(4)) or 12
        start = int(found["y1"]) if found["y1"] else years.of_month(one) or first
        end = int(found["y2"]) if found["y2"] else start + (1 if other < one else 0)
        span = range(start * 12 + one - 1, end * 12 + other)
        return [(number // 12, number % 12 + 1) for number in span]
    if found := _STARTS.search(sentence) or _FIRST_REPORT.search(sentence):
        start = (
            int(found["year"]) if found["year"] else years.of_month(to_int(found.group(2)) or 1)
        ) or first
        begin = start * 12 + (to_int(found.group(2)) or 1) - 1
        span = range(begin, ((years.last or start) + 1) * 12)
        return [(number // 12, number % 12 + 1) for number in span]
    if years.turning and years.last is not None:
        return [(first, m) for m in range(9, 13)] + [(years.last, m) for m in range(1, 7)]
    last = years.last or first
    return [(year, month) for year in range(first, last + 1) for month in range(1, 13)]


def _after(months: list[tuple[int, int]], by: int) -> list[tuple[int, int]]:
    numbers = [year * 12 + month - 1 + by for year, month in months]
    return [(number // 12, number % 12 + 1) for number in numbers]


def _days(months: list[tuple[int, int]], day: int) -> list[date]:
    """``day`` of each month, or its last day where the month is shorter."""
    if day < 1:
        return []
    return [date(y, m, min(day, calendar.monthrange(y, m)[1])) for y, m in months if 1 <= m <= 12]
