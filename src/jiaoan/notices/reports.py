"""Report dates 报送时间: the days on which progress is to be reported.

They stand in the covering letter or in the closing section. Periodic ones with a fixed day
(每季度末月25日前) are written out for the plan's year.
"""

from __future__ import annotations

import calendar
import re
from datetime import date

from jiaoan.notices.dates import deadlines
from jiaoan.notices.front import Years
from jiaoan.notices.numerals import to_int

_SENDS = re.compile(
    r"报送|上报|报告|报至|报(?=[^，。；]{0,16}(?:局|委|厅|处|科|股|办|中心|大队|我|市|区|县))|反馈|提交"
)
_PROGRESS = re.compile(
    r"(?:工作|任务|推进|进展|落实|完成|开展|执行|贯彻|整改|实施)[^，。；]{0,6}(?:情况|进展|总结|报告)|进展|总结"
)
_CLOSING = re.compile(r"要求|保障|组织|报送|信息|附则|总结|督查|调度|考核")
_N = r"(\d{1,2}|[一二三四五六七八九十]{1,3})"
_IN_QUARTER = re.compile(
    rf"每个?季度?(?:的)?(?P<which>末月|最后一个?月|末|首月|第一个?月|第二个?月|次月|结束后)?的?{_N}日"
)
_QUARTER_END = re.compile(r"每个?季度?(?:末|底|结束)")
_IN_MONTH = re.compile(rf"每个?月(?:的)?{_N}日")
_MONTH_END = re.compile(r"每个?月(?:底|末)")


def is_closing_title(title: str) -> bool:
    """True for the heading of a section about the notice itself: 工作要求, 组织保障, 附则 …"""
    return _CLOSING.search(title) is not None


def report_dates(sentence: str, years: Years) -> list[date]:
    """The report dates that one sentence of the covering letter or closing section sets."""
    if not _SENDS.search(sentence) or not _PROGRESS.search(sentence):
        return []
    days = [hit.day for hit in deadlines(sentence, years)]
    if years.first is not None:
        days.extend(_periodic(sentence, years.first))
    return days


def _periodic(sentence: str, year: int) -> list[date]:
    if found := _IN_QUARTER.search(sentence):
        which, day = found["which"] or "末月", to_int(found.group(2)) or 0
        if which in ("次月", "结束后"):
            return _days([(year, 4), (year, 7), (year, 10), (year + 1, 1)], day)
        first = {"首月": 1, "第一个月": 1, "第二个月": 2}.get(which, 3)
        return _days([(year, month) for month in range(first, 13, 3)], day)
    if found := _IN_MONTH.search(sentence):
        return _days([(year, month) for month in range(1, 13)], to_int(found.group(1)) or 0)
    if _QUARTER_END.search(sentence):
        return _days([(year, month) for month in (3, 6, 9, 12)], 31)
    if _MONTH_END.search(sentence):
        return _days([(year, month) for month in range(1, 13)], 31)
    if re.search(r"每半年(?:末|底|结束)", sentence):
        return _days([(year, 6), (year, 12)], 31)
    return []


def _days(months: list[tuple[int, int]], day: int) -> list[date]:
    """``day`` of each month, or its last day where the month is shorter."""
    if day < 1:
        return []
    return [date(y, m, min(day, calendar.monthrange(y, m)[1])) for y, m in months]
